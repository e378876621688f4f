"""machine.UART."""

import io

import _chip
from machine import pin_number
from micropython import const

_UART_OPEN = const(9)
_UART_READ = const(10)
_UART_WRITE = const(11)


class UART(io.IOBase):
    """A serial port. Reading never waits longer than `timeout` ms for the first byte, and not at all by default."""

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, *, tx=None, rx=None, rxbuf=256, txbuf=256, timeout=0, **options):
        self._id = id
        self._pins = (17, 16) if id == 2 else (10, 9)
        self.init(baudrate, tx=tx, rx=rx)

    def init(self, baudrate=115200, bits=8, parity=None, stop=1, *, tx=None, rx=None, **options):
        tx = self._pins[0] if tx is None else pin_number(tx)
        rx = self._pins[1] if rx is None else pin_number(rx)
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
