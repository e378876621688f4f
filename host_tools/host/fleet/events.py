"""What happened at a cabinet or behind one of its doors, in words, with the time it happened and the time it was heard.

A pickup under duress reads like any other with her code: who may know the difference has a channel of his own (dispatch.py).
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import select

from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place, cabinet_at
from host_tools.host.notify.log import EVENTS
from locker.contract import records
from locker.contract.records import Record

LAST = 50

#: Who opened the door of a parcel, by PICKUP_OPENED.a.
OPENERS = {
    records.BY_CODE: "her code",
    records.BY_DURESS: "her code",
    records.BY_RECALL: "staff, with a recall code",
    records.BY_SERVICE: "staff, with a service code",
    records.BY_HOST: "the host, for somebody at the cabinet",
}
_RESETS = {
    records.RESET_POWER: "its power was switched on",
    records.RESET_HARD: "it was reset",
    records.RESET_WATCHDOG: "its watchdog reset it",
    records.RESET_SOFT: "it was restarted by a command",
    records.RESET_BROWNOUT: "its supply sagged",
}
_ARMED = {1: "a recall code is armed", 2: "a service code is armed"}
_DOUBTS = ((1, "it is older than it should be"), (2, "its second copy is missing or older"), (4, "records in it are damaged"))


def _times(count: int, more: str = "") -> str:
    return f"{count} {more}time{'s' if count != 1 else ''}"


def _bell(record: Record) -> str:
    pressed = "the help button was pressed"
    if record.b:
        return f"{pressed} {_times(record.a, 'more ')} for call {record.b}"
    return pressed if record.a <= 1 else f"{pressed}, and {_times(record.a - 1)} before that it had not told of"


def _tampered(record: Record) -> str:
    said = "somebody is at the cabinet's inside"
    return f"{said}: told {_times(record.a, 'more ')} within an hour" if record.a else said


def _tried(record: Record) -> str:
    """It is written down before anything is compared."""
    return f"a code was tried, right or wrong ({_times(record.a)} since the last deposit began here)"


def _flapped(record: Record) -> str:
    return f"doors opened without a cause {_times(record.a, 'more ')}" if record.a else "no more doors opened without a cause"


def _supply(record: Record) -> str:
    if record.door:
        return f"a pulse was put off: the supply gives {record.a} mV at its pin, too little for a lock"
    return f"the supply was too low {record.a} more times within an hour"


def _refused(record: Record) -> str:
    count, too_old = record.a & 0xFFFF, record.a >> 16
    if not count:
        return "an hour has passed in which no ticket was refused"
    said = f"{count} tickets were refused" if count != 1 else "a ticket was refused"
    return said + (f", {too_old} of them with labels that are too old" if too_old else "")


def _doubt(record: Record) -> str:
    found = [words for bit, words in _DOUBTS if record.a & bit]
    return "the journal is in doubt: " + (", ".join(found) or "nobody knows why")


def _lost(record: Record) -> str:
    out = ", ".join(f"{door:02}" for door in range(1, 33) if record.b >> door - 1 & 1)
    said = f"the expander at 0x{record.a:02x} does not answer"
    return said + (f": until it does, these doors take no parcel: {out}" if out else "")


def _keys(record: Record) -> str:
    broken = " ".join(key for bit, key in enumerate("0123456789*#ABCD") if record.a >> bit & 1)
    return f"these keys type nothing: {broken}" if broken else "all keys of the keypad work again"


_PARTS = {
    records.CALIBRATION: "the analogue inputs have no calibration: they are read by the nominal curve of the chip",
    records.BEEPER: "the beeper has failed",
    records.SCREEN: "the screen does not answer",
    records.SUPPLY_SENSE: "the supply's voltage cannot be read: pulses are given all the same",
    records.CURRENT_SENSE: "the coils' current cannot be read: a coil that is stuck will not be noticed",
    records.LINK: "the link's hardware has failed for a moment",
}

#: What an event says beyond its name; the name alone where it is not here.
_WORDS: dict[int, Callable[[Record], str]] = {
    records.BOOTED: lambda record: f"the cabinet started: {_RESETS.get(record.a & 255, 'nobody knows why')}",
    records.DEPOSIT_STARTED: lambda record: "a courier's ticket was taken and this door chosen",
    records.PULSED: lambda record: f"the lock was pulsed, pulse {record.a} of at most 3 of this attempt",
    records.DOOR_OPENED: lambda record: "the door opened",
    records.DOOR_CLOSED: lambda record: f"the door was closed, its sensor sees {'something' if record.a else 'nothing'} inside",
    records.DEPOSITED: lambda record: "a parcel was deposited",
    records.CANCELLED: lambda record: "the visit of a courier ended without a deposit, the ticket stays good",
    records.WITHDRAWN: lambda record: "the ticket was typed again within a minute: the parcel's code is dead, the courier's door opens",
    records.CODE_TRIED: _tried,
    records.PICKUP_OPENED: lambda record: f"a code or an order was right: by {OPENERS.get(record.a, 'nobody knows whom')}",
    records.COLLECTED: lambda record: "the parcel is gone, by the sensor, somebody's word or the host's; its code is dead",
    records.DOOR_LEFT_OPEN: lambda record: "the door was left open",
    records.DOOR_FORCED: lambda record: "the door opened without a cause",
    records.DOOR_JAMMED: lambda record: "the door did not open: the contact saw nothing move after the last pulse",
    records.BELL_RUNG: _bell,
    records.LAMP_FAILED: lambda record: "the lamp draws no current",
    records.TICKET_REFUSED: _refused,
    records.STILL_INSIDE: lambda record: "a pickup ended with the parcel still inside, as far as is known; its code stays good",
    records.SENSOR_FAULT: lambda record: (
        "the contact has failed" if record.a == 1 else "the occupancy sensor contradicts what happened at the door"
    ),
    records.LEVEL_LOST: _lost,
    records.PART_FAILED: lambda record: _PARTS.get(record.a, f"part {record.a} has failed"),
    records.PARCEL_FLAGGED: lambda record: "the courier says that the parcel lies where nothing is seen",
    records.REISSUED: lambda record: "the parcel has another code, the one before is dead",
    records.ARMED: lambda record: _ARMED.get(record.a >> 8, "no code of staff is armed any more"),
    records.SERVICE_OPENED: lambda record: "a service code was right for this door, which has no parcel",
    records.DOOR_TESTED: lambda record: "staff tested the door: " + ("it is sound" if record.a else "it is not sound"),
    records.OUT_OF_SERVICE: lambda record: "the door was taken out of service" if record.a else "the door is in service again",
    records.COMMAND_APPLIED: lambda record: f"order {record.a} of the host was " + ("carried out" if record.b & 1 else "not possible"),
    records.CODES_TRIED: lambda record: f"codes were tried {_times(record.a)} at doors that ask for all digits, right or wrong",
    records.DOOR_FLAPPED: _flapped,
    records.SUPPLY_LOW: _supply,
    records.TAMPERED: _tampered,
    records.KEYS_LEFT_OUT: _keys,
    records.EPOCH_BEGUN: lambda record: f"new parcels get codes of epoch {record.a & 0x3FFFF}, by rule {record.a >> 18}",
    records.EVENT_LOST: lambda record: "stands for an event that the journal has lost",
    records.COIL_STUCK: lambda record: f"a coil draws current that nobody has given it ({record.a} mV at its pin)",
    records.JOURNAL_DOUBT: _doubt,
    records.TICKETS_TURNED: lambda record: f"tickets of key {record.a} and of the one before are taken, older ones are not",
    records.EVENTS_DROPPED: lambda record: f"the journal was full: {record.a} small events were only counted",
    records.ADOPTED: lambda record: "the cabinet took over a parcel that the host knows",
}


class Happening(NamedTuple):
    """One event. `name` is the word of the server's lines, `words` what it means."""

    number: int
    door: int  # 0: of the cabinet
    name: str
    words: str
    moment: Moment


