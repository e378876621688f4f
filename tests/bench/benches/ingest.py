"""What an event costs the host that keeps it,
from the bytes that arrive to the acknowledgement behind the commit; beside the usual stack.

Both take the same lives of parcels and keep the same of them, in SQLite with the same settings, in this
process. CPU time is that of all its threads.
"""

import asyncio
import gc
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from sqlalchemy import insert

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.log import Occurrence
from host_tools.host.people import residents
from host_tools.host.postman import Desk
from host_tools.host.server import Server
from host_tools.link import messages
from locker.contract import records
from locker.contract.records import Record
from locker.wire.frame import Decoder
from locker.wire.session import Session
from tests.bench import Table
from tests.bench.usual_ingest import UsualIngest

BOARDS = 250  # that have something to say while the last commit runs
ROUNDS = 3
_LIVES = 4  # of parcels, for each board and round
_USUAL_LIVES = 80  # in all, for each round: its cost does not depend on how many
_AIM = 25


class _Board:
    """A board that has said all that it will say before the clock starts;
    the host's carrier to it counts the acknowledgements.
    """

    def __init__(self, number: int, enrolled: Enrolment, answered: Callable[[], None]) -> None:
        self.name = f"board {number}"
        self.verified = False
        self.decoder = Decoder()
        self.frames: list[bytes] = []
        self.events = 0
        self._enrolled = enrolled
        self._answered = answered
        self._session = Session(enrolled.master_secret, enrolled.board_id, enrolled.alias, os.urandom)
        self._heard = Decoder()
        self._is_heard = False
        self._uptime = 0

    def greeting(self) -> bytes:
        self._session.start(0)
        self._session.step(0)
        return self._session.outgoing() or b""

    def report(self) -> bytes:
        uid = int.from_bytes(self._enrolled.uid, "big")
        return self._sealed(messages.Report(self._enrolled.board_id, 7, 1, 1, 0, 0, 1, 1, 100, 0, uid))

    def live(self, door: int, serial: int, counter: int) -> None:
        """A parcel comes, a frame; and goes, another."""
        here = (door, counter)
        self._visit(
            [(records.DEPOSIT_STARTED, serial), (records.PULSED, 1), (records.DEPOSITED, serial)], *here
        )
        self._visit(
            [(records.CODE_TRIED, 1), (records.PICKUP_OPENED, records.BY_CODE), (records.COLLECTED, serial)],
            *here,
        )

    def _visit(self, said: list[tuple[int, int]], door: int, counter: int) -> None:
        packed = []
        for kind, a in said:
            self.events += 1
            self._uptime += 40
            packed.append(records.pack(Record(kind, door, 1, self.events, self._uptime, a, counter)))
        self.frames.append(self._sealed(messages.Events(packed)))

    def _sealed(self, message: tuple) -> bytes:
        return self._session.seal(messages.typed(message))

    def write(self, frame: bytes) -> None:
        """What the host says: it ends a handshake, or acknowledges."""
        if self._is_heard:
            self._answered()
            return
        had_keys = self._session.ready
        for payload in self._heard.feed(frame):
            self._session.accept(payload, 0)
        if had_keys:  # from the first acknowledgement on its messages need not carry its nonce
            self._is_heard = True
            self._answered()

    def close(self) -> None:
        """Never asked for."""


class OurIngest:
    """The server of `ansim serve` over a ledger with many boards, each with a frame a visit;
    its sockets and its notifier are left out.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._answers = asyncio.Semaphore(0)
        ledger.site("bench")
        residents.add(ledger, "Kim")
        self._boards = [
            _Board(number, _enrol(ledger, number), self._answers.release) for number in range(BOARDS)
        ]
        with ledger.writing() as connection:
            tickets = [
                {"site": 1, "generation": 0, "serial": serial, "resident": 1, "state": "open", "issued_ms": 0}
                for serial in range(BOARDS * _LIVES * ROUNDS)
            ]
            connection.execute(insert(tables.ticket), tickets)
        self._told = 0
        quiet = ConsoleNotifier(lambda message: None)
        self._server = Server(ledger, Lines.single(quiet), self._tell, Desk(quiet))
        self._serials = iter(range(len(tickets)))

    async def meet(self) -> None:
        """Shakes hands with all boards."""
        for board in self._boards:
            self._hear(board, board.greeting())
            self._hear(board, board.report())
        await self._commit()

    async def cost(self) -> float:
        """Microseconds of CPU time for an event of one round."""
        events = 0
        for board in self._boards:
            events -= board.events
            for counter in range(1, _LIVES + 1):
                board.live(1 + counter % 12, next(self._serials), board.events + counter)
            events += board.events
        began = time.process_time()
        for _ in range(len(self._boards[0].frames)):
            for board in self._boards:
                self._hear(board, board.frames.pop(0))
            await self._commit()
        return (time.process_time() - began) * 1e6 / events

    def _tell(self, told: Occurrence) -> None:
        self._told += len(json.dumps(told.as_json(), ensure_ascii=False))  # as `ansim serve --json` says it

    def _hear(self, board: _Board, frame: bytes) -> None:
        for payload in board.decoder.feed(frame):
            self._server._hear(board, payload)

    async def _commit(self) -> None:
        """Until every board has its acknowledgement."""
        with ThreadPoolExecutor(1) as thread:
            committing = asyncio.ensure_future(self._server._commit(thread))
            for _ in self._boards:
                await self._answers.acquire()
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)


def _enrol(ledger: Ledger, number: int) -> Enrolment:
    made = Enrolment(
        os.urandom(8),
        os.urandom(4),
        b"%06d" % number,
        "bench",
        number + 1,
        "wall_12",
        os.urandom(32),
        os.urandom(8),
        os.urandom(8),
    )
    ledger.enrol(made)
    ledger.confirm(made.board_id)
    return made


async def costs() -> list[tuple[float, float]]:
    """Ours and the usual stack's, in microseconds of CPU time an event, round by round."""
    with (
        tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder,
        open_ledger(Path(folder, "data")) as ledger,
    ):
        ours, usual = OurIngest(ledger), UsualIngest(Path(folder, "usual.db"))
        await ours.meet()
        gc.freeze()  # as a server does that begins to serve
        found = [(await ours.cost(), await usual.cost(_USUAL_LIVES)) for _ in range(ROUNDS)]
        usual.close()
    return found


def run() -> list[Table]:
    found = asyncio.run(costs())
    ours, theirs = (median(column) for column in zip(*found, strict=True))
    ratio = median(their / our for our, their in found)
    rows = [
        ("ansim: sealed frames, one commit for all that came", round(1e6 / ours), round(ours, 1)),
        ("usual: JSON, async handler, ORM, a commit an event", round(1e6 / theirs), round(theirs, 1)),
    ]
    note = (
        f"Medians of {ROUNDS} rounds in one run, {BOARDS} boards with a frame of 3 events each; the usual "
        "stack has neither seals nor its broker's client in its cost. "
        f"{ratio:.0f} times as many events a second of CPU time; the aim is {_AIM}."
    )
    return [Table("Events kept", ("host", "events a CPU-second", "us an event"), rows, note)]
