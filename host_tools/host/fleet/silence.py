"""A board that is in a stranger's hands is silenced: its keys count no more,
and nobody believes what it told of parcels that wait.

Its cabinet is retired with the reason `silenced`, under which lists show it until a board is provisioned with
its number. Nobody knows what lies behind its doors,
so each parcel that waits is a case, and its resident is told.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from host_tools.host.accounts import audit, sight
from host_tools.host.accounts.kept import Kept
from host_tools.host.fleet import orders
from host_tools.host.ledger import lookups, tables
from host_tools.host.ledger.bounds import DISCARDED, FLOOD
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import RETIRED, SILENCED, Ledger
from host_tools.host.ledger.places import Place, cabinet_at
from host_tools.host.notify.letters import Letters
from locker.contract import records
from locker.contract.records import Record


class Silenced(NamedTuple):
    """What was ended with a board, or would be."""

    parcels: int  # that waited in its cabinet
    letters: int  # that were held back, and are discarded
    orders: int  # that waited to be told to it


def silence(ledger: Ledger, place: Place, *, dry_run: bool = False) -> Silenced:
    """Silences the board of a cabinet. Raises UserError where there is no such cabinet."""
    parcel, outbox, command, cabinet = tables.parcel.c, tables.outbox.c, tables.command.c, tables.cabinet
    with ledger.writing() as connection:
        known = cabinet_at(connection, place)
        parcels = connection.execute(
            select(tables.parcel)
            .where(parcel.cabinet == known.id, parcel.state == "waiting")
            .order_by(parcel.id)
        ).all()
        held = (outbox.cabinet == known.id) & (outbox.held == FLOOD)
        waiting = (command.cabinet == known.id) & (command.state == orders.WAITING)
        ended = _counted(connection, known.id, held, waiting)
        if dry_run:
            return ended
        connection.execute(
            update(cabinet).where(cabinet.c.id == known.id).values(state=RETIRED, fault=SILENCED)
        )
        connection.execute(update(tables.outbox).where(held).values(held=DISCARDED))
        at_ms = now_ms()
        connection.execute(
            update(tables.command).where(waiting).values(state=orders.IMPOSSIBLE, ended_ms=at_ms)
        )
        its = (parcel.cabinet == known.id) & (parcel.state == "waiting")
        connection.execute(update(tables.parcel).where(its).values(state="unknown", ended_ms=at_ms))
        _tell(connection, parcels, at_ms)
        audit.note(connection, ledger, "cabinet silence", **place.named())
    return ended


def _counted(
    connection: Connection, cabinet: int, held: ColumnElement[bool], waiting: ColumnElement[bool]
) -> Silenced:
    """How much there is to end, of what the one who acts sees."""
    parcel, outbox = tables.parcel.c, tables.outbox.c
    its = (
        (parcel.cabinet == cabinet) & (parcel.state == "waiting"),
        held & sight.sees_resident(connection, outbox.resident),
        waiting & tables.command.c.sequence.not_in(Kept(connection).orders),
    )
    seen = (its[0] & sight.sees_resident(connection, parcel.resident), *its[1:])
    return Silenced(*(connection.scalar(select(func.count()).where(one)) or 0 for one in seen))


def _tell(connection: Connection, parcels: Sequence[Row], at_ms: int) -> None:
    """Tells staff and residents that nobody knows what became of these parcels."""
    letters = Letters(connection)
    boards = lookups.boards(connection, {(row.cabinet, row.incarnation) for row in parcels})
    for row in parcels:
        found = Record(records.EVENT_LOST, row.door, 0, 0, 0, 0, row.counter)
        letters.lose(
            boards[row.cabinet, row.incarnation],
            found,
            dict(row._mapping),
            Moment(at_ms, at_ms, at_ms),
            SILENCED,
        )
    letters.write()
