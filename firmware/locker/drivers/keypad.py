"""The matrix keypad: which key has just been pressed?

The matrix has no diodes: with three corners of a rectangle pressed, the fourth conducts too and nobody can tell which three are
fingers. Such a reading is refused as a whole; what was believed before stays.
"""

from locker.compat import const

_DEBOUNCE_MS = const(15)  # two scans 20 ms apart that agree; keypads chatter for less than 10 ms
_RISE_READS_MAX = const(8)  # looks at the columns while pull-ups charge a long cable
_CLOSELY = (int,) * 4  # int() is 0


class Keypad:
    """`rows`: open-drain pins (0 drives low, 1 lets go); `columns`: 1-4 inputs with pull-ups; `keys`: their characters, row by row.

    Between scans all rows are low, so that an untouched keypad shows itself in one look at the columns.
    """

    def __init__(self, rows, columns, keys: str) -> None:
        assert len(keys) == len(rows) * len(columns)
        assert len(columns) <= 4
        self._rows = rows
        self._columns = columns
        self._glance = (tuple(columns) * 4)[:4]
        self._look = self._glance  # four calls; any that says 0 is a reason to read the whole matrix
        self._keys = keys.encode()
        self._low = [0] * len(rows)  # by row: a bit for each column that its keys pull down
        self._found = 0  # the latest reading, one bit a key; -1 when it could not be told
        self._since = 0  # when it was first seen
        self._told = 0  # keys still held that have been reported
        for row in rows:
            row(0)

    def scan(self, now_ms: int) -> int:
        """The character code of a key that has just been pressed, else 0. Call it each 20 ms. Allocates nothing.

        Keys pressed while others are held are reported too, one a call, as long as the matrix can tell them apart.
        """
        # An untouched keypad is done here: no loop, one attribute, and a frame so small that MicroPython keeps it on the stack.
        a, b, c, d = self._look
        if a() and b() and c() and d():
            return 0
        return self._scan_closely(now_ms)

    def _scan_closely(self, now_ms: int) -> int:
        """Debounces the matrix as a whole and tells each key of a reading that lasts once."""
        self._look = _CLOSELY
        found = self._read()
        if found != self._found:
            self._found = found
            self._since = now_ms
            return 0
        if found < 0 or now_ms - self._since < _DEBOUNCE_MS:
            return 0
        told = self._told & found
        new = found & ~told
        new &= -new  # the lowest
        self._told = told | new
        if not found:
            self._look = self._glance
        if not new:
            return 0
        key = 0
        while new > 1:
            new >>= 1
            key += 1
        return self._keys[key]

    def _read(self) -> int:
        """The pressed keys, one bit each, by driving one row at a time; -1 when two rows share two columns."""
        low = self._low
        for row in self._rows:
            row(1)
        found = shift = shorted = i = 0
        for row in self._rows:
            # Time to charge for the columns of the row before; one that stays low is shorted and has no say.
            for _ in range(_RISE_READS_MAX):
                shorted = self._pulled()
                if not shorted:
                    break
            row(0)
            low[i] = pulled = self._pulled() & ~shorted
            row(1)
            for j in range(i):
                shared = low[j] & pulled
                if shared & (shared - 1):
                    found = -1
            if found >= 0:
                found |= pulled << shift
            shift += len(self._columns)
            i += 1
        for row in self._rows:
            row(0)
        return found

    def _pulled(self) -> int:
        """The columns that read low, one bit each."""
        pulled = 0
        bit = 1
        for column in self._columns:
            if not column():
                pulled |= bit
            bit <<= 1
        return pulled
