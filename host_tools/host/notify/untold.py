"""Whose parcel waits while its resident was not told of it: a case after a quarter of an hour,
an alarm after an hour, and at once a case where she has no contact. A letter that was handed over to a
channel that reports what arrives, and did not arrive for a day, is a case too.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, select, text, update

from host_tools.host.care import cases, kinds
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.notifier import HANDED_OVER

CASE_MS = 900_000
ALARM_MS = 3_600_000
NOT_TOLD_MS = 86_400_000  # what was handed over may take so long to arrive
TOLD = "told meanwhile"
REACHED = "she has a contact"

_LOOKED_MAX = 1000
_OF_DEPOSITS = ("deposited", "used label")  # the letters that tell her of a parcel first
_BACK_MS = 86_400_000  # what was given up that long ago has its case

_at = tables.cabinet.c.id
_outbox, _parcel, _case = tables.outbox.c, tables.parcel.c, tables.case.c
_BY_NEED = (kinds.NO_CONTACT, kinds.NOT_TOLD)
# From the parcels that wait, which are no more than doors, to the letters of each by the index of hers.
_ITS = (
    (_parcel.resident == _outbox.resident)
    & (_parcel.serial == _outbox.serial)
    & (_parcel.cabinet == _outbox.cabinet)
    & (_parcel.epoch == _outbox.epoch)
    & (_parcel.door == _outbox.door)
    & (_parcel.counter == _outbox.counter)
    & text("parcel.state = 'waiting'")
)


def look(ledger: Ledger, at_ms: int) -> int:
    """Opens the cases of who waits untold at that time (ms since 1970), and closes those that are over;
    how many wait.
    """
    with ledger.reading() as connection:
        rows = _untold(connection, at_ms)
        silent = _undelivered(connection, at_ms)
        open_ones = _open(connection)
    wanted = [(kind, row) for row in rows for kind in _kinds(row, at_ms)]
    wanted += [(kinds.NOT_TOLD, row) for row in silent]
    still = {row.id for row in rows}
    there = dict.fromkeys((kinds.UNTOLD, kinds.UNTOLD_LONG), still)
    there |= {kind: {_key(kind, row) for of, row in wanted if of == kind} for kind in _BY_NEED}
    over = [row for row in open_ones if row.key not in there[row.kind]]
    known = {(row.kind, row.key) for row in open_ones}
    new = [(kind, row) for kind, row in wanted if (kind, _key(kind, row)) not in known]
    if new or over:
        with ledger.writing() as connection:
            for kind, row in new:
                place = {"site": row.site, "cabinet": row.cabinet, "door": row.door}
                cases.open_case(connection, kind, key=_key(kind, row), **place, at_ms=at_ms, once=True)
            for row in over:
                if row.kind == kinds.NO_CONTACT:
                    if _has_contact(connection, row.key):
                        cases.settle(connection, row.kind, row.key, at_ms, REACHED)
                elif _is_over(connection, row.key, needs_report=row.kind == kinds.NOT_TOLD):
                    cases.settle(connection, row.kind, row.key, at_ms, TOLD)
    return len(rows)


def tell_again(connection: Connection, resident: int) -> int:
    """Has the letters about parcels that wait for a resident, which were given up when she had no contact,
    go out to those that she has now; how many.
    """
    way = select(tables.delivery.c.rank).where(tables.delivery.c.letter == _outbox.sequence)
    wanted = (
        select(_outbox.sequence)
        .select_from(tables.parcel.join(tables.outbox, _ITS))
        .where(_parcel.resident == resident, _outbox.kind.in_(_OF_DEPOSITS), ~way.exists())
        .where(_outbox.sent_ms.is_(None), _outbox.given_up_ms.is_not(None), _outbox.held.is_(None))
    )
    letters = connection.scalars(wanted).all()
    if letters:
        now = {"given_up_ms": None, "routed": False}
        connection.execute(update(tables.outbox).where(_outbox.sequence.in_(letters)).values(**now))
    return len(letters)


def _key(kind: str, row: Row) -> str:
    """Who has no contact is one case with what stays say of the parcel."""
    return str(row.parcel) if kind == kinds.NO_CONTACT else row.id


def _has_contact(connection: Connection, parcel: str) -> bool:
    """Whether the resident of a parcel has a contact now."""
    joined = tables.parcel.join(tables.contact, tables.contact.c.resident == _parcel.resident)
    its = select(_parcel.id).select_from(joined).where(_parcel.id == int(parcel))
    return connection.execute(its.limit(1)).first() is not None


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
    columns = (
        _outbox.id,
        _parcel.id.label("parcel"),
        _outbox.cabinet,
        _outbox.door,
        _outbox.queued_ms,
        _outbox.given_up_ms,
    )
    wanted = (
        select(*columns, tables.cabinet.c.site, way.label("way"))
        .select_from(tables.parcel.join(tables.outbox, _ITS).join(tables.cabinet, _parcel.cabinet == _at))
        .where(_outbox.kind.in_(_OF_DEPOSITS), _outbox.resident.is_not(None))
        .limit(_LOOKED_MAX)
    )
    unsent = wanted.where(_outbox.sent_ms.is_(None)).order_by(_outbox.sequence + 0)
    lost = wanted.where(_outbox.sent_ms.is_not(None), _outbox.given_up_ms >= at_ms - _BACK_MS)
    return [*connection.execute(unsent), *connection.execute(lost)]


def _undelivered(connection: Connection, at_ms: int) -> Sequence[Row]:
    """The letters of parcels that wait which were handed over a day ago, and of which a channel that has
    ever reported anything does not say that they arrived.
    """
    delivery, other = tables.delivery.c, tables.delivery.alias("delivery_1").c
    reports = select(other.letter).where(
        other.channel == delivery.channel, text("delivery_1.state = 'delivered'")
    )
    by_such = (delivery.letter == _outbox.sequence) & (delivery.state == HANDED_OVER) & reports.exists()
    its = (
        (_parcel.cabinet == _outbox.cabinet)
        & (_parcel.epoch == _outbox.epoch)
        & (_parcel.door == _outbox.door)
        & (_parcel.counter == _outbox.counter)
        & (_parcel.resident == _outbox.resident)
        & (_parcel.serial == _outbox.serial)  # for which there is an index
        & text("parcel.state = 'waiting'")
    )
    late = (_outbox.sent_ms <= at_ms - NOT_TOLD_MS) & _outbox.delivered_ms.is_(None)
    late &= _outbox.kind.in_(_OF_DEPOSITS) & _outbox.given_up_ms.is_(None)
    wanted = select(_outbox.id, _outbox.cabinet, _outbox.door, tables.cabinet.c.site)
    joined = tables.parcel.join(tables.outbox, its).join(
        tables.cabinet, tables.cabinet.c.id == _outbox.cabinet
    )
    has = select(delivery.letter).where(by_such).exists()
    return connection.execute(wanted.select_from(joined).where(late, has).limit(_LOOKED_MAX)).all()


def _open(connection: Connection) -> Sequence[Row]:
    ours = _case.kind.in_((kinds.UNTOLD, kinds.UNTOLD_LONG, kinds.NO_CONTACT, kinds.NOT_TOLD))
    wanted = select(_case.kind, _case.key).where(ours, _case.state != cases.CLOSED)
    return connection.execute(wanted).all()


def _is_over(connection: Connection, name: str, *, needs_report: bool) -> bool:
    """Whether she has been told (its arrival was reported, where that is needed), or the parcel is not there
    any more.
    """
    row = connection.execute(
        select(
            _outbox.sent_ms,
            _outbox.given_up_ms,
            _outbox.delivered_ms,
            _outbox.cabinet,
            _outbox.epoch,
            _outbox.door,
            _outbox.counter,
        ).where(_outbox.id == name)
    ).first()
    if row is None:
        return False
    if row.delivered_ms is not None if needs_report else row.sent_ms is not None and row.given_up_ms is None:
        return True
    its = (
        (_parcel.cabinet == row.cabinet)
        & (_parcel.epoch == row.epoch)
        & (_parcel.door == row.door)
        & (_parcel.counter == row.counter)
        & (_parcel.state == "waiting")
    )
    return connection.execute(select(_parcel.state).where(its)).first() is None
