"""Is something inside a compartment? A light beam that is broken, or a distance that is shorter than the empty compartment's."""

from locker.drivers.debounce import Debounced


class Beam(Debounced):
    """A digital sensor that reads `occupied_level` (0 or 1) while something is inside.

    The long debounce lets a hand pass through without its being a parcel.
    """

    def __init__(self, pin, occupied_level: int, debounce_ms: int = 200) -> None:
        Debounced.__init__(self, pin, occupied_level, debounce_ms)

    @property
    def occupied(self) -> bool:
        """The debounced state; `poll(now_ms)` says when it has changed."""
        return self.state


class Distance(Beam):
    """An analogue sensor in mV with hysteresis: occupied from `occupied_mv` on, clear from `clear_mv` on, in between as it was.

    Either may be the higher one: some sensors give more mV for nearer things, some fewer.
    A first reading in between counts as occupied: a code that lives too long harms nobody, a code that dies too early does.
    """

    def __init__(self, millivolts, occupied_mv: int, clear_mv: int, debounce_ms: int = 200) -> None:
        self._clear_mv = clear_mv
        self.state = True
        Beam.__init__(self, millivolts, occupied_mv, debounce_ms)

    def _sense(self) -> bool:
        mv = self._read()
        mark = self._clear_mv if self.state else self._level
        if mv == mark:
            return not self.state
        return (mv > mark) == (self._level > self._clear_mv)
