"""Commands that are refused, dry, or have nothing to change leave the journal of an enrolled board as it was, on the real interpreter."""

from pathlib import Path

from host_tools.device import Device
from host_tools.simulator.flash import FlashImage
from tests.system.virtual_port import VirtualPort, ansim, virtual_board


def journal(board: VirtualPort, folder: Path) -> bytes:
    """The bytes of the journal, from a copy of the flash image: the board lives on."""
    copy = folder / "copy.bin"
    copy.write_bytes(board.flash.read_bytes())
    with FlashImage(copy) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        return partition.dump()


def test_a_look_at_an_enrolled_board_leaves_nothing_in_its_journal(tmp_path: Path) -> None:
    with virtual_board(tmp_path) as board:
        place = ("--port", board.port)
        cabinet = ("provision", *place, "--board", "wall_12", "--site", "mapo-3", "--serial-link", "--data", str(tmp_path / "data"))
        assert ansim("flash", *place).returncode == 0
        assert ansim(*cabinet).returncode == 0
        before = journal(board, tmp_path)
        for arguments, code in (
            (cabinet, 1),  # it is enrolled already
            (("flash", *place, "--dry-run"), 0),
            ((*cabinet, "--replace", "--dry-run"), 0),
            (("flash", *place), 0),  # and nothing has changed
        ):
            ended = ansim(*arguments)
            assert ended.returncode == code, ended.stderr
            assert journal(board, tmp_path) == before, arguments
        with Device(board.port) as device:
            assert device.call("service", "journal")[1:3] == (1, 1)  # the one start after provisioning
            device.execute("changed = 1")
        assert ansim("flash", *place, "--dry-run").returncode == 0  # waits until it is in service again
        with Device(board.port) as device:
            assert device.call("service", "journal")[1:3] == (2, 2)
