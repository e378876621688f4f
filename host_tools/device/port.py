"""A board behind a serial port: mpremote's transport, its failures explained, typed answers, bytes counted.

with Device("/dev/ttyUSB0", errand) as device:
    device.call("files", "read", "/board.json")
"""

import contextlib
import io
import struct
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from host_tools.device.answers import TEXT_MAX, parsed
from host_tools.device.port_list import look_at
from host_tools.device.programs import MPY_VERSION, WINDOW_BITS, deflated, literal, strip
from host_tools.errors import UserError

#: After this long in the raw REPL without a word from us a board's watchdog brings its application back.
PATIENCE_MS = 600_000
_READ_TIMEOUT_S = 3
_ANSWER_TIMEOUT_S = 30
_ATTEMPTS = 2
#: A plain ESP32 needs about 3 s from its reset to a cabinet in service;
#: one with a full journal, or a slow supply, needs longer.
BOOT_S_MAX = 60.0
#: After this long it is said that the board is waited for,
#: and after a traceback it is waited this much longer for a second try.
_BOOT_S_USUAL = 5.0
_AFTER_TRACEBACK_S = 10.0
_BOOT_READ_S = 0.5
#: How long a board has to end what it does when Ctrl-C is handed on to it.
_END_S_MAX = 0.3
_SILENT = (
    "Likely causes: another device's port, a chip without MicroPython (`ansim flash --erase-chip`), "
    "a cable for charging only, or no power."
)
#: Takes away the note that the application has left (locker.shell.pause):
#: else a look that comes before the next start would sign it.
_RESET = b"""import machine
try:
    machine.RTC().memory(b'')
except AttributeError:
    pass
machine.reset()"""
#: Signs that note: this boot goes on, for nothing was changed.
_RESET_AFTER_A_LOOK = b"""import machine
try:
    m = machine.RTC().memory
    if m()[:1] == b'P':
        m(b'L' + m()[1:])
except AttributeError:
    pass
machine.reset()"""
#: What changes nothing on a board. Whatever else it is asked to run makes its next start an event.
_LOOKS = {
    "probe": ("probe",),
    "files": ("digest", "has_journal", "read", "survey"),
    "service": ("journal", "who"),
    "parcels": ("waiting",),
    "bench": ("begin",),
    "load": ("packages",),
}
_AFTER_BOOT = (b">>> ", b"In service\r\n")


class BoardError(UserError):
    """What was run on the board raised an exception there; `kind` and `text` are its own."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        known = _CAUSES.get((kind, text)) or _CAUSES.get((kind, ""))
        super().__init__(known or f"The board reported {kind}: {text or 'no reason'}.")


_CAUSES = {
    ("OSError", "28"): (
        "The board's flash is full: remove files that are not the firmware's and run the command again."
    ),
    ("MemoryError", ""): "The board has not enough memory for this: reset it and run the command again.",
    ("OSError", "5"): (
        "The board's flash does not read back what was written: the module is worn out or not supplied well."
    ),
}


class Facts(NamedTuple):
    """Who is on the other end."""

    implementation: str
    version: tuple[int, int, int]
    mpy: int
    platform: str
    machine: str
    uid: bytes | None
    deflate: bool

    @property
    def micropython(self) -> str:
        """Its version, as people write it."""
        return ".".join(map(str, self.version))

    @property
    def chip(self) -> str:
        """The chip as board definitions name it ("esp32s3"), as the last word of the build's name says."""
        return self.machine.rsplit(" ", 1)[-1].lower().replace("-", "")


class Traffic:
    """pyserial's port with its bytes counted; everything else goes through."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.sent = 0
        self.received = 0

    def write(self, data: bytes) -> int | None:
        """Hands over and counts them."""
        self.sent += len(data)
        return self._port.write(data)

    def read(self, size: int = 1) -> bytes:
        """What comes, counted: `size` bytes, or what came within the port's time-out."""
        data = self._port.read(size)
        self.received += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_port", "sent", "received"):
            super().__setattr__(name, value)
        else:
            setattr(self._port, name, value)


