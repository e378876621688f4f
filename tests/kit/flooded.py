"""A real host under floods: how long a board waits for its answer, people for a bell's alarm,
and a board that comes now for its place.
"""

import os
import statistics
import tempfile
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.link import messages
from locker.contract import records
from tests.kit.floods import Target, flooding
from tests.kit.host_board import Board, Host, enrolment

SITE = "mapo-3"
BOARDS_MAX = 100

ACKS = 50
WARM_UP_S = 1.0
ACK_FACTOR_MAX = 3  # times the median of the idle host
ACK_MORE_MS_MAX = 50.0
ALARM_MS_MAX = 1000.0
NEWCOMER_MS_MAX = 10_000.0  # a try of a board to connect


class Figures(NamedTuple):
    """Of one flood, in ms: from a board's status to its Ack, from a bell to its alarm,
    from a new board's connecting to its Resume.
    """

    ack_median_ms: float
    ack_worst_ms: float
    alarm_ms: float
    newcomer_ms: float

    def faults(self, idle: "Figures") -> list[str]:
        """What is worse than promised."""
        most_ms = ACK_FACTOR_MAX * idle.ack_median_ms + ACK_MORE_MS_MAX
        found = []
        if self.ack_median_ms > most_ms:
            found.append(f"the median Ack took {self.ack_median_ms:.0f} ms, more than {most_ms:.0f}")
        if self.alarm_ms > ALARM_MS_MAX:
            found.append(f"the alarm took {self.alarm_ms:.0f} ms, more than {ALARM_MS_MAX:.0f}")
        if self.newcomer_ms > NEWCOMER_MS_MAX:
            found.append(
                f"a new board was in after {self.newcomer_ms:.0f} ms, more than {NEWCOMER_MS_MAX:.0f}"
            )
        return found


class Port:
    """A host with a TCP port and a serial line, and one board that is known to it."""

    def __init__(self, ledger: Ledger, host: Host, line: int) -> None:
        self._ledger = ledger
        self.host = host
        self._line = line
        host.listen_until(lambda: sum(told["event"] == "listening" for told in host.told) == 2)
        told = host.wait_for("listening", address="127.0.0.1")
        self.address = (told["address"], told["port"])
        self._enrolled = iter([_enrol(ledger, number) for number in range(BOARDS_MAX)])
        self.board = self.newcomer()
        self.board.meet()

    def newcomer(self) -> Board:
        """One more board, connected."""
        board = Board(next(self._enrolled))
        board.connect(self.address)
        return board

    def target(self, source: str = "127.0.0.1") -> Target:
        """What a stranger knows who has heard the board so far."""
        serial = f"/proc/{os.getpid()}/fd/{self._line}"
        return Target(self.address, self.board.enrolled.alias, b"".join(self.board.sent), source, serial)

    def figures(self) -> Figures:
        """Measured now."""
        acks = [_timed(lambda: self.board.ask(messages.Status(100, 1, 0, 0))) for _ in range(ACKS)]
        return Figures(statistics.median(acks), max(acks), _timed(self._ring), _timed(self._greet))

    def under(self, flood: Callable[[Target], None], source: str = "127.0.0.1") -> Figures:
        """Measured while that flood goes on."""
        with flooding(flood, self.target(source)):
            time.sleep(WARM_UP_S)  # what a flood does is to be measured once it flows
            return self.figures()

    def _ring(self) -> None:
        rung = self.board.journal.add(records.BELL_RUNG, 0, 1)
        self.board.say(messages.Urgent(rung))
        self.host.wait_for("alarm", number=len(self.board.journal.events))
        self.board.send_all()

    def _greet(self) -> None:
        board = self.newcomer()
        board.meet()
        board.close()


@contextmanager
def port() -> Iterator[Port]:
    """A host of its own."""
    ours, theirs = os.openpty()
    for end in (ours, theirs):
        tty.setraw(end)
    with (
        tempfile.TemporaryDirectory(prefix="ansim-flood-") as folder,
        open_ledger(Path(folder, "data")) as ledger,
    ):
        ledger.site(SITE)
        with Host(Path(folder, "data"), "--listen", "127.0.0.1:0", "--serial", os.ttyname(theirs)) as host:
            made = Port(ledger, host, ours)
            yield made
            made.board.close()
            assert host.end() == 0
    os.close(ours)
    os.close(theirs)


def _enrol(ledger: Ledger, number: int) -> Enrolment:
    made = enrolment(b"uid%03d" % number, SITE)
    ledger.enrol(made)
    ledger.confirm(made.board_id)
    return made


def _timed(act: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    act()
    return (time.perf_counter() - began_s) * 1000
