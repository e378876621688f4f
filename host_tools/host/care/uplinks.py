"""A site whose cabinets are all out of reach is one case: what connects the site has failed, not each one.

A single cabinet out of reach is none: it works for months without its host, and lists show it.
"""

from collections import defaultdict

from sqlalchemy import Connection, func, select

from host_tools.host.care import cases, kinds
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import ENROLLED

DARK_MS = 15 * 60_000

_link, _cabinet = tables.link.c, tables.cabinet.c


def look_for_dark_sites(connection: Connection, at_ms: int) -> None:
    """Opens a case for each site of which no cabinet was reached for 15 min before `at_ms` (since 1970) by a
    server that ran so long, and settles it when one is.
    """
    served_ms = connection.scalar(select(func.min(tables.server.c.since_ms)))
    if served_ms is None:
        return
    links: dict[int, list[tuple[bool, int]]] = defaultdict(list)
    joined = tables.cabinet.join(tables.link, _link.cabinet == _cabinet.id)
    wanted = select(_cabinet.site, _link.up, _link.since_ms).select_from(joined)
    for row in connection.execute(wanted.where(_cabinet.state == ENROLLED)):
        links[row.site].append((row.up, row.since_ms))
    for site, its in links.items():
        if any(up for up, _ in its):
            cases.settle(connection, kinds.UPLINK, str(site), at_ms, "over by itself")
        elif max(served_ms, *(since_ms for _, since_ms in its)) <= at_ms - DARK_MS:
            cases.open_case(connection, kinds.UPLINK, key=str(site), site=site, at_ms=at_ms)
