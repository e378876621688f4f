"""Which stories are lived: a power cut at every operation of every transaction,
and two or three wherever chance wants them.
"""

import random
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.simulation.cuts.flash import TORN
from tests.simulation.cuts.story import DARK, Cut, Lived, Story, live
from tests.simulation.cuts.transactions import TRANSACTIONS

DARKS = tuple(DARK)
EARLY = 6  # operations of a start and what follows it at once, where half of the second cuts are
TEARS = 2
DOUBLES = 1000  # of each `make test`; `make soak` lives 20,000 more
BUSY = tuple(name for name, transaction in TRANSACTIONS.items() if not transaction.long)


class Count(NamedTuple):
    """Stories lived, and power cuts that came to pass in them."""

    stories: int
    cuts: int
    doubles: int  # stories with more than one

    def __str__(self) -> str:
        return (
            f"{self.stories:,} stories, {self.cuts:,} power cuts, "
            f"{self.doubles:,} times two or more in a row; violations: 0"
        )


@cache
def uncut(name: str, online: bool) -> Lived:
    """The transaction as it goes when nothing happens."""
    return live(Story(name, online))


def tears(name: str) -> int:
    """In how many ways `single` tears an operation: all where blocks are erased, else a few."""
    return len(TORN) if TRANSACTIONS[name].erases else TEARS


def single(name: str) -> Iterator[Story]:
    """A cut at every flash operation of a transaction, torn in some ways;
    all ways, and what people do meanwhile, take turns.
    """
    turn = list(TRANSACTIONS).index(name)
    for online in TRANSACTIONS[name].links:
        for operation in range(1, uncut(name, online).operations + 1):
            for _ in range(tears(name)):
                turn += 1
                yield Story(
                    name,
                    online,
                    (Cut(operation, TORN[turn % len(TORN)], DARKS[(turn + turn // len(TORN)) % len(DARKS)]),),
                    turn,
                )


def every_single(name: str) -> Iterator[Story]:
    """A cut at every flash operation, torn in every way, with everything that people may do meanwhile;
    of a long one in turn.
    """
    for online in TRANSACTIONS[name].links:
        for operation in range(1, uncut(name, online).operations + 1):
            for torn in TORN:
                for dark in DARKS[operation % len(DARKS) :][:1] if TRANSACTIONS[name].long else DARKS:
                    yield Story(name, online, (Cut(operation, torn, dark),))


def double(seeds: range) -> Iterator[Story]:
    """For each seed a cut within a transaction, one while everybody recovers from it,
    and sometimes a third.
    """
    for seed in seeds:
        rng = random.Random(seed)
        name = rng.choice(BUSY)
        online = rng.choice(TRANSACTIONS[name].links)
        usual = uncut(name, online)
        ranges = [usual.operations]
        for _ in range(rng.choice((1, 1, 2))):
            ranges.append(rng.choice((EARLY, usual.since_start)))
        cuts = tuple(Cut(rng.randint(1, end), rng.choice(TORN), rng.choice(DARKS)) for end in ranges)
        yield Story(name, online, cuts, seed)


def lived(stories: Iterator[Story]) -> Count:
    """Lives them all; LawBroken at the first that breaks a law."""
    count = cuts = doubles = 0
    for story in stories:
        happened = live(story).cuts
        count += 1
        cuts += happened
        doubles += happened > 1
    return Count(count, cuts, doubles)
