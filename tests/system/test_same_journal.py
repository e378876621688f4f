"""The same story on CPython and on the real MicroPython: one provisioned flash image, one seed, the same people, the same journal."""

import json
import shutil
from pathlib import Path

import littlefs

from host_tools import partitions
from host_tools.boards import load_board, to_board_json
from host_tools.bundle import bundle
from host_tools.simulator.flash import FlashImage
from host_tools.simulator.people import send
from host_tools.simulator.virtual_board.virtual_time import run_in_virtual_time
from host_tools.simulator.world import World
from locker.board import from_json
from locker.core import records
from locker.shell.store import Store
from tests.simulation.stage import IDENTITY, Cabinet, TestHost, make_flash
from tests.simulation.test_parcel_life import LIFE, life_in

UNTIL_MS = 80_000
SEED = 1


def provisioned_image(path: Path) -> None:
    """A flash as `ansim flash` and `ansim provision` leave it."""
    make_flash(path)
    files = bundle() | {
        "/board.json": json.dumps(to_board_json(load_board("wall_12"))).encode(),
        "/identity.json": json.dumps(IDENTITY).encode(),
        "/network.json": b'{"serial": true}',
    }
    with FlashImage(path) as flash:
        partition = partitions.find(flash.partitions, "vfs")
        memory = littlefs.UserContext(partition.size)
        system = littlefs.LittleFS(
            memory, block_size=4096, block_count=partition.size // 4096, read_size=32, prog_size=32, cache_size=128, lookahead_size=32
        )
        for name, data in files.items():
            system.makedirs(str(Path(name).parent), exist_ok=True)
            with system.open(name, "wb") as file:
                file.write(data)
        flash.write(partition.offset, bytes(memory.buffer))


def journal_in(path: Path) -> bytes:
    with FlashImage(path) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        return partition.dump()


def kinds_in(path: Path) -> list[int]:
    """The kinds of the events in an image's journal."""
    kinds: list[int] = []
    with FlashImage(path) as flash:
        Store(flash.partition("journal"), lambda record: kinds.append(record.kind), None)
    return [kind for kind in kinds if kind < records.ACKNOWLEDGED]


def people(world: World) -> None:
    """The host is there; a courier and a resident come."""
    TestHost(world)
    send(world, life_in(world), 6_000)


def test_the_journals_of_both_interpreters_are_the_same_to_the_byte(tmp_path: Path) -> None:
    here, there = tmp_path / "cpython", tmp_path / "micropython"
    provisioned_image(here)
    shutil.copy(here, there)
    with Cabinet(here, seed=SEED) as cabinet:
        people(cabinet.world)
        cabinet.run_until(UNTIL_MS)
    lived = run_in_virtual_time(there, from_json(to_board_json(load_board("wall_12"))), SEED, people, UNTIL_MS)
    assert lived.console.strip() == "In service"
    assert kinds_in(here) == LIFE
    assert kinds_in(there) == LIFE
    assert journal_in(here) == journal_in(there)
