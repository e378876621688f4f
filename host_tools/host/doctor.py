"""What could keep a host from serving: one look at each thing that it stands on, with the cure.

Nothing is changed: no ledger is made or migrated, no serial port is opened, no file is written.
"""

import asyncio
import importlib.metadata
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from host_tools.errors import UserError
from host_tools.host.care import paging, watch
from host_tools.host.connections.presence import running
from host_tools.host.ledger import backups, tables
from host_tools.host.ledger.data_folder import KEY, LEDGER, MESSAGES, database_url, prepare, refuse_wide
from host_tools.host.ledger.database import SCHEMA, no_ledger, now_ms, schema_of, user_errors
from host_tools.host.ledger.key_file import protection
from host_tools.host.ledger.ledger import database_of
from host_tools.host.ledger.sealing import open_vault
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.log import moment
from host_tools.host.notify.notifier import Setup
from host_tools.host.notify.routes import CHANNELS_FILE, Routes
from host_tools.host.people import retention
from host_tools.host.stays import policy
from host_tools.host.web.keeper import Web, bind

OK, WARNING, WRONG = "ok", "warning", "wrong"

_FREE_BYTES_MIN = 50 << 20  # below this a ledger soon has no room for its next commit
_FREE_BYTES_USUAL = 1 << 30
_AHEAD_MS_MAX = 60_000  # by which the newest row may be ahead of a clock that is right
_NAMES_MAX = 5
_TRY_S = 10.0  # for a channel to be tried
_YEAR_MIN = 2026  # of this release
_HEARD = (tables.outbox.c.queued_ms, tables.server.c.beat_ms)
_SET_CLOCK = "set the clock of this machine, and have it kept by NTP"
_PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([\w.]+)")


class Check(NamedTuple):
    """One look: `of` what, its `state` (OK, WARNING or WRONG), what was found,
    and the `cure`, empty where none is needed.
    """

    of: str
    state: str
    found: str
    cure: str = ""


def examine(
    data: Path,
    listen: tuple[str, int] | None,
    ports: Sequence[str],
    port_at: Callable[[str], str],
    pages: Web | None = None,
) -> Iterator[Check]:
    """Every look, in the order in which to cure what is found.

    `listen` is where boards connect, None for serial ports alone; `pages` is where browsers do, None for
    nowhere; `port_at(port)` gives the path of a serial port that is there and may be used, or raises
    UserError.
    """
    folder = _checked("data folder", lambda: _folder(data))
    yield folder
    yield _checked("disk", lambda: _disk(data))
    if folder.state != WRONG:  # else there is nothing behind it to look at
        yield _checked("host key", partial(_key, data))
        yield _checked("ledger", partial(_ledger, data))
        yield _checked("messages", partial(_messages, data))
        yield _checked("clock", partial(_clock, data))
        yield _checked("retention", partial(_retention, data))
        yield _checked("server", partial(_server, data, listen))
        yield from _channels(data)
        yield _checked("on call", partial(_on_call, data))
        yield _checked("stays", partial(_stays, data))
        if pages is not None:
            yield _checked("pages", partial(_pages, data, pages))
    yield _checked("packages", _packages)
    for port in ports:
        yield _checked(f"port {port}", partial(_port, port, port_at))


def _checked(of: str, look: Callable[[], Check]) -> Check:
    """A look under its name; what it raises for a person is what is wrong."""
    try:
        return look()._replace(of=of)
    except UserError as error:
        return Check(of, WRONG, error.message, error.hint)
    except OSError as error:
        return Check(
            of, WRONG, f"it cannot be looked at ({error.strerror})", "run as the user who runs the server"
        )


def _folder(data: Path) -> Check:
    prepare(data, create=False)
    if not os.access(data, os.W_OK):
        return Check("", WRONG, f"{data} cannot be written to", "run as the user who owns it")
    return Check("", OK, f"{data}, for its owner only")


