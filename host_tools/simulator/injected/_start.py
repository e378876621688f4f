"""What the ROM and the frozen `_boot.py` of a chip do:
the hardware modules, the file system, boot.py and main.py.

Runs once in each fresh interpreter. When it returns, the REPL of the interpreter itself takes over.
"""

import gc
import os
import sys

import _chip
import _shims
import vfs
from micropython import const

_READY = const(28)
_ENDED = const(30)
_ROMFS_MAGIC = b"\xd2\xcd\x31"


def _mount(esp32, mtime):
    """LittleFS on `/` from the partition `vfs`, formatted first when the partition is blank,
    as the stock firmware does; ROMFS on /rom.
    """
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")
    if not found:
        print("The flash has no partition labelled vfs.")
        return
    _, _, at, size, _, _ = found[0].info()
    blocks = esp32.Blocks(at, size)
    options = {"readsize": 32, "progsize": 32, "lookahead": 32}
    if all(byte == 0xFF for byte in esp32.view(at, 64)) and all(
        byte == 0xFF for byte in esp32.view(at + 4096, 64)
    ):
        vfs.VfsLfs2.mkfs(blocks, **options)
    try:
        vfs.mount(vfs.VfsLfs2(blocks, mtime=mtime, **options), "/")
    except OSError:
        print("The file system of the flash is damaged. Nothing was formatted.")


def _mount_rom():
    """A ROMFS that was deployed, on /rom, as a build with ROMFS does."""
    import _romfs

    rom = _romfs.rom_ioctl(2)
    if bytes(rom[:3]) == _ROMFS_MAGIC:
        vfs.mount(vfs.VfsRom(rom), "/rom")
        sys.path += ["/rom", "/rom/lib"]


def _run(name, names):
    """True unless an exception ended the file; a file that is not there is fine."""
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return True
    try:
        code = compile(source, name, "exec")
        del source
        exec(code, names)
    except SystemExit:
        raise
    except BaseException as error:
        sys.print_exception(error)
        return False
    return True


def run(names, rom, hook, flash_address, chip, raw, virtual_time):
    """Called by virtual_board/launch.py, which has mounted these modules on /.rom."""
    import esp32
    import machine  # noqa: F401 - the real one must be in place before anyone asks

    del names["_names"]
    _chip.begin(rom, hook)
    esp32.map_flash(flash_address)
    sys.path[:] = ["", ".frozen", "/lib"]
    vfs.umount("/")
    _mount(esp32, not virtual_time)  # files are stamped with the computer's clock
    sys.path.insert(0, "/.rom")
    _mount_rom()
    sys.path.pop(0)
    _shims.put_in_place(chip.upper())
    if virtual_time:
        sys.path.insert(0, "/.rom")
        _shims.stop_the_clock()
        sys.path.pop(0)
    vfs.umount("/.rom")
    for name in ("_start", "_shims", "_romfs"):
        sys.modules.pop(name, None)
    os.putenv("MICROPYINSPECT", "1")
    gc.collect()
    _chip.post(_READY)
    try:
        whole = _run("boot.py", names) and (raw or _run("main.py", names))
    except SystemExit:
        os.putenv("MICROPYINSPECT", "")
        return
    if virtual_time:
        _chip.post(_ENDED, whole)
