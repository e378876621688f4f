"""What each kind of event is to people: its name, its words,
the alarm that staff get of it and the letter that a resident gets.

One row a kind, which the server's lines, `ansim events`, letters and alarms read. A pickup under duress reads
like any other with her code: who may know the difference has a channel of his own (notify/dispatch.py).
"""

from collections.abc import Callable
from typing import NamedTuple

from host_tools.host import fields
from locker.contract import records
from locker.contract.records import Record

BELL = "bell"  # the alarm of a call for help
DEPOSITED = "deposited"  # letters: her parcel has come; its code is another one
NEW_CODE = "new code"

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
_ARMED = {records.RECALL: "a recall code is armed", records.SERVICE: "a service code is armed"}
_DOUBTS = (
    (1, "it is older than it should be"),
    (2, "its second copy is missing or older"),
    (4, "records in it are damaged"),
)


def _times(count: int, more: str = "") -> str:
    return f"{count} {more}time{'s' if count != 1 else ''}"


def _bell(record: Record) -> str:
    pressed = "the help button was pressed"
    if record.b:
        return f"{pressed} {_times(record.a, 'more ')} for call {record.b}"
    return (
        pressed if record.a <= 1 else f"{pressed}, and {_times(record.a - 1)} before that it had not told of"
    )


def _tampered(record: Record) -> str:
    said = "somebody is at the cabinet's inside"
    return f"{said}: told {_times(record.a, 'more ')} within an hour" if record.a else said


def _tried(record: Record) -> str:
    """It is written down before anything is compared."""
    return f"a code was tried, right or wrong ({_times(record.a)} since the last deposit began here)"


def _flapped(record: Record) -> str:
    return (
        f"doors opened without a cause {_times(record.a, 'more ')}"
        if record.a
        else "no more doors opened without a cause"
    )


def _supply(record: Record) -> str:
    if record.door:
        return f"a pulse was put off: the supply gives {record.a} mV at its pin, too little for a lock"
    return f"the supply was too low {record.a} more times within an hour"


def _refused(record: Record) -> str:
    count, too_old = fields.refusals(record)
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
    records.CALIBRATION: (
        "the analogue inputs have no calibration: they are read by the nominal curve of the chip"
    ),
    records.BEEPER: "the beeper has failed",
    records.SCREEN: "the screen does not answer",
    records.SUPPLY_SENSE: "the supply's voltage cannot be read: pulses are given all the same",
    records.CURRENT_SENSE: "the coils' current cannot be read: a coil that is stuck will not be noticed",
    records.LINK: "the link's hardware has failed for a moment",
}


class Kind(NamedTuple):
    """A row.

    `name` is that of the server's lines; `words` says what an event means,
    in a sentence without its full stop.

    `alarm`: a person should look at each, and staff are told under that name (notify/wording/en.toml).
    `letter`: what a resident is told while her parcel waits behind that door, likewise; more in
    notify/letters.py.
    """

    name: str
    words: Callable[[Record], str]
    alarm: str | None = None
    letter: str | None = None