def _disk(data: Path) -> Check:
    place = next(path for path in (data, *data.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / (1 << 30):.1f} GiB are free for {data}"
    if free < _FREE_BYTES_USUAL:
        state = WRONG if free < _FREE_BYTES_MIN else WARNING
        return Check(
            "", state, found, "free some space: a full disk stops the ledger, and boards keep what they have"
        )
    return Check("", OK, found)


def _key(data: Path) -> Check:
    refuse_wide(data / KEY, 0o600)
    if protection(data) is None:
        return Check("", OK, "without a passphrase: keep a copy of it apart from every backup")
    open_vault(data, create=False)
    return Check("", OK, "under a passphrase, which opens it")


def _ledger(data: Path) -> Check:
    from host_tools.host.ledger.migrations import known

    with _reading(data) as connection:
        schema = schema_of(connection)
    if schema not in known():
        found = (
            "the database holds no ledger" if schema is None else f"its schema {schema} is of a newer ansim"
        )
        return Check("", WRONG, found, "update ansim, or name another data folder with --data")
    words = "PostgreSQL, which answers"
    if database_url(data) is None:
        vault = open_vault(data, create=False)
        try:
            held = backups.inspect(data / LEDGER, vault)
        except UserError as error:
            return Check("", WRONG, error.message, "put the last backup back: `ansim restore FILE`")
        words = f"SQLite, whole, {held.cabinets} cabinets and {held.parcels} parcels; its key opens it"
    if schema != SCHEMA:
        cure = "back it up: the next command brings it up to date"
        return Check("", WARNING, f"{words}; its schema is {schema}", cure)
    return Check("", OK, words)


def _messages(data: Path) -> Check:
    path = data / MESSAGES
    refuse_wide(path, 0o600)
    if path.exists() and not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
        return Check(
            "", WRONG, f"{path} cannot be written to", "move it away, or give it back to the user who serves"
        )
    size = path.stat().st_size if path.exists() else 0
    return Check("", OK, f"{path} has {size:,} bytes" if size else f"{path} is made with the first message")


def _retention(data: Path) -> Check:
    days = retention.days_of(data)
    kept = f"personal data of ended parcels is kept for {days} days"
    with _reading(data) as connection:
        oldest = connection.scalar(retention.OLDEST)
    late_ms = now_ms() - (oldest or now_ms()) - (days + 2) * 86_400_000
    if late_ms > 0:
        cure = "let `ansim serve` run: it takes away what is older"
        return Check("", WARNING, f"{kept}, and some is older than that", cure)
    return Check("", OK, kept)


def _clock(data: Path) -> Check:
    at_ms = now_ms()
    if time.gmtime(at_ms / 1000).tm_year < _YEAR_MIN:
        return Check("", WRONG, f"it says {moment(at_ms)}", _SET_CLOCK)
    with _reading(data) as connection:
        times = [connection.scalar(select(func.max(column))) or 0 for column in _HEARD]
    ahead_ms = max(times) - at_ms
    if ahead_ms > _AHEAD_MS_MAX:
        found = f"it says {moment(at_ms)}, and the ledger has heard something at {moment(at_ms + ahead_ms)}"
        return Check("", WRONG, found, _SET_CLOCK)
    return Check("", OK, f"it says {moment(at_ms)}")


def _server(data: Path, listen: tuple[str, int] | None) -> Check:
    with _reading(data) as connection:
        there = running(connection, now_ms())
    if there:
        return Check("", OK, f"one runs on {there[0].name} since {moment(there[0].since_ms)}")
    if listen is None:
        return Check("", OK, "none runs")
    address, number = listen
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind((address, number))
    except OSError as error:
        reason = (error.strerror or "it is not an address of this machine").lower()
        cure = "stop the other program, or choose another address with --listen"
        return Check("", WRONG, f"none runs, and {address}:{number} cannot be had ({reason})", cure)
    return Check("", OK, f"none runs; {address}:{number} is free for one: `ansim serve`")


def _channels(data: Path) -> Iterator[Check]:
    """channels.toml, each of its mistakes, and each channel as it was tried, all at once."""
    path = data / CHANNELS_FILE
    try:
        refuse_wide(path, 0o600)
        routes = Routes.of(data)
    except UserError as error:
        wrong = [one.rpartition(": ")[::2] for one in error.problems] or [(error.message, error.hint)]
        yield from (Check("channels", WRONG, *one) for one in wrong)
        return
    if routes is None:
        yield Check("channels", OK, f"no {CHANNELS_FILE}: letters go where `--notify` says")
        return
    yield Check("channels", OK, f"{path} names {', '.join(routes.kinds)}")
    yield from asyncio.run(_tried(routes, data))


async def _tried(routes: Routes, data: Path) -> list[Check]:
    return await asyncio.gather(*(_one_tried(routes, name, data) for name in routes.kinds))


async def _one_tried(routes: Routes, name: str, data: Path) -> Check:
    """Whether a channel could hand something over now, as far as it can be known without a letter."""
    kind, settings = routes.kinds[name]
    of, cure = f"channel {name}", f"see [{name}] in {CHANNELS_FILE}, and whether the other end runs"
    try:
        async with asyncio.timeout(_TRY_S):
            found = await CHANNELS[kind].tried(Setup(data, lambda _: None, settings, name))
    except UserError as error:
        return Check(of, WRONG, error.message, error.hint)
    except TimeoutError:
        return Check(of, WRONG, f"it did not answer within {_TRY_S:.0f} s", cure)
    except OSError as error:
        return Check(of, WRONG, f"it is away ({error.strerror or 'no reason given'})", cure)
    return Check(of, OK, found)


def _on_call(data: Path) -> Check:
    """Whether somebody is on call at each site for a week, and was told of what is open."""
    at_ms = now_ms()
    with _reading(data) as connection:
        untold = len(paging.untold(connection))
        sites = connection.execute(select(tables.site.c.id, tables.site.c.name)).all()
        gaps = {site.name: watch.gaps_of(connection, site.id, at_ms) for site in sites}
    if untold:
        alarms = "an open alarm" if untold == 1 else f"{untold} open alarms"
        found = f"nobody was told of {alarms}: the page failed"
        return Check("", WRONG, found, "`ansim alarm list` says which, `ansim case show` why")
    lacking = sorted(name for name, spans in gaps.items() if spans)
    if not lacking:
        return Check(
            "", OK, "somebody is, at each site, for the next 7 days" if sites else "there is no site yet"
        )
    begin = min(gaps[name][0][0] for name in lacking)
    shown = ", ".join(lacking[:_NAMES_MAX]) + (" and more" if len(lacking) > _NAMES_MAX else "")
    since = "now" if begin <= at_ms else moment(begin)
    return Check(
        "", WARNING, f"nobody is, from {since} on, at {shown}", "`ansim oncall set` says who is, and when"
    )


def _stays(data: Path) -> Check:
    with _reading(data) as connection:
        sites = connection.scalars(select(tables.site.c.id)).all()
        own = [site for site in sites if len(policy.versions(connection, site)) > 1]
    words = f"{len(sites) - len(own)} of {len(sites)} sites have the policy that every ansim begins with"
    return Check("", OK, words)


def _pages(data: Path, pages: Web) -> Check:
    with _reading(data) as connection:
        if running(connection, now_ms()):
            return Check("", OK, "a server runs: ask its /readyz")
    with bind(pages):
        return Check("", OK, f"{pages.address}:{pages.port} is free for them")


def _packages() -> Check:
    """Whether what is installed is what this release was tested with; extras that lack are left out."""
    pins = [_PIN.match(line) for line in importlib.metadata.requires("ansim") or ()]
    others = []
    for name, wanted in (pin.groups() for pin in pins if pin):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if found != wanted:
            others.append(f"{name} {found} instead of {wanted}")
    version = importlib.metadata.version("ansim")
    if others:
        return Check(
            "",
            WARNING,
            f"ansim {version} with {', '.join(others)}",
            "install ansim again, in a virtual environment of its own",
        )
    return Check("", OK, f"ansim {version}, and what it was tested with")


def _port(port: str, port_at: Callable[[str], str]) -> Check:
    return Check("", OK, f"{port_at(port)} is there and may be used")


@contextmanager
def _reading(data: Path) -> Iterator[Connection]:
    """A view of the ledger as it is: it is neither made nor brought up to date."""
    database = database_of(data)
    if not database.is_there():
        raise no_ledger(database.name)
    engine = database.engine(create=False)
    try:
        with user_errors(database), engine.connect().execution_options(reading=True) as connection:
            yield connection
    finally:
        engine.dispose()
