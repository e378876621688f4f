"""The MCP23017: sixteen more pins behind the I2C bus (Microchip data sheet DS20001952D).

The chip keeps its latches through a reset of the controller, and nobody knows what they hold. A pin that
becomes an output shows its latch at once, so the latch is written before the direction: no coil ever sees an
edge that was not asked for.
"""

from adafruit_bus_device.i2c_device import I2CDevice

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from locker.hal.seam import Bus

# Registers of port A with IOCON.BANK = 0 (table 3-3);
# port B's follow each at once, so both ports take one transaction.
_IODIR = const(0x00)
_IPOL = const(0x02)
_GPINTEN_B = const(0x05)  # with BANK = 1 this is the address of IOCON
_IOCON = const(0x0A)
_GPPU = const(0x0C)
_GPIO = const(0x12)
_OLAT = const(0x14)
# GPA7 and GPB7: outputs, also where nothing hangs on them, so that IODIR never is what a reset makes of it
_UNUSED = const(0x8080)
_READS = const(2)  # a read that was disturbed on its way is no loss of the chip's configuration
_EIO = const(5)

# Of the transaction that is under way, whichever chip it is with. The register after the last is the first
# again (section 3.2.1): GPPU, INTF, INTCAP, GPIO, OLAT, IODIR, IPOL, and of these GPIO to IPOL.
_to = bytearray(3)
_from_pulls = bytearray(14)
_from_levels = memoryview(_from_pulls)[6:]
_PULLS = const(0)  # where they are in it
_LEVELS = const(6)
_LATCHES = const(8)
_DIRECTIONS = const(10)
_POLARITY = const(12)


def _word(place: int) -> int:
    return _from_pulls[place] | _from_pulls[place + 1] << 8


class Expander:
    """One chip. Name its pins, then `start()`, then use them; bits 0-7 are GPA0-7, 8-15 are GPB0-7.

    `address` is its own on the bus, 0x20-0x27; `levels` are the two bytes of its pins as of the last
    `refresh()`. What is sent raises OSError when the chip does not answer, and unless it was started. The bus
    is locked for single transactions only.
    """

    def __init__(self, bus: "Bus", address: int) -> None:
        self.address = address
        self._device = I2CDevice(bus, address, probe=False)
        self._wanted = 0  # in the latches
        # What they are known to hold; None before the start, -1 when an attempt to write them failed.
        self._written: "int | None" = None
        self._inputs = 0xFFFF & ~_UNUSED  # one bit each, as in IODIR
        self._pull_ups = 0
        self._with_pulls = False  # the latest refresh has looked at the pull-ups too
        self.levels = bytearray(2)

    def output(self, bit: int) -> None:
        """A pin that is driven: low from the start, then by `write`."""
        self._inputs &= ~(1 << bit)

    def input(self, bit: int) -> None:
        """A pin with a pull-up, to be read in `levels`.

        GPA7 and GPB7 are outputs only (data sheet, section 3.5.1).
        """
        assert bit & 7 != 7
        self._pull_ups |= 1 << bit

    def start(self) -> None:
        """Sets the chip up from whatever state it is in, every output low, and reads the inputs.

        To be called again after the chip has been reset or has lost its power.
        """
        self._written = None
        # A former program may have left the other register layout:
        # there this clears IOCON, here port B's unused interrupts.
        self._send(_GPINTEN_B, 0, 2)
        self._send(_IOCON, 0, 2)
        self._send(_OLAT, 0)
        self._send(_GPPU, self._pull_ups)
        self._send(_IPOL, 0)
        self._send(_IODIR, self._inputs)
        self._wanted = self._written = 0
        self.refresh()

    def started(self) -> bool:
        """Whether it has been started, and has shown its configuration ever since."""
        return self._written is not None

    def write(self, bit: int, level: int) -> None:
        """Drives an output; when the chip does not answer, the next `refresh()` tries again."""
        mask = 1 << bit
        self._wanted = self._wanted | mask if level else self._wanted & ~mask
        self._catch_up()

    def refresh(self) -> None:
        """Reads all inputs at one moment; writes outputs again whose writing had failed. Allocates nothing.

        The levels count only when the same transaction shows behind them what the chip was given: latches,
        directions, polarity and, each second time, pull-ups. Raises OSError, and leaves `levels` as they
        were, when the chip does not answer or shows something else: then it was reset or has lost its power,
        its coils are dead and it is no longer started.
        """
        self._catch_up()
        self._with_pulls = with_pulls = not self._with_pulls
        for _ in range(_READS):
            if with_pulls:
                self._read(_GPPU, _from_pulls)
            else:
                self._read(_GPIO, _from_levels)
            if (
                _word(_LATCHES) == self._written
                and _word(_DIRECTIONS) == self._inputs
                and not _word(_POLARITY)
            ):
                if not with_pulls or _word(_PULLS) == self._pull_ups:
                    self.levels[0] = _from_pulls[_LEVELS]
                    self.levels[1] = _from_pulls[_LEVELS + 1]
                    return
        self._written = None
        raise OSError(_EIO)

    def _catch_up(self) -> None:
        """Brings the latches to what is wanted, when they are not there already.

        Raises OSError unless the chip has been started.
        """
        wanted = self._wanted
        if self._written is None:
            raise OSError(_EIO)
        if self._written != wanted:
            self._written = -1
            self._send(_OLAT, wanted)
            self._written = wanted

    def _send(self, register: int, value: int, end: int = 3) -> None:
        _to[0] = register
        _to[1] = value & 0xFF
        _to[2] = value >> 8
        with self._device as device:
            device.write(_to, end=end)

    def _read(self, first: int, buffer: "bytearray | memoryview") -> None:
        """Fills a whole buffer: a part of one would be cut out of it on the heap."""
        _to[0] = first
        with self._device as device:
            device.write_then_readinto(_to, buffer, out_end=1)
