"""Letters to a resident that no event of a cabinet causes: something is asked for, or has changed."""

from hashlib import sha256

from sqlalchemy import Connection, func, insert, select

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import ENROLLED

CONTACT_CHANGED = "contact changed"
WISHES_CHANGED = "wishes changed"
ASKED_TO_OPEN = "asked to open"
DIGITS = "digits"
PAGE_DIGITS = "page digits"  # for the page of a parcel, which shows a code that letters leave out
PAGE_DIGITS_MS = 900_000  # so long they are good
#: An asking goes on in these states (parcels/asking.py), and so long for its letters to be handed over.
ASKED, CONFIRMED = "asked", "confirmed"
ASKING_MS = 180_000
#: They name no place, no door and no code, so each contact has them whole, confirmed or not.
CHANGES = (CONTACT_CHANGED, WISHES_CHANGED)
#: Letters that go to all contacts of hers at once, so that each can stop what is asked.
TO_ALL = (CONTACT_CHANGED, WISHES_CHANGED, ASKED_TO_OPEN)


def tell(
    connection: Connection,
    resident: int,
    kind: str,
    of: str,
    at_ms: int,
    *,
    cabinet: int | None = None,
    door: int = 0,
    counter: int = 0,
) -> bool:
    """Queues a letter; `of` tells it from others of its kind. `at_ms` is when it happened, in ms since 1970.

    A letter names the place of a cabinet and whom to call there: that of her last parcel, else of a ticket
    of hers, else the first. Whether there is any.
    """
    at = cabinet or _cabinet_of(connection, resident)
    if at is None:
        return False
    row = {
        "id": sha256(f"{kind} {of} {resident} {at_ms}".encode()).hexdigest()[:32],
        "kind": kind,
        "resident": resident,
        "cabinet": at,
        "epoch": 1,
        "door": door,
        "counter": counter,
        "retry": 0,
        "queued_ms": at_ms,
        "attempts": 0,
    }
    connection.execute(insert(tables.outbox).values(**row))
    return True


def _cabinet_of(connection: Connection, resident: int) -> int | None:
    parcel, ticket, cabinet = tables.parcel.c, tables.ticket.c, tables.cabinet.c
    last = select(parcel.cabinet).where(parcel.resident == resident).order_by(parcel.id.desc()).limit(1)
    of_ticket = (
        select(func.min(cabinet.id))
        .join(tables.ticket, ticket.site == cabinet.site)
        .where(ticket.resident == resident, cabinet.state == ENROLLED)
    )
    anywhere = select(func.min(cabinet.id)).where(cabinet.state == ENROLLED)
    found = (connection.scalar(wanted) for wanted in (last, of_ticket, anywhere))
    return next((one for one in found if one is not None), None)
