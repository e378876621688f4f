"""The line to the simulated chip: descriptor 3, one request a packet,
answers of the length the asker expects.

The other end is virtual_board/chip_server.py, which has the table of requests. Outputs are posted; only what
the answer of matters to waits. An answer begins with a status byte: 0, or the errno to raise.
"""

import sys

import uctypes
import vfs

_line = open(3, "r+b", buffering=0)
_write = _line.write
_read = _line.readinto
_small = bytearray(4)
_byte = bytearray(2)

_rom = None  # the file system that holds these modules
_hook = None  # where the process looks for the function that a timer schedules
_interrupt = None
_busy = False
_late = False


def post(op, a=0, b=0, c=0):
    """A request of four bytes that has no answer."""
    _small[0] = op
    _small[1] = a
    _small[2] = b
    _small[3] = c
    send(_small)


def send(packet):
    """A request that has no answer. An output that was ordered happens even when Ctrl-C comes in between."""
    global _busy
    _busy = True
    try:
        _write(packet)
    except KeyboardInterrupt:
        _write(packet)
        _done()
        raise
    _done()


def ask(packet, answer):
    """A request; its answer fills the buffer, whose first byte is the status:
    ValueError for EINVAL, OSError for any other.
    """
    global _busy
    _busy = True
    _write(packet)
    try:
        _read(answer)
    except KeyboardInterrupt:
        _read(answer)  # it is still on its way: left there, it would answer the next question
        _done()
        raise
    _done()
    if answer[0] == 22:
        raise ValueError("the chip cannot do that")
    if answer[0]:
        raise OSError(answer[0])
    return answer


def _done():
    """An exchange is over; what interrupted it comes now."""
    global _busy, _late
    _busy = False
    if _late:
        _late = False
        _interrupt()


def ask_small(op, a, b=0, c=0):
    """A request of four bytes; the one byte of its answer. Allocates nothing."""
    _small[0] = op
    _small[1] = a
    _small[2] = b
    _small[3] = c
    return ask(_small, _byte)[1]


def arrived(_):
    """Scheduled by SIGUSR2. Never breaks into an exchange with the chip."""
    global _late
    if _busy:
        _late = True
    else:
        _interrupt()


def on_interrupt(function):
    """Has a timer of the chip call this function at the next safe point."""
    global _interrupt
    _interrupt = function
    uctypes.bytearray_at(_hook, 8)[:] = id(arrived).to_bytes(8, "little")


def begin(rom, hook):
    global _rom, _hook
    _rom = rom
    _hook = hook


def load(name, *modules):
    """The object of that name in the first of these modules that has it; AttributeError when none has."""
    for module_name in modules:
        module = module_on_demand(module_name)
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(name)


def module_on_demand(name):
    """One of these modules, imported now: their file system is in sight only meanwhile."""
    if name in sys.modules:
        return sys.modules[name]
    vfs.mount(_rom, "/.rom")
    try:
        sys.path.insert(0, "/.rom")
        return __import__(name)
    finally:
        sys.path.remove("/.rom")
        vfs.umount("/.rom")
