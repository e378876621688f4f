"""What is heard at the cabinet is what the table of sounds says, at the moments that it names."""

from itertools import pairwise
from pathlib import Path

from host_tools.docs.sounds import Tune, rhythm, tunes
from host_tools.simulator.people.people import resident, send
from host_tools.simulator.world import World
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash

SERIAL = 3
STEP_MS = 20
TUNES = {tune.name: tune for tune in tunes()}


def heard(world: World, since_ms: int) -> list[tuple[int, int]]:
    """(Hz, ms) of what the beeper has sounded since then, silence left out."""
    notes = [(entry.us // 1000, entry.value) for entry in world.trace.of("beeper")]
    return [(hz, end - at) for (at, hz), (end, _) in pairwise(notes) if hz and at >= since_ms]


def is_in(tune: Tune, notes: list[tuple[int, int]]) -> bool:
    """Whether a tune was played, each note as long as it should be, up to the loop's steps."""
    wanted = [note for note in tune.notes * tune.times if note[0]]
    runs = (notes[at : at + len(wanted)] for at in range(len(notes) - len(wanted) + 1))
    return any(
        all(
            hz == want and 0 <= ms - long < 2 * STEP_MS
            for (hz, ms), (want, long) in zip(run, wanted, strict=True)
        )
        for run in runs
    )


def names(world: World, since_ms: int) -> set[str]:
    """Which sounds were played since then."""
    notes = heard(world, since_ms)
    return {name for name, tune in TUNES.items() if is_in(tune, notes)}


def test_a_visit_sounds_as_the_table_says(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        TestHost(world)
        door = cabinet.deposit(SERIAL)
        assert names(world, 0) == {"KEY", "GOOD"}
        code = code_of(door, 1)
        send(world, resident(world, door, f"{(int(code) + 1) % 10**8:08}"))
        cabinet.run_until(50_000)
        assert names(world, 30_000) == {"KEY", "BAD"}
        send(world, resident(world, door, code))
        cabinet.run_until(70_000)
        assert names(world, 50_000) == {"KEY", "GOOD"}


def test_a_blocked_door_asks_for_attention_and_the_bell_alarms_for_ten_seconds(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        TestHost(world)
        door = cabinet.deposit(SERIAL)
        world.hands.block(door)
        send(world, resident(world, door, code_of(door, 1)))
        cabinet.run_until(50_000)
        assert "ATTENTION" in names(world, 33_000)
        world.hands.bell()
        cabinet.run_until(65_000)
        assert names(world, 50_000) == {"ALARM"}
        assert abs(sum(ms for _, ms in heard(world, 50_000)) - sum(rhythm(TUNES["ALARM"]))) < 100 * STEP_MS
