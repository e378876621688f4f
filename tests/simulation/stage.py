"""A provisioned cabinet in virtual time: the whole firmware on CPython,
and a host at the other end of its serial cable.
"""

import random
from pathlib import Path
from typing import Self

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.link import messages
from host_tools.link.session import HostSession
from host_tools.simulator.chip.bus import Transceiver
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.link import SerialEnd
from host_tools.simulator.chip.network import Network, Stream
from host_tools.simulator.chip.nvs import Namespace
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.controller import Controller, VirtualController
from host_tools.simulator.cpython_board.hal import MARKS, SimulatedHal
from host_tools.simulator.people.people import courier, send
from host_tools.simulator.world import World
from locker.board import from_json
from locker.contract import records
from locker.contract.codes import NO_TAIL, RULE, duress_code, pickup_code
from locker.contract.tickets import tail, ticket, ticket_key
from locker.shell import identity as identities
from locker.shell.app import App
from locker.shell.format import format_journal
from locker.shell.second_copy import NAME
from locker.wire.frame import Decoder

IDENTITY = {
    "board_id": "0102030405060708",
    "alias": "a1a2a3a4",
    "site_id": "5152535455565758",
    "master_secret": "11" * 32,
    "nonce_host": "2222222222222222",
    "nonce_board": "3333333333333333",
    "ticket_secret": "44" * 32,
    "cabinet": 1,
    "generation": 0,
    "rule": RULE,
}


def ticket_of(serial: int) -> str:
    """The 9 digits of a ticket of the identity's site."""
    identity = identities.from_json(IDENTITY)
    return ticket(ticket_key(identity.ticket_secret, 0), identity.site_id, serial)


def tail_of(serial: int) -> int:
    """The safe tail that comes with a ticket of the identity's site; 100 and more for none."""
    identity = identities.from_json(IDENTITY)
    return tail(ticket_key(identity.ticket_secret, 0), identity.site_id, serial)


def code_of(door: int, counter: int, tail: int = NO_TAIL, digits: int = 8) -> str:
    """The digits of the identity's parcel with that counter behind a door,
    which came with a ticket of that tail.
    """
    identity = identities.from_json(IDENTITY)
    key = identities.secrets(identity, [(1, 0, RULE)], [0]).code_key
    return pickup_code(key, identity.board_id, 1, door, counter, 0, tail)[:digits]


def duress_of(door: int, counter: int, tail: int) -> str:
    """The same 8 digits with that safe tail in the place of their last two."""
    assert tail < NO_TAIL, "a ticket without a safe tail: its parcel has no duress code"
    identity = identities.from_json(IDENTITY)
    key = identities.secrets(identity, [(1, 0, RULE)], [0]).code_key
    return duress_code(key, identity.board_id, 1, door, counter, 0, tail)[:8]


def make_flash(path: Path, board: str = "wall_12") -> None:
    """A flash image as provisioning leaves it:
    partitioned, with an initialised journal and the second copy of its numbers.
    """
    with FlashImage(path, flash_mb=load_board(board).definition.flash_mb) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        format_journal(partition, 7)
        Namespace(flash, MARKS).set_blob(NAME, bytes(12))


class Cabinet:
    """The firmware's app on CPython, in a simulated cabinet of that board, with power from instant 0."""

    def __init__(
        self, path: Path, board: str = "wall_12", seed: int = 1, network: dict | None = None
    ) -> None:
        self.world = World(from_json(to_board_json(load_board(board))), VirtualClock(), seed)
        self.identity = identities.from_json(IDENTITY)
        self.flash = FlashImage(path, seed)
        self._settings = network or {"serial": True}
        self.network = Network(self.world.clock, random.Random(seed))
        self.apps: list[App] = []
        self._controller: VirtualController | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._controller:
            self._controller.__exit__()
        self.flash.close()

    async def _program(self, hal: SimulatedHal) -> None:
        app = App(hal, self.identity, self._settings)
        self.apps.append(app)
        await app.run()

    def run_until(self, ms: int) -> Controller:
        """Lets the cabinet live up to that time; may be called again for more."""
        if self._controller is None:
            self._controller = VirtualController(self.world, self._program, self.flash, self.network)
        self._controller.live_until(ms)
        return self._controller

    def deposit(self, serial: int) -> int:
        """A courier comes at 6 s with that ticket, and leaves a parcel before 30 s; the door."""
        visit = send(self.world, courier(self.world, self.ticket(serial)), 6_000)
        self.run_until(30_000)
        assert visit.result
        return visit.result

    def ticket(self, serial: int) -> str:
        """The 9 digits of a ticket of this cabinet's site."""
        return ticket_of(serial)

    def code(self, door: int, counter: int) -> str:
        """The 8 digits of the parcel with that counter behind a door."""
        return code_of(door, counter)

    def journal(self) -> bytes:
        """The whole journal partition."""
        partition = self.flash.partition("journal")
        assert partition is not None
        return partition.dump()


def answer_to(message: object, held: int) -> tuple | None:
    """What a host says to a message that holds so many events; an Urgent has no answer of its own."""
    if isinstance(message, messages.Report):
        return messages.Resume(held, 1, 0, message.uptime, 1_800_000_000)
    return messages.Ack(held) if isinstance(message, messages.Events | messages.Status) else None


class TestHost:
    """The host at the other end of the serial cable, or of what it `takes`:
    keeps what it is sent, in order, and acknowledges it.
    """

    __test__ = False

    def __init__(self, world: World) -> None:
        world.serial.host.open(115200)
        self.take(world.serial.host)
        self._now_ms = world.clock.now_ms
        self._decoder = Decoder()
        self._session = HostSession(
            bytes.fromhex(IDENTITY["master_secret"]),
            bytes.fromhex(IDENTITY["board_id"]),
            bytes.fromhex(IDENTITY["alias"]),
            random.Random(1).randbytes,
        )
        self.events: list[records.Record] = []
        self.urgent: list[records.Record] = []
        self.statuses: list[messages.Status] = []
        self.received_bytes = 0
        self.sent_bytes = 0

    def take(self, end: SerialEnd | Transceiver | Stream) -> None:
        """From now on the board is at that end of a line."""
        self._end = end
        end.on_bytes = self._hear

    def _hear(self, data: bytes) -> None:
        self.received_bytes += len(data)
        for payload in self._decoder.feed(data):
            message = self._session.accept(payload, self._now_ms())
            if isinstance(message, messages.Events):
                for record in map(records.unpack, message.records):
                    if record.number == len(self.events) + 1:
                        self.events.append(record)
            elif isinstance(message, messages.Urgent):
                self.urgent.append(records.unpack(message.record))
            elif isinstance(message, messages.Status):
                self.statuses.append(message)
            answer = answer_to(message, len(self.events))
            if answer:
                self.say(answer)
            frame = self._session.outgoing()
            if frame:
                self._send(frame)

    def say(self, message: tuple) -> None:
        """Tells the board, if the two have met."""
        self._send(self._session.seal(message))

    def _send(self, frame: bytes) -> None:
        self.sent_bytes += len(frame)
        self._end.write(frame)

    def kinds(self) -> list[int]:
        """The kinds of the events so far."""
        return [record.kind for record in self.events]
