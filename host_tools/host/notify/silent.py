"""The list of silent alarms, for dispatchers alone: what became of each is in a table of its own.

A silent alarm is a pickup, and nothing is written when it comes: only what a dispatcher does about it is a
row. Its id is that of the message to dispatchers, so no number elsewhere tells of it; acts are noted in the
audit's own chain for silent alarms.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.accounts.rights import AUDITOR, DISPATCHER
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_or_change
from host_tools.host.ledger.event_time import Moment, moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.dispatch import kept_from, key_of, silent_id, silent_pickups

OPEN, TAKEN, CLOSED = "open", "taken", "closed"
OUTCOMES = ("helped", "false", "handed to police", "drill", "nobody there")
SHOWN_MS = 30 * 86_400_000
ID_DIGITS = 8  # as people are shown it
ID_DIGITS_MIN = 6
_ACTED = ("state", "taken_by", "taken_ms", "closed_by", "closed_ms", "outcome")


class Silent(NamedTuple):
    """A silent alarm, as dispatchers see it."""

    id: str
    site: str
    cabinet: int
    door: int
    moment: Moment
    state: str = OPEN
    taken_by: str | None = None
    taken_ms: int | None = None
    closed_by: str | None = None
    closed_ms: int | None = None
    outcome: str | None = None


def may_see(ledger: Ledger) -> bool:
    """Whether whoever acts on this ledger is a dispatcher."""
    return DISPATCHER in ledger.actor.roles


def listing(connection: Connection, ledger: Ledger, at_ms: int) -> Sequence[Silent]:
    """The silent alarms of the 30 days before `at_ms` (since 1970) that are not closed, the oldest first,
    without those of residents whom the one who acts is related to; none for whoever is no dispatcher, as
    where there are none.
    """
    if not may_see(ledger):
        return ()
    return [one for one in _all(connection, ledger, at_ms) if one.state != CLOSED]


def closed(connection: Connection, ledger: Ledger, at_ms: int) -> Sequence[Silent]:
    """The same of those that are closed, for auditors too."""
    if not may_see(ledger) and AUDITOR not in ledger.actor.roles:
        return ()
    return [one for one in _all(connection, ledger, at_ms) if one.state == CLOSED]


def note_look(ledger: Ledger, shown: Sequence[Silent]) -> None:
    """Writes into the audit that whoever acts was shown silent alarms, where any were."""
    if shown:
        words = ", ".join(one.id[:ID_DIGITS] for one in shown)
        with ledger.writing() as connection:
            audit.note(connection, ledger, "alarm list", chain=audit.DURESS, text=words)


def _all(connection: Connection, ledger: Ledger, at_ms: int) -> Sequence[Silent]:
    acts = {row.id: row for row in connection.execute(select(tables.silent)).all()}
    sites = ledger.actor.sites
    seen = (
        set(connection.scalars(select(tables.site.c.name).where(tables.site.c.id.in_(sites))))
        if sites
        else None
    )
    found = []
    account = ledger.actor.account
    kept = () if account is None else kept_from(connection, account, at_ms - SHOWN_MS)
    for row in silent_pickups(connection, at_ms - SHOWN_MS):
        if key_of(row) in kept:
            continue
        if seen is not None and row.site not in seen:
            continue
        when = Moment(row.earliest_ms, row.latest_ms, row.heard_ms)
        one = Silent(silent_id(row), row.site, row.at, row.door, when)
        act = acts.get(one.id)
        if act is not None:
            one = one._replace(**{name: getattr(act, name) for name in _ACTED})
        found.append(one)
    return found[::-1]


def take(
    connection: Connection, ledger: Ledger, name: str, by: str, at_ms: int, *, anyway: bool = False
) -> Silent:
    """A dispatcher takes a silent alarm by its id or the first digits of that. No cabinet hears of it.

    Raises UserError for an id that is none, or when somebody else has it, unless `anyway`.
    `at_ms`: since 1970.
    """
    one = _find(connection, ledger, name, at_ms)
    if one.state == CLOSED:
        raise UserError(f"It is closed: {one.outcome}.", hint="")
    before = _taken_before(one, by, anyway)
    if one.state == TAKEN and not before:
        return one
    taken = one._replace(state=TAKEN, taken_by=by, taken_ms=at_ms)
    _write(connection, ledger, "alarm take", taken, "", before)
    return taken


def _taken_before(one: Silent, by: str, anyway: bool) -> str:
    """Who else has it, for the audit. Raises UserError where somebody has, unless `anyway`.

    That dispatcher is not paged: a page about a silent alarm would be one more thing that he could see.
    """
    if one.state != TAKEN or one.taken_by == by:
        return ""
    if not anyway:
        raise UserError(
            f"{one.taken_by} has taken it already, {moment(one.taken_ms or 0)}: ask there first, "
            "or give the same command with `--anyway` and say it there."
        )
    return f"taken by {one.taken_by} before"


def close(
    connection: Connection,
    ledger: Ledger,
    name: str,
    by: str,
    outcome: str,
    at_ms: int,
    words: str = "",
    *,
    anyway: bool = False,
) -> Silent:
    """A dispatcher closes a silent alarm with an outcome of OUTCOMES.

    Raises UserError for another one, for an id that is none, when it is closed, or when somebody else has
    it, unless `anyway`. `at_ms`: since 1970.
    """
    one = _find(connection, ledger, name, at_ms)
    if outcome not in OUTCOMES:
        raise UserError(f"It ends as one of these: {', '.join(OUTCOMES)}.", 2, page="outcome")
    if one.state == CLOSED:
        raise UserError(f"It is closed: {one.outcome}.", hint="")
    before = _taken_before(one, by, anyway)
    ended = one._replace(state=CLOSED, closed_by=by, closed_ms=at_ms, outcome=outcome)
    _write(connection, ledger, "alarm close", ended, words, before)
    return ended


def give_back_of_gone(connection: Connection, ledger: Ledger) -> None:
    """What is taken by accounts that have ended, or are no dispatchers' any more, is open again; dispatchers
    are told of it anew (insistence.py). Nobody else hears of it.
    """
    account, table = tables.account.c, tables.silent.c
    known = select(account.name)
    may = known.where(account.ended_ms.is_(None), account.roles.contains(DISPATCHER))
    its = (table.state == TAKEN) & table.taken_by.in_(known) & table.taken_by.not_in(may)
    _open_again(connection, ledger, connection.scalars(select(table.id).where(its)).all())


def give_back_of_related(connection: Connection, ledger: Ledger, account: int, at_ms: int) -> None:
    """The same of what an account has taken that it is not to hear of, at `at_ms` (since 1970)."""
    kept = kept_from(connection, account, at_ms - SHOWN_MS)
    hers = [silent_id(row) for row in silent_pickups(connection, at_ms - SHOWN_MS) if key_of(row) in kept]
    name = select(tables.account.c.name).where(tables.account.c.id == account).scalar_subquery()
    table = tables.silent.c
    its = (table.state == TAKEN) & (table.taken_by == name) & table.id.in_(hers)
    _open_again(connection, ledger, connection.scalars(select(table.id).where(its)).all())


def _open_again(connection: Connection, ledger: Ledger, ids: Sequence[str]) -> None:
    """Nobody has taken them: a silent alarm that is open has no row."""
    for one in ids:
        connection.execute(delete(tables.silent).where(tables.silent.c.id == one))
        audit.note(connection, ledger, "alarm give-back", text=f"alarm {one[:8]}", chain=audit.DURESS)


def _find(connection: Connection, ledger: Ledger, name: str, at_ms: int) -> Silent:
    seen = _all(connection, ledger, at_ms) if may_see(ledger) else ()
    its = [one for one in seen if one.id.startswith(name)]
    if len(name) < ID_DIGITS_MIN or len(its) != 1:
        # The same for whoever may not see it, for one that is none, and for one that is not clear.
        raise UserError(f"There is no alarm {name}: `ansim alarm list` shows them.", 2, page="no_case")
    return its[0]


def _write(connection: Connection, ledger: Ledger, act: str, one: Silent, words: str, before: str) -> None:
    row = {"id": one.id, "words": words} | {name: getattr(one, name) for name in _ACTED}
    connection.execute(insert_or_change(connection.dialect.name, tables.silent), row)
    place = {"site": one.site, "cabinet": one.cabinet, "door": one.door}
    came = "; ".join(filter(None, (one.outcome, before)))
    said = f"alarm {one.id[:ID_DIGITS]}" + (f": {came}" if came else "")
    audit.note(connection, ledger, act, **place, text=said, chain=audit.DURESS)
