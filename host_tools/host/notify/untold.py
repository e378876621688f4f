"""Whose parcel waits while its resident was not told of it: a case after a quarter of an hour,
an alarm after an hour, and at once a case where she has no contact.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, select, text

from host_tools.host.care import cases, kinds
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger

CASE_MS = 900_000
ALARM_MS = 3_600_000
TOLD = "told meanwhile"

_LOOKED_MAX = 1000
_OF_DEPOSITS = ("deposited", "used label")  # the letters that tell her of a parcel first
_BACK_MS = 86_400_000  # what was given up that long ago has its case

_at = tables.cabinet.c.id
_outbox, _parcel, _case = tables.outbox.c, tables.parcel.c, tables.case.c


def look(ledger: Ledger, at_ms: int) -> int:
    """Opens the cases of who waits untold at that time (ms since 1970), and closes those that are over;
    how many wait.
    """
    with ledger.reading() as connection:
        rows = _untold(connection, at_ms)
        open_ones = _open(connection)
    names = {row.id for row in rows}
    over = [row for row in open_ones if row.key not in names]
    wanted = [(kind, row) for row in rows for kind in _kinds(row, at_ms)]
    known = {(row.kind, row.key) for row in open_ones}
    new = [(kind, row) for kind, row in wanted if (kind, row.id) not in known]
    if new or over:
        with ledger.writing() as connection:
            for kind, row in new:
                place = {"site": row.site, "cabinet": row.cabinet, "door": row.door}
                cases.open_case(connection, kind, key=row.id, **place, at_ms=at_ms, once=True)
            for row in over:
                if _is_over(connection, row.key):
                    cases.settle(connection, row.kind, row.key, at_ms, TOLD)
    return len(rows)


def _kinds(row: Row, at_ms: int) -> Sequence[str]:
    found = []
    if row.given_up_ms is not None and row.way is None:
        found.append(kinds.NO_CONTACT)
    elif at_ms - row.queued_ms >= CASE_MS or row.given_up_ms is not None:
        found.append(kinds.UNTOLD)
    if at_ms - row.queued_ms >= ALARM_MS:
        found.append(kinds.UNTOLD_LONG)
    return found


def _untold(connection: Connection, at_ms: int) -> Sequence[Row]:
    """The letters of parcels that wait, which no contact has: not sent, or reported lost since."""
    first = tables.delivery.c.letter == _outbox.sequence
    way = select(tables.delivery.c.rank).where(first).limit(1).scalar_subquery()
    # From the parcels that wait, which are no more than doors, to the letters of each by the index of hers.
    its = (
        (_parcel.resident == _outbox.resident)
        & (_parcel.serial == _outbox.serial)
        & (_parcel.cabinet == _outbox.cabinet)
        & (_parcel.epoch == _outbox.epoch)
        & (_parcel.door == _outbox.door)
        & (_parcel.counter == _outbox.counter)
        & text("parcel.state = 'waiting'")
    )
    columns = (_outbox.id, _outbox.cabinet, _outbox.door, _outbox.queued_ms, _outbox.given_up_ms)
    wanted = (
        select(*columns, tables.cabinet.c.site, way.label("way"))
        .select_from(tables.parcel.join(tables.outbox, its).join(tables.cabinet, _parcel.cabinet == _at))
        .where(_outbox.kind.in_(_OF_DEPOSITS), _outbox.resident.is_not(None))
        .limit(_LOOKED_MAX)
    )
    unsent = wanted.where(_outbox.sent_ms.is_(None)).order_by(_outbox.sequence + 0)
    lost = wanted.where(_outbox.sent_ms.is_not(None), _outbox.given_up_ms >= at_ms - _BACK_MS)
    return [*connection.execute(unsent), *connection.execute(lost)]


def _open(connection: Connection) -> Sequence[Row]:
    ours = _case.kind.in_((kinds.UNTOLD, kinds.UNTOLD_LONG, kinds.NO_CONTACT))
    wanted = select(_case.kind, _case.key).where(ours, _case.state != cases.CLOSED)
    return connection.execute(wanted).all()


def _is_over(connection: Connection, name: str) -> bool:
    """Whether she has been told, or the parcel is not there any more."""
    row = connection.execute(
        select(
            _outbox.sent_ms,
            _outbox.given_up_ms,
            _outbox.cabinet,
            _outbox.epoch,
            _outbox.door,
            _outbox.counter,
        ).where(_outbox.id == name)
    ).first()
    if row is None or (row.sent_ms is not None and row.given_up_ms is None):
        return row is not None
    its = (
        (_parcel.cabinet == row.cabinet)
        & (_parcel.epoch == row.epoch)
        & (_parcel.door == row.door)
        & (_parcel.counter == row.counter)
        & (_parcel.state == "waiting")
    )
    return connection.execute(select(_parcel.state).where(its)).first() is None
