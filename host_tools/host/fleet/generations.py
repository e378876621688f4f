"""Ticket keys turn: a site's tickets are made with a key of a generation,
and the next one begins before the serials run out.

    ordered    the site's generation grows; each of its cabinets is ordered to take it,
               and goes on taking the one before
    taken      every enrolled cabinet has reported it: tickets are issued of it; until then of the one before
    expired    labels of two generations ago, which cabinets refuse from their turn on

A serial fits a resident by its tail and by whether it asks for a low door, so each tail is two classes of
serials (about 82 that ask for one and 246 that do not, a generation), and having none is two more. The key
turns when three quarters of a class are issued. See docs/decisions/0100-generations-of-ticket-keys.md and
0234-low-doors.md.
"""

from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, Row, Select, func, select, update

from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import ENROLLED, Ledger
from locker.contract import commands
from locker.contract import tickets as derivation
from locker.contract.codes import NO_TAIL

ISSUED_MIN = 30  # tickets of a class below which it cannot be near its end
LEFT_MIN = 16  # serials of a class, below which no label is young enough to hold the turn back
YOUNG_MS = 30 * 86_400_000  # a label that is not used after so long is lost, or never was stuck on
_LOW = NO_TAIL + 1  # of a class: from here on its serials ask for a low door
_AGAIN_MS = 3_600_000  # to a cabinet that could not turn: its journal was full, or a courier was there


class Needs(NamedTuple):
    """What the serials of a resident must say."""

    tail: int | None = None  # her safe tail, None for none
    low: bool = False  # she needs a low door


class Key(NamedTuple):
    """A ticket key of a site."""

    generation: int
    key: bytes
    rule: int
    site_id: bytes

    def number(self, serial: int) -> str:
        """The 9 digits."""
        return derivation.ticket(self.key, self.site_id, serial)

    def class_of(self, serial: int) -> int:
        """The class of a serial: its safe tail, or NO_TAIL when it has none, behind _LOW where it asks for
        a low door.
        """
        asks = _LOW if derivation.is_low(self.key, self.site_id, serial) else 0
        return asks + min(NO_TAIL, derivation.tail(self.key, self.site_id, serial, self.rule))

    def fits(self, serial: int, needs: Needs) -> bool:
        """Whether it is one for a resident with those needs.

        Under the key of an old site every serial has a tail, so that one without a tail has any.
        """
        found = self.class_of(serial)
        return found == _class_for(needs) or (
            needs.tail is None and not self.rule and found // _LOW == needs.low
        )


def key_of(place: Row, secret: bytes, generation: int) -> Key:
    """The key of a generation of a site (its row); `secret` is its ticket secret."""
    key, rule = derivation.keyed(secret, generation, place.is_old)
    return Key(generation, key, rule, place.site_id)


def issued_of(connection: Connection, place: Row) -> int:
    """The generation that tickets of a site are issued of:
    the newest that every enrolled cabinet of it takes.
    """
    taken = connection.scalar(select(func.min(_PRESENT.c.generation)).where(_PRESENT.c.site == place.id))
    return place.generation if taken is None else max(taken, place.generation - 1, 0)


def late(connection: Connection, place: Row) -> list[int]:
    """The numbers of its cabinets that have not taken the newest generation yet."""
    here = (_PRESENT.c.site == place.id) & (_PRESENT.c.generation < place.generation)
    return list(connection.scalars(select(_PRESENT.c.number).where(here).order_by(_PRESENT.c.number)))


def turn_if_due(connection: Connection, place: Row, key: Key, needs: Needs, at_ms: int) -> bool:
    """Turns the key of a site when the class of a resident's serials comes to its end. Whether it did."""
    if (
        key.generation != place.generation
        or key.generation == derivation.GENERATION_MAX
        or not _can_all(connection, place)
    ):
        return False
    its = (tables.ticket.c.site == place.id) & (tables.ticket.c.generation == key.generation)
    issued = list(connection.scalars(select(tables.ticket.c.serial).where(its)))
    if sum(key.fits(serial, needs) for serial in issued) < ISSUED_MIN:
        return False
    fitting = (
        [serial for serial in range(derivation.SERIALS) if key.fits(serial, needs)]
        if not key.rule
        else _class(key, needs)
    )
    left = len(set(fitting) - set(issued))
    if left * 4 > len(fitting) or (left >= LEFT_MIN and _young(connection, place, key.generation - 1, at_ms)):
        return False
    _turn(connection, place, at_ms)
    return True


@lru_cache(maxsize=128)
def _class(key: Key, needs: Needs) -> list[int]:
    wanted = _class_for(needs)
    classes = _classes(key)
    return [serial for serial in range(derivation.SERIALS) if classes[serial] == wanted]


def _class_for(needs: Needs) -> int:
    return (_LOW if needs.low else 0) + (NO_TAIL if needs.tail is None else needs.tail)


