"""The parts of `machine` as a cabinet at rest finds them: doors closed, compartments clear, supply good.

Keeps as little as it can.
"""

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


def reset_cause():
    return PWRON_RESET


def unique_id():
    return b"\x02\x00\x00\x00\x00\x01"


def reset():
    raise SystemExit


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_UP = 2
    PULL_DOWN = 1

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self._level = 1 if value is None else value

    def value(self, level=None):
        if level is not None:
            self._level = level
        return self._level

    __call__ = value

    def init(self, *arguments, **more):
        pass


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin, atten=0):
        pass

    def read_uv(self):
        return 2_500_000

    def read_u16(self):
        return 40000


class PWM:
    def __init__(self, pin, freq=0, duty_u16=0):
        pass

    def freq(self, hz):
        pass

    def duty_u16(self, duty):
        pass


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, number):
        pass

    def init(self, **options):
        pass

    def deinit(self):
        pass


class WDT:
    def __init__(self, timeout=0):
        pass

    def feed(self):
        pass


class RTC:
    def datetime(self, now=None):
        return now

    def memory(self, data=None):
        return b""


class UART:
    def __init__(self, number, *arguments, **options):
        pass

    def any(self):
        return 0

    def readinto(self, buffer, count=0):
        return None

    def write(self, data):
        return len(data)

    def init(self, *arguments, **options):
        pass


_registers = {}  # of MCP23017s, by address; whatever else is on the bus takes all and answers zeros


class I2C:
    def __init__(self, number, **options):
        pass

    def _bank(self, address):
        if address not in _registers:
            bank = _registers[address] = bytearray(22)
            bank[0] = bank[1] = 0xFF
            bank[18] = bank[19] = 0
        return _registers[address]

    def writeto(self, address, data, stop=True):
        if 0x20 <= address <= 0x26:
            bank = self._bank(address)
            for at, byte in enumerate(data[1:]):
                bank[(data[0] + at) % 22] = byte
        return len(data)

    def readfrom_mem_into(self, address, register, buffer, addrsize=8):
        bank = self._bank(address)
        for at in range(len(buffer)):
            buffer[at] = bank[(register + at) % 22]

    def readfrom_into(self, address, buffer, stop=True):
        for at in range(len(buffer)):
            buffer[at] = 0
