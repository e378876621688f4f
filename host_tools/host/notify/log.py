"""What the server tells of its work:
an Occurrence each, which a program reads as JSON and a person as a line.

Holds no name, contact, ticket or code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from host_tools.host import fields, kinds
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment, moment
from host_tools.host.notify.letters import Change
from host_tools.host.notify.levels import level_of
from host_tools.host.notify.wording import bell_answer
from locker.contract import records

_LATE = timedelta(seconds=10)  # from which on an event's line says when it happened


@dataclass(slots=True)
class Occurrence:
    """One thing that happened at `at_ms` (since 1970), now unless told:
    `event` says what, the rest where it says something.

    `site`, `cabinet` and `door` are the place; `number` is a board's event, `when` its moment; `alarm` is the
    name of one. `kind` is that of what strangers sent, `to` and `id` are of a message, `address` and `port`
    of what the server listens at. `detail` is for people.
    """

    event: str
    site: str | None = None
    cabinet: int | None = None
    door: int | None = None
    number: int | None = None
    when: Moment | None = None
    alarm: str | None = None
    kind: str | None = None
    to: str | None = None
    id: str | None = None
    address: str | None = None
    port: int | str | None = None
    detail: str | None = None
    at_ms: int = field(default_factory=now_ms)

    def as_json(self) -> dict[str, Any]:
        """What programs read: what it does not say is left out."""
        told: dict[str, Any] = {"at": moment(self.at_ms), "level": level_of(self.event), "event": self.event}
        for name in ("alarm", "site", "cabinet", "door", "number", "kind", "to", "id", "address", "port"):
            if getattr(self, name) is not None:
                told[name] = getattr(self, name)
        if self.when:
            told |= when_fields(self.when)
        return told if self.detail is None else told | {"detail": self.detail}

    def in_words(self) -> str:
        """The same as one line for a person."""
        return in_words(self.as_json())


#: Takes one occurrence.
Emit = Callable[[Occurrence], None]


def when_fields(when: Moment) -> dict[str, str]:
    """When something happened and when it was heard, for programs."""
    return {
        "happened": moment(when.earliest_ms),
        "happened_until": moment(when.latest_ms),
        "heard": moment(when.heard_ms),
    }


def of_change(change: Change, site: str, number: int) -> Occurrence:
    """An event of a board, or an alarm, that is in the ledger now. `site` and `number` are its cabinet's.

    It happened between `happened` and `happened_until` and was heard at `heard`, whenever it is told.
    """
    record = change.record
    here = partial(
        Occurrence,
        site=site,
        cabinet=number,
        door=record.door or None,
        number=record.number,
        when=change.moment,
    )
    if change.alarm == kinds.BELL:
        answer = bell_answer(site, number, record.number)
        return here("alarm", alarm=change.alarm, detail=f"call {record.number}, `{answer}` answers it")
    if change.alarm:
        return here("alarm", alarm=change.alarm)
    if change.set_aside:
        return here("record set aside", detail=change.set_aside)
    if record.kind == records.COMMAND_APPLIED and not fields.applied(record).is_done:
        told = f"order {record.a} could not be carried out: `ansim order list --state impossible`"
        return here(kinds.name_of(record), detail=told)
    return here(kinds.name_of(record))


def in_words(told: Mapping[str, Any]) -> str:
    """What `Occurrence.as_json` gave as one line for a person.

    What is told late says so, and an alarm always says when it was.
    """
    place = f"{told['site']}/{told['cabinet']} " if "cabinet" in told else ""
    door = f"door {told['door']:02d} " if "door" in told else ""
    what = f"ALARM: {told['alarm']}" if "alarm" in told else told["event"]
    detail = f": {told['detail']}" if "detail" in told else ""
    return f"{told['at']}  {place}{door}{what}{detail}{_when(told)}"


def _when(told: Mapping[str, Any]) -> str:
    if "happened" not in told:
        return ""
    late = datetime.fromisoformat(told["heard"]) - datetime.fromisoformat(told["happened"])
    if "alarm" not in told and late < _LATE:
        return ""
    happened = (
        told["happened"]
        if told["happened"] == told["happened_until"]
        else f"between {told['happened']} and {told['happened_until']}"
    )
    return f" (happened {happened}, heard {told['heard']})"
