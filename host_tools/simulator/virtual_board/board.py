"""A virtual board in real time: one loop over the interpreter,
the serial ports, the simulated cabinet and its hands.
"""

import selectors
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.simulator.chip.chip import WDT_RESET
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.nvs import Nvs
from host_tools.simulator.clock import RealClock
from host_tools.simulator.people.things import Things
from host_tools.simulator.virtual_board.chip_server import ChipServer
from host_tools.simulator.virtual_board.console import Console
from host_tools.simulator.virtual_board.control import ControlSocket
from host_tools.simulator.virtual_board.ending import Ending
from host_tools.simulator.virtual_board.interpreter import Interpreter, Settings, soft_reset_mode
from host_tools.simulator.virtual_board.pty_port import PtyPort
from host_tools.simulator.world import World
from locker.board import Board

_PACKET_BYTES_MAX = 1 << 17
_CONSOLE_BYTES = 16384
_REQUESTS_AT_ONCE = 1024  # more than the line holds: what a program posted before it ended is served whole
_RETRY_S = 0.001
_NOBODY_READS_S = 0.25
_WAIT_S_MAX = 0.25
_STOPPED_NS_MIN = 1_000_000_000
_CRASHES_MAX = 5
_CRASH_WINDOW_S = 10.0


class _SteadyTime:
    """Monotonic time without the stretches in which this process was stopped:
    to a stopped world its watchdog must not come due.

    Wherever it was stopped: a running one looks at the time at least each _WAIT_S_MAX,
    unless it waits for somebody without an end.
    """

    def __init__(self) -> None:
        self._lost_ns = 0
        self._looked_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        now = time.monotonic_ns()
        if now - self._looked_ns > _STOPPED_NS_MIN:
            self._lost_ns += now - self._looked_ns
        self._looked_ns = now
        return now - self._lost_ns

    def waited_for_somebody(self) -> None:
        """Nothing was due meanwhile, and time has passed."""
        self._looked_ns = time.monotonic_ns()


