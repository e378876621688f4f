"""Taking a case at the host: for a bell, the screen of the cabinet follows."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, select

from host_tools.host import kinds
from host_tools.host.accounts import audit
from host_tools.host.care import cases, intake, paging
from host_tools.host.connections import reach
from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import RETIRED, Ledger
from host_tools.host.ledger.places import Place
from locker.contract import commands, records

_NOBODY = "somebody"  # acts without a name

#: What a cabinet's screen shows of an answered call: it will, it did, or it never does.
SCREENS = WAITS, SHOWN, OVER = "waits", "shown", "over"


class Loss(NamedTuple):
    """Who had a case until somebody else acted on it; `is_paged`: a page tells of that."""

    name: str
    is_paged: bool

    @property
    def words(self) -> str:
        """The same as a sentence."""
        told = "gets a message that says so" if self.is_paged else "has no contact here: say it there"
        return f"{self.name}, who had it, {told}."


class Taken(NamedTuple):
    """A case that was taken. `call`: the call for help that it is of, 0: none."""

    case: Row
    call: int
    loss: Loss | None = None


def name_of(ledger: Ledger) -> str:
    """How cases call whoever acts on this ledger."""
    return ledger.actor.name or ledger.actor.os_user or _NOBODY


def find(connection: Connection, ledger: Ledger, case: int) -> Row:
    """A case that whoever acts may see. Raises UserError when there is none."""
    return cases.find(connection, case)


def take(connection: Connection, ledger: Ledger, case: int, at_ms: int, *, anyway: bool = False) -> Taken:
    """Whoever acts takes a case at that time (ms since 1970). Of a bell the call that was rung last is
    answered at its cabinet, and no other: what rings after that is open again.

    Raises UserError when somebody else has it, unless `anyway`, or it is closed.
    """
    while intake.take_in(connection, at_ms) == intake.BATCH_MAX:
        pass  # a call that was rung again meanwhile is of this case
    row = find(connection, ledger, case)
    was_taken = row.state == cases.TAKEN
    cases.take(connection, case, name_of(ledger), at_ms, anyway=anyway)
    call = 0
    if row.kind == kinds.BELL and row.number is not None:
        call = row.number
        if not was_taken and screen_of(connection, row) == WAITS and not _is_ordered(connection, row):
            orders.queue(connection, row.cabinet, [Order(commands.ANSWER_BELL, 0, 0, call)], at_ms)
    had_it = was_taken and not cases.holder(row, name_of(ledger))  # so nothing is done
    loss = None if had_it else noted(connection, ledger, "case take", row, at_ms)
    return Taken(cases.find(connection, case), call, loss)


def noted(
    connection: Connection, ledger: Ledger, act: str, case: Row, at_ms: int, words: str = ""
) -> Loss | None:
    """Writes into the audit that whoever acts did this, at that time (ms since 1970), to a case (a row of it
    as it was before), and what came of it. Who else had it until then is paged; None where nobody did.
    """
    lost = cases.holder(case, name_of(ledger))
    note(connection, ledger, act, case, "; ".join(filter(None, (words, lost and f"taken by {lost} before"))))
    if not lost:
        return None
    return Loss(lost, paging.tell_loss(connection, cases.find(connection, case.id), lost, at_ms))


def note(connection: Connection, ledger: Ledger, act: str, case: Row, words: str = "") -> None:
    """Writes into the audit that whoever acts did this to a case, and what came of it."""
    place = {"site": case.site_name or "", "cabinet": case.cabinet_number or 0, "door": case.door}
    audit.note(connection, ledger, act, **place, text=f"case {case.id}" + (f": {words}" if words else ""))


def take_call(connection: Connection, ledger: Ledger, cabinet: int, call: int, at_ms: int) -> int | None:
    """Whoever acts has answered a call at a cabinet (the ledger's number of it): takes its case, if that is
    of this call; the number of that. Raises UserError when somebody else has it.
    """
    while intake.take_in(connection, at_ms) == intake.BATCH_MAX:
        pass
    case = tables.case.c
    its = (case.kind == kinds.BELL) & (case.cabinet == cabinet) & (case.number == call)
    found = connection.scalar(select(case.id).where(its, case.state != cases.CLOSED))
    if found is not None:
        cases.take(connection, found, name_of(ledger), at_ms)
    return found


def place_of(case: Row) -> Place | None:
    """Where a case is, None for one of no cabinet."""
    return Place(case.site_name, case.cabinet_number, case.door) if case.cabinet_number else None


def screen_words(ledger: Ledger, taken: Taken) -> tuple[str, str]:
    """What the cabinet's screen shows of the call of a bell that was taken: of SCREENS, and as sentences.

    Raises UserError where the ledger is away.
    """
    case, call = taken.case, taken.call
    with ledger.reading() as connection:
        shows = screen_of(connection, case)
    if shows == SHOWN:
        return shows, f"The cabinet's screen has said so of call {call}."
    if shows == OVER:
        how = "find out how she who rang is"
        return shows, f"Call {call} is over, and its screen will not say that anybody has seen it: {how}."
    return shows, reach.answer_words(ledger, case.site_name, case.cabinet_number, call)


def screen_of(connection: Connection, case: Row) -> str:
    """What the screen shows of the last call of a bell's case (of SCREENS), as far as the ledger knows."""
    states = set(connection.scalars(select(tables.command.c.state).where(_answers(case))))
    if orders.DONE in states:
        return SHOWN
    cabinet, event = tables.cabinet.c, tables.event.c
    gone = select(cabinet.id).where(cabinet.id == case.cabinet, cabinet.state == RETIRED)
    anew = (event.cabinet == case.cabinet) & (event.incarnation == case.incarnation)
    anew &= (event.number > case.number) & (event.kind == records.BOOTED) & (event.earliest_ms > case.last_ms)
    is_over = connection.scalar(select(gone.exists() | select(event.number).where(anew).exists()))
    return OVER if is_over or orders.IMPOSSIBLE in states else WAITS


def _is_ordered(connection: Connection, case: Row) -> bool:
    return connection.scalar(select(tables.command.c.sequence).where(_answers(case)).limit(1)) is not None


def _answers(case: Row) -> ColumnElement[bool]:
    """The orders that answer the last call of a bell's case."""
    order = tables.command.c
    its = (order.cabinet == case.cabinet) & (order.kind == commands.ANSWER_BELL) & (order.a == case.number)
    return its & (order.queued_ms >= case.last_ms)