KINDS = {
    records.BOOTED: Kind(
        "booted", lambda record: f"the cabinet started: {_RESETS.get(record.a & 255, 'nobody knows why')}"
    ),
    records.DEPOSIT_STARTED: Kind(
        "deposit started", lambda record: "a courier's ticket was taken and this door chosen"
    ),
    records.PULSED: Kind(
        "pulsed", lambda record: f"the lock was pulsed, pulse {record.a} of at most 3 of this attempt"
    ),
    records.DOOR_OPENED: Kind("door opened", lambda record: "the door opened"),
    records.DOOR_CLOSED: Kind(
        "door closed",
        lambda record: (
            f"the door was closed, its sensor sees {'something' if record.a else 'nothing'} inside"
        ),
    ),
    records.DEPOSITED: Kind("deposited", lambda record: "a parcel was deposited", letter=DEPOSITED),
    records.CANCELLED: Kind(
        "cancelled", lambda record: "the visit of a courier ended without a deposit, the ticket stays good"
    ),
    records.WITHDRAWN: Kind(
        "withdrawn",
        lambda record: (
            "the ticket was typed again within a minute: the parcel's code is dead, the courier's door opens"
        ),
        letter="withdrawn",
    ),
    records.CODE_TRIED: Kind("code tried", _tried),
    records.PICKUP_OPENED: Kind(
        "pickup opened",
        lambda record: f"a code or an order was right: by {OPENERS.get(record.a, 'nobody knows whom')}",
    ),
    records.COLLECTED: Kind(
        "collected",
        lambda record: "the parcel is gone, by the sensor, somebody's word or the host's; its code is dead",
    ),
    records.DOOR_LEFT_OPEN: Kind("door left open", lambda record: "the door stands open", alarm="left open"),
    records.DOOR_FORCED: Kind(
        "door forced", lambda record: "the door opened without a cause", alarm="forced", letter="forced"
    ),
    records.DOOR_JAMMED: Kind(
        "door jammed",
        lambda record: "the door did not open: three attempts, and the contact saw nothing move",
        alarm="jammed",
        letter="stuck",
    ),
    records.BELL_RUNG: Kind("bell rung", _bell, alarm=BELL),
    records.LAMP_FAILED: Kind("lamp failed", lambda record: "the lamp draws no current", alarm="lamp"),
    records.TICKET_REFUSED: Kind("ticket refused", _refused),
    records.STILL_INSIDE: Kind(
        "still inside",
        lambda record: "a pickup ended with the parcel still inside, as far as is known; its code stays good",
    ),
    records.SENSOR_FAULT: Kind(
        "sensor fault",
        lambda record: (
            "the contact has failed"
            if record.a == 1
            else "the occupancy sensor contradicts what happened at the door"
        ),
        alarm="sensor",
    ),
    records.LEVEL_LOST: Kind("expander lost", _lost, alarm="expander"),
    records.PART_FAILED: Kind(
        "part failed", lambda record: _PARTS.get(record.a, f"part {record.a} has failed"), alarm="part"
    ),
    records.PARCEL_FLAGGED: Kind(
        "parcel flagged", lambda record: "the courier says that the parcel lies where nothing is seen"
    ),
    records.REISSUED: Kind(
        "code reissued", lambda record: "the parcel has another code, the one before is dead", letter=NEW_CODE
    ),
    records.ARMED: Kind(
        "staff code armed",
        lambda record: _ARMED.get(fields.armed(record).code, "no code of staff is armed any more"),
    ),
    records.SERVICE_OPENED: Kind(
        "opened for service", lambda record: "a service code was right for this door, which has no parcel"
    ),
    records.DOOR_TESTED: Kind(
        "door tested",
        lambda record: "staff tested the door: " + ("it is sound" if record.a else "it is not sound"),
    ),
    records.OUT_OF_SERVICE: Kind(
        "out of service",
        lambda record: "the door was taken out of service" if record.a else "the door is in service again",
    ),
    records.COMMAND_APPLIED: Kind(
        "command applied",
        lambda record: (
            f"order {record.a} of the host was "
            + ("carried out" if fields.applied(record).is_done else "not possible")
        ),
    ),
    records.CODES_TRIED: Kind(
        "codes tried",
        lambda record: (
            f"codes were tried {_times(record.a)} at doors that ask for all digits, right or wrong"
        ),
    ),
    records.DOOR_FLAPPED: Kind("door flapped", _flapped),
    records.SUPPLY_LOW: Kind("supply low", _supply, alarm="supply"),
    records.TAMPERED: Kind("tampered", _tampered, alarm="tamper"),
    records.KEYS_LEFT_OUT: Kind("keys left out", _keys, alarm="keys"),
    records.EPOCH_BEGUN: Kind(
        "epoch begun",
        lambda record: "new parcels get codes of epoch {}, by rule {}".format(*fields.epoch_begun(record)),
    ),
    records.EVENT_LOST: Kind("event lost", lambda record: "stands for an event that the journal has lost"),
    records.COIL_STUCK: Kind(
        "coil stuck",
        lambda record: f"a coil draws current that nobody has given it ({record.a} mV at its pin)",
        alarm="coil",
    ),
    records.JOURNAL_DOUBT: Kind("journal in doubt", _doubt, alarm="journal"),
    records.TICKETS_TURNED: Kind(
        "ticket key turned",
        lambda record: f"tickets of key {record.a} and of the one before are taken, older ones are not",
    ),
    records.EVENTS_DROPPED: Kind(
        "events dropped", lambda record: f"the journal was full: {record.a} small events were only counted"
    ),
    records.ADOPTED: Kind(
        "parcel adopted", lambda record: "the cabinet took over a parcel that the host knows", letter=NEW_CODE
    ),
}


def name_of(record: Record) -> str:
    """The name of a record's kind; a newer firmware may have kinds that this host does not know."""
    kind = KINDS.get(record.kind)
    return kind.name if kind else f"event of kind {record.kind}"


def in_words(record: Record) -> str:
    """What an event of a board means, for a person who asks why."""
    kind = KINDS.get(record.kind)
    return kind.words(record) if kind else f"event of kind {record.kind}"


def letter_of(record: Record) -> str | None:
    """The name of the letter that a resident gets of a record of her parcel; None for none."""
    kind = KINDS.get(record.kind)
    return kind.letter if kind else None


def alarm_of(record: Record) -> str | None:
    """The name of the alarm that a record raises; None for none."""
    kind = KINDS.get(record.kind)
    return kind.alarm if kind else None
