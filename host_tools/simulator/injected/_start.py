"""What the ROM and the frozen `_boot.py` of a chip do: the hardware modules, the file system, boot.py and main.py.

Runs once in each fresh interpreter. When it returns, the REPL of the interpreter itself takes over.
"""

import gc
import os
import sys
import time as _time

import _chip
import vfs
from micropython import const

_RTC_GET = const(20)
_READY = const(28)
_FROM_1970 = const(946684800)  # seconds until 2000
_ROMFS_MAGIC = b"\xd2\xcd\x31"


class _Shim:
    """A built-in module with some names of its own: built-in modules cannot be written to."""

    def __init__(self, real, **names):
        self._real = real
        for name, value in names.items():
            setattr(self, name, value)

    def __getattr__(self, name):
        return getattr(self._real, name)


class _OnDemand:
    """Stands in for a module until something of it is used: few programs do."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        return getattr(_chip.module_on_demand(self._name), name)


def _now(divisor):
    return int.from_bytes(_chip.ask(bytes((_RTC_GET,)), bytearray(9))[1:], "little") // divisor


def _gmtime(seconds=None):
    """`time` counts from 2000, as on the chip, and follows machine.RTC."""
    return _time.gmtime((_now(1000000) if seconds is None else seconds) + _FROM_1970)[:8]


def _put_in_place(chip):
    from collections import namedtuple

    implementation = namedtuple("implementation", ("name", "version", "_machine", "_mpy", "_build"))
    real = sys.implementation
    named = implementation(real.name, real.version, "Ansim virtual board with " + chip.upper(), real._mpy, "ANSIM_VIRTUAL")
    system = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))
    uname = system("esp32", "esp32", "%d.%d.%d" % real.version[:3], sys.version, named._machine)
    modules = sys.modules
    modules["network"] = _OnDemand("_network")
    modules["os"] = _Shim(os, uname=lambda: uname)
    modules["vfs"] = _Shim(vfs, rom_ioctl=lambda *arguments: _chip.module_on_demand("_romfs").rom_ioctl(*arguments))
    modules["sys"] = _Shim(sys, platform="esp32", implementation=named)
    modules["time"] = _Shim(
        _time,
        time=lambda: _now(1000000),
        time_ns=lambda: 1000 * _now(1),
        gmtime=_gmtime,
        localtime=_gmtime,
        mktime=lambda fields: _time.mktime(tuple(fields[:8])) - _FROM_1970,
    )


def _mount(esp32):
    """LittleFS on `/` from the partition `vfs`, formatted first when the partition is blank, as the stock firmware does; ROMFS on /rom."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")
    if not found:
        print("The flash has no partition labelled vfs.")
        return
    _, _, at, size, _, _ = found[0].info()
    blocks = esp32.Blocks(at, size)
    options = {"readsize": 32, "progsize": 32, "lookahead": 32}
    if all(byte == 0xFF for byte in esp32.view(at, 64)) and all(byte == 0xFF for byte in esp32.view(at + 4096, 64)):
        vfs.VfsLfs2.mkfs(blocks, **options)
    try:
        vfs.mount(vfs.VfsLfs2(blocks, **options), "/")
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


def run(names, rom, hook, flash_address, flash_bytes, chip, raw):
    """Called by virtual_board/launch.py, which has mounted these modules on /.rom."""
    import esp32
    import machine  # noqa: F401 - the real one must be in place before anyone asks

    del names["_names"]
    _chip.begin(rom, hook)
    esp32.map_flash(flash_address, flash_bytes)
    sys.path[:] = ["", ".frozen", "/lib"]
    vfs.umount("/")
    _mount(esp32)
    sys.path.insert(0, "/.rom")
    _mount_rom()
    sys.path.pop(0)
    vfs.umount("/.rom")
    _put_in_place(chip)
    for name in ("_start", "_romfs"):
        sys.modules.pop(name, None)
    os.putenv("MICROPYINSPECT", "1")
    gc.collect()
    _chip.post(_READY)
    try:
        if _run("boot.py", names) and not raw:
            _run("main.py", names)
    except SystemExit:
        os.putenv("MICROPYINSPECT", "")