def in_words(record: Record) -> str:
    """What an event of a board means, for a person who asks why."""
    words = _WORDS.get(record.kind)
    return words(record) if words else f"event of kind {record.kind}"


def listing(ledger: Ledger, place: Place, last: int = LAST) -> list[Happening]:
    """The last events at a cabinet, or of one door of it (place.door), in the order in which they happened. Raises Complaint."""
    event = tables.event.c
    with ledger.reading() as connection:
        known = cabinet_at(connection, place)
        wanted = select(tables.event).where(event.cabinet == known.id)
        if place.door:
            wanted = wanted.where(event.door == place.door)
        rows = connection.execute(wanted.order_by(event.arrived_ms.desc(), event.number.desc()).limit(last)).all()
        its = select(tables.aside).where(tables.aside.c.cabinet == known.id)
        kept = connection.execute(its.order_by(tables.aside.c.aside_ms.desc(), tables.aside.c.number.desc()).limit(last)).all()
    found = [_happening(row) for row in rows]
    found += [one for one in map(_kept, kept) if place.door in (0, one.door)]
    return sorted(found, key=lambda one: (one.moment.heard_ms, one.number))[-last:]


def _kept(row) -> Happening:
    """A record that was set aside has its place among the events."""
    moment = Moment(row.aside_ms, row.aside_ms, row.aside_ms)
    words = f"event {row.number} is set aside ({row.reason}): `ansim link aside` shows it"
    return Happening(row.number, records.unpack(row.raw).door, "set aside", words, moment)


def _happening(row) -> Happening:
    record = Record(*(getattr(row, name) for name in Record._fields))
    moment = Moment(row.earliest_ms, row.latest_ms, row.arrived_ms)
    return Happening(record.number, record.door, EVENTS.get(record.kind, f"kind {record.kind}"), in_words(record), moment)
