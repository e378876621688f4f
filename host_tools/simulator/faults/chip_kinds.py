"""What each fault of the controller itself does to a world: further functions of the table in plan.py.

Raises ValueError as those of kinds.py.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.simulator.chip.radio import VERSIONS, Refused
from host_tools.simulator.faults.kinds import choice, end, number
from host_tools.simulator.noise import stream

if TYPE_CHECKING:
    from host_tools.simulator.world import World

Mend = Callable[[], object]

_MS_MAX = 600_000
_BYTES_MAX = 100_000
_FIFO_BYTES = 128  # of an ESP32's UART
_TIMES_MAX = 100
_STARTS = {
    "unknown": Refused("RuntimeError", "Wifi Unknown Error 0x0101"),
    "init": Refused("OSError", "Wifi Not Initialized"),
    "memory": Refused("MemoryError"),
}
_ERRNOS = {
    "ENOMEM": errno.ENOMEM,
    "EHOSTUNREACH": errno.EHOSTUNREACH,
    "ECONNRESET": errno.ECONNRESET,
    "ETIMEDOUT": errno.ETIMEDOUT,
}


def radio(world: World, words: list[str]) -> Mend | None:
    """[router|password|dhcp] | slow MS | start unknown|init|memory [TIMES] | port 1.23|1.27."""
    air = world.chip.radio
    kind = choice(words, ("router", "password", "dhcp", "slow", "start", "port"))
    if kind == "slow":
        ms = number(words, 1, _MS_MAX, "how long joining takes, in ms,")
        end(words)
        before = air.join_ms
        air.change(join_ms=ms)
        return lambda: air.change(join_ms=before)
    if kind == "start":
        error = _STARTS[choice(words, tuple(_STARTS))]
        times = number(words, 1, _TIMES_MAX, "how often", 1)
        end(words)
        air.change(start_errors=deque([error] * times))
        return air.start_errors.clear
    if kind == "port":
        version, before = choice(words, tuple(VERSIONS)), air.version
        end(words)
        air.change(version=version)
        return lambda: air.change(version=before)
    end(words)
    name = {"router": "router", "password": "lets_in", "dhcp": "leases"}[kind]
    air.change(**{name: False})
    return lambda: air.change(**{name: True})


def name(world: World, words: list[str]) -> Mend:
    """[silent|unknown] | blocks MS."""
    air = world.chip.radio
    kind = choice(words, ("silent", "unknown", "blocks"))
    if kind == "blocks":
        ms = number(words, 1, _MS_MAX, "how long a look-up keeps the program waiting, in ms,")
        end(words)
        air.change(blocks_ms=ms)
        return lambda: air.change(blocks_ms=0)
    end(words)
    if kind == "silent":
        air.change(name_server=False)
        return lambda: air.change(name_server=True)
    before = air.names, air.elsewhere
    air.change(names={}, elsewhere=lambda _name: "")
    return lambda: air.change(names=before[0], elsewhere=before[1])


def socket(world: World, words: list[str]) -> Mend:
    """[socket|connect|send|read] [ENOMEM|EHOSTUNREACH|ECONNRESET|ETIMEDOUT] [TIMES]."""
    call = choice(words, ("socket", "connect", "send", "read"))
    error = _ERRNOS[choice(words, tuple(_ERRNOS))]
    times = number(words, 1, _TIMES_MAX, "how often", 1)
    end(words)
    errors = world.chip.radio.socket_errors
    errors[call] = deque([error] * times)
    return lambda: errors.pop(call, None)


def rng(world: World, words: list[str]) -> Mend:
    """Takes no words."""
    end(words)
    world.chip.constant_entropy = b"\x5a"
    return lambda: setattr(world.chip, "constant_entropy", None)


def adc(world: World, words: list[str]) -> Mend:
    """[fuses|dead]."""
    name = {"fuses": "calibrated", "dead": "converts"}[choice(words, ("fuses", "dead"))]
    end(words)
    setattr(world.chip, name, False)
    return lambda: setattr(world.chip, name, True)


def uart(world: World, words: list[str]) -> Mend:
    """[overflow] [BYTES] | noise [PERCENT] | break.

    What the IDF's driver does with each (components/esp_driver_uart, uart_rx_intr_handler_default): a FIFO
    that overflows is reset, and its bytes are gone; noise changes bytes, since without parity nothing is seen
    of it; a break is a line that is low for longer than a byte takes, which gives one byte 0 and then nothing
    until the line rests high again. None of them raises in MicroPython.
    """
    if world.chip.serial is None:
        raise ValueError("this cabinet has no serial link")
    line = world.chip.serial[3]
    kind = choice(words, ("overflow", "noise", "break"))
    if kind == "noise":
        share = number(words, 1, 100, "how many bytes of a hundred are changed", 5) / 100
        end(words)
        rng = stream(world.seed, "uart noise")
        line.spoil = lambda byte: byte ^ rng.randint(1, 255) if rng.random() < share else byte
    elif kind == "overflow":
        left = [number(words, 1, _BYTES_MAX, "how many bytes are lost", _FIFO_BYTES)]
        end(words)
        line.spoil = lambda byte: byte if _none_left(left) else None
    else:
        end(words)
        first = [1]
        line.spoil = lambda _byte: None if _none_left(first) else 0
    return lambda: setattr(line, "spoil", None)


def _none_left(left: list[int]) -> bool:
    """Counts one of those that are left down; whether there was none."""
    left[0] -= 1
    return left[0] < 0


def partition(world: World, words: list[str]) -> Mend:
    """[write|erase|read] [TIMES].

    esp_partition_read, _write and _erase_range then have ESP_ERR_FLASH_OP_FAIL (IDF, spi_flash), and
    esp32.Partition raises OSError with it (ports/esp32/esp32_partition.c, check_esp_err); nothing of the
    operation is done.
    """
    kind = choice(words, ("write", "erase", "read"))
    times = number(words, 1, _TIMES_MAX, "how often", 1)
    end(words)
    world.chip.flash_errors[kind] = times
    return lambda: world.chip.flash_errors.pop(kind, None)


def nvs(world: World, words: list[str]) -> Mend:
    """[full]."""
    choice(words, ("full",))
    end(words)
    world.chip.storage_is_full = True
    return lambda: setattr(world.chip, "storage_is_full", False)
