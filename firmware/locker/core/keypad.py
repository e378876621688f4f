"""What the keypad is in use for: length decides what a number is, and one answer follows each `#`.

A number is checked at the later of `#` and the floor's end (2 s after the previous check, 5 s where a door
asks for all its digits, 5 s after boot), and answered 500 ms later: the same for right, wrong and empty. A
door left open never keeps anyone from typing.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import codes, records, tickets
from locker.contract.mac import same
from locker.core import bell, courier, deadlines, hourly, remote_opening, resident, state, texts
from locker.core.courier import HELP_MS
from locker.core.effects import BAD, GOOD
from locker.core.keypad_events import (
    CONFIRM,
    DIGIT,
    DONE,
    FOUND,
    GOOD_TICKET,
    HASH,
    LARGER,
    SHUT_EMPTY,
    SLOW,
    STAR,
    STUCK,
    TIMEOUT,
    TYPED,
)
from locker.core.state import EMPTY, FAILURES_MAX, REFUSED_MAX, WAITING

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.secrets import Secrets
    from locker.core.state import Door

# Modes.
IDLE = const(0)
TYPING = const(1)
CHECKING = const(2)
CHOOSING = const(3)  # a size
OFFERED = const(4)  # a larger door
LOADING = const(5)  # the courier's door opens or is open
CHANGING = const(6)  # the same, and the courier wants another size
ASKING = const(7)  # closed, nothing seen inside: again?
CONFIRMING = const(8)  # closed, and only the resident knows whether her parcel is inside
SLOWED = const(9)  # a ticket after too many refused ones; somebody else's number ends the waiting

PATIENCE_MS = (None, 20000, None, 30000, 30000, None, None, 60000, 60000, None)  # by mode
_ANSWER_MS = const(500)
_SHOWN_MS = const(800)  # how long the digit typed last is readable
_SLOW_MS = const(15000)
_FLOOR_MS = const(2000)
_FLOOR_ALL_DIGITS_MS = const(5000)
_DIGITS_MAX = const(15)  # one more than the longest number, so that a longer one is none

_TICKET_DIGITS = const(9)
_SHORT_DIGITS = const(10)  # door + 8
_LONG_DIGITS = const(14)  # door + 12
_LENGTHS = (9, 10, 14)
_DOOR_DIGITS = const(2)
_PAUSE_MS = const(5000)  # that stands for a broken `#`
_NAMED_MAX = const(9)  # keys that a row of the screen has room for
_NOBODYS = state.Door(0)


def welcome(cabinet: "Cabinet", _: "Door | None") -> None:
    """Nobody is at the keypad."""
    if cabinet.resumed and cabinet.resumed(cabinet):
        return
    if deadlines.BELL not in cabinet.due and bell.remind(cabinet):
        return
    lost = cabinet.left_out
    if lost:
        cabinet.show(
            texts.KEYS_LEFT_OUT, (lost if len(lost) <= _NAMED_MAX else lost[: _NAMED_MAX - 1] + "+",), None
        )
    else:
        cabinet.show(texts.WELCOME, (), None)


def knock(cabinet: "Cabinet", _: "Door | None") -> None:
    """`#` with no number: shows the digits of a host-ordered opening, if there is one."""
    if not remote_opening.show(cabinet):
        welcome(cabinet, _)


def slow(cabinet: "Cabinet", _: "Door | None") -> None:
    """Says that the answer takes time, and that the keypad is free for others meanwhile."""
    cabinet.show(texts.WAIT)


def add(cabinet: "Cabinet", _: "Door | None") -> None:
    """One digit more; only the last one is shown, and that not for long."""
    if len(cabinet.typed) < _DIGITS_MAX:
        cabinet.typed += cabinet.key
    cabinet.show(texts.ENTRY, ("." * (len(cabinet.typed) - 1) + cabinet.typed[-1],))
    cabinet.wait(deadlines.HIDE, _SHOWN_MS)
    if cabinet.left_out and len(cabinet.typed) in _LENGTHS:
        cabinet.wait(deadlines.KEYPAD, _PAUSE_MS)


def hide(cabinet: "Cabinet") -> None:
    """The digit typed last becomes a dot, where it still stands on the screen:
    nobody reads it who comes near, and no camera.
    """
    cabinet.wait(deadlines.HIDE, None)
    if cabinet.text == texts.ENTRY:
        cabinet.show(texts.ENTRY, ("." * len(cabinet.typed),))


def rest(cabinet: "Cabinet", _: "Door | None") -> None:
    """Nothing was pressed for a while: the number is forgotten;
    where a key is broken, one of full length is taken as it is.
    """
    if cabinet.left_out and len(cabinet.typed) in _LENGTHS:
        cabinet.mode = TYPING
        cabinet.transition(HASH)
    else:
        welcome(cabinet, None)


def begin(cabinet: "Cabinet", _: "Door | None") -> None:
    """The first digit."""
    cabinet.typed = ""
    add(cabinet, _)


def submit(cabinet: "Cabinet", _: "Door | None") -> None:
    """`#`: sets the tick of the answer; a try at a door is counted now, before anything is compared."""
    typed = cabinet.typed
    length = len(typed)
    if length not in _LENGTHS:
        cabinet.transition(DONE)
        cabinet.refuse(texts.LENGTH)
        return
    if deadlines.HIDE in cabinet.due:  # now, as long as it is known how long the number is
        hide(cabinet)
    floor_ms = _FLOOR_MS
    door = None if length == _TICKET_DIGITS else cabinet.doors.get(int(typed[:2]))
    if door:
        scarce = cabinet.scarce(door)
        if door.failures < FAILURES_MAX:
            if scarce:
                door.failures += 1  # so that full and empty doors ask for all digits alike
            else:
                cabinet.record(records.CODE_TRIED, door, door.failures + 1)
        else:
            floor_ms = _FLOOR_ALL_DIGITS_MS
            if length == _SHORT_DIGITS:
                cabinet.typed = ""  # all digits were asked for: nothing of it is compared
            else:
                hourly.count(cabinet, records.CODES_TRIED)
        if scarce and cabinet.typed:
            cabinet.typed = typed[:_DOOR_DIGITS]  # a try that is not written down is not compared
    cabinet.check_ms = max(cabinet.now, cabinet.checked_ms + floor_ms)
    answer_ms = _ANSWER_MS
    if length == _TICKET_DIGITS and cabinet.state.refused + cabinet.cancelled >= REFUSED_MAX:
        cabinet.transition(SLOW)
        answer_ms = _SLOW_MS
    cabinet.due[deadlines.KEYPAD] = cabinet.check_ms + answer_ms


def answer(cabinet: "Cabinet", _: "Door | None") -> None:
    """The answer tick."""
    length = len(cabinet.typed)
    cabinet.checked_ms = cabinet.check_ms
    if length == _TICKET_DIGITS:
        courier.answer(cabinet)
        return
    courier.seal(cabinet)
    if length > _DOOR_DIGITS:
        _answer_code(cabinet)
    elif not length:
        cabinet.refuse(texts.ALL_DIGITS)
    elif cabinet.doors[int(cabinet.typed)].state < WAITING:
        cabinet.refuse(texts.UNKNOWN)  # as ever where nothing waits
    else:
        cabinet.beep(BAD)
        cabinet.show(texts.JAMMED, (int(cabinet.typed),), HELP_MS)


def _answer_code(cabinet: "Cabinet") -> None:
    """Compares door + 8 or 12 digits and opens the door, or does not.

    All comparisons are always made, for any number of a door.
    """
    typed = cabinet.typed.encode()
    number = int(typed[:2])
    door = cabinet.doors.get(number) or _NOBODYS
    who = _whose(cabinet, door, number, typed[2:])
    if who is None:
        cabinet.refuse(texts.UNKNOWN)
    elif door.state >= WAITING:
        cabinet.record(records.PICKUP_OPENED, door, who)
        door.opener = who
        cabinet.beep(GOOD)
        cabinet.open(door, texts.TAKE)
    else:
        cabinet.record(records.SERVICE_OPENED, door)
        if door not in cabinet.serviced:
            cabinet.serviced.append(door)
        cabinet.beep(GOOD)
        cabinet.open(door, texts.SERVICE)


def tail_of(secrets: "Secrets", generation: int, serial: int, rule: int) -> int:
    """The safe tail that comes with a ticket, its serial as in records; NO_TAIL and above for none."""
    ticket_key, its_rule = secrets.ticket_keys[generation]
    return tickets.tail(
        ticket_key, secrets.site_id, serial & 0xFFFF if generation else serial, min(rule, its_rule)
    )


def _whose(cabinet: "Cabinet", door: "Door", number: int, pin: bytes) -> "int | None":
    """Whose code it is, as records.BY_; None for nobody's."""
    in_use = door.state >= WAITING
    secrets = cabinet.secrets
    epoch, key, rule = secrets.epoch, secrets.code_key, secrets.rule
    if in_use and door.epoch in secrets.old:
        epoch, key, rule = secrets.old[door.epoch]
    folded = cabinet.state
    generation = (folded.generation, folded.generation_of(door))[in_use]  # no branch: at the same cost
    board_id = secrets.board_id
    counter = door.counter
    size = len(pin)
    tail = tail_of(secrets, generation, door.serial, rule)
    code, duress = codes.pickup_digits(key, board_id, epoch, number, counter, door.code_version, tail, rule)
    right = same(pin, code[:size])
    duress = same(pin, duress[:size])
    service = door.armed == records.SERVICE
    staff = same(
        pin,
        codes.code_digits(
            key,
            b"service" if service else b"recall",
            board_id,
            epoch,
            number,
            counter,
            door.staff_code_version,
        ),
    )
    if in_use and door.epoch == epoch & 1023 and (right or duress):
        return records.BY_CODE if right else records.BY_DURESS
    if staff and ((in_use and door.armed) or (service and door.state == EMPTY)):
        return records.BY_SERVICE if service else records.BY_RECALL
    return None


