"""A board with something urgent meets its host at once, whatever pause it was in;
what is urgent makes no difference.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.link import messages
from host_tools.simulator.chip.network import Network
from host_tools.simulator.cpython_board.controller import VirtualController
from host_tools.simulator.people.people import resident, screen_of, send
from locker.contract import commands, records
from tests.simulation.stage import Cabinet, TestHost, code_of, duress_of, make_flash, tail_of
from tests.simulation.test_dead_connection import HOST, TcpHost

SERIAL = 6  # of a ticket with a safe tail: her parcel has a duress code
AWAY_MS, BACK_MS = 40_000, 220_000  # 3 minutes: the pauses are near their longest
SOON_MS = 6_000
IDLE_MS = 325_000  # a heartbeat, ten seconds of silence, and a greeting with its answer


def act_bell(cabinet: Cabinet, door: int) -> None:
    cabinet.world.hands.bell()


def act_tamper(cabinet: Cabinet, door: int) -> None:
    cabinet.world.hands.tamper(True)


def act_pickup(cabinet: Cabinet, door: int) -> None:
    send(cabinet.world, resident(cabinet.world, door, code_of(door, 1, tail_of(SERIAL))))


def act_duress(cabinet: Cabinet, door: int) -> None:
    send(cabinet.world, resident(cabinet.world, door, duress_of(door, 1, tail_of(SERIAL))))


ACTS = {"bell": act_bell, "tamper": act_tamper, "pickup": act_pickup, "duress": act_duress}


def connections_after(
    path: Path, act: Callable[[Cabinet, int], None]
) -> tuple[list[int], list[records.Record]]:
    """A host goes away for 3 minutes; that happens half a minute before it is back.

    When connections came about, and the events.
    """
    make_flash(path)
    with Cabinet(path, network=HOST) as cabinet:
        network = Network(cabinet.world.clock, random.Random(1))
        host = TcpHost(network)
        cabinet._controller = VirtualController(cabinet.world, cabinet._program, cabinet.flash, network)
        door = cabinet.deposit(SERIAL)
        cabinet.run_until(AWAY_MS)
        accept = network._listeners.pop((HOST["host"], HOST["port"]))
        network.cut()
        cabinet.run_until(BACK_MS - 30_000)
        act(cabinet, door)
        cabinet.run_until(BACK_MS)
        network.listen(HOST["host"], HOST["port"], accept)
        cabinet.run_until(BACK_MS + 30_000)
        return host.connections, [record for _, record in host.events]


def by_whom(events: list[records.Record]) -> list[int]:
    return [record.a for record in events if record.kind == records.PICKUP_OPENED]


@pytest.mark.parametrize("name", ACTS)
def test_a_board_with_something_urgent_is_back_within_seconds_of_its_host(tmp_path: Path, name: str) -> None:
    connections, _ = connections_after(tmp_path / "flash", ACTS[name])
    assert BACK_MS <= connections[1] <= BACK_MS + SOON_MS


def test_a_pickup_under_duress_comes_back_at_the_same_instant_as_any_other(tmp_path: Path) -> None:
    (free, freely), (forced, under_duress) = (
        connections_after(tmp_path / name, ACTS[name]) for name in ("pickup", "duress")
    )
    assert free == forced
    assert [record.kind for record in freely] == [record.kind for record in under_duress]
    assert by_whom(freely) == [records.BY_CODE]
    assert by_whom(under_duress) == [records.BY_DURESS]


def test_a_host_that_started_afresh_on_a_serial_line_hears_a_call_within_seconds_and_the_screen_says_so(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        TestHost(cabinet.world)
        cabinet.run_until(60_000)
        again = TestHost(cabinet.world)  # which knows nothing of the session
        cabinet.world.hands.bell()
        cabinet.run_until(64_000)
        assert records.BELL_RUNG in again.kinds()
        assert screen_of(cabinet.world)[0].startswith("Bell rung")


def test_who_rings_while_the_answer_to_a_call_cannot_reach_the_cabinet_is_a_call_of_her_own_within_seconds(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.run_until(60_000)
        cabinet.world.hands.bell()
        cabinet.run_until(70_000)
        (call,) = [record.number for record in host.events if record.kind == records.BELL_RUNG]
        cabinet.world.serial.host.on_bytes = lambda data: None  # a person takes the call: the line is dead
        cabinet.run_until(80_000)
        cabinet.world.hands.bell()
        cabinet.run_until(100_000)
        assert screen_of(cabinet.world)[0].startswith("No connection")
        again = TestHost(cabinet.world)  # the host's program has started afresh, with what it held
        again.events = host.events
        cabinet.run_until(100_000 + SOON_MS)
        again.say(messages.Command(1, commands.ANSWER_BELL, 0, 0, call))
        cabinet.run_until(110_000)
        rings = [(record.a, record.b) for record in again.events if record.kind == records.BELL_RUNG]
        assert rings == [(1, 0), (1, 0)]
        assert again.events[-1].kind == records.COMMAND_APPLIED
        assert not again.events[-1].b & 1
        assert screen_of(cabinet.world)[0].startswith("Bell rung")


def test_an_idle_board_on_a_serial_line_meets_a_host_that_started_afresh_within_a_heartbeat(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        TestHost(cabinet.world)
        cabinet.run_until(20_000)  # just behind what it had to say: the longest silence is to come
        again = TestHost(cabinet.world)
        cabinet.run_until(20_000 + IDLE_MS)
        assert records.BOOTED in again.kinds()


def test_a_board_that_nobody_needs_keeps_its_pauses(tmp_path: Path) -> None:
    connections, _ = connections_after(tmp_path / "flash", lambda cabinet, door: None)
    assert connections[1:] == [] or connections[1] > BACK_MS + SOON_MS
