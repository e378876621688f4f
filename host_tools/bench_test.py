"""The test of a finished cabinet at the bench: phases of measurements with limits, done by a person's hands, ending in a report to file."""

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_tools import __version__
from host_tools.device import PATIENCE_MS, BoardError, Device
from host_tools.errors import Complaint
from host_tools.flash import refuse_missing_journal, refuse_other_firmware
from host_tools.install import survey

PASS, FAIL, ERROR, SKIP = "PASS", "FAIL", "ERROR", "SKIP"
#: From the start of a pulse to the opening contact: pull-in of the coil, a door that springs, and 20 ms of debouncing.
OPENING_MS_MAX = 1000
_SPARE_S = 10
#: Free heap before the drivers are opened: what the firmware lives on.
HEAP_BYTES_MIN = 30_000

Say = Callable[[str], None]


@dataclass
class Measurement:
    """One value and its limits (inclusive; None for none), or one that must equal `wanted`."""

    name: str
    value: Any
    unit: str = ""
    least: float | None = None
    most: float | None = None
    wanted: Any = None

    @property
    def passed(self) -> bool:
        """Whether the value is there and within its limits."""
        if self.wanted is not None:
            return self.value == self.wanted
        if self.value is None:
            return False
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def as_json(self) -> dict[str, Any]:
        """What the report holds of it."""
        limits = {"unit": self.unit or None, "min": self.least, "max": self.most, "wanted": self.wanted}
        return {"name": self.name, "value": self.value, "passed": self.passed} | {k: v for k, v in limits.items() if v is not None}


@dataclass
class Phase:
    """One thing that is tried. `note` says what to look at when it did not pass."""

    name: str
    outcome: str = SKIP
    measurements: list[Measurement] = field(default_factory=list)
    note: str = ""
    seconds: float = 0.0

    def measure(self, name: str, value: Any, unit: str = "", **limits: Any) -> bool:
        """Adds a measurement; whether it is within its limits."""
        self.measurements.append(Measurement(name, value, unit, **limits))
        return self.measurements[-1].passed

    def as_json(self) -> dict[str, Any]:
        """What the report holds of it."""
        told = {"name": self.name, "outcome": self.outcome, "seconds": round(self.seconds, 1)}
        told["measurements"] = [one.as_json() for one in self.measurements]
        return told | ({"note": self.note} if self.note else {})


@dataclass
class BenchReport:
    """What was tested, when, and what came of it."""

    board: str
    cabinet: int | None
    uid: str
    micropython: str
    begun: str
    phases: list[Phase] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """PASS when every phase passed."""
        outcomes = {phase.outcome for phase in self.phases}
        return next((outcome for outcome in (ERROR, FAIL, SKIP) if outcome in outcomes), PASS)

    def as_json(self) -> dict[str, Any]:
        """The report to file."""
        head = {name: getattr(self, name) for name in ("outcome", "board", "cabinet", "uid", "micropython", "begun")}
        return head | {"ansim": __version__, "phases": [phase.as_json() for phase in self.phases]}


