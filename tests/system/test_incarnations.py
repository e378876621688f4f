"""What was restored, copied or replaced is found out when board and host meet:
real MicroPython boards, the real host, staff's commands.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.demo.stage import SITE
from host_tools.demo.watch import Watch
from host_tools.errors import UserError
from tests.swift_stage import ansim

from .place import BOARD, RESIDENT, Place
from .relayed import wait_until


@pytest.fixture
def place() -> Iterator[Place]:
    with Place() as place:
        place.settle()
        yield place


def overwrite(path: Path, content: bytes) -> None:
    """In place, as a flash programmer does: whoever has the file open sees it."""
    with path.open("r+b") as file:
        file.write(content)


def test_a_board_put_back_to_an_old_image_finds_it_out_and_gets_a_new_epoch_and_its_parcels_back(
    place: Place,
) -> None:
    place.cut()
    image = place.flash.read_bytes()
    place.power_on()
    door = place.deposit()
    ((_, old_code),) = place.told("deposited", 1)
    place.cut()
    overwrite(place.flash, image)
    place.power_on()
    ((moved, code),) = place.told("new code", 1)
    assert moved == door
    assert code != old_code
    assert "journal" in [told["alarm"] for told in place.watch.heard if told["event"] == "alarm"]
    place.is_refused(door, old_code)
    place.collect(door, code)
    wait_until(lambda: place.states() == ["collected"], "her parcel is collected")
    assert place.link()["epoch"] == 2
    other = place.deposit()  # parcels are taken again
    ((where, _),) = place.told("deposited", 2)[1:]
    assert where == other


def test_a_board_whose_whole_flash_was_restored_from_an_old_image_is_found_out_by_its_host(
    place: Place,
) -> None:
    place.cut()
    image = place.flash.read_bytes()
    place.power_on()
    door = place.deposit()
    ((_, old_code),) = place.told("deposited", 1)
    place.cabinet.stop()
    place.flash.write_bytes(image)
    place.cabinet = place._start("virtual", "--board", BOARD, "--port", place.port, "--json")
    ((moved, code),) = place.told("new code", 1)
    assert moved == door
    assert code != old_code
    assert "older image" in next(
        told["detail"] for told in place.watch.heard if told["event"] == "out of step"
    )
    place.watch = Watch(place)
    place.is_refused(door, old_code)
    place.hands("keys", f"{door:02}{code}#")
    place.watch.until(lambda: door in place.watch.open_doors(), "opens to the new code", 10)


def test_a_host_restored_from_an_old_backup_is_told_again_what_it_lacks_and_tells_nobody_twice(
    place: Place, tmp_path: Path
) -> None:
    first = place.deposit()
    place.told("deposited", 1)
    ticket = place.new_ticket(RESIDENT)
    place.host.stop()
    backup = tmp_path / "backup"
    shutil.copytree(place.data, backup)
    place.restart_host(place.data)
    second = place.deposit(ticket)
    place.told("deposited", 2)
    place.host.stop()
    shutil.copyfile(backup / "ledger.db", place.data / "ledger.db")  # what people were told is not in it
    for rest in ("-wal", "-shm"):
        (place.data / f"ledger.db{rest}").unlink(missing_ok=True)
    place.restart_host(place.data)
    wait_until(lambda: len(place.parcels()) == 2, "the board tells again what is missing")
    codes = dict(place.told("deposited", 2))
    assert set(codes) == {first, second}
    for door, code in codes.items():
        place.collect(door, code)
    wait_until(lambda: place.states() == ["collected", "collected"], "both are collected")
    assert len(place.told("deposited", 2)) == 2


def test_a_copied_board_is_refused_by_name_and_the_true_one_goes_on(place: Place) -> None:
    place.cut()
    copy = place.folder / "copy.flash"
    shutil.copyfile(place.flash, copy)
    place.power_on()
    flags = (
        "--board",
        BOARD,
        "--port",
        place.folder / "copy",
        "--flash",
        copy,
        "--uid",
        "246f28c0ffee",
        "--json",
    )
    place._start("virtual", *flags)
    place.watch.until(lambda: place.watch.has_heard("refused"), "is refused")
    (told,) = [told["detail"] for told in place.watch.heard if told["event"] == "refused"]
    assert "runs on another chip" in told
    assert "ansim provision --replace" in told
    door = place.deposit()
    ((_, code),) = place.told("deposited", 1)
    place.collect(door, code)
    wait_until(lambda: place.states() == ["collected"], "the true board is heard")
    assert place.link()["state"] == "up"


def test_two_hosts_do_not_serve_one_board_and_staff_decide_which_one_does(place: Place) -> None:
    place.deposit()
    place.told("deposited", 1)
    ticket = place.new_ticket(RESIDENT)
    place.host.stop()
    copy = place.folder / "copy"
    shutil.copytree(place.data, copy)
    original = place.data
    place.restart_host(original)
    place.deposit(ticket)
    place.told("deposited", 2)
    place.restart_host(copy)  # it knows nothing of the second parcel, and takes itself for restored
    place.told("deposited", 2)
    place.restart_host(original)
    wait_until(
        lambda: place.link()["state"] == "refused", "the original is not the one that the board follows"
    )
    assert "ansim link take-over" in place.link()["reason"]
    shown = ansim("link", "--data", original)
    assert "another host with a copy of this ledger" in shown
    before = len(place.parcels())
    ansim("link", "take-over", "--site", SITE, "--number", "1", "--data", original)
    place.cut()
    place.power_on()
    wait_until(lambda: place.link()["state"] == "up", "the board follows the original again")
    door = place.deposit()
    place.told("deposited", 3)
    assert len(place.parcels()) == before + 1
    assert door


def test_a_replaced_board_adopts_the_parcels_of_the_old_one_and_residents_get_new_codes(place: Place) -> None:
    doors = [place.deposit(), place.deposit()]
    old_codes = [code for _, code in place.told("deposited", 2)]
    place.cabinet.stop()
    place.port = place.folder / "new"
    flags = ("--board", BOARD, "--port", place.port, "--uid", "246f28c0ffee", "--json")
    place.cabinet = place._start("virtual", *flags)
    ansim("flash", "--port", place.port, "--board", BOARD)
    way = ("--host", f"{place.host.ready['address']}:{place.host.ready['port']}")
    to = ("--port", place.port, "--board", BOARD, "--site", SITE, "--data", place.data, *way)
    with pytest.raises(UserError, match="--replace"):
        ansim("provision", "--number", "1", *to)
    ansim("provision", "--number", "1", "--replace", *to)
    adopted = place.told("new code", 2)
    assert sorted(moved for moved, _ in adopted) == sorted(doors)
    assert not {code for _, code in adopted} & set(old_codes)
    wait_until(lambda: place.link()["behind"] == 0, "the host holds all")
    planned = {
        phase["name"]: phase
        for phase in json.loads(ansim("test", "--port", place.port, "--dry-run", "--json"))["phases"]
    }
    kept = [name for name, phase in planned.items() if phase["note"] == "a parcel waits behind it"]
    assert kept == [f"door {door:02}" for door in sorted(doors)]
    place.watch = Watch(place)
    place.cut()
    place.power_on()
    newest = place.deposit()  # what was taken over is no doubt at the next start
    assert len(place.told("deposited", 3)) == 3
    assert newest not in doors
    assert "journal" not in [told["alarm"] for told in place.watch.heard if told["event"] == "alarm"]
    door, code = adopted[0]
    place.hands("keys", f"{door:02}{code}#")
    place.watch.until(lambda: door in place.watch.open_doors(), "opens to the new code", 10)