@lru_cache(maxsize=2)
def _classes(key: Key) -> bytes:
    return bytes(key.class_of(serial) for serial in range(derivation.SERIALS))


def look_after(ledger: Ledger, at_ms: int) -> None:
    """Turns the first key of old sites once the labels that would die with it are old,
    and asks cabinets that have not turned again.

    An older ledger that was restored may know of fewer turns than the cabinets of a site: it goes on behind
    those that all have taken. What one cabinet says moves the others' key nowhere.
    """
    with ledger.reading() as connection:
        ahead = connection.execute(_AHEAD).all()
        old = connection.execute(
            select(tables.site).where(tables.site.c.is_old, tables.site.c.generation == 0)
        ).all()
        behind = connection.execute(_BEHIND.where(~_asked(at_ms).exists())).all()
        due = [
            place
            for place in old
            if not _young(connection, place, 0, at_ms, derivation.SERIALS) and _can_all(connection, place)
        ]
    if due or behind or ahead:
        with ledger.writing() as connection:
            for place in ahead:
                _begin(connection, place, place.taken)
            for place in due:
                _turn(connection, place, at_ms)
            for row in behind:
                orders.queue(connection, row.id, [Order(commands.TURN_TICKETS, a=row.newest)], at_ms)


def _turn(connection: Connection, place: Row, at_ms: int) -> None:
    newest = place.generation + 1
    _begin(connection, place, newest)
    for cabinet in connection.scalars(select(_PRESENT.c.id).where(_PRESENT.c.site == place.id)).all():
        orders.queue(connection, cabinet, [Order(commands.TURN_TICKETS, a=newest)], at_ms)


def _begin(connection: Connection, place: Row, newest: int) -> None:
    """The site's key is of that generation; labels of two ago and more are expired."""
    connection.execute(update(tables.site).where(tables.site.c.id == place.id).values(generation=newest))
    ticket = tables.ticket.c
    gone = (ticket.site == place.id) & (ticket.state == "open") & (ticket.generation < newest - 1)
    if newest == 1 and place.is_old:
        gone = (ticket.site == place.id) & (ticket.state == "open") & (ticket.serial >= derivation.SERIALS)
    connection.execute(update(tables.ticket).where(gone).values(state="expired"))


def _young(connection: Connection, place: Row, generation: int, at_ms: int, serial_min: int = 0) -> bool:
    """Whether a label that may still be on its way is of that generation."""
    ticket = tables.ticket.c
    its = (ticket.site == place.id) & (ticket.generation == generation) & (ticket.serial >= serial_min)
    newest = connection.scalar(select(func.max(ticket.issued_ms)).where(its, ticket.state == "open"))
    return newest is not None and newest > at_ms - YOUNG_MS


def _can_all(connection: Connection, place: Row) -> bool:
    """Whether every enrolled cabinet has the newest generation,
    and a firmware that knows of them and of codes by the newest rule.
    """
    rows = connection.execute(select(_PRESENT).where(_PRESENT.c.site == place.id)).all()
    return all(row.generation >= place.generation and orders.rule_of(row.build) for row in rows)


def _present() -> Select:
    """The enrolled cabinets, each with the generation that it has taken."""
    cabinet, position = tables.cabinet.c, tables.position.c
    here = (position.cabinet == cabinet.id) & (position.incarnation == cabinet.incarnation)
    generation = func.coalesce(position.generation, cabinet.generation).label("generation")
    wanted = select(cabinet.id, cabinet.site, cabinet.number, cabinet.build, generation)
    return wanted.select_from(tables.cabinet.outerjoin(tables.position, here)).where(
        cabinet.state == ENROLLED
    )


_PRESENT = _present().subquery("present")
_BEHIND = (
    select(_PRESENT.c.id, tables.site.c.generation.label("newest"))
    .join_from(_PRESENT, tables.site, tables.site.c.id == _PRESENT.c.site)
    .where(_PRESENT.c.generation < tables.site.c.generation)
)

_AHEAD = (
    select(tables.site.c.id, tables.site.c.is_old, func.min(_PRESENT.c.generation).label("taken"))
    .join_from(_PRESENT, tables.site, tables.site.c.id == _PRESENT.c.site)
    .group_by(tables.site.c.id, tables.site.c.is_old, tables.site.c.generation)
    .having(func.min(_PRESENT.c.generation) > tables.site.c.generation)
)


def _asked(at_ms: int) -> Select:
    """An order to turn that a cabinet has had lately, or still waits for."""
    command = tables.command.c
    lately = (command.state == orders.WAITING) | (command.queued_ms > at_ms - _AGAIN_MS)
    return select(command.sequence).where(
        command.cabinet == _PRESENT.c.id, command.kind == commands.TURN_TICKETS, lately
    )
