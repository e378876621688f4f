"""What most programs want of `machine` beside pins and buses, in one module:
each module costs heap of its own.
"""

import io

import _chip
from machine import pin_number
from micropython import const

_ADC = const(7)
_PWM = const(8)
_UART_OPEN = const(9)
_UART_READ = const(10)
_UART_WRITE = const(11)
_WDT = const(13)
_WDT_FEED = const(14)
_TIMER = const(16)
_TIMERS_DUE = const(17)
_UART_IDLE = const(31)
_TIMERS = const(44)

_timers = {}


class ADC:
    """An analogue input."""

    ATTN_0DB = const(0)
    ATTN_2_5DB = const(1)
    ATTN_6DB = const(2)
    ATTN_11DB = const(3)
    WIDTH_12BIT = const(12)

    def __init__(self, pin, **options):
        self._pin = pin_number(pin)

    def atten(self, atten):
        """The simulated converter reads the whole range whatever the attenuation."""

    init = width = atten

    def read_uv(self):
        """A chip whose calibration was never burnt into its fuses refuses:
        1.27 raises ESP_ERR_INVALID_ARG (machine_adc.c).
        """
        answer = _chip.ask(bytes((_ADC, self._pin, 1)), bytearray(5))
        if not answer[4]:
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        return 1000 * (answer[1] | answer[2] << 8 | answer[3] << 16)

    def read_u16(self):
        raw = self.read()
        return raw << 4 | raw >> 8

    def read(self):
        """The 12 bits of the converter."""
        answer = _chip.ask(bytes((_ADC, self._pin, 0)), bytearray(5))
        return answer[1] | answer[2] << 8


class PWM:
    """A pin that is high for duty_u16 / 65536 of each period."""

    def __init__(self, dest, freq=5000, duty_u16=32768, **options):
        self._pin = pin_number(dest)
        if "duty" in options:
            duty_u16 = options["duty"] << 6
        elif "duty_ns" in options:
            duty_u16 = options["duty_ns"] * freq * 65536 // 1000000000
        self.init(freq, duty_u16)

    def init(self, freq=None, duty_u16=None):
        if freq is not None:
            self._hz = freq
        if duty_u16 is not None:
            self._duty = min(duty_u16, 65535)
        self._wave(self._hz, self._duty)

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
        self._wave(0, 0)

    def _wave(self, hz, duty):
        _chip.ask(
            bytes((_PWM, self._pin)) + hz.to_bytes(4, "little") + duty.to_bytes(2, "little"), bytearray(1)
        )


class UART(io.IOBase):
    """A serial port. Reading takes what has arrived and never waits."""

    def __init__(self, id, baudrate=115200, *options, **pins):
        self._id = id
        self.init(baudrate, *options, **pins)

    def init(self, baudrate=115200, *options, **pins):
        tx = pin_number(pins.get("tx", 17 if self._id == 2 else 10))
        rx = pin_number(pins.get("rx", 16 if self._id == 2 else 9))
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
        return bool(_chip.ask_small(_UART_IDLE, self._id))

    def flush(self):
        while not self.txdone():
            pass

    def deinit(self):
        pass


class WDT:
    """The watchdog: resets the chip unless it is fed in time. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        _chip.send(bytes((_WDT,)) + timeout.to_bytes(4, "little"))

    def feed(self):
        _chip.post(_WDT_FEED)


class Timer:
    """A hardware timer; its callback runs in the interpreter at the next safe point,
    also while code sleeps or spins.
    """

    ONE_SHOT = const(0)
    PERIODIC = const(1)

    def __init__(self, id, **options):
        """ValueError for a number beyond those of the chip:
        ESP32 and S3 have 4, C6 has 2 (SOC_TIMER_GROUP_TOTAL_TIMERS).
        """
        most = _chip.ask_small(_TIMERS, 0)
        if id != -1 and not 0 <= id < most:
            raise ValueError("invalid Timer number, max %d" % most)
        self.id = id & 0xFF
        if options:
            self.init(**options)

    def init(self, **options):
        """mode, period in ms (or freq in Hz, or period in ticks of tick_hz), callback(timer).

        The callback is scheduled (machine_timer_isr_handler):
        it runs between two steps of the byte code and never within a C function.
        """
        if options.get("hard"):
            raise ValueError("hard Timers are not implemented")
        period = (
            1000 // options["freq"]
            if "freq" in options
            else options["period"] * 1000 // options.get("tick_hz", 1000)
        )
        if period <= 0:
            raise ValueError("period must be greater than 0")
        self._callback = options.get("callback")
        _timers[self.id] = self
        self._arm(options.get("mode", 1), period)

    def _arm(self, mode, period):
        _chip.send(bytes((_TIMER, self.id, mode)) + period.to_bytes(4, "little"))

    def deinit(self):
        if _timers.pop(self.id, None):
            self._arm(0, 0)


def _due():
    """Runs the callbacks of the timers that have come due."""
    for number in _chip.ask(bytes((_TIMERS_DUE,)), bytearray(5))[1:]:
        timer = _timers.get(number)
        if timer and timer._callback:
            timer._callback(timer)


_chip.on_interrupt(_due)
