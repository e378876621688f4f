"""A key that is stuck is noticed, told and left out:
codes can still be typed, and never another one than was typed.
"""

from pathlib import Path

import pytest

from host_tools.simulator.people.people import Script, Until, screen_of, send
from host_tools.simulator.world import World
from locker.contract import records
from locker.core import texts
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.test_languages import page

KEYS = "0123456789*#ABCD"
NOTICED_MS = 75_000


def bits(keys: str) -> int:
    return sum(1 << KEYS.index(key) for key in keys)


def told(host: TestHost) -> list[int]:
    return [event.a for event in host.events if event.kind == records.KEYS_LEFT_OUT]


def pickup_without_hash(world: World, door: int, pin: str) -> Script:
    """Types door and PIN and waits; whether the door opened."""
    yield world.hands.keys(f"{door:02}{pin}")
    if not (yield Until(lambda: world.doors[door].place != "shut", 15_000)):
        return False
    yield world.hands.take(door)
    yield world.hands.close(door)
    return True


def test_with_a_stuck_hash_a_code_opens_after_a_pause_and_the_screen_says_so(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        door = cabinet.deposit(7)
        world.hands.fault("key # stuck")
        cabinet.run_until(30_000 + NOTICED_MS)
        assert told(host) == [bits("#")]
        assert tuple(screen_of(world)) == page("en", texts.KEYS_LEFT_OUT, "#")[:3] + (" " * 20,)
        visit = send(world, pickup_without_hash(world, door, cabinet.code(door, 1)))
        cabinet.run_until(30_000 + NOTICED_MS + 40_000)
        assert visit.error is None
        assert visit.result
        assert host.kinds().count(records.COLLECTED) == 1
        world.hands.clear("key # stuck")
        cabinet.run_until(30_000 + NOTICED_MS + 50_000)
        assert told(host) == [bits("#"), 0]
        assert tuple(screen_of(world)) == page("en", texts.WELCOME)


@pytest.mark.parametrize("stuck", ["5", "15"])
def test_a_stuck_digit_is_told_once_and_what_is_typed_beside_it_is_never_another_number(
    tmp_path: Path, stuck: str
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        cabinet.run_until(6_000)
        for key in stuck:
            world.hands.fault(f"key {key} stuck")
        cabinet.run_until(6_000 + NOTICED_MS)
        lost = "1245" if stuck == "15" else "5"
        assert told(host) == [bits(lost)]
        assert screen_of(world)[0].rstrip() == f"Dead keys: {lost}"
        tries = host.kinds().count(records.CODE_TRIED)
        for number in range(10):
            world.hands.keys("07" + str(number) * 8 + "#")
            cabinet.run_until(6_000 + NOTICED_MS + 12_000 * (number + 1))
        typable = 10 - len(lost)
        assert (
            host.kinds().count(records.CODE_TRIED) + host.kinds().count(records.CODES_TRIED) - tries
            <= typable
        )
        assert records.PULSED not in host.kinds()
        assert told(host) == [bits(lost)], "once"
