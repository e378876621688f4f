"""What the boards said becomes the ledger:
each event once, in the order of its numbers, with all that follows from it.

All that has arrived goes into one transaction, for many boards at once; what `take` returns may be
acknowledged, for it is on the disk. `batch.py` says what becomes of it.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from host_tools.host.fleet import forks
from host_tools.host.fleet.batch import Batch
from host_tools.host.fleet.domains import Applied, Apply, alone, apart
from host_tools.host.fleet.forks import Diverged
from host_tools.host.fleet.received import Outcome, Received, believed_of
from host_tools.host.fleet.reconcile import BEYOND, FAULTS, Meeting, meet
from host_tools.host.ledger import aside
from host_tools.host.ledger.aside import UNMET
from host_tools.host.ledger.database import is_the_databases
from host_tools.host.ledger.ledger import Ledger
from host_tools.link.messages import Refused

_HOUR_MS = 3_600_000


def take(ledger: Ledger, said: Sequence[Received]) -> Outcome:
    """Applies what arrived, in one transaction; durable when it returns.

    Raises UserError, and then nothing was applied.

    Reports come first: what they say is settled before anything else of their session is believed. A record
    that cannot be applied is set aside alone, whatever the reason;
    only what is the database's own trouble is raised.
    """
    branched: list[int] = []
    while True:
        try:
            return _tried(ledger, said)._replace(branched=tuple(branched))
        except Diverged as found:
            cabinet, incarnation, number, one = found.args
            with ledger.writing() as connection:
                forks.branch(connection, cabinet, incarnation, number, one)
            branched.append(cabinet)


def _tried(ledger: Ledger, said: Sequence[Received]) -> Outcome:
    try:
        with ledger.writing() as connection:
            said = forks.named(connection, said)
            return _take(
                connection, said, {at: _meet(connection, one) for at, one in enumerate(said)}, _together
            )
    except Exception as error:  # tried again below apart, where what fails alone is set aside and told
        if is_the_databases(error) or isinstance(error, Diverged):
            raise
    with ledger.writing() as connection:
        met = {at: alone(connection, partial(_meet, connection, one)) for at, one in enumerate(said)}
        failed = [one for at, one in enumerate(said) if one.report and not met[at]]
        unmet = [
            one
            for one in failed
            if aside.raise_case(connection, one.cabinet, UNMET, one.at_ms // _HOUR_MS, 0, one.at_ms)
        ]
        taken = _take(connection, said, met, _apart)
    return taken._replace(
        has_letters=taken.has_letters or bool(unmet), unmet=tuple(one.cabinet for one in unmet)
    )


def _meet(connection: Connection, one: Received) -> Meeting | None:
    return meet(connection, one.cabinet, one.report, one.at_ms, one.round_trip_ms) if one.report else None


def _take(
    connection: Connection, said: Sequence[Received], meetings: dict[int, Meeting | None], apply: Apply
) -> Outcome:
    met = {at: meeting for at, meeting in meetings.items() if meeting}
    believed = believed_of(said, met)
    applied = [0] * len(said)
    if not believed:
        return Outcome(applied, [], met, bool(met))
    done = apply(connection, list(believed.values()))
    for at, number in zip(believed, done.numbers, strict=True):
        applied[at] = number
    met |= {
        at: Meeting(Refused(FAULTS[BEYOND][0]), BEYOND, None)
        for at, one in believed.items()
        if one.cabinet in done.beyond
    }
    has_letters = done.has_letters or any(meeting.fault for meeting in met.values())
    return Outcome(applied, done.news, met, has_letters, done.has_pickups)


def _together(connection: Connection, said: Sequence[Received]) -> Applied:
    turn = Batch(connection, said)
    applied = [turn.hear(message) for message in said]
    turn.write()
    return Applied(
        applied, turn.letters.news, turn.letters.are_written, turn.letters.has_pickups, tuple(turn.beyond)
    )


def _apart(connection: Connection, said: Sequence[Received]) -> Applied:
    return apart(connection, said, _together, _given_up)


def _given_up(connection: Connection, said: Sequence[Received], why: str) -> Applied:
    """A message of one record, or of none, that cannot be applied. Its alarm is raised all the same."""
    turn = Batch(connection, said)
    applied = [turn.hear(message, why) for message in said]
    turn.write_aside()
    return Applied(applied, turn.letters.news, turn.letters.are_written, turn.letters.has_pickups)