class Bench:
    """A board on the bench.

    `say` tells the person what to do; `patience_s` is how long to wait for each thing; `done` hears of each phase.
    """

    def __init__(self, device: Device, say: Say, done: Callable[[Phase], None], patience_s: int) -> None:
        self._device = device
        self._say = say
        self._done = done
        self._patience_ms = patience_s * 1000
        self._board: tuple[Any, ...] = ()
        self._sound: set[int] = set()  # doors that are closed and empty, so that they may be opened

    def run(self) -> BenchReport:
        """Every phase. What depends on a phase that failed is skipped, and says so."""
        facts = self._device.facts
        _refuse_unready(self._device)
        self._board = self._call("begin")
        identity = self._device.call("service", "who")
        begun = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        uid = facts.uid.hex() if facts.uid else ""
        report = BenchReport(self._board[0], identity and identity[1], uid, facts.micropython, begun)
        _, doors, keys, calls, *_ = self._board
        whole = self._phase(report, "controller", self._controller) and self._phase(report, "bus", self._bus)
        at_rest = whole and self._phase(report, "doors at rest", self._at_rest)
        for door in doors:
            ready = door in self._sound
            self._phase(report, f"door {door:02d}", self._door if ready else None, door, why="" if at_rest or ready else "not at rest")
        self._phase(report, "keypad", self._keypad if whole else None, keys)
        for name in calls:
            self._phase(report, name, getattr(self, f"_{name}") if whole else None)
        return report

    def _phase(self, report: BenchReport, name: str, action: Callable[..., None] | None, *arguments: Any, why: str = "") -> bool:
        phase = Phase(name, note="" if action else why or "something before it did not pass")
        report.phases.append(phase)
        if action:
            begun = time.monotonic()
            try:
                self._device.call("probe", "probe", PATIENCE_MS)  # a person takes time, and the watchdog is patient for so long only
                action(phase, *arguments)
                phase.outcome = PASS if all(one.passed for one in phase.measurements) else FAIL
            except BoardError as error:
                phase.outcome, phase.note = ERROR, str(error)
            phase.seconds = time.monotonic() - begun
        self._done(phase)
        return phase.outcome == PASS

    def _call(self, function: str, *arguments: Any, on_line: Say | None = None) -> Any:
        return self._device.call("bench", function, *arguments, timeout_s=self._patience_ms // 1000 + _SPARE_S, on_line=on_line)

    def _controller(self, phase: Phase) -> None:
        phase.measure("heap free", self._board[6], "bytes", least=HEAP_BYTES_MIN)

    def _bus(self, phase: Phase) -> None:
        addresses = self._board[4]
        found = self._call("answering", addresses) if addresses else []
        for address in addresses:
            phase.measure(f"0x{address:02x} answers", address in found, wanted=True)
        if any(not one.passed for one in phase.measurements):
            phase.note = "check the chip's supply, its address jumpers, and SDA and SCL"

    def _at_rest(self, phase: Phase) -> None:
        self._say("Close every door, with nothing inside.")
        for door, closed, occupied in self._settled():
            if phase.measure(f"door {door:02d} closed", closed, wanted=True) & phase.measure(
                f"door {door:02d} occupied", occupied, wanted=False
            ):
                self._sound.add(door)
        phase.note = "" if len(self._sound) == len(self._board[1]) else "only doors that are closed and empty are opened"

    def _settled(self) -> list[tuple[int, bool, bool]]:
        """The state of the doors once all are closed and empty, or after the person's patience."""
        state = self._call("settle")
        until = time.monotonic() + self._patience_ms / 1000
        while any(not closed or occupied for _, closed, occupied in state) and time.monotonic() < until:
            state = self._call("settle")
        return state

    def _door(self, phase: Phase, door: int) -> None:
        opened_ms, moved, supply_mv = self._call("pulse", door, OPENING_MS_MAX)
        opened = phase.measure("opens after", opened_ms, "ms", least=0, most=OPENING_MS_MAX)
        phase.measure("other doors that moved", moved, wanted=[])
        if supply_mv is not None:
            phase.measure("lowest supply, at the pin", supply_mv, "mV", least=self._board[5])
        if not opened:
            phase.note = "check the coil's and the contact's wires; push the door and try again"
            return
        for text, function, wanted, name in (
            ("put something in", "await_occupied", True, "occupied with something inside"),
            ("take it out", "await_occupied", False, "clear when empty"),
            ("close it", "await_closed", True, "closed"),
        ):
            self._say(f"Door {door:02d}: {text}.")
            if not phase.measure(name, self._call(function, door, wanted, self._patience_ms), wanted=True):
                phase.note = f"waited {self._patience_ms // 1000} s"
                return

    def _keypad(self, phase: Phase, keys: str) -> None:
        self._say(f"Press each key once: {' '.join(keys)}")
        pressed = self._call("press", keys, self._patience_ms)
        for key in keys:
            phase.measure(f"key {key}", pressed.count(key), "times", least=1)

    def _bell(self, phase: Phase) -> None:
        self._say("Press the bell.")
        phase.measure("bell", self._call("await_bell", self._patience_ms), wanted=True)

    def _tamper(self, phase: Phase) -> None:
        for text, opened in (("Shut", False), ("Open", True), ("Shut", False)):
            self._say(f"{text} the cover over the cabinet's inside.")
            state = "open" if opened else "whole"
            if not phase.measure(f"loop {state}", self._call("await_tamper", opened, self._patience_ms), wanted=True):
                phase.note = "check the switches of the loop and its wire"
                return


def _refuse_unready(device: Device) -> None:
    refuse_missing_journal(device)
    refuse_other_firmware(device)
    if "/board.json" not in survey(device, (), ("board.json",)).files:
        raise Complaint(
            f"The board on {device.name} does not know its cabinet yet: run `ansim provision --port {device.name}` first.",
            code="unprovisioned",
        )


def bench_test(port: str, say: Say, done: Callable[[Phase], None], patience_s: int = 60) -> BenchReport:
    """Tests the cabinet of the board at a port; `say` tells the person what to do, `done` hears of each phase as it ends.

    Raises Complaint: see `Device`; no firmware, not provisioned, no journal partition.
    """
    with Device(port) as device:
        return Bench(device, say, done, patience_s).run()
