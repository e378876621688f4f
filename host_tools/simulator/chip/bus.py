"""An RS-485 bus in the simulated world: one pair of wires, many transceivers,
and what becomes of bytes when two of them drive it.
"""

import math
import random
from collections import deque
from collections.abc import Callable

from host_tools.simulator.chip.link import BITS_PER_BYTE
from host_tools.simulator.clock import Clock, Event
from host_tools.simulator.noise import stream

_RELEASE_US = 100  # how long an adapter that switches by itself drives the bus behind its last stop bit


class Transceiver:
    """One of those on the bus. Its receiver is off while its driver is on, as DE and /RE hang on one pin.

    `automatic`: it drives the bus by itself while it sends, as the host's adapter does.
    `overflowed` counts what nobody read in time.
    """

    def __init__(self, bus: "Rs485Bus", name: str, automatic: bool) -> None:
        self.name = name
        self.baud = 0  # closed
        self.overflowed = 0
        self.plugged = True
        self.cut = False  # the wires between this end and its UART
        # What its UART makes of a byte that arrives; None for a lost one.
        self.spoil: Callable[[int], int | None] | None = None
        self.driving = False
        self.since_us = 0  # of its driver's last change
        self.on_bytes: Callable[[bytes], object] | None = None  # told what has arrived instead of being asked
        self._bus = bus
        self._automatic = automatic
        self._waiting = bytearray()
        self._limit = 1 << 16
        self._sent_until_us = 0.0
        self._leaving: deque[Event] = deque()
        self._release: Event | None = None

    def open(self, baud: int, limit: int = 1 << 16) -> None:
        """Opens the port; what arrives and is not read beyond `limit` bytes
        is lost and counted in `overflowed`.
        """
        self.baud = baud
        self._limit = limit
        self._waiting.clear()

    def close(self) -> None:
        """What waits here is lost, and so is what has not left yet."""
        self.baud = 0
        self._waiting.clear()
        while self._leaving:
            self._leaving.pop().cancel()
        self._sent_until_us = 0.0
        if self._automatic:
            self.drive(0)

    @property
    def idle(self) -> bool:
        """Whether all has been sent."""
        return self._bus.clock.now_us() >= self._sent_until_us

    def drive(self, level: int) -> None:
        """Switches the driver: the enable pin has changed."""
        if bool(level) != self.driving:
            self._bus.driver_changes(self)
            self.driving = bool(level)
            self.since_us = self._bus.clock.now_us()
            if self.driving:
                self._bus.driver_is_on(self)

    def write(self, data: bytes) -> None:
        """Sends bytes, one behind the other, after those still being sent;
        only what is sent while the driver is on is on the bus.
        """
        if not self.baud or self.cut:
            return
        clock = self._bus.clock
        byte_us = BITS_PER_BYTE * 1_000_000 / self.baud
        at = max(self._sent_until_us, clock.now_us())
        if self._automatic:
            self.drive(1)
        for byte in data:
            start_us = math.ceil(at)
            at += byte_us
            self._leaving.append(
                clock.at(math.ceil(at), lambda byte=byte, start_us=start_us: self._leave(byte, start_us))
            )
        self._sent_until_us = at
        if self._automatic:
            if self._release:
                self._release.cancel()
            self._release = clock.at(math.ceil(at) + _RELEASE_US, lambda: self.drive(0))

    def _leave(self, byte: int, start_us: int) -> None:
        self._leaving.popleft()
        if self.driving and self.since_us <= start_us:
            self._bus.carry(self, byte, start_us)

    def read(self, count: int) -> bytes:
        """Up to count bytes of what has arrived."""
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        return data

    def receive(self, byte: int) -> None:
        """The bus delivers."""
        heard = byte if self.spoil is None else self.spoil(byte)
        if self.cut or heard is None:
            return
        if self.on_bytes:
            self.on_bytes(bytes((heard,)))
        elif len(self._waiting) < self._limit:
            self._waiting.append(heard)
        else:
            self.overflowed += 1


class Rs485Bus:
    """The pair of wires. `host` is the adapter of the bus master.

    `damage` is the probability that a byte arrives changed at one end, `echo` whether a sender hears itself.
    `collisions` are the moments at which a driver was switched on while another one was: (µs, the names of
    those that drove).
    """

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.damage = 0.0
        self.echo = False
        self.collisions: list[tuple[int, frozenset[str]]] = []
        self._rng: random.Random = stream(seed, "bus")
        self._contended_us = -1  # until when two have driven
        self.ends: list[Transceiver] = []
        self.host = self.join("host", automatic=True)

    def join(self, name: str, *, automatic: bool = False) -> Transceiver:
        """One more transceiver."""
        self.ends.append(Transceiver(self, name, automatic))
        return self.ends[-1]

    def drivers(self) -> list[Transceiver]:
        """Those that drive the wires now."""
        return [end for end in self.ends if end.driving and end.plugged]

    def driver_changes(self, _end: Transceiver) -> None:
        """Called ahead of each change: two that have driven up to now have spoilt what was on the wires."""
        if len(self.drivers()) > 1:
            self._contended_us = self.clock.now_us()

    def driver_is_on(self, end: Transceiver) -> None:
        """Notes who drives beside a driver that has just been switched on."""
        drivers = self.drivers()
        if end.plugged and len(drivers) > 1:
            self.collisions.append((self.clock.now_us(), frozenset(one.name for one in drivers)))

    def carry(self, sender: Transceiver, byte: int, start_us: int) -> None:
        """Delivers one byte that has just left, begun at `start_us`, to every receiver that is on."""
        if not sender.plugged:
            return
        spoilt = self._contended_us > start_us or len(self.drivers()) > 1
        for end in self.ends:
            deaf = end.driving and not (end is sender and self.echo)
            if deaf or not end.plugged or not end.baud:
                continue
            wrong = spoilt or end.baud != sender.baud or (self.damage and self._rng.random() < self.damage)
            end.receive(byte ^ self._rng.randint(1, 255) if wrong else byte)
