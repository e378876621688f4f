"""What boards said, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, case, func, update

from host_tools.host.fleet.orders import BUILD_OF_RULE_1
from host_tools.host.fleet.reconcile import Meeting
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import ENROLLED, PENDING
from host_tools.host.notify.letters import Change
from host_tools.link.messages import Report


class Received(NamedTuple):
    """One verified message of a board, in its present boot."""

    cabinet: int
    incarnation: int
    boot: int
    build: int
    at_ms: int
    records: tuple[bytes, ...] = ()
    urgent: bool = False
    uptime: int | None = None  # tenths of a second, where the message tells it
    next_event: int | None = None  # likewise
    report: Report | None = None  # when it is one: its answer is a meeting's
    round_trip_ms: int | None = None
    session: int = 0  # which conversation with this board it is from
    last_event: int = 0  # that the report of this conversation told of
    started_ms: int | None = None  # when its present boot began, by that report
    # Nothing else of its session is believed: it tells people what cannot wait, and changes nothing.
    only_alarms: bool = False


class Outcome(NamedTuple):
    """What came of a turn: for each message the number up to which its board is applied, and what is new."""

    applied: list[int]
    news: list[Change]
    meetings: dict[int, Meeting]  # by the place of the report in the turn
    has_letters: bool = False  # somebody is to be told something
    has_pickups: bool = False  # a door with a parcel behind it was opened, by whomever: dispatchers look who
    branched: tuple[int, ...] = ()  # boards that tell another story than the ledger held
    unmet: tuple[int, ...] = ()  # boards whose report could not be taken, of which staff are told now


def turn_of(waiting: Sequence[Received], at_most: int) -> int:
    """How many of these messages make one turn:
    none behind the report of a board of which the turn holds an earlier conversation.

    What a board said before it reported anew is in the ledger before its report is compared with that.
    """
    sessions: dict[int, int] = {}
    for at, one in enumerate(waiting[:at_most]):
        if sessions.setdefault(one.cabinet, one.session) != one.session:
            return at
    return min(len(waiting), at_most)


def believed_of(said: Sequence[Received], met: Mapping[int, Meeting]) -> dict[int, Received]:
    """The messages that count, by their place in the turn;
    of a board that is refused in it, only what alarms people.
    """
    fit = {at: one for at, one in enumerate(said) if not one.report or (at in met and not met[at].fault)}
    refused = {said[at].cabinet for at, meeting in met.items() if meeting.fault}
    if not refused:
        return fit
    heard = {at: one for at, one in fit.items() if one.urgent or one.cabinet not in refused}
    return {
        at: one._replace(only_alarms=one.only_alarms or one.cabinet in refused) for at, one in heard.items()
    }


def sightings(said: Sequence[Received]) -> list[dict[str, Any]]:
    """For each board that spoke, when it did so last and what it said of itself."""
    rows: dict[int, dict[str, Any]] = {}
    for message in said:
        of_board = {"incarnation": message.incarnation, "boot": message.boot, "now": message.build}
        before = rows.get(message.cabinet, {}).get("next")
        newest = before if message.next_event is None else message.next_event
        rows[message.cabinet] = {"key": message.cabinet, "seen_ms": message.at_ms, "next": newest, **of_board}
    return list(rows.values())


# A board that speaks holds its identity:
# that confirms its enrolment also where a provisioning was killed before it could.
_CONFIRMED = case((tables.cabinet.c.state == PENDING, ENROLLED), else_=tables.cabinet.c.state)
_NEXT = func.coalesce(bindparam("next", type_=BigInteger), tables.cabinet.c.next_event)
_BOARD, _NOW = tables.cabinet.c.build, bindparam("now", type_=BigInteger)
# As in a meeting: no rule goes back.
_BUILD = case(((_BOARD >= BUILD_OF_RULE_1) & (_NOW < BUILD_OF_RULE_1), _BOARD), else_=_NOW)

#: Notes a sighting.
SEEN = (
    update(tables.cabinet)
    .where(tables.cabinet.c.id == bindparam("key"))
    .values(state=_CONFIRMED, next_event=_NEXT, build=_BUILD)
)
