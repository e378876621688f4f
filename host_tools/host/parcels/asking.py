"""Who asks on the telephone for a door to be opened proves first that the resident's letters reach her.

    asked       all contacts of hers are told, and can stop it; her first one is sent six digits
    confirmed   the caller has repeated them; the door opens no earlier than a minute after her contacts
                were told
    untold      one of them that can be told was not within three minutes: staff attend
    opened      it has been opened, or tried, from the digits of the cabinet's screen (remote_opening.py)
    stopped     a contact of hers, or she, has said no
    failed      the digits were wrong
    expired     a quarter of an hour was over

One asking a day for each parcel, whatever has become of it, unless no digits left in time.
`standing` is the rule and looks at nothing else.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place
from host_tools.host.notify.deliveries import FAILED as DELIVERY_FAILED
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER
from host_tools.host.parcels.support import waiting
from host_tools.host.people import contacts, notices, spoken
from host_tools.host.people.notices import ASKED, ASKING_MS, CONFIRMED

OPENED, STOPPED, FAILED = "opened", "stopped", "failed"
EXPIRED, UNTOLD = "expired", "untold"
GOES_ON = (ASKED, CONFIRMED)

WINDOW_MS = 60_000  # in which each contact can stop it
VALID_MS = 900_000
ONCE_MS = 86_400_000


class Asking(NamedTuple):
    """One asking. Times in ms since 1970, None where it has not come to that."""

    id: int
    state: str
    asked_ms: int
    told_ms: int | None  # all her contacts that can be told have been
    confirmed_ms: int | None
    digits_ms: int | None = None  # the digits have been handed over


class Standing(NamedTuple):
    """How far an asking is. `may_open` is the only leave; it comes at `opens_ms`, None: nobody knows yet."""

    state: str
    may_open: bool
    opens_ms: int | None


def standing(asking: Asking, at_ms: int) -> Standing:
    """The rule. `at_ms` is now, in ms since 1970."""
    if asking.state not in GOES_ON:
        return Standing(asking.state, False, None)
    if at_ms > asking.asked_ms + VALID_MS or at_ms < asking.asked_ms:
        return Standing(EXPIRED, False, None)
    if (at_ms if asking.told_ms is None else asking.told_ms) > asking.asked_ms + ASKING_MS:
        return Standing(UNTOLD, False, None)
    if asking.state == ASKED or asking.told_ms is None:
        return Standing(asking.state, False, None)
    opens_ms = asking.told_ms + WINDOW_MS
    return Standing(CONFIRMED, at_ms >= opens_ms, opens_ms)


def begin(ledger: Ledger, place: Place, at_ms: int) -> int:
    """Asks for a door; the number of the asking. Raises UserError where a caller cannot have it opened:
    nobody's parcel, nobody to tell, a wish or a relation that asks for more, or it was asked today.
    """
    table = tables.asking
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        her = parcel.resident
        with audit.noting_refusal(connection, ledger, "parcel open", her, **place.named(), at_ms=at_ms):
            _refuse(connection, parcel, at_ms)
        row = {"parcel": parcel.id, "account": ledger.actor.account, "state": ASKED, "asked_ms": at_ms}
        made = connection.execute(insert(table).values(**row).returning(table.c.id)).scalar_one()
        where = {"cabinet": parcel.cabinet, "door": parcel.door, "counter": made}
        for kind in (notices.ASKED_TO_OPEN, notices.DIGITS):
            notices.tell(connection, parcel.resident, kind, f"asking {made}", at_ms, **where)
        audit.note(connection, ledger, "parcel open", **place.named(), resident=parcel.resident, at_ms=at_ms)
    return made


def _refuse(connection: Connection, parcel: Row, at_ms: int) -> None:
    """Raises UserError."""
    staff = "let staff attend, with `ansim parcel recall`"
    if parcel.resident is None:
        raise UserError("That parcel is nobody's: `ansim parcel assign` gives it to its resident.")
    her = connection.execute(select(tables.resident).where(tables.resident.c.id == parcel.resident)).one()
    barred = select(tables.related.c.account).where(
        tables.related.c.resident == her.id, tables.related.c.why == "barred"
    )
    if her.code_left_out or connection.execute(barred).first():
        raise UserError(f"Her door is not opened for a caller: {staff}.")
    changing = select(tables.pending_change.c.id).where(
        tables.pending_change.c.resident == her.id, tables.pending_change.c.state == "waiting"
    )
    if connection.execute(changing).first():
        raise UserError(f"Her contacts or wishes are being changed, so a caller proves nothing now: {staff}.")
    if not contacts.of(connection, [her.id])[her.id]:
        raise UserError(f"She has no contact that could be asked: {staff}.")
    its = (tables.asking.c.parcel == parcel.id) & (tables.asking.c.asked_ms > at_ms - ONCE_MS)
    before = [
        _asking(connection, one) for one in connection.scalars(select(tables.asking.c.id).where(its)).all()
    ]
    if any(_counts(one, at_ms) for one in before):
        raise UserError(f"That door was asked for within a day already: {staff}.")


def _counts(asking: Asking, at_ms: int) -> bool:
    """Whether it is the one try of a day: not where nobody could answer, for no digits had left in time."""
    is_void = asking.state == ASKED and asking.digits_ms is None
    return not is_void or standing(asking, at_ms).state in GOES_ON


def look(ledger: Ledger, asking: int) -> Asking:
    """An asking as it is."""
    with ledger.reading() as connection:
        return _asking(connection, asking)


def answer(ledger: Ledger, asking: int, digits: str, at_ms: int) -> Standing:
    """Takes what the caller has said; once, right or wrong. `at_ms`: now, in ms since 1970."""
    with ledger.writing() as connection:
        now = _asking(connection, asking)
        if standing(now, at_ms).state != ASKED:
            return standing(now, at_ms)
        right = spoken.digits_of(ledger.vault, now.id, now.asked_ms)
        if spoken.are_same("".join(digits.split()), right):
            values = {"state": CONFIRMED, "confirmed_ms": at_ms}
        else:
            values = {"state": FAILED, "ended_ms": at_ms}
        connection.execute(update(tables.asking).where(tables.asking.c.id == asking).values(**values))
        return standing(_asking(connection, asking), at_ms)


def take_leave(ledger: Ledger, asking: int, at_ms: int) -> bool:
    """Uses the leave to open, once; whether there was one. `at_ms`: now, in ms since 1970."""
    table = tables.asking
    with ledger.writing() as connection:
        if not standing(_asking(connection, asking), at_ms).may_open:
            return False
        connection.execute(update(table).where(table.c.id == asking).values(state=OPENED, ended_ms=at_ms))
        return True


def stop(connection: Connection, resident: int, at_ms: int) -> int:
    """Stops what is asked of a resident's doors; how much. `at_ms`: now, in ms since 1970."""
    table = tables.asking
    hers = select(tables.parcel.c.id).where(tables.parcel.c.resident == resident)
    its = table.c.parcel.in_(hers) & table.c.state.in_(GOES_ON)
    return connection.execute(update(table).where(its).values(state=STOPPED, ended_ms=at_ms)).rowcount


def _asking(connection: Connection, asking: int) -> Asking:
    table, outbox = tables.asking, tables.outbox.c
    row = connection.execute(select(table).where(table.c.id == asking)).one()
    delivery = tables.delivery.c
    ways = (
        select(delivery.state, delivery.handed_ms)
        .join(tables.outbox, outbox.sequence == delivery.letter)
        .where(
            outbox.kind == notices.ASKED_TO_OPEN, outbox.counter == asking, delivery.state != DELIVERY_FAILED
        )
    )
    found = connection.execute(ways).all()
    is_told = bool(found) and all(way.state in (HANDED_OVER, DELIVERED) for way in found)
    told_ms = max(way.handed_ms for way in found) if is_told else None
    sent = select(outbox.sent_ms).where(outbox.kind == notices.DIGITS, outbox.counter == asking)
    return Asking(row.id, row.state, row.asked_ms, told_ms, row.confirmed_ms, connection.scalar(sent))
