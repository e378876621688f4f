"""Labels that were used more than once: all parcels that came on one are doubted,
and the last one that is left is not.

Whose use of a label was honest nobody knows here. Staff may: `care.vouch`.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from host_tools.host.ledger import lookups
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.lookups import Board, Serial
from host_tools.host.notify.letters import Letters
from locker.contract.records import Record

Parcels = dict[tuple[int, int, int, int], dict[str, Any]]


class Use(NamedTuple):
    """An event by which the uses of a label became more or fewer."""

    board: Board
    record: Record
    label: Serial
    moment: Moment

    @property
    def name(self) -> str:
        """Tells the letters of one such event from those of another."""
        return f"{self.board.cabinet}.{self.board.incarnation}.{self.record.number}"


def _came_on(
    connection: Connection, parcels: Parcels, sites: dict[int, int], use: Use
) -> list[dict[str, Any]]:
    """The parcels of this turn and of the ledger that came on the label and were not taken back;
    they are in `parcels` afterwards.
    """
    for key, parcel in lookups.deposits(connection, use.board.site, use.label).items():
        parcels.setdefault(key, parcel)
    site = use.board.site
    its = [
        one
        for one in parcels.values()
        if (one["generation"], one["serial"]) == use.label and sites.get(one["cabinet"], site) == site
    ]
    return [one for one in its if one["state"] != "withdrawn"]


def doubt(
    connection: Connection, letters: Letters, parcels: Parcels, sites: dict[int, int], use: Use
) -> None:
    """A label was used again: the parcel that was told as any other is one to doubt, too."""
    for parcel in _came_on(connection, parcels, sites, use):
        if not parcel["flagged"]:
            parcel["flagged"] = True
            letters.correct(parcel, use.name, use.moment)


def trust(
    connection: Connection, letters: Letters, parcels: Parcels, sites: dict[int, int], use: Use
) -> None:
    """The other parcel on a label was taken back:
    the one that is left is as any other, and its resident is told so.
    """
    for parcel in _came_on(connection, parcels, sites, use):
        if parcel["flagged"]:
            parcel["flagged"] = False
            letters.clear(parcel, use.name, use.moment)
