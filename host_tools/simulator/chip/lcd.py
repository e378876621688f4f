"""A character screen at bus level: a Hitachi HD44780U behind a PCF8574 on I2C.

The expander's bits are wired as on every such backpack: P0 RS, P1 R/W, P2 E, P3 backlight, P4-P7 D4-D7.
"""

from collections.abc import Callable

from host_tools.simulator.clock import Clock

_RS, _RW, _E, _LIGHT = 0x01, 0x02, 0x04, 0x08
_POWER_ON_US = 15_000  # internal reset after power-on (datasheet, "Initializing by Internal Reset Circuit")
_SHORT_US = 37  # most instructions
_LONG_US = 1_520  # clear display, return home
_CELLS = 80
_HALF = 40  # a line of the memory
_BLANK = 0x20
_SEEN_US = 20_000  # when a person has seen a burst of changes
_OPEN = 0x0F  # what D0-D3 read in 8-bit mode: nothing is connected, and the controller pulls them up
DISTURBANCES = ("nibble", "bits", "off", "shift", "garbage")  # what the spark of a coil does to a controller
# Where character ROM A00 is not ASCII.
_GLYPHS = {0x5C: "¥", 0x7E: "→", 0x7F: "←", 0xDF: "°", 0xA5: "·", 0xFF: "█"}


class CharacterScreen:
    """The glass and its controller.

    An instruction that comes while the controller is busy is lost, as on the real one.
    """

    def __init__(self, clock: Clock, columns: int, rows: int, seen: Callable[[list[str]], object]) -> None:
        self._clock = clock
        self.columns = columns
        self.rows = rows
        self._seen = seen
        self._telling = False
        self.lost = 0  # instructions that came too early
        self.powered = True
        self.deaf = False  # acknowledges nothing
        self.power(True)
        self._told = self.lines()

    def power(self, on: bool) -> None:
        """Power-on: 8-bit interface, display off, everything blank."""
        self.powered = on
        self.backlight = False
        self._port = 0xFF if on else 0  # the PCF8574 starts with all pins high
        self._four_bits = False
        self._two_lines = False
        self._shift = 0
        self._high_nibble: int | None = None
        self._ready_us = self._clock.now_us() + _POWER_ON_US
        self._cells = bytearray([_BLANK]) * _CELLS
        self._address = 0
        self._to_glyphs = False
        self._on = False
        self._forward = True
        self._changed()

    def disturb(self, kind: str) -> None:
        """A spark: the controller is in the middle of a byte ("nibble"), listens to 8 bits ("bits"), has its
        display switched off ("off"), shows its memory shifted by some columns ("shift"), or has some of its
        memory changed ("garbage"). Raises ValueError for another kind.
        """
        if kind == "nibble":
            self._high_nibble = None if self._high_nibble is not None else 0x0
        elif kind == "bits":
            self._four_bits = False
        elif kind == "off":
            self._on = False
        elif kind == "shift":
            self._shift = (self._shift + 7) % _HALF
        elif kind == "garbage":
            self._cells[::3] = bytes([0x99]) * len(self._cells[::3])
        else:
            raise ValueError(f"a screen is not disturbed by {kind!r}: use one of {', '.join(DISTURBANCES)}")
        self._changed()

    def lines(self) -> list[str]:
        """What can be read on the glass, one string a row;
        blank while the display is off, and every other one in one-line mode.
        """
        if not (self.powered and self._on):
            return [" " * self.columns] * self.rows
        return [
            self._row(row) if self._two_lines or not row & 1 else " " * self.columns
            for row in range(self.rows)
        ]

    def _row(self, row: int) -> str:
        half, start = (row & 1) * _HALF, (row >> 1) * self.columns
        cells = [self._cells[half + (start + column + self._shift) % _HALF] for column in range(self.columns)]
        return "".join(_GLYPHS.get(cell, chr(cell) if 0x20 <= cell < 0x7E else "▯") for cell in cells)

    # The bus side: a PCF8574 latches each byte.

    def acknowledges(self) -> bool:
        return self.powered and not self.deaf

    def started(self, reading: bool) -> None:
        pass

    def written(self, byte: int, at_us: int) -> None:
        falling = self._port & _E and not byte & _E
        before, self._port = self._port, byte
        if bool(byte & _LIGHT) != self.backlight:
            self.backlight = bool(byte & _LIGHT)
            self._changed()
        if falling and not before & _RW:
            self._nibble(before >> 4, bool(before & _RS), at_us)

    def read(self, at_us: int) -> int:
        """The pins of the expander. With R/W and E high the busy flag is on P7."""
        busy = at_us < self._ready_us
        reading_status = self._port & _RW and self._port & _E and not self._port & _RS
        return (self._port & 0x7F) | (0x80 if busy else 0) if reading_status else self._port

    def read_block(self, count: int) -> None:
        """When it is read decides what it says."""

    def look(self, register: int, count: int) -> None:
        """It has no registers."""

    def _nibble(self, nibble: int, data: bool, at_us: int) -> None:
        if not self._four_bits:
            self._instruct(nibble << 4 | _OPEN, data, at_us)
        elif self._high_nibble is None:
            self._high_nibble = nibble
        else:
            byte, self._high_nibble = self._high_nibble << 4 | nibble, None
            self._instruct(byte, data, at_us)

    def _instruct(self, byte: int, data: bool, at_us: int) -> None:
        if at_us < self._ready_us:
            self.lost += 1
            return
        self._ready_us = at_us + _SHORT_US
        if data:
            self._write(byte)
        elif byte & 0x80:
            self._address = byte & 0x7F
            self._to_glyphs = False
        elif byte & 0x40:
            self._to_glyphs = True
        elif byte & 0x20:
            self._four_bits = not byte & 0x10
            self._two_lines = bool(byte & 0x08)
            self._high_nibble = None
        elif byte & 0x10:
            if byte & 0x08:  # the display, not the cursor
                self._shift = (self._shift + (-1 if byte & 0x04 else 1)) % _HALF
        elif byte & 0x08:
            self._on = bool(byte & 0x04)
        elif byte & 0x04:
            self._forward = bool(byte & 0x02)
        elif byte in (1, 2, 3):
            self._ready_us = at_us + _LONG_US
            self._address = self._shift = 0
            self._to_glyphs = False
            if byte == 1:
                self._cells[:] = bytes([_BLANK]) * _CELLS
                self._forward = True
        self._changed()

    def _write(self, byte: int) -> None:
        """A character at the address, which moves on:
        0x00-0x27 is the first half of the memory, 0x40-0x67 the second.
        """
        if self._to_glyphs:
            return
        column = self._address & 0x3F
        if column < 40:
            self._cells[(40 if self._address & 0x40 else 0) + column] = byte
        if self._forward:
            self._address = (0x40 if self._address < 0x40 else 0) if column >= 39 else self._address + 1
        else:
            self._address = (0x67 if self._address < 0x40 else 0x27) if column == 0 else self._address - 1

    def _changed(self) -> None:
        """However many bytes make a picture, it is seen once."""
        if not self._telling:
            self._telling = True
            self._clock.after(_SEEN_US, self._tell)

    def _tell(self) -> None:
        self._telling = False
        lines = self.lines()
        if lines != self._told:
            self._told = lines
            self._seen(lines)
