"""What letters about a parcel say of its stay:
until when it is free, how long its clock stood still, and why.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam

from host_tools.host.ledger import tables
from host_tools.host.stays.clock import AWAY, Pause, Span, stay_of
from host_tools.host.stays.standing import STAYS, Standing, standings
from host_tools.host.stays.watch import heard_now

_parcel = tables.parcel
_HERS = STAYS.where(
    _parcel.c.resident.in_(bindparam("people", expanding=True)),
    _parcel.c.serial.in_(bindparam("serials", expanding=True)),
)


class Said(NamedTuple):
    """Of a stay. Times in ms since 1970, `paused_ms` a length; None where there is nothing to say."""

    since_ms: int
    until_ms: int | None  # free until then, if no clock stops from now on; None where one stands still
    recall_ms: int | None
    paused_ms: int | None
    cause: str  # why the clock stands still now, or stood for the longest time: one of clock.CAUSES
    fee: str  # the late fee until now; empty: none


def said(connection: Connection, letters: Sequence[Row], at_ms: int) -> dict[str, Said]:
    """What each of these letters (rows of the outbox) says of its parcel's stay, by its id.

    `at_ms` is now, in ms since 1970: a letter that is just being made counts as handed over. Letters about no
    parcel are left out.
    """
    hers = [row for row in letters if row.resident is not None]
    if not hers:
        return {}
    its = {"people": sorted({row.resident for row in hers}), "serials": sorted({row.serial for row in hers})}
    found = standings(connection, connection.execute(_HERS, its).all(), heard_now(connection, at_ms))
    by_parcel = {_key(one.row): one for one in found}
    return {row.id: _said(by_parcel[_key(row)], at_ms) for row in hers if _key(row) in by_parcel}


def _key(row: Row) -> tuple[int, ...]:
    return tuple(row._mapping[name] for name in ("resident", "serial", "generation", "door", "counter"))


def _begun(one: Standing, at_ms: int) -> tuple[Pause, ...]:
    """The pauses of a stay whose first letter goes out at `at_ms` (since 1970): a cabinet that is not heard
    yet is no reason to leave the end out, which comes no earlier by it.
    """
    now = Span(at_ms, at_ms)
    return tuple(
        pause._replace(ended=now) if pause.cause == AWAY and pause.ended is None else pause
        for pause in one.facts.pauses
    )


def _said(one: Standing, at_ms: int) -> Said:
    facts = one.facts
    if facts.told_ms is None:
        facts = facts._replace(told_ms=at_ms, pauses=_begun(one, at_ms))
    stay = stay_of(facts, one.policy, at_ms)
    going_on = [pause.cause for pause in facts.pauses if pause.ended is None]
    longest = max(stay.paused, key=lambda cause: stay.paused[cause], default="")
    return Said(
        facts.deposited.latest_ms,
        stay.free_until_ms,
        stay.recall_ms,
        stay.paused_ms or None,
        going_on[0] if going_on else longest,
        f"{stay.fee} {one.policy.currency}" if stay.fee else "",
    )
