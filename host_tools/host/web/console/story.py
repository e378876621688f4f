"""What happened at a door, in the words of a reader's language: one fact a line, each with its time.

A line says no more than its event: an order that was given is no door that moved. A pickup under duress reads
like any other with her code.
"""

from typing import Any, NamedTuple

from host_tools.host import fields
from host_tools.host.accounts.door_acts import DoorAct
from host_tools.host.fleet.events import Recorded
from host_tools.host.kinds import KINDS
from host_tools.host.web.console.times import LATE_MS, Clock
from host_tools.host.web.look.words import Words
from locker.contract import records
from locker.contract.records import Record

#: Whose code or order it was, by PICKUP_OPENED.a.
_OPENERS = {
    records.BY_CODE: "code",
    records.BY_DURESS: "code",
    records.BY_RECALL: "recall",
    records.BY_SERVICE: "service",
    records.BY_HOST: "host",
}
_ARMED = {records.RECALL: "recall", records.SERVICE: "service"}


class Line(NamedTuple):
    """A line of a story: what happened, who did it and why where that is known, and its times."""

    kind: str
    words: str
    who: str
    why: str
    happened: list[Any]  # times.Shown: one, or two between which it was
    heard: Any  # times.Shown where it was heard later, else None
    order: tuple[int, int]


def story(happenings: list[Recorded], acts: list[DoorAct], clock: Clock) -> list[Line]:
    """All of it, the newest first."""
    lines = [_line(one, clock) for one in happenings]
    lines += [_act(one, clock) for one in acts]
    return sorted(lines, key=lambda line: line.order, reverse=True)


def said(words: Words, record: Record) -> str:
    """What an event is to people."""
    kind = KINDS.get(record.kind)
    if kind is None:
        return words("story.unknown", kind=record.kind)
    key = "story." + kind.name.replace(" ", "_")
    variant = _variant(record)
    facts = {"count": record.a, "door": f"{record.door:02}"}
    return words(f"{key}.{variant}" if variant else key, **facts)


def _variant(record: Record) -> str:
    match record.kind:
        case records.PICKUP_OPENED:
            return _OPENERS.get(record.a, "unknown")
        case records.DOOR_CLOSED:
            return "something" if record.a else "nothing"
        case records.ARMED:
            return _ARMED.get(fields.armed(record).code, "none")
        case records.DOOR_TESTED:
            return "sound" if record.a else "unsound"
        case records.OUT_OF_SERVICE:
            return "out" if record.a else "back"
        case records.COMMAND_APPLIED:
            return "done" if fields.applied(record).is_done else "impossible"
        case records.SENSOR_FAULT:
            return "contact" if record.a == 1 else "occupancy"
    return ""


def _line(told: Recorded, clock: Clock) -> Line:
    one, words, moment = told.happening, clock.words, told.happening.moment
    text = words("story.set_aside") if told.record is None else said(words, told.record)
    is_late = moment.heard_ms - moment.latest_ms >= LATE_MS
    heard = clock.heard(moment) if is_late else None
    times = clock.happened(moment)
    return Line(one.name.replace(" ", "-"), text, "", "", times, heard, (moment.latest_ms, one.number))


def _act(one: DoorAct, clock: Clock) -> Line:
    words = clock.words
    text = words("story.ordered", what=words("acts.names." + one.act.replace(" ", "_").replace("-", "_")))
    why = words(f"reasons.{one.reason}") if one.reason else ""
    who = one.account or one.os_user
    return Line("act", text, who, why, [clock.shown(one.at_ms, seconds=True)], None, (one.at_ms, 0))
