"""What an account sees: the residents that it is not related to, at its sites.

Whoever is a contact of a resident, her delegate, or barred by her may be the one she fears. Such an account
finds no resident there: lists leave her out, and a name that is hers is no resident's name. Alarms of hers
go to others (`is_related`). An account with the address of one of her contacts is related to her by itself.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, or_, select, true, union

from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.database import insert_or_change

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


def sees_resident(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the one who acts sees the resident with that number, or that there is none."""
    account = actor_of(connection).account
    return true() if account is None else or_(column.is_(None), column.not_in(hers(account)))


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
