"""What the page of a parcel does for whoever has its link: another code, a case for staff, digits by letter.

It needs no key. Each act is a row of the audit, whose actor is the page, and each has a bound of its own.
"""

from sqlalchemy import Connection, Row, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.accounts.rights import PAGE_CASE, PAGE_CODE, PAGE_DIGITS
from host_tools.host.care import cases, kinds
from host_tools.host.fleet import orders
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.parcels import hers, support
from host_tools.host.people import contacts, links, notices
from locker.contract import commands

CASE_MS = 3_600_000  # a case of one kind and parcel is counted again after that
CODE_MS = 600_000  # and another code is ordered
DIGITS_MS = 300_000  # and other digits are sent

#: What came of an act.
DONE, ALREADY, TOO_MANY, NOBODY, GONE = "done", "already", "too many", "nobody", "gone"
CASES = {"stuck": kinds.SAYS_STUCK, "not mine": kinds.NOT_HERS}


def new_code(ledger: Ledger, token: str, at_ms: int) -> str:
    """Orders another code for the parcel of a link, at a time in ms since 1970; what came of it. One that was
    ordered within ten minutes, or that the cabinet has not heard of, is not ordered again.
    """
    with ledger.writing() as connection:
        parcel = links.find(connection, token, at_ms)
        if parcel is None or parcel.state != "waiting":
            return GONE
        if hers.ordered_ms(connection, parcel) is not None or _ordered_since(connection, parcel, at_ms):
            return ALREADY
        try:
            support.order_code(connection, parcel, at_ms)
        except UserError:
            return TOO_MANY
        _note(connection, ledger, PAGE_CODE, parcel, at_ms)
    return DONE


def _ordered_since(connection: Connection, parcel: Row, at_ms: int) -> bool:
    order = tables.command.c
    its = (order.cabinet == parcel.cabinet) & (order.door == parcel.door) & (order.counter == parcel.counter)
    its &= (order.kind == commands.REISSUE) & (order.queued_ms > at_ms - CODE_MS)
    its &= order.state != orders.IMPOSSIBLE
    return connection.execute(select(order.sequence).where(its).limit(1)).first() is not None


def tell_staff(ledger: Ledger, token: str, what: str, at_ms: int) -> str:
    """Makes a case of what somebody says on the page of a parcel, one of CASES, once an hour; what came of
    it.

    `at_ms`: now, in ms since 1970.
    """
    with ledger.writing() as connection:
        parcel = links.find(connection, token, at_ms)
        if parcel is None:
            return GONE
        kind, key = CASES[what], f"parcel {parcel.id}"
        case = tables.case.c
        last = connection.execute(
            select(case.id, case.state, case.last_ms)
            .where(case.kind == kind, case.key == key)
            .order_by(case.id.desc())
            .limit(1)
        ).first()
        if last is not None and last.last_ms > at_ms - CASE_MS:
            return ALREADY
        if last is not None and last.state != cases.CLOSED:
            cases.again(connection, last.id, at_ms, at_ms)
        else:
            site = connection.scalar(
                select(tables.cabinet.c.site).where(tables.cabinet.c.id == parcel.cabinet)
            )
            here = {"site": site, "cabinet": parcel.cabinet, "door": parcel.door}
            cases.open_case(connection, kind, key=key, **here, at_ms=at_ms)
        _note(connection, ledger, PAGE_CASE, parcel, at_ms, what)
    return DONE


def send_digits(ledger: Ledger, token: str, at_ms: int) -> str:
    """Has six digits sent to her first contact, at a time in ms since 1970, at most every five minutes; what
    came of it. They are good for a quarter of an hour, and rest nowhere.
    """
    with ledger.writing() as connection:
        parcel = links.find(connection, token, at_ms)
        if parcel is None or parcel.state != "waiting":
            return GONE
        if parcel.digits_ms is not None and parcel.digits_ms > at_ms - DIGITS_MS:
            return ALREADY
        if not contacts.of(connection, [parcel.resident])[parcel.resident]:
            return NOBODY
        its = tables.parcel_link.c.parcel == parcel.id
        connection.execute(update(tables.parcel_link).where(its).values(digits_ms=at_ms))
        of = {"cabinet": parcel.cabinet, "door": parcel.door, "counter": parcel.id}
        notices.tell(connection, parcel.resident, notices.PAGE_DIGITS, f"page {parcel.id}", at_ms, **of)
        _note(connection, ledger, PAGE_DIGITS, parcel, at_ms)
    return DONE


def are_good(sent_ms: int, at_ms: int) -> bool:
    """Whether digits that were sent then may be typed now (ms since 1970)."""
    return sent_ms <= at_ms < sent_ms + notices.PAGE_DIGITS_MS


def _note(connection: Connection, ledger: Ledger, act: str, parcel: Row, at_ms: int, text: str = "") -> None:
    site, cabinet = tables.site.c, tables.cabinet.c
    place = connection.execute(
        select(site.name, cabinet.number).join(tables.cabinet).where(cabinet.id == parcel.cabinet)
    ).one()
    where = {"site": place.name, "cabinet": place.number, "door": parcel.door, "resident": parcel.resident}
    audit.note(connection, ledger, act, **where, at_ms=at_ms, text=text)
