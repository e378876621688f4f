"""What is looked after without being told: hours in which nobody is on call, and the daily test page
with which each account on call proves that pages reach it.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from host_tools.errors import UserError
from host_tools.host.care import cases, duty, kinds, paging
from host_tools.host.care.escalation import AGAIN_MS
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import moment

AHEAD_MS = 7 * 86_400_000
PROVED_WITHIN_MS = 2 * 3_600_000
TEST_MINUTE = 600  # of the day, in the host's zone: 10:00
CODE_DIGITS = 6
_DAY_MS = 86_400_000
_KEPT_DAYS = 90

_proof, _account, _case = tables.proof.c, tables.account.c, tables.case.c


def look_for_gaps(connection: Connection, at_ms: int) -> None:
    """Opens a case for each site where nobody will be on call at some time in the 7 days after `at_ms`
    (since 1970), and settles those of sites where somebody always is.

    A case that a person has closed is not opened again within a day.
    """
    for site in connection.scalars(select(tables.site.c.id).order_by(tables.site.c.id)).all():
        found = gaps_of(connection, site, at_ms)
        is_accepted = _was_closed(connection, str(site), at_ms)
        if not found or (is_accepted and found[0][0] > at_ms):
            cases.settle(connection, kinds.NOBODY_ON_CALL, str(site), at_ms, "filled")
        elif not is_accepted:
            begin, end = found[0]
            key = {"key": str(site), "site": site}
            case = cases.open_case(connection, kinds.NOBODY_ON_CALL, **key, at_ms=at_ms)
            _say_span(connection, case, begin, end, at_ms, len(found))


def gaps_of(connection: Connection, site: int | None, at_ms: int) -> list[tuple[int, int]]:
    """The spans in the 7 days after that time (ms since 1970) in which nobody is on call for a site."""
    hours, stand_ins, zone = paging.plan_of(connection, site)
    return duty.gaps(hours, stand_ins, duty.zone_of(zone), at_ms, at_ms + AHEAD_MS)


def _was_closed(connection: Connection, key: str, at_ms: int) -> bool:
    """Whether a person has closed such a case within the day."""
    its = (_case.kind == kinds.NOBODY_ON_CALL) & (_case.key == key) & (_case.closed_by != "")
    closed_ms = connection.scalar(select(func.max(_case.closed_ms)).where(its))
    return closed_ms is not None and closed_ms > at_ms - _DAY_MS


def _say_span(connection: Connection, case: int, begin: int, end: int, at_ms: int, count: int) -> None:
    since = "now" if begin <= at_ms else moment(begin)
    until = "a week from now on" if end >= at_ms + AHEAD_MS else moment(end)
    more = f", and {count - 1} more times within a week" if count > 1 else ""
    words = f"nobody is on call from {since} until {until}{more}"
    same = (tables.case_note.c.case_id == case) & (tables.case_note.c.what == "span")
    if connection.execute(select(tables.case_note.c.id).where(same).limit(1)).first() is None:
        row = {"case_id": case, "at_ms": at_ms, "by": "", "what": "span", "words": words}
        connection.execute(insert(tables.case_note).values(**row))


def accounts_on_duty(connection: Connection) -> Sequence[Row]:
    """The accounts that have hours of duty, with `minute`, when each gets its test page."""
    at = func.coalesce(tables.proof_time.c.minute, TEST_MINUTE).label("minute")
    joined = tables.account.outerjoin(tables.proof_time, tables.proof_time.c.account == _account.id)
    has_hours = select(tables.duty.c.account)
    wanted = select(_account.id, _account.name, _account.contact, at).select_from(joined)
    wanted = wanted.where(_account.ended_ms.is_(None), _account.id.in_(has_hours)).order_by(_account.id)
    return connection.execute(wanted).all()


def write_proofs(connection: Connection, at_ms: int) -> None:
    """Writes today's test page of each account whose time for it has come, and opens cases for those that
    were not proved within 2 h. `at_ms`: since 1970.
    """
    zone = duty.zone_of("")
    now = datetime.fromtimestamp(at_ms / 1000, zone)
    today, minute = now.date().isoformat(), now.hour * 60 + now.minute
    for row in accounts_on_duty(connection):
        newest = connection.scalar(select(func.max(_proof.day)).where(_proof.account == row.id))
        # A clock that was put back repeats no day.
        if row.minute <= minute and (newest is None or newest < today):
            code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
            values = {"account": row.id, "day": today, "code": code, "due_ms": at_ms}
            connection.execute(insert(tables.proof).values(**values))
    late = _proof.proved_ms.is_(None) & _proof.missed_ms.is_(None)
    for row in connection.execute(
        select(tables.proof).where(late, _proof.due_ms <= at_ms - PROVED_WITHIN_MS)
    ).all():
        cases.open_case(connection, kinds.UNPROVED, key=str(row.account), at_ms=at_ms)
        connection.execute(update(tables.proof).where(_proof.id == row.id).values(missed_ms=at_ms))
    oldest = (now.date() - timedelta(days=_KEPT_DAYS)).isoformat()
    connection.execute(delete(tables.proof).where(_proof.day < oldest))


def waiting_proofs(connection: Connection, at_ms: int) -> Sequence[Row]:
    """The test pages that were not handed over yet, with `contact`, `name` and the `language` that all sites
    have, if they have one; older ones than 2 h are not handed over any more. `at_ms`: since 1970.
    """
    joined = tables.proof.join(tables.account, _proof.account == _account.id)
    first, last = func.min(tables.site.c.language), func.max(tables.site.c.language)
    language = select(case((first == last, first), else_="")).scalar_subquery().label("language")
    wanted = select(tables.proof, _account.contact, _account.name, language).select_from(joined)
    still = _proof.handed_ms.is_(None) & _proof.proved_ms.is_(None) & (_account.contact != "")
    return connection.execute(
        wanted.where(still, _proof.due_ms > at_ms - PROVED_WITHIN_MS, _proof.due_ms <= at_ms)
    ).all()


def proof_handed(connection: Connection, proof: int, at_ms: int) -> None:
    """A test page was handed over at that time (ms since 1970)."""
    connection.execute(update(tables.proof).where(_proof.id == proof).values(handed_ms=at_ms))


def prove(connection: Connection, code: str, at_ms: int) -> str:
    """Somebody says the code of a test page at that time (ms since 1970): the name of the account that is
    proved by it. Raises UserError for a code that is none of the last day's.
    """
    joined = tables.proof.join(tables.account, _proof.account == _account.id)
    recent = (_proof.code == code) & (_proof.due_ms > at_ms - _DAY_MS)
    row = connection.execute(
        select(tables.proof, _account.name).select_from(joined).where(recent).order_by(_proof.id.desc())
    ).first()
    if row is None:
        raise UserError("That is no code of a test page of the last day: type the newest one.")
    if row.proved_ms is None:
        connection.execute(update(tables.proof).where(_proof.id == row.id).values(proved_ms=at_ms))
        cases.settle(connection, kinds.UNPROVED, str(row.account), at_ms, "reached")
    return row.name


def is_due(connection: Connection, at_ms: int) -> bool:
    """Whether at that time (ms since 1970) a shelf ends, or a step of an alarm's pages is due."""
    shelved = (_case.state == cases.SHELVED) & (_case.shelved_until_ms <= at_ms)
    step = (_case.step_due_ms <= at_ms) | (_case.step_due_ms > at_ms + AGAIN_MS)  # the clock was put back
    return connection.execute(select(_case.id).where(shelved | step).limit(1)).first() is not None
