"""One afternoon at a cabinet, to be played twice on one seed:
the firmware, the host's server, its ledger and its post, in virtual time.

What anybody but a dispatcher can observe of it is written down with its instant: bytes on the way (their
number and what is not sealed), lines of the server, letters, statements to the database, the screen, sounds,
coils and lamp, and at the end all rows of the ledger.
"""

import asyncio
import json
import mmap
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from host_tools.bench.provision import _identity
from host_tools.boards.board_file import load_board, to_board_json
from host_tools.capture.decode import Opener, header_of
from host_tools.host.fleet import events
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import Message, Receipt
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from host_tools.host.postman import Desk
from host_tools.host.server import Server, Settings
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.network import Network, Stream
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.controller import VirtualController
from host_tools.simulator.cpython_board.hal import SimulatedHal
from host_tools.simulator.cpython_board.loop import VirtualTimeLoop
from host_tools.simulator.people.people import courier, send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World
from locker.board import from_json
from locker.contract import records
from locker.shell.app import App
from locker.shell.identity import Identity
from locker.shell.identity import from_json as from_identity_json
from locker.wire.frame import Decoder
from tests.kit.post import Paper, all_of
from tests.simulation.stage import make_flash

BOARD = "devkit_4"
HOST = ("10.0.0.2", 26746)
SITE, RESIDENT, TAIL = "mapo-3", "Kim", "37"
START_NS = 1_700_000_000_000_000_000
DAY_NS = 86_400_000_000_000  # from the deposits to the afternoon
PARCELS = 3
FORCED = 4  # a door without one
UNTIL_DEPOSITED_MS = 75_000
_ECHO = re.compile(r"\.*[0-9]")  # of a key: who stands there sees the key itself


@dataclass(frozen=True)
class Visit:
    """A resident comes for her parcel, types so many `wrong` numbers first,
    and holds the door open for a while; or it is blocked.
    """

    at_ms: int
    parcel: int
    holds_ms: int
    wrong: int = 0
    blocked: bool = False


@dataclass(frozen=True)
class Trouble:
    """To the way between the two: "cut", "forget", "down", "up"; "host" or "power":
    an end of it starts anew; "force": the fourth door.
    """

    at_ms: int
    what: str


@dataclass
class Afternoon:
    """Who comes and what fails, and until when it is watched."""

    visits: list[Visit]
    troubles: list[Trouble] = field(default_factory=list)
    loss: float = 0.0
    until_ms: int = 60_000


class Post(Paper):
    """A channel that keeps what it is given, with the instant."""

    def __init__(self, note: Callable[[str, Any], None], sense: str) -> None:
        super().__init__()
        self._note = note
        self._sense = sense

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        for message in messages:
            self._note(self._sense, message._asdict())
        return all_of(messages)


class Line:
    """The host's end of a connection, as a carrier of the server."""

    def __init__(self, run: "Run", stream: Stream) -> None:
        self.name = "line"
        self.verified = False
        self._run = run
        self._stream = stream
        self._decoder = Decoder()
        stream.on_bytes = self._hear
        stream.on_close = self._closed

    def _hear(self, data: bytes) -> None:
        for payload in self._decoder.feed(data):
            self._run.note("to the host", (len(payload), header_of(payload)))
            self._run.captured.append(payload)
            if self._run.server:
                self._run.server._hear(self, payload)

    def _closed(self) -> None:
        if self._run.server:
            self._run.server._links.lost(self)

    def write(self, frame: bytes) -> None:
        (*_, payload) = Decoder().feed(frame)
        self._run.note("to the board", (len(frame), header_of(payload)))
        self._run.captured.append(payload)
        self._stream.write(frame)

    def close(self) -> None:
        self._stream.close()


def _at_once(
    loop: asyncio.AbstractEventLoop, _executor: object, act: Callable[..., Any], *arguments: Any
) -> asyncio.Future:
    """What a thread would do is done at this instant: in virtual time nothing else can happen meanwhile."""
    done = loop.create_future()
    try:
        done.set_result(act(*arguments))
    except Exception as error:
        done.set_exception(error)
    return done


