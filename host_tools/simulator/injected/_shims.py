"""Built-in modules that say what an ESP32 says: `os`, `sys`, `time`,
`vfs`, and `network` and `socket` on demand.

Apart from `_start.py`, which is forgotten when it has run: functions keep the module that they come from.
"""

import os
import socket
import sys
import time as _time

import _chip
import vfs
from micropython import const

MACHINE = "Ansim virtual board with "
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


def put_in_place(chip):
    modules = sys.modules
    modules["network"] = _OnDemand("_network")
    _chip.real_socket = socket
    modules["socket"] = _OnDemand("_socket")
    modules["os"] = _Shim(os, uname=lambda: _chip.module_on_demand("_uname").uname())
    modules["vfs"] = _Shim(
        vfs, rom_ioctl=lambda *arguments: _chip.module_on_demand("_romfs").rom_ioctl(*arguments)
    )
    modules["sys"] = _Shim(
        sys,
        platform="esp32",
        implementation=_Shim(sys.implementation, _machine=MACHINE + chip, _build="ANSIM_VIRTUAL"),
    )
    modules["time"] = _Shim(
        _time,
        time=lambda: _now(1000000),
        time_ns=lambda: 1000 * _now(1),
        gmtime=_gmtime,
        localtime=_gmtime,
        mktime=lambda fields: _time.mktime(tuple(fields[:8])) - _FROM_1970,
    )


def stop_the_clock():
    """Puts virtual time in place of the computer's, before anything has imported asyncio."""
    import _tasks
    import _virtual_time as virtual

    virtual.begin()
    modules = sys.modules
    modules["_asyncio"] = _tasks
    modules["select"] = virtual
    names = ("ticks_ms", "ticks_us", "ticks_cpu", "ticks_add", "ticks_diff", "sleep", "sleep_ms", "sleep_us")
    for name in names:
        setattr(modules["time"], name, getattr(virtual, name))
    modules["os"].urandom = virtual.urandom
