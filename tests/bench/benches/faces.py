"""What pages for people cost: bytes and server CPU of a first view, an event on 200 consoles, memory over
many events.
"""

import asyncio
import gc
import re
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from host_tools.host.care import intake
from host_tools.host.couriers import codes
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.people import links
from host_tools.host.web.app import Pages, app
from host_tools.host.web.console.part import Drawn, Part, Piece
from host_tools.host.web.console.stream import STREAMS_OF_ONE_MAX, Live, Rights, _Stream
from host_tools.host.web.entrance import Signed
from host_tools.host.web.look import views
from host_tools.host.web.look.views import Reader
from host_tools.host.web.look.words import words_of
from host_tools.host.web.sessions import Session, Sessions
from locker.contract import records
from tests.bench import Table
from tests.kit.stay_site import HOUR_MS, START_MS, Cabin, StaySite
from tests.kit.web_site import raising

CABINETS = 10
TIMES = 20
CONSOLES = 200
EVENTS = 100_000
SITE = "/console/sites/mapo-3"
NOW_MS = START_MS + 30 * HOUR_MS
_ROLES = ("operator dispatcher", "staff")


class Asked:
    """What was answered to a request, as a browser has it that reads gzip."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def scope_of(path: str, session: Session | None = None) -> dict[str, Any]:
    """A request of a browser."""
    headers = [(b"host", b"localhost"), (b"accept-encoding", b"gzip")]
    if session is not None:
        headers.append((b"cookie", f"session={session.token}".encode()))
    where, _, query = path.partition("?")
    return {
        "type": "http",
        "method": "GET",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "scheme": "http",
        "root_path": "",
    }


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


class Town:
    """A site of ten cabinets with a parcel behind each third door, and accounts with their sessions."""

    def __init__(self, data: Path) -> None:
        self.ledger = open_ledger(data)
        self.site = StaySite(self.ledger, CABINETS)
        self.site.resident("Kim")
        for cabin in self.site.cabins:
            self.site.link(START_MS, cabin)
            for door in range(1, 13, 3):
                cabin.deposit(START_MS + HOUR_MS, door, self.site.serial("Kim"))
            self.site.hear(START_MS + HOUR_MS, cabin)
        self.site.presence.beat(NOW_MS, {})
        sessions, self.consoles = Sessions(data), []
        for number in range(-(-CONSOLES // STREAMS_OF_ONE_MAX)):
            row = {"name": f"Han {number}", "roles": _ROLES[number % 2], "contact": "", "since_ms": START_MS}
            with self.ledger.writing() as connection:
                connection.execute(insert(tables.account).values(**row))
            self.consoles += [sessions.begin(number + 1, NOW_MS)] * STREAMS_OF_ONE_MAX
        sessions.close()
        self.pages = Pages(data, "none", lambda: NOW_MS, is_plain=True)
        self.app = app(self.pages, (), raising)
        views.prepare()

    async def ask(self, path: str, session: Session | None = None) -> Asked:
        """What a path answers."""
        asked = Asked()
        await self.app(scope_of(path, session), _nothing_more, asked.send)
        assert asked.status == 200, (path, asked.status)
        return asked

    async def first_view(self, path: str, session: Session | None = None) -> tuple[int, int, float]:
        """Bytes of a page, of it with all that it loads, and the CPU that it takes of the server (ms)."""
        page = await self.ask(path, session)
        loads = {*re.findall(r'(?:href|src)="(/static/[^"#]+)', page.body.decode())}
        whole = len(page.body) + sum([len((await self.ask(one)).body) for one in loads])
        began_s = time.process_time()
        for _ in range(TIMES):
            await self.ask(path, session)
        return len(page.body), whole, round(1000 * (time.process_time() - began_s) / TIMES, 1)

    def paths(self) -> dict[str, str]:
        """Hers and couriers'."""
        with self.ledger.reading() as connection:
            rows = select(tables.parcel, tables.resident.c.since_ms).join(tables.resident)
            parcel = connection.execute(rows).first()
            code = codes.code_of(connection.scalars(select(tables.site.c.site_id)).one())
        assert parcel is not None
        token = links.token(self.ledger.vault, parcel)
        with self.ledger.writing() as connection:
            row = {"parcel": parcel.id, "resident": parcel.resident, "hash": links._digest(token)}
            connection.execute(insert(tables.parcel_link).values(**row))
        return {"hers": f"/p/{token}", "couriers": f"/c/{code}"}


@contextmanager
def _town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        town = Town(Path(folder) / "data")
        yield town
        town.pages.close()
        town.ledger.close()


def run() -> list[Table]:
    with _town() as town:
        views = asyncio.run(_views(town))
        event = asyncio.run(_event(town))
        memory = asyncio.run(_memory(town))
    return [views, event, memory]


