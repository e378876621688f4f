"""Closing a case: where a person has settled by it that a parcel is gone, that parcel ends too."""

from typing import NamedTuple

from sqlalchemy import Connection, Row, select, update

from host_tools.host.accounts import audit
from host_tools.host.care import cases, kinds
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.letters import Letters
from host_tools.host.parcels import bells
from host_tools.host.parcels.bells import Loss


class Closed(NamedTuple):
    """A case that was closed. `loss`: who else had it; `words`: what else came of it, for a person."""

    case: Row
    loss: Loss | None
    words: str


_FREE = " Its parcel waits no more, and its resident is told. `ansim door service` frees the door."


def close(
    connection: Connection,
    ledger: Ledger,
    act: str,
    case: int,
    outcome: str,
    at_ms: int,
    words: str,
    *,
    anyway: bool,
) -> Closed:
    """Whoever acts closes a case with an outcome of its list, and words, by that act, at that time (ms since
    1970). Raises UserError as `cases.close` does.
    """
    row = bells.find(connection, ledger, case)
    cases.close(connection, case, bells.name_of(ledger), outcome, at_ms, words, anyway=anyway)
    loss = bells.noted(connection, ledger, act, row, at_ms, outcome)
    is_gone = _end_parcel(connection, ledger, row, outcome, at_ms, words)
    return Closed(cases.find(connection, case), loss, _FREE if is_gone else "")


def _end_parcel(
    connection: Connection, ledger: Ledger, case: Row, outcome: str, at_ms: int, words: str
) -> bool:
    """Where the outcome says that the parcel is gone, the one of which the case tells waits no more, and its
    resident is told so; whether there was one.

    Nobody says that she has collected it, and the cabinet is told nothing: if she has it all the same, or it
    lies there still, her code is as good as before.
    """
    if case.kind != kinds.FORCED or outcome != kinds.GONE:
        return False
    parcel, cabinet = tables.parcel.c, tables.cabinet.c
    # The present board of that place may be another one than told of the door.
    here = select(cabinet.id).where(cabinet.site == case.site, cabinet.number == case.cabinet_number)
    its = parcel.cabinet.in_(here) & (parcel.door == case.door) & (parcel.state == "waiting")
    # One that came since is another parcel.
    its &= parcel.deposited_ms <= case.last_ms
    found = connection.execute(select(tables.parcel).where(its).order_by(parcel.id.desc())).first()
    if found is None:
        return False
    from_ms = max(case.earliest_ms, found.deposited_ms)
    ended = {"state": "unknown", "ended_from_ms": min(from_ms, at_ms), "ended_ms": at_ms}
    connection.execute(update(tables.parcel).where(parcel.id == found.id).values(**ended))
    if found.resident is not None:
        letters = Letters(connection)
        letters.tell_gone(dict(found._mapping), Moment(case.earliest_ms, at_ms, at_ms))
        letters.write()
    where = {"site": case.site_name, "cabinet": case.cabinet_number, "door": case.door}
    why = f"case {case.id}: {outcome}. {words}".rstrip(" .")
    audit.note(connection, ledger, "parcel gone", **where, resident=found.resident, text=why, at_ms=at_ms)
    return True
