"""The controller itself fails in each way seen in the field:
the real firmware on the real interpreter still gives a parcel out.
"""

import json
from pathlib import Path

import pytest

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import bundle
from host_tools.simulator.faults.plan import Faults
from host_tools.simulator.people.people import courier, resident, send
from host_tools.simulator.virtual_board.virtual_time import Lived, run_in_virtual_time
from host_tools.simulator.world import World
from locker.board import from_json
from locker.contract import records
from tests.simulation.stage import IDENTITY, TestHost, code_of, make_flash, ticket_of

from .vfs import put_files

WIFI = {"host": "10.0.0.2", "port": 26746, "wifi": {"ssid": "locker", "password": "secret"}}
#: No socket gets anywhere here: real ones have no place in virtual time.
OVER_WIFI = {
    "the radio does not start": ["radio start unknown 2", "radio router"],
    "the radio has no memory": ["radio start memory 100"],
    "the access point is away": ["radio router"],
    "the access point is away, and the port an older one": ["radio router", "radio port 1.23"],
    "the password is wrong": ["radio password"],
    "nobody gives addresses": ["radio dhcp"],
    "no route": ["radio slow 900", "socket connect EHOSTUNREACH 100"],
    "no memory for sockets": ["socket socket ENOMEM 100"],
}


def lived(
    path: Path, faults: list[str], network: dict, board: str = "wall_12", at_ms: int = 0
) -> tuple[Lived, TestHost]:
    """A courier comes at 7 s, the resident at 25 s;
    both get what they came for, and the chip is not reset.
    """
    make_flash(path, board)
    settings = {"board": to_board_json(load_board(board)), "identity": IDENTITY, "network": network}
    put_files(
        path, bundle() | {f"/{name}.json": json.dumps(value).encode() for name, value in settings.items()}
    )
    visits, hosts = [], []

    def collect(world: World) -> None:
        visits.append(send(world, resident(world, visits[0].result, code_of(visits[0].result, 1)), 25_000))

    def play(world: World) -> None:
        plan = Faults(world)
        world.clock.at(at_ms * 1000, lambda: [plan.inject(fault) for fault in faults])
        hosts.append(TestHost(world))
        visits.append(send(world, courier(world, ticket_of(5)), 7_000))
        world.clock.at(25_000_000, lambda: collect(world))

    life = run_in_virtual_time(path, from_json(to_board_json(load_board(board))), 1, play, 42_000)
    assert visits[0].result, life.console
    assert visits[1].result is True, life.console
    assert life.world.chip.boots == 1
    assert not life.world.trace.violations
    return life, hosts[0]


@pytest.mark.parametrize("what", OVER_WIFI)
def test_a_board_over_wifi_gives_a_parcel_out(tmp_path: Path, what: str) -> None:
    life, _ = lived(tmp_path / "flash", OVER_WIFI[what], WIFI)
    assert life.console.count("In service") == 1


def test_a_board_whose_generator_is_constant_gives_a_parcel_out_and_is_heard(tmp_path: Path) -> None:
    _, host = lived(tmp_path / "flash", ["rng"], {"serial": True})
    assert records.COLLECTED in host.kinds()


def test_a_board_whose_storage_takes_nothing_more_gives_out_what_it_holds(tmp_path: Path) -> None:
    _, host = lived(tmp_path / "flash", ["nvs full"], {"serial": True}, at_ms=20_000)
    assert records.COLLECTED in host.kinds()


def test_a_chip_without_calibration_reads_by_its_nominal_curve_and_says_so_once(tmp_path: Path) -> None:
    _, host = lived(tmp_path / "flash", ["adc"], {"serial": True}, "tower_24")
    assert [record.a for record in host.events if record.kind == records.PART_FAILED] == [records.CALIBRATION]

    def again(world: World) -> None:
        Faults(world).inject("adc")
        hosts.append(TestHost(world))

    hosts: list[TestHost] = []
    run_in_virtual_time(
        tmp_path / "flash", from_json(to_board_json(load_board("tower_24"))), 1, again, 20_000
    )
    kinds = [record.kind for record in hosts[0].events]
    assert kinds.count(records.BOOTED) == 2
    assert kinds.count(records.PART_FAILED) == 1
