"""What people at the host see of channels and letters, and how they have a letter tried again.

Of a letter its place, its instants and what became of it are shown: no words of it, no name, and addresses
only where they are asked for. Silent alarms are no letters, and are not in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, text, update

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.ledger import aside, tables
from host_tools.host.notify.deliveries import LEASED, QUEUED, is_now
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER
from host_tools.host.notify.outbox import contacts_of
from host_tools.host.notify.routes import Routes, kind_of

WAITING, HELD, GIVEN_UP = "waiting", "held", "given up"
STATES = (WAITING, HANDED_OVER, DELIVERED, GIVEN_UP, HELD)
LAST = 50

_outbox, _delivery = tables.outbox.c, tables.delivery.c
_UNSENT = text("outbox.sent_ms IS NULL")  # as its index says it
_ASKED_MAX = 500  # ids in one statement


class Standing(NamedTuple):
    """A channel and what waits for it. Times in ms since 1970."""

    name: str
    kind: str  # empty for one that channels.toml does not name any more
    addresses: tuple[str, ...]  # the kinds that it is for
    staff: bool
    dispatchers: bool
    waiting: int
    tried: int  # of these, how many it did not take so far
    oldest_ms: int | None
    reason: str  # why it did not take the last of these, without personal data


def channels(connection: Connection, routes: Routes | None) -> list[Standing]:
    """The channels of a host (None: those that letters wait for), with what waits for each of what the one
    who acts sees.
    """
    counts: dict[str, list[Any]] = {}
    for state in (QUEUED, LEASED):
        wanted = select(
            _delivery.channel,
            func.count().label("waiting"),
            func.count().filter(_delivery.attempts > 0).label("tried"),
            func.min(_delivery.since_ms).label("oldest"),
        ).where(is_now(state), _delivery.letter.in_(_numbers(connection)))
        for row in connection.execute(wanted.group_by(_delivery.channel)):
            its = counts.setdefault(row.channel, [0, 0, None])
            oldest = [one for one in (its[2], row.oldest) if one is not None]
            its[:] = [its[0] + row.waiting, its[1] + row.tried, min(oldest, default=None)]
    kinds: Mapping[str, Any] = routes.kinds if routes else {}
    found = []
    for name in dict.fromkeys((*kinds, *sorted(counts))):
        addresses = tuple(kind for kind, of in (routes.by_address if routes else {}).items() if of == name)
        staff = routes is not None and routes.staff.channel == name
        desk = routes is not None and routes.dispatchers is not None and routes.dispatchers.channel == name
        waiting, tried, oldest_ms = counts.get(name, (0, 0, None))
        reason = _reason(connection, name) if tried else ""
        kind = kinds[name][0] if name in kinds else ""
        found.append(Standing(name, kind, addresses, staff, desk, waiting, tried, oldest_ms, reason))
    return found


def _reason(connection: Connection, channel: str) -> str:
    its = is_now(QUEUED) & (_delivery.channel == channel) & (_delivery.attempts > 0)
    its &= _delivery.letter.in_(_numbers(connection))
    newest = select(_delivery.reason).where(its).order_by(_delivery.letter.desc()).limit(1)
    return connection.scalar(newest) or ""


def without_channel(connection: Connection, routes: Routes) -> dict[str, int]:
    """How many contacts of residents no channel is for, by the kind of their address."""
    counts: dict[str, int] = {}
    of = tables.contact.c
    seen = select(of.address).where(sight.sees_resident(connection, of.resident))
    for address in connection.scalars(seen):
        if not routes.channel_for(address):
            counts[kind_of(address)] = counts.get(kind_of(address), 0) + 1
    return counts


class Way(NamedTuple):
    """A letter's way to one contact. Times in ms since 1970."""

    rank: int
    channel: str
    state: str
    attempts: int
    next_ms: int | None  # when it is tried again; None where it is not
    handed_ms: int | None
    ended_ms: int | None
    reason: str
    contact: str  # empty where it was not asked for


class Letter(NamedTuple):
    """A letter as people at the host see it. Times in ms since 1970."""

    id: str
    kind: str
    to_staff: bool
    site: str
    cabinet: int
    door: int
    state: str
    queued_ms: int
    sent_ms: int | None
    ways: tuple[Way, ...]
    resident: int | None  # the ledger's number of her, None for one to staff


_IS: dict[str, ColumnElement[bool]] = {
    WAITING: and_(_UNSENT, _outbox.held.is_(None), _outbox.given_up_ms.is_(None)),
    HANDED_OVER: and_(
        _outbox.sent_ms.is_not(None), _outbox.delivered_ms.is_(None), _outbox.given_up_ms.is_(None)
    ),
    DELIVERED: and_(_outbox.delivered_ms.is_not(None), _outbox.given_up_ms.is_(None)),
    GIVEN_UP: _outbox.given_up_ms.is_not(None),
    HELD: and_(_UNSENT, _outbox.held.is_not(None), _outbox.given_up_ms.is_(None)),
}


