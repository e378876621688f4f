"""Parcels and cabinets as the operator lists them."""

from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select

from host_tools.host.accounts import sight
from host_tools.host.accounts.kept import Kept
from host_tools.host.care import kinds
from host_tools.host.fleet import orders
from host_tools.host.kinds import OPENERS
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import RETIRED, Ledger
from host_tools.host.ledger.lookups import names
from host_tools.host.ledger.names import normal
from host_tools.host.people.residents import LABEL
from locker.contract import commands, records

#: A parcel that the cabinet gave up because the host said that it is gone.
BY_ORDER = "the host's word that it is gone"
#: One whose cabinet says that it was taken, and has told of nobody who was let in.
UNTOLD = "nobody knows whom: its cabinet has told of no opening"


class Parcel(NamedTuple):
    """One deposit. Times in ms since 1970, UTC."""

    site: str
    cabinet: int
    door: int
    counter: int
    serial: int
    resident: str | None  # None: the ticket was none of this host's
    state: str  # waiting, collected or withdrawn
    flagged: bool  # the ticket was unknown, revoked or used before
    deposited_ms: int
    ended_ms: int | None
    ended_by: str | None  # by whom or what its wait was ended, in words; None while it waits


class Standing(NamedTuple):
    """A cabinet and its link."""

    site: str
    number: int
    board: str
    state: str  # pending or enrolled
    seen_ms: int | None  # the last verified message, None: never
    boot: int | None
    build: int | None
    events: int  # applied of its present journal
    waiting: int  # parcels


def listing(ledger: Ledger, state: str | None = None) -> list[Parcel]:
    """All parcels, the newest first; in one state, if it is given."""
    parcel, cabinet = tables.parcel, tables.cabinet
    wanted = (
        select(
            parcel.c.cabinet,
            parcel.c.incarnation,
            tables.site.c.name,
            cabinet.c.number,
            *(parcel.c[name] for name in ("door", "counter", "serial")),
            LABEL,
            *(parcel.c[name] for name in ("state", "flagged", "deposited_ms", "ended_ms")),
        )
        .select_from(
            parcel.join(cabinet, cabinet.c.id == parcel.c.cabinet)
            .join(tables.site)
            .outerjoin(tables.resident)
        )
        .order_by(parcel.c.id.desc())
    )
    if state is not None:
        wanted = wanted.where(parcel.c.state == state)
    with ledger.reading() as connection:
        wanted = wanted.where(
            sight.sees_resident(connection, parcel.c.resident), sight.sees_site(connection, cabinet.c.site)
        )
        openers = {} if state == "waiting" else _openers(connection)
        settled = _settled(connection)
        gone = _gone(connection)
        rows = connection.execute(wanted).all()
        return [_parcel(row, openers, settled, gone) for row in rows]


def _openers(connection: Connection) -> dict[tuple[int, int, int, int], int]:
    """Who opened the door of each parcel last (records.BY_), by the ledger's number of the cabinet,
    incarnation, door and counter.
    """
    event = tables.event.c
    wanted = select(event.cabinet, event.incarnation, event.door, event.b, event.a).where(
        event.kind == records.PICKUP_OPENED
    )
    return {
        (row.cabinet, row.incarnation, row.door, row.b): row.a
        for row in connection.execute(wanted.order_by(event.number))
    }


def _settled(connection: Connection) -> set[tuple[int, int]]:
    """The doors, by the ledger's number of the cabinet,
    whose boards have done what the host said of the parcel there.
    """
    order = tables.command.c
    return {
        (row.cabinet, row.door)
        for row in connection.execute(
            select(order.cabinet, order.door)
            .where(order.kind == commands.SETTLE, order.state == orders.DONE)
            .distinct()
        )
    }


def _gone(connection: Connection) -> dict[tuple[str, int, int, int], str]:
    """Who has found that a parcel was gone, by site, cabinet, door and the time at which that ended it."""
    case, cabinet = tables.case.c, tables.cabinet.c
    wanted = select(tables.site.c.name, cabinet.number, case.door, case.closed_ms, case.closed_by)
    wanted = wanted.select_from(
        tables.case.join(tables.cabinet, case.cabinet == cabinet.id).join(
            tables.site, cabinet.site == tables.site.c.id
        )
    )
    rows = connection.execute(wanted.where(case.outcome == kinds.GONE)).all()
    return {(site, number, door, closed_ms): by for site, number, door, closed_ms, by in rows}


def _parcel(
    row: Row,
    openers: dict[tuple[int, int, int, int], int],
    settled: set[tuple[int, int]],
    gone: dict[tuple[str, int, int, int], str],
) -> Parcel:
    cabinet, incarnation = row[:2]
    parcel = Parcel(*row[2:], ended_by=None)
    if parcel.ended_ms is not None and parcel.state == "unknown":
        by = gone.get((parcel.site, parcel.cabinet, parcel.door, parcel.ended_ms))
        return parcel._replace(ended_by=f"{by}, who found that it was gone" if by else None)
    if parcel.state not in ("collected", "withdrawn"):
        return parcel
    if parcel.state == "withdrawn":
        return parcel._replace(ended_by="the courier")
    labels = reversed(names(incarnation))  # it may have been opened before its board's story branched
    found = (openers.get((cabinet, label, parcel.door, parcel.counter)) for label in labels)
    opener = next((opener for opener in found if opener is not None), None)
    unopened = BY_ORDER if (cabinet, parcel.door) in settled else UNTOLD
    return parcel._replace(ended_by=unopened if opener is None else OPENERS.get(opener, UNTOLD))


def waiting_at(ledger: Ledger, site: str, number: int) -> int:
    """How many parcels wait in a cabinet, those that its next board still has to adopt among them."""
    parcel, cabinet = tables.parcel, tables.cabinet
    here = (tables.site.c.name == normal(site)) & (cabinet.c.number == number) & (parcel.c.state == "waiting")
    wanted = (
        select(func.count())
        .select_from(parcel.join(cabinet, cabinet.c.id == parcel.c.cabinet).join(tables.site))
        .where(here)
    )
    with ledger.reading() as connection:
        wanted = wanted.where(sight.sees_resident(connection, parcel.c.resident))
        return connection.execute(wanted).scalar_one()


def cabinets(ledger: Ledger) -> list[Standing]:
    """All cabinets that are not retired, by site and number."""
    parcel, cabinet, position = tables.parcel, tables.cabinet, tables.position
    here = (position.c.cabinet == cabinet.c.id) & (position.c.incarnation == cabinet.c.incarnation)
    with ledger.reading() as connection:
        inside = (
            select(func.count())
            .where(parcel.c.cabinet == cabinet.c.id, parcel.c.state == "waiting")
            .where(sight.sees_resident(connection, parcel.c.resident))
            .scalar_subquery()
        )
        seen = sight.sees_site(connection, cabinet.c.site)
        wanted = select(
            cabinet.c.id,
            cabinet.c.incarnation,
            tables.site.c.name,
            *(cabinet.c[name] for name in ("number", "board_name", "state", "seen_ms", "boot", "build")),
            func.coalesce(position.c.applied, 0).label("applied"),
            inside,
        ).select_from(cabinet.join(tables.site).outerjoin(position, here))
        wanted = wanted.where(cabinet.c.state != RETIRED, seen)
        rows = connection.execute(wanted.order_by(tables.site.c.name, cabinet.c.number)).all()
        kept = Kept(connection)
        before = [kept.events_before(row.id, row.incarnation or 0, row.applied + 1) for row in rows]
        found = [Standing._make(row[2:]) for row in rows]
    return [one._replace(events=one.events - less) for one, less in zip(found, before, strict=True)]
