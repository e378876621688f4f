"""The ESP32's way to a host at its second UART; imported only by a board that has a serial link."""

from machine import UART

from locker.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from locker.hal.seam import Carrier


class Serial:
    """The second UART: always up."""

    def __init__(self, link: "tuple[int, int, int, int]") -> None:
        uart, tx, rx, baud = link
        self._uart = UART(uart, baudrate=baud, tx=tx, rx=rx, rxbuf=512)

    def poll(self, now_ms: int) -> bool:
        return True

    def hurry(self, now_ms: int) -> None:
        """There is never a pause."""

    def read_into(self, buffer: bytearray) -> int:
        return self._uart.readinto(buffer) or 0 if self._uart.any() else 0

    def write(self, data: bytes) -> bool:
        return self._uart.write(data) == len(data)


def open_line(link: "Any", address: "int | None") -> "Carrier":
    """The carrier at the board's link: with an address a place on a bus, without one a line of its own."""
    if address:
        from locker.hal.esp32_rs485 import Rs485

        return Rs485(link, address)
    return Serial(link)
