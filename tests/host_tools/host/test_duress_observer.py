"""Somebody who sees everything but what is the dispatchers' alone cannot tell which of 400 visits were under
duress, and could if any of the known leaks were put back.

What is seen, and how a further way to see is added: LOOKS and LAST_LOOKS of tests/kit/looked_up.py.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from host_tools.host.ledger import tables
from host_tools.host.notify.log import Occurrence
from host_tools.host.parcels import parcels
from locker.contract import records
from tests.kit.looked_up import BY_LUCK
from tests.kit.watched_day import Day, Leak, Seen, visits
from tests.memory_disk import scratch

CHANCE, MARGIN = 0.5, 0.05
SHUFFLES = 99


def watch(pairs: int, leaks: Mapping[int, Leak] | None = None) -> Day:
    """A day with so many pairs of visits, and with leaks by their numbers."""
    with scratch() as folder:
        made = Day(Path(folder), 1, leaks)
        made.live(visits(2, pairs))
        return made


# The observer


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The single facts in what was seen, by where they are."""
    if isinstance(value, dict | list | tuple):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, f"{name} {key}".strip())
    else:
        yield name, value


def features(seen: Sequence[Seen]) -> dict[str, list[Any]]:
    """What can be known of the visits, by name, where it is not the same of all."""
    facts = [dict(leaves(one.facts)) for one in seen]
    found = {name: [one.get(name) for one in facts] for name in sorted({key for one in facts for key in one})}
    found["how much"] = [len(one) for one in facts]
    return {name: values for name, values in found.items() if len(set(values)) > 1}


Guess = tuple[int, list[bool]]


def by_value(values: Sequence[Any], labels: Sequence[bool], known: Sequence[int]) -> Guess:
    """What somebody guesses of each visit by one feature who has learnt the truth of the known ones;
    and how often that is right of each of these by the others alone.
    """
    free, forced = Counter[Any](), Counter[Any]()
    for at in known:
        (forced if labels[at] else free)[values[at]] += 1
    right = sum(
        (forced if labels[at] else free)[values[at]] - 1 > (free if labels[at] else forced)[values[at]]
        for at in known
    )
    return right, [forced[value] > free[value] for value in values]


def by_rank(values: Sequence[Any], labels: Sequence[bool], known: Sequence[int]) -> Guess:
    """The same by the best bound of a figure, with all on one side of it under duress."""
    if not all(isinstance(value, int | float) for value in values):
        return 0, [False] * len(values)
    ranked = sorted(known, key=lambda at: values[at])
    forced_above = best = sum(labels[at] for at in ranked)
    bound, is_above, free_below = -math.inf, True, 0
    for place, at in enumerate(ranked):
        forced_above, free_below = forced_above - labels[at], free_below + (not labels[at])
        if place + 1 < len(ranked) and values[ranked[place + 1]] == values[at]:
            continue
        for right, side in (
            (forced_above + free_below, True),
            (len(ranked) - forced_above - free_below, False),
        ):
            if right > best:
                best, bound, is_above = right, values[at], side
    return best - 1, [(value > bound) == is_above for value in values]  # a bound that is fitted fits by luck


def accuracy(found: dict[str, list[Any]], labels: Sequence[bool]) -> tuple[float, str]:
    """How many visits the best observer tells right who has learnt half of them and is asked of the other,
    and by what.
    """
    order = random.Random(3).sample(range(len(labels)), len(labels))
    halves = order[::2], order[1::2]
    told, by = 0, ""
    for known, asked in (halves, halves[::-1]):
        best: Guess = (0, [False] * len(labels))
        for name, values in found.items():
            for guess in (by_value(values, labels, known), by_rank(values, labels, known)):
                if guess[0] > best[0]:
                    best, by = guess, name
        told += sum(best[1][at] == labels[at] for at in asked)
    return told / len(labels), by


def tells_apart(seen: Sequence[Seen]) -> str:
    """By what an observer tells visits under duress from others, "" where nobody can:
    better than chance by the margin, and better than by labels that mean nothing.
    """
    found, labels = features(seen), [one.visit.under_duress for one in seen]
    reached, by = accuracy(found, labels)
    if reached <= CHANCE + MARGIN:
        return ""
    chance = random.Random(4)
    by_luck = [accuracy(found, chance.sample(labels, len(labels)))[0] for _ in range(SHUFFLES)]
    return by if sum(luck >= reached for luck in by_luck) < (SHUFFLES + 1) * MARGIN else ""


