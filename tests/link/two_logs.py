"""A cabinet's journal and a host's ledger, joined by a string that does whatever chance tells it to;
both ends may crash at any point.

The board is the firmware's own Link, Session, Store and core, without its hardware; the host is its own
Links, orders and ledger. Time is a number: a day passes as easily as a step.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from nor_flash import NorFlash, Nvs
from sqlalchemy import select

from host_tools.host.connections.links import Link as HostLink
from host_tools.host.connections.links import Links
from host_tools.host.connections.tally import Tally
from host_tools.host.fleet import orders
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger
from host_tools.link.openssl_session import OpenSslSession
from locker.contract import commands, records
from locker.contract.codes import RULE
from locker.contract.tickets import recorded
from locker.core import effects, state
from locker.core.cabinet import Cabinet
from locker.core.state import State
from locker.shell import identity as identities
from locker.shell.app import BUILD
from locker.shell.format import format_journal
from locker.shell.journal import Journal
from locker.shell.link import Link
from locker.shell.second_copy import NAME, pair
from locker.wire import messages
from locker.wire.frame import Decoder
from locker.wire.session import Session
from tests.kit.occurrences import into

DOORS = 4
FIRST_SERIAL = 100
STEP_MS = 20
GENERATIONS_MAX = 12  # of ticket keys


@contextmanager
def every_seal_watched() -> Iterator[None]:
    """Fails when one key and nonce ever seal two different things, at either end."""
    sealed: dict[tuple[bytes, bytes, bytes], tuple[bytes, bytes, bytes]] = {}

    def watched(kind: type[Session]) -> Callable[..., bytes]:
        seal = kind._sealed

        def act(self: Any, made: tuple, kind: int, rest: bytes, piv: bytes, plaintext: bytes) -> bytes:
            what = (bytes((kind,)), rest, plaintext)
            assert sealed.setdefault((made[0], made[2], piv), what) == what, (
                "a key and a nonce seal two things"
            )
            return seal(self, made, kind, rest, piv, plaintext)

        return act

    with (
        patch.object(Session, "_sealed", watched(Session)),
        patch.object(OpenSslSession, "_sealed", watched(OpenSslSession)),
    ):
        yield


@dataclass
class Faults:
    """What the string does to each piece of bytes: probabilities, and the longest delay in ms."""

    loss: float = 0.0
    doubling: float = 0.0
    damage: float = 0.0
    cutting: float = 0.0
    delay_ms: int = 0


class String:
    """Both ways of the line. `partition` loses everything."""

    def __init__(self, rng: random.Random) -> None:
        self.faults = Faults()
        self.partition = False
        self._rng = rng
        self._ways: dict[str, list[tuple[int, bytes]]] = {"host": [], "board": []}  # by destination

    def put(self, destination: str, data: bytes, now_ms: int) -> None:
        """Bytes enter the line; pieces with other delays overtake each other,
        and those that arrive together are one.
        """
        faults, rng = self.faults, self._rng
        for _ in range(1 + (rng.random() < faults.doubling)):
            if self.partition or rng.random() < faults.loss:
                continue
            piece = bytearray(data)
            if rng.random() < faults.cutting:
                del piece[rng.randrange(len(piece)) :]
            if piece and rng.random() < faults.damage:
                piece[rng.randrange(len(piece))] ^= 1 << rng.randrange(8)
            self._ways[destination].append((now_ms + rng.randint(0, faults.delay_ms), bytes(piece)))

    def arrived(self, destination: str, now_ms: int) -> bytes:
        """What has come to that end until now, as one run of bytes."""
        due = sorted((one for one in self._ways[destination] if one[0] <= now_ms), key=lambda one: one[0])
        self._ways[destination] = [one for one in self._ways[destination] if one[0] > now_ms]
        return b"".join(piece for _, piece in due)

    def cut(self) -> None:
        """What is on its way is gone."""
        self._ways = {"host": [], "board": []}


class BoardEnd:
    """The board: what it knows goes with its power, what its flash holds stays."""

    def __init__(self, enrolled: Enrolment, string: String, rng: random.Random) -> None:
        self.flash = NorFlash()
        format_journal(self.flash, 7)
        self._nvs = Nvs(self.flash)
        self._nvs.set_blob(NAME, bytes(12))
        fields = {
            name: getattr(enrolled, name)
            for name in ("board_id", "alias", "master_secret", "nonce_host", "nonce_board")
        }
        self.identity = identities.Identity(
            **fields,
            site_id=bytes(8),
            cabinet=1,
            ticket_secret=bytes(32),
            is_old=False,
            generation=enrolled.generation,
            rule=RULE,
        )
        self._uid = int.from_bytes(enrolled.uid, "big")
        self._string = string
        self._rng = rng
        self._inbox = b""
        self._started_ms = 0
        # Of each parcel (door, counter), that in which its counter was reserved.
        self.epochs: dict[tuple[int, int], int] = {}
        # And the label with which it came: generation, serial.
        self.labels: dict[tuple[int, int], tuple[int, int]] = {}
        self.refused = 0

    def start(self, now_ms: int) -> None:
        """As App starts."""
        self._started_ms = now_ms
        self._inbox = b""
        numbers = tuple(range(1, DOORS + 1))
        self.state = State(numbers, 1, RULE, self.identity.generation)
        self.cabinet = Cabinet(
            [(number, "S") for number in numbers],
            self._derive,
            self.state,
            lambda serial: True,
            self._rng.randrange,
        )
        self.journal = Journal(self.flash, self.state.apply, self.state.carried)
        pair(self._nvs, self.journal, self.state)
        session = Session(
            self.identity.master_secret, self.identity.board_id, self.identity.alias, self._rng.randbytes
        )
        self.link = Link(
            self,
            Decoder(),
            session,
            self.journal,
            self._report,
            self._status,
            self._tell,
            lambda seconds: None,
        )
        self._perform(self.cabinet.note(records.BOOTED, 0, 1, 1), 0)
        self._perform(
            self.cabinet.boot(
                [(number, True, bool(door.state)) for number, door in self.state.doors.items()], 0
            ),
            0,
        )

    def step(self, now_ms: int) -> None:
        """Once around the board's loop."""
        own_ms = now_ms - self._started_ms
        self._now_ms = now_ms
        self._inbox += self._string.arrived("board", now_ms)
        self.link.step(own_ms)
        self.journal.tidy(own_ms // 100, quiet=True)
        self.cabinet.room = self.journal.room(state.RESERVE * DOORS)
        self.cabinet.accepting = not self.state.doubt
        self.state.number = self.journal.next_number - 1

    def deposit(self, serial: int, now: Callable[[], int], between: Callable[[], None]) -> None:
        """A courier's whole visit, with what happens meanwhile,
        or nothing when no door is free or parcels are not taken.
        """
        free = [door for door in self.state.doors.values() if not door.state]
        if free and not self.state.doubt:
            door = free[0]
            # Of the present ticket key, or of the one before.
            generation = max(0, self.state.generation - serial % 2)
            self._record(records.DEPOSIT_STARTED, door, recorded(serial, generation), now(), door.counter + 1)
            self.epochs[door.number, door.counter] = self.state.epoch
            self.labels[door.number, door.counter] = (generation, serial)
            between()
            self._record(records.DEPOSITED, door, door.serial, now())

    def collect(self, now_ms: int) -> None:
        """A resident's whole visit."""
        waiting = [door for door in self.state.doors.values() if door.state == state.WAITING]
        if waiting:
            door = self._rng.choice(waiting)
            self._record(records.PICKUP_OPENED, door, records.BY_CODE, now_ms)
            self._record(records.COLLECTED, door, door.serial, now_ms)

    def told(self) -> list[records.Record]:
        """All its events."""
        found: list[records.Record] = []
        while events := self.journal.events_from(len(found) + 1, 8):
            found.extend(map(records.unpack, events))
        return found

    def _record(self, kind: int, door: Any, a: int, now_ms: int, b: int | None = None) -> None:
        own_ms = now_ms - self._started_ms
        self.cabinet._begin(own_ms)
        self.cabinet.record(kind, door, a, b)
        self._perform(self.cabinet.effects, own_ms)

    def _tell(self, event: Any, own_ms: int) -> None:
        self._perform(self.cabinet.handle(event, own_ms), own_ms)

    def _perform(self, wanted: list, own_ms: int) -> None:
        last = None
        for effect in wanted:
            if type(effect) is effects.Record:
                last = self.journal.append(effect.kind, effect.door, own_ms // 100, effect.a, effect.b)
            elif type(effect) is effects.Send:
                if effect.urgent and last:
                    self.link.urgent(records.pack(last), own_ms)
                self.link.nudge()

    def _derive(self, epochs: list, generations: list) -> Any:
        return identities.secrets(self.identity, epochs, generations)

    def _report(self) -> tuple:
        journal, state = self.journal, self.state
        numbers = (
            journal.next_number,
            journal.acknowledged,
            journal.tag,
            state.command + 1,
            journal.boot,
            BUILD,
        )
        uptime = (self._now_ms - self._started_ms) // 100
        return (
            messages.REPORT,
            self.identity.board_id,
            journal.incarnation,
            state.epoch,
            *numbers,
            uptime,
            self._uid,
        )

    def _status(self) -> tuple:
        return messages.STATUS, (self._now_ms - self._started_ms) // 100, self.journal.next_number, 0, 0

    # The seam's Carrier

    def poll(self, _own_ms: int) -> bool:
        return True

    def hurry(self, now_ms: int) -> None:
        """There is no pause to cut short."""

    def read_into(self, buffer: bytearray) -> int:
        data, self._inbox = self._inbox[: len(buffer)], self._inbox[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes) -> bool:
        self._string.put("host", bytes(data), self._now_ms)
        return True


class HostEnd:
    """The host: links and what waits for a commit go with the process, the ledger stays."""

    name = "string"

    def __init__(self, ledger: Ledger, cabinet: int, string: String) -> None:
        self.ledger = ledger
        self.cabinet = cabinet
        self._string = string
        self._now_ms = 0
        self.start()

    def start(self) -> None:
        self.verified = False
        self.told: list[dict] = []
        self._links = Links(self.ledger, into(self.told), Tally(into(self.told)))
        self._decoder = Decoder()
        self._said: list[tuple[HostLink, Received]] = []

    def step(self, now_ms: int, crash: str = "") -> None:
        """Once around the host's loops.

        `crash` "before" or "behind": the process dies at the next commit, before or behind it.
        """
        self._now_ms = now_ms
        for payload in self._decoder.feed(self._string.arrived("host", now_ms)):
            heard = self._links.hear(self, payload, now_ms / 1000)
            if heard and heard[1]:
                self._said.append((heard[0], heard[1]))
        if self._said and crash == "before":
            self.start()
        elif self._said:
            turn, self._said = self._said, []
            taken = take(self.ledger, [said for _, said in turn])
            if crash == "behind":
                self.start()
            else:
                self._links.answer(turn, taken)
        boards = self._links.in_step()
        if boards:
            told = orders.next_orders(self.ledger, boards)
            if crash == "numbered":
                self.start()
            else:
                self._links.order(told, now_ms / 1000)

    def order(self, order: Order) -> None:
        with self.ledger.writing() as connection:
            orders.queue(connection, self.cabinet, [order], self._now_ms)

    def new_epoch(self) -> None:
        with self.ledger.reading() as connection:
            known = connection.execute(
                select(tables.cabinet).where(tables.cabinet.c.id == self.cabinet)
            ).one()
        self.order(orders.new_epoch(known.epoch, known.build))

    def turn(self) -> None:
        """The site's ticket key turns, as far as tickets are issued."""
        with self.ledger.writing() as connection:
            newest = 1 + connection.execute(select(tables.site.c.generation)).scalar_one()
            if newest < GENERATIONS_MAX:
                connection.execute(tables.site.update().values(generation=newest))
                orders.queue(connection, self.cabinet, [Order(commands.TURN_TICKETS, a=newest)], self._now_ms)

    def issue_again(self, serials: list[int]) -> None:
        """The tickets with these serials under each later ticket key too."""
        row = {"site": 1, "resident": 1, "state": "open", "issued_ms": 0}
        rows = [
            row | {"generation": generation, "serial": serial}
            for serial in serials
            for generation in range(1, GENERATIONS_MAX)
        ]
        with self.ledger.writing() as connection:
            connection.execute(tables.ticket.insert(), rows)

    def events(self) -> list[records.Record]:
        """All that the ledger holds, in order."""
        event = tables.event.c
        with self.ledger.reading() as connection:
            rows = connection.execute(
                select(*(event[name] for name in records.Record._fields)).order_by(event.number)
            )
            return [records.Record(*row) for row in rows]

    def rows(self, table: Any) -> list[Any]:
        with self.ledger.reading() as connection:
            return list(connection.execute(table.select()))

    # The carrier

    def write(self, frame: bytes) -> None:
        self._string.put("board", bytes(frame), self._now_ms)

    def close(self) -> None:
        """A string has no end."""


PATIENCE = Order(commands.SET_PATIENCE, 0, 0, 2)
