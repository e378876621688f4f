"""Parcels and cabinets as the operator lists them."""

from typing import NamedTuple

from sqlalchemy import func, select

from host_tools.host import tables
from host_tools.host.ledger import RETIRED, Ledger
from host_tools.host.residents import LABEL


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
            tables.site.c.name,
            cabinet.c.number,
            *(parcel.c[name] for name in ("door", "counter", "serial")),
            LABEL,
            *(parcel.c[name] for name in ("state", "flagged", "deposited_ms", "ended_ms")),
        )
        .select_from(parcel.join(cabinet, cabinet.c.id == parcel.c.cabinet).join(tables.site).outerjoin(tables.resident))
        .order_by(parcel.c.id.desc())
    )
    if state is not None:
        wanted = wanted.where(parcel.c.state == state)
    with ledger.reading() as connection:
        return [Parcel(*row) for row in connection.execute(wanted)]


def cabinets(ledger: Ledger) -> list[Standing]:
    """All cabinets that are not retired, by site and number."""
    parcel, cabinet, position = tables.parcel, tables.cabinet, tables.position
    here = (position.c.cabinet == cabinet.c.id) & (position.c.incarnation == cabinet.c.incarnation)
    inside = select(func.count()).where(parcel.c.cabinet == cabinet.c.id, parcel.c.state == "waiting").scalar_subquery()
    wanted = (
        select(
            tables.site.c.name,
            *(cabinet.c[name] for name in ("number", "board_name", "state", "seen_ms", "boot", "build")),
            func.coalesce(position.c.applied, 0),
            inside,
        )
        .select_from(cabinet.join(tables.site).outerjoin(position, here))
        .where(cabinet.c.state != RETIRED)
        .order_by(tables.site.c.name, cabinet.c.number)
    )
    with ledger.reading() as connection:
        return [Standing(*row) for row in connection.execute(wanted)]
