"""What clients of the pages cost the boards: how long a board waits for its Ack."""

import selectors
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.web.sessions import SESSIONS_OF_ONE_MAX, Sessions
from host_tools.link import messages
from locker.contract import records
from tests.bench import Table
from tests.kit.host_board import Board, Host, enrol, was_away_for_a_month

ACKS = 150
ACK_FACTOR_MAX, ACK_MORE_MS = 3, 50  # of a median under load, times and beyond the one without
SILENT = 200
CONSOLES = 200  # that are live
SIGNING_IN = 8  # who try a password that is wrong, each from networks of its own
SLOW = 50  # who send a byte at a time
ASKING = 4  # who ask for what costs most, one after the other
_BYTE_S = 0.05


def run() -> list[Table]:
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        rows = _measured(Path(folder) / "data")
    note = f"{ACKS} events each, over TCP on this machine, the ledger in SQLite on its disk."
    at_most = round(ACK_FACTOR_MAX * rows[0][1] + ACK_MORE_MS, 1)
    rows = [(*row, "" if number == 0 else at_most) for number, row in enumerate(rows)]
    columns = ("load", "median", "95 %", "most", "median at most")
    return [Table("From a board's event to its Ack, in ms", columns, rows, note)]


def _measured(data: Path) -> list[tuple]:
    with open_ledger(data) as ledger:
        board = Board(enrol(ledger))
        was_away_for_a_month(ledger)
        signed = _signed(ledger)
    with Host(data, "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0") as host, board:
        board.connect(host.address)
        board.meet()
        web = ("127.0.0.1", int(host.wait_for("web listening")["port"]))
        loads = {
            "none": [],
            f"{SILENT} silent connections": [_silent],
            f"these, {SLOW} slow ones and {ASKING} that ask for /metrics without a pause": [
                _silent,
                _slow,
                _asking,
            ],
            f"{CONSOLES} live consoles and a flood of sign-ins": [partial(_live, signed), _signing_in],
        }
        rows = []
        for name, clients in loads.items():
            with ExitStack() as held:
                for client in clients:
                    held.enter_context(client(web))
                rows.append((name, *waits(board)))
        return rows


def waits(board: Board) -> tuple[float, float, float]:
    """The median wait for an Ack, that of 95 in a hundred, and the longest (ms)."""
    waits = []
    for _ in range(ACKS):
        event = board.journal.add(records.DOOR_CLOSED, 1)
        began_s = time.monotonic()
        board.ask(messages.Events([event]))
        waits.append(1000 * (time.monotonic() - began_s))
    waits.sort()
    return round(statistics.median(waits), 1), round(waits[int(0.95 * ACKS)], 1), round(waits[-1], 1)


@contextmanager
def _silent(web: tuple[str, int]) -> Iterator[None]:
    lines = [socket.create_connection(web) for _ in range(SILENT)]
    yield
    for line in lines:
        line.close()


@contextmanager
def _slow(web: tuple[str, int]) -> Iterator[None]:
    """Those that begin requests that never end."""
    ended = threading.Event()

    def work() -> None:
        lines = [socket.create_connection(web) for _ in range(SLOW)]
        while not ended.wait(_BYTE_S):
            for at, line in enumerate(lines):
                try:
                    line.send(b"G")
                except OSError:  # let go: it comes again
                    line.close()
                    lines[at] = socket.create_connection(web)
        for line in lines:
            line.close()

    with _thread(work):
        yield
        ended.set()


@contextmanager
def _asking(web: tuple[str, int]) -> Iterator[None]:
    """Those that ask at once again when they were answered."""
    ended = threading.Event()

    def work() -> None:
        with selectors.DefaultSelector() as waiting:
            for _ in range(ASKING):
                waiting.register(_asked(web), selectors.EVENT_READ)
            while not ended.is_set():
                for key, _ in waiting.select(1):
                    if not key.fileobj.recv(65_536):  # type: ignore[union-attr]
                        waiting.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                        waiting.register(_asked(web), selectors.EVENT_READ)

    with _thread(work):
        yield
        ended.set()


def _signed(ledger: Ledger) -> list[str]:
    """The cookies of so many consoles."""
    sessions = Sessions(ledger.data)
    for number in range(-(-CONSOLES // SESSIONS_OF_ONE_MAX)):
        row = {"name": f"Han {number}", "roles": "operator", "contact": "", "since_ms": 0}
        with ledger.writing() as connection:
            connection.execute(tables.account.insert().values(**row))
    tokens = [sessions.begin(1 + at // SESSIONS_OF_ONE_MAX, now_ms()).token for at in range(CONSOLES)]
    sessions.close()
    return tokens


@contextmanager
def _live(signed: Sequence[str], web: tuple[str, int]) -> Iterator[None]:
    """Consoles that are told of each event."""
    ended = threading.Event()
    lines = [socket.create_connection(web) for _ in signed]
    for line, token in zip(lines, signed, strict=True):
        head = (
            f"GET /console/stream?part=alive HTTP/1.1\r\nHost: localhost\r\nCookie: session={token}\r\n\r\n"
        )
        line.sendall(head.encode())

    def work() -> None:
        with selectors.DefaultSelector() as waiting:
            for line in lines:
                waiting.register(line, selectors.EVENT_READ)
            while not ended.is_set():
                for key, _ in waiting.select(0.2):
                    if not key.fileobj.recv(65_536):  # type: ignore[union-attr]
                        raise AssertionError("a console was let go")

    with _thread(work):
        yield
        ended.set()
    for line in lines:
        line.close()


@contextmanager
def _signing_in(web: tuple[str, int]) -> Iterator[None]:
    """Those who try a wrong password without a pause."""
    ended = threading.Event()

    def work(own: int) -> None:
        form = b"name=Han+0&password=" + b"x" * 14 + b"&code=123456"
        number = 0
        while not ended.is_set():
            number += 1
            network = f"10.{own}.{number // 256 % 256}.{number % 256}"
            head = f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {network}\r\n"
            head += f"Connection: close\r\nContent-Length: {len(form)}\r\n"
            with socket.create_connection(web) as line:
                line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + form)
                while line.recv(65_536):
                    pass

    with ExitStack() as held:
        for own in range(SIGNING_IN):
            held.enter_context(_thread(partial(work, own)))
        yield
        ended.set()


def _asked(web: tuple[str, int]) -> socket.socket:
    line = socket.create_connection(web)
    line.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return line


@contextmanager
def _thread(work) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    thread.join(10)
