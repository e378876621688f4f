"""The test of a finished cabinet at the bench: what the board file names is tried,
done by a person's hands, ending in a report to file.
"""

import contextlib
import datetime
import time
from collections.abc import Callable
from typing import Any

from host_tools.bench import causes
from host_tools.bench.bench import Bench, Say
from host_tools.bench.doors import PARCEL, DoorTest
from host_tools.bench.flash import refuse_missing_journal, refuse_other_firmware
from host_tools.bench.panel import PanelTest
from host_tools.bench.report import ERROR, FAIL, PASS, SKIP, BenchReport, Finding, Measurement, Phase
from host_tools.bundle.ready import errand
from host_tools.device.install import survey
from host_tools.device.port import PATIENCE_MS, BoardError, Device
from host_tools.errors import UserError
from locker.board import from_json

__all__ = ["ERROR", "FAIL", "PASS", "SKIP", "BenchReport", "Finding", "Measurement", "Phase", "bench_test"]
INTERRUPTED = "Interrupted."
#: Free heap before the drivers are opened: what the firmware lives on.
HEAP_BYTES_MIN = 30_000
_I2C = range(0x08, 0x78)


class Commissioning:
    """The test of the cabinet of one board; `done` hears of each phase."""

    def __init__(self, bench: Bench, done: Callable[[Phase], None]) -> None:
        self._bench = bench
        self._done = done
        self._free_bytes = 0

    def run(self) -> BenchReport:
        """Every phase. What hangs on a part that is silent is skipped, and says on which.

        What ends it after a door was opened is in the report, with the doors that stand open.
        """
        report = self._begin()
        doors = DoorTest(self._bench)
        try:
            self._examine(report, doors)
        except (UserError, KeyboardInterrupt) as ended:
            if not doors.pulsed:
                raise
            report.cut_off = str(ended) if isinstance(ended, UserError) else INTERRUPTED
        report.left_open, report.exposed = sorted(doors.open), doors.exposed
        report.perhaps_open = sorted(doors.perhaps_open - doors.open)
        return report

    def _examine(self, report: BenchReport, doors: DoorTest) -> None:
        self._phase(report, "controller", self._controller)
        self._phase(report, "bus", self._bus)
        if self._bench.board.expander_reset is not None and not set(self._bench.board.expanders) <= set(
            self._bench.silent
        ):
            self._phase(report, "reset", self._reset)
        self._bench.call("connect", tuple(self._bench.silent))
        for name, action, why in PanelTest(self._bench).phases():
            self._phase(report, name, action, why=why)
        self._phase(report, "doors at rest", doors.at_rest)
        for door in self._bench.board.doors:
            why = doors.why_not(door)
            self._phase(report, f"door {door.number:02d}", None if why else doors.door, door, why=why)
        if self._bench.board.current:
            self._phase(report, "current", doors.current if doors.pulsed else None, why="no door was opened")
        if self._bench.board.supply:
            self._phase(
                report,
                "supply under a coil",
                self._under_a_coil(report, doors),
                why="it is not sound at rest, or no door was opened",
            )
        if doors.pulsed:
            with contextlib.suppress(BoardError):  # the result stands without it
                doors.open = {number for number, closed, _ in self._bench.call("settle") if not closed}

    def plan(self) -> BenchReport:
        """What `run` would try, each phase skipped:
        the board is asked who it is, and nothing of the cabinet is touched.
        """
        report = self._begin()
        names = ["controller", "bus"]
        names += ["reset"] if self._bench.board.expander_reset is not None else []
        names += [name for name, _, _ in PanelTest(self._bench).phases()]
        names += ["doors at rest", *(f"door {door.number:02d}" for door in self._bench.board.doors)]
        why = {f"door {number:02d}": PARCEL for number in self._bench.waiting}
        names += ["current"] if self._bench.board.current else []
        names += ["supply under a coil"] if self._bench.board.supply else []
        for name in names:
            self._phase(report, name, None, why=why.get(name, "would be tried"))
        return report

    def _begin(self) -> BenchReport:
        facts = self._bench.device.facts
        _refuse_unready(self._bench.device)
        self._bench.load()
        data, self._bench.settings, self._free_bytes, cabinet = self._bench.call("begin")
        self._bench.board = from_json(data)
        self._bench.read_journal()
        begun = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        uid = facts.uid.hex() if facts.uid else ""
        return BenchReport(
            self._bench.board.name, cabinet, uid, facts.micropython, begun, not_tried=self._bench.not_tried
        )

    @staticmethod
    def _under_a_coil(report: BenchReport, doors: DoorTest) -> Callable[[Phase], None] | None:
        at_rest = next((phase.outcome for phase in report.phases if phase.name == "supply"), SKIP)
        return doors.supply if doors.pulsed and at_rest == PASS else None

    def _phase(
        self,
        report: BenchReport,
        name: str,
        action: Callable[..., None] | None,
        *arguments: Any,
        why: str = "",
    ) -> None:
        phase = Phase(name, note="" if action else why)
        report.phases.append(phase)
        if action:
            begun = time.monotonic()
            try:
                # A person takes time, and the watchdog is patient for so long only.
                self._bench.device.call("probe", "probe", PATIENCE_MS)
                action(phase, *arguments)
                phase.outcome = PASS if phase.passed else FAIL
            except BoardError as error:
                phase.outcome, phase.note = ERROR, str(error)
            except (UserError, KeyboardInterrupt):
                phase.outcome, phase.note = ERROR, "cut off"
                self._done(phase)
                raise
            phase.seconds = time.monotonic() - begun
        self._done(phase)

    def _controller(self, phase: Phase) -> None:
        if not phase.measure("heap free", self._free_bytes, "bytes", least=HEAP_BYTES_MIN):
            phase.find("controller", "has little memory left", "reset it and test again; then flash it again")

    def _bus(self, phase: Phase) -> None:
        wanted = self._bench.board.expanders + (
            (self._bench.board.screen[0],) if self._bench.board.screen else ()
        )
        found = self._bench.call("answering", wanted, 1) if wanted else []
        self._bench.silent.extend(address for address in wanted if address not in found)
        for address in wanted:
            phase.measure(f"0x{address:02x} answers", address in found, wanted=True)
        if self._bench.silent:
            strangers = self._bench.call(
                "answering", tuple(address for address in _I2C if address not in wanted), 1
            )
            phase.findings.extend(causes.silence(self._bench.board, found, strangers))

    def _reset(self, phase: Phase) -> None:
        """The wire that turns every coil off must reach each expander."""
        there = tuple(address for address in self._bench.board.expanders if address not in self._bench.silent)
        loose = self._bench.call("answering", there, 0)
        reset = causes.pin_name(self._bench.board.expander_reset)
        for address in there:
            if not phase.measure(f"0x{address:02x} is reset", address not in loose, wanted=True):
                remedy = (
                    f"connect its RESET pin to {reset}: without it nothing turns a coil off when the "
                    "controller hangs"
                )
                phase.find(f"expander 0x{address:02x}", "RESET does not reach it", remedy)


def _refuse_unready(device: Device) -> None:
    refuse_missing_journal(device)
    refuse_other_firmware(device)
    if "/board.json" not in survey(device, (), ("board.json",)).files:
        raise UserError(
            f"The board on {device.name} does not know its cabinet yet: "
            f"run `ansim provision --port {device.name}` first.",
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
    """Tests the cabinet of the board at a port; `say` tells the person what to do,
    `done` hears of each phase as it ends.

    `hands`: somebody is there to put things in, press keys and shut doors; `senses`: and to answer what they
    see and hear. What nobody is there for is not tried, and the report says so. On a dry run each phase is a
    SKIP, and nothing moves. Raises UserError: see `Device`;
    no firmware, not provisioned, no journal partition.
    """
    report: BenchReport | None = None
    try:
        with Device(port, errand) as device:
            test = Commissioning(Bench(device, say, patience_s, hands, senses), done)
            report = test.plan() if dry_run else test.run()
    except UserError:  # a board that is gone is not let go of either
        if report is None or not report.cut_off:
            raise
    return report
