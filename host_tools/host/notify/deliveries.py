"""Where letters are on their way: each delivery is a row that moves
from queued over leased to handed over, delivered, failed or given up.

Each function works within the caller's transaction, and reads no more than a portion of what waits. Those of
one flow, a cabinet or an alarm of one kind at one door, take turns with the others of their queue: the n-th
of a flow comes beside the n-th of any other, whatever a flood has queued before.
"""

from collections.abc import Iterable, Sequence
from random import uniform
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, literal_column, select, text, update

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
_ANOTHER = "another contact has it"
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


def in_queue(queue: Queue) -> ColumnElement[bool]:
    """Those of a queue."""
    staff = _delivery.to_staff if queue.to_staff else ~_delivery.to_staff
    return (_delivery.channel == queue.channel) & staff


def waits(connection: Connection, queues: Iterable[Queue], at_ms: int) -> bool:
    """Whether there is anything to do at that time (ms since 1970), for channels that have room."""
    looks: list[Any] = [
        select(_outbox.sequence).where(which) for which in (unrouted(staff=True), unrouted(staff=False))
    ]
    looks += [
        select(_delivery.letter).where(which)
        for which in (
            is_now(LEASED) & (_delivery.lease_until_ms <= at_ms),
            UNPASSED & (_delivery.since_ms <= at_ms - NEXT_MS),
            UNPASSED & (_delivery.state == FAILED),
            is_now(QUEUED) & (_delivery.since_ms <= at_ms - PATIENCE_MS),
        )
    ]
    for queue in queues:
        looks.append(select(_delivery.letter).where(in_queue(queue), IS_DUE))
        looks.append(select(_delivery.letter).where(in_queue(queue), RESTS, _delivery.next_ms <= at_ms))
    return any(connection.execute(look.limit(1)).first() is not None for look in looks)


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


def rows_of(connection: Connection, keys: Sequence[Key]) -> dict[Key, Row]:
    """Deliveries of these letters, by their keys."""
    found: dict[Key, Row] = {}
    numbers = sorted({key.letter for key in keys})
    for first in range(0, len(numbers), 500):
        wanted = select(tables.delivery).where(_delivery.letter.in_(numbers[first : first + 500]))
        found |= {Key(row.letter, row.rank): row for row in connection.execute(wanted)}
    return found


def letters_of(connection: Connection, numbers: Sequence[int]) -> dict[int, Row]:
    """The rows of the outbox by their sequence, with `board_name`."""
    found: dict[int, Row] = {}
    listed = sorted(set(numbers))
    for first in range(0, len(listed), 500):
        wanted = (
            select(tables.outbox, tables.cabinet.c.board_name)
            .select_from(tables.outbox.join(tables.cabinet))
            .where(_outbox.sequence.in_(listed[first : first + 500]))
        )
        found |= {row.sequence: row for row in connection.execute(wanted)}
    return found


def key_of(key: Key) -> dict[str, int]:
    """As KEY asks for it."""
    return {"of": key.letter, "at": key.rank}


def change(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """Changes deliveries; all of the changes name the same columns."""
    if not changes:
        return
    names = [name for name in changes[0] if name not in ("of", "at")]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    if "state" in names:
        values |= {"lease": None, "lease_until_ms": None}
    connection.execute(
        update(tables.delivery).where(KEY).values(**values),
        [
            {"of": one["of"], "at": one["at"], **{f"new_{name}": one[name] for name in names}}
            for one in changes
        ],
    )
