"""What runs in the interpreter's own process: CPython prepares it,
then hands the process to MicroPython for good.

Started as `python -I -S launch.py DESCRIPTOR SETTINGS`; SETTINGS is the JSON that `interpreter.Interpreter`
writes. Standard input and output are the console, descriptor 3 is the line to the simulated chip. What only
the outside of MicroPython can do is done here:

- the flash image is mapped into memory, so that the injected `esp32.Partition` and ROMFS read it in place,
  as the chip does;
- SIGUSR1 becomes what the chip's Ctrl-C is: `mp_sched_keyboard_interrupt`, an exception at the next safe
  point of the byte code (the port's own SIGINT handler jumps out of whatever C code is running, LittleFS in
  mid-write included);
- SIGUSR2 becomes the chip's timer interrupt:
  it schedules the function whose address the injected `machine` left in the hook;
- the exit status tells in which mode the REPL was, since a soft reset keeps it.
"""

import ctypes
import json
import mmap
import os
import signal
import sys

#: Exit statuses of a soft reset; anything else is a crash.
EXIT_FRIENDLY = 64
EXIT_RAW = 65
_LINE_TO_CHIP = 3
_PYEXEC_RAW = 1
_PR_SET_PDEATHSIG = 1
_SMALL_INT_ZERO = 1  # as MicroPython represents it in a machine word
_keep: list[mmap.mmap] = []


def _mapped(path: str, flags: int) -> tuple[int, int]:
    """Address and length of a file in memory, for as long as the process lives."""
    file = os.open(path, os.O_RDWR)
    _keep.append(mmap.mmap(file, 0, flags=flags))
    os.close(file)
    return ctypes.addressof(ctypes.c_char.from_buffer(_keep[-1])), len(_keep[-1])


def main() -> None:
    """Runs the interpreter in this process; its line to the chip and its settings are the arguments."""
    line, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    if line != _LINE_TO_CHIP:
        os.dup2(line, _LINE_TO_CHIP)
        os.close(line)
    libc = ctypes.CDLL(None)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) or os.getppid() != settings["parent"]:
        os._exit(1)
    sys.path.append(settings["packages"])
    import micropython_run  # type: ignore[import-not-found]

    micropython = ctypes.PyDLL(micropython_run.__file__)
    # Private, since ctypes needs a mapping that could be written to.
    modules = _mapped(settings["modules"], mmap.MAP_PRIVATE)
    flash = _mapped(settings["flash"], mmap.MAP_SHARED)

    hook = ctypes.c_uint64(0)

    def schedule(_signal: int) -> None:
        if hook.value:
            micropython.mp_sched_schedule(ctypes.c_void_p(hook.value), ctypes.c_void_p(_SMALL_INT_ZERO))

    on_timer = ctypes.CFUNCTYPE(None, ctypes.c_int)(schedule)
    libc.signal(signal.SIGUSR1, ctypes.cast(micropython.mp_sched_keyboard_interrupt, ctypes.c_void_p))
    libc.signal(signal.SIGUSR2, on_timer)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        libc.siginterrupt(number, 1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # SIG_IGN: a write to a console that went away is an error, not a death
    libc.signal(signal.SIGPIPE, ctypes.c_void_p(1))

    mode = ctypes.c_int.in_dll(micropython, "pyexec_mode_kind")
    mode.value = _PYEXEC_RAW if settings["raw"] else 0
    arguments = (
        ctypes.addressof(hook),
        flash[0],
        settings["chip"],
        settings["raw"],
        settings["virtual_time"],
    )
    start = (
        "import sys, uctypes, vfs\n"
        f"_rom = vfs.VfsRom(uctypes.bytearray_at{modules})\n"
        "vfs.mount(_rom, '/.rom')\n"
        "sys.path[:] = ['/.rom']\n"
        "import _start\n"
        "_run = _start.run\n"
        "_names = globals()\n"
        "for _ in ('sys', 'uctypes', 'vfs', '_start', '_'): _names.pop(_, None)\n"
        f"_names.pop('_run')(_names, _names.pop('_rom'), {', '.join(map(repr, arguments))})"
    )
    micropython_run.run_main(["micropython", "-X", f"heapsize={settings['heap_bytes']}", "-c", start])
    os._exit(EXIT_RAW if mode.value == _PYEXEC_RAW else EXIT_FRIENDLY)


if __name__ == "__main__":
    main()