class VirtualBoard:
    """Everything of one board, from its serial port to the springs of its doors.

    `run` until it is asked to end.
    """

    def __init__(
        self,
        board: Board,
        image: FlashImage,
        port: PtyPort,
        link: PtyPort | None,
        heap_bytes: int,
        seed: int,
        uid: bytes | None,
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._steady = _SteadyTime()
        self._clock = RealClock(self._steady.now_ns)
        self._port = port
        self._link = link
        self.world = World(board, self._clock, seed, uid)
        self._settings = Settings(image.path, heap_bytes, board.chip)
        self._server = ChipServer(self.world.chip, self._clock, Nvs(image), self)
        self._console = Console(port)
        self._interpreter: Interpreter | None = None
        self._next: Callable[[], None] | None = lambda: self._spawn(raw=False)
        self._crashes: list[float] = []
        self._on_ready: Callable[[], None] = lambda: None
        self._stuck_since: float | None = None
        self.world.chip.on_reset.append(self._on_reset)
        self.world.chip.on_power_cut.append(self._on_power_cut)
        self._register(port, self._on_typed)
        if link:
            self._register(link, self._on_host_bytes)
            self.world.serial.host.on_bytes = link.write
        self._control = ControlSocket(port.path, self.world, self._register, self._unregister)
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._register(self._wake, lambda: self._wake.recv(64))

    # The loop.

    def run(self, ending: Ending, on_ready: Callable[[], None] = lambda: None) -> None:
        """Runs the board until it is asked to end.

        Calls `on_ready` when the first interpreter is about to run boot.py.
        """
        self._on_ready = on_ready
        woken_before = signal.set_wakeup_fd(self._waker.fileno())
        try:
            while not ending.asked:
                self._turn()
        finally:
            signal.set_wakeup_fd(woken_before)

    def close(self) -> None:
        """Ends the interpreter as a power cut would, and removes the control socket.

        The ports are their maker's.
        """
        self._end(kill=True)
        self._control.close()
        self._wake.close()
        self._waker.close()
        self._selector.close()

    def _turn(self) -> None:
        self._clock.run_due()
        if self._next:
            act, self._next = self._next, None
            act()
        self._console.pump()
        self._port.flush()
        if self._link:
            self._link.flush()
        self._watch_ports()
        patience = self._patience()
        ready = self._selector.select(patience)
        if patience is None:
            self._steady.waited_for_somebody()
        for key, events in ready:
            now = self._selector.get_map().get(key.fd)
            # An earlier one may have ended this one.
            if events & selectors.EVENT_READ and now and now.fileobj is key.fileobj:
                key.data()

    def _watch_ports(self) -> None:
        """Has the loop wake when a port takes more of what waits for it."""
        for port in (self._port, self._link):
            if port:
                key = self._selector.get_key(port)
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if port.waiting else 0)
                if key.events != events:
                    self._selector.modify(port, events, key.data)

    def _patience(self) -> float | None:
        """Seconds until something is due even if nobody says a word."""
        if self._next:
            return 0.0
        due = self._clock.next_due_us()
        waits = [_RETRY_S] if self._console.waits else []
        if due is not None:
            waits.append(min(_WAIT_S_MAX, max(0.0, (due - self._clock.now_us()) / 1e6)))
        return min(waits, default=None)

    def _register(self, file: Any, action: Callable[[], object]) -> None:
        self._selector.register(file, selectors.EVENT_READ, action)

    def _unregister(self, file: Any) -> None:
        self._selector.unregister(file)

    # The program on the chip, and what the chip does to it.

    def ready(self) -> None:
        self._console.ready()
        tell, self._on_ready = self._on_ready, lambda: None
        tell()

    def interrupt(self) -> None:
        if self._interpreter:
            self._interpreter.timer_interrupt()

    def sleep(self, until_us: int) -> bytes | None:
        raise AssertionError("asked for virtual time in real time")

    def ended(self, whole: bool) -> None:
        raise AssertionError("told of an end in real time")

    def soft_reset(self) -> None:
        self._next = lambda: self._soft_reset(self._console.raw)

    def _spawn(self, raw: bool) -> None:
        self._interpreter = Interpreter(self._settings, raw)
        self._console.attach(self._interpreter)
        self._register(self._interpreter.console, self._on_printed)
        self._register(self._interpreter.chip, self._on_request)

    def _end(self, *, kill: bool) -> int:
        """Ends the interpreter or sees it off; its exit status."""
        interpreter, self._interpreter = self._interpreter, None
        if interpreter is None:
            return 0
        self._console.attach(None)
        self._unregister(interpreter.console)
        self._unregister(interpreter.chip)
        if kill:
            interpreter.kill()
        return interpreter.close()

    def _on_reset(self, cause: int) -> None:
        """The chip starts anew: killed at once, respawned by the loop,
        in friendly mode, as after power-on.
        """
        self._end(kill=True)
        self._server.restart(soft=False)
        self._console.raw = False
        self._console.say(b"\r\nrst: cause %d\r\n" % cause)
        self._next = lambda: self._spawn(raw=False)

    def _on_power_cut(self) -> None:
        self._end(kill=True)
        self._server.restart(soft=False)
        self._server.lose_power()
        self._console.raw = False
        self._next = None

    def _soft_reset(self, raw: bool) -> None:
        self._end(kill=True)
        self._server.restart(soft=True)
        self._console.say(b"MPY: soft reboot\r\n")
        self._spawn(raw)

    # What is there to read.

    def _on_typed(self) -> None:
        self._console.type(self._port.read())
        self._console.pump()

    def _on_printed(self) -> None:
        interpreter = self._interpreter
        if interpreter is None:
            return
        if self._port.full and not self._nobody_reads():
            return
        try:
            data = interpreter.console.recv(_CONSOLE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if data:
            self._console.show(data)
        else:
            self._next = lambda: self._gone(interpreter)

    def _nobody_reads(self) -> bool:
        """True when the port has taken nothing for a while:
        what waits there is dropped, and the board goes on.
        """
        now = time.monotonic()
        self._stuck_since = self._stuck_since or now
        if now - self._stuck_since < _NOBODY_READS_S:
            time.sleep(_RETRY_S)
            return False
        self._stuck_since = None
        self._port.drop()
        return True

    def _gone(self, interpreter: Interpreter) -> None:
        """The interpreter has ended by itself: a soft reset, or a crash,
        which the chip would survive by its watchdog.
        """
        self._on_request()  # what a program posted before it ended has happened
        if interpreter is not self._interpreter:
            return
        started = self._console.started
        self._next = None
        status = self._end(kill=False)
        raw = soft_reset_mode(status)
        if started and raw is not None:
            self._soft_reset(raw)
            return
        now = time.monotonic()
        self._crashes = [at for at in self._crashes if now - at < _CRASH_WINDOW_S] + [now]
        if len(self._crashes) >= _CRASHES_MAX:
            raise UserError(
                f"The MicroPython interpreter has ended {_CRASHES_MAX} times in {_CRASH_WINDOW_S:.0f} s "
                f"(status {status})."
            )
        self._console.say(b"\r\nThe interpreter crashed (status %d).\r\n" % status)
        self.world.chip.reset(WDT_RESET)

    def _on_request(self) -> None:
        interpreter = self._interpreter
        # A program that posts without a pause must not keep the loop from everything else.
        for _ in range(_REQUESTS_AT_ONCE):
            if (
                interpreter is None
                or interpreter is not self._interpreter
                or not self._serve_one(interpreter)
            ):
                return

    def _serve_one(self, interpreter: Interpreter) -> bool:
        try:
            packet = interpreter.chip.recv(_PACKET_BYTES_MAX)
        except (BlockingIOError, ConnectionResetError):
            return False
        if not packet:
            self._next = self._next or (lambda: self._gone(interpreter))
            return False
        answer = self._server.serve(packet)
        # Else the chip was reset while it answered.
        if answer is not None and interpreter is self._interpreter:
            interpreter.chip.send(answer)
        return True

    def _on_host_bytes(self) -> None:
        if self._link:
            self.world.serial.host.write(self._link.read())


class OpenBoard:
    """Flash image, ports and board, opened in an order in which each failure leaves nothing behind."""

    def __init__(
        self,
        board: Board,
        flash_mb: int,
        port: Path,
        link: Path | None,
        flash: Path,
        heap_kib: int,
        seed: int,
        uid: bytes | None,
    ) -> None:
        self._closers: list[Callable[[], None]] = []
        try:
            image = FlashImage(flash, seed, flash_mb=flash_mb)
            self._closers.append(image.close)
            self.port = PtyPort(port)
            self._closers.append(self.port.close)
            self.link = PtyPort(link) if link else None
            if self.link:
                self._closers.append(self.link.close)
            self.board = VirtualBoard(board, image, self.port, self.link, heap_kib * 1024, seed, uid)
            self._closers.append(self.board.close)
            Things(flash.with_name(f"{flash.name}.things"), self.board.world)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "OpenBoard":
        return self

    def __exit__(self, *_: object) -> None:
        while self._closers:
            self._closers.pop()()
