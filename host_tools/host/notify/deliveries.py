"""Where letters are on their way: each delivery is a row that moves
from queued over leased to handed over, delivered, failed or given up.

Each function works within the caller's transaction, and reads no more than a portion of what waits. Those of
one flow, a cabinet or an alarm of one kind at one door, take turns with the others of their queue: the n-th
of a flow comes beside the n-th of any other, whatever a flood has queued before.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from random import uniform
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    text,
    update,
)

from host_tools.host.ledger import tables
from host_tools.host.ledger.bounds import FOLDED, doors_of
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER, Receipt
from host_tools.host.notify.outbox import Contact
from host_tools.host.notify.routes import Routes

QUEUED, LEASED, FAILED, GIVEN_UP = "queued", "leased", "failed", "given up"
STATES = (QUEUED, LEASED, HANDED_OVER, DELIVERED, FAILED, GIVEN_UP)

PORTION = 1000  # letters that one transaction looks at, of each sort
NEXT_MS = 600_000  # without a hand-over: the next contact
PATIENCE_MS = 86_400_000  # a contact is tried for so long
FIRST_AGAIN_MS, AGAIN_MAX_MS = 30_000, 3_600_000
_JITTER = (0.8, 1.2)
REASON_MAX = 128

NO_CONTACT = "no contact is left that could take it"
_TOO_LONG = "it was tried for a day"
_GONE = "this contact is not there any more"


class Queue(NamedTuple):
    """What waits for one channel: letters to residents, or, apart from them, to staff."""

    channel: str
    to_staff: bool


class Key(NamedTuple):
    """A delivery."""

    letter: int  # the outbox's sequence
    rank: int


class Result(NamedTuple):
    """What became of an attempt at a delivery. `pause_ms` is how long it rests at least, where it does."""

    key: Key
    whole: bool
    receipt: Receipt
    pause_ms: int | None = None  # None: as long as the number of attempts says


class Outcome(NamedTuple):
    """What was done in a transaction."""

    given_up: tuple[str, ...] = ()  # the ids of letters for which no contact is left
    more: bool = False  # there was more than one portion
    unsure: int = 0  # letters that a host which has died may have handed over: they go out once more


def again_ms(attempts: int) -> int:
    """How long a letter rests after so many attempts: 30 s to an hour, with jitter."""
    length_ms = min(FIRST_AGAIN_MS << min(attempts - 1, 10), AGAIN_MAX_MS) if attempts else 0
    return max(FIRST_AGAIN_MS, min(int(length_ms * uniform(*_JITTER)), AGAIN_MAX_MS))


_delivery, _outbox = tables.delivery.c, tables.outbox.c


def is_now(state: str) -> ColumnElement[bool]:
    """As literal text, for only so the partial indexes are used."""
    return _delivery.state == literal_column(f"'{state}'")


IS_DUE = is_now(QUEUED) & _delivery.turn.is_not(None)
RESTS = is_now(QUEUED) & _delivery.turn.is_(None)
OPEN = (QUEUED, LEASED)
UNPASSED = and_(text("delivery.state IN ('queued', 'failed')"), text("NOT delivery.passed"))
KEY = (_delivery.letter == bindparam("of")) & (_delivery.rank == bindparam("at"))


def in_queue(*, to_staff: bool) -> ColumnElement[bool]:
    """Those of a queue, whose channel is the parameter `queue`."""
    return _of(bindparam("queue"), staff=to_staff)


def _of(channel: ColumnElement[str], *, staff: bool) -> ColumnElement[bool]:
    return (_delivery.channel == channel) & (_delivery.to_staff if staff else ~_delivery.to_staff)


def channels_of(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    """The channels of deliveries that are IS_DUE or RESTS: one look-up each, however many wait."""
    found: list[str] = []
    last: str | None = ""
    while last is not None:
        wanted = select(_delivery.channel).where(which, _delivery.channel > last)
        last = connection.scalar(wanted.order_by(_delivery.channel).limit(1))
        found += [] if last is None else [last]
    return found


class Work(NamedTuple):
    """What there is to do."""

    unrouted: bool  # letters that have no way yet
    expired: bool  # leases of hosts that have died
    slow: bool  # deliveries that failed, or take too long
    queues: frozenset[Queue]  # with deliveries that are due

    @property
    def shifts(self) -> bool:
        """Whether more may be due once it is done."""
        return self.unrouted or self.expired or self.slow


def work(connection: Connection, queues: Iterable[Queue], at_ms: int) -> Work:
    """What there is to do at that time (ms since 1970), for channels that have room. One statement."""
    asked = list(queues)
    told: dict[str, Any] = {"at": at_ms, "next": at_ms - NEXT_MS, "patience": at_ms - PATIENCE_MS}
    told |= {f"channel_{place}": queue.channel for place, queue in enumerate(asked)}
    row = tuple(connection.execute(_work(tuple(queue.to_staff for queue in asked)), told).one())
    due = (queue for queue, is_due in zip(asked, row[3:], strict=True) if is_due)
    return Work(bool(row[0]), bool(row[1]), bool(row[2]), frozenset(due))


@cache
def _work(to_staff: tuple[bool, ...]) -> Any:
    """The statement for such queues. Each part reads one index, so an idle round costs next to nothing."""

    def any_of(*parts: ColumnElement[bool]) -> ColumnElement[bool]:
        return or_(*(exists().where(part) for part in parts))

    at_ms = bindparam("at")
    looks = [
        any_of(unrouted(staff=True), unrouted(staff=False)),
        any_of(is_now(LEASED) & (_delivery.lease_until_ms <= at_ms)),
        any_of(
            UNPASSED & (_delivery.since_ms <= bindparam("next")),
            UNPASSED & is_now(FAILED),
            is_now(QUEUED) & (_delivery.since_ms <= bindparam("patience")),
        ),
    ]
    for place, staff in enumerate(to_staff):
        its = _of(bindparam(f"channel_{place}"), staff=staff)
        looks.append(any_of(its & IS_DUE, its & RESTS & (_delivery.next_ms <= at_ms)))
    return select(*(look.label(f"look_{place}") for place, look in enumerate(looks)))


def unrouted(*, staff: bool) -> ColumnElement[bool]:
    """Letters that have no way yet."""
    who = _outbox.resident.is_(None) if staff else _outbox.resident.is_not(None)
    return and_(text("NOT outbox.routed"), _outbox.held.is_(None), who)


def contact_at(contacts: Sequence[Contact], rank: int, routes: Routes) -> Contact | None:
    """A resident's contact of that rank; None where it is not there any more."""
    if rank == 0:
        return Contact(0, "", True) if routes.takes_all else None
    return next((one for one in contacts if one.rank == rank), None)


