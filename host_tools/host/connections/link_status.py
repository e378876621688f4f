"""The links as staff see them: who is there, how far the ledger is behind each board,
what still waits to be told.
"""

from collections import Counter
from typing import NamedTuple

from sqlalchemy import Row, func, select

from host_tools.host.accounts import sight
from host_tools.host.accounts.kept import Kept
from host_tools.host.connections.presence import Running, running
from host_tools.host.fleet.orders import WAITING
from host_tools.host.fleet.reconcile import FAULTS
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import RETIRED, SILENCED, Ledger
from host_tools.host.ledger.servers import ALIVE_MS, clock_ms, is_running

UP = "up"
DOWN = "down"
NEVER = "never met"
REFUSED = "refused"  # and SILENCED, of the ledger


class LinkStatus(NamedTuple):
    """One board's link. Times in ms since 1970, UTC."""

    site: str
    cabinet: int
    state: str  # up, down, never met, refused or silenced
    since_ms: int | None  # when it came up or went down; None where that is not known
    seen_ms: int | None  # when the ledger last took something of it; None also where that is still to come
    behind: int | None  # events that the board has reported and the ledger does not hold
    epoch: int  # of new pickup codes
    round_trip_ms: int | None  # of the last handshake
    orders: int  # that wait to be carried out
    reason: str | None  # why it is refused, and what to do
    set_aside: int = 0  # records that could not be applied and that nobody has looked at


class Links(NamedTuple):
    """The servers that run on a ledger, and the links of its cabinets by site and number."""

    servers: list[Running]
    links: list[LinkStatus]


def link_statuses(ledger: Ledger, at_ms: int) -> Links:
    """The links of all cabinets that are not retired, as the ledger knows them at that time.

    A link is up while the server that says so runs.
    A time that is still to come proves nothing, and is not shown.
    """
    with ledger.reading() as connection:
        at_ms = clock_ms(connection, at_ms)
        servers = {row.id: row for row in connection.execute(select(tables.server))}
        rows = connection.execute(_LINKS.where(sight.sees_site(connection, _cabinet.c.site))).all()
        kept = Kept(connection)
        aside = connection.execute(select(tables.aside).where(~tables.aside.c.seen)).all() if kept else []
        kept_aside = Counter(row.cabinet for row in aside if kept.hides_aside(row))
        found = [_status(row, servers.get(row.server), at_ms) for row in rows]
        links = [
            status._replace(
                orders=status.orders - kept.waiting[row.id], set_aside=status.set_aside - kept_aside[row.id]
            )
            for row, status in zip(rows, found, strict=True)
        ]
        return Links(running(connection, at_ms), links)


def _status(row: Row, server: Row | None, at_ms: int) -> LinkStatus:
    behind = None if row.next_event is None else max(0, row.next_event - 1 - row.applied)
    reason = FAULTS[row.fault][1] if row.fault else None
    runs = server is not None and is_running(server.beat_ms, at_ms)
    ended_ms = server.beat_ms if server is not None else None
    since_ms = row.since_ms if runs or not row.up else ended_ms
    state = (
        SILENCED
        if row.fault == SILENCED
        else REFUSED
        if row.fault
        else NEVER
        if row.seen_ms is None
        else UP
        if row.up and runs
        else DOWN
    )
    seen = (_past(since_ms, at_ms), _past(row.seen_ms, at_ms))
    return LinkStatus(
        row.name,
        row.number,
        state,
        *seen,
        behind,
        row.epoch,
        row.round_trip_ms,
        row.orders,
        reason,
        row.set_aside,
    )


def _past(ms: int | None, at_ms: int) -> int | None:
    return ms if ms is not None and ms <= at_ms + ALIVE_MS else None


_cabinet, _position, _command, _link = tables.cabinet, tables.position, tables.command, tables.link
_HERE = (_position.c.cabinet == _cabinet.c.id) & (_position.c.incarnation == _cabinet.c.incarnation)
_ORDERS = (
    select(func.count())
    .where(_command.c.cabinet == _cabinet.c.id, _command.c.state == WAITING)
    .scalar_subquery()
)
_KEPT = (
    select(func.count())
    .where(tables.aside.c.cabinet == _cabinet.c.id, ~tables.aside.c.seen)
    .scalar_subquery()
)
_LATER = tables.cabinet.alias()
_IS_LAST_AND_SILENCED = (_cabinet.c.fault == SILENCED) & ~(
    select(_LATER.c.id)
    .where(
        _LATER.c.site == _cabinet.c.site, _LATER.c.number == _cabinet.c.number, _LATER.c.id > _cabinet.c.id
    )
    .exists()
)
_LINKS = (
    select(
        _cabinet.c.id,
        tables.site.c.name,
        *(
            _cabinet.c[name]
            for name in ("number", "seen_ms", "next_event", "epoch", "round_trip_ms", "fault")
        ),
        *(_link.c[name] for name in ("server", "up", "since_ms")),
        func.coalesce(_position.c.applied, 0).label("applied"),
        _ORDERS.label("orders"),
        _KEPT.label("set_aside"),
    )
    .select_from(
        _cabinet.join(tables.site)
        .outerjoin(_position, _HERE)
        .outerjoin(_link, _link.c.cabinet == _cabinet.c.id)
    )
    .where((_cabinet.c.state != RETIRED) | _IS_LAST_AND_SILENCED)
    .order_by(tables.site.c.name, _cabinet.c.number)
)
