"""Pages: who is told of which alarm, and what became of it.

Rows come from escalation.py by the step that a case is at, in one transaction with that step; a row is one
message to one person, and keeps its id whatever happens to the host.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, Row, Table, func, or_, select, update

from host_tools.host.care import cases, duty, escalation, kinds, unrelated
from host_tools.host.care.duty import Hours, StandIn
from host_tools.host.care.escalation import ALL, Due
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_new

WAITING, HANDED, FAILED, VOID = "waiting", "handed", "failed", "void"
DISPATCHER = "dispatcher"
NO_CONTACT = "no contact"
BATCH_MAX = 200
_FIRST_AGAIN_MS = 5_000
_AGAIN_MAX_MS = 60_000
_STEPS_MAX = 4  # that one case takes in one look: those that find nobody follow at once
_REASON_MAX = 128

_case, _page, _account = tables.case.c, tables.page.c, tables.account.c
_alarm = tables.alarm.c
#: The last alarm of a case, where that is about an event.
_is_last = (_alarm.cabinet == _case.cabinet) & (_alarm.case_id == _case.id)
_is_last &= (_alarm.incarnation == _case.incarnation) & (_alarm.number == _case.number)


def plan_of(connection: Connection, site: int | None) -> tuple[list[Hours], list[StandIn], str]:
    """The hours and stand-ins of accounts that still work here, for a site (None: for what is of no site),
    and the name of its time zone.
    """

    def of(table: Table) -> Sequence[Row]:
        its = table.c.site.is_(None) if site is None else or_(table.c.site.is_(None), table.c.site == site)
        works = table.join(tables.account, table.c.account == _account.id)
        wanted = select(table).select_from(works).where(its, _account.ended_ms.is_(None))
        return connection.execute(wanted.order_by(table.c.id)).all()

    def day(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None

    hours = [
        Hours(row.account, row.rank, row.days, row.from_minute, row.until_minute, *map(day, row[-2:]))
        for row in of(tables.duty)
    ]
    stand_ins = [StandIn(row.account, row.from_ms, row.until_ms) for row in of(tables.stand_in)]
    zone = (
        "" if site is None else connection.scalar(select(tables.site.c.zone).where(tables.site.c.id == site))
    )
    return hours, stand_ins, zone or ""


def on_call(connection: Connection, site: int | None, at_ms: int) -> tuple[int, ...]:
    """The accounts on call for a site at that time (ms since 1970), the first to be told first."""
    hours, stand_ins, zone = plan_of(connection, site)
    return duty.on_call(hours, stand_ins, duty.zone_of(zone), at_ms)


def alone_on_call(connection: Connection, account: int, at_ms: int) -> list[str]:
    """The sites for which nobody but that account is on call at that time (ms since 1970)."""
    site = tables.site.c
    rows = connection.execute(select(site.id, site.name).order_by(site.name)).all()
    return [row.name for row in rows if on_call(connection, row.id, at_ms) == (account,)]


def dispatchers(connection: Connection, site: int | None) -> list[int]:
    """The accounts with that role that see a site."""
    sees = tables.account_site.c
    rows = connection.execute(select(_account.id, _account.roles).where(_account.ended_ms.is_(None)))
    found = []
    for row in rows.all():
        if DISPATCHER in row.roles.split():
            sites = set(connection.scalars(select(sees.site).where(sees.account == row.id)))
            if not sites or site in sites:
                found.append(row.id)
    return found


def write_due(connection: Connection, at_ms: int) -> int:
    """Writes the pages whose step is due at that time (ms since 1970); how many."""
    _stop_related(connection, at_ms)
    wanted = select(tables.case).where(_case.state == cases.OPEN, _case.step_due_ms.is_not(None))
    written = 0
    for row in connection.execute(wanted.order_by(_case.step_due_ms, _case.id)).all():
        due = escalation.clamped(Due(row.step, row.step_due_ms), at_ms)
        for _ in range(_STEPS_MAX):
            if not escalation.is_due(due, at_ms):
                break
            reached = _write_step(connection, row, due.step, at_ms)
            written += len(reached)
            due = escalation.after(due, at_ms, failed=not reached)
        if (due.step, due.due_ms) != (row.step, row.step_due_ms):
            values = {"step": due.step, "step_due_ms": due.due_ms}
            connection.execute(update(tables.case).where(_case.id == row.id).values(**values))
    return written


def _stop_related(connection: Connection, at_ms: int) -> None:
    """Pages to accounts that were related to her since: the next one is told at once."""
    rows = connection.execute(select(_page.id, _page.case_id, _page.account).where(_page.state == WAITING))
    for row in rows.all():
        if unrelated.is_kept_from(connection, row.case_id, row.account):
            connection.execute(update(tables.page).where(_page.id == row.id).values(state=VOID))
            its = (_case.id == row.case_id) & _case.step_due_ms.is_not(None)
            connection.execute(update(tables.case).where(its).values(step_due_ms=at_ms))


def _write_step(connection: Connection, case: Row, step: int, at_ms: int) -> list[int]:
    """Writes the pages of one step; the accounts that have a contact to be reached at."""
    everybody = on_call(connection, case.site, at_ms)
    listed = _unrelated(connection, case, everybody)
    accounts = list(escalation.told(step, listed))
    if step >= ALL:
        if not everybody:
            _say_nobody(connection, case, at_ms)
        elif not listed:
            _say_nobody_unrelated(connection, case, at_ms)
        if not listed or not _any_handed(connection, case):
            its = _unrelated(connection, case, dispatchers(connection, case.site))
            accounts = list(dict.fromkeys([*accounts, *its]))
    contacts = {row.id: row.contact for row in connection.execute(select(_account.id, _account.contact))}
    rows = [
        {
            "case_id": case.id,
            "account": account,
            "round": case.round,
            "step": step,
            "due_ms": at_ms,
            "state": WAITING if contacts.get(account) else FAILED,
            "reason": "" if contacts.get(account) else NO_CONTACT,
        }
        for account in accounts
    ]
    if rows:
        older = (_page.case_id == case.id) & (_page.state == WAITING) & _page.account.in_(accounts)
        connection.execute(update(tables.page).where(older).values(state=VOID))
        connection.execute(insert_new(connection.dialect.name, tables.page), rows)
    reached = [row["account"] for row in rows if row["state"] == WAITING]
    if (step >= ALL and not reached) or (step > ALL and not _any_handed(connection, case)):
        _say_failed(connection, case, at_ms)
    return reached


def _unrelated(connection: Connection, case: Row, accounts: Sequence[int]) -> list[int]:
    """Those who may hear of a case, in their order: who is related to her whose door it is has no turn."""
    return [one for one in accounts if not unrelated.is_kept_from(connection, case.id, one)]


def _any_handed(connection: Connection, case: Row) -> bool:
    its = (_page.case_id == case.id) & (_page.round == case.round) & (_page.state == HANDED)
    return connection.execute(select(_page.id).where(its).limit(1)).first() is not None


def _say_nobody(connection: Connection, case: Row, at_ms: int) -> None:
    """In the one case of hours without anybody at its site, which may be open beforehand (watch.py); not
    again where a person has closed that since this alarm came.
    """
    key = str(case.site or 0)
    closed = (_case.kind == kinds.NOBODY_ON_CALL) & (_case.key == key) & (_case.closed_by != "")
    closed &= _case.closed_ms >= case.opened_ms
    if connection.execute(select(_case.id).where(closed).limit(1)).first() is None:
        cases.open_case(connection, kinds.NOBODY_ON_CALL, key=key, site=case.site, at_ms=at_ms)


def _say_nobody_unrelated(connection: Connection, case: Row, at_ms: int) -> None:
    """Of no place: whoever reads it is not to know whose door it is about."""
    key = unrelated.key_of(case.id)
    cases.open_case(connection, kinds.NOBODY_UNRELATED, key=key, at_ms=at_ms, once=True)


def _say_failed(connection: Connection, case: Row, at_ms: int) -> None:
    place = {"site": case.site, "cabinet": case.cabinet, "door": case.door}
    cases.open_case(
        connection, kinds.PAGE_FAILED, key=unrelated.key_of(case.id), **place, at_ms=at_ms, once=True
    )


def untold(connection: Connection) -> Sequence[Row]:
    """The open alarms of which nobody was told, for no page could be handed over, as cases.CASES has them."""
    return connection.execute(cases.CASES.where(cases.NOBODY_TOLD).order_by(_case.id)).all()


def why_failed(connection: Connection, case: int) -> list[str]:
    """Why pages about a case could not be handed over until now, each reason once."""
    lost = (_page.case_id == case) & _page.state.in_((FAILED, WAITING)) & (_page.reason != "")
    found = select(_page.reason).where(lost).order_by(_page.id)
    return list(dict.fromkeys(connection.scalars(found)))


def tell_loss(connection: Connection, case: Row, name: str, at_ms: int) -> bool:
    """An account (its name) had taken a case and has it no longer, by somebody else, at that time (ms since
    1970): a page says so, apart from those of its steps. Whether there is a contact for it.
    """
    its = (_account.name == name) & _account.ended_ms.is_(None) & (_account.contact != "")
    account = connection.scalar(select(_account.id).where(its))
    if account is None or unrelated.is_kept_from(connection, case.id, account):
        return False
    of_round = (_page.case_id == case.id) & (_page.round == case.round)
    first = connection.scalar(select(func.min(_page.step)).where(of_round))
    row = {"case_id": case.id, "account": account, "round": case.round, "step": min(first or 0, 0) - 1}
    connection.execute(tables.page.insert().values(**row, due_ms=at_ms, state=WAITING))
    return True


def tell_newcomer(connection: Connection, account: int, at_ms: int) -> None:
    """Somebody is on call anew at that time (ms since 1970): where alarms are open of which this account was
    not told, all who are on call are told at once.
    """
    wanted = select(tables.case).where(_case.state == cases.OPEN, _case.step_due_ms.is_not(None))
    for row in connection.execute(wanted).all():
        told = (_page.case_id == row.id) & (_page.round == row.round) & (_page.account == account)
        known = connection.execute(select(_page.id).where(told).limit(1)).first() is not None
        if not known and account in on_call(connection, row.site, at_ms):
            values = {"step": max(row.step, ALL), "step_due_ms": at_ms}
            connection.execute(update(tables.case).where(_case.id == row.id).values(**values))


def waiting(connection: Connection, at_ms: int) -> Sequence[Row]:
    """The pages that are to be handed over at that time (ms since 1970), with `contact` and `name` of their
    account, all columns of their case behind `case_`, and of its place `site_name`, `number`, `language` and
    `zone`, None where it has none; `earliest_ms`, `latest_ms` and `heard_ms` of its last time;
    `is_unanswered`: its screen never showed the answer to the last call; the oldest first.
    """
    of_case = [column.label(f"case_{column.name}") for column in tables.case.c if column.name != "id"]
    cabinet, site = tables.cabinet.c, tables.site.c
    joined = (
        tables.page.join(tables.case, _page.case_id == _case.id)
        .join(tables.account, _page.account == _account.id)
        .outerjoin(tables.cabinet, _case.cabinet == cabinet.id)
        .outerjoin(tables.site, func.coalesce(_case.site, cabinet.site) == site.id)
        .outerjoin(tables.alarm, _is_last)
    )
    note = tables.case_note.c
    since = (note.case_id == _case.id) & (note.what == cases.UNANSWERED) & (note.at_ms >= _case.last_ms)
    is_unanswered = select(note.id).where(since).correlate(tables.case).exists()
    place = (site.name.label("site_name"), cabinet.number, site.language, site.zone)
    place += (is_unanswered.label("is_unanswered"),)
    last = (
        func.coalesce(_alarm.earliest_ms, _alarm.raised_ms, _case.earliest_ms).label("earliest_ms"),
        func.coalesce(_alarm.latest_ms, _alarm.raised_ms, _case.latest_ms).label("latest_ms"),
        func.coalesce(_alarm.raised_ms, _case.heard_ms).label("heard_ms"),
    )
    wanted = (
        select(tables.page, _account.contact, _account.name, *of_case, *place, *last)
        .select_from(joined)
        .where(_page.state == WAITING, _page.due_ms <= at_ms)
        .order_by(_page.due_ms, _page.id)
        .limit(BATCH_MAX)
    )
    return connection.execute(wanted).all()


def message_id(page: Row) -> str:
    """The id of its message: the same whenever it is handed over."""
    name = f"page {page.case_opened_ms} {page.case_id} {page.round} {page.step} {page.account}"
    return sha256(name.encode()).hexdigest()[:32]


def handed(connection: Connection, page: int, at_ms: int, reference: str = "") -> None:
    """A page was handed over at that time (ms since 1970); also one that was taken meanwhile."""
    values = {"state": HANDED, "handed_ms": at_ms, "reference": reference[:_REASON_MAX]}
    connection.execute(
        update(tables.page)
        .where(_page.id == page, _page.state.in_((WAITING, VOID)))
        .values(attempts=_page.attempts + 1, **values)
    )
    case = connection.execute(select(_page.case_id).where(_page.id == page)).scalar_one()
    cases.settle(connection, kinds.PAGE_FAILED, unrelated.key_of(case), at_ms, "over by itself")


def later(connection: Connection, page: Row, at_ms: int, reason: str) -> None:
    """A page could not be handed over at that time (ms since 1970): it is tried again, 5 s to 60 s apart."""
    pause_ms = min(_FIRST_AGAIN_MS << min(page.attempts, 8), _AGAIN_MAX_MS)
    values = {"attempts": page.attempts + 1, "due_ms": at_ms + pause_ms, "reason": reason[:_REASON_MAX]}
    still = (_page.id == page.id) & (_page.state == WAITING)
    connection.execute(update(tables.page).where(still).values(**values))


def failed(connection: Connection, page: Row, at_ms: int, reason: str) -> None:
    """A page never will be handed over: where nobody of its step is left, the next step follows at once,
    at that time (ms since 1970).
    """
    values = {"state": FAILED, "reason": reason[:_REASON_MAX], "attempts": page.attempts + 1}
    still = (_page.id == page.id) & (_page.state == WAITING)
    connection.execute(update(tables.page).where(still).values(**values))
    of_step = (_page.case_id == page.case_id) & (_page.round == page.round) & (_page.step == page.step)
    alive = of_step & _page.state.in_((WAITING, HANDED))
    if connection.scalar(select(func.count()).select_from(tables.page).where(alive)):
        return
    case = connection.execute(select(tables.case).where(_case.id == page.case_id)).one()
    is_newest = (case.round, case.step) == (page.round, page.step + 1)
    if page.step >= ALL and not _any_handed(connection, case):
        _say_failed(connection, case, at_ms)
    elif page.step < ALL and is_newest and case.state == cases.OPEN:
        connection.execute(update(tables.case).where(_case.id == case.id).values(step_due_ms=at_ms))
