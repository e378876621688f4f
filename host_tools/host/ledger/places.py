"""The place of which a person speaks: a cabinet of a site, or one of its doors."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.bounds import doors_on
from host_tools.host.ledger.ledger import RETIRED
from host_tools.host.ledger.names import normal


class Place(NamedTuple):
    """A door of a cabinet; door 0 is the cabinet itself."""

    site: str
    cabinet: int
    door: int = 0

    def named(self) -> dict[str, Any]:
        """Its three parts by their names, as they are noted in the audit."""
        return {"site": normal(self.site), "cabinet": self.cabinet, "door": self.door}


def cabinet_at(connection: Connection, place: Place) -> Row:
    """The row of that cabinet; raises UserError when there is none, or it has no such door."""
    cabinet = tables.cabinet
    here = (
        (tables.site.c.name == normal(place.site))
        & (cabinet.c.number == place.cabinet)
        & (cabinet.c.state != RETIRED)
    )
    row = connection.execute(select(cabinet).join(tables.site).where(here)).first()
    if row is None:
        raise UserError(
            f"There is no cabinet {place.cabinet} at {place.site}: `ansim cabinet list` shows them.",
            2,
            page="no_place",
        )
    doors = doors_on(row.board_name) if place.door else ()
    if doors and place.door not in doors:
        raise UserError(
            f"Cabinet {place.cabinet} of {place.site} has no door {place.door:02d}: "
            f"its doors are {_range(doors)}.",
            2,
            page="no_place",
        )
    return row


def boards_at(connection: Connection, cabinet: Row) -> list[int]:
    """The ledger's numbers of all boards that were ever this cabinet (a row of `cabinet_at`),
    the first one first.
    """
    table = tables.cabinet.c
    same = (table.site == cabinet.site) & (table.number == cabinet.number)
    return list(connection.scalars(select(table.id).where(same).order_by(table.id)))


def _range(doors: Sequence[int]) -> str:
    """`01 to 12`, or each of them where some are left out."""
    if len(doors) > 1 and list(doors) == list(range(doors[0], doors[-1] + 1)):
        return f"{doors[0]:02d} to {doors[-1]:02d}"
    return ", ".join(f"{door:02d}" for door in doors)
