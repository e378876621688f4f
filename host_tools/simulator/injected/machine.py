"""MicroPython's `machine` of an ESP32, over the simulated chip; meanings, numbers and defaults are the ESP32 port's."""

import io

import _chip
from micropython import const

PWRON_RESET = const(1)
HARD_RESET = const(2)
WDT_RESET = const(3)
DEEPSLEEP_RESET = const(4)
SOFT_RESET = const(5)
PIN_WAKE = const(2)
TIMER_WAKE = const(4)

_PIN_MODE = const(1)
_PIN_WRITE = const(2)
_PIN_READ = const(3)
_I2C_WRITE = const(4)
_I2C_READ = const(5)
_I2C_WRITE_READ = const(6)
_ADC = const(7)
_PWM = const(8)
_UART_OPEN = const(9)
_UART_READ = const(10)
_UART_WRITE = const(11)
_WDT = const(13)
_WDT_FEED = const(14)
_RESET = const(15)
_TIMER = const(16)
_TIMERS_DUE = const(17)
_IDENTITY = const(18)
_DEEPSLEEP = const(19)
_RTC_GET = const(20)
_RTC_SET = const(21)
_SOFT_RESET = const(22)
_WAITING = const(26)
_RTC_MEMORY = const(27)


class Pin:
    """A GPIO."""

    IN = const(1)
    OUT = const(3)
    OPEN_DRAIN = const(7)
    PULL_DOWN = const(1)
    PULL_UP = const(2)
    DRIVE_0 = const(0)
    DRIVE_1 = const(1)
    DRIVE_2 = const(2)
    DRIVE_3 = const(3)

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        if isinstance(id, Pin):
            id = id.id
        if not 0 <= id < 49:
            raise ValueError("invalid pin")
        self.id = id
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        """The level goes to the latch before the pin becomes an output, so nothing glitches."""
        if value is not None:
            _chip.post(_PIN_WRITE, self.id, 1 if value else 0)
        if mode >= 0:
            _chip.post(_PIN_MODE, self.id, mode, pull if pull and pull > 0 else 0)

    def __call__(self, level=None):
        if level is None:
            return _chip.bit(_PIN_READ, self.id)
        _chip.post(_PIN_WRITE, self.id, 1 if level else 0)

    value = __call__

    def on(self):
        self(1)

    def off(self):
        self(0)

    def toggle(self):
        self(not self())

    def __repr__(self):
        return "Pin(%d)" % self.id


class Signal:
    """A pin, perhaps inverted."""

    def __init__(self, pin, *arguments, invert=False, **options):
        self._pin = pin if isinstance(pin, Pin) else Pin(pin, *arguments, **options)
        self._invert = invert

    def __call__(self, level=None):
        if level is None:
            return self._pin() ^ self._invert
        self._pin(bool(level) ^ self._invert)

    value = __call__

    def on(self):
        self(1)

    def off(self):
        self(0)


def _number(pin):
    return pin.id if isinstance(pin, Pin) else pin