def _state(row: Row) -> str:
    if row.given_up_ms is not None:
        return GIVEN_UP
    if row.sent_ms is None:
        return HELD if row.held is not None else WAITING
    return HANDED_OVER if row.delivered_ms is None else DELIVERED


def _seen(connection: Connection) -> ColumnElement[bool]:
    """The letters that the one who acts sees."""
    parcel = tables.parcel.c
    here = select(parcel.id).where(parcel.cabinet == _outbox.cabinet, _outbox.resident.is_(None))
    return and_(
        sight.sees_resident(connection, _outbox.resident),
        sight.sees_site(connection, tables.cabinet.c.site),
        sight.sees_door(connection, here, _outbox.door, _outbox.queued_ms),
    )


def _numbers(connection: Connection) -> Select[Any]:
    of = tables.outbox.join(tables.cabinet)
    return select(_outbox.sequence).select_from(of).where(_seen(connection))


def letters(
    connection: Connection, state: str = "", last: int = LAST, *, with_contacts: bool = False
) -> list[Letter]:
    """The last letters, the oldest first; of one state where it is given."""
    wanted = (
        select(tables.outbox, tables.site.c.name.label("site"), tables.cabinet.c.number)
        .select_from(tables.outbox.join(tables.cabinet).join(tables.site))
        .where(_seen(connection), *([_IS[state]] if state else []))
        .order_by(_outbox.sequence.desc())
        .limit(last)
    )
    rows = connection.execute(wanted).all()[::-1]
    ways: dict[int, list[Row]] = {row.sequence: [] for row in rows}
    numbers = list(ways)
    for first in range(0, len(numbers), _ASKED_MAX):
        some = select(tables.delivery).where(_delivery.letter.in_(numbers[first : first + _ASKED_MAX]))
        for way in connection.execute(some.order_by(_delivery.letter, _delivery.rank)):
            ways[way.letter].append(way)
    contacts: dict[tuple[int | None, int], str] = {}
    if with_contacts:
        hers = contacts_of(connection, list({row.resident for row in rows if row.resident is not None}))
        contacts = {(one, way.rank): way.address for one, its in hers.items() for way in its}
    return [_letter(row, ways[row.sequence], contacts) for row in rows]


def _letter(row: Row, ways: Sequence[Row], contacts: Mapping[tuple[int | None, int], str]) -> Letter:
    its = tuple(
        Way(
            way.rank,
            way.channel,
            way.state,
            way.attempts,
            way.next_ms if way.state == QUEUED and way.turn is None else None,
            way.handed_ms,
            way.ended_ms,
            way.reason,
            contacts.get((row.resident, way.rank), ""),
        )
        for way in ways
    )
    where = (row.site, row.number, row.door)
    times = (row.queued_ms, row.sent_ms)
    return Letter(row.id, row.kind, row.resident is None, *where, _state(row), *times, its, row.resident)


def again(connection: Connection, name: str, at_ms: int) -> Letter:
    """Has a letter tried again now (ms since 1970), by all ways that did not take it; how it was before.

    Raises UserError where there is no such letter, or it needs something else.
    """
    wanted = (
        select(tables.outbox, tables.site.c.name.label("site"), tables.cabinet.c.number)
        .select_from(tables.outbox.join(tables.cabinet).join(tables.site))
        .where(_outbox.id == name, _seen(connection))
    )
    row = connection.execute(wanted).first()
    if row is None:
        raise UserError("There is no letter of that id: `ansim letter list` shows them.", 2)
    its = _delivery.letter == row.sequence
    ways = connection.execute(select(tables.delivery).where(its).order_by(_delivery.rank)).all()
    was = _letter(row, ways, {})
    if was.state in (HANDED_OVER, DELIVERED):
        raise UserError(
            "A channel has taken this letter, and a receiver drops a repeat: `ansim parcel reissue` has a "
            "resident sent another code."
        )
    if was.state == HELD and row.held != aside.UNMAKEABLE:
        raise UserError("This letter is held with others of its cabinet: `ansim link release` sends them.")
    if any(way.state == LEASED for way in ways):
        raise UserError("A host hands this letter over just now: look again in a minute.")
    lost = its & _delivery.state.not_in((HANDED_OVER, DELIVERED))
    now = {"state": QUEUED, "turn": None, "next_ms": at_ms, "since_ms": at_ms, "attempts": 0}
    fresh = {"lead": None, "ended_ms": None, "reason": "", "passed": False}
    connection.execute(update(tables.delivery).where(lost).values(**now, **fresh))
    # Without a way it gets one, by the contacts that there are now.
    is_routed = any(way.state not in (HANDED_OVER, DELIVERED) for way in ways)
    values = {"given_up_ms": None, "held": None, "routed": is_routed}
    connection.execute(update(tables.outbox).where(_outbox.sequence == row.sequence).values(**values))
    return was
