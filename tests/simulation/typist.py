"""A resident whose keys are answered one by one."""

from collections.abc import Iterable

from host_tools.simulator.hands import KEY_GAP_MS, KEY_HELD_MS
from host_tools.simulator.people.people import Script, resident
from host_tools.simulator.world import World

ANSWER_US_MAX = 200_000
KEYS = 11


def typing(world: World, door: int, code: str) -> Script:
    """The resident; the instants at which her keys went down."""
    begun = world.clock.now_us()
    opened = yield from resident(world, door, code)
    assert opened
    return [begun + at * (KEY_HELD_MS + KEY_GAP_MS) * 1000 for at in range(KEYS)]


def check_answered(world: World, pressed: Iterable[int]) -> None:
    """Each key made a sound within 200 ms."""
    sounds = [entry.us for entry in world.trace.of("beeper") if entry.value]
    for instant in pressed:
        assert any(instant < us <= instant + ANSWER_US_MAX for us in sounds)
