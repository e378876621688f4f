"""What the bench test asks of a cabinet, through the firmware's own drivers.

Every wait has an end, and every coil is off when a call returns.
"""

import gc
import time

from locker.hal.esp32 import open_hal
from locker.shell.fittings import BELL, TAMPER, Fittings

STEP_MS = 20  # what the debouncing of drivers.inputs counts in
OVERTIME_MS = 100
SETTLE_MS = 1000
hal = None
fittings = None


def begin():
    """(board name, door numbers, keys, which of "bell" and "tamper" there are, addresses on the bus that should answer, lowest mV at the
    supply's pin or None, free bytes of the heap).
    """
    global hal
    hal = open_hal()
    board = hal.board
    addresses = board.expanders + ((board.screen[0],) if board.screen else ())
    gc.collect()
    doors = tuple(door.number for door in board.doors)
    calls = tuple(name for name in ("bell", "tamper") if getattr(board, name) is not None)
    return board.name, doors, board.keypad.keys, calls, addresses, board.supply and board.supply[1], gc.mem_free()


def answering(addresses):
    """Those of the addresses at which a chip acknowledges."""
    board = hal.board
    if board.expander_reset is not None:
        hal.output(board.expander_reset, 1)
    bus = hal.bus()
    found = []
    for address in addresses:
        try:
            bus.readfrom_into(address, bytearray(1))
            found.append(address)
        except OSError:
            pass
    return found


def settle():
    """Opens the drivers and returns (door, is it closed, is it occupied) of each door once the inputs have settled."""
    global fittings
    fittings = fittings or Fittings(hal)
    until = hal.now_ms() + SETTLE_MS
    while hal.now_ms() < until:
        poll()
    return state()


def poll():
    fittings.refresh(hal.now_ms())
    now_ms = hal.now_ms()
    fittings.contacts.poll()
    fittings.occupancy.poll()
    fittings.signals.poll()
    time.sleep_ms(STEP_MS)
    return now_ms


def state():
    return [(door, closed(door), occupied(door)) for door in fittings.numbers]


def pulse(door, wait_ms):
    """One pulse: (ms until the door's contact opened or None, other doors whose contact changed, lowest mV at the supply's pin or None)."""
    show("Test: door %02d" % door)
    before = state()
    supply = hal.millivolts(hal.board.supply[0]) if hal.board.supply else None
    lowest_mv = None
    opened_ms = None
    coils = fittings.coils
    try:
        begun = poll()
        while not coils.pulse(door, hal.now_ms()):
            begun = poll()
        hal.one_shot(hal.board.pulse_ms + OVERTIME_MS, fittings.cut)
        while hal.now_ms() - begun < wait_ms and (coils.active or opened_ms is None):
            coils.step(hal.now_ms())
            now_ms = poll()
            if supply:
                mv = supply()
                lowest_mv = mv if lowest_mv is None else min(mv, lowest_mv)
            if opened_ms is None and not closed(door):
                opened_ms = now_ms - begun
        while coils.active:
            coils.step(hal.now_ms())
    finally:
        coils.all_off()
        hal.one_shot(0, fittings.cut)
    moved = [old[0] for old, new in zip(before, state()) if old[0] != door and old[1] != new[1]]
    return opened_ms, moved, lowest_mv


def closed(door):
    return not holds(fittings.contacts, door)


def occupied(door):
    return holds(fittings.occupancy, door)


def holds(inputs, door):
    return bool(inputs.state >> fittings.numbers.index(door) & 1)


def await_closed(door, wanted, patience_ms):
    """Whether the door's contact said so within that time."""
    return await_(lambda: closed(door) == wanted, patience_ms)


def await_occupied(door, wanted, patience_ms):
    """Whether the door's occupancy sensor said so within that time."""
    return await_(lambda: occupied(door) == wanted, patience_ms)


def await_(done, patience_ms):
    until = hal.now_ms() + patience_ms
    while not done():
        if poll() > until:
            return False
    return True


def press(keys, patience_ms):
    """The keys that were pressed, until each of `keys` was, or none for `patience_ms`. Prints each one."""
    show("Test: press each key")
    pressed = ""
    last = hal.now_ms()
    while not all(key in pressed for key in keys) and hal.now_ms() - last < patience_ms:
        code = fittings.keypad.scan(hal.now_ms())
        if code:
            pressed += chr(code)
            last = hal.now_ms()
            print(chr(code))
        time.sleep_ms(STEP_MS)
    return pressed


def await_bell(patience_ms):
    """Whether the bell was pressed within that time."""
    show("Test: press the bell")
    until = hal.now_ms() + patience_ms
    while hal.now_ms() < until:
        fittings.refresh(hal.now_ms())
        if fittings.signals.poll() & fittings.signals.state & BELL:
            return True
        time.sleep_ms(STEP_MS)
    return False


def await_tamper(opened, patience_ms):
    """Whether the tamper loop was open, or whole, within that time."""
    return await_(lambda: bool(fittings.signals.state & TAMPER) == opened, patience_ms)


def show(text):
    """One line on the screen, if there is one."""
    screen = fittings.screen
    if screen:
        screen.show((text,))
        for _ in range(8):
            screen.step()
