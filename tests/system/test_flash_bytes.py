"""One changed file of the firmware moves at most a sixth of the bytes of `mpremote fs cp -r`, counted at the transport of both."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.bundle import bundle
from host_tools.device import Device
from host_tools.flash import flash
from tests.system.virtual_port import virtual_board

#: mpremote itself, with its serial port wrapped in the same counter as ours.
COUNTED = """
import json, sys
import mpremote.main, mpremote.transport_serial as serial
from host_tools.device import Traffic
ports = []
begin = serial.SerialTransport.__init__
def counted(self, *arguments, **options):
    begin(self, *arguments, **options)
    self.serial = Traffic(self.serial)
    ports.append(self.serial)
serial.SerialTransport.__init__ = counted
status = mpremote.main.main()
print(json.dumps([sum(port.sent for port in ports), sum(port.received for port in ports)]), file=sys.stderr)
sys.exit(status)
"""


def mpremote(*arguments: str, folder: Path) -> int:
    """Runs mpremote; how many bytes it moved, both ways."""
    ended = subprocess.run(
        [sys.executable, "-c", COUNTED, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return sum(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize("rank", [0.5, 1.0], ids=["of median size", "the largest"])
def test_one_changed_file_moves_at_most_a_sixth_of_the_bytes_of_mpremote(tmp_path: Path, rank: float) -> None:
    old = bundle() | {"/main.py": b"print('a bench, not a cabinet')\n"}
    modules = sorted((path for path in old if path.startswith("/locker/")), key=lambda path: len(old[path]))
    changed = modules[int(rank * (len(modules) - 1))]
    new = old | {changed: old[changed][:-40] + bytes(range(40))}
    tree = tmp_path / "tree"
    for path, content in new.items():
        file = tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with virtual_board(tmp_path) as board:
        device = os.path.realpath(board.port)
        flash(board.port, files=old)
        ours = flash(board.port, files=new)
        assert ours.changed == [changed]
        flash(board.port, files=old)
        names = sorted(path.name for path in tree.iterdir())
        theirs = mpremote("connect", device, "fs", "cp", "-r", *names, ":/", folder=tree)
        with Device(board.port) as found:
            assert found.call("files", "read", changed) == new[changed]
    moved = ours.bytes_sent + ours.bytes_received
    assert theirs >= 6 * moved, f"ansim flash moved {moved} bytes, mpremote {theirs}: a ratio of {theirs / moved:.1f}"
    print(f"{changed}: {moved} bytes against {theirs}")
