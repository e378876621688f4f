"""From one flash image, one seed and one script: the journal partitions of CPython and of the real MicroPython are the same bytes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import littlefs
import pytest

from host_tools import partitions
from host_tools.boards import load_board, to_board_json
from host_tools.bundle import bundle
from host_tools.simulator.people import Errand, courier, resident, send
from host_tools.simulator.virtual_board.virtual_time import run_in_virtual_time
from host_tools.simulator.world import World
from tests.simulation.stage import IDENTITY, Cabinet, TestHost, make_flash

UNTIL_MS = 90_000


def put_files(image: Path, board: str) -> None:
    """The firmware and what provisioning writes, as littlefs-python puts it into the vfs partition."""
    data = bytearray(image.read_bytes())
    table = data[partitions.TABLE_OFFSET : partitions.TABLE_OFFSET + partitions.TABLE_BYTES]
    partition = partitions.find(partitions.parse_binary(bytes(table)), "vfs")
    memory = littlefs.UserContext(partition.size)
    count = partition.size // 4096
    files = littlefs.LittleFS(memory, block_size=4096, block_count=count, read_size=32, prog_size=32, cache_size=128, lookahead_size=32)
    settings = {"board.json": to_board_json(load_board(board)), "identity.json": IDENTITY, "network.json": {"serial": True}}
    for name, content in (bundle() | {name: json.dumps(value).encode() for name, value in settings.items()}).items():
        path = Path("/") / name.lstrip("/")
        files.makedirs(str(path.parent), exist_ok=True)
        with files.open(str(path), "wb") as file:
            file.write(content)
    data[partition.offset : partition.end] = memory.buffer
    image.write_bytes(data)


def journal(image: Path) -> bytes:
    data = image.read_bytes()
    table = data[partitions.TABLE_OFFSET : partitions.TABLE_OFFSET + partitions.TABLE_BYTES]
    partition = partitions.find(partitions.parse_binary(table), "journal")
    return data[partition.offset : partition.end]


def story(cabinet: Cabinet, errands: list[Errand]) -> Callable[[World], None]:
    """A deposit, a power cut in the middle of the collection's afternoon, a wrong code, the collection, the bell."""

    def play(world: World) -> None:
        TestHost(world)
        errands.append(send(world, courier(world, cabinet.ticket(5)), 7_000))

        def collect() -> None:
            door = errands[0].result
            errands.append(send(world, resident(world, door, cabinet.code(door, 1)), 50_000))

        world.clock.at(30_000_000, world.power_cut)
        world.clock.at(33_000_000, world.power_on)
        world.clock.at(40_000_000, lambda: world.hands.keys(f"{errands[0].result:02}00000000#"))
        world.clock.at(50_000_000, collect)
        world.clock.at(75_000_000, world.hands.bell)

    return play


@pytest.mark.parametrize(("board", "seed"), [("wall_12", 1), ("wall_12", 2), ("tower_24", 1)])
def test_cpython_and_micropython_write_the_same_journal(tmp_path: Path, board: str, seed: int) -> None:
    on_cpython, on_micropython = tmp_path / "cpython.bin", tmp_path / "micropython.bin"
    make_flash(on_cpython, board)
    put_files(on_cpython, board)
    shutil.copy(on_cpython, on_micropython)
    empty = journal(on_cpython)
    errands: list[Errand] = []
    with Cabinet(on_cpython, board, seed) as cabinet:
        story(cabinet, errands)(cabinet.world)
        cabinet.run_until(UNTIL_MS)
        run_in_virtual_time(on_micropython, cabinet.world.board, seed, story(cabinet, again := []), UNTIL_MS)
    assert errands[0].result == again[0].result
    assert errands[1].result is again[1].result is True
    assert journal(on_cpython) != empty
    assert journal(on_cpython) == journal(on_micropython)
