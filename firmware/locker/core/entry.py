"""What the keypad is in use for: length decides what a number is, and one answer follows each `#`.

A number is checked at the later of `#` and the floor's end (2 s after the previous check, 5 s where a door asks for all its digits, 5 s
after boot), and answered 500 ms later: the same for right, wrong and empty. A door left open never keeps anyone from typing.
"""

from locker.compat import const
from locker.core import deposit, pickup, texts
from locker.core.deposit import DONE, FOUND, GOOD_TICKET, LARGER, SHUT_EMPTY, STUCK

# Modes.
IDLE = const(0)
TYPING = const(1)
CHECKING = const(2)
CHOOSING = const(3)  # a size
OFFERED = const(4)  # a larger door
LOADING = const(5)  # the courier's door opens or is open
CHANGING = const(6)  # the same, and the courier wants another size
ASKING = const(7)  # closed, nothing seen inside: again?

# What happens at the keypad; more in core.deposit.
DIGIT = const(0)
HASH = const(1)
STAR = const(2)
TIMEOUT = const(3)

_PATIENCE_MS = (8000, 20000, None, 30000, 30000, None, None, 60000)  # by mode
_ANSWER_MS = const(500)
_FLOOR_MS = const(2000)
_FLOOR_ALL_DIGITS_MS = const(5000)
_DIGITS_MAX = const(15)  # one more than the longest number, so that a longer one is none

_TICKET_DIGITS = const(9)
_SHORT_DIGITS = const(10)  # door + 8
_LONG_DIGITS = const(14)  # door + 12


def welcome(cabinet):
    """Nobody is at the keypad."""
    cabinet.show(texts.WELCOME, (), None)


def add(cabinet):
    """One digit more; only the last one is shown."""
    if len(cabinet.typed) < _DIGITS_MAX:
        cabinet.typed += cabinet.key
    cabinet.show(texts.ENTRY, ("." * (len(cabinet.typed) - 1) + cabinet.typed[-1],))


def begin(cabinet):
    """The first digit."""
    cabinet.typed = ""
    add(cabinet)


def submit(cabinet):
    """`#`: sets the tick of the answer; a try at a door is counted now, before anything is compared."""
    length = len(cabinet.typed)
    if length not in (_TICKET_DIGITS, _SHORT_DIGITS, _LONG_DIGITS):
        cabinet.step(DONE)
        cabinet.refuse(texts.LENGTH)
        return
    all_digits = length != _TICKET_DIGITS and pickup.count_try(cabinet)
    cabinet.only_short = all_digits and length == _SHORT_DIGITS
    cabinet.checked_ms = max(cabinet.now, cabinet.checked_ms + (_FLOOR_ALL_DIGITS_MS if all_digits else _FLOOR_MS))
    cabinet.due[0] = cabinet.checked_ms + _ANSWER_MS


def answer(cabinet):
    """The answer tick."""
    if len(cabinet.typed) == _TICKET_DIGITS:
        deposit.answer(cabinet)
        return
    deposit.seal(cabinet)
    if cabinet.only_short:
        cabinet.refuse(texts.ALL_DIGITS)
    else:
        pickup.answer(cabinet)


TRANSITIONS = {
    # (mode,    event):       (next,     action)
    (IDLE,      DIGIT):       (TYPING,   begin),
    (IDLE,      HASH):        (IDLE,     welcome),
    (IDLE,      STAR):        (IDLE,     welcome),
    (IDLE,      TIMEOUT):     (IDLE,     welcome),
    (IDLE,      GOOD_TICKET): (CHOOSING, deposit.ask_size),
    (IDLE,      FOUND):       (LOADING,  deposit.start),
    (TYPING,    DIGIT):       (TYPING,   add),
    (TYPING,    HASH):        (CHECKING, submit),
    (TYPING,    STAR):        (IDLE,     welcome),
    (TYPING,    TIMEOUT):     (IDLE,     welcome),
    (CHECKING,  TIMEOUT):     (IDLE,     answer),
    (CHECKING,  DONE):        (IDLE,     None),
    (CHOOSING,  DIGIT):       (CHOOSING, deposit.choose),
    (CHOOSING,  STAR):        (IDLE,     welcome),
    (CHOOSING,  TIMEOUT):     (IDLE,     welcome),
    (CHOOSING,  FOUND):       (LOADING,  deposit.start),
    (CHOOSING,  LARGER):      (OFFERED,  None),
    (CHOOSING,  DONE):        (IDLE,     None),
    (OFFERED,   HASH):        (CHOOSING, deposit.take_offer),
    (OFFERED,   STAR):        (CHOOSING, deposit.ask_size),
    (OFFERED,   TIMEOUT):     (IDLE,     welcome),
    (LOADING,   STAR):        (CHANGING, deposit.change),
    (LOADING,   DIGIT):       (TYPING,   begin),
    (LOADING,   SHUT_EMPTY):  (ASKING,   deposit.ask_reopen),
    (LOADING,   STUCK):       (CHOOSING, deposit.say_stuck),
    (LOADING,   DONE):        (IDLE,     None),
    (CHANGING,  STAR):        (IDLE,     welcome),
    (CHANGING,  DIGIT):       (TYPING,   begin),
    (CHANGING,  SHUT_EMPTY):  (CHOOSING, deposit.ask_other),
    (CHANGING,  STUCK):       (CHOOSING, deposit.say_stuck),
    (CHANGING,  DONE):        (IDLE,     None),
    (ASKING,    HASH):        (LOADING,  deposit.reopen),
    (ASKING,    STAR):        (IDLE,     deposit.give_up),
    (ASKING,    TIMEOUT):     (IDLE,     deposit.give_up),
    (ASKING,    DIGIT):       (TYPING,   deposit.cancel_and_begin),
    (ASKING,    SHUT_EMPTY):  (ASKING,   deposit.ask_reopen),
    (ASKING,    DONE):        (IDLE,     None),
}  # fmt: skip


def step(cabinet, event) -> None:
    """Takes the transition for an event; without one nothing happens. Whoever leaves the courier's modes leaves the courier's door."""
    row = TRANSITIONS.get((cabinet.mode, event))
    if row:
        cabinet.mode = row[0]
        patience = _PATIENCE_MS[row[0]]
        cabinet.due[0] = None if patience is None else cabinet.now + patience
        if row[1]:
            row[1](cabinet)
        if cabinet.mode < LOADING:
            cabinet.courier = None
