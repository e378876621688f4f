"""Whenever the power fails during an update, the next start finds the old firmware or the new one, whole."""

import subprocess
from pathlib import Path

from host_tools.bundle.ready import errand
from host_tools.device.install import _archive
from host_tools.device.programs import deflated
from host_tools.sources import start_file
from tests.native import micropython

HERE = Path(__file__).parent
START = {"/update.py": start_file("update.py").read_bytes(), "/boot.py": start_file("boot.py").read_bytes()}
OLD = START | {
    "/locker/app.mpy": b"old app " * 100,
    "/locker/gone.mpy": b"of an older firmware",
    "/locker/older/gone.mpy": b"of an even older firmware",
    "/locker/same.mpy": b"the same" * 10,
    "/identity.json": b"{}",
}
NEW = START | {
    "/boot.py": START["/boot.py"] + b"# a little newer\n",
    "/locker/app.mpy": b"new app " * 200,
    "/locker/same.mpy": OLD["/locker/same.mpy"],
    "/locker/core/door.mpy": bytes(range(256)) * 20,
    "/main.py": b"print('new')\n",
    "/identity.json": b"{}",
}
REMOVED = ["/locker/gone.mpy", "/locker/older/gone.mpy", "/locker/older"]


def cut_at_every_write(
    tmp_path: Path, old: dict[str, bytes], new: dict[str, bytes], removed: list[str]
) -> tuple[int, int]:
    """How many cuts left the old set and how many the new one."""
    changed = {path: content for path, content in new.items() if old.get(path) != content}
    (tmp_path / "files.py").write_text(errand("files"))
    (tmp_path / "update.py").write_text(start_file("update.py").read_text())
    (tmp_path / "old").write_text(repr(old))
    (tmp_path / "new").write_text(repr(new))
    (tmp_path / "archive").write_bytes(deflated(_archive(changed, old, removed)))
    interpreter = micropython()
    script = HERE / "power_cuts_on_micropython.py"
    arguments = [str(tmp_path), *(str(tmp_path / name) for name in ("old", "archive", "new"))]
    ended = subprocess.run(
        [interpreter, "-X", "heapsize=4m", script, *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    olds, news = map(int, ended.stdout.splitlines()[-1].split())
    return olds, news


def test_an_update_cut_off_at_any_write_leaves_the_old_firmware_or_the_new_one(tmp_path: Path) -> None:
    olds, news = cut_at_every_write(tmp_path, OLD, NEW, REMOVED)
    assert olds > 15  # most of the new files comes from the old ones, so that there are fewer writes
    assert news > 10


def test_a_first_flash_cut_off_at_any_write_leaves_nothing_that_runs_or_the_whole_firmware(
    tmp_path: Path,
) -> None:
    olds, news = cut_at_every_write(tmp_path, {}, NEW, [])
    assert olds > 20
    assert news > 10