@contextmanager
def seeded(chance: random.Random) -> Iterator[None]:
    """All that is drawn is drawn from there, so that an afternoon can be played again."""
    with patch("os.urandom", chance.randbytes), patch("random._urandom", chance.randbytes):
        yield


class Run:
    """A cabinet, a way and a host for an afternoon.

    `seen` is what everybody but a dispatcher observes, `alarms` what dispatchers do.
    """

    def __init__(self, folder: Path, seed: int, start_ns: int) -> None:
        self.seen: list[tuple[int, str, Any]] = []
        self.alarms: list[tuple[int, Any]] = []
        self.captured: list[bytes] = []  # both ways, as staff who look for a fault at the line have it
        self.clock = VirtualClock()
        self.world = World(from_json(to_board_json(load_board(BOARD))), self.clock, seed, uid=b"uid-01")
        self.network = Network(self.clock, random.Random(seed))
        self.network.listen(*HOST, self._accept)
        self.server: Server | None = None
        self._serving: asyncio.Task | None = None
        self._flash = FlashImage(folder / "flash", seed)
        self._random = random.Random(seed)
        self._folder = folder
        self._start_ns = start_ns
        self._held = ExitStack()

    def __enter__(self) -> "Run":
        hold = self._held.enter_context
        hold(seeded(self._random))
        hold(patch("gc.collect"))  # of the program that plays this, which takes longer than a visit
        hold(patch("time.time_ns", lambda: self._start_ns + 1000 * self.clock.now_us()))
        hold(patch.object(VirtualTimeLoop, "run_in_executor", _at_once))
        hold(patch.object(VirtualTimeLoop, "add_signal_handler", lambda *_: None))
        self.ledger = hold(open_ledger(self._folder / "data"))
        event.listen(self.ledger._engine, "before_cursor_execute", self._asked)
        self._held.callback(self._flash.close)
        return self

    def __exit__(self, *error: object) -> None:
        self._held.__exit__(None, None, None)

    def makes_own(self) -> None:
        """This process goes on without the one that began:
        its flash and its ledger are copies of that one's.
        """
        asyncio._set_running_loop(self._controller._runner.get_loop())  # which belongs to a process
        cells = mmap.mmap(-1, self._flash.size)
        cells[:] = self._flash._cells[:]
        own = self._folder.with_name("other")
        shutil.copytree(self._folder, own, ignore=lambda *_: ["flash"])
        self._not_ours = self._flash._cells, self.ledger._engine.pool
        self._flash._cells = cells
        self.ledger._engine.dispose(close=False)
        connect = sqlite3.connect
        moved = patch(
            "sqlite3.connect", lambda place, **how: connect(place.replace(str(self._folder), str(own)), **how)
        )
        self._held.enter_context(moved)

    def note(self, sense: str, what: Any) -> None:
        """Something is observed now; for dispatchers alone where the sense says so."""
        if sense == "dispatcher":
            self.alarms.append((self.clock.now_us(), what))
        else:
            self.seen.append((self.clock.now_us(), sense, what))

    def _asked(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        self.note("statement", (statement, len(parameters) if many else 1))

    def _shown(self, entry: Entry) -> None:
        value = entry.value
        if entry.kind == "screen" and isinstance(value, tuple) and _ECHO.fullmatch(value[0].strip()):
            value = (value[0].rstrip()[:-1], *value[1:])
        self.note("cabinet", (entry.kind, entry.door, value, entry.cause))

    def _accept(self, stream: Stream) -> None:
        if self.server is None:
            stream.close()
        else:
            Line(self, stream)

    def _serve(self) -> None:
        loop = self._controller._runner.get_loop()
        told = Post(self.note, "letter")
        self.server = Server(
            self.ledger,
            Lines.single(told),
            lambda said: self.note("line", (said.as_json(), said.in_words())),
            Desk(Post(self.note, "dispatcher")),
        )
        self._serving = loop.create_task(self.server.run(Settings(None)))

    def _end_host(self) -> None:
        if self.server:
            self.server.stop()
            self.server = None
        self.network.cut()

    def trouble(self, what: str) -> None:
        """It happens now."""
        if what == "host":
            self._end_host()
            self.clock.after(3_000_000, self._serve)
        elif what in ("down", "up"):
            self.network.switch(what == "up")
        elif what == "force":
            self.world.hands.force(FORCED)
        elif what == "power":
            self.world.power_cut()
            self.clock.after(1_000_000, self.world.power_on)
        else:
            getattr(self.network, what)()

    def live(self, identity: Identity, prepare: Callable[["Run"], None], until_ms: int) -> None:
        """Lets all of it live."""

        async def program(hal: SimulatedHal) -> None:
            await App(hal, identity, {"host": HOST[0], "port": HOST[1]}).run()

        with VirtualController(self.world, program, self._flash, self.network) as controller:
            self._controller = controller
            self.world.trace.listeners.append(self._shown)
            self._serve()
            prepare(self)
            controller.live_until(until_ms)
            self._end_host()
            controller.live_until(until_ms + 100)
        self.note(
            "lists",
            (
                parcels.listing(self.ledger),
                parcels.cabinets(self.ledger),
                events.listing(self.ledger, Place(SITE, 1)),
            ),
        )
        self.note("ansim decode --open", self._opened())
        self.note("ledger", self._rows())

    def _opened(self) -> list[Any]:
        """What staff read of the line with the keys of the ledger."""
        opener = Opener(self.ledger)
        for payload in self.captured:
            opener.note(payload)
        return [opener.open(payload) for payload in self.captured]

    def _rows(self) -> dict[str, list[Any]]:
        """All of the ledger, but for the two numbers that dispatchers have of a pickup."""
        with self.ledger.reading() as connection:
            found = {
                table.name: [dict(row._mapping) for row in connection.execute(table.select())]
                for table in tables.metadata.sorted_tables
            }
        for row in found["event"]:
            row["a"] = "who" if row["kind"] == records.PICKUP_OPENED else row["a"]
        for row in found["pickup"]:
            row["how"] = "who"
        return found


@dataclass(frozen=True)
class Stage:
    """Where afternoons begin: a flash and a ledger with parcels that wait,
    and their doors, counters and codes.
    """

    folder: Path
    identity: Identity
    parcels: list[tuple[int, str]]  # door, and the 8 digits

    def duress_code(self, parcel: int) -> str:
        """The digits of a parcel with the last two replaced by her tail."""
        return self.parcels[parcel][1][:-2] + TAIL


def enrolled(ledger: Ledger) -> Identity:
    site = ledger.site(SITE)
    made = Enrolment(bytes(range(8)), b"alia", b"uid-01", SITE, None, BOARD, b"m" * 32, b"h" * 8, b"b" * 8)
    number = ledger.enrol(made)
    ledger.confirm(made.board_id)
    return from_identity_json(json.loads(_identity(made, site, number)))


@cache
def stage() -> Stage:
    """The stage of this process: couriers have brought the parcels, and she was told of each."""
    folder = Path(mkdtemp(prefix="ansim-test-"))
    make_flash(folder / "flash", BOARD)
    with seeded(random.Random(1)), open_ledger(folder / "data") as ledger:
        identity = enrolled(ledger)
        residents.add(ledger, RESIDENT)
        residents.set_tail(ledger, RESIDENT, TAIL)
        issued = [tickets.issue(ledger, RESIDENT, SITE).number for _ in range(PARCELS)]

    def bring(run: Run) -> None:
        for place, number in enumerate(issued):
            send(run.world, courier(run.world, number, "112"[place]), 7_000 + 20_000 * place)

    with Run(folder, 1, START_NS) as run:
        run.live(identity, bring, UNTIL_DEPOSITED_MS)
    letters = [what["text"].split(": ", 1)[1] for _, sense, what in run.seen if sense == "letter"]
    assert len(letters) == PARCELS, letters
    told = [letter.split(" · ") for letter in letters]
    parcels = [(int(door.removeprefix("door ")), digits.replace(" ", "")) for door, digits, *_ in told]
    assert not [digits for _, digits in parcels if digits.endswith(TAIL)], "choose another seed"
    return Stage(folder, identity, parcels)
