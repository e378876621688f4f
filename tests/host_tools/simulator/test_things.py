"""Things stay where they lie in a simulated cabinet, whenever its program ends."""

from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.people.things import Things
from host_tools.simulator.world import World, board_named


def cabinet(path: Path, seed: int = 1) -> World:
    """A program that simulates the cabinet begins; whatever it did not write down is forgotten."""
    world = World(board_named("wall_12"), VirtualClock(), seed)
    Things(path, world)
    return world


def live(world: World, ms: int = 5000) -> None:
    world.clock.advance(ms * 1000)


def standing(world: World) -> list[tuple[str, str, bool, str]]:
    return [
        (door["position"], door["latch"], door["parcel"], door["contact"]) for door in world.state()["doors"]
    ]


def test_parcels_and_doors_are_as_they_were_when_the_program_comes_back(tmp_path: Path) -> None:
    world = cabinet(tmp_path / "things")
    for door in (1, 2, 3):
        world.hands.force(door)
    live(world)
    for door in (1, 2):
        world.hands.put(door)
    live(world)
    world.hands.close(1)
    live(world)
    before = standing(world)
    assert before[0] == ("shut", "latched", True, "closed")
    assert before[1] == ("open", "released", True, "open")
    assert before[2] == ("open", "released", False, "open")
    again = cabinet(tmp_path / "things", seed=2)
    assert standing(again) == before
    assert again.doors[1].occupied
    live(again)
    again.hands.take(2)
    live(again)
    assert standing(cabinet(tmp_path / "things"))[1] == ("open", "released", False, "open")


def test_a_door_that_was_on_its_way_has_arrived_somewhere(tmp_path: Path) -> None:
    world = cabinet(tmp_path / "things")
    world.hands.force(4)
    live(world, 50)
    again = cabinet(tmp_path / "things")
    assert standing(again)[3][1:] == ("released", False, "open")
    again.hands.close(4)
    live(again)
    assert standing(again)[3] == ("shut", "latched", False, "closed")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"doors": {"1": 7}}', '{"doors": {"x": {}}}', '{"doors": {"1": {"latched": 1}}}']
)
def test_a_file_that_says_nothing_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "things").write_text(text)
    with pytest.raises(UserError, match="delete it"):
        cabinet(tmp_path / "things")
