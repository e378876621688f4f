"""What residents and staff are told, in words.

The only place where the host writes a pickup code, and only into a message.

Each text holds whatever a dead contact may have reported, says what to do next,
and sends nobody to the cabinet alone.
"""

import shlex
from datetime import UTC, datetime
from typing import NamedTuple

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Identity
from locker.contract.codes import pickup_code, staff_code
from locker.contract.keys import epoch_keys
from locker.contract.tickets import keyed, tail

_LATE_MS = 60_000  # from which on a text for staff begins with when it was


class Matter(NamedTuple):
    """What a message is about; `for_resident` tells hers from the staff's."""

    kind: str
    for_resident: bool
    epoch: int
    door: int
    counter: int
    retry: int
    moment: Moment
    serial: int = 0  # and generation: of the parcel's ticket
    generation: int = 0


_TYPE = "Type the door and the 8 digits, then #. The extra digits are for when the screen asks for them."
_DOUBT = "You need not fetch it. {Call} before you do."

_RESIDENT = {
    "deposited": f"A parcel waits for you at {{place}}: {{code}}. {_TYPE}",
    "used label": "A parcel was left for you at {place}, but on a label that had been used before or was "
    f"taken back: it may not be what it seems. {_DOUBT} Its code is {{code}}.",
    "label used twice": "The label of the parcel behind door {door} at {place}, of which you were told "
    f"before, has been used for another parcel too. Nobody knows yet which of the two is honest. {_DOUBT}",
    "label cleared": "The warning about the parcel behind door {door} at {place} is taken back: it "
    f"waits for you as any other. Its code is {{code}}. {_TYPE} If you are not sure of it, {{call}}.",
    "new code": f"Your parcel at {{place}} has a new code: {{code}}. The one before no longer works. {_TYPE} "
    "If you have fetched it already, there is nothing to do.",
    "odd new code": "The parcel at {place} that came on a label used before or taken back has a new code: "
    f"{{code}}. The one before no longer works. {_DOUBT}",
    "opened": (
        "Door {door} at {place} opened with your code. "
        "If that was not you, or it did not open for you, {call}."
    ),
    "opened at last": (
        "Door {door} at {place}, which was stuck, moves again: it opened with your code. "
        "If that was not you, {call}."
    ),
    "stuck": "Door {door} at {place} was to open for your parcel, but the cabinet did not see it move. Your "
    "code stays good, and staff have been told. If you have your parcel there is nothing to do; "
    "if not, {call}.",
    "mended": (
        "Door {door} at {place}, which was stuck, moves again. "
        "If your parcel is still there, your code opens it as before."
    ),
    "opened by staff": (
        "Staff opened door {door} at {place}, with your parcel behind it. If you did not expect that, {call}."
    ),
    "forced": "The cabinet reports that door {door} at {place}, with your parcel behind it, opened without a "
    "code. Staff have been told. You need not go there to look: {call}. In danger call 112.",
    "unknown": "The cabinet at {place} was put back to an older state, and nobody knows whether your parcel "
    "is still behind door {door}. Its code no longer opens that door. Staff have been told: {call}.",
    "withdrawn": "The courier had door {door} at {place} opened again, where your parcel was: its code no "
    "longer works. If the parcel is put back you get another code.",
    "silenced": "Nobody can rely any more on what the cabinet at {place} tells, and nobody knows whether "
    "your parcel is still behind door {door}. You need not go there to look: {call}. Staff have been told.",
}
_STAFF = {
    "bell": "The help button was pressed at {place}: call {call}. Get help there. "
    "`{answer}` has its screen say that somebody has seen the call.",
    "forced": "Door {door} at {place} was opened without a cause.",
    "jammed": "Door {door} at {place} was to open, and its contact saw nothing move.",
    "left open": "Door {door} at {place} was left open.",
    "lamp": "The lamp at {place} has failed.",
    "part": (
        "A part of {place} has failed that people can do without: "
        "its beeper, or the calibration of its analogue inputs."
    ),
    "sensor": (
        "A sensor of door {door} at {place} has failed, "
        "or somebody has put something in or taken something out: look inside."
    ),
    "expander": "A part of {place} does not answer: some doors are out of service.",
    "supply": "The supply at {place} is too weak for its locks.",
    "coil": (
        "A lock coil at {place} is on and cannot be switched off: cut its power now. "
        "No door opens there until it is mended."
    ),
    "keys": (
        "Keys of the keypad at {place} are stuck and type nothing: its screen and `ansim events` name them."
    ),
    "tamper": "Somebody is at the inside of {place}.",
    "journal": (
        "The journal of {place} is old or damaged. "
        "It takes no parcels until it has a new epoch or is provisioned anew."
    ),
    "recall code": (
        "To take the parcel out of door {door} at {place}: {code}, once. "
        "Type the door and all 12 digits, then #."
    ),
    "service code": (
        "To open door {door} at {place} for service: {code}, once. Type the door and all 12 digits, then #."
    ),
    "new service code": "The service code of door {door} at {place} is another one since its keys are new: "
    "{code}, once. The one before is dead.",
    "parcel": (
        "Door {door} at {place} gave up a parcel that this host does not know: "
        "look whether something is inside."
    ),
    "unknown": (
        "{place} was put back to an older state: "
        "look whether two parcels, or another one, are behind door {door}."
    ),
    "silenced": (
        "The board of {place} was silenced: look whether a parcel is behind door {door}, "
        "and tell its resident what you found."
    ),
    "letters held": (
        "{place} tells more than people there can have done. Its letters are held: "
        "look there, then `ansim link release`."
    ),
    "tells too much": "{place} tells more than there can be, and not all of it is taken: a stranger may hold "
    "its board. Look there; `ansim cabinet silence` ends it. Its help button is still heard.",
    "refused tickets": (
        "At {place} and its neighbours many ticket numbers are refused: somebody may be trying them."
    ),
    "set aside": (
        "Something that {place} told could not be understood and is kept aside: `ansim link aside` shows it."
    ),
    "unmet": "{place} works, but this host could not take its report, nor what happens there: its help "
    "button alone is heard. Update ansim on the host; "
    "if this is told again an hour later, send its makers the log of `ansim serve`.",
    "refused": "Nothing that {place} tells is taken, but its alarms: no letters go out of what happens "
    "there. `ansim link` says why, and what to do.",
    "dead code": "The code that staff were sent for door {door} at {place} opens it no more: the board that "
    "knew it was replaced, or put back to an older state. Arm another: "
    "`ansim parcel recall` where a parcel waits, else `ansim door service`.",
    "unordered code": "{place} says that a code of staff is armed for door {door}, which nobody has ordered "
    "here; it is sent to nobody. `ansim door disarm` takes it back. "
    "Unless a backup was restored, look whether that board is in other hands.",
    "unmade letter": (
        "A letter about door {door} at {place} could not be made: its resident has to be told by a person."
    ),
    "impossible": "What staff have ordered for {place} could not be carried out, because its parcel was "
    "gone, or it was another one by then: `ansim order list --state impossible` says which order.",
    "answered late": "The answer to the help button at {place} was not shown there: the call was over when "
    "it came. Whoever pressed it may still need help.",
    "unmade order": "An order for {place} could not be told to its board: `ansim provision` it anew.",
    "ticket": "Door {door} at {place} took a parcel on a ticket that is unknown, revoked or used before.",
    "ticket again": (
        "The ticket of the parcel behind door {door} at {place} was used for another one later: "
        "either may be the honest one."
    ),
}
_STAFF_CODES = {"recall code": b"recall", "service code": b"service", "new service code": b"service"}
_WITH_CODE = ("deposited", "used label", "label cleared", "new code", "odd new code")


