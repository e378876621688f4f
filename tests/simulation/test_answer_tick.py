"""At a whole cabinet, to the microsecond:
the answer begins to sound at the same instant whatever was typed, and whatever is inside.
"""

from pathlib import Path

from host_tools.simulator.hands import KEY_GAP_MS, KEY_HELD_MS
from host_tools.simulator.people.people import Script, courier, send
from tests.simulation.stage import Cabinet, code_of, duress_of, make_flash, tail_of, ticket_of

SERIAL = 6  # which has a safe tail
TYPES_AT_US = 30_000_000
SOUND_OF_A_KEY_US = 400_000  # none comes so late after it
KINDS = ("right", "duress", "wrong", "empty", "unknown")


def number_of(kind: str, door: int) -> str:
    if kind == "right":
        return f"{door:02}{code_of(door, 1, tail_of(SERIAL))}"
    if kind == "duress":
        return f"{door:02}{duress_of(door, 1, tail_of(SERIAL))}"
    other = {"wrong": door, "empty": door % 12 + 1, "unknown": 77}[kind]
    return f"{other:02}27182818"


def visit(cabinet: Cabinet, kind: str) -> Script:
    """A courier, then whoever types the number that it is about.

    Returns the instant at which its `#` is pressed.
    """
    world = cabinet.world
    door = yield from courier(world, ticket_of(SERIAL))
    yield TYPES_AT_US
    until = world.hands.keys(number_of(kind, door) + "#")
    yield until
    return until - (KEY_HELD_MS + KEY_GAP_MS) * 1000


def answered_us(path: Path, kind: str) -> int:
    """From `#` to the first sound of the answer."""
    make_flash(path)
    with Cabinet(path) as cabinet:
        errand = send(cabinet.world, visit(cabinet, kind), 6_000)
        cabinet.run_until(40_000)
        sounds = [entry.us for entry in cabinet.world.trace.of("beeper") if entry.value]
        return next(us for us in sounds if us > errand.result + SOUND_OF_A_KEY_US) - errand.result


def test_the_first_sound_of_the_answer_tells_nothing_by_when_it_comes(tmp_path: Path) -> None:
    answers = {kind: answered_us(tmp_path / kind, kind) for kind in KINDS}
    assert len(set(answers.values())) == 1, answers
    assert 500_000 <= answers["right"] < 600_000
