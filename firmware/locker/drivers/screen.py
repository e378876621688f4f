"""The character screen: an HD44780 in 4-bit mode behind a PCF8574 (Hitachi
data sheet ADE-207-272, figure 24).

The backpack's wiring is the usual one: P0 RS, P1 R/W, P2 E, P3 backlight, P4-P7 D4-D7. The controller needs
37 us for a character, which the bus takes longer than to bring the next one (at up to 400 kHz), and 4.1 ms at
start, which is the reason why only one thing is sent a step.
"""

from adafruit_bus_device.i2c_device import I2CDevice

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locker.hal.seam import Bus

_RS = const(0x01)
_E = const(0x04)
_BACKLIGHT = const(0x08)

_SET_ADDRESS = const(0x80)
_ROW_1 = const(0x40)  # display memory of the second row

# What brings the controller here from any state, and changes nothing to be seen when it is here already. 0x38
# is "8 bits, two lines" in 4-bit mode; in 8-bit mode it is "8 bits" and an address. It may complete a torn
# byte, which takes 1.52 ms, so there is a pause behind it. 0x33, 0x83, 0x32 then end in 4 bits from either
# mode and from mid-byte. Two lines; on, no cursor; to the right; not shifted.
_ALERT = b"\x38"
_SET_UP = b"\x33\x83\x32\x28\x0c\x06\x02"
_CLEAR = b"\x01"
_PAUSE_BYTES = const(70)  # 6.3 ms at 100 kHz, 1.6 ms at 400 kHz

# Stages: a step each.
_AT_START = const(0)  # the first order of all takes 4.1 ms
_SETTING_UP = const(1)
_CLEARING = const(2)
_SHOWING = const(3)
_SETTING_UP_AGAIN = const(4)
_DOT = const(0xA5)  # a centred dot in the character ROM A00


class Screen:
    """`columns` x `rows` characters, 16-20 x 1-4. ASCII; every other character is shown as a centred dot."""

    def __init__(self, bus: "Bus", address: int, columns: int, rows: int) -> None:
        self._device = I2CDevice(bus, address, probe=False)
        self._columns = columns
        self._rows = rows
        self._stage = _AT_START
        self._shown: "list[bytes | bytearray]" = [b""] * rows  # what the screen is known to show
        self._to = bytearray(max(4 * columns + 6, _PAUSE_BYTES + 6))
        self.show(())

    def show(self, lines: "Sequence[str]") -> None:
        """Takes up to `rows` strings to be shown from the next steps on;
        longer ones are cut, missing ones are blank.
        """
        columns = self._columns
        wanted: "list[bytearray]" = []
        self._wanted = wanted
        for row in range(self._rows):
            # As bytes: to look at a string's characters would keep each of them as a name for ever.
            text = (lines[row] if row < len(lines) else "").encode()
            line = bytearray(b" " * columns)
            used = 0
            for code in text:
                # What continues a character of UTF-8 has no place of its own.
                if used < columns and code & 0xC0 != 0x80:
                    line[used] = code if code < 0x7F else _DOT
                    used += 1
            wanted.append(line)

    def step(self) -> None:
        """Sends one line that has changed, or the next part of the set-up; 9 ms at 100 kHz.

        Call it each 5 ms or less often.

        Raises OSError when the screen does not answer; it is then set up anew by the next calls.
        """
        stage = self._stage
        self._stage = _AT_START  # unless all of this gets through
        if stage != _SHOWING:
            self._shown = [b""] * self._rows
            if stage == _CLEARING:
                self._send(_CLEAR, b"", 0)
            else:
                self._send(_ALERT, b"", _PAUSE_BYTES)
                if stage != _AT_START:
                    self._send(_SET_UP, b"", 0)
            stage = _SHOWING if stage == _SETTING_UP_AGAIN else stage + 1
        else:
            for row in range(self._rows):
                line = self._wanted[row]
                if line != self._shown[row]:
                    self._send((_SET_ADDRESS + (row & 1) * _ROW_1 + (row >> 1) * self._columns,), line, 0)
                    self._shown[row] = line
                    break
        self._stage = stage

    def restart(self) -> None:
        """Sets the screen up again with the next steps, in case a spark has garbled it.

        Nothing flickers when none has.
        """
        if self._stage == _SHOWING:
            self._stage = _SETTING_UP_AGAIN

    def _send(self, commands: "Sequence[int]", characters: "Sequence[int]", pause: int) -> None:
        """Commands, characters, and then so many bytes that say nothing, while the controller works."""
        to = self._to
        used = 0
        for control, values in ((_BACKLIGHT, commands), (_BACKLIGHT | _RS, characters)):
            to[used] = control  # has to be steady before E rises (tAS)
            used += 1
            for value in values:
                for nibble in (value, value << 4):
                    to[used] = nibble & 0xF0 | control | _E
                    to[used + 1] = nibble & 0xF0 | control  # taken over when E falls
                    used += 2
        for _ in range(pause):
            to[used] = _BACKLIGHT
            used += 1
        with self._device as device:
            device.write(to, end=used)
