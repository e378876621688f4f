"""Which cabinets are heard now, and since when others are not.

A cabinet is heard while its link is up, nothing of it is refused and all that it told is in the ledger. What
happens at one that is not heard nobody knows: she may have collected, its power may be off. So nothing is
due there meanwhile, and the time is noted as an absence. While no server runs nothing is heard at all, which
the next look sees from how long ago the one before was. A host's clock that jumps ahead is the same to it.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Row, and_, exists, func, insert, select, update

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_or_change
from host_tools.host.ledger.ledger import ENROLLED, RETIRED
from host_tools.host.ledger.servers import clock_ms, is_running

#: How often stays are looked through, and how long ago the look before may be at most.
LOOK_MS = 30_000
GAP_MS = 90_000

_cabinet, _link, _absence = tables.cabinet, tables.link, tables.absence


class Watch(NamedTuple):
    """What a look has seen at a time (ms since 1970)."""

    at_ms: int
    before_ms: int  # the look before
    heard: frozenset[int]  # the ledger's numbers of the cabinets that are heard


def look(connection: Connection, at_ms: int, gap_ms: int = GAP_MS) -> Watch:
    """Looks at `at_ms` (since 1970) which cabinets are heard, and notes since when the others are not.

    It writes. A look before that is older than `gap_ms`, or from a time to come, says nothing of the time
    between.
    """
    before = connection.scalar(select(tables.stay_look.c.at_ms))
    before_ms = 0 if before is None else before  # what was before the first look nobody has watched
    if at_ms - before_ms > gap_ms:
        connection.execute(insert(_absence).values(since_ms=before_ms, until_ms=at_ms))
    elif at_ms < before_ms:  # the clock was put back, from a time that is still to come
        connection.execute(update(_absence).where(_absence.c.until_ms > at_ms).values(until_ms=at_ms))
        connection.execute(update(_absence).where(_absence.c.since_ms > at_ms).values(since_ms=at_ms))
    away = _unheard(connection, at_ms, before_ms)
    known = dict(
        connection.execute(
            select(_absence.c.cabinet, _absence.c.id).where(
                _absence.c.until_ms.is_(None), _absence.c.cabinet.is_not(None)
            )
        ).all()
    )
    heard, behind = _split(connection, away)
    for cabinet, absence in known.items():
        if cabinet not in away and cabinet not in behind:
            connection.execute(update(_absence).where(_absence.c.id == absence).values(until_ms=at_ms))
    new = [{"cabinet": cabinet, "since_ms": since} for cabinet, since in away.items() if cabinet not in known]
    if new:
        connection.execute(insert(_absence), new)
    row = {"id": 1, "at_ms": at_ms}
    connection.execute(insert_or_change(connection.dialect.name, tables.stay_look), row)
    return Watch(at_ms, before_ms, frozenset(heard))


def heard_now(connection: Connection, at_ms: int) -> Watch:
    """The same, and nothing is written."""
    before_ms = connection.scalar(select(tables.stay_look.c.at_ms)) or 0
    heard, _ = _split(connection, _unheard(connection, at_ms, before_ms))
    return Watch(at_ms, before_ms, frozenset(heard))


def _unheard(connection: Connection, at_ms: int, before_ms: int) -> dict[int, int]:
    """The cabinets that are not heard, each with the time since when that is so at the least."""
    judged_ms = clock_ms(connection, at_ms)
    servers = connection.execute(select(tables.server.c.id, tables.server.c.beat_ms))
    last_ms = {
        row.id: at_ms if is_running(row.beat_ms, judged_ms) else min(row.beat_ms, at_ms - 1)
        for row in servers
    }
    return {
        row.id: min(since, at_ms)
        for row in connection.execute(_CABINETS)
        if (since := _away_since(row, last_ms, at_ms, before_ms)) is not None
    }


def _away_since(row: Row, last_ms: dict[str, int], at_ms: int, before_ms: int) -> int | None:
    """`last_ms`: until when each server ran, which is `at_ms` for those that do."""
    if row.server is None or row.state != ENROLLED or row.fault or row.unsettled is not None:
        return before_ms
    ran_ms = last_ms.get(row.server, before_ms)
    if not row.up:
        return row.since_ms
    return None if ran_ms >= at_ms else ran_ms


def _split(connection: Connection, away: dict[int, int]) -> tuple[set[int], set[int]]:
    """The cabinets with a link, those of which all is in the ledger and those that have more to tell."""
    told = connection.execute(_BEHIND).all()
    behind = {row.id for row in told if row.behind and row.id not in away}
    return {row.id for row in told if row.id not in away} - behind, behind


_IS_HERE = (_cabinet.c.state != RETIRED) | exists().where(
    tables.parcel.c.cabinet == _cabinet.c.id, tables.parcel.c.state == "waiting"
)
_CABINETS = (
    select(
        *(_cabinet.c[name] for name in ("id", "state", "fault", "unsettled")),
        *(_link.c[name] for name in ("server", "up", "since_ms")),
    )
    .select_from(_cabinet.outerjoin(_link, _link.c.cabinet == _cabinet.c.id))
    .where(_IS_HERE)
)
_position = tables.position
_HERE = and_(_position.c.cabinet == _cabinet.c.id, _position.c.incarnation == _cabinet.c.incarnation)
_BEHIND = (
    select(
        _cabinet.c.id,
        (func.coalesce(_cabinet.c.next_event, 1) - 1 > func.coalesce(_position.c.applied, 0)).label("behind"),
    )
    .select_from(_cabinet.outerjoin(_position, _HERE))
    .where(_IS_HERE)
)
