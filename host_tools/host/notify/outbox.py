"""The outbox: what people are to be told survives every crash,
and its words are made only while it is handed over.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Row, bindparam, case, func, select, update

from host_tools.errors import UserError
from host_tools.host.ledger import aside, tables
from host_tools.host.ledger.bounds import FOLDED, doors_of
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Identity, Ledger
from host_tools.host.notify.facts import facts_of
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.log import when_fields
from host_tools.host.notify.notifier import Channel, Message, taken
from host_tools.host.notify.wording import Facts, Matter, Reader, letter, letter_of_many
from host_tools.host.notify.wording.changed import tell_of_faults, texts_of
from host_tools.host.notify.wording.texts import Texts
from host_tools.host.people.residents import LABEL

BATCH_MAX = 500
STAFF = "staff"

#: A kind of alarm at a door of a cabinet, by the ledger's number of that;
#: door 0 stands for all doors that the cabinet has not.
_Alarm = tuple[int, str, int]

_ELSEWHERE = "another host is handing messages over"


class Round(NamedTuple):
    """What one round of delivery came to."""

    sent: list[Message]
    failed: int
    reason: str  # why they failed, for the log
    more: bool  # the outbox held more than one batch


async def deliver(ledger: Ledger, channel: Channel, folds: Folds | None = None) -> Round:
    """Offers unsent letters to the channel and notes which have arrived;
    while another host does so, there is nothing to do.

    Cabinets take turns, and repeats of an urgent alarm at one door are folded;
    `folds` has what was told before.
    """
    with ledger.alone() as alone:
        return await _deliver(ledger, channel, folds or Folds()) if alone else Round([], 0, _ELSEWHERE, False)


async def _deliver(ledger: Ledger, channel: Channel, folds: Folds) -> Round:
    outbox = tables.outbox
    with ledger.reading() as connection:
        found = connection.execute(_UNSENT).all()
    if not found:
        return Round([], 0, "", False)
    at = now_ms()
    alarms: dict[_Alarm, list[Row]] = {}
    for row in found:
        if row.is_urgent:
            alarms.setdefault(_alarm(row), []).append(row)
    plans = {alarm: folds.plan(alarm, rows, at) for alarm, rows in alarms.items()}
    many = {plan.many[0].id: plan.many for plan in plans.values() if len(plan.many) > 1}
    folded = {row.id: rows[0].id for rows in many.values() for row in rows}
    waiting = {row.id for alarm, rows in alarms.items() if plans[alarm].waiting for row in rows}
    now = sorted((row for row in found if row.id not in waiting), key=lambda row: row.sequence)
    more = len(found) == BATCH_MAX and bool(now)
    made = _made(ledger, [row for row in now if folded.get(row.id, row.id) == row.id], many)
    letters = {row.id: made[folded.get(row.id, row.id)] for row in now if folded.get(row.id, row.id) in made}
    messages = {message.id: message for message in letters.values()}
    reason = ""
    try:
        offered = list(messages.values())
        arrived = taken(await channel.deliver(offered), offered) if offered else set()
    except OSError as error:  # a full disk or a cut line: all stay in the outbox
        arrived, reason = set(), error.strerror or "no reason given"
    for alarm, plan in plans.items():
        told = {letters[row.id].id for row in (*plan.singly, *plan.many) if row.id in letters}
        folds.told(alarm, len(told & arrived), at)
    at = now_ms()
    rows = [row for row in now if row.id in letters]
    notes = [
        {
            "key": row.id,
            "attempts": row.attempts + 1,
            "sent_ms": at if letters[row.id].id in arrived else None,
        }
        for row in rows
    ]
    if notes:
        with ledger.writing() as connection:
            connection.execute(update(outbox).where(outbox.c.id == bindparam("key")), notes)
    sent = [message for message in messages.values() if message.id in arrived]
    return Round(sent, len(messages) - len(sent), reason, more)


def _alarm(row: Row) -> _Alarm:
    return row.cabinet, row.kind, row.door if row.door <= doors_of(row.board_name) else 0


def _made(ledger: Ledger, rows: Sequence[Row], many: Mapping[str, Sequence[Row]]) -> dict[str, Message]:
    """The letters by the ids of their rows; those in `many` tell of several.

    One that cannot be made, whatever the reason, is held, and staff are told.
    """
    made: dict[str, Message] = {}
    identities: dict[int, Identity] = {}
    texts = texts_of(ledger.data)
    facts = facts_of(ledger, rows, now_ms())
    if rows and texts.faults:
        tell_of_faults(ledger, texts, rows[0].cabinet, now_ms())
    for row in rows:
        try:
            if row.cabinet not in identities:
                identities[row.cabinet] = ledger.identity_of(row.cabinet)
            identity = identities[row.cabinet]
            made[row.id] = (
                _of_many(many[row.id], identity, texts)
                if row.id in many
                else _message(row, identity, texts, facts.get(row.id, Facts()))
            )
        except Exception as error:
            # Of one letter: it is held, which is a case for staff, and the others go out.
            if isinstance(error, UserError | OSError | MemoryError):
                raise
            _hold(ledger, row)
    return made


def _hold(ledger: Ledger, row: Row) -> None:
    with ledger.writing() as connection:
        connection.execute(
            update(tables.outbox).where(tables.outbox.c.id == row.id).values(held=aside.UNMAKEABLE)
        )
        if row.kind != aside.UNMADE_LETTER:
            aside.raise_case(connection, row.cabinet, aside.UNMADE_LETTER, row.sequence, row.door, now_ms())


def _message(row: Row, identity: Identity, texts: Texts, facts: Facts) -> Message:
    moment = _moment(row)
    reader = Reader(row.language or "", bool(row.code_left_out))
    made = letter(_matter(row, moment), identity, reader, facts, texts=texts)
    to = (row.id, row.label or STAFF, row.contact or "", row.kind)
    return Message(*to, made.text, **when_fields(moment), title=made.title)


def _of_many(rows: Sequence[Row], identity: Identity, texts: Texts) -> Message:
    """One message to staff for several alarms of one kind at one door."""
    moments = [_moment(row) for row in rows]
    moment = Moment(
        *(choose(values) for choose, values in zip((min, max, max), zip(*moments, strict=True), strict=True))
    )
    name = sha256(f"{len(rows)} {rows[0].id}".encode()).hexdigest()[:32]
    made = letter_of_many(_matter(rows[-1], moment), identity, len(rows), texts)
    return Message(name, STAFF, "", rows[0].kind, made.text, **when_fields(moment), title=made.title)


def _moment(row: Row) -> Moment:
    heard_ms = row.queued_ms
    return (
        Moment(row.earliest_ms, row.latest_ms, heard_ms)
        if row.latest_ms is not None
        else Moment(heard_ms, heard_ms, heard_ms)
    )


def _matter(row: Row, moment: Moment) -> Matter:
    terms = (row.epoch, row.door, row.counter, row.retry, moment, row.serial, row.generation)
    return Matter(row.kind, row.resident is not None, *terms)


_outbox = tables.outbox.c
_URGENT_ONE = _outbox.resident.is_(None) & _outbox.kind.in_(FOLDED)
_TURN = func.row_number().over(
    partition_by=(
        _outbox.cabinet,
        case((_URGENT_ONE, _outbox.kind), else_=""),
        case((_URGENT_ONE, _outbox.door), else_=0),
    ),
    order_by=_outbox.sequence,
)
_UNSENT = (
    select(
        tables.outbox,
        LABEL,
        tables.resident.c.contact.label("contact"),
        tables.resident.c.language,
        tables.resident.c.code_left_out,
        tables.cabinet.c.board_name,
        _URGENT_ONE.label("is_urgent"),
    )
    .select_from(tables.outbox.join(tables.cabinet).outerjoin(tables.resident))
    .where(_outbox.sent_ms.is_(None), _outbox.held.is_(None))
    .order_by(_TURN, _outbox.sequence)
    .limit(BATCH_MAX)
)
