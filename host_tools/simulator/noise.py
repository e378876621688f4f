"""Noise that reading does not change: a pure function of seed, place and time."""

import random
from functools import lru_cache

_MASK = (1 << 64) - 1


def noise(seed: int, place: int, tick: int) -> int:
    """64 bits, as random as they are repeatable (the finaliser of splitmix64, applied to each argument).

    However often a floating pin is read in one tick, by whichever program, it reads the same:
    two programs that look at one world see one world.
    """
    return _mixed(_of_place(seed, place), tick)


def _mixed(x: int, part: int) -> int:
    x = (x ^ part) + 0x9E3779B97F4A7C15 & _MASK
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & _MASK
    return x ^ x >> 31


_of_place = lru_cache(_mixed)  # a place is looked at again and again


def jitter(seed: int, place: int, tick: int, spread: int) -> int:
    """A whole number within -spread..spread, most often near 0: the mean of four throws."""
    x = noise(seed, place, tick)
    throws = (x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48)
    return (throws * (2 * spread + 1) // (4 * 0x10000)) - spread


def stream(seed: int, name: str) -> random.Random:
    """A random stream of its own for one thing: what one thing draws never shifts what another gets."""
    return random.Random(f"{seed}/{name}")
