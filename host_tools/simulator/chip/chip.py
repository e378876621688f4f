"""The edge of the simulated ESP32: what a program on the chip can do to the world, in plain calls.

The CPython seam calls it in the same process, the virtual board over a socket.
Every call first lets the world catch up.
"""

import errno
import random
from collections.abc import Callable

from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Node, Wires
from host_tools.simulator.chip.bus import Transceiver
from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.link import SerialEnd
from host_tools.simulator.chip.radio import Radio
from host_tools.simulator.clock import Clock
from host_tools.simulator.trace import Trace

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_PIN_COUNT = {"esp32": 40, "esp32s3": 49, "esp32c6": 31}
_INPUT_ONLY = {"esp32": range(34, 40)}  # no output driver, no pulls (ESP32 datasheet, table 2-2)
_ADC_MV_MAX = 3_100  # with the largest attenuation
# At raw 0, and how much more at 4,095 (IDF, esp_adc_cal: 11 dB, 1,100 mV).
_ADC_NOMINAL_MV = {"esp32": (142, 3_299)}
_ADC_RAW_MAX = 4_095
_NOT_BONDED = {"esp32": (20, 24, 28, 29, 30, 31)}  # no pins of that number (ESP32 data sheet, table 2-1)
_FLASH_PINS = {"esp32": range(6, 12)}  # the program is fetched over them: driving them ends it
TIMERS = {"esp32": 4, "esp32s3": 4, "esp32c6": 2}  # SOC_TIMER_GROUP_TOTAL_TIMERS
_RX_BYTES_MAX = 640  # 128 in the hardware, 512 in the driver


class PowerLost(BaseException):
    """The power went while a program was at it: what stands behind it in the program never happens.

    Not an Exception, so that no program can catch it by accident; a chip without power runs no handler.
    """


def has_no_pull(chip: str, pin: int) -> bool:
    """True for pins whose pull must be on the board."""
    return pin in _INPUT_ONLY.get(chip, ())


class _Pad:
    """What a program has made of one GPIO."""

    __slots__ = ("latch", "mode", "node", "pull", "pwm_hz")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.mode: str | None = None
        self.pull = 0
        self.latch = 0
        self.pwm_hz = 0


