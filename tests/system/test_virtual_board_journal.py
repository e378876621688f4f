"""From one flash image, one seed and one script:
CPython and the real MicroPython leave the same bytes of journal and NVS.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import build, bundle
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.people.people import Errand, courier, resident, send
from host_tools.simulator.virtual_board.virtual_time import run_in_virtual_time
from host_tools.simulator.world import World
from locker.board import from_json
from locker.contract import records
from locker.shell import app
from locker.shell.journal import Journal
from tests.simulation.stage import IDENTITY, Cabinet, TestHost, make_flash

from .vfs import put_files

UNTIL_MS = 60_000


EVENTS = [
    records.BOOTED,
    records.DEPOSITED,
    records.BOOTED,
    records.CODE_TRIED,
    records.CODE_TRIED,
    records.PICKUP_OPENED,
    records.COLLECTED,
    records.BELL_RUNG,
]


def provisioned(image: Path, board: str) -> None:
    """A flash with the firmware and what provisioning writes."""
    make_flash(image, board)
    settings = {"board": to_board_json(load_board(board)), "identity": IDENTITY, "network": {"serial": True}}
    put_files(
        image, bundle() | {f"/{name}.json": json.dumps(value).encode() for name, value in settings.items()}
    )


def journal(image: Path) -> tuple[bytes, list[int]]:
    """The bytes of an image's journal and NVS, and the kinds of the events in the journal."""
    kinds: list[int] = []
    with FlashImage(image) as flash:
        partition, nvs = flash.partition("journal"), flash.partition("nvs")
        assert partition is not None
        assert nvs is not None
        written = partition.dump() + nvs.dump()
        Journal(partition, lambda record: kinds.append(record.kind), None)
    return written, kinds


def story(cabinet: Cabinet, errands: list[Errand]) -> Callable[[World], None]:
    """A deposit, a power cut in the middle of the collection's afternoon,
    a wrong code, the collection, the bell.
    """

    def play(world: World) -> None:
        TestHost(world)
        errands.append(send(world, courier(world, cabinet.ticket(5)), 7_000))

        def collect() -> None:
            door = errands[0].result
            errands.append(send(world, resident(world, door, cabinet.code(door, 1)), 35_000))

        world.clock.at(16_000_000, world.power_cut)
        world.clock.at(18_000_000, world.power_on)
        world.clock.at(25_000_000, lambda: world.hands.keys(f"{errands[0].result:02}00000000#"))
        world.clock.at(35_000_000, collect)
        world.clock.at(48_000_000, world.hands.bell)

    return play


@pytest.mark.parametrize(("board", "seed"), [("wall_12", 1), ("wall_12", 2), ("tower_24", 1)])
def test_cpython_and_micropython_write_the_same_journal(
    tmp_path: Path, board: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "BUILD", build())  # which no linker has put into the sources
    on_cpython, on_micropython = tmp_path / "cpython.bin", tmp_path / "micropython.bin"
    provisioned(on_cpython, board)
    shutil.copy(on_cpython, on_micropython)
    errands: list[Errand] = []
    with Cabinet(on_cpython, board, seed) as cabinet:
        story(cabinet, errands)(cabinet.world)
        cabinet.run_until(UNTIL_MS)
        lived = run_in_virtual_time(
            on_micropython, cabinet.world.board, seed, story(cabinet, again := []), UNTIL_MS
        )
    assert lived.console.splitlines() == ["In service"] * 2
    assert errands[0].result == again[0].result
    assert errands[1].result is again[1].result is True
    (written, kinds), (written_there, kinds_there) = journal(on_cpython), journal(on_micropython)
    assert [kind for kind in kinds if kind in EVENTS] == EVENTS
    assert kinds == kinds_there
    assert written == written_there


@pytest.mark.parametrize("content", [b"\xff", b"\x5a"], ids=["blank", "garbage"])
def test_a_board_whose_whole_journal_is_lost_says_so_and_moves_nothing(
    tmp_path: Path, content: bytes
) -> None:
    image = tmp_path / "flash.bin"
    provisioned(image, "wall_12")
    with FlashImage(image) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        flash.replace(partition.partition.offset, lost := content * partition.partition.size)
    lived = run_in_virtual_time(
        image, from_json(to_board_json(load_board("wall_12"))), 1, lambda world: None, 10_000
    )
    assert (
        lived.console.splitlines()[0]
        == "Not in service: The journal is not initialised: run `ansim provision`."
    )
    assert not lived.world.trace.of("coil")
    assert not any(coil.energised for coil in lived.world.coils.values())
    with FlashImage(image) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        assert partition.dump() == lost
