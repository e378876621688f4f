"""NOR flash in memory for tests on both interpreters: writing clears bits,
erasing sets a block, and power may fail in the middle.
"""


class PowerFailed(Exception):
    """The supply went away during a flash operation."""


_ERASED = b"\xff" * 4096


class NorFlash:
    """128 blocks of 4,096 bytes; `cut_after` operations the power fails,
    leaving `torn` (0.0-1.0) of that operation done.
    """

    block_bytes = 4096
    block_count = 128

    def __init__(self):
        self.blocks = {}
        self.programs = 0
        self.erases = 0
        self.cut_after = None
        self.torn = 0.0

    def cells(self, block):
        """The bytes of a block."""
        if block not in self.blocks:
            self.blocks[block] = bytearray(b"\xff" * 4096)
        return self.blocks[block]

    def _share(self, size):
        """How many bytes of an operation are carried out; all unless the power fails now."""
        if self.cut_after is None:
            return size
        self.cut_after -= 1
        if self.cut_after > 0:
            return size
        return int(size * self.torn)

    def read(self, block, offset, buffer):
        buffer[:] = self.cells(block)[offset : offset + len(buffer)]

    def write(self, block, offset, data):
        cells = self.cells(block)
        share = self._share(len(data))
        for index in range(share):
            cells[offset + index] &= data[index]
        self.programs += 1
        self._fail_if_cut()

    def erase(self, block):
        cells = self.cells(block)
        share = self._share(4096)
        cells[:share] = memoryview(_ERASED)[:share]
        self.erases += 1
        self._fail_if_cut()

    def _fail_if_cut(self):
        if self.cut_after is not None and self.cut_after <= 0:
            self.cut_after = None
            raise PowerFailed()


class Nvs:
    """The non-volatile storage of the same chip, as MicroPython's esp32.NVS:
    a value is set as a whole or not at all.

    `worn` refuses whatever is to be kept.
    """

    def __init__(self, flash):
        self.flash = flash
        self.values = {}
        self.worn = False

    def get_blob(self, key, buffer):
        if key not in self.values:
            raise OSError(2)
        buffer[:] = self.values[key]
        return len(buffer)

    def set_blob(self, key, value):
        if self.worn:
            raise OSError(28)
        if self.flash._share(2):
            self.values[key] = bytes(value)
        self.flash._fail_if_cut()

    def commit(self):
        pass
