"""The MCP23017: sixteen more pins behind the I2C bus (Microchip data sheet DS20001952D).

The chip keeps its latches through a reset of the controller, and nobody knows what they hold. A pin that becomes an output shows
its latch at once, so the latch is written before the direction: no coil ever sees an edge that was not asked for.
"""

from adafruit_bus_device.i2c_device import I2CDevice

from locker.compat import const

# Registers of port A with IOCON.BANK = 0 (table 3-3); port B's follow each at once, so both ports take one transaction.
_IODIR = const(0x00)
_IPOL = const(0x02)
_GPINTEN_B = const(0x05)  # with BANK = 1 this is the address of IOCON
_IOCON = const(0x0A)
_GPPU = const(0x0C)
_GPIO = const(0x12)
_OLAT = const(0x14)
_REGISTERS = const(22)

_REFRESHES_A_CHECK = const(50)  # about once a second
_EIO = const(5)


class Expander:
    """One chip. Ask for its pins, then `start()`, then use them; bits 0-7 are GPA0-7, 8-15 are GPB0-7.

    What is sent raises OSError when the chip does not answer. The bus is locked for single transactions only.
    """

    def __init__(self, bus, address: int) -> None:
        self._device = I2CDevice(bus, address, probe=False)
        self._safe = 0  # the level of each output at start
        self._wanted = 0  # and now
        self._written = None  # what the latches are known to hold; None before the start, -1 when an attempt to write them failed
        self._inputs = 0xFFFF  # one bit each, as in IODIR
        self._pull_ups = 0
        self._registers = bytearray(_REGISTERS)  # as last read
        self._refreshes = 0  # since the last check
        self._to = bytearray(3)

    def output(self, bit: int, level: int = 0):
        """A pin that is driven: to `level` from the start, then by calling it."""
        mask = 1 << bit
        assert self._inputs & mask
        assert self._written is None
        self._inputs ^= mask
        self._safe |= level << bit

        def pin(level):
            self._wanted = self._wanted | mask if level else self._wanted & ~mask
            self._drive()

        return pin

    def input(self, bit: int, pull_up: bool = True):
        """A pin that reads its level at the last `refresh()`. GPA7 and GPB7 are outputs only (data sheet, section 3.5.1)."""
        assert bit & 7 != 7
        if pull_up:
            self._pull_ups |= 1 << bit
        registers = self._registers
        return lambda: registers[_GPIO + (bit >> 3)] >> (bit & 7) & 1

    def start(self) -> None:
        """Sets the chip up from whatever state it is in, every output at its first level, and reads the inputs.

        To be called again after the chip has been reset or has lost its power.
        """
        self._written = None
        # A former program may have left the other register layout: there this clears IOCON, here port B's unused interrupts.
        self._write(_GPINTEN_B, 0, 2)
        self._write(_IOCON, 0, 2)
        self._write(_OLAT, self._safe)
        self._write(_GPPU, self._pull_ups)
        self._write(_IPOL, 0)
        self._write(_IODIR, self._inputs)
        self._wanted = self._written = self._safe
        self.refresh()

    def refresh(self) -> None:
        """Reads all inputs at one moment; writes outputs again whose writing had failed. Allocates nothing.

        Now and then it reads the whole chip. Raises OSError when that does not hold what it was given: it was reset or has lost its
        power, its inputs say nothing and its coils are dead until the next `start()`.
        """
        self._drive()
        self._refreshes += 1
        if self._refreshes < _REFRESHES_A_CHECK:
            self._read(_GPIO, _GPIO + 2)
            return
        self._refreshes = 0
        self._read(_IODIR, _REGISTERS)
        if not (self._holds(_IODIR, self._inputs) and self._holds(_GPPU, self._pull_ups) and self._holds(_OLAT, self._written)):
            raise OSError(_EIO)

    def _holds(self, register: int, value: int) -> bool:
        return self._registers[register] | self._registers[register + 1] << 8 == value

    def _drive(self) -> None:
        """Brings the latches to what is wanted, when they are not there already and the chip has been started."""
        wanted = self._wanted
        if self._written is not None and self._written != wanted:
            self._written = -1
            self._write(_OLAT, wanted)
            self._written = wanted

    def _write(self, register: int, value: int, end: int = 3) -> None:
        to = self._to
        to[0] = register
        to[1] = value & 0xFF
        to[2] = value >> 8
        with self._device as device:
            device.write(to, end=end)

    def _read(self, first: int, end: int) -> None:
        self._to[0] = first
        with self._device as device:
            device.write_then_readinto(self._to, self._registers, out_end=1, in_start=first, in_end=end)
