"""`network`, `socket` and `select` of the simulated chip on CPython:
what the firmware's own carrier runs on in virtual time.

The radio refuses what the chip's refuses (host_tools.simulator.chip.radio);
connections go over the simulated network. Nothing here waits.
"""

import builtins
import errno
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from host_tools.simulator.chip.network import Network, Stream
from host_tools.simulator.chip.radio import Radio, Refused
from host_tools.sources import locker_folder

_NAME_SERVER = "10.0.0.1"
_NAME_PORTS = (53, 5353)
_NAME_US = 20_000


class Sockets(ModuleType):
    """Three modules of MicroPython in one. `alive` is called before each act and may raise."""

    STA_IF = 0
    AF_INET, SOCK_STREAM, SOCK_DGRAM = 2, 1, 2
    POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16

    def __init__(self, radio: Radio, net: Network, alive: Callable[[], object]) -> None:
        super().__init__("sockets")
        self.radio = radio
        self.net = net
        self.alive = alive

    def WLAN(self, interface: int = 0) -> "Station":  # noqa: N802 - MicroPython's name
        return Station(self)

    def socket(self, family: int = 2, kind: int = 1) -> "Connection | Datagrams":
        self.check("socket")
        return Connection(self) if kind == self.SOCK_STREAM else Datagrams(self)

    def poll(self) -> "Poll":
        return Poll(self)

    def getaddrinfo(self, host: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        """Of an address in numbers only: a name would keep the program waiting, and this one may not."""
        self.alive()
        if host.strip("0123456789."):
            raise RuntimeError(f"a look-up of {host} keeps the whole board waiting")
        return [(2, 1, 0, "", (host, port))]

    def check(self, call: str) -> None:
        """Raises what is wrong with a call of this name."""
        self.alive()
        number = self.radio.fault_of(call)
        if number:
            raise OSError(number, "the chip refuses")


class Station:
    """network.WLAN(network.STA_IF)."""

    def __init__(self, modules: Sockets) -> None:
        self._modules = modules

    def _do(self, act: Callable[..., Any], *arguments: Any) -> Any:
        self._modules.alive()
        try:
            return act(*arguments)
        except Refused as refused:
            raise getattr(builtins, refused.error)(refused.text) from None

    def active(self, on: bool) -> bool:
        return self._do(self._modules.radio.active, on)

    def connect(self, ssid: str, password: str) -> None:
        self._do(self._modules.radio.connect)

    def isconnected(self) -> bool:
        return self._do(self._modules.radio.isconnected)

    def ifconfig(self) -> tuple[str, str, str, str]:
        return self._modules.radio.address(), "255.255.255.0", _NAME_SERVER, _NAME_SERVER


class Connection:
    """A TCP socket that does not block."""

    def __init__(self, modules: Sockets) -> None:
        self._modules = modules
        self.stream: Stream | None = None

    def setblocking(self, blocking: bool) -> None:
        """Nothing here blocks."""

    def connect(self, address: tuple[str, int]) -> None:
        self._modules.check("connect")
        self.stream = self._modules.net.connect(*address)
        raise OSError(errno.EINPROGRESS, "on its way")

    def send(self, data: bytes) -> int:
        self._modules.check("send")
        if self.stream is None or not self.stream.write(bytes(data)):
            raise OSError(errno.ENOTCONN, "no connection")
        return len(data)

    def readinto(self, buffer: bytearray) -> int | None:
        self._modules.check("read")
        data = self.stream.read(len(buffer)) if self.stream else b""
        buffer[: len(data)] = data
        return len(data) or (0 if self.stream is None or self.stream.closed else None)

    def close(self) -> None:
        self._modules.alive()
        if self.stream:
            self.stream.close()


class Datagrams:
    """A UDP socket that name servers answer, and nobody else."""

    def __init__(self, modules: Sockets) -> None:
        self._modules = modules
        self._arrived: list[bytes] = []

    def setblocking(self, blocking: bool) -> None:
        """Nothing here blocks."""

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        self._modules.check("connect")
        if address[1] in _NAME_PORTS:
            said = answered(bytes(data), self._modules.radio)
            if said:
                self._modules.net.clock.after(_NAME_US, lambda: self._arrived.append(said))
        return len(data)

    def recv(self, count: int) -> bytes:
        self._modules.check("read")
        if not self._arrived:
            raise OSError(errno.EAGAIN, "nothing yet")
        return self._arrived.pop(0)[:count]

    def close(self) -> None:
        self._modules.alive()


class Poll:
    """select.poll, for one socket that is being connected."""

    def __init__(self, modules: Sockets) -> None:
        self._modules = modules
        self._watched: list[Connection] = []

    def register(self, one: Connection, events: int) -> None:
        self._watched.append(one)

    def poll(self, timeout: int) -> list[tuple[Connection, int]]:
        self._modules.alive()
        found = []
        for one in self._watched:
            if one.stream and one.stream.open:
                found.append((one, Sockets.POLLOUT))
            elif one.stream and one.stream.closed:
                found.append((one, Sockets.POLLOUT | Sockets.POLLERR | Sockets.POLLHUP))
        return found


def answered(asked: bytes, radio: Radio) -> bytes | None:
    """What the name server of this radio's network says to a question of DNS; None for nothing."""
    labels, at = [], 12
    while asked[at]:
        labels.append(asked[at + 1 : at + 1 + asked[at]].decode())
        at += 1 + asked[at]
    address = radio.resolve(".".join(labels))
    if address is None:
        return None
    found = bytes(map(int, address.split("."))) if address else b""
    # Found, or no such name.
    head = asked[:2] + (b"\x81\x80\0\1\0\1\0\0\0\0" if found else b"\x81\x83\0\1\0\0\0\0\0\0")
    return head + asked[12:] + (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + found if found else b"")


def tcp_carrier(modules: Sockets, settings: dict[str, Any], draw: Callable[[int], int]) -> Any:
    """The firmware's own carrier, locker.hal.esp32_tcp, on these modules: each chip has a copy of its own."""
    path = Path(locker_folder(), "hal", "esp32_tcp.py")
    spec = importlib.util.spec_from_file_location("esp32_tcp_of_a_simulated_chip", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    carrier = importlib.util.module_from_spec(spec)
    names = ("network", "socket", "select")
    before = {name: sys.modules.get(name) for name in names}
    try:
        sys.modules.update(dict.fromkeys(names, modules))
        spec.loader.exec_module(carrier)
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
    return carrier.Tcp(settings, draw)
