"""The MCP23017 16-bit I/O expander at register level (Microchip DS20001952).

Its interrupt outputs are not wired.
"""

from host_tools.simulator.cabinet.wires import Wires, Word

IODIR, IPOL, GPINTEN, DEFVAL, INTCON, IOCON, GPPU, INTF, INTCAP, GPIO, OLAT = range(11)
REGISTER_NAMES = (
    "IODIR",
    "IPOL",
    "GPINTEN",
    "DEFVAL",
    "INTCON",
    "IOCON",
    "GPPU",
    "INTF",
    "INTCAP",
    "GPIO",
    "OLAT",
)
_BANK = 0x80
_SEQOP = 0x20
_IOCON_WRITABLE = 0xFE
_READ_ONLY = (INTF, INTCAP)
_ADDRESSES = 2 * len(REGISTER_NAMES)  # of paired registers: the one after the last is the first


class MCP23017:
    """One expander. Bits 0-7 are GPA0-7, 8-15 GPB0-7.

    It keeps its latches through a reset of the controller; only its RESET line or the loss of power clears
    them. Whatever clears them in the middle of a transaction also ends its part in it: the rest is read from
    a bus that nobody pulls down.
    """

    def __init__(self, address: int, wires: Wires) -> None:
        self.address = address
        self._pins = [wires.node((address, bit)) for bit in range(16)]
        self._levels = Word(wires, self._pins).levels
        self.powered = True
        self.held_in_reset = False
        self.deaf = False  # acknowledges nothing, and keeps everything
        self._line = 1
        self._line_stuck: int | None = None
        self._clear()

    def _clear(self) -> None:
        self._addressed = False
        self._registers = bytearray(_ADDRESSES)  # of ports A and B in turn
        self._registers[2 * IODIR] = self._registers[2 * IODIR + 1] = 0xFF
        self._pointer = 0
        self._pointer_next = False  # the next byte written is a register address
        for bit in range(16):
            self._drive(bit)

    def reset_line(self, level: int) -> None:
        """RESET is active low: while low,
        every register has its power-on value and nobody answers on the bus.
        """
        self._line = level
        self.held_in_reset = (level if self._line_stuck is None else self._line_stuck) == 0
        if self.held_in_reset:
            self._clear()

    def stick_reset_line(self, level: int | None) -> None:
        """The wire to its RESET pin is cut, which leaves the pin at a level of its own; None mends it."""
        self._line_stuck = level
        self.reset_line(self._line)

    def power(self, on: bool) -> None:
        """Loses everything when power goes; starts with power-on values when it comes."""
        self.powered = on
        self._clear()

    def preset(self, **registers: int) -> None:
        """Registers as an earlier program may have left them:
        OLAT=0xFFFF, IODIR=0 and so on, 16 bits each, port B in the high byte.
        """
        # The latch before the direction: a preset makes no edge of its own.
        for name in ("IOCON", "OLAT", "IODIR", *registers):
            if name in registers:
                index = REGISTER_NAMES.index(name)
                self._registers[2 * index : 2 * index + 2] = (registers[name] & 0xFFFF).to_bytes(2, "little")
        if "IOCON" in registers:
            self._registers[2 * IOCON + 1] = self._registers[2 * IOCON]
        for bit in range(16):
            self._drive(bit)

    def register(self, index: int) -> int:
        """16 bits of a register, port B in the high byte, as a person with a probe would see them."""
        low, high = (self._value(index, port) for port in (0, 1))
        return low | high << 8

    # The bus side.

    def acknowledges(self) -> bool:
        return self.powered and not self.held_in_reset and not self.deaf

    def started(self, reading: bool) -> None:
        self._addressed = True
        self._pointer_next = not reading

    def written(self, byte: int, at_us: int) -> None:
        if not self._addressed:
            return
        if self._pointer_next:
            self._pointer = byte
            self._pointer_next = False
            return
        where = self._where()
        if where:
            self._store(*where, byte)
        self._step()

    def read(self, at_us: int) -> int:
        if not self._addressed:
            return 0xFF
        where = self._where()
        self._step()
        return self._value(*where) if where else 0

    def read_block(self, count: int) -> bytes | None:
        """What so many `read`s give; None when the pointer does not just go up, or has left the registers."""
        return (
            self._block(self._pointer, count)
            if self._addressed and self._goes_up(self._pointer, count)
            else None
        )

    def look(self, register: int, count: int) -> bytes | None:
        """What so many `read`s give behind a `written` that names the register;
        None when `read_block` says so, or nobody answers.
        """
        if not self.acknowledges() or not self._goes_up(register, count):
            return None
        self._addressed, self._pointer_next = True, False
        return self._block(register, count)

    def _goes_up(self, start: int, count: int) -> bool:
        """Whether the pointer does so within the registers, and from the last one to the first."""
        return (
            start < _ADDRESSES
            and start + count <= 2 * _ADDRESSES
            and not self._registers[2 * IOCON] & (_BANK | _SEQOP)
        )

    def _block(self, start: int, count: int) -> bytes:
        once = self._registers[:]
        once[2 * GPIO], once[2 * GPIO + 1] = self._inputs()
        self._pointer = (start + count) % _ADDRESSES
        return bytes((once + once)[start : start + count])

    def _bank(self) -> int:
        return self._registers[2 * IOCON] & _BANK

    def _where(self) -> tuple[int, int] | None:
        """(register, port) under the pointer, None for an address that does not exist."""
        if self._bank():
            port, index = self._pointer >> 4, self._pointer & 0x0F
        else:
            port, index = self._pointer & 1, self._pointer >> 1
        return (index, port) if index < len(REGISTER_NAMES) and port < 2 else None

    def _step(self) -> None:
        """Auto-increment; with SEQOP set,
        banked addresses stand still and paired ones toggle between the two ports (3.2.1).
        """
        if not self._registers[2 * IOCON] & _SEQOP:
            pointer = self._pointer + 1
            if self._bank():  # after the last register of the last port comes the first of the first
                self._pointer = 0x10 if pointer == 0x0B else 0 if pointer == 0x1B else pointer
            else:
                self._pointer = 0 if pointer == 0x16 else pointer
        elif not self._bank():
            self._pointer ^= 1

    def _store(self, index: int, port: int, byte: int) -> None:
        if index in _READ_ONLY:
            return
        if index == IOCON:  # one register at two addresses
            self._registers[2 * IOCON] = self._registers[2 * IOCON + 1] = byte & _IOCON_WRITABLE
            return
        self._registers[2 * (OLAT if index == GPIO else index) + port] = byte
        if index in (IODIR, GPPU, GPIO, OLAT):
            for bit in range(port * 8, port * 8 + 8):
                self._drive(bit)

    def _value(self, index: int, port: int) -> int:
        return self._inputs()[port] if index == GPIO else self._registers[2 * index + port]

    def _inputs(self) -> tuple[int, int]:
        """Both ports as GPIO has them."""
        levels = self._levels() if self.powered and not self.held_in_reset else 0
        return levels & 0xFF ^ self._registers[2 * IPOL], levels >> 8 ^ self._registers[2 * IPOL + 1]

    def _drive(self, bit: int) -> None:
        port, mask = bit >> 3, 1 << (bit & 7)
        is_input = self._registers[2 * IODIR + port] & mask
        if not self.powered or is_input:
            self._pins[bit].set(None, 1 if self.powered and self._registers[2 * GPPU + port] & mask else 0)
        else:  # the pull-up belongs to inputs only (3.5.7)
            self._pins[bit].set(1 if self._registers[2 * OLAT + port] & mask else 0)
