"""What the server tells of its work: one object an occurrence, which a program reads as JSON and a person as a line.

Holds no name, contact, ticket or code.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from host_tools.host import fields, kinds
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.notify.letters import Change
from host_tools.host.notify.wording import bell_answer
from locker.contract import records

_LATE = timedelta(seconds=10)  # from which on an event's line says when it happened

#: Takes one occurrence; see `occurrence`.
Emit = Callable[[dict[str, Any]], None]


@lru_cache(maxsize=16)  # many things happen in one moment
def moment(ms: int) -> str:
    """A time in ms since 1970 as ISO 8601, UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def occurrence(event: str, **details: Any) -> dict[str, Any]:
    """One thing that happened now: `at`, `event` and its details."""
    return {"at": moment(now_ms()), "event": event, **details}


def when_fields(when: Moment) -> dict[str, str]:
    """When something happened and when it was heard, for programs."""
    return {"happened": moment(when.earliest_ms), "happened_until": moment(when.latest_ms), "heard": moment(when.heard_ms)}


def of_news(news: Change, site: str, number: int) -> dict[str, Any]:
    """An event of a board, or an alarm, that is in the ledger now. `site` and `number` are its cabinet's.

    It happened between `happened` and `happened_until` and was heard at `heard`, whenever it is told.
    """
    record = news.record
    place = {"site": site, "cabinet": number, "number": record.number, **when_fields(news.moment)}
    if record.door:
        place["door"] = record.door
    if news.alarm == kinds.BELL:
        answer = bell_answer(site, number, record.number)
        return occurrence("alarm", alarm=news.alarm, **place, detail=f"call {record.number}, `{answer}` answers it")
    if news.alarm:
        return occurrence("alarm", alarm=news.alarm, **place)
    if news.set_aside:
        return occurrence("record set aside", **place, detail=news.set_aside)
    if record.kind == records.COMMAND_APPLIED and not fields.applied(record).is_done:
        place["detail"] = f"order {record.a} could not be carried out: `ansim order list --state impossible`"
    return occurrence(kinds.name_of(record), **place)


def in_words(told: dict[str, Any]) -> str:
    """An occurrence as one line for a person. What is told late says so, and an alarm always says when it was."""
    place = f"{told['site']}/{told['cabinet']} " if "cabinet" in told else ""
    door = f"door {told['door']:02d} " if "door" in told else ""
    what = f"ALARM: {told['alarm']}" if "alarm" in told else told["event"]
    detail = f": {told['detail']}" if "detail" in told else ""
    return f"{told['at']}  {place}{door}{what}{detail}{_when(told)}"


def _when(told: dict[str, Any]) -> str:
    if "happened" not in told:
        return ""
    late = datetime.fromisoformat(told["heard"]) - datetime.fromisoformat(told["happened"])
    if "alarm" not in told and late < _LATE:
        return ""
    happened = (
        told["happened"] if told["happened"] == told["happened_until"] else f"between {told['happened']} and {told['happened_until']}"
    )
    return f" (happened {happened}, heard {told['heard']})"
