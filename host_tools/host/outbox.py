"""The outbox: what people are to be told survives every crash, and its words are made only while it is handed over."""

from typing import NamedTuple

from sqlalchemy import Row, bindparam, select, update

from host_tools.host import tables
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
            .where(outbox.c.sent_ms.is_(None))
            .order_by(outbox.c.sequence)
            .limit(BATCH_MAX)
        )
        rows = connection.execute(unsent).all()
    if not rows:
        return Round([], 0, "", False)
    identities = {number: ledger.identity_of(number) for number in {row.cabinet for row in rows}}
    messages = [_message(row, identities[row.cabinet]) for row in rows]
    reason = ""
    try:
        arrived = notifier.deliver(messages)
    except OSError as error:  # a full disk or a cut line: all stay in the outbox
        arrived, reason = set(), error.strerror or "no reason given"
    at = now_ms()
    notes = [{"key": row.id, "attempts": row.attempts + 1, "sent_ms": at if row.id in arrived else None} for row in rows]
    with ledger.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.id == bindparam("key")), notes)
    sent = [message for message in messages if message.id in arrived]
    return Round(sent, len(rows) - len(sent), reason, len(rows) == BATCH_MAX)


def _message(row: Row, identity: Identity) -> Message:
    heard_ms = row.queued_ms
    moment = Moment(row.earliest_ms, row.latest_ms, heard_ms) if row.latest_ms is not None else Moment(heard_ms, heard_ms, heard_ms)
    matter = Matter(row.kind, row.resident is not None, row.epoch, row.door, row.counter, row.retry, moment)
    return Message(row.id, row.label or STAFF, row.contact or "", row.kind, words(matter, identity), **when_fields(moment))
