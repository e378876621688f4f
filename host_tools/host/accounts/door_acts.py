"""What people have ordered at a door, for its story: who, what and why."""

from typing import NamedTuple

from sqlalchemy import select

from host_tools.host.accounts import audit, sight
from host_tools.host.accounts.rights import ACT, RIGHTS
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal

_OF_DOORS = ("door ", "parcel ", "stay ")
ACTS = [act for act, right in RIGHTS.items() if right.kind == ACT and act.startswith(_OF_DOORS)]


class DoorAct(NamedTuple):
    """One act. `account`: who, by the name of the account; else `os_user`. Time in ms since 1970."""

    at_ms: int
    account: str | None
    os_user: str
    act: str
    reason: str


def at_door(ledger: Ledger, site: str, cabinet: int, door: int, last: int = audit.LAST) -> list[DoorAct]:
    """The last acts at a door that the one who asks sees, the oldest first; none of silent alarms."""
    row, parcel = tables.audit.c, tables.parcel.c
    here = select(parcel.id).select_from(tables.parcel.join(tables.cabinet).join(tables.site))
    here = here.where(tables.site.c.name == row.site, tables.cabinet.c.number == row.cabinet)
    its = (row.chain == audit.ACTS) & row.act.in_(ACTS)
    its &= (row.site == normal(site)) & (row.cabinet == cabinet) & (row.door == door)
    with ledger.reading() as connection:
        seen = sight.sees_door(connection, here, row.door, row.at_ms)
        seen &= sight.sees_resident(connection, row.resident)
        wanted = select(row.at_ms, tables.account.c.name, row.os_user, row.act, row.reason)
        wanted = wanted.select_from(tables.audit.outerjoin(tables.account)).where(its, seen)
        rows = connection.execute(wanted.order_by(row.number.desc()).limit(last)).all()
    return [DoorAct(*one) for one in reversed(rows)]
