"""What cannot be applied, made or sent is set aside for a person; whoever it came from goes on.

A record of a board counts as applied and is kept as it came. A letter keeps its place in the outbox with the
reason why it is `held`. Staff are told of it by an alarm, of records once an hour and cabinet.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, select, true, update

from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.database import insert_new, is_inserted
from host_tools.host.ledger.ledger import Ledger
from locker.contract import records

SET_ASIDE = "set aside"  # alarm: records of this board could not be applied
UNMET = "unmet"  # alarm: a Report of this board could not be taken, and nothing else of it is until one can
UNMADE_LETTER = "unmade letter"  # alarm: a letter could not be made
UNMADE_ORDER = "unmade order"  # alarm: an order cannot be told to the board
IN_VAIN = "impossible"  # alarm: a board could not carry out what staff have ordered
ANSWERED_LATE = "answered late"  # the same of the answer to a bell
REFUSED = "refused"  # alarm: nothing but alarms is taken of this board; once a day
STAFF_CODE_DEAD = "dead code"  # alarm: a code that staff were sent opens nothing any more
CASES = (
    SET_ASIDE,
    UNMET,
    UNMADE_LETTER,
    UNMADE_ORDER,
    IN_VAIN,
    ANSWERED_LATE,
    REFUSED,
    STAFF_CODE_DEAD,
    "letters held",
    "refused tickets",
    "said stuck",
)
WORDING = "wording"  # a text of letters that was changed here cannot be used
CASES += ("tells too much", WORDING)
UNMAKEABLE = "unmakeable"  # why a letter is held

_HOUR_MS = 3_600_000
_REASON_MAX = 64


class Aside(NamedTuple):
    """A record that was set aside. `raw` is its 20 bytes, as `shown`."""

    site: str
    cabinet: int
    incarnation: int
    number: int
    raw: bytes
    reason: str
    aside_ms: int
    seen: bool


def keep(
    connection: Connection, cabinet: int, incarnation: int, number: int, raw: bytes, reason: str, at_ms: int
) -> None:
    """Keeps a record as it came."""
    of_board = {"cabinet": cabinet, "incarnation": incarnation, "number": number}
    row = of_board | {"raw": raw, "reason": reason[:_REASON_MAX], "aside_ms": at_ms, "seen": False}
    connection.execute(insert_new(connection.dialect.name, tables.aside), row)


def is_told(connection: Connection, cabinet: int, at_ms: int) -> bool:
    """Whether staff were told within the hour that records of this cabinet are set aside."""
    alarm = tables.alarm.c
    its = (
        (alarm.cabinet == cabinet)
        & (alarm.kind == SET_ASIDE)
        & (alarm.raised_ms > at_ms - _HOUR_MS)
        & (alarm.raised_ms <= at_ms)
    )
    return bool(connection.scalar(select(func.count()).select_from(tables.alarm).where(its)))


def raise_case(connection: Connection, cabinet: int, kind: str, number: int, door: int, at_ms: int) -> bool:
    """Raises an alarm that is about no event and tells staff, once for each `number`;
    False when it was raised before.
    """
    of_alarm = {"cabinet": cabinet, "incarnation": 0, "number": number, "kind": kind}
    is_new = is_inserted(connection, tables.alarm, of_alarm | {"door": door, "raised_ms": at_ms})
    if is_new:
        connection.execute(
            insert_new(connection.dialect.name, tables.outbox), letter(cabinet, kind, number, door, at_ms)
        )
    return is_new


def letter(cabinet: int, kind: str, number: int, door: int, at_ms: int) -> dict[str, Any]:
    """A letter to staff that is about no event, as a row of the outbox."""
    name = sha256(f"{cabinet} {kind} {number}".encode()).hexdigest()[:32]
    about = {"id": name, "kind": kind, "resident": None, "cabinet": cabinet, "door": door, "queued_ms": at_ms}
    return about | {"epoch": 1, "counter": 0, "retry": 0, "attempts": 0}


def listing(
    ledger: Ledger, *, unseen: bool = False, but: Callable[[Connection], Callable[[Row], bool]] | None = None
) -> list[Aside]:
    """The records of the sites that the one who acts sees that were set aside, as people may see them, the
    newest first; only those not marked as seen, if asked for. `but` says which rows are left out.
    """
    aside, cabinet = tables.aside, tables.cabinet
    names = ("incarnation", "number", "raw", "reason", "aside_ms", "seen")
    of_cabinet = cabinet.c.number.label("at")
    wanted = select(aside.c.cabinet, tables.site.c.name, of_cabinet, *(aside.c[name] for name in names))
    wanted = wanted.select_from(aside.join(cabinet).join(tables.site)).order_by(
        aside.c.aside_ms.desc(), aside.c.number.desc()
    )
    if unseen:
        wanted = wanted.where(~aside.c.seen)
    with ledger.reading() as connection:
        hides = but(connection) if but else lambda row: False
        found = connection.execute(wanted.where(_of_sites(connection))).all()
        rows = [Aside._make(row[1:]) for row in found if not hides(row)]
    return [row._replace(raw=shown(row.raw)) for row in rows]


def shown(raw: bytes) -> bytes:
    """A record as people may see it: a pickup under duress is one with her code."""
    record = records.unpack(raw)
    if record.kind == records.PICKUP_OPENED and record.a == records.BY_DURESS:
        return records.pack(record._replace(a=records.BY_CODE))
    return raw


def mark_seen(ledger: Ledger) -> int:
    """A person has looked at all of them: they stay listed, and no link shows them any more.

    How many were new.
    """
    with ledger.writing() as connection:
        of = select(tables.cabinet.c.id).where(_of_sites(connection))
        new = ~tables.aside.c.seen & tables.aside.c.cabinet.in_(of)
        return connection.execute(update(tables.aside).where(new).values(seen=True)).rowcount


def _of_sites(connection: Connection) -> ColumnElement[bool]:
    sites = actor_of(connection).sites
    return tables.cabinet.c.site.in_(sites) if sites else true()