class Chip:
    """One ESP32.

    After any reset all its pins are inputs without pulls, its timers, UARTs and watchdog are off.

    The owner of the program that runs on it must act on two lists of callables: `on_reset(cause)`, the
    program is gone, start it anew; `on_power_cut()`, it is gone and stays so until `on_reset(PWRON_RESET)`.
    While the power is off, calls do nothing and read 0.
    """

    def __init__(
        self, kind: str, uid: bytes, clock: Clock, wires: Wires, trace: Trace, entropy: random.Random
    ) -> None:
        if kind not in _PIN_COUNT:
            raise ValueError(f"no chip is called {kind!r}: use one of {', '.join(_PIN_COUNT)}")
        self.kind = kind
        self.uid = uid
        self._clock = clock
        self._wires = wires
        self._trace = trace
        self._entropy = entropy
        self._pads: dict[int, _Pad] = {}
        self._watchdog_ms = 0
        self._watchdog_until_us = 0
        self._uarts: dict[int, SerialEnd | Transceiver] = {}
        self.radio = Radio(clock)
        self.calibrated = True  # the converter's curve is in the chip's fuses
        self.converts = True  # the converter gives readings
        # How many of the next reads, writes and erases of partitions fail.
        self.flash_errors: dict[str, int] = {}
        self.storage_is_full = False  # the NVS takes nothing more
        self.constant_entropy: bytes | None = None  # what the generator gives instead of noise
        self.powered = True
        self.used = False  # a program has run on it
        self.boots = 1
        self.rtc_memory = b""  # outlives resets, but no power cut
        self.reset_cause = PWRON_RESET
        self.buses: list[I2CBus] = []
        self.analogue: dict[int, Callable[[], int]] = {}  # pin: mV on it now
        self.tones: dict[int, Callable[[int], object]] = {}  # pin: told the frequency in Hz
        self.on_read: dict[int, Callable[[], object]] = {}  # pin: told that the program looks at it
        # UART, its tx and rx pins, and the cable's end
        self.serial: tuple[int, int, int, SerialEnd | Transceiver] | None = None
        self.on_reset: list[Callable[[int], object]] = []
        self.on_power_cut: list[Callable[[], object]] = []

    # Pins.

    def pin_mode(self, pin: int, mode: str, pull: int = 0) -> None:
        """Makes a pin "in", "out" or "open_drain"; pull is 1 up, -1 down, 0 none.

        An output takes on its latch at once. ValueError else.
        """
        if mode not in ("in", "out", "open_drain"):
            raise ValueError(f"a pin cannot be {mode!r}: in, out or open_drain")
        pad = self._pad(pin)
        if mode != "in" and has_no_pull(self.kind, pin):
            raise ValueError(f"GPIO{pin} of an {self.kind} can only be an input")
        if self._live() and mode != "in" and pin in _FLASH_PINS.get(self.kind, ()):
            self._trace.violation(f"GPIO{pin} is the flash's: the program is gone")
            self.reset(WDT_RESET)
        elif self._live():
            pad.mode = mode
            pad.pull = 0 if has_no_pull(self.kind, pin) else pull
            self._apply(pin, pad)

    def pin_write(self, pin: int, level: int) -> None:
        """Sets the output latch; the pin follows if it is an output."""
        pad = self._pad(pin)
        if self._live():
            pad.latch = 1 if level else 0
            self._apply(pin, pad)

    def pin_read(self, pin: int) -> int:
        """The level on the pin, whoever drives it."""
        if not self._live():
            return 0
        if pin in self.on_read:
            self.on_read[pin]()
        return self.level(pin)

    def level(self, pin: int) -> int:
        """The same for who knows that the program is alive at this instant."""
        pad = self._pads.get(pin) or self._pad(pin)
        known = pad.node.known
        return known if known >= 0 else pad.node.level()

    def pwm(self, pin: int, hz: int, duty_u16: int) -> None:
        """A square wave of hz, 0 to stop; duty 0-65535. Anything slower than a tone sees a high pin."""
        pad = self._pad(pin)
        if self._live():
            pad.pwm_hz = hz if duty_u16 else 0
            self._apply(pin, pad)
            if pin in self.tones:
                self.tones[pin](pad.pwm_hz)

    def adc_mv(self, pin: int) -> int:
        """Millivolts at an analogue input, 0-3100.

        Raises OSError(ETIMEDOUT) while the converter gives no reading: adc_oneshot_read() then has
        ESP_ERR_TIMEOUT, 'the ADC result is invalid' (IDF, esp_adc/adc_oneshot.h), and MicroPython that errno
        for it (mphalport.c, check_esp_err).
        """
        return self.millivolts(pin) if self._live() else 0

    def millivolts(self, pin: int) -> int:
        """The same for who knows that the program is alive at this instant. Raises OSError likewise."""
        if not self.converts:
            raise OSError(errno.ETIMEDOUT, "ESP_ERR_TIMEOUT")
        source = self.analogue.get(pin)
        mv = source() if source else self.level(pin) * _ADC_MV_MAX
        return 0 if mv < 0 else mv if mv < _ADC_MV_MAX else _ADC_MV_MAX

    def adc_raw(self, pin: int) -> int:
        """The 12 bits of the converter, by the nominal curve of the chip."""
        least, span = _ADC_NOMINAL_MV.get(self.kind, (0, _ADC_MV_MAX))
        return min(max((self.adc_mv(pin) - least) * _ADC_RAW_MAX // span, 0), _ADC_RAW_MAX)

    # Buses.

    def i2c_write(self, sda: int, scl: int, address: int, data: bytes) -> None:
        """Raises OSError(ENODEV) when nothing acknowledges."""
        live = self._live()
        with self._trace.because("program"):
            if live:
                self._bus(sda, scl).write(address, data)

    def i2c_read(self, sda: int, scl: int, address: int, count: int) -> bytes:
        """Raises OSError(ENODEV) when nothing acknowledges."""
        return self._bus(sda, scl).read(address, count) if self._live() else bytes(count)

    def i2c_write_read(self, sda: int, scl: int, address: int, data: bytes, count: int) -> bytes:
        """Writes, then reads after a repeated start. Raises OSError(ENODEV) when nothing acknowledges."""
        boots = self.boots
        if len(data) == 1 and self._live():
            block = self._bus(sda, scl).look(address, data[0], count)
            if block is not None:
                return block
        self.i2c_write(sda, scl, address, data)  # which may end the program
        return (
            self._bus(sda, scl).read(address, count) if self.powered and boots == self.boots else bytes(count)
        )

    # The serial link. What a program has not read when 640 bytes wait is lost.

    def uart_open(self, id: int, tx: int, rx: int, baud: int) -> None:
        """Opens a UART on two pins. Where no cable is wired, it sends into the air and hears nothing."""
        if self._live() and self.serial and self.serial[:3] == (id, tx, rx):
            self._uarts[id] = self.serial[3]
            self.serial[3].open(baud, _RX_BYTES_MAX)

    def uart_read(self, id: int, count: int) -> bytes:
        """Up to count bytes of what has arrived; b"" when there is nothing."""
        return self._uarts[id].read(count) if self._live() and id in self._uarts else b""

    def uart_write(self, id: int, data: bytes) -> None:
        """Hands bytes to the transmitter, which sends them at the baud rate."""
        if self._live() and id in self._uarts:
            self._uarts[id].write(bytes(data))

    def uart_idle(self, id: int) -> bool:
        """Whether the last stop bit has left."""
        return not self._live() or id not in self._uarts or self._uarts[id].idle

    # The chip itself.

    def entropy(self, count: int) -> bytes:
        """Bytes of the world's seeded generator: random to the program, the same in each run of a seed."""
        if not self._live():
            return bytes(count)
        return (
            self._entropy.randbytes(count)
            if self.constant_entropy is None
            else (self.constant_entropy * count)[:count]
        )

    def flash_fails(self, operation: str) -> bool:
        """Whether this "read", "write" or "erase" of a partition fails."""
        left = self.flash_errors.get(operation, 0)
        if left:
            self.flash_errors[operation] = left - 1
        return left > 0

    def watchdog(self, timeout_ms: int) -> None:
        """Starts the watchdog; as on the chip it cannot be stopped but by a reset."""
        if self._live():
            started = self._watchdog_ms > 0
            self._watchdog_ms = timeout_ms
            self.watchdog_feed()
            if not started:
                self._watch(self.boots)

    def watchdog_feed(self) -> None:
        if self._live():
            self._watchdog_until_us = self._clock.now_us() + self._watchdog_ms * 1000

    def reset(self, cause: int) -> None:
        """Starts the chip anew; `cause` is what machine.reset_cause() will say.

        Expanders keep their latches unless RESET falls.
        """
        if not self._live():
            return
        self._stop("reset")
        self.boots += 1
        self.reset_cause = cause
        self._trace.note("reset", 0, cause)
        for callback in tuple(self.on_reset):
            callback(cause)

    def power(self, on: bool) -> None:
        """The chip's own supply; `World.power_cut` and `World.power_on` switch it with all the rest."""
        if on and not self.powered:
            self.powered = True
            self.reset(PWRON_RESET)
        elif self.powered and not on:
            self.powered = False
            self.rtc_memory = b""
            for callback in tuple(self.on_power_cut):
                callback()
            self._stop("power cut")

    def _live(self) -> bool:
        """False when the power is off, or when the world, caught up with,
        has just ended the program that calls.
        """
        boots = self.boots
        self._clock.settle()
        return self.powered and boots == self.boots

    def _pad(self, pin: int) -> _Pad:
        if pin not in self._pads:
            if not 0 <= pin < _PIN_COUNT[self.kind] or pin in _NOT_BONDED.get(self.kind, ()):
                raise ValueError(f"an {self.kind} has no GPIO{pin}")
            self._pads[pin] = _Pad(self._wires.node(pin))
        return self._pads[pin]

    def _bus(self, sda: int, scl: int) -> I2CBus:
        for bus in self.buses:
            if bus.pins == (sda, scl):
                return bus
        return I2CBus(self._clock, sda, scl, 100_000)  # two bare pins: nobody acknowledges

    def _apply(self, pin: int, pad: _Pad) -> None:
        with self._trace.because("program"):
            node = pad.node
            if pad.pwm_hz:
                node.set(1)
            elif pad.mode == "out":
                node.set(pad.latch, pad.pull)
            elif pad.mode == "open_drain":
                node.set(None if pad.latch else 0, pad.pull)
            else:
                node.set(None, pad.pull)

    def _stop(self, cause: str) -> None:
        """What any end of a program does to the pins and the rest."""
        with self._trace.because(cause):
            for pin in self._pads:
                self._wires.node(pin).set(None)
                if pin in self.tones:
                    self.tones[pin](0)
        self._pads.clear()
        self._watchdog_ms = 0
        for end in self._uarts.values():
            end.close()
        self._uarts.clear()
        self.radio.stop()

    def _watch(self, boot: int) -> None:
        """One event follows the watchdog, however often it is fed."""
        if boot != self.boots or not self._watchdog_ms or not self.powered:
            return
        if self._clock.now_us() >= self._watchdog_until_us:
            self.reset(WDT_RESET)
        else:
            self._clock.at(self._watchdog_until_us, lambda: self._watch(boot))


def pull_up(wires: Wires, kind: str, pin: int | tuple[int, int]) -> None:
    """Fits the resistor that an input needs where its pin has no pull of its own."""
    if isinstance(pin, int) and has_no_pull(kind, pin):
        wires.node(pin).fit_pull(EXTERNAL_PULL)
