"""A cabinet whose locks are latch hubs: they unlock and answer; one may be busy, silent, or not there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.boards.board_file import check_board
from host_tools.simulator.people.people import courier, send
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, make_flash, ticket_of
from tests.simulation.test_parcel_life import LIFE, life_in
from tests.swift import ansim
from tests.system.conftest import Board, state, wait_until

ROOT = Path(__file__).parents[2]
TABLE = '[lock]\ndriver = "latch_hub"\naddress = 0x50\nhubs = 1\n'
ASTRAY = (1, 2, 5, 9)  # small doors whose locks name a hub that is not there; the fifth, 10, is well


def as_hubs(text: str, astray: tuple[int, ...] = ()) -> str:
    """The text of a board file with latch hubs in the place of its coils;
    the doors `astray` name a hub that is not there.
    """
    text = re.sub(r"\[lock\].*?(?=\n\[)", TABLE, text, count=1, flags=re.DOTALL)
    places = iter(range(99))
    return re.sub(
        r'coil = "[^"]+"',
        lambda _: f"lock = {(place := next(places)) | (0x10 if place + 1 in astray else 0)}",
        text,
    )


@pytest.fixture
def cabinet(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cabinet]:
    board = tmp_path / "hubs_12.toml"
    board.write_text(as_hubs((ROOT / "boards" / "wall_12.toml").read_text(), getattr(request, "param", ())))
    make_flash(tmp_path / "flash", str(board))
    with Cabinet(tmp_path / "flash", str(board)) as one:
        yield one


def test_a_parcel_is_deposited_and_collected(cabinet: Cabinet) -> None:
    host = TestHost(cabinet.world)
    life = send(cabinet.world, life_in(cabinet.world), 6_000)
    cabinet.run_until(80_000)
    assert life.error is None
    assert host.kinds() == LIFE
    assert not cabinet.world.trace.violations
    assert len(cabinet.world.locks[0x50].unlocked) == 2


def test_a_hub_that_is_busy_is_asked_again(cabinet: Cabinet) -> None:
    (hub,) = cabinet.world.locks.values()
    hub.busy = True
    cabinet.world.clock.at(9_500_000, lambda: setattr(hub, "busy", False))
    assert cabinet.deposit(5)


def test_a_silent_hub_jams_its_doors_and_the_board_goes_on(cabinet: Cabinet) -> None:
    host = TestHost(cabinet.world)
    (hub,) = cabinet.world.locks.values()
    hub.silent = True
    visit = send(cabinet.world, courier(cabinet.world, ticket_of(5)), 6_000)
    cabinet.run_until(90_000)
    assert visit.result is None
    assert records.DOOR_JAMMED in host.kinds()
    assert host.kinds().count(records.BOOTED) == 1
    hub.silent = False
    again = send(cabinet.world, courier(cabinet.world, ticket_of(6)), 100_000)
    cabinet.run_until(150_000)
    assert again.result


@pytest.mark.parametrize("cabinet", [ASTRAY], indirect=True)
def test_doors_with_a_wrong_address_jam_alone(cabinet: Cabinet) -> None:
    host = TestHost(cabinet.world)
    found = None
    for number in range(len(ASTRAY) + 1):
        visit = send(cabinet.world, courier(cabinet.world, ticket_of(5 + number)), 6_000 + 90_000 * number)
        cabinet.run_until(90_000 * (number + 1))
        found = found or visit.result
    jammed = {record.door for record in host.events if record.kind == records.DOOR_JAMMED}
    assert jammed
    assert jammed <= set(ASTRAY)
    assert found == 10


def test_a_board_with_linked_firmware_loads_the_driver_that_its_definition_names(tmp_path: Path) -> None:
    board = tmp_path / "hubs_12.toml"
    board.write_text(as_hubs((ROOT / "boards" / "wall_12.toml").read_text()))
    data = str(tmp_path / "data")
    with Board(tmp_path, str(board)) as virtual:
        assert ansim("flash", "--port", virtual.port, "--board", board).returncode == 0
        way = ("--host", "127.0.0.1:9", "--host-unchecked")
        ended = ansim(
            "provision", "--port", virtual.port, "--board", board, "--site", "hubs", "--data", data, *way
        )
        assert ended.returncode == 0, ended.stderr
        assert ansim("resident", "add", "Kim", "--data", data).returncode == 0
        issued = json.loads(ansim("ticket", "new", "--resident", "Kim", "--data", data, "--json").stdout)
        wait_until(lambda: state(virtual)["screen"][0].startswith("Welcome"))
        virtual.hands("keys", issued["ticket"] + "#")
        wait_until(lambda: "?" in "".join(state(virtual)["screen"]))
        virtual.hands("keys", "1")
        wait_until(lambda: any(door["position"] == "ajar" for door in state(virtual)["doors"]))


def test_doors_with_one_lock_and_hubs_without_a_bus_are_refused(tmp_path: Path) -> None:
    text = as_hubs((ROOT / "boards" / "wall_12.toml").read_text())
    board = tmp_path / "hubs_12.toml"
    board.write_text(text.replace("lock = 3\n", "lock = 2\n"))
    (problem,) = check_board(board).problems
    assert problem.reason == "lock = 2 is door 03 lock already"
    board.write_text(re.sub(r"\[bus\].*?(?=\n\[)", "", text, count=1, flags=re.DOTALL))
    assert "latch hubs need an I2C bus" in " ".join(problem.reason for problem in check_board(board).problems)
    board.write_text(text.replace('driver = "latch_hub"\n', ""))
    assert "locks that are no coils" in " ".join(problem.reason for problem in check_board(board).problems)
