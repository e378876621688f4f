"""People come and go, doors are wedged, parts and power fail:
the coils keep their limits, and no door is pulsed more than three times.
"""

import gc
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.people.people import Script, courier, resident, send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World, board_named
from locker.core import state
from tests.simulation.coil_judge import CoilJudge
from tests.simulation.guarded import Board
from tests.simulation.stage import code_of, make_flash, ticket_of
from tests.simulation.troubles import BY_CHANCE, RESETS, Troubles

PULSE_MS = 400
STEP_MS = 20
BACKSTOP_MS = 100
TRIES = 3  # pulses of one attempt


@pytest.fixture
def board(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Board]:
    """A provisioned wall cabinet; the seed of its world is the parameter."""
    seed = getattr(request, "param", 1)
    make_flash(tmp_path / "flash", "wall_12")
    world = World(board_named("wall_12"), VirtualClock(), seed)
    with FlashImage(tmp_path / "flash", seed) as flash:
        yield Board(world, flash)
    gc.collect()  # a world is a large ring of objects


def waiting(board: Board) -> list[tuple[int, int]]:
    """Doors with a parcel, and its counter, as the host knows them."""
    doors = board.app._state.doors.values() if board.app else ()
    return [(door.number, door.counter) for door in doors if door.state >= state.WAITING]


def visit(board: Board, rng: random.Random, serial: int) -> Script:
    """Somebody comes: a courier, a resident, or one who plays with the keys.

    Before that a door may be wedged.
    """
    world = board.world
    if rng.random() < 0.3:
        world.hands.block(rng.choice(list(world.doors)))
    parcels = waiting(board)
    who = rng.random()
    if who < 0.15:
        yield world.hands.keys("".join(rng.choices("0123456789*#", k=12)))
    elif parcels and who < 0.55:
        door, counter = rng.choice(parcels)
        yield from resident(world, door, code_of(door, counter))
    else:
        yield from courier(world, ticket_of(serial), rng.choice("123"))


def people(board: Board, rng: random.Random) -> Script:
    """One after the other, without an end; who finds the power cut,
    or a door that another has left shut, goes away.
    """
    serial = 0
    while True:
        serial += 1
        yield board.world.clock.now_us() + rng.randint(1, 12) * 1_000_000
        try:
            yield from visit(board, rng, serial)
        except ValueError:
            continue


def check_busy(board: Board, minutes: int, seed: int) -> None:
    judge = CoilJudge(board.world, (PULSE_MS + STEP_MS + BACKSTOP_MS) * 1000)
    troubles = Troubles(board, random.Random(-seed))
    send(board.world, people(board, random.Random(seed)), 6000)
    board.live_until(minutes * 60_000)
    judge.check()
    assert all(BY_CHANCE in error.args or isinstance(error, OSError) for error in board.crashes)
    assert judge.pulses > minutes
    assert sum(troubles.kinds.values()) > minutes


@pytest.mark.parametrize(("board", "seed"), [(seed, seed) for seed in range(2)], indirect=["board"])
def test_a_busy_cabinet_in_trouble_keeps_its_coils_within_their_limits(board: Board, seed: int) -> None:
    check_busy(board, 7, seed)


@pytest.mark.soak
@pytest.mark.parametrize(("board", "seed"), [(seed, seed) for seed in range(2, 12)], indirect=["board"])
def test_an_hour_of_trouble_is_no_different(board: Board, seed: int) -> None:
    check_busy(board, 60, seed)


def parcel_behind_a_wedged_door(board: Board) -> Script:
    """A courier comes, then the latch is wedged, then the resident types her code;
    how often the door was pulsed until then.
    """
    world = board.world
    door = yield from courier(world, ticket_of(1))
    yield world.clock.now_us() + 2_000_000
    world.hands.block(door)
    before = len(pulses(world))
    yield from resident(world, door, code_of(door, 1))
    return before


def pulses(world: World) -> list[Entry]:
    return [entry for entry in world.trace.of("coil") if entry.value == "on"]


def test_a_wedged_door_is_pulsed_three_times_for_one_code(board: Board) -> None:
    errand = send(board.world, parcel_behind_a_wedged_door(board), 6000)
    board.live_until(150_000)
    assert len(pulses(board.world)) - errand.result == TRIES
    assert not errand.error


def test_a_wedged_door_is_pulsed_three_times_for_one_ticket(board: Board) -> None:
    for door in board.world.doors:
        board.world.hands.block(door)
    errand = send(board.world, courier(board.world, ticket_of(1)), 6000)
    board.live_until(150_000)
    assert len(pulses(board.world)) == TRIES
    assert len({entry.door for entry in pulses(board.world)}) == 1
    assert errand.result is None


@pytest.mark.parametrize("into_ms", [0, 700, 3500])
@pytest.mark.parametrize("cause", [*RESETS, "cut"])
def test_a_start_in_the_middle_of_an_attempt_adds_no_pulse_to_it(
    board: Board, into_ms: int, cause: int | str
) -> None:
    world = board.world

    def interrupt() -> None:
        if isinstance(cause, int):
            world.chip.reset(cause)
        else:
            world.power_cut()
            world.clock.after(300_000, world.power_on)

    def seen(entry: Entry) -> None:
        """At the first pulse for the resident."""
        if (entry.kind, entry.value) == ("coil", "on") and len(pulses(world)) == 2:
            world.clock.after(into_ms * 1000, interrupt)

    world.trace.listeners.append(seen)
    send(world, parcel_behind_a_wedged_door(board), 6000)
    board.live_until(40_000)
    assert world.chip.boots == 2
    interrupted = next(entry.us for entry in world.trace.of("reset"))
    assert [entry for entry in pulses(world) if entry.us > interrupted] == []
    assert 2 <= len(pulses(world)) <= 1 + TRIES
