"""The whole firmware, a cabinet and two people: a vandal, and the resident who comes the moment he leaves.

Her door opens within 30 s.
"""

import random
from collections.abc import Callable
from pathlib import Path

import english
import pytest

from host_tools.simulator.people.people import Script, Until, courier, opened, screen_of, send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World
from locker.core import texts
from tests.simulation.stage import Cabinet, code_of, make_flash, ticket_of

PATIENCE_MS = 30_000
ANSWER_MS_MAX = 7_000
COURIER_MS = 6_000
VANDAL_MS = 25_000
LATEST_MS = 900_000
QUICK_MS = 60  # the shortest press that is surely seen
SQUANDERED_MIN = 15  # pulses of the 30 that a cabinet has in a minute
Vandal = Callable[[World, int, random.Random], Script]
REFUSALS = (texts.UNKNOWN, texts.LENGTH, texts.ALL_DIGITS)


def says(world: World, text: int, *arguments: int) -> bool:
    """The screen shows this text."""
    rows = english.lines(text, arguments)
    if text == texts.WELCOME:
        rows = rows[:3]  # behind them a cabinet offers another language
    return tuple(row.rstrip() for row in screen_of(world))[: len(rows)] == rows


def refuses(world: World) -> bool:
    return any(says(world, text) for text in REFUSALS)


def all_digits_of(door: int) -> str:
    """Of the first parcel behind a door of this cabinet."""
    return code_of(door, 1, digits=12)


def insistent(world: World, door: int) -> Script:
    """A resident who types her code until her door opens,
    with the extra digits once the screen asks for them.
    """
    digits = 8
    while True:
        yield world.hands.keys(f"{door:02}{all_digits_of(door)[:digits]}#")
        yield Until(lambda: world.doors[door].place != "shut" or refuses(world), ANSWER_MS_MAX)
        if world.doors[door].place != "shut":
            return
        if says(world, texts.ALL_DIGITS):
            digits = 12


# Vandals


def plays(world: World, door: int, rng: random.Random) -> Script:
    """Mashes keys, several at once and for long,
    types numbers of all kinds and half numbers, and rings the bell.
    """
    for _ in range(rng.randint(5, 30)):
        act = rng.randrange(6)
        if act == 0:
            yield world.hands.keys("".join(rng.choices(world.board.keypad.keys, k=rng.randint(1, 20))))
        elif act == 1:
            yield max(
                world.hands.press(key, rng.choice((30, 500, 5000)))
                for key in rng.sample(world.board.keypad.keys, rng.randint(1, 4))
            )
        elif act == 2:
            yield world.hands.keys(
                f"{rng.choice((door, 1, 2, 77)):02}{rng.randrange(10**8):08}{rng.choice(('', '2718'))}#"
            )
        elif act == 3:
            yield world.hands.keys(f"{rng.randrange(10**9):09}#")
        elif act == 4:
            yield world.hands.bell()
        else:
            yield world.clock.now_us() + rng.randint(0, 5_500_000)


def wears_down(world: World, door: int, rng: random.Random) -> Script:
    """Guesses at her door until it asks for all digits; leaves in the middle of an answer."""
    for _ in range(11):
        yield world.hands.keys(f"{door:02}{rng.randrange(10**8):08}#")
        yield Until(lambda: refuses(world), ANSWER_MS_MAX)
    yield world.hands.keys(f"{door:02}{rng.randrange(10**12):012}#")
    yield world.clock.now_us() + rng.randint(0, 6_000_000)


def squanders(world: World, door: int, rng: random.Random) -> Script:
    """Has a ticket, and the hands of a machine: shuts the door that opens at once,
    again and again, at one door after the other.

    For as long as the cabinet answers him quickly.
    """
    shut, times, sizes = set(world.doors), 0, "123"
    while True:
        yield world.clock.now_us() + 20_000
        doors = opened(world, shut)
        if doors and not world.coils[doors[0]].energised:
            times += 1
            if times % 10 == 0:
                yield world.hands.press("*", QUICK_MS) + 20_000
            yield world.hands.close(doors[0]) - 80_000
        elif says(world, texts.SIZES):
            sizes = sizes[1:] + sizes[0]
            yield world.hands.press(sizes[0], QUICK_MS) + 40_000
        elif any(says(world, texts.NO_PARCEL, number) for number in world.doors):
            yield world.hands.press("#", QUICK_MS) + 40_000
        elif any(says(world, texts.NO_PARCEL_AGAIN, number) for number in world.doors):
            yield world.hands.press("*", QUICK_MS) + 40_000
        elif says(world, texts.WELCOME):
            yield world.hands.keys(ticket_of(99) + "#")
            if not (yield Until(lambda: says(world, texts.SIZES), ANSWER_MS_MAX)):
                assert len(pulses_in_the_last_minute(world)) > SQUANDERED_MIN
                return


def pulses_in_the_last_minute(world: World) -> list[Entry]:
    since_us = world.clock.now_us() - 60_000_000
    return [entry for entry in world.trace.of("coil") if entry.value == "on" and entry.us > since_us]


def one_after_the_other(world: World, door: int, vandalism: Script, left: list[int]) -> Script:
    yield from vandalism
    left.append(world.clock.now_us())
    yield from insistent(world, door)


def check_visit(path: Path, vandal: Vandal, seed: int) -> None:
    """A courier comes, then the vandal, then the resident."""
    make_flash(path)
    with Cabinet(path, seed=seed) as cabinet:
        world, left, at_ms = cabinet.world, [], VANDAL_MS
        deposit = send(world, courier(world, ticket_of(seed)), COURIER_MS)
        cabinet.run_until(at_ms)
        door = deposit.result
        visit = send(world, one_after_the_other(world, door, vandal(world, door, random.Random(seed)), left))
        while not visit.done and at_ms < LATEST_MS:
            at_ms += 10_000
            cabinet.run_until(at_ms)
        assert visit.done
        assert not visit.error
        released = [
            entry for entry in world.trace.of("latch") if entry.value == "released" and entry.us > left[0]
        ]
        assert [entry.door for entry in released] == [door], f"seed {seed}"
        assert released[0].us - left[0] <= PATIENCE_MS * 1000, f"seed {seed}"
        assert not world.trace.violations


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("vandal", [plays, wears_down])
def test_the_moment_a_vandal_leaves_the_resident_has_her_door_open_within_30_seconds(
    tmp_path: Path, vandal: Vandal, seed: int
) -> None:
    check_visit(tmp_path / "flash", vandal, seed)


def test_a_vandal_who_squanders_the_pulses_of_a_minute_keeps_no_resident_waiting(tmp_path: Path) -> None:
    check_visit(tmp_path / "flash", squanders, 1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4, 204))
def test_no_vandal_of_many_keeps_the_resident_out(tmp_path: Path, seed: int) -> None:
    check_visit(tmp_path / "flash", plays, seed)