class I2C:
    """A controller on the bus at two pins. OSError(ENODEV) when no chip acknowledges its address."""

    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._sda = _number(sda) if sda is not None else 18
        self._scl = _number(scl) if scl is not None else 19

    def init(self, *, scl, sda, freq=400000):
        self.__init__(scl=scl, sda=sda)

    def _head(self, op, address, count):
        return bytes((op, self._sda, self._scl, address, count & 0xFF, count >> 8))

    def _read(self, op, address, buffer, out=b""):
        answer = _chip.ask(self._head(op, address, len(buffer)) + out, bytearray(1 + len(buffer)))
        buffer[:] = memoryview(answer)[1:]

    def writeto(self, address, buffer, stop=True):
        _chip.ask(self._head(_I2C_WRITE, address, 0) + buffer, bytearray(1))
        return len(buffer)

    def writevto(self, address, vector, stop=True):
        return self.writeto(address, b"".join(vector))

    def readfrom_into(self, address, buffer, stop=True):
        self._read(_I2C_READ, address, buffer)

    def readfrom(self, address, count, stop=True):
        buffer = bytearray(count)
        self._read(_I2C_READ, address, buffer)
        return bytes(buffer)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        self._read(_I2C_WRITE_READ, address, buffer, register.to_bytes(addrsize // 8, "big"))

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        buffer = bytearray(count)
        self.readfrom_mem_into(address, register, buffer, addrsize=addrsize)
        return bytes(buffer)

    def writeto_mem(self, address, register, buffer, *, addrsize=8):
        self.writeto(address, register.to_bytes(addrsize // 8, "big") + buffer)

    def scan(self):
        found = []
        for address in range(8, 120):
            try:
                self.writeto(address, b"")
                found.append(address)
            except OSError:  # nothing there
                pass
        return found


SoftI2C = I2C


class ADC:
    """An analogue input."""

    ATTN_0DB = const(0)
    ATTN_2_5DB = const(1)
    ATTN_6DB = const(2)
    ATTN_11DB = const(3)
    WIDTH_12BIT = const(12)

    def __init__(self, pin, *, atten=0):
        self._pin = _number(pin)
        self.atten(atten)

    init = atten = lambda self, atten=0: None

    def width(self, bits):
        pass

    def read_uv(self):
        answer = _chip.ask(bytes((_ADC, self._pin)), bytearray(4))
        return 1000 * (answer[1] | answer[2] << 8 | answer[3] << 16)

    def read_u16(self):
        return min(65535, self.read_uv() * 65535 // 3300000)

    def read(self):
        return self.read_u16() >> 4


class PWM:
    """A pin that is high for duty_u16 / 65536 of each period."""

    def __init__(self, dest, freq=5000, duty_u16=32768, *, duty=None, duty_ns=None):
        self._pin = _number(dest)
        self._hz = freq
        self._duty = duty_u16 if duty is None else duty << 6
        if duty_ns is not None:
            self._duty = duty_ns * freq * 65536 // 1000000000
        self._set()

    def _set(self):
        _chip.send(bytes((_PWM, self._pin)) + self._hz.to_bytes(4, "little") + min(self._duty, 65535).to_bytes(2, "little"))

    def init(self, freq=None, duty_u16=None):
        self._hz = self._hz if freq is None else freq
        self._duty = self._duty if duty_u16 is None else duty_u16
        self._set()

    def freq(self, hz=None):
        if hz is None:
            return self._hz
        if hz <= 0:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        self.init(freq=hz)

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self.init(duty_u16=duty)

    def duty(self, duty=None):
        if duty is None:
            return self._duty >> 6
        self.init(duty_u16=duty << 6)

    def deinit(self):
        _chip.send(bytes((_PWM, self._pin, 0, 0, 0, 0, 0, 0)))


class UART(io.IOBase):
    """A serial port. Reading never waits longer than `timeout` ms for the first byte, and not at all by default."""

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, *, tx=None, rx=None, rxbuf=256, txbuf=256, timeout=0, **options):
        self._id = id
        self._pins = (17, 16) if id == 2 else (10, 9)
        self.init(baudrate, tx=tx, rx=rx)

    def init(self, baudrate=115200, bits=8, parity=None, stop=1, *, tx=None, rx=None, **options):
        tx = self._pins[0] if tx is None else _number(tx)
        rx = self._pins[1] if rx is None else _number(rx)
        self._pins = (tx, rx)
        _chip.send(bytes((_UART_OPEN, self._id, tx, rx)) + baudrate.to_bytes(4, "little"))

    def any(self):
        answer = _chip.ask(bytes((_UART_READ, self._id, 0, 0)), bytearray(3))
        return answer[1] | answer[2] << 8

    def readinto(self, buffer, count=None):
        count = min(self.any(), len(buffer) if count is None else count)
        if not count:
            return None
        answer = _chip.ask(bytes((_UART_READ, self._id, count & 0xFF, count >> 8)), bytearray(3 + count))
        buffer[:count] = memoryview(answer)[3:]
        return count

    def read(self, count=None):
        buffer = bytearray(self.any() if count is None else min(self.any(), count))
        return bytes(buffer) if self.readinto(buffer) else None

    def readline(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self.read(1)
            if byte is None:
                break
            line += byte
        return line or None

    def write(self, data):
        _chip.send(bytes((_UART_WRITE, self._id)) + data)
        return len(data)

    def ioctl(self, request, argument):
        """MP_STREAM_POLL (3): what of `argument` (1 readable, 4 writable) is true."""
        return argument & 4 | (argument & 1 and self.any() and 1) if request == 3 else 0

    def txdone(self):
        return True

    def flush(self):
        pass

    def deinit(self):
        pass


_timers = {}


class Timer:
    """A hardware timer; its callback runs in the interpreter at the next safe point, also while code sleeps or spins."""

    ONE_SHOT = const(0)
    PERIODIC = const(1)

    def __init__(self, id, **options):
        self.id = id & 0xFF
        if options:
            self.init(**options)

    def init(self, *, mode=1, period=-1, freq=-1, tick_hz=1000, callback=None):
        if freq > 0:
            period = 1000 // freq
        elif period > 0:
            period = period * 1000 // tick_hz
        if period <= 0:
            raise ValueError("period must be greater than 0")
        self._callback = callback
        _timers[self.id] = self
        self._arm(mode, period)

    def _arm(self, mode, period):
        _chip.send(bytes((_TIMER, self.id, mode)) + period.to_bytes(4, "little"))

    def deinit(self):
        if _timers.pop(self.id, None):
            self._arm(0, 0)

    @staticmethod
    def due(_):
        """Runs the callbacks of the timers that have come due."""
        for number in _chip.ask(bytes((_TIMERS_DUE,)), bytearray(5))[1:]:
            timer = _timers.get(number)
            if timer and timer._callback:
                timer._callback(timer)


class WDT:
    """The watchdog: resets the chip unless it is fed in time. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        _chip.send(bytes((_WDT,)) + timeout.to_bytes(4, "little"))

    def feed(self):
        _chip.post(_WDT_FEED)


class RTC:
    """The calendar clock; it outlives every reset, but not a power cut."""

    def __init__(self, id=0):
        pass

    def datetime(self, fields=None):
        import time

        if fields is None:
            us = int.from_bytes(_chip.ask(bytes((_RTC_GET,)), bytearray(9))[1:], "little")
            year, month, day, hour, minute, second, weekday = time.gmtime(us // 1000000)[:7]
            return (year, month, day, weekday, hour, minute, second, us % 1000000)
        year, month, day, _, hour, minute, second, us = fields
        us += 1000000 * time.mktime((year, month, day, hour, minute, second, 0, 0))
        _chip.send(bytes((_RTC_SET,)) + us.to_bytes(8, "little"))

    init = datetime

    def memory(self, data=None):
        """Up to 2048 bytes that outlive resets and deep sleep."""
        if data is None:
            answer = _chip.ask(bytes((_RTC_MEMORY,)), bytearray(2051))
            return bytes(answer[3 : 3 + (answer[1] | answer[2] << 8)])
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _chip.send(bytes((_RTC_MEMORY, 1)) + data)


def _identity():
    return _chip.ask(bytes((_IDENTITY,)), bytearray(9))


def unique_id():
    return bytes(_identity()[1:7])


def reset_cause():
    return _identity()[7]


def wake_reason():
    return TIMER_WAKE if reset_cause() == DEEPSLEEP_RESET else 0


def _last(request):
    """Asks for the end and waits for it; not even Ctrl-C gets out."""
    _chip.send(request)
    while True:
        try:
            _chip.ask(bytes((_WAITING,)), bytearray(1))
        except KeyboardInterrupt:  # the chip is no longer executing anything
            pass


def reset():
    _last(bytes((_RESET, HARD_RESET)))


def soft_reset():
    _last(bytes((_SOFT_RESET,)))


def deepsleep(ms=0):
    _last(bytes((_DEEPSLEEP,)) + ms.to_bytes(4, "little"))


def lightsleep(ms=0):
    import time

    time.sleep_ms(ms)


def idle():
    lightsleep(1)


sleep = lightsleep


def freq(hz=None):
    return 160000000


def disable_irq():
    """Interrupts of the simulated chip reach the interpreter at safe points only: there is nothing to hold back."""
    return 0


def enable_irq(state=0):
    pass