def unlike(seen: Sequence[Seen]) -> list[tuple[int, str, Any, Any]]:
    """Where the two visits of a pair differ: the pair, what, and what each was."""
    pairs: dict[int, dict[bool, dict[str, Any]]] = defaultdict(dict)
    for one in seen:
        pairs[one.visit.pair][one.visit.under_duress] = one.facts
    return [
        (pair, name, both[False].get(name), both[True].get(name))
        for pair, both in pairs.items()
        for name in sorted((both[False].keys() | both[True].keys()) - BY_LUCK)
        if both[False].get(name) != both[True].get(name)
    ]


def test_of_200_visits_and_200_under_duress_nobody_but_a_dispatcher_tells_which_are_which() -> None:
    watched = watch(200)
    assert Counter(one.visit.under_duress for one in watched.seen) == {False: 200, True: 200}
    assert unlike(watched.seen) == [], "but for door, code, numbers and time a pair is the same to the byte"
    assert tells_apart(watched.seen) == ""
    folded = [re.search(r"(\d+) more openings", alarm["text"]) for alarm in watched.alarms]
    told = sum(int(found[1]) if found else 1 for found in folded)
    assert told == 200, "and dispatchers were told of each"
    assert len(watched.reminders) > 12, "and again, for nobody took any"


# The same observer where a leak is put back


def a_gap(made: Day) -> None:
    """A letter's number is left out."""
    outbox, delivery = tables.outbox, tables.delivery
    with made.ledger.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        newest = connection.scalar(select(func.max(outbox.c.sequence)).where(outbox.c.sent_ms.is_not(None)))
        for key in (outbox.c.sequence, delivery.c.letter):
            connection.execute(update(key.table).where(key == newest).values({key.name: newest + 1}))


def a_row(made: Day) -> None:
    """There is a row more, whatever is in it."""
    with made.ledger.writing() as connection:
        row = {"cabinet": 1, "incarnation": 0, "number": len(made.seen), "kind": "any", "door": 0}
        connection.execute(insert(tables.alarm).values(row | {"raised_ms": 0}))


def a_metric(made: Day) -> None:
    """A transaction more is counted."""
    made.server._commits += 1


def a_line(made: Day) -> None:
    """A line of the server, of the commonest kind."""
    made.tell(Occurrence("message sent", id="0" * 32, detail="opened"))


LEAKS = {
    "alarms by her channel": Leak(is_shared=True),
    "alarms first": Leak(us=100_000),
    "a millisecond": Leak(us=1_000),
    "a blank in her letter": Leak(words=" "),
    "a gap in a number": Leak(act=a_gap),
    "a row more": Leak(act=a_row),
    "a metric": Leak(act=a_metric),
    "a line": Leak(act=a_line),
}
PAIRS = dict.fromkeys(LEAKS, 10) | {"a millisecond": 30, "a metric": 20}  # of visits with each of them


@pytest.fixture(scope="module")
def spoiled() -> dict[str, list[Seen]]:
    """A day of which each part has a leak of its own; what was seen in each."""
    leaks = [name for name, pairs in PAIRS.items() for _ in range(pairs)]
    day = watch(len(leaks), {pair: LEAKS[name] for pair, name in enumerate(leaks)})
    return {name: [one for one in day.seen if leaks[one.visit.pair] == name] for name in LEAKS}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_that_is_put_back_is_seen(name: str, spoiled: dict[str, list[Seen]]) -> None:
    assert len(spoiled[name]) == 2 * PAIRS[name]
    assert tells_apart(spoiled[name]) != ""
    assert unlike(spoiled[name])


def test_a_list_that_tells_who_opened_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parcels.OPENERS, records.BY_DURESS, "her safe tail")
    assert tells_apart(watch(10).seen) == "parcel list 0 ended_by"


def test_an_observer_of_what_is_by_chance_is_right_by_chance() -> None:
    chance = random.Random(5)
    alike = [one._replace(facts={"at": chance.random()}) for one in watch_nothing(200)]
    assert tells_apart(alike) == ""
    late = [one._replace(facts={"at": chance.random() + 0.5 * one.visit.under_duress}) for one in alike]
    assert tells_apart(late) == "at", "where times overlap, ranks tell"


def watch_nothing(pairs: int) -> list[Seen]:
    """Visits of which nothing was seen."""
    return [Seen(visit, {}) for visit in visits(2, pairs)]
