"""What the ROM and the frozen `_boot.py` of a chip do: the hardware modules, the file system, boot.py and main.py.

Runs once in each fresh interpreter. When it returns, the REPL of the interpreter itself takes over.
"""

import gc
import os
import sys

import _chip
import vfs
from micropython import const

_READY = const(28)
_RTC_GET = const(20)
_FROM_1970 = const(946684800)  # seconds until 2000


class _Shim:
    """A built-in module with some names of its own: built-in modules cannot be written to."""

    def __init__(self, real, **names):
        self._real = real
        for name, value in names.items():
            setattr(self, name, value)

    def __getattr__(self, name):
        return getattr(self._real, name)


def _put_in_place(chip):
    from collections import namedtuple

    import _romfs

    implementation = namedtuple("implementation", ("name", "version", "_machine", "_mpy", "_build"))
    real = sys.implementation
    named = implementation(real.name, real.version, "Ansim virtual board with " + chip.upper(), real._mpy, "ANSIM_VIRTUAL")
    release = "%d.%d.%d" % real.version[:3]
    system = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))
    uname = system("esp32", "esp32", release, sys.version, named._machine)
    _calendar()
    sys.modules["os"] = _Shim(os, uname=lambda: uname)
    sys.modules["vfs"] = _Shim(vfs, rom_ioctl=_romfs.rom_ioctl)
    sys.modules["sys"] = _Shim(sys, platform="esp32", implementation=named)


def _calendar():
    """`time` counts from 2000, as on the chip, and follows machine.RTC."""
    import time as real

    def now(divisor):
        us = int.from_bytes(_chip.ask(bytes((_RTC_GET,)), bytearray(9))[1:], "little")
        return us // divisor

    def gmtime(seconds=None):
        return real.gmtime((now(1000000) if seconds is None else seconds) + _FROM_1970)[:8]

    sys.modules["time"] = _Shim(
        real,
        time=lambda: now(1000000),
        time_ns=lambda: 1000 * now(1),
        gmtime=gmtime,
        localtime=gmtime,
        mktime=lambda fields: real.mktime(tuple(fields[:8])) - _FROM_1970,
    )


def _mount():
    """LittleFS on `/` from the partition `vfs`, formatted first when the partition is blank, as the stock firmware does."""
    import esp32

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
        root = vfs.VfsLfs2(blocks, **options)
    except OSError:
        print("The file system of the flash is damaged; nothing was formatted.")
        return
    vfs.mount(root, "/")


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


def run(names, flash_address, flash_bytes, hook, chip, raw, virtual_time):
    """Called by virtual_board/launch.py."""
    import esp32
    import machine
    import network  # noqa: F401 - imported before the flash hides the files of this computer

    esp32.map_flash(flash_address, flash_bytes)
    machine.interrupt = _chip.on_interrupt(hook, machine.Timer.due)
    _put_in_place(chip)
    vfs.umount("/")
    _mount()
    sys.path[:] = ["", ".frozen", "/lib"]
    os.putenv("MICROPYINSPECT", "1")
    for name in ("_start", "_romfs"):
        sys.modules.pop(name, None)
    gc.collect()
    _chip.post(_READY)
    try:
        if _run("boot.py", names) and not raw:
            _run("main.py", names)
    except SystemExit:
        os.putenv("MICROPYINSPECT", "")
