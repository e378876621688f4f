"""The outbox: what people are to be told survives every crash, and its words are made only while it is handed over."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Row, bindparam, select, update

from host_tools.errors import Complaint
from host_tools.host import aside, tables
from host_tools.host.chronicle import when_fields
from host_tools.host.database import now_ms
from host_tools.host.ledger import Identity, Ledger
from host_tools.host.notifier import Notifier
from host_tools.host.residents import LABEL
from host_tools.host.times import Moment
from host_tools.host.wording import Matter, Message, words

BATCH_MAX = 500
STAFF = "staff"

_ELSEWHERE = "another host is handing messages over"


class Round(NamedTuple):
    """What one round of delivery came to."""

    sent: list[Message]
    failed: int
    reason: str  # why they failed, for the log
    more: bool  # the outbox held more than one batch


def deliver(ledger: Ledger, notifier: Notifier) -> Round:
    """Offers the oldest unsent letters to the notifier and notes which have arrived; while another host does so, there is nothing to do."""
    with ledger.alone() as alone:
        return _deliver(ledger, notifier) if alone else Round([], 0, _ELSEWHERE, False)


def _deliver(ledger: Ledger, notifier: Notifier) -> Round:
    outbox, resident = tables.outbox, tables.resident
    with ledger.reading() as connection:
        unsent = (
            select(outbox, LABEL, resident.c.contact.label("contact"))
            .select_from(outbox.outerjoin(resident))
            .where(outbox.c.sent_ms.is_(None), outbox.c.held.is_(None))
            .order_by(outbox.c.sequence)
            .limit(BATCH_MAX)
        )
        rows = connection.execute(unsent).all()
    more = len(rows) == BATCH_MAX
    if not rows:
        return Round([], 0, "", False)
    messages = _made(ledger, rows)
    rows = [row for row in rows if row.id in messages]
    reason = ""
    try:
        arrived = notifier.deliver(list(messages.values()))
    except OSError as error:  # a full disk or a cut line: all stay in the outbox
        arrived, reason = set(), error.strerror or "no reason given"
    at = now_ms()
    notes = [{"key": row.id, "attempts": row.attempts + 1, "sent_ms": at if row.id in arrived else None} for row in rows]
    if notes:
        with ledger.writing() as connection:
            connection.execute(update(outbox).where(outbox.c.id == bindparam("key")), notes)
    sent = [message for message in messages.values() if message.id in arrived]
    return Round(sent, len(rows) - len(sent), reason, more)


def _made(ledger: Ledger, rows: Sequence[Row]) -> dict[str, Message]:
    """The letters by their ids. One that cannot be made, whatever the reason, is held, and staff are told."""
    made: dict[str, Message] = {}
    identities: dict[int, Identity] = {}
    for row in rows:
        try:
            if row.cabinet not in identities:
                identities[row.cabinet] = ledger.identity_of(row.cabinet)
            made[row.id] = _message(row, identities[row.cabinet])
        except Exception as error:  # of one letter: it is held, which is a case for staff, and the others go out
            if isinstance(error, Complaint | OSError | MemoryError):
                raise
            _hold(ledger, row)
    return made


def _hold(ledger: Ledger, row: Row) -> None:
    with ledger.writing() as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.id == row.id).values(held=aside.UNMAKEABLE))
        if row.kind != aside.UNMADE_LETTER:
            aside.raise_case(connection, row.cabinet, aside.UNMADE_LETTER, row.sequence, row.door, now_ms())


def _message(row: Row, identity: Identity) -> Message:
    heard_ms = row.queued_ms
    moment = Moment(row.earliest_ms, row.latest_ms, heard_ms) if row.latest_ms is not None else Moment(heard_ms, heard_ms, heard_ms)
    terms = (row.epoch, row.door, row.counter, row.retry, moment, row.serial, row.generation)
    matter = Matter(row.kind, row.resident is not None, *terms)
    return Message(row.id, row.label or STAFF, row.contact or "", row.kind, words(matter, identity), **when_fields(moment))
