"""A board as the host meets it: a journal in memory, the firmware's own session, a socket or a serial line.

And a host to meet.
"""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.link import messages
from locker.contract import commands, records
from locker.contract.records import Record
from locker.wire.frame import Decoder
from locker.wire.session import Session
from tests.kit import post
from tests.kit.command_tree import departures, page
from tests.swift import Running

SAID = page()["serve"]  # what a host says of what happens
REPORT_S = 3.0  # from one Report to the next, until it is answered
PATIENCE_S = 30.0  # how long a test waits for what must come; it waits no longer than it takes


A_MONTH_MS = 30 * 86_400_000


def enrolment(uid: bytes = b"uid-01", site: str = "mapo-3", number: int | None = None) -> Enrolment:
    return Enrolment(
        os.urandom(8),
        os.urandom(4),
        uid,
        site,
        number,
        "wall_12",
        os.urandom(32),
        os.urandom(8),
        os.urandom(8),
    )


def enrol(ledger: Ledger, uid: bytes = b"uid-01", site: str = "mapo-3") -> Enrolment:
    """An enrolled and confirmed board."""
    made = enrolment(uid, site)
    ledger.enrol(made)
    ledger.confirm(made.board_id)
    return made


def was_away_for_a_month(ledger: Ledger) -> None:
    """No board has been heard since it was enrolled a month ago:
    what its journal tells is as much as people can do in that time.
    """
    with ledger.writing() as connection:
        connection.execute(
            tables.cabinet.update().values(enrolled_ms=tables.cabinet.c.enrolled_ms - A_MONTH_MS)
        )


def told_unknown(ledger: Ledger, folder: Path) -> list[tuple[str, str]]:
    """Who is told now of parcels of which nobody knows, and in which words."""
    notifier = FileNotifier(folder / "messages.jsonl")
    told = [
        (message.to, message.text)
        for message in post.deliver(ledger, notifier).sent
        if message.kind == "unknown"
    ]
    post.close(notifier)
    return told


class Journal:
    """The events of a board, numbered as they are appended."""

    def __init__(self, incarnation: int = 7, boot: int = 1) -> None:
        self.incarnation = incarnation
        self.boot = boot
        self.uptime = 0
        self.events: list[bytes] = []

    def add(self, kind: int, door: int = 0, a: int = 0, b: int = 0) -> bytes:
        self.uptime += 10
        self.events.append(
            records.pack(Record(kind, door, self.boot, len(self.events) + 1, self.uptime, a, b))
        )
        return self.events[-1]

    def deposit(self, door: int, serial: int, counter: int) -> bytes:
        self.add(records.DEPOSIT_STARTED, door, serial, counter)
        self.add(records.PULSED, door, 1, counter)
        return self.add(records.DEPOSITED, door, serial, counter)

    def pickup(self, door: int, serial: int, counter: int, duress: int = 0) -> bytes:
        self.add(records.CODE_TRIED, door, 1, counter)
        opened = self.add(records.PICKUP_OPENED, door, duress, counter)
        self.add(records.DOOR_OPENED, door, 0, counter)
        self.add(records.COLLECTED, door, serial, counter)
        return opened


