"""The matrix keypad: which key has just been pressed?

The matrix has no diodes: with three corners of a rectangle pressed, the fourth conducts too and nobody can
tell which three are fingers. Such a reading is refused as a whole; what was believed before stays.
"""

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from locker.hal.seam import Pin

_DEBOUNCE_MS = const(15)  # two scans 20 ms apart that agree; keypads chatter for less than 10 ms
_RISE_READS_MAX = const(8)  # looks at the columns while pull-ups charge a long cable
_HELD_MS = const(30000)  # longer than anybody holds a key
_CLOSELY = (int,) * 4  # int() is 0


class Keypad:
    """`rows`: open-drain pins (0 drives low, 1 lets go); `columns`: 1-4 inputs with pull-ups;
    `keys`: their characters, row by row.

    Between scans all rows are low, so that an untouched keypad shows itself in one look at the columns.
    """

    def __init__(self, rows: "Sequence[Pin]", columns: "Sequence[Pin]", keys: str) -> None:
        assert len(keys) == len(rows) * len(columns)
        assert len(columns) <= 4
        self._rows = rows
        self._columns = columns
        self._glance = (tuple(columns) * 4)[:4]
        # Four calls; any that says 0 is a reason to read the whole matrix.
        self._look: "Sequence[Callable[[], int | None]]" = self._glance
        self._keys = keys.encode()
        self._low = [0] * len(rows)  # by row: a bit for each column that its keys pull down
        self._found = 0  # the latest reading, one bit a key; -1 when it could not be told
        self._since = 0  # when it was first seen
        self._told = 0  # keys still held that have been reported
        self._shorted = 0  # columns that were low with no row driven, in the latest reading
        self._steady = -1  # keys that were down in each reading since `_marked`
        self._marked = 0
        # Keys that were down for longer than anybody holds one, a bit each;
        # they come back when they are let go.
        self.stuck = 0
        for row in rows:
            row(0)

    def scan(self, now_ms: int) -> int:
        """The character code of a key that has just been pressed, else 0.

        Call it each 20 ms. Allocates nothing.

        Keys pressed while others are held are reported too, one a call,
        as long as the matrix can tell them apart.
        """
        # An untouched keypad is done here: no loop, one attribute,
        # and a frame so small that MicroPython keeps it on the stack.
        a, b, c, d = self._look
        if a() and b() and c() and d():
            return 0
        return self._scan_closely(now_ms)

    def _scan_closely(self, now_ms: int) -> int:
        """Debounces the matrix as a whole and tells each key of a reading that lasts once."""
        self._look = _CLOSELY
        found = self._read()
        down = self._low_keys()
        self._steady &= down
        if now_ms - self._marked >= _HELD_MS:
            self._mark(down, now_ms)
        if found != self._found:
            self._found = found
            self._since = now_ms
            return 0
        if found < 0 or now_ms - self._since < _DEBOUNCE_MS:
            return 0
        self.stuck &= down
        told = self._told & found
        new = found & ~told & ~self.stuck
        new &= -new  # the lowest
        self._told = told | new
        if not down:
            self._look = self._glance
            self._marked = 0
        if not new:
            return 0
        key = 0
        while new > 1:
            new >>= 1
            key += 1
        return self._keys[key]

    def _mark(self, down: int, now_ms: int) -> None:
        """Begins another 30 s; a key that was down through the last ones is stuck,
        also in readings that tell nothing.
        """
        if self._marked:
            self.stuck |= self._steady
        self._steady = down
        self._marked = now_ms

    def _low_keys(self) -> int:
        """The keys at which row and column were joined in the latest reading,
        with all keys of a column that lies on ground.
        """
        down = shift = 0
        for pulled in self._low:
            down |= (pulled | self._shorted) << shift
            shift += len(self._columns)
        return down

    def left_out(self) -> bytes:
        """The characters of the keys that type nothing: those that are stuck,
        and those that nobody could tell apart beside them.
        """
        lost = b""
        width = len(self._columns)
        for key in range(len(self._keys)):
            if self.stuck >> key & 1 or self._unclear(1 << key // width, 1 << key % width):
                lost += self._keys[key : key + 1]
        return lost

    def _unclear(self, rows: int, columns: int) -> bool:
        """Whether a key between this row and this column would join two rows and
        two columns through those that are stuck.
        """
        width = len(self._columns)
        for _ in range(len(self._keys)):
            for key in range(len(self._keys)):
                row, column = 1 << key // width, 1 << key % width
                if self.stuck >> key & 1 and not self._shorted & column and (rows & row or columns & column):
                    rows |= row
                    columns |= column
        return bool(rows & (rows - 1) and columns & (columns - 1))

    def _read(self) -> int:
        """The pressed keys, one bit each, by driving one row at a time;
        -1 when two rows share two columns.
        """
        low = self._low
        width = len(self._columns)
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
            self._shorted = shorted
            row(1)
            for j in range(i):
                shared = low[j] & pulled
                if shared & (shared - 1) and shared & ~(self.stuck >> j * width & self.stuck >> shift):
                    found = -1
            if found >= 0:
                found |= pulled << shift
            shift += width
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
