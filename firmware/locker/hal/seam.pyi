"""What a controller offers the locker. Types only: nothing here reaches a board."""

from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO, Protocol, overload

from locker.board import Board

class Pin(Protocol):
    """A digital line: `pin()` reads 0 or 1, `pin(level)` drives it.

    The call protocol of MicroPython's machine.Pin.
    """

    @overload
    def __call__(self) -> int: ...
    @overload
    def __call__(self, level: int, /) -> None: ...

class Bus(Protocol):
    """An I2C bus in CircuitPython's protocol, as adafruit_bus_device.i2c_device.I2CDevice wants it.

    Raises OSError(ENODEV) when no chip acknowledges its address.
    """

    def try_lock(self) -> bool: ...
    def unlock(self) -> None: ...
    def writeto(
        self, address: int, buffer: bytes | bytearray, *, start: int = 0, end: int | None = None
    ) -> None: ...
    def readfrom_into(
        self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None
    ) -> None: ...
    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: bytes | bytearray,
        in_buffer: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None: ...

class Marks(Protocol):
    """A few bytes in the chip's own non-volatile storage, apart from the journal.

    The protocol of MicroPython's esp32.NVS.
    """

    def get_blob(self, key: str, buffer: bytearray, /) -> int:
        """Fills the buffer; the number of bytes. Raises OSError when there is nothing under that key."""

    def set_blob(self, key: str, value: bytes, /) -> None:
        """May raise OSError, as `commit`."""

    def commit(self) -> None:
        """What was set is durable when it returns. Raises OSError when it cannot be kept."""

class Flash(Protocol):
    """The raw journal partition: NOR flash. Erasing sets a block to 0xFF, writing can only clear bits."""

    block_bytes: int  # 4096
    block_count: int
    # For the second copy of what the journal must never fall behind, see locker.shell.second_copy.
    marks: Marks

    def read(self, block: int, offset: int, buffer: bytearray | memoryview) -> None: ...
    def write(self, block: int, offset: int, data: bytes | bytearray | memoryview) -> None: ...
    def erase(self, block: int) -> None: ...

class Carrier(Protocol):
    """Bytes to and from the host, never blocking:
    a UART, a place on a bus, or a TCP connection that reopens itself.
    """

    def poll(self, now_ms: int) -> bool:
        """Does what connecting needs; True while bytes can flow."""

    def read_into(self, buffer: bytearray) -> int:
        """Moves what has arrived into the buffer; the number of bytes, 0 for none."""

    def hurry(self, now_ms: int) -> None:
        """There is something urgent to say: a pause before the next try to reach the host is cut short."""

    def write(self, data: bytes, /) -> bool:
        """Hands over one whole frame; False when it could not (the sender will say it again)."""

class LockDriver(Protocol):
    """The locks of one cabinet, one at work at a time:
    `locker.drivers.coils`, or a file of `locker.locks`.
    """

    active: int
    """The door whose lock is at work, or has come to rest and was not reported yet; else 0."""

    def unlock(self, door: int, now_ms: int) -> bool:
        """Begins to unlock a door; False when that cannot be now:
        nothing moves, and it is asked again for 5 s.

        Raises OSError when the lock cannot be reached: nothing moves, or it is cut; asked again likewise.
        """

    def step(self, now_ms: int) -> int:
        """Does what is due; the door whose lock has just come to rest, whether it moved or not, else 0.

        Called each 20 ms.

        Whether the door is open is said by its contact.
        An OSError here makes the board drop everything and reset.
        """

    def recount(self, door: int, start_ms: int) -> None:
        """Counts an unlock of an earlier boot against its limits; `start_ms` is below 0."""

    def all_off(self) -> None:
        """Every lock comes to rest, now, as far as it is in the board's hands. Raises OSError as `step`."""

class Hal(Protocol):
    """One controller."""

    board: Board | None
    """The cabinet; the app lets go of it once everything is connected."""

    calibrated: bool
    """False when an analogue input has no calibration:
    its readings then follow the nominal curve of its chip, 10 % off or more.
    """

    def now_ms(self) -> int:
        """Milliseconds since this boot: monotonic, never wraps."""

    async def sleep_ms(self, ms: int) -> None: ...
    def run(self, coroutine: Coroutine[object, object, object], /) -> None:
        """Runs the app to its end; only a board is asked to, a simulated controller is run by its world."""

    def entropy(self, count: int, /) -> bytes:
        """Random bytes from the best source the chip has."""

    def uid(self) -> bytes:
        """The chip's own 6-byte identity (the base MAC address on an ESP32). Not secret."""

    def output(self, number: int, level: int) -> Pin:
        """A native pin, driven to `level` before it becomes an output."""

    def input(self, number: int, pull: int) -> Pin:
        """A native input; pull is 1 for up, -1 for down, 0 for none."""

    def open_drain(self, number: int) -> Pin:
        """A native pin that pulls low at 0 and lets go at 1 (a row of the keypad); starts released."""

    def millivolts(self, number: int) -> Callable[[], int]:
        """An analogue input, in mV at the pin."""

    def tone(self, number: int) -> Callable[[int], None]:
        """A beeper: call with a frequency in Hz, 0 for silence."""

    def bus(self) -> Bus:
        """The I2C bus of the board definition."""

    def journal(self) -> Flash:
        """The raw partition labelled `journal`.

        Raises OSError(ENODEV) when the chip's partition table has none.
        """

    def catalogue(self, language: str) -> BinaryIO:
        """The catalogue of the screen's texts in a language such as "en" (locker.shell.catalogue),
        opened anew.

        Raises OSError when it is not there.
        """

    def carrier(self, settings: dict[str, Any], draw: Callable[[int], int]) -> Carrier:
        """The way to the host that network.json asks for; draw(n) gives a random number below n.

        What it raises is told, and it is asked again.

        {"serial": true}, {"serial": true, "bus": 3} with an address on a bus, or {"host":
        "10.0.0.2", "port": 26746, "wifi": ...}.
        """

    def one_shot(self, ms: int, action: Callable[[], None]) -> None:
        """Hardware timer: runs `action` after ms unless it is armed again; ms = 0 disarms.

        The backstop behind a pulse.
        """

    def watchdog(self, timeout_ms: int) -> Callable[[], None]:
        """Starts the watchdog; call the result more often than timeout_ms or the chip resets."""

    def set_clock(self, seconds: int) -> None:
        """The time of day, in seconds since 1970 UTC, for file times and logs only.

        The chip's clock is never set back.
        """

    def clock_ms(self) -> int:
        """The chip's clock, in ms since any instant: it outlives resets, and `set_clock` moves it."""

    def scratch(self, data: bytes | None = None, /) -> bytes | None:
        """Memory of the chip that outlives resets, but no power cut:
        keeps up to 64 bytes, or tells what is kept (b"": nothing).
        """

    def reset_cause(self) -> int:
        """Why this boot happened: one of the RESET_ constants of locker.contract.records."""

    def reset(self) -> None: ...
