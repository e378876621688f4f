"""From whom a case is kept: the accounts that are related to a resident whose door it is about.

A case is about her where a parcel of hers lay behind one of its doors while it happened. Such an account is
not told of it and finds no case of that number; nor one that says that the first could not be told.
"""

import secrets

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    cast,
    func,
    literal,
    or_,
    select,
)

from host_tools.host.accounts import sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of

_MISSED = ("0", "1")  # of the numbers of cases about half are left out where accounts are related


def key_of(case: int) -> str:
    """The key of a case that is about another case, by the number of that."""
    return f"case {case}"


def sees_case(connection: Connection) -> ColumnElement[bool]:
    """The condition on tables.case that it is of no site, or of one that the one who acts sees, and is not
    kept from that one.
    """
    account, case = actor_of(connection).account, tables.case.c
    of_site = or_(case.site.is_(None), sight.sees_site(connection, case.site))
    if account is None:
        return of_site
    hidden = _hidden(account)
    keys = select(literal("case ") + cast(hidden.subquery().c.id, String))
    return of_site & case.id.not_in(hidden) & case.key.not_in(keys)


def is_kept_from(connection: Connection, case: int, account: int) -> bool:
    """Whether an account is not to hear of a case."""
    its = _hidden(account).subquery()
    return connection.execute(select(its).where(its.c.id == case)).first() is not None


def _hidden(account: int) -> Select:
    """The numbers of the cases that are about the residents whom an account is related to."""
    one = tables.case.alias()
    case, alarm, parcel = one.c, tables.alarm.c, tables.parcel.c
    doors = select(alarm.door).where(alarm.case_id == case.id, alarm.cabinet == case.cabinet).correlate(one)
    lay = (
        (parcel.cabinet == case.cabinet)
        & or_(parcel.door == case.door, parcel.door.in_(doors))
        & (func.coalesce(parcel.deposited_from_ms, parcel.deposited_ms) <= case.last_ms)
        & or_(parcel.ended_ms.is_(None), parcel.ended_ms >= case.earliest_ms)
    )
    hers = select(parcel.id).where(lay, parcel.resident.in_(sight.hers(account)))
    return select(case.id).where(hers.exists())


def skip_numbers(connection: Connection, table: Table) -> dict[str, int]:
    """The number of a new case, as far as it is not just the next: where an account is related to somebody,
    numbers are left out by chance, so that one that an account does not see says nothing to it.
    """
    contact, account = tables.contact.c.address, tables.account.c.contact
    by_itself = select(tables.account.c.id).where(account.in_(select(contact)), account != "")
    anybody = select(tables.related.c.account).limit(1)
    if connection.scalar(anybody) is None and connection.scalar(by_itself.limit(1)) is None:
        return {}
    skipped = 0
    while secrets.choice(_MISSED) == "1":
        skipped += 1
    if connection.dialect.name == "postgresql":
        number = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        for _ in range(skipped):
            connection.scalar(select(number))
        return {}
    last = connection.scalar(select(func.max(table.c.id))) or 0
    return {"id": last + 1 + skipped}
