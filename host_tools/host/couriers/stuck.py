"""A door that is stuck, as somebody at the cabinet says: a case for staff, once an hour and door."""

from sqlalchemy import Connection, func, select

from host_tools.host.couriers.room import sizes_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.aside import raise_case
from host_tools.host.ledger.ledger import ENROLLED

SAID_STUCK = "said stuck"  # alarm: somebody says that a door is stuck
OF_SITE_MAX = 6  # in an hour: more than a person must look at
TOLD, ENOUGH, NO_DOOR = "told", "enough", "no_door"

_HOUR_MS = 3_600_000
_alarm, _cabinet = tables.alarm.c, tables.cabinet.c


def report(connection: Connection, site: int, number: int, door: int, at_ms: int) -> str:
    """Tells staff that a door of cabinet `number` of a site (its row's id) is stuck: TOLD, also where they
    were within the hour; ENOUGH where they were told of others there; NO_DOOR where it has no such door.
    """
    here = select(_cabinet.id, _cabinet.board_name).where(
        _cabinet.site == site, _cabinet.number == number, _cabinet.state == ENROLLED
    )
    cabinet = connection.execute(here).first()
    if cabinet is None or door not in sizes_of(cabinet.board_name):
        return NO_DOOR
    recent = (_alarm.kind == SAID_STUCK) & (_alarm.raised_ms > at_ms - _HOUR_MS) & (_alarm.raised_ms <= at_ms)
    its = recent & (_alarm.cabinet == cabinet.id) & (_alarm.door == door)
    if connection.scalar(select(func.count()).select_from(tables.alarm).where(its)):
        return TOLD
    of_site = select(func.count()).select_from(tables.alarm.join(tables.cabinet))
    if (connection.scalar(of_site.where(recent, _cabinet.site == site)) or 0) >= OF_SITE_MAX:
        return ENOUGH
    raise_case(connection, cabinet.id, SAID_STUCK, at_ms * 100 + door, door, at_ms)
    return TOLD
