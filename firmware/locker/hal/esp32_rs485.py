"""The ESP32's way to a host over a pair of wires that it shares with other cabinets;
imported only by a board that is on such a bus.

MicroPython does not offer the UART's own RS-485 mode, so a timer raises and lowers the driver enable of the
transceiver: no step of the app waits for the line, and the bus is let go of within 3 ms of the last stop bit
even while the app is at something else.
"""

import time

from machine import UART, Pin, Timer

from locker.compat import TYPE_CHECKING
from locker.wire.station import TURN_MS, Station

if TYPE_CHECKING:
    from collections.abc import Callable


class Rs485:
    """One cabinet's transceiver. `link` is the board's, with the pin of the driver enable behind it."""

    def __init__(self, link: "tuple[int, int, int, int, int]", address: int) -> None:
        uart, tx, rx, self._baud, enable = link
        self._enable = Pin(enable, Pin.OUT, value=0)
        self._line = UART(uart, baudrate=self._baud, tx=tx, rx=rx, rxbuf=512)
        self._alarm = Timer(1)  # 0 is the backstop of the coils
        self._member = Station(address)
        self._looked = time.ticks_ms()
        self._answer = b""
        self.write = self._member.say
        self.read_into = self._member.readinto

    def poll(self, now_ms: int) -> bool:
        ticks = time.ticks_ms()
        waited_ms = time.ticks_diff(ticks, self._looked)
        self._looked = ticks
        count = self._line.any()
        if count:
            data = bytearray(count)
            self._line.readinto(data)
            self._answer = self._member.hear(data, waited_ms, now_ms)
            if self._answer:
                self._later(TURN_MS, self._speak)
        return self._member.up(now_ms)

    def hurry(self, now_ms: int) -> None:
        """A cabinet on a bus speaks when it is asked."""

    def _later(self, ms: int, action: "Callable[[Timer], None]") -> None:
        self._alarm.init(mode=Timer.ONE_SHOT, period=ms, callback=action)

    def _speak(self, timer: Timer) -> None:
        self._enable(1)
        try:
            self._line.write(self._answer)
        finally:  # whatever happens, others have the bus
            self._later(len(self._answer) * 10000 // self._baud + 2, self._let_go)

    def _let_go(self, timer: Timer) -> None:
        if self._line.txdone():
            self._enable(0)
        else:
            self._later(1, self._let_go)
