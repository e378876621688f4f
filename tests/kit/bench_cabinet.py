"""A cabinet on the bench in virtual time: the test's own on-board part on CPython,
and a person who does what she is told.
"""

import json
import re
import types
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import host_tools
from host_tools.bench import commission
from host_tools.bench.bench import Bench
from host_tools.bench.report import BenchReport, Phase
from host_tools.boards.board_file import load_board, to_board_json
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.hal import SimulatedHal
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World, board_named
from locker.board import from_json

ERRAND = Path(host_tools.__file__).parent / "device" / "errands" / "bench.py"
PATIENCE_S = 4


class BenchCabinet:
    """A world with a chip that runs the errand; `device` is what the host's half of the test talks to."""

    def __init__(self, board: str, faults: tuple[str, ...] = (), serial: bool = False, seed: int = 1) -> None:
        self.clock = VirtualClock()
        self.world = World(board_named(board), self.clock, seed)
        self.hal = SimulatedHal(self.world)
        self.screens: list[tuple[str, ...]] = []
        self.waiting: list[int] = []  # doors with a parcel by the journal
        self._beeps = 0
        self._after_deaf = 0
        self.world.trace.listeners.append(self._look)
        self._files = {
            "/board.json": json.dumps(to_board_json(load_board(board))),
            "/identity.json": json.dumps({"cabinet": 1}),
            "/network.json": json.dumps({"serial": True} if serial else {"host": "10.0.0.2", "port": 1}),
        }
        self._errand = self._loaded()
        self.device = SimpleNamespace(
            call=self.call, name="/dev/bench", facts=SimpleNamespace(uid=b"\x01" * 6, micropython="1.27.0")
        )
        self.clock.advance(100_000)
        for fault in faults:
            self.world.hands.fault(fault)

    def _loaded(self) -> dict[str, Any]:
        esp32 = types.ModuleType("locker.hal.esp32")
        esp32.open_hal = self._open  # type: ignore[attr-defined]
        clock = SimpleNamespace(sleep_ms=lambda ms: self.clock.advance(1000 * ms))
        heap = SimpleNamespace(collect=lambda: None, mem_free=lambda: 60_000)
        names: dict[str, Any] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(__import__("sys").modules, "locker.hal.esp32", esp32)
            exec(compile(ERRAND.read_text(), str(ERRAND), "exec"), names)
        names.update(time=clock, gc=heap, load=lambda path: json.loads(self._files[path]))
        return names

    def _open(self) -> SimulatedHal:
        self.hal.board = from_json(json.loads(self._files["/board.json"]))
        return self.hal

    def call(
        self,
        errand: str,
        function: str,
        *arguments: Any,
        packed: bool = True,
        timeout_s: int = 0,
        on_line: Any = None,
    ) -> Any:
        """What Device.call does, in no time; answers travel as literals do."""
        if errand == "parcels":
            return self.waiting
        return self._errand[function](*arguments) if errand == "bench" else None

    def _look(self, entry: Entry) -> None:
        if entry.kind == "screen":
            self.screens.append(entry.value)  # type: ignore[arg-type]
        if entry.kind == "beeper" and entry.value:
            self._beeps += 1

    def examine(
        self, person: Callable[[str], None] | None = None, hands: bool = True, senses: bool = True
    ) -> BenchReport:
        """The whole test."""
        done: list[Phase] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(commission, "_refuse_unready", lambda device: None)
            bench = Bench(self.device, person or self.careful, PATIENCE_S, hands, senses)  # type: ignore[arg-type]
            report = commission.Commissioning(bench, done.append).run()
        assert report.phases == done
        return report

    # The person

    def careful(self, wanted: str) -> None:
        """Does what is asked for, and what can be done."""
        hands, doors = self.world.hands, self.world.doors
        standing = [number for number, door in doors.items() if door.place != "shut"]
        if found := re.match(r"Door (\d+): (put|take|close)", wanted):
            number = int(found[1])
            if number in standing and (found[2] != "take" or doors[number].parcel):
                getattr(hands, found[2])(number)
        elif "stands open, put something" in wanted or "into the door that stands open" in wanted:
            for number in standing:
                hands.put(number)
        elif "lose every door" in wanted:
            self._clear(standing)
        elif "ress each key once" in wanted:
            hands.keys(wanted.rpartition(": ")[2].replace(" ", ""))
        elif wanted == "Press the bell.":
            hands.bell()
        elif found := re.match(r"(Open|Shut) the cover", wanted):
            hands.tamper(found[1] == "Open")
        elif "digits that the screen shows" in wanted:
            self.clock.advance(200_000)
            assert self.world.screen
            read = re.search(r"type (\d{4})", self.world.screen.lines()[0])
            hands.keys(read[1] if read else "0000")
        elif wanted.startswith("Count the beeps"):
            self._beeps = 0
            self.clock.after(4_000_000, lambda: hands.keys(str(self._beeps)))
        elif "if the lamp is lit" in wanted:
            hands.keys("1" if self.world.lamp and self.world.lamp.on else "0")
        else:
            assert "hands off the keypad" in wanted, wanted

    def _clear(self, standing: list[int]) -> None:
        for number in standing:
            if self.world.doors[number].parcel:
                self.world.hands.take(number)
                self.clock.after(2_000_000, lambda number=number: self._shut(number))
            else:
                self._shut(number)

    def _shut(self, number: int) -> None:
        if self.world.doors[number].place != "shut":
            self.world.hands.close(number)