class Device:
    """One MicroPython board, in its raw REPL while the `with` block lasts.

    The block ends by resetting the board into its application. Where nothing was asked of it that could
    change it, that reset is no event of the board's journal: its boot goes on.

    `errand` gives the program of an errand by its name, such as `host_tools.bundle.ready.errand`.

    Raises UserError: no such port, no permission, busy, no MicroPython,
    another implementation or .mpy version, board gone.
    """

    def __init__(self, port: str, errand: Callable[[str], str]) -> None:
        self.name = port
        self._errand = errand
        self._scripts: set[str] = set()
        self._booted = False
        self._is_changed = False  # or may be: it was asked for more than a look

    def __enter__(self) -> Self:
        look_at(self.name)
        # What takes long to make is made before the port is opened: from then on the board's watchdog counts.
        self._errand("probe")
        self._transport = _open(self.name)
        self.traffic = Traffic(self._transport.serial)
        self._transport.serial = self.traffic
        try:
            with self._told():
                self._enter_raw_repl()
                self.facts = Facts(*self.call("probe", "probe", PATIENCE_MS, packed=False))
            self._refuse_strangers()
        except BaseException as error:
            with contextlib.suppress(OSError):
                if self._transport.in_raw_repl or isinstance(error, KeyboardInterrupt):
                    self._abandon()
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._booted:
                return
            if kind is None:
                self._restart()
            else:
                self._abandon()
        except (OSError, TransportError):
            if kind is None:
                raise UserError(
                    f"The board on {self.name} went away: check the cable and its supply.", code="board"
                ) from None
        finally:
            self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # a port that is gone is closed
            self._transport.close()

    def start_afresh(self) -> None:
        """Starts the board's interpreter afresh, with nothing in its memory."""
        with self._told():
            self._enter_raw_repl()
        self._scripts.clear()

    def _enter_raw_repl(self) -> None:
        """Interrupts the application and runs boot.py, which finishes an update that was cut off.

        A board that was just reset by the opening of its port does not hear the first attempt.
        """
        for _ in range(_ATTEMPTS):
            # It prints what it did not expect.
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(TransportError):
                self._transport.enter_raw_repl(soft_reset=True, timeout_overall=_READ_TIMEOUT_S)
            if self._transport.in_raw_repl:
                return
        raise UserError(
            f"Could not enter the raw REPL on {self.name}: no MicroPython answers there. {_SILENT}",
            code="board",
            hint=_SILENT,
        )

    def _refuse_strangers(self) -> None:
        facts = self.facts
        if facts.implementation != "micropython":
            raise UserError(
                f"{facts.implementation} answers on {self.name}, not MicroPython: flash MicroPython first.",
                code="board",
            )
        if facts.mpy != MPY_VERSION:
            raise UserError(
                f"MicroPython {facts.micropython} on {self.name} reads .mpy version {facts.mpy}, the "
                f"firmware has version {MPY_VERSION}: flash MicroPython 1.23 or later.",
                code="board",
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever the transport raises becomes one sentence."""
        try:
            yield
        except TransportExecError as error:
            lines = error.error_output.strip().splitlines() or ["Exception"]
            kind, _, text = lines[-1].partition(":")
            text = text.strip()
            raise BoardError(
                kind, text.removeprefix("[Errno ").split("]")[0] if kind == "OSError" else text
            ) from None
        except (TransportError, OSError, struct.error) as error:
            raise UserError(
                f"The board on {self.name} stopped answering: "
                "check the cable and its supply, then run the command again.",
                code="board",
            ) from error

    def call(
        self,
        script: str,
        function: str,
        *arguments: Any,
        packed: bool = True,
        timeout_s: int = _ANSWER_TIMEOUT_S,
        on_line: Callable[[str], None] | None = None,
    ) -> Any:
        """What a function of `device/errands/SCRIPT.py` returns on the board (as `answers.py` has it),
        given literal arguments.

        `on_line` hears each line that it prints meanwhile; `timeout_s` is the longest silence.
        Raises BoardError with the board's own exception.
        """
        if script not in self._scripts:
            self._load(self._errand(script), packed)
            self._scripts.add(script)
        self._is_changed |= function not in _LOOKS.get(script, ())
        told: list[str] = []

        def hear(line: str) -> None:
            if line.startswith("\x05"):
                told.append(line[1:])
            elif on_line:
                on_line(line)

        given = b",".join(literal(value) for value in arguments)
        source = f"print('\\x05'+repr({function}(".encode() + given + b")))"
        self._run(source, timeout_s, hear)
        is_one, answer = parsed(script, function, told)
        if not is_one:
            raise self.no_answer()
        return answer

    def no_answer(self) -> UserError:
        """The sentence for what no errand of ours answers."""
        cure = "flash its firmware again with `ansim flash`, or look what else runs on it"
        return UserError(f"The board on {self.name} gave an answer that is none: {cure}.", code="board")

    def execute(self, source: str, *, packed: bool = True) -> None:
        """Runs a program in the board's main module, without its comments and docstrings;
        compressed where that is shorter.
        """
        self._is_changed = True
        self._load(source, packed)

    def _load(self, source: str, packed: bool) -> None:
        plain = strip(source).encode()
        if packed and self.facts.deflate:
            small = (
                b"import deflate,io\nexec(deflate.DeflateIO(io.BytesIO("
                + literal(deflated(plain))
                + b"),deflate.RAW,%d).read())" % WINDOW_BITS
            )
            plain = min(plain, small, key=len)
        self._run(plain, _ANSWER_TIMEOUT_S, lambda line: None)

    def _run(self, source: bytes, timeout_s: int, hear: Callable[[str], None]) -> None:
        line = bytearray()

        def consume(byte: bytes) -> None:
            if len(line) > TEXT_MAX:
                raise TransportError("a line without an end")
            if byte in (b"\n", b"\x04"):
                if line:
                    hear(line.decode(errors="replace").strip("\r"))
                line.clear()
            else:
                line.extend(byte)

        with self._told():
            with contextlib.redirect_stdout(io.StringIO()):  # it prints what it did not expect
                self._transport.exec_raw_no_follow(source)
            _, error = self._transport.follow(timeout_s, consume)
            if error:
                raise TransportExecError(b"", error.decode(errors="replace"))

    def boot(self, waiting: Callable[[str], None] = lambda sentence: None) -> str | None:
        """Resets the board into its application;
        what it says until that is at work or has ended, at most for BOOT_S_MAX.

        `waiting` hears once what is waited for, when a start takes longer than usual. None when the port goes
        away with the reset, as that of a chip's own USB does.
        """
        said = bytearray()
        with self._told():
            self._restart()
        self._booted = True
        self.traffic.timeout = _BOOT_READ_S
        begun = time.monotonic()
        until, is_said = begun + BOOT_S_MAX, False
        try:
            while time.monotonic() < until and not said.endswith(_AFTER_BOOT):
                said += self.traffic.read(max(1, self.traffic.in_waiting))
                if b"Traceback" in said and until == begun + BOOT_S_MAX:
                    until = min(until, time.monotonic() + _AFTER_TRACEBACK_S)
                if not is_said and time.monotonic() - begun > _BOOT_S_USUAL:
                    waiting(
                        f"Waiting for the board on {self.name} to come into service, "
                        f"{BOOT_S_MAX:.0f} s at most."
                    )
                    is_said = True
        except OSError:
            return None
        return said.decode(errors="replace")

    def _abandon(self) -> None:
        """Ends whatever the board is doing for us and resets it, without waiting for answers:
        a person has pressed Ctrl-C, or it failed.

        The program there is interrupted first, so that its own `finally` blocks leave no coil on.
        """
        port: Any = self._transport.serial
        port.write_timeout = port.timeout = _END_S_MAX
        port.write(b"\x03\x03")  # out of a program, and out of one that is on its way
        until = time.monotonic() + _END_S_MAX
        while time.monotonic() < until and not port.read(max(1, port.in_waiting)).endswith(b">"):
            pass
        port.write(b"\r\x01" + self._reset + b"\x04")
        until = time.monotonic() + _END_S_MAX
        while port.out_waiting and time.monotonic() < until:  # not `flush`, which waits for a reader for ever
            time.sleep(_END_S_MAX / 50)

    def _restart(self) -> None:
        self._transport.exec_raw_no_follow(self._reset)

    @property
    def _reset(self) -> bytes:
        return _RESET if self._is_changed else _RESET_AFTER_A_LOOK


def _open(port: str) -> SerialTransport:
    """The transport on a port that nobody else has;
    a link is followed, for mpremote is faster on /dev/pts/N itself.
    """
    path = look_at(port)
    try:
        return SerialTransport(path, exclusive=True, timeout=_READ_TIMEOUT_S)
    except TransportError:
        cure = "close the program that uses it (a terminal, `ansim serve`, another `ansim`)."
        raise UserError(f"{port} is busy or gone: {cure}", code="port") from None