def flow_of(row: Row) -> str:
    """The flow of a letter: its cabinet, or an urgent alarm of one kind at one door of it."""
    if row.resident is None and row.kind in FOLDED:
        door = row.door if row.door <= doors_of(row.board_name) else 0
        return f"{row.cabinet} {row.kind} {door}"
    return f"{row.cabinet}"


FREE = {"state": QUEUED, "lease": None, "lease_until_ms": None}


OF_LETTERS = select(tables.delivery).where(_delivery.letter.in_(bindparam("letters", expanding=True)))
LETTERS = select(tables.outbox, tables.cabinet.c.board_name).select_from(tables.outbox.join(tables.cabinet))
_BY_SEQUENCE = LETTERS.where(_outbox.sequence.in_(bindparam("letters", expanding=True)))


def rows_of(connection: Connection, keys: Sequence[Key]) -> dict[Key, Row]:
    """Deliveries of these letters, by their keys."""
    found: dict[Key, Row] = {}
    numbers = sorted({key.letter for key in keys})
    for first in range(0, len(numbers), 500):
        some = {"letters": numbers[first : first + 500]}
        found |= {Key(row.letter, row.rank): row for row in connection.execute(OF_LETTERS, some)}
    return found


def letters_of(connection: Connection, numbers: Sequence[int]) -> dict[int, Row]:
    """The rows of the outbox by their sequence, with `board_name`."""
    found: dict[int, Row] = {}
    listed = sorted(set(numbers))
    for first in range(0, len(listed), 500):
        some = {"letters": listed[first : first + 500]}
        found |= {row.sequence: row for row in connection.execute(_BY_SEQUENCE, some)}
    return found


def key_of(key: Key) -> dict[str, int]:
    """As KEY asks for it."""
    return {"of": key.letter, "at": key.rank}


def change(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """Changes deliveries; all of the changes name the same columns."""
    if not changes:
        return
    names = tuple(name for name in changes[0] if name not in ("of", "at"))
    connection.execute(
        _change(names),
        [
            {"of": one["of"], "at": one["at"], **{f"new_{name}": one[name] for name in names}}
            for one in changes
        ],
    )


@cache
def _change(names: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    if "state" in names:
        values |= {"lease": None, "lease_until_ms": None}
    return update(tables.delivery).where(KEY).values(**values)
