"""The wires that say yes or no and chatter: contacts, occupancy sensors, the bell.

All doors at once, bit i for the i-th wire.
"""

from locker.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from locker.drivers.expander import Expander

    Source = int | Callable[[], int] | tuple[Callable[[], int], int, int]


class Inputs:
    """Debounced wires.

    `state` has a bit for each, 1 for yes;
    what is believed changes when 2**planes polls in a row read otherwise.

    `sources`, in the order of the bits: an int, index in `expanders` << 4 | bit; or a callable that reads 0
    or 1; or, for an analogue sensor, a tuple (callable that reads mV, mV of yes, mV of no), either mV being
    the higher one. Between the two it reads as it was. `inverted` has the bits whose wires say 0 for yes.
    `state` is what is believed at first, None for the first reading; one in between counts as yes: a code
    that lives too long harms nobody, a code that dies too early does. `failed` has the bits of analogue
    sensors that could not be read in the latest poll: they are as they were.

    Make it when its sources can be read: for those on an expander that is after the expander's `start()`.
    """

    def __init__(
        self,
        expanders: "Sequence[Expander]",
        sources: "Sequence[Source]",
        inverted: int,
        planes: int,
        state: "int | None" = None,
    ) -> None:
        self._expanders = expanders
        self._sources = sources
        self._inverted = inverted
        # Vertical counters: bit i of plane k is bit k of how often wire i has read otherwise.
        self._planes = [0] * planes
        self.failed = 0
        self.state = -1
        self.state = self._read() if state is None else state

    def poll(self, silent: int = 0) -> int:
        """The bits that have just changed in `state`.

        Call it each 20 ms: then 2 polls are 20 ms, 16 polls 300 ms.

        `silent` has a bit for each expander, by its index, whose levels say nothing now: its wires are as
        they were, and what was counted against it is forgotten. Allocates nothing for up to 29 wires.
        """
        other = self._read() ^ self.state
        if silent:
            other &= ~self.wires_of(silent)
        moved = other
        planes = self._planes
        for k in range(len(planes)):
            counted = planes[k] & other
            planes[k] = counted ^ moved
            moved &= counted
        self.state ^= moved
        return moved

    def learn(self, expanders: int) -> None:
        """Believes what the wires on these expanders read now, and tells nobody of it."""
        self.state ^= (self._read() ^ self.state) & self.wires_of(expanders)

    def wires_of(self, expanders: int) -> int:
        """The bits of the wires on these expanders, which have a bit each by their index."""
        wires = 0
        bit = 1
        for source in self._sources:
            if isinstance(source, int) and expanders >> (source >> 4) & 1:
                wires |= bit
            bit <<= 1
        return wires

    def _read(self) -> int:
        state = self.state
        read = self._inverted
        self.failed = 0
        bit = 1
        for source in self._sources:
            if isinstance(source, int):
                level = self._expanders[source >> 4].levels[source >> 3 & 1] >> (source & 7) & 1
            elif callable(source):
                level = source()
            else:
                millivolts, yes_mv, no_mv = source
                try:
                    mv = millivolts()
                    mark = no_mv if state & bit else yes_mv
                    level = not state & bit if mv == mark else (mv > mark) == (yes_mv > no_mv)
                except Exception:  # whatever is wrong with a sensor is wrong with no other
                    level = state & bit
                    self.failed |= bit
            if level:
                read ^= bit
            bit <<= 1
        return read
