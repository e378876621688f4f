"""What the bench test asks of a cabinet, through the firmware's own drivers.

Every wait has an end, and every coil is off when a call returns.
"""

import gc
import json
import time

from locker.board import from_json
from locker.hal.esp32 import open_hal
from locker.shell.peripherals import BELL, DARK, TAMPER, Peripherals

PINS = ("lock", "contact", "sensor")  # of a door: what may hang on a chip
STEP_MS = 20  # what the debouncing of drivers.inputs counts in
OVERTIME_MS = 100
SETTLE_MS = 1000
REST_MS = 500
LINE_LOOKS = 50
SCREEN_STEPS = 12
hal = None
peripherals = None


def begin():
    """(the object of board.json, that of network.json, free bytes of the heap, cabinet number or None)."""
    global hal
    hal = open_hal()
    gc.collect()
    free = gc.mem_free()
    try:
        cabinet = load("/identity.json")["cabinet"]
    except (OSError, ValueError, KeyError):
        cabinet = None
    return load("/board.json"), load("/network.json"), free, cabinet


def load(path):
    with open(path) as file:
        return json.load(file)


def answering(addresses, reset):
    """Those of the addresses at which a chip acknowledges, with the expanders' RESET line at that level."""
    board = hal.board
    if board.expander_reset is not None:
        hal.output(board.expander_reset, reset)
    bus = hal.bus()
    found = []
    for address in addresses:
        try:
            bus.readfrom_into(address, bytearray(1))
            found.append(address)
        except OSError:
            pass
    return found


def connect(silent):
    """Opens the drivers of all that hangs on no silent chip, which is named by its I2C address;
    the numbers of the doors that are left.
    """
    global peripherals
    data = load("/board.json")
    left = [
        door.number
        for door in from_json(data).doors
        if not any(on(getattr(door, name), silent) for name in PINS)
    ]
    data["doors"] = [
        row for row in data["doors"] if (row[0] if isinstance(row, list) else row["number"]) in left
    ]
    data["expanders"] = [address for address in data["expanders"] if address not in silent]
    for name in ("lamp", "lamp_sense", "bell", "tamper"):
        if on(data[name], silent):
            data[name] = None
    if data["screen"] and data["screen"][0] in silent:
        data["screen"] = None
    hal.board = from_json(data)
    peripherals = Peripherals(hal)
    return peripherals.numbers


def on(pin, silent):
    """Whether a pin is one of a silent expander."""
    return isinstance(pin, (list, tuple)) and pin[0] in silent


def settle():
    """[(door, is it closed, is it occupied)] once the inputs have settled."""
    until = hal.now_ms() + SETTLE_MS
    while hal.now_ms() < until:
        poll()
    return state()


def poll():
    now_ms = hal.now_ms()
    silent = peripherals.refresh(now_ms)
    peripherals.contacts.poll(silent)
    peripherals.occupancy.poll(silent)
    peripherals.signals.poll(silent)
    time.sleep_ms(STEP_MS)
    return now_ms


def state():
    return [(door, closed(door), occupied(door)) for door in peripherals.numbers]


def pulse(door, wait_ms):
    """One pulse: (ms until the door's contact opened or None, other doors whose contact changed, lowest mV at
    the supply's pin or None, highest mV at the current's pin or None).
    """
    show("Test: door %02d" % door)
    before = state()
    supply, current = peripherals.supply, peripherals.current
    lowest_mv = highest_mv = opened_ms = None
    coils = peripherals.locks
    try:
        begun = poll()
        while not coils.unlock(door, hal.now_ms()):
            begun = poll()
        hal.one_shot(hal.board.pulse_ms + OVERTIME_MS, peripherals.cut)
        while coils.active or (hal.now_ms() - begun < wait_ms and opened_ms is None):
            if coils.active:
                if supply:
                    lowest_mv = min(supply[0](), lowest_mv or supply[0]())
                if current:
                    highest_mv = max(current[0](), highest_mv or 0)
                if coils.step(hal.now_ms()):
                    # It holds the expanders' RESET line, and they are needed on.
                    hal.one_shot(0, peripherals.cut)
            now_ms = poll()
            if opened_ms is None and not closed(door):
                opened_ms = now_ms - begun
    finally:
        coils.all_off()
        hal.one_shot(0, peripherals.cut)
    moved = [old[0] for old, new in zip(before, state()) if old[0] != door and old[1] != new[1]]
    return opened_ms, moved, lowest_mv, highest_mv


def closed(door):
    return not holds(peripherals.contacts, door)


def occupied(door):
    return holds(peripherals.occupancy, door)


def holds(inputs, door):
    return bool(inputs.state >> peripherals.numbers.index(door) & 1)


def await_closed(door, wanted, patience_ms):
    """Whether the door's contact said so within that time."""
    return await_(lambda: closed(door) == wanted, patience_ms)