def words(matter: Matter, identity: Identity) -> str:
    """The text about a matter at the cabinet with that identity."""
    cabinet = identity.cabinet
    place = f"{cabinet.site}, cabinet {cabinet.number}"
    when = in_words(matter.moment)
    if not matter.for_resident:
        code = spoken_staff_code(matter, identity) if matter.kind in _STAFF_CODES else ""
        late = "Heard late: " if matter.moment.heard_ms - matter.moment.latest_ms > _LATE_MS else ""
        late = late or (
            "Perhaps heard late: " if matter.moment.heard_ms - matter.moment.earliest_ms > _LATE_MS else ""
        )
        filled = {"place": place, "door": f"{matter.door:02d}", "code": code, "call": matter.counter}
        return (
            late
            + _STAFF[matter.kind].format(
                **filled, answer=bell_answer(cabinet.site, cabinet.number, matter.counter)
            )
            + when
        )
    code = spoken_code(matter, identity) if matter.kind in _WITH_CODE else ""
    call = f"call {identity.help_number}" if identity.help_number else "ask the people who run the cabinet"
    filled = {
        "place": place,
        "door": f"{matter.door:02d}",
        "code": code,
        "call": call,
        "Call": call[0].upper() + call[1:],
    }
    return _RESIDENT[matter.kind].format(**filled) + when


