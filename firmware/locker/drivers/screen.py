"""The character screen: an HD44780 in 4-bit mode behind a PCF8574 (Hitachi data sheet ADE-207-272, figure 24).

The backpack's wiring is the usual one: P0 RS, P1 R/W, P2 E, P3 backlight, P4-P7 D4-D7. The controller needs 37 us for a
character, which the bus takes longer than to bring the next one (at up to 400 kHz), and 4.1 ms at start, which is the reason why
only one thing is sent a step.
"""

from adafruit_bus_device.i2c_device import I2CDevice

from locker.compat import const

_RS = const(0x01)
_E = const(0x04)
_BACKLIGHT = const(0x08)

_SET_ADDRESS = const(0x80)
_ROW_1 = const(0x40)  # display memory of the second row

# A step each. 0x33 is twice "8 bits", which also ends a nibble that a reset has torn; 0x32 goes to 4 bits.
_SET_UP = (
    b"\x33",
    b"\x33",
    b"\x32\x28\x0c\x06",  # 4 bits, two lines; on, no cursor; to the right
    b"\x01",  # clear: 1.52 ms
)
_DOTS = "\u00b7\u2022"
_DOT = const(0xA5)  # in the character ROM A00
_UNKNOWN = const(0x3F)  # a question mark


class Screen:
    """`columns` x `rows` characters, 16-20 x 1-4. Latin letters only; dots of any kind are shown, all else is a question mark."""

    def __init__(self, bus, address: int, columns: int, rows: int) -> None:
        self._device = I2CDevice(bus, address, probe=False)
        self._columns = columns
        self._wanted = [bytearray(b" " * columns) for _ in range(rows)]
        self._shown = [bytearray(columns) for _ in range(rows)]
        self._stage = 0
        self._to = bytearray(4 * columns + 6)
        self._used = 0

    def show(self, lines) -> None:
        """Takes up to `rows` strings to be shown from the next steps on; longer ones are cut, missing ones are blank."""
        for row in range(len(self._wanted)):
            line = lines[row] if row < len(lines) else ""
            wanted = self._wanted[row]
            for i in range(self._columns):
                character = line[i] if i < len(line) else " "
                wanted[i] = ord(character) if " " <= character <= "}" else _DOT if character in _DOTS else _UNKNOWN

    def step(self) -> None:
        """Sends what has changed in one line, or the next part of the set-up; 8 ms at 100 kHz. Call it each 5 ms or less often.

        Raises OSError when the screen does not answer; it is then set up anew by the next calls.
        """
        stage = self._stage
        self._stage = 0  # unless all of this gets through
        if stage < len(_SET_UP):
            self._begin(0)
            for value in _SET_UP[stage]:
                self._put(value, 0)
            self._send()
            for shown in self._shown:
                for i in range(self._columns):
                    shown[i] = 0x20
            stage += 1
        else:
            for row in range(len(self._wanted)):
                if self._wanted[row] != self._shown[row]:
                    self._send_line(row)
                    break
        self._stage = stage

    def restart(self) -> None:
        """Sets the screen up again with the next steps, in case a coil's spark has garbled it."""
        self._stage = 0

    def _send_line(self, row: int) -> None:
        """From the first to the last character that differ."""
        wanted = self._wanted[row]
        shown = self._shown[row]
        first = 0
        while wanted[first] == shown[first]:
            first += 1
        last = self._columns - 1
        while wanted[last] == shown[last]:
            last -= 1
        self._begin(0)
        self._put(_SET_ADDRESS + (row & 1) * _ROW_1 + (row >> 1) * self._columns + first, 0)
        self._begin(_RS)
        for i in range(first, last + 1):
            self._put(wanted[i], _RS)
        self._send()
        shown[first : last + 1] = wanted[first : last + 1]

    def _begin(self, rs: int) -> None:
        """RS has to be steady before E rises (tAS)."""
        if not rs:
            self._used = 0
        self._to[self._used] = rs | _BACKLIGHT
        self._used += 1

    def _put(self, value: int, rs: int) -> None:
        """A byte as two nibbles, each taken over when E falls."""
        to = self._to
        used = self._used
        for _ in range(2):
            to[used + 1] = value & 0xF0 | rs | _BACKLIGHT
            to[used] = to[used + 1] | _E
            used += 2
            value <<= 4
        self._used = used

    def _send(self) -> None:
        with self._device as device:
            device.write(self._to, end=self._used)
