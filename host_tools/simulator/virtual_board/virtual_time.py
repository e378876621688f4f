"""The real interpreter in virtual time: a flash image, a world and its people live for as long as asked,
in a moment, and always alike.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.nvs import Nvs
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.virtual_board.chip_server import ChipServer
from host_tools.simulator.virtual_board.interpreter import Interpreter, Settings, soft_reset_mode
from host_tools.simulator.world import World
from locker.board import Board

_PACKET_BYTES_MAX = 1 << 17
_CONSOLE_BYTES = 16384
_CONSOLE_KEPT = 1 << 20
_SILENCE_S_MAX = 60.0
_NEXT_REQUEST = struct.pack("ll", 0, 20_000)  # a timeval: most come within microseconds of the answer before
# What the modules of virtual time need, so that the program has as much as in real time.
_OWN_HEAP_BYTES = 16 << 10


@dataclass(frozen=True)
class Lived:
    """What is left when virtual time is over: the world, and all that the program printed."""

    world: World
    console: str


def run_in_virtual_time(
    flash_image: Path,
    board: Board,
    seed: int,
    script: Callable[[World], object],
    until_ms: int,
    *,
    heap_kib: int = 192,
) -> Lived:
    """Boots the interpreter from a flash image (boot.py, main.py) and lets it live until
    that time of the world, in lockstep with it.

    `script(world)` is called before the first boot: it sends people on their errands
    (host_tools.simulator.people.people) or schedules whatever else is to happen. The same image, board, seed
    and script always give the same flash. The board's only way to a host is `world.serial`: sockets have no
    place in virtual time.

    Raises UserError when the image is missing, damaged or in use; RuntimeError, with what the board printed,
    when main.py ends with an exception or the interpreter crashes; TimeoutError when it does nothing but
    compute for a minute of the computer's time.
    """
    with FlashImage(flash_image, seed) as image:
        world = World(board, VirtualClock(), seed)
        lockstep = _Lockstep(world, image, heap_kib * 1024 + _OWN_HEAP_BYTES, until_ms * 1000)
        script(world)
        return Lived(world, lockstep.live())


class _Lockstep:
    """The owner of the interpreter on a virtual chip. The world stands still while the program computes."""

    def __init__(self, world: World, image: FlashImage, heap_bytes: int, until_us: int) -> None:
        clock = world.clock
        assert isinstance(clock, VirtualClock)  # noqa: S101 - made above
        self._clock = clock
        self._world = world
        self._until_us = until_us
        self._settings = Settings(image.path, heap_bytes, world.board.chip, virtual_time=True)
        self._server = ChipServer(world.chip, clock, Nvs(image), self)
        self._interpreter: Interpreter | None = None
        self._spawn_due = True
        self._interrupted = False
        self._over = False
        self._printed = bytearray()
        self._failed = ""
        world.chip.on_reset.append(self._on_reset)
        world.chip.on_power_cut.append(self._on_power_cut)

    def live(self) -> str:
        """Until the time is over; what was printed. Raises RuntimeError when a thread of its own failed."""
        try:
            while not self._over:
                if self._spawn_due:
                    self._spawn_due = False
                    self._interpreter = Interpreter(self._settings, raw=False)
                if self._interpreter:
                    self._attend(self._interpreter)
                else:
                    self._advance(self._until_us)  # without power, or behind the end of main.py
        finally:
            self._kill()
        if self._failed:
            raise RuntimeError(self._failed)
        return self._text()

    # What the chip server asks for.

    def ready(self) -> None:
        """Nothing waits for it here."""

    def interrupt(self) -> None:
        self._interrupted = True

    def soft_reset(self) -> None:
        self._restart(soft=True)

    def sleep(self, until_us: int) -> bytes | None:
        self._advance(until_us)
        if self._over or self._spawn_due or self._interpreter is None:
            return None
        interrupted, self._interrupted = self._interrupted, False
        return b"\0" + self._clock.now_us().to_bytes(8, "little") + bytes((interrupted,))

    def ended(self, whole: bool) -> None:
        self._drain()
        if whole:
            self._kill()  # a program that returns just stops: its timers with it, its pins stay as they are
            self._server.restart(soft=False)
            self._interrupted = False
        else:
            self._fail("main.py ended with an exception")

    # Time.

    def _advance(self, until_us: int) -> None:
        """Moves the world to that instant, or to what ends the program's wait before."""
        boots = self._world.chip.boots
        while not (self._interrupted or self._over or self._spawn_due) and boots == self._world.chip.boots:
            due = self._clock.next_due_us()
            stop = min(until_us, self._until_us)
            if due is None or due > stop:
                self._clock.advance_to(stop)
                self._over = self._clock.now_us() >= self._until_us
                return
            self._clock.advance_to(due)

    # The program.

    def _attend(self, interpreter: Interpreter) -> None:
        """Serves one interpreter until it or the time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(interpreter.chip, selectors.EVENT_READ, True)
            selector.register(interpreter.console, selectors.EVENT_READ, False)
            interpreter.chip.setblocking(True)
            interpreter.chip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _NEXT_REQUEST)
            heard_at = time.monotonic()
            while interpreter is self._interpreter and not self._over and not self._spawn_due:
                ready = selector.select(_SILENCE_S_MAX)
                requests = any(key.data for key, _ in ready)
                if any(not key.data for key, _ in ready) and not self._drain() and not requests:
                    self._gone(interpreter)
                    return
                if requests:
                    heard_at = time.monotonic()
                    self._serve(interpreter)
                elif time.monotonic() - heard_at > _SILENCE_S_MAX:
                    raise TimeoutError(
                        f"the program has computed for {_SILENCE_S_MAX:.0f} s without waiting:\n"
                        f"{self._text()}"
                    )

    def _serve(self, interpreter: Interpreter) -> None:
        """Answers what it asks, until it asks nothing for a moment:
        then it may have printed, and wait for that to be read.
        """
        while interpreter is self._interpreter and not self._over and not self._spawn_due:
            try:
                packet = interpreter.chip.recv(_PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            except ConnectionResetError:
                packet = b""
            if not packet:
                self._gone(interpreter)
                return
            answer = self._server.serve(packet)
            if answer is not None and interpreter is self._interpreter and not self._spawn_due:
                interpreter.chip.send(answer)

    def _drain(self) -> bool:
        """Keeps what the program has printed; False when its console is closed."""
        while self._interpreter:
            try:
                data = self._interpreter.console.recv(_CONSOLE_BYTES)
            except BlockingIOError:
                return True
            except ConnectionResetError:
                return False
            if not data:
                return False
            self._printed = (self._printed + data)[-_CONSOLE_KEPT:]
        return False

    def _gone(self, interpreter: Interpreter) -> None:
        """The interpreter has ended by itself: a soft reset or a crash."""
        if interpreter is not self._interpreter:
            return
        self._drain()
        self._interpreter = None
        status = interpreter.close()
        if soft_reset_mode(status) is None:
            self._fail(f"the interpreter ended with status {status}")
        else:
            self._restart(soft=True)

    def _kill(self) -> None:
        self._drain()  # what the program printed before the request that ends it has been said
        interpreter, self._interpreter = self._interpreter, None
        if interpreter:
            interpreter.kill()

    def _restart(self, soft: bool) -> None:
        self._kill()
        self._interrupted = False
        self._server.restart(soft=soft)
        self._spawn_due = True

    def _on_reset(self, _cause: int) -> None:
        self._restart(soft=False)

    def _on_power_cut(self) -> None:
        self._kill()
        self._server.restart(soft=False)
        self._server.lose_power()
        self._spawn_due = False

    def _fail(self, what: str) -> None:
        self._failed = f"{what}:\n{self._text()}"
        self._over = True

    def _text(self) -> str:
        return self._printed.decode(errors="replace")
