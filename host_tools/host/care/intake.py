"""The one place where alarms of the ledger become cases.

An alarm that is still to become one says so itself (`alarm.case_id` is null), and the case and that note are
of one transaction: wherever the host is killed, each alarm is counted once.
"""

from sqlalchemy import Connection, Row, select, update

from host_tools.host.care import cases, kinds
from host_tools.host.ledger import aside, tables
from host_tools.host.ledger.event_time import Moment

BATCH_MAX = 500

_alarm = tables.alarm.c
_NEW = (
    select(tables.alarm, tables.cabinet.c.site)
    .select_from(tables.alarm.join(tables.cabinet))
    .where(_alarm.case_id.is_(None))
    .order_by(_alarm.raised_ms, _alarm.cabinet, _alarm.incarnation, _alarm.number, _alarm.kind)
    .limit(BATCH_MAX)
)


def take_in(connection: Connection, at_ms: int) -> int:
    """Makes cases of the alarms that are none yet, BATCH_MAX at most, at `at_ms` since 1970; how many."""
    rows = connection.execute(_NEW).all()
    for row in rows:
        case = _case_of(connection, row, at_ms)
        its = (_alarm.cabinet == row.cabinet) & (_alarm.incarnation == row.incarnation)
        its &= (_alarm.number == row.number) & (_alarm.kind == row.kind)
        connection.execute(update(tables.alarm).where(its).values(case_id=case))
    return len(rows)


def are_waiting(connection: Connection) -> bool:
    """Whether an alarm is still to become a case."""
    return connection.execute(_NEW.limit(1)).first() is not None


def cause_of(row: Row, kind: str) -> str:
    """The key of the case that an alarm (a row of that table) is of: its cabinet, with the door where
    doors are causes of their own.
    """
    return f"{row.cabinet}/{row.door}" if kinds.kind_of(kind).by_door else str(row.cabinet)


def _case_of(connection: Connection, row: Row, at_ms: int) -> int:
    late = _late_answer(connection, row)
    if late is not None:
        newer = _newer_call(connection, late)
        if newer is not None:
            return newer
        call = _unanswered_call(connection, late)
        if call is not None:
            cases.unanswered(connection, call, at_ms)
            return call
    kind = _kind_of(connection, row)
    key = cause_of(row, kind)
    case = tables.case.c
    same = (case.kind == kind) & (case.key == key) & (case.state != cases.CLOSED)
    known = connection.scalar(select(case.id).where(same))
    if known is not None:
        cases.again(connection, known, at_ms, row.raised_ms)
    earliest_ms = row.raised_ms if row.earliest_ms is None else row.earliest_ms
    latest_ms = row.raised_ms if row.latest_ms is None else row.latest_ms
    found = cases.open_case(
        connection,
        kind,
        key=key,
        site=row.site,
        cabinet=row.cabinet,
        door=row.door,
        at_ms=at_ms,
        happened=Moment(earliest_ms, latest_ms, row.raised_ms),
    )
    of_event = {"incarnation": row.incarnation, "number": row.number}
    if row.incarnation:  # else it is about no event
        connection.execute(update(tables.case).where(case.id == found).values(**of_event))
    return found


def _kind_of(connection: Connection, row: Row) -> str:
    """An alarm's name is that of its case; a forced door is another matter where a parcel is behind it."""
    if row.kind != kinds.FORCED:
        return row.kind if row.kind in kinds.KINDS else kinds.OTHER
    parcel = tables.parcel.c
    here = (parcel.cabinet == row.cabinet) & (parcel.door == row.door)
    # It may have been collected since it was told of; it counts where it had come before.
    latest_ms = row.raised_ms if row.latest_ms is None else row.latest_ms
    there = (parcel.deposited_ms <= row.raised_ms) & (
        parcel.ended_ms.is_(None) | (parcel.ended_ms >= latest_ms)
    )
    found = connection.scalar(select(parcel.id).where(here, there).limit(1))
    return kinds.FORCED if found is not None else kinds.FORCED_EMPTY


def _late_answer(connection: Connection, row: Row) -> Row | None:
    """The order that answered a call whose cabinet's screen could not show it, where the alarm is of that."""
    if row.kind != aside.ANSWERED_LATE:
        return None
    return connection.execute(select(tables.command).where(tables.command.c.sequence == row.number)).first()


def _newer_call(connection: Connection, late: Row) -> int | None:
    """The case of a call that was rung after the one that was answered: people are told of that already."""
    case = tables.case.c
    its = (case.kind == kinds.BELL) & (case.cabinet == late.cabinet) & (case.state != cases.CLOSED)
    its &= (case.number > late.a) & (case.last_ms >= late.queued_ms)
    return connection.scalar(select(case.id).where(its))


def _unanswered_call(connection: Connection, late: Row) -> int | None:
    """The case of the call whose answer came too late to be shown, if that is still the last call of a case
    that is not closed, and no other answer of it was shown.
    """
    order, case = tables.command.c, tables.case.c
    shown = (order.cabinet == late.cabinet) & (order.kind == late.kind) & (order.a == late.a)
    shown &= order.state == "done"
    its = (case.kind == kinds.BELL) & (case.cabinet == late.cabinet) & (case.number == late.a)
    its &= (case.state != cases.CLOSED) & (case.last_ms <= late.queued_ms)
    since_ms = select(case.last_ms).where(its).scalar_subquery()
    if (
        connection.scalar(select(order.sequence).where(shown, order.queued_ms >= since_ms).limit(1))
        is not None
    ):
        return None
    return connection.scalar(select(case.id).where(its))
