"""How long people wait for what the service tells them, and boards for their Ack, idle and under load:
from a bell to the receiver of the page, from a deposit to that of the letter.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.link import messages
from locker.contract import records
from tests.bench import Table
from tests.bench.benches.pages import ACK_FACTOR_MAX, ACK_MORE_MS, waits
from tests.kit.host_board import PATIENCE_S, Board, Host, enrol, was_away_for_a_month
from tests.kit.peers import SECRET, Receiver

CABINETS = 500  # that are connected and idle
AT_ONE_SITE = 20
LETTERS = 10_000  # that wait for a channel that hangs
TIMES = 10  # bells and deposits, each
BELL_MS_MAX, DEPOSITED_MS_MAX = 1000, 2000
SITE = "mapo-3"
_CHANNELS = """
staff = {{ channel = "hook", address = "desk@example.org" }}
dispatchers = {{ channel = "desk" }}

[hook]
kind = "webhook"
for = ["email"]
url = "http://127.0.0.1:{good}/in"
secret = "{secret}"
allow_private = true

[sms]
kind = "webhook"
for = ["phone"]
url = "http://127.0.0.1:{hangs}/in"
secret = "{secret}"
allow_private = true

[desk]
kind = "file"
path = "dispatcher.jsonl"
"""


def run() -> list[Table]:
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        idle, load = _measured(Path(folder) / "data")
    what = (
        "event to Ack, median",
        "event to Ack, 95 %",
        "bell to the page's receiver, median",
        "bell to the page's receiver, most",
        "deposit to the letter's receiver, median",
        "deposit to the letter's receiver, most",
    )
    goals = (round(ACK_FACTOR_MAX * idle[0] + ACK_MORE_MS, 1), "", "", BELL_MS_MAX, "", DEPOSITED_MS_MAX)
    rows = [tuple(row) for row in zip(what, idle, load, goals, strict=True)]
    columns = ("ms", "idle", "under load", "at most")
    note = (
        f"Load: {CABINETS} idle cabinets over TCP, {LETTERS:,} letters that wait, a channel that hangs. "
        "Boards, receivers and the host share this machine; the ledger is in SQLite on its disk."
    )
    return [Table("From a cabinet to people", columns, rows, note)]


def _measured(data: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    begun = threading.Event()

    def hang(_number: int) -> tuple[int, dict[str, str], bytes]:
        begun.set()
        threading.Event().wait()
        return 500, {}, b""

    with ExitStack() as held:
        good, hangs = held.enter_context(Receiver()), held.enter_context(Receiver(hang))
        with open_ledger(data) as ledger:
            ringing = [enrol(ledger, b"r%05d" % number, SITE) for number in range(2 * TIMES + 1)]
            others = [
                enrol(ledger, b"i%05d" % number, f"site-{number // AT_ONE_SITE}")
                for number in range(CABINETS)
            ]
            was_away_for_a_month(ledger)
            serials = _people(ledger)
            channels = data / "channels.toml"
            channels.touch(0o600)
            channels.write_text(_CHANNELS.format(good=good.port, hangs=hangs.port, secret=SECRET))
        host = held.enter_context(Host(data))
        met = [held.enter_context(_met(one, host.address)) for one in ringing]
        watcher = _Watcher(good)
        idle = _figures(watcher, met[0], met[1 : TIMES + 1], serials[:TIMES], 0)
        for one in others:
            held.enter_context(_met(one, host.address))
        with open_ledger(data) as ledger:
            _letters(ledger)
        assert begun.wait(PATIENCE_S)
        load = _figures(watcher, met[0], met[TIMES + 1 :], serials[TIMES:], 1)
    return idle, load


def _people(ledger: Ledger) -> list[int]:
    """One resident with an e-mail address, one with a telephone, and who is on call; her tickets' serials."""
    residents.add(ledger, "Kim", "kim@example.org")
    residents.add(ledger, "Lee", "+821012345678")
    with ledger.writing() as connection:
        row = {"name": "Min", "roles": "dispatcher", "contact": "min@example.org", "since_ms": 0}
        connection.execute(tables.account.insert().values(**row))
        hours = {"account": 1, "rank": 1, "days": 127, "from_minute": 0, "until_minute": 1440}
        connection.execute(tables.duty.insert().values(**hours))
        of_today = {"account": 1, "day": "2999-01-01", "code": "1", "due_ms": now_ms()}
        proved = {"handed_ms": now_ms(), "proved_ms": now_ms()}
        connection.execute(tables.proof.insert().values(**of_today, **proved))
    return [tickets.issue(ledger, "Kim", SITE).serial for _ in range(2 * TIMES)]


def _letters(ledger: Ledger) -> None:
    its = {"kind": "deposited", "resident": 2, "cabinet": 1, "epoch": 1, "door": 1, "retry": 0, "attempts": 0}
    rows = [
        its | {"id": f"{number:032x}", "counter": number, "queued_ms": now_ms()} for number in range(LETTERS)
    ]
    with ledger.writing() as connection:
        connection.execute(tables.outbox.insert(), rows)


@contextmanager
def _met(enrolled: Enrolment, address: tuple[str, int]) -> Iterator[Board]:
    with Board(enrolled) as board:
        board.connect(address)
        board.meet()
        yield board


class _Watcher:
    """What a receiver has taken, message by message."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._seen: set[str] = set()

    def wait_ms(self, kind: str, began_s: float) -> float:
        """How long it took until one more message of that kind was there."""
        while time.monotonic() - began_s < PATIENCE_S:
            for name, body in list(self._receiver.taken.items()):
                if name not in self._seen:
                    self._seen.add(name)
                    if body["data"]["kind"] == kind:
                        return 1000 * (time.monotonic() - began_s)
            time.sleep(0.001)
        raise AssertionError(
            f"no {kind} has come: {[one.get('type') for one in self._receiver.taken.values()]}"
        )


def _figures(
    watcher: _Watcher, board: Board, ringing: list[Board], serials: list[int], turn: int
) -> tuple[float, ...]:
    """Median and 95 % of Ack, median and most of bells, and of deposits (ms)."""
    median, most_of_95, _ = waits(board)
    bells, deposits = [], []
    for number, serial in enumerate(serials):
        began_s = time.monotonic()
        ringing[number].ask(messages.Events((ringing[number].journal.add(records.BELL_RUNG),)))
        bells.append(watcher.wait_ms("page", began_s))
        began_s = time.monotonic()
        board.journal.deposit(number + 1, serial, turn + 1)
        board.ask(messages.Events(tuple(board.journal.events[-3:])))
        deposits.append(watcher.wait_ms("deposited", began_s))
        board.journal.pickup(number + 1, serial, turn + 1)
        board.ask(messages.Events(tuple(board.journal.events[-4:])))
        watcher.wait_ms("opened", began_s)
    return (median, most_of_95, *_middle_and_most(bells), *_middle_and_most(deposits))


def _middle_and_most(found: list[float]) -> tuple[float, float]:
    return round(sorted(found)[len(found) // 2]), round(max(found))