TRANSITIONS = {
    # mode   | event:        (next,     action, or the text to show)
    IDLE     | DIGIT:        (TYPING,   begin),
    IDLE     | HASH:         (IDLE,     knock),
    IDLE     | STAR:         (IDLE,     welcome),
    IDLE     | TIMEOUT:      (IDLE,     welcome),
    IDLE     | GOOD_TICKET:  (CHOOSING, courier.ask_size),
    IDLE     | FOUND:        (LOADING,  courier.start),
    IDLE     | CONFIRM:      (CONFIRMING, texts.CONFIRM),
    TYPING   | DIGIT:        (TYPING,   add),
    TYPING   | HASH:         (CHECKING, submit),
    TYPING   | STAR:         (IDLE,     welcome),
    TYPING   | TIMEOUT:      (IDLE,     rest),
    CHECKING | TIMEOUT:      (IDLE,     answer),
    CHECKING | DONE:         (IDLE,     None),
    CHECKING | SLOW:         (SLOWED,   slow),
    SLOWED   | DIGIT:        (TYPING,   begin),
    SLOWED   | STAR:         (IDLE,     welcome),
    SLOWED   | TIMEOUT:      (IDLE,     answer),
    CHOOSING | DIGIT:        (CHOOSING, courier.choose),
    CHOOSING | STAR:         (IDLE,     welcome),
    CHOOSING | TIMEOUT:      (IDLE,     welcome),
    CHOOSING | FOUND:        (LOADING,  courier.start),
    CHOOSING | LARGER:       (OFFERED,  None),
    CHOOSING | DONE:         (IDLE,     None),
    CHOOSING | TYPED:        (TYPING,   add),
    OFFERED  | HASH:         (CHOOSING, courier.take_offer),
    OFFERED  | STAR:         (CHOOSING, courier.ask_size),
    OFFERED  | TIMEOUT:      (IDLE,     welcome),
    LOADING  | STAR:         (CHANGING, texts.CHANGE),
    LOADING  | DIGIT:        (TYPING,   begin),
    LOADING  | SHUT_EMPTY:   (ASKING,   courier.ask_reopen),
    LOADING  | STUCK:        (CHOOSING, texts.STUCK),
    LOADING  | DONE:         (IDLE,     None),
    CHANGING | STAR:         (IDLE,     welcome),
    CHANGING | DIGIT:        (TYPING,   begin),
    CHANGING | SHUT_EMPTY:   (CHOOSING, courier.ask_other),
    CHANGING | STUCK:        (CHOOSING, texts.STUCK),
    CHANGING | DONE:         (IDLE,     None),
    ASKING   | HASH:         (LOADING,  courier.reopen),
    ASKING   | STAR:         (IDLE,     courier.give_up),
    ASKING   | TIMEOUT:      (IDLE,     courier.end),
    ASKING   | DIGIT:        (ASKING,   courier.reply),
    ASKING   | TYPED:        (TYPING,   add),
    ASKING   | SHUT_EMPTY:   (ASKING,   courier.ask_reopen),
    ASKING   | DONE:         (IDLE,     None),
    CONFIRMING | DIGIT:      (CONFIRMING, resident.reply),
    CONFIRMING | TYPED:      (TYPING,   add),
    CONFIRMING | TIMEOUT:    (IDLE,     resident.confirm),
}  # fmt: skip
