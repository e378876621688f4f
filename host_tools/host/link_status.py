"""The links as staff see them: who is there, how far the ledger is behind each board, what still waits to be told."""

from typing import NamedTuple

from sqlalchemy import func, select

from host_tools.host import tables
from host_tools.host.ledger import RETIRED, Ledger
from host_tools.host.links import SILENT_S
from host_tools.host.meeting import FAULTS
from host_tools.host.orders import WAITING

_MS_PER_S = 1000

UP = "up"
AWAY = "away"
NEVER = "never met"
REFUSED = "refused"


class LinkStatus(NamedTuple):
    """One board's link. Times in ms since 1970, UTC."""

    site: str
    cabinet: int
    state: str  # up, away, never met or refused
    seen_ms: int | None  # the last verified message
    behind: int | None  # events that the board has reported and the ledger does not hold
    epoch: int  # of new pickup codes
    round_trip_ms: int | None  # of the last handshake
    orders: int  # that wait to be carried out
    reason: str | None  # why it is refused, and what to do
    set_aside: int = 0  # records that could not be applied and that nobody has looked at


def link_statuses(ledger: Ledger, at_ms: int) -> list[LinkStatus]:
    """The links of all cabinets that are not retired, by site and number, as the ledger knows them at that time."""
    cabinet, position, command = tables.cabinet, tables.position, tables.command
    here = (position.c.cabinet == cabinet.c.id) & (position.c.incarnation == cabinet.c.incarnation)
    orders = select(func.count()).where(command.c.cabinet == cabinet.c.id, command.c.state == WAITING).scalar_subquery()
    kept = select(func.count()).where(tables.aside.c.cabinet == cabinet.c.id, ~tables.aside.c.seen).scalar_subquery()
    wanted = (
        select(
            tables.site.c.name,
            *(cabinet.c[name] for name in ("number", "seen_ms", "next_event", "epoch", "round_trip_ms", "fault")),
            func.coalesce(position.c.applied, 0).label("applied"),
            orders.label("orders"),
            kept.label("set_aside"),
        )
        .select_from(cabinet.join(tables.site).outerjoin(position, here))
        .where(cabinet.c.state != RETIRED)
        .order_by(tables.site.c.name, cabinet.c.number)
    )
    with ledger.reading() as connection:
        rows = connection.execute(wanted).all()
    found = []
    for row in rows:
        behind = None if row.next_event is None else max(0, row.next_event - 1 - row.applied)
        reason = FAULTS[row.fault][1] if row.fault else None
        state = _state(row.seen_ms, row.fault, at_ms)
        numbers = (row.seen_ms, behind, row.epoch, row.round_trip_ms, row.orders)
        found.append(LinkStatus(row.name, row.number, state, *numbers, reason, row.set_aside))
    return found


def _state(seen_ms: int | None, fault: str | None, at_ms: int) -> str:
    if fault:
        return REFUSED
    if seen_ms is None:
        return NEVER
    return UP if at_ms - seen_ms < SILENT_S * _MS_PER_S else AWAY
