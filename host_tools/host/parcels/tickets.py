"""Tickets: the host issues a random unused serial of the site that fits the resident's safe tail
and whether she needs a low door;
the board can tell it offline.
"""

from collections.abc import Iterator, Sequence
from secrets import randbelow
from typing import NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit, sight
from host_tools.host.fleet import generations
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import TICKET_SECRET, Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.people import residents
from host_tools.host.people.residents import LABEL
from locker.contract import tickets as derivation
from locker.contract.codes import same

# A serial with her tail is one in two hundred; a site that is nearly full is searched in order.
_DRAWS_MAX = 2000


class Issued(NamedTuple):
    """A ticket as it is handed out, once:
    `number` is the 9 digits for the address label, `generation` that of its key.
    """

    site: str
    resident: str
    serial: int
    number: str
    generation: int


class Ticket(NamedTuple):
    """A ticket as the ledger lists it; its tag is not shown again."""

    site: str
    generation: int
    serial: int
    resident: str
    state: str  # open, used, revoked or expired
    issued_ms: int


def issue(
    ledger: Ledger, resident: str, site: str | None = None, unit: str | None = None, *, dry_run: bool = False
) -> Issued:
    """A new ticket for one deposit for the resident,
    at a site (which may be left out where there is only one).

    The site's ticket key turns when this was one of the last for her. Raises UserError when resident or site
    are unknown, she has put tickets on hold, or no serial that fits her is left. On a dry run nothing is
    issued: the ticket that comes back has no number and no serial of its own.
    """
    name = site or only_site(ledger)
    with ledger.writing() as connection:
        place = _site(connection, name)
        person = residents.find(connection, resident, unit)
        with audit.noting_refusal(connection, ledger, "ticket new", person.id, site=place.name):
            _refuse_on_hold(person)
        secret = ledger.vault.open(place.ticket_key, TICKET_SECRET, place.site_id)
        needs = generations.Needs(residents.tail_of(ledger.vault, person), person.low_doors)
        key = generations.key_of(place, secret, generations.issued_of(connection, place))
        near = (key.generation - 1, key.generation + 1)
        beside = [generations.key_of(place, secret, generation) for generation in near if generation >= 0]
        its = (tables.ticket.c.site == place.id) & (tables.ticket.c.generation == key.generation)
        used = set(connection.scalars(select(tables.ticket.c.serial).where(its)))

        def fits(serial: int) -> bool:
            if serial in used or not key.fits(serial, needs):
                return False
            # The same digits must not be another ticket of a generation that is taken beside this one.
            number = key.number(serial)
            return all(other.number(serial) != number for other in beside)

        serial = next(filter(fits, _candidates()), None)
        if serial is None:
            raise UserError(_none_left(place.name, generations.late(connection, place)))
        label = residents.label(person.name, person.unit)
        if dry_run:
            audit.note(connection, ledger, "ticket new", site=place.name, resident=person.id, dry_run=True)
            return Issued(place.name, label, -1, "", key.generation)
        row = {
            "site": place.id,
            "generation": key.generation,
            "serial": serial,
            "resident": person.id,
            "state": "open",
        }
        connection.execute(insert(tables.ticket).values(**row, issued_ms=now_ms()))
        sight.settle(connection, person.id, [place.id])
        generations.turn_if_due(connection, place, key, needs, now_ms())
        audit.note(connection, ledger, "ticket new", site=place.name, resident=person.id)
    return Issued(place.name, label, serial, key.number(serial), key.generation)


def _refuse_on_hold(person: Row) -> None:
    if person.hold_until_ms is not None and person.hold_until_ms > now_ms():
        raise UserError(
            "Tickets for that resident are on hold, as she wishes: `ansim resident wishes` shows until when."
        )


def _candidates() -> Iterator[int]:
    for _ in range(_DRAWS_MAX):
        yield randbelow(derivation.SERIALS)
    yield from range(derivation.SERIALS)


def _none_left(site: str, late: list[int]) -> str:
    if not late:
        return (
            "This site has no ticket left for that resident: "
            "its ticket key turns as soon as its cabinets can, `ansim link` shows them."
        )
    which = ", ".join(str(number) for number in late[:10])
    return (
        f"{site} has no ticket left for that resident until its new ticket key is everywhere: cabinet "
        f"{which} has not heard of it. Bring its link up, "
        "or take its board out of service with `ansim provision --replace`."
    )


