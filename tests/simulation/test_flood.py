"""Whoever floods the line keeps nobody from her parcel: the keypad answers as ever,
her door opens, and later the host hears of it all.
"""

from pathlib import Path
from typing import Any

import pytest

from host_tools.simulator.people.people import send
from locker.contract import records
from tests.simulation.flood import KINDS, Flood
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.typist import check_answered, typing

SERIAL = 8
TCP = {"host": "10.0.0.2", "port": 26746}
TYPES_MS = 35_000
ENDS_MS = 75_000
RECOVERS_MS = 60_000  # 10 of silence, at most 40 between two greetings


def check_visit(cabinet: Cabinet, host: TestHost) -> None:
    world = cabinet.world
    door = cabinet.deposit(SERIAL)
    visit = send(world, typing(world, door, cabinet.code(door, 1)), TYPES_MS)
    cabinet.run_until(ENDS_MS)
    assert visit.done
    assert not visit.error
    check_answered(world, visit.result)
    link = cabinet.apps[0]._link
    assert link._session.rejected + link._decoder.rejected > 1000
    cabinet.run_until(ENDS_MS + RECOVERS_MS)
    assert host.kinds()[-1] == records.COLLECTED
    assert host.kinds().count(records.PICKUP_OPENED) == 1
    assert not world.trace.violations


def floods(begun_first: tuple[str, ...]) -> list[Any]:
    """Kind and begin: those kinds from the power on, the others from behind the deposit;
    what is left of the grid is for the soak.

    So each kind is on both carriers and from both moments, and each moment on both carriers.
    """
    return [
        pytest.param(
            kind,
            since_ms,
            id=f"{kind}-{since_ms}",
            marks=[] if (kind in begun_first) == (since_ms == 0) else pytest.mark.soak,
        )
        for kind in KINDS
        for since_ms in (0, 31_000)
    ]


@pytest.mark.parametrize(("kind", "since_ms"), floods(("short", "welcomes")))
def test_a_flooded_serial_line_keeps_no_resident_waiting(tmp_path: Path, kind: str, since_ms: int) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        flood = Flood(cabinet.world, kind, since_ms, ENDS_MS)
        flood.take(cabinet.world.serial.host)
        check_visit(cabinet, host)
        assert flood.sent > 0.99 * 11.52 * (ENDS_MS - since_ms)


@pytest.mark.parametrize(("kind", "since_ms"), floods(("long",)))
def test_a_flooded_connection_keeps_no_resident_waiting(tmp_path: Path, kind: str, since_ms: int) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash", network=TCP) as cabinet:
        host = TestHost(cabinet.world)
        flood = Flood(cabinet.world, kind, since_ms, ENDS_MS)
        cabinet.network.listen(
            TCP["host"], TCP["port"], lambda stream: (host.take(stream), flood.take(stream))
        )
        check_visit(cabinet, host)
        assert flood.sent > 0.9 * 6.4 * (ENDS_MS - since_ms)  # 128 bytes a step of 20 ms
