"""How often something may be done, for each of many who do it."""

from collections import OrderedDict
from collections.abc import Hashable

_KNOWN_MAX = 4096  # that are remembered; the one that came least lately is forgotten


class Budget:
    """`burst` at once, then one each `refill_ms`. Times are in ms by any clock that goes on."""

    def __init__(self, burst: int, refill_ms: int) -> None:
        self._bound_ms, self._refill_ms = burst * refill_ms, refill_ms
        self._full_ms: OrderedDict[Hashable, int] = OrderedDict()  # when all of it is there again

    def is_spent(self, of: Hashable, at_ms: int) -> bool:
        """Whether nothing is left."""
        return self._after(of, at_ms) > self._bound_ms

    def take(self, of: Hashable, at_ms: int) -> bool:
        """Whether it may be done, which counts."""
        after_ms = self._after(of, at_ms)
        if after_ms > self._bound_ms:
            return False
        self._full_ms.pop(of, None)
        self._full_ms[of] = at_ms + after_ms
        if len(self._full_ms) > _KNOWN_MAX:
            self._full_ms.popitem(last=False)
        return True

    def _after(self, of: Hashable, at_ms: int) -> int:
        """Until all is there again, if it is done now. A clock that was put back gives all back."""
        left_ms = self._full_ms.get(of, 0) - at_ms
        return (left_ms if 0 < left_ms <= self._bound_ms else 0) + self._refill_ms
