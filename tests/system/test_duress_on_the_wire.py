"""Whoever listens on the line cannot tell a pickup under duress from any other:
the real firmware, one day twice but for two digits.
"""

import json
import shutil
from pathlib import Path

import pytest

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import bundle
from host_tools.simulator.people.people import courier, resident, send
from host_tools.simulator.virtual_board.virtual_time import run_in_virtual_time
from host_tools.simulator.world import World
from locker.board import from_json
from locker.contract import records
from tests.simulation.stage import IDENTITY, TestHost, code_of, duress_of, make_flash, tail_of, ticket_of

from .vfs import put_files

BOARD = "wall_12"
SERIAL = 6  # which has a safe tail
UNTIL_MS = 75_000


class Eavesdropper(TestHost):
    """The host, and what a stranger learns beside it: how many bytes went which way, and when."""

    def __init__(self, world: World) -> None:
        self.heard: list[tuple[int, str, int]] = []
        self._now_us = world.clock.now_us
        super().__init__(world)

    def _hear(self, data: bytes) -> None:
        self.heard.append((self._now_us(), "to the host", len(data)))
        super()._hear(data)

    def _send(self, frame: bytes) -> None:
        self.heard.append((self._now_us(), "to the board", len(frame)))
        super()._send(frame)


def afternoon(image: Path, under_duress: bool) -> Eavesdropper:
    """A parcel comes; its resident collects it, freely or under duress."""
    listening: list[Eavesdropper] = []
    visits = []

    def collect(world: World) -> None:
        code = (duress_of if under_duress else code_of)(visits[0].result, 1, tail_of(SERIAL))
        visits.append(send(world, resident(world, visits[0].result, code), 50_000))

    def play(world: World) -> None:
        listening.append(Eavesdropper(world))
        visits.append(send(world, courier(world, ticket_of(SERIAL)), 7_000))
        world.clock.at(50_000_000, lambda: collect(world))

    run_in_virtual_time(image, from_json(to_board_json(load_board(BOARD))), 1, play, UNTIL_MS)
    assert visits[1].result is True
    return listening[0]


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    """Two boards that are alike to the byte."""
    one, other = tmp_path / "one.bin", tmp_path / "other.bin"
    make_flash(one, BOARD)
    settings = {"board": to_board_json(load_board(BOARD)), "identity": IDENTITY, "network": {"serial": True}}
    put_files(
        one, bundle() | {f"/{name}.json": json.dumps(value).encode() for name, value in settings.items()}
    )
    shutil.copy(one, other)
    return one, other


def test_a_pickup_under_duress_sends_as_many_bytes_at_the_same_instants_as_any_other(
    images: tuple[Path, Path],
) -> None:
    free, forced = (
        afternoon(image, under_duress) for image, under_duress in zip(images, (False, True), strict=True)
    )
    how = [
        [record.a for record in host.events if record.kind == records.PICKUP_OPENED]
        for host in (free, forced)
    ]
    assert how == [[records.BY_CODE], [records.BY_DURESS]]
    assert free.kinds() == forced.kinds()
    assert len(free.heard) > 10
    assert free.heard == forced.heard
