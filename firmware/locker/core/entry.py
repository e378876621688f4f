"""What the keypad is in use for: length decides what a number is, and one answer follows each `#`.

A number is checked at the later of `#` and the floor's end (2 s after the previous check, 5 s where a door asks for all its digits, 5 s
after boot), and answered 500 ms later: the same for right, wrong and empty. A door left open never keeps anyone from typing.
"""

from locker.compat import const
from locker.core import codes, deposit, journal, records, texts, tickets
from locker.core.deposit import DONE, FOUND, GOOD_TICKET, LARGER, SHUT_EMPTY, STUCK
from locker.core.effects import GOOD
from locker.core.journal import FAILURES_MAX, WAITING

# Modes.
IDLE = const(0)
TYPING = const(1)
CHECKING = const(2)
CHOOSING = const(3)  # a size
OFFERED = const(4)  # a larger door
LOADING = const(5)  # the courier's door opens or is open
CHANGING = const(6)  # the same, and the courier wants another size
ASKING = const(7)  # closed, nothing seen inside: again?

# What happens at the keypad, 16 apart, so that MODE | EVENT is one number; more in core.deposit.
DIGIT = const(0x00)
HASH = const(0x10)
STAR = const(0x20)
TIMEOUT = const(0x30)

KEYPAD = const(-6)  # the deadline of the mode

PATIENCE_MS = (8000, 20000, None, 30000, 30000, None, None, 60000)  # by mode
_ANSWER_MS = const(500)
_FLOOR_MS = const(2000)
_FLOOR_ALL_DIGITS_MS = const(5000)
_DIGITS_MAX = const(15)  # one more than the longest number, so that a longer one is none

_TICKET_DIGITS = const(9)
_SHORT_DIGITS = const(10)  # door + 8
_LONG_DIGITS = const(14)  # door + 12


def welcome(cabinet, _):
    """Nobody is at the keypad."""
    cabinet.show(texts.WELCOME, (), None)


def add(cabinet, _):
    """One digit more; only the last one is shown."""
    if len(cabinet.typed) < _DIGITS_MAX:
        cabinet.typed += cabinet.key
    cabinet.show(texts.ENTRY, ("." * (len(cabinet.typed) - 1) + cabinet.typed[-1],))


def begin(cabinet, _):
    """The first digit."""
    cabinet.typed = ""
    add(cabinet, _)


def cancel_and_begin(cabinet, door):
    """Someone types a number instead of answering."""
    deposit.cancel(cabinet, door)
    begin(cabinet, door)


def submit(cabinet, _):
    """`#`: sets the tick of the answer; a try at a door is counted now, before anything is compared."""
    typed = cabinet.typed
    length = len(typed)
    if length not in (_TICKET_DIGITS, _SHORT_DIGITS, _LONG_DIGITS):
        cabinet.step(DONE)
        cabinet.refuse(texts.LENGTH)
        return
    floor_ms = _FLOOR_MS
    door = None if length == _TICKET_DIGITS else cabinet.doors.get(int(typed[:2]))
    if door:
        if door.failures < FAILURES_MAX:
            cabinet.record(records.CODE_TRIED, door, door.failures + 1)
        else:
            floor_ms = _FLOOR_ALL_DIGITS_MS
            if length == _SHORT_DIGITS:
                cabinet.typed = ""  # all digits were asked for: nothing of it is compared
    cabinet.checked_ms = max(cabinet.now, cabinet.checked_ms + floor_ms)
    cabinet.due[KEYPAD] = cabinet.checked_ms + _ANSWER_MS


def answer(cabinet, _):
    """The answer tick."""
    length = len(cabinet.typed)
    if length == _TICKET_DIGITS:
        deposit.answer(cabinet)
        return
    deposit.seal(cabinet)
    if length:
        _answer_code(cabinet)
    else:
        cabinet.refuse(texts.ALL_DIGITS)


def _answer_code(cabinet):
    """Compares door + 8 or 12 digits and opens the door, or does not. Both comparisons are always made, for any number of a door."""
    number = int(cabinet.typed[:2])
    pin = cabinet.typed[2:]
    door = cabinet.doors.get(number) or journal.Door(number)
    secrets = cabinet.secrets
    code = codes.pickup_code(secrets.code_key, secrets.board_id, secrets.epoch, number, door.counter, 0)
    tail = tickets.tail(secrets.ticket_key, secrets.site_id, door.serial)
    right = codes.same(pin, code[: len(pin)])
    duress = codes.same(pin, codes.duress_code(code, tail)[: len(pin)])
    if door.state >= WAITING and door.epoch == secrets.epoch & 1023 and (right or duress):
        cabinet.record(records.PICKUP_OPENED, door, 0 if right else 1)
        cabinet.beep(GOOD)
        cabinet.open(door, texts.TAKE)
    else:
        cabinet.refuse(texts.UNKNOWN)


TRANSITIONS = {
    # mode   | event:        (next,     action, or the text to show)
    IDLE     | DIGIT:        (TYPING,   begin),
    IDLE     | HASH:         (IDLE,     welcome),
    IDLE     | STAR:         (IDLE,     welcome),
    IDLE     | TIMEOUT:      (IDLE,     welcome),
    IDLE     | GOOD_TICKET:  (CHOOSING, deposit.ask_size),
    IDLE     | FOUND:        (LOADING,  deposit.start),
    TYPING   | DIGIT:        (TYPING,   add),
    TYPING   | HASH:         (CHECKING, submit),
    TYPING   | STAR:         (IDLE,     welcome),
    TYPING   | TIMEOUT:      (IDLE,     welcome),
    CHECKING | TIMEOUT:      (IDLE,     answer),
    CHECKING | DONE:         (IDLE,     None),
    CHOOSING | DIGIT:        (CHOOSING, deposit.choose),
    CHOOSING | STAR:         (IDLE,     welcome),
    CHOOSING | TIMEOUT:      (IDLE,     welcome),
    CHOOSING | FOUND:        (LOADING,  deposit.start),
    CHOOSING | LARGER:       (OFFERED,  None),
    CHOOSING | DONE:         (IDLE,     None),
    OFFERED  | HASH:         (CHOOSING, deposit.take_offer),
    OFFERED  | STAR:         (CHOOSING, deposit.ask_size),
    OFFERED  | TIMEOUT:      (IDLE,     welcome),
    LOADING  | STAR:         (CHANGING, texts.CHANGE),
    LOADING  | DIGIT:        (TYPING,   begin),
    LOADING  | SHUT_EMPTY:   (ASKING,   deposit.ask_reopen),
    LOADING  | STUCK:        (CHOOSING, texts.STUCK),
    LOADING  | DONE:         (IDLE,     None),
    CHANGING | STAR:         (IDLE,     welcome),
    CHANGING | DIGIT:        (TYPING,   begin),
    CHANGING | SHUT_EMPTY:   (CHOOSING, deposit.ask_other),
    CHANGING | STUCK:        (CHOOSING, texts.STUCK),
    CHANGING | DONE:         (IDLE,     None),
    ASKING   | HASH:         (LOADING,  deposit.reopen),
    ASKING   | STAR:         (IDLE,     deposit.give_up),
    ASKING   | TIMEOUT:      (IDLE,     deposit.give_up),
    ASKING   | DIGIT:        (TYPING,   cancel_and_begin),
    ASKING   | SHUT_EMPTY:   (ASKING,   deposit.ask_reopen),
    ASKING   | DONE:         (IDLE,     None),
}  # fmt: skip