async def _views(town: Town) -> Table:
    han, paths = town.consoles[0], town.paths()
    rows = []
    for name, path, session, bytes_max, cpu_max in (
        (f"a site of {CABINETS} cabinets", SITE, han, 100_000, 150),
        ("what needs a person", "/console", han, 100_000, 150),
        ("her page", paths["hers"], None, 30_000, ""),
        ("couriers' page", paths["couriers"], None, 30_000, ""),
    ):
        page, whole, cpu_ms = await town.first_view(path, session)
        rows.append((name, page, whole, bytes_max, cpu_ms, cpu_max))
    columns = ("first view", "page, bytes", "with what it loads", "at most", "server CPU, ms", "at most")
    note = (
        f"As a browser without a cache is sent it; CPU of {TIMES} views of the page, all threads, the mean."
    )
    return Table("First views", columns, rows, note)


class _Console:
    """A page that follows a stream."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.is_told = False

    async def send(self, message: Any) -> None:
        body = message.get("body", b"")
        self.is_told = self.is_told or b"Somebody pressed" in body
        self.heard.set()


async def _event(town: Town) -> Table:
    drawn: list[str] = []
    live = town.pages.live
    for name, part in live._parts.items():
        live._parts[name] = part._replace(draw=_counting(part.draw, drawn))
    consoles = [_Console() for _ in range(CONSOLES)]

    async def stays() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    following = [
        asyncio.ensure_future(town.app(scope_of("/console/stream?part=needs", session), stays, one.send))
        for session, one in zip(town.consoles, consoles, strict=False)
    ]
    await _until(lambda: len(live._streams) == CONSOLES and all(one.heard.is_set() for one in consoles))
    await asyncio.sleep(2)
    idle_s = time.process_time()
    await asyncio.sleep(2)
    idle_s = (time.process_time() - idle_s) / 2
    drawn.clear()
    began_s, cpu_s = time.monotonic(), time.process_time()
    heard_s = await asyncio.to_thread(_rings, town, town.site.cabins[0])
    await _until(lambda: all(one.is_told for one in consoles))
    took_s = time.monotonic() - began_s
    cpu_s = time.process_time() - cpu_s - idle_s * took_s - heard_s
    for one in following:
        one.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    rows = [
        ("heard by all, s", round(took_s, 2), 1),
        ("CPU a console, ms", round(1000 * cpu_s / CONSOLES, 2), 0.5),
        ("parts drawn", len(drawn), 2 * len(_ROLES)),
    ]
    note = (
        f"A bell, {CONSOLES} consoles of {len(_ROLES)} sets of rights, two parts each. "
        "What they take while nothing happens is taken off."
    )
    return Table(f"An event on {CONSOLES} consoles", ("", "measured", "at most"), rows, note)


def _rings(town: Town, cabin: Cabin) -> float:
    """The host hears of a bell and has a case of it: the CPU that this takes, none of it the pages' (s)."""
    began_s = time.thread_time()
    cabin.add(NOW_MS, records.BELL_RUNG, 0, 1)
    town.site.hear(NOW_MS, cabin)
    with town.ledger.writing() as connection:
        intake.take_in(connection, NOW_MS)
    return time.thread_time() - began_s


def _counting(draw: Callable[..., Drawn], drawn: list[str]) -> Callable[..., Drawn]:
    def counted(*given: Any) -> Drawn:
        found = draw(*given)
        drawn.append(found.name)
        return found

    return counted


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.005)


async def _memory(town: Town) -> Table:
    """A part that is another each time, told to a console of each set of rights."""
    at = 0

    def draw(facts: Any, _reader: Reader, _roles: frozenset[str]) -> Drawn:
        return Drawn("bar", [Piece(f"<p>{facts}</p>" + "x" * 1000)], [f"{facts}/1"])

    live = Live(town.pages, (Part("bar", lambda _ledger, _at_ms: at, draw),), lambda _name: None)
    actors = [
        Actor(account=number, name="Han", roles=frozenset(roles.split()))
        for number, roles in enumerate(_ROLES, 1)
    ]
    streams = [
        _Stream(
            None,
            Signed(town.consoles[0], one),
            Rights(one.roles, one.sites, frozenset()),
            Reader(words_of("ko")),
            ("bar",),
        )  # type: ignore[arg-type]
        for one in actors
    ]
    live._streams.update(streams)
    rows, taken = [], 0
    tracemalloc.start()
    for count in (EVENTS // 10, EVENTS):
        for at in range(at, count):  # noqa: B020 - it goes on where it was
            for stream in streams:
                live._facts[stream.rights, "bar"] = 0.0, at
                live._offer(stream.rights)
                for drawn in stream.taken():
                    taken += len(drawn.frame("Han", "x"))
        gc.collect()
        rows.append((count, round(tracemalloc.get_traced_memory()[0] / 1000), round(taken / 1e6)))
    tracemalloc.stop()
    live.close()
    note = "A part that is another each time, drawn for two sets of rights; what Python holds then."
    return Table("Memory over events", ("events", "held, kB", "told, MB"), rows, note)