def await_occupied(door, wanted, patience_ms):
    """The first door whose occupancy sensor says something else than now,
    or `door` when it says what is wanted; 0 after that time.
    """
    before = peripherals.occupancy.state
    await_(lambda: occupied(door) == wanted or peripherals.occupancy.state != before, patience_ms)
    if occupied(door) == wanted:
        return door
    changed = peripherals.occupancy.state ^ before
    for place, number in enumerate(peripherals.numbers):
        if changed >> place & 1:
            return number
    return 0


def await_rest(full, patience_ms):
    """The state of the doors once all are closed, and empty but for those of `full`, or after that time."""
    seen = sum([1 << place for place, number in enumerate(peripherals.numbers) if number not in full])
    await_(lambda: not peripherals.contacts.state and not peripherals.occupancy.state & seen, patience_ms)
    return state()


def await_(done, patience_ms):
    until = hal.now_ms() + patience_ms
    while not done():
        if poll() > until:
            return False
    return True


def keys_down():
    """(the keys that are down while nobody presses one, the columns, from 1,
    that lie on ground with no row driven).
    """
    board = hal.board
    rows = [hal.open_drain(pin) for pin in board.keypad.rows]
    columns = [hal.input(pin, 1) for pin in board.keypad.columns]
    time.sleep_ms(STEP_MS)
    grounded = [place + 1 for place, column in enumerate(columns) if not column()]
    down = ""
    for place, row in enumerate(rows):
        row(0)
        time.sleep_ms(1)
        for other, column in enumerate(columns):
            if not column() and other + 1 not in grounded:
                down += board.keypad.keys[place * len(columns) + other]
        row(1)
    for row in rows:
        row(0)
    return down, grounded


def press(keys, patience_ms):
    """The keys that were pressed, until each of `keys` was, or none for `patience_ms`."""
    return typed(patience_ms, lambda pressed: all(key in pressed for key in keys))


def answer(count, patience_ms):
    """So many keys, in the order in which they were pressed; fewer when none came for `patience_ms`."""
    return typed(patience_ms, lambda pressed: len(pressed) >= count)


def typed(patience_ms, whole):
    pressed = ""
    last = hal.now_ms()
    while not whole(pressed) and hal.now_ms() - last < patience_ms:
        code = peripherals.keypad.scan(hal.now_ms())
        if code:
            pressed += chr(code)
            last = hal.now_ms()
        time.sleep_ms(STEP_MS)
    return pressed


def signals():
    """(is the bell pressed, is the tamper loop open), once they have settled."""
    until = hal.now_ms() + REST_MS
    while hal.now_ms() < until:
        poll()
    state = peripherals.signals.state
    return bool(state & BELL), bool(state & TAMPER)


def await_bell(patience_ms):
    """Whether the bell was pressed within that time."""
    return await_(lambda: peripherals.signals.state & BELL, patience_ms)


def await_tamper(opened, patience_ms):
    """Whether the tamper loop was open, or whole, within that time."""
    return await_(lambda: bool(peripherals.signals.state & TAMPER) == opened, patience_ms)


def analogue():
    """(mV at the supply's pin, mV at the current's pin) with every coil off; None for what is not sensed."""
    return [sense and sense[0]() for sense in (peripherals.supply, peripherals.current)]


def lamp(lit):
    """Switches the lamp; whether current flows in it half a second later, None when that is not sensed."""
    peripherals.light(lit)
    until = hal.now_ms() + REST_MS
    while hal.now_ms() < until:
        poll()
    return None if hal.board.lamp_sense is None else not peripherals.signals.state & DARK


def beep(times):
    """So many beeps of 200 ms."""
    tone = hal.tone(hal.board.beeper)
    for _ in range(times):
        tone(2000)
        time.sleep_ms(200)
        tone(0)
        time.sleep_ms(300)


def line():
    """How often in a hundred each pin of the serial link is driven high by its far end:
    (rx, tx, rx while our driver is on or None).

    Without a far end the pull-down wins.
    """
    _, tx, rx, _, *enable = hal.board.link
    driver = hal.output(enable[0], 0) if enable else None
    resting = [high(rx), high(tx)]
    if driver is None:
        return resting[0], resting[1], None
    driver(1)
    driven = high(rx)
    driver(0)
    return resting[0], resting[1], driven


def high(number):
    pin = hal.input(number, -1)
    count = 0
    for _ in range(LINE_LOOKS):
        count += pin()
        time.sleep_ms(1)
    return 100 * count // LINE_LOOKS


def show(text):
    """One line on the screen, if there is one. Its controller takes up to 4 ms for what it is sent."""
    screen = peripherals.screen
    if screen:
        screen.show((text,))
        screen.restart()
        for _ in range(SCREEN_STEPS):
            screen.step()
            time.sleep_ms(STEP_MS)
