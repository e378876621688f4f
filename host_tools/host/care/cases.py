"""Cases: opened once for a cause, taken by one person, shelved with a reason, closed with an outcome.

Each function works inside the caller's transaction, so that what opens a case and the case are there
together or not at all.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import UserError, refused
from host_tools.host.accounts.rights import AUDITOR
from host_tools.host.care import escalation, kinds, unrelated
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import is_inserted
from host_tools.host.ledger.event_time import Moment, moment

OPEN, TAKEN, SHELVED, CLOSED = "open", "taken", "shelved", "closed"
STATES = (OPEN, TAKEN, SHELVED, CLOSED)
UNANSWERED = "unanswered"  # a note: the cabinet's screen never showed that somebody has seen the call
SHELVED_MAX_MS = 30 * 86_400_000
WORDS_MAX = 380  # with an outcome and a name they are one note

_case = tables.case.c


def open_case(
    connection: Connection,
    kind: str,
    *,
    key: str,
    site: int | None = None,
    cabinet: int | None = None,
    door: int = 0,
    at_ms: int,
    urgent: bool = False,
    happened: Moment | None = None,
    once: bool = False,
) -> int:
    """Opens a case of a kind (of kinds.KINDS) for the cause `key` unless one is open; its id.

    `happened` is at `at_ms` (ms since 1970) where it is left out. `urgent` has people woken also where the
    kind says nothing of it. With `once` a case of this kind and key that was closed is not opened again.
    Saying it again counts nothing: `again` does.
    """
    same = (_case.kind == kind) & (_case.key == key)
    if once:
        known = connection.scalar(select(_case.id).where(same).order_by(_case.id.desc()).limit(1))
        if known is not None:
            return known
    happened = happened or Moment(at_ms, at_ms, at_ms)
    row = {
        "kind": kind,
        "key": key,
        "site": site,
        "cabinet": cabinet,
        "door": door,
        "pages": urgent or kinds.KINDS[kind].pages,
        "opened_ms": at_ms,
        **happened._asdict(),
        "times": 1,
        "last_ms": happened.heard_ms,
        "state": OPEN,
    }
    is_new = is_inserted(connection, tables.case, row | unrelated.skip_numbers(connection, tables.case))
    found = connection.execute(select(_case.id, _case.pages).where(same, _case.state != CLOSED)).one()
    if is_new:
        _note(connection, found.id, at_ms, "", "opened")
        if found.pages:
            page_anew(connection, found.id, at_ms)
    return found.id


def again(connection: Connection, case: int, at_ms: int, heard_ms: int) -> None:
    """It happened once more: counted, and told anew where the kind says so and somebody had taken it.

    A case that people are woken for leaves its shelf. Times are ms since 1970.
    """
    row = _row(connection, case)
    values = {"times": row.times + 1, "last_ms": max(row.last_ms, heard_ms)}
    reopens = row.state == TAKEN and kinds.kind_of(row.kind).reopens
    if reopens or (row.state == SHELVED and row.pages):
        values |= {"state": OPEN, "taken_by": None, "taken_ms": None, "shelved_until_ms": None}
    connection.execute(update(tables.case).where(_case.id == case).values(values))
    if (
        row.state == OPEN
        and row.pages
        and row.step > escalation.ALL
        and not _is_anybody_told(connection, row)
    ):
        page_anew(connection, case, at_ms)
    if values.get("state") == OPEN:
        before = f"taken by {row.taken_by} before" if reopens else ""
        _note(connection, case, at_ms, "", "again", before)
        page_anew(connection, case, at_ms)


def unanswered(connection: Connection, case: int, at_ms: int) -> None:
    """The cabinet never showed the answer to this call: nobody has it any more, and people are told anew,
    from `at_ms` (since 1970) on.
    """
    row = _row(connection, case)
    opened = {"state": OPEN, "taken_by": None, "taken_ms": None, "shelved_until_ms": None}
    connection.execute(update(tables.case).where(_case.id == case).values(**opened))
    before = f"taken by {row.taken_by} before" if row.taken_by else ""
    _note(connection, case, at_ms, "", UNANSWERED, before)
    page_anew(connection, case, at_ms)


def _is_anybody_told(connection: Connection, case: Row) -> bool:
    page = tables.page.c
    its = (page.case_id == case.id) & (page.round == case.round) & (page.state == "handed")
    return connection.execute(select(page.id).where(its).limit(1)).first() is not None


def page_anew(connection: Connection, case: int, at_ms: int) -> None:
    """People are told of it from the first of them on, from `at_ms` (since 1970) on."""
    due = escalation.begun(at_ms)
    connection.execute(
        update(tables.case)
        .where(_case.id == case)
        .values(round=_case.round + 1, step=due.step, step_due_ms=due.due_ms)
    )


def settle(connection: Connection, kind: str, key: str, at_ms: int, how: str) -> bool:
    """The cause has ended by itself: closes its case with the outcome `how`, if there is one that is open.

    Whether there was.
    """
    here = (_case.kind == kind) & (_case.key == key) & (_case.state != CLOSED)
    found = connection.scalar(select(_case.id).where(here))
    if found is not None:
        _close(connection, found, "", how, at_ms, "")
    return found is not None


def take(connection: Connection, case: int, by: str, at_ms: int, *, anyway: bool = False) -> Row:
    """An account (its name) takes a case: nobody is paged any more. The row as it is then.

    Taking twice is no harm. Raises UserError when somebody else has it, unless `anyway`, or it is closed.
    """
    row = _row(connection, case)
    if row.state == TAKEN and row.taken_by == by:
        return row
    if holder(row, by) and not anyway:
        raise UserError(
            f"{row.taken_by} has taken case {case} already, {moment(row.taken_ms)}: ask there; "
            f"`ansim case take {case} --anyway` takes it over."
        )
    _refuse_closed(row)
    taken = {"state": TAKEN, "taken_by": by, "taken_ms": at_ms, "shelved_until_ms": None}
    connection.execute(update(tables.case).where(_case.id == case).values(step_due_ms=None, **taken))
    _stop_pages(connection, case)
    _note(connection, case, at_ms, by, "taken", _before(row, by))
    return _row(connection, case)


def holder(row: Row, by: str) -> str:
    """The name of who has a case (a row of it), where that is another than `by`; else empty."""
    return row.taken_by if row.state == TAKEN and row.taken_by != by else ""


def _refuse_held(row: Row, by: str, anyway: bool) -> None:
    if by and holder(row, by) and not anyway:
        raise UserError(
            f"{row.taken_by} has case {row.id} since {moment(row.taken_ms)}: ask there first, "
            "or give the same command with `--anyway`."
        )


def _before(row: Row, by: str) -> str:
    return f"taken by {row.taken_by} before" if holder(row, by) else ""


def give_back(connection: Connection, case: int, by: str, at_ms: int, *, anyway: bool = False) -> None:
    """Who has taken a case cannot see to it: it is open again, and people are told from the first one on.

    Raises UserError when it is not taken, or somebody else has it, unless `anyway`.
    """
    row = _row(connection, case)
    if row.state != TAKEN:
        raise UserError(f"Nobody has taken case {case}: it is {row.state}.", page="not_taken")
    _refuse_held(row, by, anyway)
    opened = {"state": OPEN, "taken_by": None, "taken_ms": None}
    connection.execute(update(tables.case).where(_case.id == case).values(**opened))
    _note(connection, case, at_ms, by, "given back", f"taken by {row.taken_by} before")
    if row.pages:
        page_anew(connection, case, at_ms)


def held_by(connection: Connection, name: str) -> list[int]:
    """The cases that an account has taken, by its name."""
    its = (_case.state == TAKEN) & (_case.taken_by == name)
    return list(connection.scalars(select(_case.id).where(its).order_by(_case.id)))


def give_back_of_gone(connection: Connection, at_ms: int) -> None:
    """What accounts hold that have ended, or may take nothing any more, is open again at that time (ms since
    1970), and told anew.
    """
    account = tables.account.c
    known = select(account.name)
    may = known.where(account.ended_ms.is_(None), account.roles != AUDITOR)
    its = (_case.state == TAKEN) & _case.taken_by.in_(known) & _case.taken_by.not_in(may)
    for case in connection.scalars(select(_case.id).where(its).order_by(_case.id)).all():
        give_back(connection, case, "", at_ms)


def give_back_of_related(connection: Connection, account: int, at_ms: int) -> None:
    """The same of what an account holds that it is not to hear of."""
    name = connection.scalar(select(tables.account.c.name).where(tables.account.c.id == account))
    for case in held_by(connection, name or ""):
        if unrelated.is_kept_from(connection, case, account):
            give_back(connection, case, "", at_ms)


def close(
    connection: Connection,
    case: int,
    by: str,
    outcome: str,
    at_ms: int,
    words: str = "",
    *,
    anyway: bool = False,
) -> Row:
    """Closes a case with an outcome of its kind's list, and words. The row as it is then.

    Raises UserError for another outcome, when it is closed already, or somebody else has it, unless `anyway`.
    """
    row = _row(connection, case)
    _refuse_closed(row)
    allowed = kinds.kind_of(row.kind).outcomes
    if outcome not in allowed:
        raise refused(f"A case `{row.kind}` ends as one of these: {', '.join(allowed)}.", "outcome")
    _refuse_held(row, by, anyway)
    _close(connection, case, by, outcome, at_ms, checked_words(words), _before(row, by))
    return _row(connection, case)


def shelve(
    connection: Connection,
    case: int,
    by: str,
    until_ms: int,
    reason: str,
    at_ms: int,
    *,
    anyway: bool = False,
) -> None:
    """Puts a case away until then (ms since 1970, at most 30 days from now), when it is open again.

    Raises UserError without a reason, for a time that is past or too far, for a closed case, for an alarm
    that nobody has taken, and for what somebody else has, unless `anyway`.
    """
    row = _row(connection, case)
    _refuse_closed(row)
    if not reason.strip():
        raise refused("Shelving needs a reason: say why it can wait.", "words")
    if not at_ms < until_ms <= at_ms + SHELVED_MAX_MS:
        raise refused("A case is shelved for at most 30 days from now: give a time within them.", "how_long")
    if row.pages and row.state == OPEN:
        words = f"Case {case} is an alarm that nobody has taken: `ansim case take {case}` first."
        raise UserError(words, page="take_first")
    _refuse_held(row, by, anyway)
    shelved = {"state": SHELVED, "shelved_until_ms": until_ms, "taken_by": None, "taken_ms": None}
    connection.execute(update(tables.case).where(_case.id == case).values(**shelved))
    before = f" ({_before(row, by)})" if _before(row, by) else ""
    _note(connection, case, at_ms, by, "shelved", checked_words(reason) + before)


def unshelve_due(connection: Connection, at_ms: int) -> None:
    """What was shelved until now is open again; who is woken for it is told anew."""
    due = (_case.state == SHELVED) & (_case.shelved_until_ms <= at_ms)
    for row in connection.execute(select(_case.id, _case.pages).where(due)).all():
        opened = {"state": OPEN, "shelved_until_ms": None}
        connection.execute(update(tables.case).where(_case.id == row.id).values(**opened))
        _note(connection, row.id, at_ms, "", "unshelved")
        if row.pages:
            page_anew(connection, row.id, at_ms)


def note(connection: Connection, case: int, by: str, words: str, at_ms: int) -> None:
    """Adds words to a case, closed or not. Raises UserError without any, or when there is no such case."""
    _row(connection, case)
    words = checked_words(words)
    if not words:
        raise refused("There is nothing to note: say it behind the number of the case.", "words")
    _note(connection, case, at_ms, by, "noted", words)


def listing(
    connection: Connection, *, site: str | None = None, state: str | None = None, last: int = 1000
) -> Sequence[Row]:
    """The cases, as CASES has them: those that are not closed, or those in a state, without those that are
    kept from the one who acts.

    Alarms come first, those that nobody has taken before the others, the oldest before the newest;
    closed ones the newest first.
    """
    wanted = CASES.where(_case.state == state if state else _case.state != CLOSED)
    wanted = wanted.where(unrelated.sees_case(connection))
    if site is not None:
        wanted = wanted.where(tables.site.c.name == site)
    if state == CLOSED:
        wanted = wanted.order_by(_case.closed_ms.desc(), _case.id.desc())
    else:
        wanted = wanted.order_by(_case.pages.desc(), _case.state != OPEN, _case.opened_ms, _case.id)
    return connection.execute(wanted.limit(last)).all()


def find(connection: Connection, case: int) -> Row:
    """A case as `listing` has it. Raises UserError when there is none that the one who acts sees."""
    row = connection.execute(CASES.where(_case.id == case, unrelated.sees_case(connection))).first()
    return row if row is not None else _missing(case)


def handed_out(connection: Connection, case: int, by: str, words: str, at_ms: int) -> None:
    """A message about a case was handed out (words of cap.handed_out); once for the same words."""
    table = tables.case_note.c
    its = (table.case_id == case) & (table.what == "handed out") & (table.words == words)
    if connection.execute(select(table.id).where(its).limit(1)).first() is None:
        _note(connection, case, at_ms, by, "handed out", words)


def notes(connection: Connection, case: int) -> Sequence[Row]:
    """What was done about it, the first thing first."""
    table = tables.case_note
    return connection.execute(select(table).where(table.c.case_id == case).order_by(table.c.id)).all()


def checked_words(words: str) -> str:
    """Words of a person as they are kept, without blanks around them. Raises UserError for too many."""
    words = " ".join(words.split())
    if len(words) > WORDS_MAX:
        raise refused(f"At most {WORDS_MAX} characters are kept with a case: say it shorter.", "too_long")
    return words


def _row(connection: Connection, case: int) -> Row:
    row = connection.execute(select(tables.case).where(_case.id == case)).first()
    return row if row is not None else _missing(case)


def _missing(case: int) -> Row:
    raise refused(f"There is no case {case}: `ansim case list` shows them.", "no_case")


def _refuse_closed(row: Row) -> None:
    if row.state == CLOSED:
        by = row.closed_by or "the host"
        raise UserError(f"Case {row.id} was closed by {by}, {moment(row.closed_ms)}: {row.outcome}.", hint="")


def _close(
    connection: Connection, case: int, by: str, outcome: str, at_ms: int, words: str, before: str = ""
) -> None:
    closed = {"state": CLOSED, "closed_by": by, "closed_ms": at_ms, "outcome": outcome, "step_due_ms": None}
    connection.execute(update(tables.case).where(_case.id == case).values(shelved_until_ms=None, **closed))
    _stop_pages(connection, case)
    before = f" ({before})" if before else ""
    _note(connection, case, at_ms, by, "closed", f"{outcome}{before}. {words}".rstrip(" ."))


def _stop_pages(connection: Connection, case: int) -> None:
    page = tables.page.c
    waiting = (page.case_id == case) & (page.state == "waiting") & (page.step >= 0)  # not of a loss
    connection.execute(update(tables.page).where(waiting).values(state="void"))


def _note(connection: Connection, case: int, at_ms: int, by: str, what: str, words: str = "") -> None:
    row = {"case_id": case, "at_ms": at_ms, "by": by, "what": what, "words": words}
    connection.execute(insert(tables.case_note).values(**row))


_page = tables.page.c
_its = (_page.case_id == _case.id) & (_page.round == _case.round)
#: Nobody was told of it: no page of its steps was handed over, and each has failed or was tried in vain.
NOBODY_TOLD = (
    (_case.state == OPEN)
    & _case.step_due_ms.is_not(None)
    & (_case.step > escalation.ALL)
    & ~select(_page.id)
    .where(_its, (_page.state == "handed") | (_page.state == "waiting") & (_page.attempts == 0))
    .correlate(tables.case)
    .exists()
)

#: Cases with the names of their places, and whether `nobody_told`: no page about it could be handed over.
CASES = select(
    tables.case,
    tables.site.c.name.label("site_name"),
    tables.cabinet.c.number.label("cabinet_number"),
    NOBODY_TOLD.label("nobody_told"),
).select_from(
    tables.case.outerjoin(tables.site, _case.site == tables.site.c.id).outerjoin(
        tables.cabinet, _case.cabinet == tables.cabinet.c.id
    )
)
