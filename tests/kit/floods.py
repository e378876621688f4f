"""What a stranger who knows a board's alias, and has heard it speak, can pour into a host's port:
a process that does it as fast as it can.

Each flood is a function of where to,
of a forger (which makes one more forged greeting) and of what was sniffed.
"""

import contextlib
import multiprocessing
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from locker.wire.frame import HELLO, VERSION, encode

RATE = 400_000  # bytes a second of the floods that have a rate
_PIECE_S = 0.01


class Target(NamedTuple):
    """Where the flood goes, and what the stranger knows."""

    address: tuple[str, int]
    alias: bytes
    sniffed: bytes  # all that the board has said on its way to a link
    source: str  # the address from which the stranger comes
    serial: str = ""  # the path of a serial line's other end


def forged_hello(alias: bytes) -> bytes:
    """A greeting with a right alias and a wrong seal."""
    return encode(bytes((VERSION << 4 | HELLO,)) + alias + os.urandom(8 + 16))


def hello_on_one(target: Target) -> None:
    _pour(target, 1, [forged_hello(target.alias) for _ in range(64)], rate=RATE)


def hello_on_64(target: Target) -> None:
    _pour(target, 64, [forged_hello(target.alias) for _ in range(64)], rate=RATE)


def empty_frames_on_32(target: Target) -> None:
    _pour(target, 32, [bytes(65536)])


def opened_and_closed(target: Target) -> None:
    while True:
        with contextlib.suppress(OSError), _connected(target):
            pass


def greeted_and_closed(target: Target) -> None:
    while True:
        with contextlib.suppress(OSError), _connected(target) as line:
            line.sendall(forged_hello(target.alias))


def slow_loris(target: Target) -> None:
    _pour(target, 300, [b"\x05"], rate=300)


def replays_on_16(target: Target) -> None:
    _pour(target, 16, [target.sniffed], rate=RATE)


def half_frames(target: Target) -> None:
    _pour(target, 16, [forged_hello(target.alias)[:17] + b"\0"])


def huge_frames(target: Target) -> None:
    _pour(target, 16, [b"\x05" * 100_000])


def other_versions(target: Target) -> None:
    _pour(
        target,
        16,
        [encode(bytes((version << 4,)) + target.alias + os.urandom(24)) for version in range(2, 16)],
    )


def serial_garbage(target: Target) -> None:
    line = os.open(target.serial, os.O_RDWR | os.O_NOCTTY)
    pieces = [forged_hello(target.alias) for _ in range(64)] + [os.urandom(512)]
    while True:
        for piece in pieces:
            os.write(line, piece)
            time.sleep(len(piece) / RATE)


FLOODS: tuple[Callable[[Target], None], ...] = (
    hello_on_one,
    hello_on_64,
    empty_frames_on_32,
    opened_and_closed,
    greeted_and_closed,
    slow_loris,
    replays_on_16,
    half_frames,
    huge_frames,
    other_versions,
    serial_garbage,
)


@contextmanager
def flooding(flood: Callable[[Target], None], target: Target) -> Iterator[None]:
    """A process of its own that floods while the block runs."""
    process = multiprocessing.get_context("spawn").Process(target=flood, args=(target,), daemon=True)
    process.start()
    try:
        yield
    finally:
        assert process.is_alive(), "the flood went on"
        process.kill()
        process.join()


def _connected(target: Target) -> socket.socket:
    return socket.create_connection(target.address, timeout=1.0, source_address=(target.source, 0))


def _pour(target: Target, connections: int, pieces: list[bytes], rate: float | None = None) -> None:
    """Says the pieces over and over on so many connections, without a rate as fast as these take it.

    What is closed is opened again.
    """
    lines: list[socket.socket] = []
    count = 0
    sent = 0
    began_s = time.monotonic()
    while True:
        while len(lines) < connections:
            try:
                line = _connected(target)
            except OSError:
                break
            line.setblocking(False)
            lines.append(line)
        _, ready, _ = select.select([], lines, [], _PIECE_S)
        for line in ready:
            if rate is not None and sent > rate * (time.monotonic() - began_s):
                time.sleep(_PIECE_S / 10)
                continue
            count += 1
            try:
                sent += line.send(pieces[count % len(pieces)])
                with contextlib.suppress(BlockingIOError):
                    if line.recv(65536) == b"":
                        raise ConnectionError
            except BlockingIOError:
                continue
            except OSError:
                lines.remove(line)
                line.close()
