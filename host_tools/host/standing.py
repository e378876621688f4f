"""What the ledger holds of some boards when a turn begins: their places, their waiting parcels, the tickets they name."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from host_tools.host.database import insert_new
from host_tools.host.tables import boot, cabinet, event, parcel, position, ticket
from host_tools.host.times import Last

#: A board in one of its incarnations: the ledger's number of its cabinet, the incarnation.
Key = tuple[int, int]


class Board:
    """A board's place in the ledger."""

    def __init__(self, row: Row) -> None:
        self.cabinet: int = row.cabinet
        self.incarnation: int = row.incarnation
        self.site: int = row.site
        self.epoch: int = row.epoch
        self.applied: int = row.applied
        self.last = Last(row.last_boot, row.last_uptime, row.last_earliest_ms)
        self.anchors: dict[int, int] = {}
        self._board_id: bytes = row.board_id

    def letter_id(self, number: int, kind: str) -> str:
        """The name for ever of what is told about an event: 32 hexadecimal digits."""
        said = self._board_id + self.incarnation.to_bytes(8, "big") + number.to_bytes(4, "big") + kind.encode()
        return sha256(said).hexdigest()[:32]


def boards(connection: Connection, keys: Iterable[Key]) -> dict[Key, Board]:
    """The boards, entered at event number 0 where the ledger has none, with the starts of their boots since their last event."""
    wanted = sorted(set(keys))
    places = [{"cabinet": number, "incarnation": incarnation, "applied": 0} for number, incarnation in wanted]
    connection.execute(insert_new(connection.dialect.name, position), places)
    here = tuple_(position.c.cabinet, position.c.incarnation).in_(wanted)
    last = (
        (event.c.cabinet == position.c.cabinet) & (event.c.incarnation == position.c.incarnation) & (event.c.number == position.c.applied)
    )
    placed = position.join(cabinet, cabinet.c.id == position.c.cabinet).outerjoin(event, last)
    rows = connection.execute(
        select(
            *position.c,
            *(cabinet.c[name] for name in ("site", "board_id", "epoch")),
            func.coalesce(event.c.boot, 0).label("last_boot"),
            func.coalesce(event.c.uptime, 0).label("last_uptime"),
            func.coalesce(event.c.earliest_ms, cabinet.c.enrolled_ms).label("last_earliest_ms"),
        )
        .select_from(placed)
        .where(here)
    )
    found = {(row.cabinet, row.incarnation): Board(row) for row in rows}
    met = (boot.c.cabinet == position.c.cabinet) & (boot.c.incarnation == position.c.incarnation)
    since = boot.c.boot >= func.coalesce(event.c.boot, 0)
    for row in connection.execute(select(*boot.c).select_from(placed.join(boot, met)).where(here, since)):
        found[row.cabinet, row.incarnation].anchors[row.boot] = row.started_ms
    return found


def tickets(connection: Connection, sites: Iterable[int], serials: set[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """The tickets with these serials, by site and serial."""
    if not serials:
        return {}
    rows = connection.execute(select(ticket).where(ticket.c.site.in_(set(sites)), ticket.c.serial.in_(serials)))
    return {(row.site, row.serial): dict(row._mapping) for row in rows}


def uses(connection: Connection, serials: set[int]) -> Counter[tuple[int, int]]:
    """How many deposits each of these serials has made at its site, those not counted that the courier took back."""
    if not serials:
        return Counter()
    made = select(cabinet.c.site, parcel.c.serial, func.count().label("times")).join_from(parcel, cabinet)
    made = made.where(parcel.c.serial.in_(serials), parcel.c.state != "withdrawn").group_by(cabinet.c.site, parcel.c.serial)
    return Counter({(row.site, row.serial): row.times for row in connection.execute(made)})


def waiting(connection: Connection, cabinets: set[int]) -> dict[tuple[int, int, int, int], dict[str, Any]]:
    """The parcels that wait in these cabinets, by cabinet, incarnation, door and counter."""
    rows = connection.execute(select(parcel).where(parcel.c.cabinet.in_(cabinets), parcel.c.state == "waiting"))
    return {(row.cabinet, row.incarnation, row.door, row.counter): dict(row._mapping) for row in rows}