def bell_answer(site: str, cabinet: int, call: int) -> str:
    """The command that answers a call, as it is typed."""
    return f"ansim bell ack --site {shlex.quote(site)} --cabinet {cabinet} --call {call}"


def words_of_many(matter: Matter, identity: Identity, count: int) -> str:
    """The text for staff about so many alarms of one kind at one door, the matter being the first of them."""
    return f"{count} more like this one since it was last told: {words(matter, identity)}"


def in_words(moment: Moment) -> str:
    """` (happened 2026-11-29 14:03 KST, heard 14:03)`, in the time zone of the host."""
    earliest, latest, heard = (_local(ms) for ms in moment)
    happened = (
        _full(earliest)
        if moment.latest_ms - moment.earliest_ms < _LATE_MS
        else f"between {_full(earliest)} and {_full(latest)}"
    )
    return (
        f" (happened {happened}, heard {heard:%H:%M})"
        if heard.date() == latest.date()
        else f" (happened {happened}, heard {_full(heard)})"
    )


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone()


def _full(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def spoken_code(matter: Matter, identity: Identity) -> str:
    """`door 07 · 7391 0462 · extra 5518`."""
    rule = identity.rules[matter.epoch]
    where = (identity.cabinet.board_id, matter.epoch, matter.door, matter.counter, matter.retry)
    digits = pickup_code(
        _code_key(matter, identity), *where, tail_of(identity, matter.generation, matter.serial, rule), rule
    )
    return f"door {matter.door:02d} · {digits[:4]} {digits[4:8]} · extra {digits[8:]}"


def tail_of(identity: Identity, generation: int, serial: int, rule: int) -> int:
    """The safe tail that comes with a ticket of the site, by the rule of the parcel's epoch;
    codes.NO_TAIL and above for none.
    """
    key, its_rule = keyed(identity.ticket_secret, generation, identity.is_old)
    return tail(key, identity.site_id, serial, min(rule, its_rule))


def spoken_staff_code(matter: Matter, identity: Identity) -> str:
    """`1234 5678 9012`: the code of staff for that arming (the matter's retry)."""
    where = (identity.cabinet.board_id, matter.epoch, matter.door, matter.counter, matter.retry)
    digits = staff_code(_code_key(matter, identity), _STAFF_CODES[matter.kind], *where)
    return f"{digits[:4]} {digits[4:8]} {digits[8:]}"


def _code_key(matter: Matter, identity: Identity) -> bytes:
    nonces = (identity.nonce_host, identity.nonce_board)
    nonce = identity.nonces.get(matter.epoch, 0)
    return epoch_keys(identity.master_secret, *nonces, identity.cabinet.board_id, matter.epoch, nonce)[0]
