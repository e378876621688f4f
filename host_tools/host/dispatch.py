"""The dispatchers' own channel: silent alarms. Nobody else sees them, and what becomes of them shows nowhere else.

Every pickup is looked at and marked alike (tables.pickup); only for one under duress something is handed over. So whatever a silent alarm
is, slow, refused or repeated, letters, lines, numbers and instants are those of any other pickup.
"""

from sqlalchemy import bindparam, select, update

from host_tools.host import tables
from host_tools.host.chronicle import when_fields
from host_tools.host.database import now_ms
from host_tools.host.ledger import Ledger
from host_tools.host.notifier import Notifier
from host_tools.host.standing import letter_id
from host_tools.host.times import Moment
from host_tools.host.wording import Message, in_words
from locker.core import records

DISPATCHERS = "dispatchers"
DURESS = "duress"
BATCH_MAX = 500


def deliver(ledger: Ledger, notifier: Notifier) -> bool:
    """Hands over the silent alarms that nobody has been told of; whether none is left. Raises Complaint where the ledger is away."""
    pickup, cabinet, site = tables.pickup, tables.cabinet, tables.site
    wanted = (
        select(pickup, cabinet.c.board_id, cabinet.c.number.label("at"), site.c.name.label("site"))
        .select_from(pickup.join(cabinet).join(site))
        .where(pickup.c.told_ms.is_(None))
        .order_by(pickup.c.heard_ms, pickup.c.cabinet, pickup.c.number)
        .limit(BATCH_MAX)
    )
    with ledger.reading() as connection:
        rows = connection.execute(wanted).all()
    if not rows:
        return True
    messages = {(row.cabinet, row.incarnation, row.number): _message(row) for row in rows if row.how == records.BY_DURESS}
    arrived = _hand_over(notifier, list(messages.values()))
    missed = {key for key, message in messages.items() if message.id not in arrived}
    at = now_ms()
    told = [
        {"at": row.cabinet, "life": row.incarnation, "which": row.number, "told_ms": None if _key(row) in missed else at} for row in rows
    ]
    with ledger.writing() as connection:
        its = (pickup.c.cabinet == bindparam("at")) & (pickup.c.incarnation == bindparam("life")) & (pickup.c.number == bindparam("which"))
        connection.execute(update(pickup).where(its), told)
    return not missed and len(rows) < BATCH_MAX


def _hand_over(notifier: Notifier, messages: list[Message]) -> set[str]:
    """The ids of those that have arrived; none where the channel is away, for it is tried again."""
    try:
        return notifier.deliver(messages) if messages else set()
    except OSError:
        return set()


def _key(row) -> tuple[int, int, int]:
    return row.cabinet, row.incarnation, row.number


def _message(row) -> Message:
    moment = Moment(row.earliest_ms, row.latest_ms, row.heard_ms)
    text = (
        f"Silent alarm: door {row.door:02d} at {row.site}, cabinet {row.at} was opened under duress. Send help; do not call the resident, "
        f"and give nothing away at the cabinet.{in_words(moment)}"
    )
    return Message(letter_id(row.board_id, row.incarnation, row.number, DURESS), DISPATCHERS, "", DURESS, text, **when_fields(moment))