def listing(ledger: Ledger, site: str | None = None, state: str | None = None) -> list[Ticket]:
    """All tickets, the newest first; of one site, or in one state, if it is given."""
    of_ticket = (tables.ticket.c.generation, tables.ticket.c.serial)
    wanted = (
        select(tables.site.c.name, *of_ticket, LABEL, tables.ticket.c.state, tables.ticket.c.issued_ms)
        .select_from(tables.ticket.join(tables.site).outerjoin(tables.resident))
        .order_by(tables.ticket.c.issued_ms.desc(), *of_ticket)
    )
    if state is not None:
        wanted = wanted.where(tables.ticket.c.state == state)
    with ledger.reading() as connection:
        if site is not None:
            wanted = wanted.where(tables.site.c.id == _site(connection, site).id)
        wanted = wanted.where(
            sight.sees_resident(connection, tables.ticket.c.resident),
            sight.sees_site(connection, tables.site.c.id),
        )
        return [Ticket(*row) for row in connection.execute(wanted)]


def revoke(ledger: Ledger, number: str, site: str | None = None, *, dry_run: bool = False) -> Ticket:
    """Takes an open ticket back, by its 9 digits or its 5-digit serial.

    A deposit that a cabinet accepts on it all the same is flagged.

    Raises UserError when the ticket is not of this site, or not open any more,
    or when two are open that have this serial.
    """
    if len(number) not in (5, 9) or not (number.isascii() and number.isdigit()):
        raise UserError("A ticket is 9 digits, or its serial: the first 5 of them.", 2)
    name = site or only_site(ledger)
    with ledger.writing() as connection:
        place = _site(connection, name)
        found = _seen(connection, named(ledger, connection, place, number))
        if not found:
            raise UserError(f"That ticket was not issued at {name}: `ansim ticket list` shows the tickets.")
        open_ = [row for row in found if row.state == "open"]
        if len(open_) > 1:
            raise UserError("Two tickets with that serial are open, of two ticket keys: give all 9 digits.")
        if not open_:
            raise UserError(f"That ticket is {found[0].state} already.")
        row = open_[0]
        here = [
            tables.ticket.c[column] == row._mapping[column] for column in ("site", "generation", "serial")
        ]
        if not dry_run:
            connection.execute(update(tables.ticket).where(*here).values(state="revoked"))
        audit.note(
            connection, ledger, "ticket revoke", site=place.name, resident=row.resident, dry_run=dry_run
        )
    return Ticket(place.name, row.generation, row.serial, row.label, "revoked", row.issued_ms)


def _seen(connection: Connection, found: Sequence[Row]) -> list[Row]:
    its = tables.resident.c.id
    wanted = select(its).where(its.in_([row.resident for row in found]), sight.sees_resident(connection, its))
    seen = {None, *connection.scalars(wanted)}
    return [row for row in found if row.resident in seen]


def named(ledger: Ledger, connection: Connection, place: Row, number: str) -> Sequence[Row]:
    """The tickets of a site (its row) with these 9 digits, or 5 of serial, the newest key first;
    each with the label of its resident.
    """
    ticket = tables.ticket
    here = (ticket.c.site == place.id) & (ticket.c.serial == int(number[:5]))
    wanted = select(ticket, LABEL).outerjoin(tables.resident).where(here).order_by(ticket.c.generation.desc())
    found = connection.execute(wanted).all()
    if len(number) == 5:
        return found
    secret = ledger.vault.open(place.ticket_key, TICKET_SECRET, place.site_id)
    return [
        row
        for row in found
        if same(number, generations.key_of(place, secret, row.generation).number(row.serial))
    ]


def label_of(ledger: Ledger, site: Row, number: str) -> tuple[int, int] | None:
    """Generation and serial of a ticket (9 digits) of a site (its row), whatever has become of it;
    None for none of its tickets.

    Of two generations that give the same digits it is the one of which this host has issued the ticket.
    """
    with ledger.reading() as connection:
        issued = named(ledger, connection, site, number)
    if issued:
        return issued[0].generation, issued[0].serial
    secret = ledger.vault.open(site.ticket_key, TICKET_SECRET, site.site_id)
    for generation in range(site.generation, max(-1, site.generation - 3), -1):
        if same(number, generations.key_of(site, secret, generation).number(int(number[:5]))):
            return generation, int(number[:5])
    return None


def only_site(ledger: Ledger) -> str:
    """The one site of the ledger; raises UserError when there is none or a choice."""
    with ledger.reading() as connection:
        wanted = select(tables.site.c.name).where(sight.sees_site(connection, tables.site.c.id))
        sites = connection.scalars(wanted.order_by(tables.site.c.name)).all()
    if not sites:
        raise UserError("There is no site yet: `ansim provision` founds one with its first cabinet.")
    if len(sites) > 1:
        raise UserError(
            f"Say which site with --site: {', '.join(sites[:10])}{', ...' if len(sites) > 10 else ''}.", 2
        )
    return sites[0]


def _site(connection: Connection, name: str) -> Row:
    row = connection.execute(select(tables.site).where(tables.site.c.name == normal(name))).first()
    if row is None:
        raise UserError("There is no site of that name: `ansim cabinet list` shows the sites.", 2)
    return row
