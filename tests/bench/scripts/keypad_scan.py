"""Scans an untouched 4x4 keypad so many times with one driver, or does one thing to a pin as often;
runs on MicroPython.

keypad_scan.py DRIVER run TIMES       for callgrind
keypad_scan.py DRIVER bytes TIMES     prints how many bytes were allocated in all
keypad_scan.py DRIVER calls TIMES     prints {thing done to a pin: how often} as JSON
"""

import gc
import json
import sys

import digitalio
import machine

KEYS = "123A456B789C*0#D"
GRID = [list(KEYS[row : row + 4]) for row in range(0, 16, 4)]
NOW_MS = 1000


class Ticks:
    """The clock that chumicro-buttons asks for."""

    @staticmethod
    def ticks_ms():
        return NOW_MS

    @staticmethod
    def ticks_diff(end, start):
        return end - start


def pins():
    return [machine.Pin(number) for number in range(4)]


def ansim(times):
    from locker.drivers.keypad import Keypad

    scan = Keypad(pins(), pins(), KEYS).scan
    yield
    for _ in range(times):
        scan(NOW_MS)


def ansim_after_a_key(times):
    from locker.drivers.keypad import Keypad

    scan = Keypad(pins(), pins()[:1], "147*").scan
    for now, idle in ((0, 0), (20, 0), (40, 0), (60, 1), (80, 1), (100, 1)):
        machine.Pin.idle = idle
        scan(now)
    yield
    for _ in range(times):
        scan(NOW_MS)


def micro_keypad(times):
    from keypad import Keypad

    machine.Pin.idle = 0
    keypad = Keypad(range(4), range(4))
    yield
    for _ in range(times):
        _key = keypad.scankeys


def micropython_keypad(times):
    from keypad.i2ckeypad import I2CKeypad

    scan = I2CKeypad(machine.I2C()).get_key
    yield
    for _ in range(times):
        scan()


def micropython_simple_keypad(times):
    from keypad import Keypad

    scan = Keypad(pins(), pins(), GRID).read_keypad
    yield
    for _ in range(times):
        scan()


def adafruit_circuitpython_matrixkeypad(times):
    from adafruit_matrixkeypad import Matrix_Keypad

    keypad = Matrix_Keypad(
        [digitalio.DigitalInOut() for _ in range(4)], [digitalio.DigitalInOut() for _ in range(4)], GRID
    )
    yield
    for _ in range(times):
        _keys = keypad.pressed_keys


def chumicro_buttons(times):
    from chumicro_buttons.matrix import KeyMatrix

    scan = KeyMatrix(pins(), pins(), ticks=Ticks).check
    yield
    for _ in range(times):
        scan(NOW_MS)


class Nothing:
    def scan(self, now_ms):
        return 0


def nothing(times):
    """What calling any driver costs, taken off from all."""
    scan = Nothing().scan
    yield
    for _ in range(times):
        scan(NOW_MS)


def loop(times):
    """Taken off from the pins."""
    yield
    for _ in range(times):
        pass


def pin_call(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin()


def pin_value(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin.value()


def pin_high(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin.high()


def pin_low(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin.low()


def pin_value_set(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin.value(0)


def pin_init_in(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin.init(0, 1)


def pin_init_out(times):
    pin = machine.Pin()
    yield
    for _ in range(times):
        pin.init(1, value=0)


def io_value(times):
    io = digitalio.DigitalInOut()
    yield
    for _ in range(times):
        _level = io.value


def io_value_set(times):
    io = digitalio.DigitalInOut()
    yield
    for _ in range(times):
        io.value = False


def io_set(times):
    io = digitalio.DigitalInOut()
    yield
    for _ in range(times):
        io.pull = 0


def bus_read(times):
    bus = machine.I2C()
    yield
    for _ in range(times):
        bus.readfrom(0x21, 1)


def bus_write(times):
    bus = machine.I2C()
    yield
    for _ in range(times):
        bus.writeto(0x21, b"\xff")


CALLS = {}


def seen(thing):
    CALLS[thing] = CALLS.get(thing, 0) + 1


def watch():
    """Puts pins in place of the thin ones that write down each thing done to them."""

    class Pin(machine.Pin):
        def __call__(self, level=None):
            seen("pin_call")
            return self.idle

        def init(self, mode=0, pull=0, value=None):
            seen("pin_init_in" if value is None else "pin_init_out")

        def value(self, level=None):
            seen("pin_value" if level is None else "pin_value_set")
            return self.idle

        def high(self):
            seen("pin_high")

        def low(self):
            seen("pin_low")

    class DigitalInOut:
        def __getattr__(self, name):
            seen("io_value")
            return True

        def __setattr__(self, name, value):
            seen("io_value_set" if name == "value" else "io_set")

    class I2C(machine.I2C):
        def readfrom(self, address, count):
            seen("bus_read")
            return self.idle

        def writeto(self, address, data):
            seen("bus_write")

    machine.Pin, machine.I2C, digitalio.DigitalInOut = Pin, I2C, DigitalInOut


def main():
    driver, mode, times = globals()[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    if mode == "calls":
        watch()
    running = driver(times)
    next(running)
    CALLS.clear()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in running:
        pass
    allocated = gc.mem_alloc() - before
    if mode == "bytes":
        print(allocated)
    if mode == "calls":
        print(json.dumps(CALLS))


main()
