"""Repeats of one alarm, folded: the first ones are told one by one and at once,
more of them as one line with their number.

A key is one kind of alarm at one door of one cabinet, so no alarm is folded into another door's, another
kind's or another cabinet's. Each key has a bucket of BURST tellings, which fills by one a minute. While it
holds any, nothing waits; empty,
the next telling comes within a minute and tells all that has come until then.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

BURST = 8
_TELLING_MS = 60_000
_KEYS_MAX = 10_000  # buckets that are kept; full ones beyond that are forgotten, for a new one is full too


class Plan(NamedTuple):
    """What is told now of one key: some one by one, then `many` as one line; the others wait."""

    singly: Sequence[Any]
    many: Sequence[Any]
    waiting: int


class Folds:
    """The buckets of all keys.

    Times in ms of the host's clock; one that is put back starts their minute anew.
    """

    def __init__(self) -> None:
        self._buckets: dict[Hashable, tuple[float, int]] = {}  # how much was in it when

    def plan(self, key: Hashable, untold: Sequence[Any], at_ms: int) -> Plan:
        """Says how the alarms of a key (the oldest first) are told now.

        It takes nothing from the bucket: `told` does.
        """
        left = int(self._level(key, at_ms))
        if len(untold) <= left:
            return Plan(untold, (), 0)
        if not left:
            return Plan((), (), len(untold))
        return Plan(untold[: left - 1], untold[left - 1 :], 0)

    def told(self, key: Hashable, tellings: int, at_ms: int) -> None:
        """So many lines were told of a key; fewer than none: so many of them were not told after all."""
        if tellings:
            self._buckets[key] = (max(0.0, self._level(key, at_ms) - tellings), at_ms)
        if len(self._buckets) > _KEYS_MAX:
            self._buckets = {
                one: bucket for one, bucket in self._buckets.items() if self._level(one, at_ms) < BURST
            }

    def wait_ms(self, key: Hashable, at_ms: int) -> int:
        """How long it takes from then on until something of a key may be told; 0: it may be now."""
        return max(0, math.ceil((1.0 - self._level(key, at_ms)) * _TELLING_MS))

    def _level(self, key: Hashable, at_ms: int) -> float:
        level, since_ms = self._buckets.get(key, (float(BURST), at_ms))
        if at_ms < since_ms:
            self._buckets[key] = (level, at_ms)
        return min(float(BURST), level + max(0, at_ms - since_ms) / _TELLING_MS)
