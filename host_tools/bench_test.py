"""The test of a finished cabinet at the bench: what the board file names is tried, done by a person's hands, ending in a report to file."""

import contextlib
import datetime
import time
from collections.abc import Callable
from typing import Any

from host_tools import bench_causes as causes
from host_tools.bench_doors import DoorTest
from host_tools.bench_panel import PanelTest
from host_tools.bench_report import ERROR, FAIL, PASS, SKIP, BenchReport, Finding, Measurement, Phase
from host_tools.device import PATIENCE_MS, BoardError, Device
from host_tools.errors import Complaint
from host_tools.flash import refuse_missing_journal, refuse_other_firmware
from host_tools.install import survey
from locker.board import Board, from_json

__all__ = ["ERROR", "FAIL", "PASS", "SKIP", "BenchReport", "Finding", "Measurement", "Phase", "bench_test"]
_SPARE_S = 10
#: Free heap before the drivers are opened: what the firmware lives on.
HEAP_BYTES_MIN = 30_000
_I2C = range(0x08, 0x78)

Say = Callable[[str], None]


class Bench:
    """A board on the bench.

    `say` tells the person what to do; `patience_s` is how long to wait for each thing; `done` hears of each phase. `hands`: somebody is
    there to put, press and shut; `senses`: and to look and listen.
    """

    def __init__(self, device: Device, say: Say, done: Callable[[Phase], None], patience_s: int, hands: bool, senses: bool) -> None:
        self._device = device
        self.say = say
        self._done = done
        self.patience_s = patience_s
        self.patience_ms = patience_s * 1000
        self.hands = hands
        self.senses = senses
        self.board: Board = None  # type: ignore[assignment] - known when it has begun
        self.settings: dict[str, Any] = {}
        self.silent: list[int] = []  # I2C addresses that should answer and do not
        self.weak = False  # the supply draws no latch
        self.not_tried: list[str] = []
        self._free_bytes = 0
        self._left: list[int] = []  # the doors that hang on no silent chip

    def run(self) -> BenchReport:
        """Every phase. What hangs on a part that is silent is skipped, and says on which."""
        report = self._begin()
        self._phase(report, "controller", self._controller)
        self._phase(report, "bus", self._bus)
        if self.board.expander_reset is not None and not set(self.board.expanders) <= set(self.silent):
            self._phase(report, "reset", self._reset)
        self.call("connect", tuple(self.silent))
        for name, action, why in PanelTest(self).phases():
            self._phase(report, name, action, why=why)
        doors = DoorTest(self)
        self._phase(report, "doors at rest", doors.at_rest)
        for door in self.board.doors:
            why = doors.why_not(door)
            self._phase(report, f"door {door.number:02d}", None if why else doors.door, door, why=why)
        if self.board.current:
            self._phase(report, "current", doors.current if doors.pulsed else None, why="no door was opened")
        if self.board.supply:
            self._phase(
                report, "supply under a coil", self._under_a_coil(report, doors), why="it is not sound at rest, or no door was opened"
            )
        if doors.pulsed:
            with contextlib.suppress(BoardError):  # the result stands without it
                report.left_open = [number for number, closed, _ in self.call("settle") if not closed]
        return report

    def plan(self) -> BenchReport:
        """What `run` would try, each phase skipped: the board is asked who it is, and nothing of the cabinet is touched."""
        report = self._begin()
        names = ["controller", "bus"]
        names += ["reset"] if self.board.expander_reset is not None else []
        names += [name for name, _, _ in PanelTest(self).phases()]
        names += ["doors at rest", *(f"door {door.number:02d}" for door in self.board.doors)]
        names += ["current"] if self.board.current else []
        names += ["supply under a coil"] if self.board.supply else []
        for name in names:
            self._phase(report, name, None, why="would be tried")
        return report

    def _begin(self) -> BenchReport:
        facts = self._device.facts
        _refuse_unready(self._device)
        data, self.settings, self._free_bytes = self.call("begin")
        self.board = from_json(data)
        identity = self._device.call("service", "who")
        begun = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        uid = facts.uid.hex() if facts.uid else ""
        return BenchReport(self.board.name, identity and identity[1], uid, facts.micropython, begun, not_tried=self.not_tried)

    @staticmethod
    def _under_a_coil(report: BenchReport, doors: DoorTest) -> Callable[[Phase], None] | None:
        at_rest = next((phase.outcome for phase in report.phases if phase.name == "supply"), SKIP)
        return doors.supply if doors.pulsed and at_rest == PASS else None

    def _phase(self, report: BenchReport, name: str, action: Callable[..., None] | None, *arguments: Any, why: str = "") -> None:
        phase = Phase(name, note="" if action else why)
        report.phases.append(phase)
        if action:
            begun = time.monotonic()
            try:
                self._device.call("probe", "probe", PATIENCE_MS)  # a person takes time, and the watchdog is patient for so long only
                action(phase, *arguments)
                phase.outcome = PASS if phase.passed else FAIL
            except BoardError as error:
                phase.outcome, phase.note = ERROR, str(error)
            phase.seconds = time.monotonic() - begun
        self._done(phase)

    def call(self, function: str, *arguments: Any) -> Any:
        """Asks the board; see host_tools/on_board/bench.py. Raises BoardError, and Complaint for what does not fit this board."""
        answer = self._device.call("bench", function, *arguments, timeout_s=self.patience_s + _SPARE_S)
        if not self._fits(function, answer):
            raise self._device.no_answer()
        return answer

    def _fits(self, function: str, answer: Any) -> bool:
        """Whether an answer is about the doors and the pins that this board has."""
        if function == "connect":
            self._left = list(answer)
            return set(answer) <= {door.number for door in self.board.doors}
        if function in ("settle", "await_rest"):
            return [number for number, _, _ in answer] == self._left
        if function == "await_occupied":
            return answer in (0, *self._left)
        if function == "analogue":
            return [mv is None for mv in answer] == [sensed is None for sensed in (self.board.supply, self.board.current)]
        return True

    def leave(self, part: str, why: str) -> None:
        """A part is not tried."""
        self.not_tried.append(f"{part}: {why}")

    def _controller(self, phase: Phase) -> None:
        if not phase.measure("heap free", self._free_bytes, "bytes", least=HEAP_BYTES_MIN):
            phase.find("controller", "has little memory left", "reset it and test again; then flash it again")

    def _bus(self, phase: Phase) -> None:
        wanted = self.board.expanders + ((self.board.screen[0],) if self.board.screen else ())
        found = self.call("answering", wanted, 1) if wanted else []
        self.silent.extend(address for address in wanted if address not in found)
        for address in wanted:
            phase.measure(f"0x{address:02x} answers", address in found, wanted=True)
        if self.silent:
            strangers = self.call("answering", tuple(address for address in _I2C if address not in wanted), 1)
            phase.findings.extend(causes.silence(self.board, found, strangers))

    def _reset(self, phase: Phase) -> None:
        """The wire that turns every coil off must reach each expander."""
        there = tuple(address for address in self.board.expanders if address not in self.silent)
        loose = self.call("answering", there, 0)
        reset = causes.pin_name(self.board.expander_reset)
        for address in there:
            if not phase.measure(f"0x{address:02x} is reset", address not in loose, wanted=True):
                remedy = f"connect its RESET pin to {reset}: without it nothing turns a coil off when the controller hangs"
                phase.find(f"expander 0x{address:02x}", "RESET does not reach it", remedy)


def _refuse_unready(device: Device) -> None:
    refuse_missing_journal(device)
    refuse_other_firmware(device)
    if "/board.json" not in survey(device, (), ("board.json",)).files:
        raise Complaint(
            f"The board on {device.name} does not know its cabinet yet: run `ansim provision --port {device.name}` first.",
            code="unprovisioned",
        )


def bench_test(
    port: str,
    say: Say,
    done: Callable[[Phase], None],
    patience_s: int = 60,
    hands: bool = True,
    senses: bool = False,
    *,
    dry_run: bool = False,
) -> BenchReport:
    """Tests the cabinet of the board at a port; `say` tells the person what to do, `done` hears of each phase as it ends.

    `hands`: somebody is there to put things in, press keys and shut doors; `senses`: and to answer what they see and hear. What nobody is
    there for is not tried, and the report says so. On a dry run each phase is a SKIP, and nothing moves. Raises Complaint: see
    `Device`; no firmware, not provisioned, no journal partition.
    """
    with Device(port) as device:
        bench = Bench(device, say, done, patience_s, hands, senses)
        return bench.plan() if dry_run else bench.run()
