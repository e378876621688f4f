"""What an account sees: the residents that it is not related to, at its sites.

A resident is of the sites for which she was given a ticket or a parcel, or whose account has entered her; of
none she is seen by all, so that somebody can give her the first one.

Whoever is a contact of a resident, her delegate, or barred by her may be the one she fears. Such an account
finds no resident there: lists leave her out, and a name that is hers is no resident's name. Alarms of hers
go to others (`is_related`). An account with the address of one of her contacts is related to her by itself.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select, true, union

from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.database import insert_new, insert_or_change
from host_tools.host.ledger.ledger import Ledger

#: What an account is to her.
WHY = ("contact", "delegate", "barred")


def hers(account: int) -> Select[Any]:
    """The residents that an account is related to."""
    told = select(tables.related.c.resident).where(tables.related.c.account == account)
    of_contact = (
        select(tables.contact.c.resident)
        .join(tables.account, tables.account.c.contact == tables.contact.c.address)
        .where(tables.account.c.id == account)
    )
    return select(union(told, of_contact).subquery().c.resident)


def related_to(ledger: Ledger, account: int) -> frozenset[int]:
    """The ledger's numbers of the same."""
    with ledger.reading() as connection:
        return frozenset(connection.scalars(hers(account)))


def sees_resident(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the one who acts sees the resident with that number, or that there is none."""
    actor = actor_of(connection)
    seen: list[ColumnElement[bool]] = []
    if actor.account is not None:
        seen.append(or_(column.is_(None), column.not_in(hers(actor.account))))
    if actor.sites:
        of = tables.resident_site.c
        here = select(of.resident).where(of.site.in_(actor.sites))
        seen.append(or_(column.is_(None), column.in_(here), column.not_in(select(of.resident))))
    return and_(true(), *seen)


def settle(connection: Connection, resident: int, sites: Iterable[int]) -> None:
    """She is of these sites too from now on."""
    for site in sites:
        row = {"resident": resident, "site": site}
        connection.execute(insert_new(connection.dialect.name, tables.resident_site), row)


def sees_account(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the account with that number is for all sites, or for one that whoever acts sees."""
    sites = actor_of(connection).sites
    of = tables.account_site.c
    here = select(of.account).where(of.site.in_(sites))
    return or_(column.in_(here), column.not_in(select(of.account))) if sites else true()


def sees_door(
    connection: Connection, parcels: Select[Any], door: ColumnElement[Any], ms: ColumnElement[Any]
) -> ColumnElement[bool]:
    """The condition that none of these parcels, of a cabinet, lay behind that door at that time (ms since
    1970) and is hers whom the one who acts is related to.
    """
    account = actor_of(connection).account
    if account is None:
        return true()
    parcel = tables.parcel.c
    lay = (
        (parcel.door == door)
        & (func.coalesce(parcel.deposited_from_ms, parcel.deposited_ms) <= ms)
        & or_(parcel.ended_ms.is_(None), parcel.ended_ms >= ms)
    )
    return ~parcels.where(lay, parcel.resident.in_(hers(account))).exists()


def sees_site(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the one who acts sees the site with that number."""
    sites = actor_of(connection).sites
    return column.in_(sites) if sites else true()


def is_related(connection: Connection, account: int, resident: int) -> bool:
    """Whether an account is not to hear of a resident's alarms."""
    found = hers(account).subquery()
    return connection.execute(select(found).where(found.c.resident == resident)).first() is not None


def relate(connection: Connection, account: int, resident: int, why: str | None, at_ms: int) -> None:
    """From now on that account is related to that resident, or (None) no longer. `at_ms`: ms since 1970."""
    table = tables.related
    if why is None:
        connection.execute(delete(table).where(table.c.account == account, table.c.resident == resident))
    else:
        row = {"account": account, "resident": resident, "why": why, "since_ms": at_ms}
        connection.execute(insert_or_change(connection.dialect.name, table), row)
