"""Hand-made pins and chips with just the physics that a test is about; for both interpreters."""

_EIO = 5


class Wire:
    """A pin: remembers every change of its level as it is driven, and can be broken."""

    def __init__(self, level=0):
        self.level = level
        self.edges = []
        self.broken = False

    def __call__(self, level=None):
        if level is None:
            return self.level
        if self.broken:
            raise OSError(_EIO)
        if level != self.level:
            self.edges.append(level)
        self.level = level
        return None


def driving(wires):
    """What drives one of these wires, by its key."""

    def drive(key, level):
        wires[key](level)

    return drive


class Matrix:
    """A keypad without diodes: pressed keys join rows and columns,
    and whatever hangs together with a low row is low.
    """

    def __init__(self, rows, columns):
        self.driven = [1] * rows
        self.pressed = set()  # (row, column)
        self.shorted = set()  # columns that lie on ground
        self.slow = 0  # reads that a column needs to rise after a row has let it go
        self._charging = {}
        self.rows = [self._row(i) for i in range(rows)]
        self.columns = [self._column(i) for i in range(columns)]
        self.row_writes = 0

    def _row(self, i):
        def pin(level):
            self.row_writes += 1
            before = [self._low(c) for c in range(len(self.columns))]
            self.driven[i] = level
            for c in range(len(self.columns)):
                if before[c] and not self._low(c):
                    self._charging[c] = self.slow

        return pin

    def _column(self, i):
        def pin():
            if self._low(i):
                return 0
            if self._charging.get(i, 0):
                self._charging[i] -= 1
                return 0
            return 1

        return pin

    def _low(self, column):
        """Follows the current through every key from this column to a driven row."""
        seen_columns = {column}
        seen_rows = set()
        grew = True
        while grew:
            grew = False
            for row, c in self.pressed:
                if (c in seen_columns) != (row in seen_rows):
                    seen_columns.add(c)
                    seen_rows.add(row)
                    grew = True
        return any(self.driven[row] == 0 for row in seen_rows) or bool(seen_columns & self.shorted)


class Bus:
    """An I2C bus in CircuitPython's protocol with one chip: `chip.written(data)` and `chip.asked(count)`."""

    def __init__(self, address, chip):
        self._address = address
        self._chip = chip
        self._locked = False
        self.transactions = 0
        self.broken = False  # nothing gets through
        self.deaf = False  # everything gets through, the acknowledge is lost

    def try_lock(self):
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self):
        assert self._locked
        self._locked = False

    def _chosen(self, address):
        assert self._locked
        self.transactions += 1
        if self.broken or address != self._address:
            raise OSError(19)

    def writeto(self, address, buffer, *, start=0, end=None):
        self._chosen(address)
        self._chip.written(bytes(buffer[start : len(buffer) if end is None else end]))
        if self.deaf:
            raise OSError(_EIO)

    def writeto_then_readfrom(
        self, address, out_buffer, in_buffer, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        self._chosen(address)
        self._chip.written(bytes(out_buffer[out_start : len(out_buffer) if out_end is None else out_end]))
        end = len(in_buffer) if in_end is None else in_end
        in_buffer[in_start:end] = self._chip.asked(end - in_start)
