"""Commands that are refused, dry, or have nothing to change leave the journal of an enrolled board as it was,
on the real interpreter.

And what they print under --json is what docs/json.md says.
"""

import json
from pathlib import Path
from typing import Any

from host_tools.bundle.ready import errand
from host_tools.device.port import Device
from host_tools.simulator.chip.flash import FlashImage
from tests.kit.command_tree import departures, page
from tests.system.conftest import Board
from tests.system.virtual_port import VirtualPort, ansim


def journal(board: VirtualPort, folder: Path) -> bytes:
    """The bytes of the journal, from a copy of the flash image: the board lives on."""
    copy = folder / "copy.bin"
    copy.write_bytes(board.flash.read_bytes())
    with FlashImage(copy) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        return partition.dump()


def told(*arguments: str, code: int = 0) -> Any:
    """What a command prints under --json; where it succeeds that is what the page says."""
    ended = ansim(*arguments, "--json")
    assert ended.returncode == code, ended.stdout + ended.stderr
    printed = json.loads(ended.stdout)
    if code:
        assert set(printed["error"]) == {"code", "message", "hint"}
    else:
        name = " ".join(
            word
            for word in arguments
            if word in ("flash", "provision", "test", "hands", "state", "fault", "list")
        )
        assert departures(page()[name], printed) == []
    return printed


def test_a_look_at_an_enrolled_board_leaves_nothing_in_its_journal(tmp_path: Path) -> None:
    with Board(tmp_path, "wall_12", "--heap-kib", "256") as running:
        assert departures(page()["virtual"], [running.told]) == []
        board = VirtualPort(str(running.port), running.flash)
        place = ("--port", board.port)
        cabinet = (
            "provision",
            *place,
            "--board",
            "wall_12",
            "--site",
            "mapo-3",
            "--serial-link",
            "--data",
            str(tmp_path / "data"),
        )
        assert told("flash", *place)["state"] == "not provisioned"
        assert told(*cabinet)["cabinet"] == 1
        before = journal(board, tmp_path)
        assert told(*cabinet, code=1)["error"]["code"] == "enrolled"
        assert journal(board, tmp_path) == before
        assert told("flash", *place, "--dry-run")["state"] == "in service"
        assert journal(board, tmp_path) == before
        assert told(*cabinet, "--replace", "--dry-run")["replaced"]
        assert journal(board, tmp_path) == before
        assert {
            phase["outcome"] for phase in told("test", *place, "--unattended", "--dry-run")["phases"]
        } == {"SKIP"}
        assert journal(board, tmp_path) == before
        assert not told("flash", *place)["changed"]
        assert journal(board, tmp_path) == before
        with Device(board.port, errand) as device:
            assert device.call("service", "journal")[1:3] == (1, 1)  # the one start after provisioning
            device.execute("changed = 1")
        # It has waited until it is so again.
        assert told("flash", *place, "--dry-run")["state"] == "in service"
        with Device(board.port, errand) as device:
            assert device.call("service", "journal")[1:3] == (2, 2)
        board.hands("fault", "lamp")
        assert told("hands", *place, "state")["violations"] == []
        assert len(told("hands", *place, "fault", "list")) == 1
