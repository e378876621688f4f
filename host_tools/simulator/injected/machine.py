"""MicroPython's `machine` of an ESP32, over the simulated chip;
meanings, numbers and defaults are the ESP32 port's.

Here is what nearly every program wants;
`machine.NAME` for anything else loads `_machine_parts.py`, then `_machine_more.py`.
"""

import _chip
from micropython import const

PWRON_RESET = const(1)
HARD_RESET = const(2)
WDT_RESET = const(3)
DEEPSLEEP_RESET = const(4)
SOFT_RESET = const(5)

_PIN_MODE = const(1)
_PIN_WRITE = const(2)
_PIN_READ = const(3)
_I2C_WRITE = const(4)
_I2C_READ = const(5)
_I2C_WRITE_READ = const(6)
_RESET = const(15)
_IDENTITY = const(18)
_SOFT_RESET = const(22)
_WAITING = const(26)
_ETIMEDOUT = const(110)
_TIMEOUT_MS = const(50)  # I2C_DEFAULT_TIMEOUT_US of ports/esp32/machine_i2c.c
_PINS_MAX = const(49)  # of an ESP32-S3; the chip itself refuses what it has not


def __getattr__(name):
    value = _chip.load(name, "_machine_parts", "_machine_more")
    globals()[name] = value
    return value


class Pin:
    """A GPIO. ValueError for a pin that the chip has not, or that cannot do this."""

    IN = const(1)
    OUT = const(3)
    OPEN_DRAIN = const(7)
    PULL_DOWN = const(1)
    PULL_UP = const(2)

    # Keyword arguments come as **options throughout these modules:
    # each default of a keyword-only one would cost heap for ever.
    def __init__(self, id, mode=-1, pull=-1, **options):
        self.id = pin_number(id)
        if not 0 <= self.id < _PINS_MAX:
            raise ValueError("invalid pin")
        self.init(mode, pull, **options)

    def init(self, mode=-1, pull=-1, **options):
        """The level goes to the latch before the pin becomes an output, so nothing glitches."""
        if options.get("value") is not None:
            self(options["value"])
        if mode >= 0:
            _chip.ask_small(_PIN_MODE, self.id, mode, pull if pull and pull > 0 else 0)

    def __call__(self, level=None):
        if level is None:
            return _chip.ask_small(_PIN_READ, self.id)
        _chip.post(_PIN_WRITE, self.id, 1 if level else 0)

    value = __call__

    def on(self):
        self(1)

    def off(self):
        self(0)

    def __repr__(self):
        return "Pin(%d)" % self.id


def pin_number(pin):
    """The number of a pin that is given as a number or as a Pin."""
    return pin.id if isinstance(pin, Pin) else pin


class I2C:
    """A controller on the bus at two pins.

    OSError(ENODEV) when no chip acknowledges its address, ETIMEDOUT while a line is held low.
    """

    def __init__(self, id=0, **options):
        self._sda = pin_number(options.get("sda", 18))
        self._scl = pin_number(options.get("scl", 19))

    def transfer(self, op, address, out, buffer=b""):
        """Writes `out`, reads into `buffer`, or both."""
        count = len(buffer)
        head = bytes((op, self._sda, self._scl, address, count & 0xFF, count >> 8))
        try:
            answer = _chip.ask(head + out, bytearray(1 + count))
        except OSError as error:
            if error.errno == _ETIMEDOUT:
                import time

                time.sleep_ms(_TIMEOUT_MS)
            raise
        if count:
            buffer[:] = memoryview(answer)[1:]
        return buffer

    def writeto(self, address, buffer, stop=True):
        self.transfer(_I2C_WRITE, address, buffer)
        return len(buffer)

    def readfrom_into(self, address, buffer, stop=True):
        self.transfer(_I2C_READ, address, b"", buffer)

    def readfrom_mem_into(self, address, register, buffer, **options):
        self.transfer(
            _I2C_WRITE_READ, address, register.to_bytes(options.get("addrsize", 8) // 8, "big"), buffer
        )

    def __getattr__(self, name):
        function = _chip.load(name, "_i2c_more")
        return lambda *arguments, **options: function(self, *arguments, **options)


SoftI2C = I2C


def identity():
    """The chip's uid (6 bytes) and the cause of the last reset."""
    return _chip.ask(bytes((_IDENTITY,)), bytearray(8))


def unique_id():
    return bytes(identity()[1:7])


def reset_cause():
    return identity()[7]


def ask_for_the_end(request):
    """Asks for the end and waits for it; not even Ctrl-C gets out."""
    _chip.send(request)
    while True:
        try:
            _chip.ask(bytes((_WAITING,)), bytearray(1))
        except KeyboardInterrupt:  # the chip is no longer executing anything
            pass


def reset():
    ask_for_the_end(bytes((_RESET, HARD_RESET)))


def soft_reset():
    ask_for_the_end(bytes((_SOFT_RESET,)))