class Board:
    """A board behind a line, a socket or a serial one."""

    def __init__(self, enrolled: Enrolment, journal: Journal | None = None) -> None:
        self.journal = journal or Journal()
        self.session = Session(enrolled.master_secret, enrolled.board_id, enrolled.alias, os.urandom)
        self.enrolled = enrolled
        self.acknowledged = 0
        self.tag = 0
        self.command = 0
        self.epoch = 1
        self.uid = enrolled.uid
        self.orders: list[messages.Command] = []
        self.sent: list[bytes] = []
        self._decoder = Decoder()
        self._line: socket.socket | None = None
        self._descriptor = -1

    def connect(self, address: tuple[str, int]) -> None:
        self._line = socket.create_connection(address, timeout=PATIENCE_S)
        self._descriptor = self._line.fileno()

    def attach(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def write(self, frame: bytes) -> None:
        self.sent.append(frame)
        os.write(self._descriptor, frame)

    def greet(self) -> None:
        """Shakes hands; repeats its greeting, as boards do, until it is answered."""
        self.session.start(_now_ms())
        while not self.session.ready:
            self.session.step(_now_ms())
            hello = self.session.outgoing()
            if hello:
                self.write(hello)
            if self.arrived(0.1):
                self._hear()

    def meet(self) -> int:
        """Shakes hands and reports, again each 3 s as boards do: a host in a flood drops what proves nothing
        yet. The number that the host has up to.
        """
        self.greet()
        self.say(self.report())
        for _ in range(int(PATIENCE_S / REPORT_S)):
            if self.arrived(REPORT_S):
                break
            self.say(self.report())
        return self.answer()

    def report(self) -> messages.Report:
        journal = self.journal
        numbers = {
            "next_event": len(journal.events) + 1,
            "acknowledged": self.acknowledged,
            "tag": self.tag,
            "next_command": self.command + 1,
        }
        of_boot = {
            "boot": journal.boot,
            "build": 100,
            "uptime": journal.uptime,
            "uid": int.from_bytes(self.uid, "big"),
        }
        return messages.Report(self.enrolled.board_id, journal.incarnation, self.epoch, **numbers, **of_boot)

    def say(self, message: tuple) -> None:
        self.write(self.session.seal(messages.typed(message)))

    def ask(self, message: tuple) -> int:
        """Says something that wants an answer; the number that the host acknowledges."""
        self.say(message)
        return self.answer()

    def answer(self) -> int:
        """The number that the host acknowledges next."""
        while True:
            for heard in self._hear():
                if isinstance(heard, messages.Command):
                    self.orders.append(heard)
                if isinstance(heard, messages.Refused):
                    raise ConnectionRefusedError(heard.reason)
                if isinstance(heard, messages.Resume):
                    self.tag = heard.tag
                    self.acknowledged = min(self.acknowledged, heard.number)
                if isinstance(heard, messages.Ack | messages.Resume):
                    self.acknowledged = max(self.acknowledged, heard.number)
                    return heard.number

    def order(self) -> messages.Command:
        """The next order that the host gives, to be carried out."""
        while not self.orders:
            self.orders += [heard for heard in self._hear() if isinstance(heard, messages.Command)]
        self.orders = [order for order in self.orders if order.number > self.command] or self.orders[:0]
        return self.orders.pop(0) if self.orders else self.order()

    def carry_out(self, order: messages.Command) -> None:
        """Journals what an order makes a board do."""
        if order.kind == commands.BEGIN_EPOCH:
            self.journal.add(records.EPOCH_BEGUN, 0, order.a, 1 + order.counter % 0xFFFFFFFF)
            self.epoch = order.a & 0x3FFFF
        elif order.kind == commands.TURN_TICKETS:
            self.journal.add(records.TICKETS_TURNED, 0, order.a)
        elif order.kind == commands.ADOPT:
            self.journal.add(records.ADOPTED, order.door, order.a, order.counter)
        elif order.kind == commands.REISSUE:
            self.journal.add(records.REISSUED, order.door, order.a, order.counter)
        self.command = order.number
        self.journal.add(records.COMMAND_APPLIED, order.door, order.number, 1 << 1 | 1)

    def send_batch(self) -> int:
        return self.ask(messages.Events(self.journal.events[self.acknowledged : self.acknowledged + 8]))

    def send_all(self) -> None:
        while self.acknowledged < len(self.journal.events):
            before = self.acknowledged
            assert self.send_batch() > before

    def arrived(self, within_s: float) -> bool:
        """Whether the host has said something; waits for it so long at most."""
        return bool(select.select([self._descriptor], [], [], within_s)[0])

    def _hear(self) -> list[tuple]:
        assert self.arrived(PATIENCE_S), "the host says nothing"
        data = os.read(self._descriptor, 4096)
        if not data:
            raise ConnectionError("the host is gone")
        heard = [self.session.accept(payload, _now_ms()) for payload in self._decoder.feed(data)]
        return [messages.named(message) for message in heard if message is not None]


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class InHand:
    """A carrier whose frames the test has in hand, and that hands over those of boards and strangers."""

    name = "in hand"
    verified = False

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def close(self) -> None:
        """Nothing ends."""


class Host:
    """`ansim serve` with --json in a process of its own."""

    def __init__(self, data: Path, *arguments: str) -> None:
        command = ["serve", "--json", "--data", str(data), *(arguments or ("--listen", "127.0.0.1:0"))]
        self.process = Running(command, os.environ)
        self._descriptor = self.process.stdout.fileno()
        self.told: list[dict[str, Any]] = []
        self.output = b""
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()

    @property
    def address(self) -> tuple[str, int]:
        told = self.wait_for("listening")
        return told["address"], told["port"]

    def wait_for(self, event: str, **details: object) -> dict[str, Any]:
        """The first occurrence of that kind with these details, past or to come."""
        seen = 0
        while True:
            for told in self.told[seen:]:
                if told["event"] == event and all(told.get(name) == value for name, value in details.items()):
                    return told
            seen = len(self.told)
            self.listen()

    def wait_for_next(self, event: str) -> None:
        """An occurrence of that kind that is still to come."""
        known = len([told for told in self.told if told["event"] == event])
        while len([told for told in self.told if told["event"] == event]) == known:
            self.listen()

    def listen(self) -> None:
        """Waits until the host has told of something more."""
        data = self._heard()
        if not data:
            raise AssertionError(f"the host says no more: {self.told} {self._stderr()}")
        self._take(data)

    def listen_until(self, true: Callable[[], bool]) -> None:
        """Hears the host out, so that it can go on, until something is true."""
        while not true():
            if select.select([self._descriptor], [], [], 0.05)[0]:
                self.listen()

    def _heard(self) -> bytes:
        """What it tells next; nothing once it has ended."""
        assert select.select([self._descriptor], [], [], PATIENCE_S)[0], f"the host says no more: {self.told}"
        return os.read(self._descriptor, 65_536)

    def _stderr(self) -> str:
        """What it wrote for people, once it has ended."""
        assert self.process.stderr
        return self.process.stderr.read()

    def _take(self, data: bytes) -> None:
        self.output += data
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        told = [json.loads(line) for line in lines]
        assert not told or not departures(SAID, told), departures(SAID, told)
        self.told += told

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signals it and waits for its end; the exit code."""
        self.process.send_signal(number)
        while data := self._heard():
            self._take(data)
        assert (said := self._stderr()) == "", said
        return self.process.wait(PATIENCE_S)
