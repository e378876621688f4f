"""Types numbers and `#` at a cabinet with one parcel, each at one that has just started; runs on MicroPython.

answer.py STAGE DOORS ENTRY...       for callgrind, see tests.bench.micropython.stretches: the first stretch
                                     is empty, then one an ENTRY, of which the first is there to be left out:
                                     MicroPython learns names when they are first said

ENTRY is a function below; the parcel is behind door 1. STAGE is what a stretch holds: asked (`#` is handled),
decided (the answer tick, up to the first thing that is done about it) or answered (the answer tick).
"""

import gc
import sys

from cabinet_script import SECRETS, numbered, parcel_code, parcel_duress

from locker.contract import records
from locker.core import effects, events, state
from locker.core.cabinet import Cabinet

SERIAL = 42
LIFE = (records.DEPOSIT_STARTED, records.PULSED, records.DOOR_OPENED, records.DOOR_CLOSED, records.DEPOSITED)
ACTIONS = ("record", "beep", "show", "refuse", "open")  # what the core calls once it knows
TYPED_MS = 60000
OPEN = ("right", "duress")


class Decided(Exception):
    """The first action was called for."""


def decide(*_):
    raise Decided


def code(door, counter):
    return f"{door:02d}" + parcel_code(door, counter, SERIAL)[:8]


def mistyped(number, place=9):
    """Another digit at that place; the PIN begins at 2."""
    return number[:place] + str((int(number[place]) + 5) % 10) + number[place + 1 :]


def right():
    return code(1, 1)


def wrong():
    return mistyped(right())


def wrong_at_once():
    return mistyped(right(), 2)


def duress():
    return "01" + parcel_duress(1, 1, SERIAL)[:8]


def empty():
    """The code that the next door would have."""
    return code(2, 0)


def empty_wrong():
    return mistyped(empty())


def no_door():
    return "9912345678"


def cabinet_with_a_parcel(doors):
    sizes = numbered("S" * doors)
    folded = state.State(tuple([number for number, _ in sizes]))
    for number, kind in enumerate(LIFE):
        folded.apply(
            records.Record(kind, 1, 1, number + 1, 0, 1 if kind == records.DOOR_CLOSED else SERIAL, 1)
        )
    cabinet = Cabinet(sizes, lambda epochs, generations: SECRETS, folded, lambda serial: True, lambda n: 0)
    cabinet.boot(tuple([(number, True, number == 1) for number, _ in sizes]), 0)
    return cabinet


def typed(cabinet, number):
    """Types all but `#`."""
    for key in number:
        cabinet.handle(events.KeyPressed(key), TYPED_MS)


def ask(cabinet):
    """Types `#`; when the answer comes."""
    for effect in cabinet.handle(events.KeyPressed("#"), TYPED_MS):
        if isinstance(effect, effects.WakeAt):
            tick_ms = effect.ms
    return tick_ms


def stretch(what, *arguments):
    """Counts one call, on a heap without garbage."""
    gc.collect()
    gc.disable()
    try:
        result = what(*arguments)
    except Decided:
        result = None
    gc.enable()
    return result


def measure(entry, stage, doors):
    cabinet = cabinet_with_a_parcel(doors)
    typed(cabinet, globals()[entry]())
    if stage == "asked":
        stretch(ask, cabinet)
        return
    tick_ms = ask(cabinet)
    if stage == "decided":
        for action in ACTIONS:
            setattr(cabinet, action, decide)
        assert stretch(cabinet.handle, events.Woke(), tick_ms) is None
    else:
        done = stretch(cabinet.handle, events.Woke(), tick_ms)
        assert (effects.Unlock(1) in [effect for effect in done if isinstance(effect, effects.Unlock)]) == (
            entry in OPEN
        )


def main():
    stage, doors = sys.argv[1], int(sys.argv[2])
    stretch(lambda: None)
    for entry in sys.argv[3:]:
        measure(entry, stage, doors)


main()
