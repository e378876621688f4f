"""Tickets: the host issues a random unused serial of the site, with the resident's safe tail in it; the board can tell it offline."""

from collections.abc import Callable, Iterator
from secrets import randbelow
from typing import NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import Complaint
from host_tools.host import residents, tables
from host_tools.host.database import now_ms
from host_tools.host.ledger import Ledger
from host_tools.host.names import normal
from host_tools.host.residents import LABEL
from locker.core import tickets as derivation
from locker.core.codes import same

_DRAWS_MAX = 2000  # a serial with her tail is one in a hundred; a site that is nearly full is searched in order


class Issued(NamedTuple):
    """A ticket as it is handed out, once: `number` is the 9 digits for the address label."""

    site: str
    resident: str
    serial: int
    number: str


class Ticket(NamedTuple):
    """A ticket as the ledger lists it; its tag is not shown again."""

    site: str
    serial: int
    resident: str
    state: str  # open, used or revoked
    issued_ms: int


def issue(ledger: Ledger, resident: str, site: str | None = None, unit: str | None = None) -> Issued:
    """A new ticket for one deposit for the resident, at a site (which may be left out where there is only one).

    Raises Complaint when resident or site are unknown, or no serial with her tail is left.
    """
    name = site or only_site(ledger)
    with ledger.writing() as connection:
        place = _site(connection, name)
        person = residents.find(connection, resident, unit)
        key = ledger.vault.open(place.ticket_key, "ticket key", place.site_id)
        tail = residents.tail_of(ledger.vault, person)
        used = set(connection.scalars(select(tables.ticket.c.serial).where(tables.ticket.c.site == place.id)))

        def fits(serial: int) -> bool:
            return serial not in used and (tail is None or derivation.tail(key, place.site_id, serial) == tail)

        serial = _draw(fits)
        row = {"site": place.id, "serial": serial, "resident": person.id, "state": "open", "issued_ms": now_ms()}
        connection.execute(insert(tables.ticket).values(**row))
    return Issued(place.name, residents.label(person.name, person.unit), serial, derivation.ticket(key, place.site_id, serial))


def _draw(fits: Callable[[int], bool]) -> int:
    def candidates() -> Iterator[int]:
        for _ in range(_DRAWS_MAX):
            yield randbelow(derivation.SERIALS)
        yield from range(derivation.SERIALS)

    serial = next(filter(fits, candidates()), None)
    if serial is None:
        raise Complaint("This site has no ticket left for that resident: its ticket key must roll first.")
    return serial


def listing(ledger: Ledger, site: str | None = None) -> list[Ticket]:
    """All tickets, the newest first; of one site, if it is given."""
    wanted = (
        select(tables.site.c.name, tables.ticket.c.serial, LABEL, tables.ticket.c.state, tables.ticket.c.issued_ms)
        .select_from(tables.ticket.join(tables.site).join(tables.resident))
        .order_by(tables.ticket.c.issued_ms.desc(), tables.ticket.c.serial)
    )
    with ledger.reading() as connection:
        if site is not None:
            wanted = wanted.where(tables.site.c.id == _site(connection, site).id)
        return [Ticket(*row) for row in connection.execute(wanted)]


def revoke(ledger: Ledger, number: str, site: str | None = None) -> Ticket:
    """Takes an open ticket back, by its 9 digits or its 5-digit serial. A deposit that a cabinet accepts on it all the same is flagged.

    Raises Complaint when the ticket is not of this site, or not open any more.
    """
    if len(number) not in (5, 9) or not (number.isascii() and number.isdigit()):
        raise Complaint("A ticket is 9 digits, or its serial: the first 5 of them.", 2)
    name = site or only_site(ledger)
    with ledger.writing() as connection:
        place = _site(connection, name)
        serial = int(number[:5])
        key = ledger.vault.open(place.ticket_key, "ticket key", place.site_id)
        here = (tables.ticket.c.site == place.id) & (tables.ticket.c.serial == serial)
        row = connection.execute(select(tables.ticket, LABEL).join(tables.resident).where(here)).first()
        if row is None or (len(number) == 9 and not same(number, derivation.ticket(key, place.site_id, serial))):
            raise Complaint(f"That ticket was not issued at {name}: `ansim ticket list` shows the tickets.")
        if row.state != "open":
            raise Complaint(f"That ticket is {row.state} already.")
        connection.execute(update(tables.ticket).where(here).values(state="revoked"))
    return Ticket(place.name, serial, row.label, "revoked", row.issued_ms)


def serial_of(ledger: Ledger, site: Row, number: str) -> int | None:
    """The serial of a ticket (9 digits) that this host has issued at a site, whatever has become of it; None for none of its tickets."""
    key = ledger.vault.open(site.ticket_key, "ticket key", site.site_id)
    serial = int(number[:5])
    return serial if same(number, derivation.ticket(key, site.site_id, serial)) else None


def only_site(ledger: Ledger) -> str:
    """The one site of the ledger; raises Complaint when there is none or a choice."""
    sites = ledger.sites()
    if not sites:
        raise Complaint("There is no site yet: `ansim provision` founds one with its first cabinet.")
    if len(sites) > 1:
        raise Complaint(f"Say which site with --site: {', '.join(sites[:10])}{', ...' if len(sites) > 10 else ''}.", 2)
    return sites[0]


def _site(connection: Connection, name: str) -> Row:
    row = connection.execute(select(tables.site).where(tables.site.c.name == normal(name))).first()
    if row is None:
        raise Complaint("There is no site of that name: `ansim cabinet list` shows the sites.", 2)
    return row
