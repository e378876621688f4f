"""A board and its host as people set them up, with a relay between them,
and people who use the cabinet without waiting for the host.
"""

import time
from collections import Counter
from collections.abc import Callable

from host_tools.demo.stage import SITE
from host_tools.demo.watch import Watch
from host_tools.host.ledger.ledger import Identity, open_ledger
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.virtual_board.control import HandsClient
from locker.contract import records
from locker.contract.codes import NO_TAIL, pickup_code
from locker.contract.keys import epoch_keys
from locker.shell.journal import Journal
from tests.swift_stage import SwiftStage, ansim

from .ear import Ear
from .relay import Relay, SerialRelay, TcpRelay

BOARD = "wall_12"
SMALL = "1"
CARRIERS = ("tcp", "serial")
PAUSE_S_MIN, PAUSE_S_MAX = 0.02, 1.0


class RelayedStage(SwiftStage):
    """A stage whose host and cabinet meet at a relay."""

    relay: Relay

    def __init__(self, carrier: str) -> None:
        super().__init__(BOARD, lambda sentence: None, serial=carrier == "serial")

    def _set_up(self) -> None:
        link = self.folder / "link"
        self.cabinet = self._new_cabinet(self.port, *(["--link", link] if self._serial else []))
        if self._serial:
            self.relay = SerialRelay(link, self.folder / "relayed").__enter__()
            self.host = self._start(
                "serve",
                "--data",
                self.data,
                "--listen",
                "none",
                "--serial",
                self.folder / "relayed",
                "--json",
            )
            way = ["--serial-link"]
        else:
            self.host = self._start("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--json")
            relay = TcpRelay((self.host.ready["address"], self.host.ready["port"]))
            self.relay = relay.__enter__()
            way = ["--host", f"{relay.address[0]}:{relay.address[1]}"]
        ansim("provision", "--port", self.port, "--board", BOARD, "--site", SITE, "--data", self.data, *way)

    def _take_down(self) -> None:
        if hasattr(self, "relay"):
            self.relay.__exit__()
        super()._take_down()

    def identity(self) -> Identity:
        """What the host knows of the board."""
        with open_ledger(self.data) as ledger:
            return ledger.identity_of(ledger.cabinets()[0].id)

    def ear(self) -> Ear:
        """Ears that understand the board."""
        identity = self.identity()
        return Ear(identity.master_secret, identity.cabinet.board_id)

    def stop(self) -> None:
        """Ends the host and the board in order; what they wrote stays until the block ends."""
        for service in reversed(self._services):
            service.stop()

    def journal(self) -> list[records.Record]:
        """The events of the board's journal, once it is stopped."""
        found: list[records.Record] = []
        with FlashImage(self.port.with_name(self.port.name + ".flash")) as flash:
            partition = flash.partition("journal")
            assert partition is not None
            journal = Journal(partition, lambda record: None, None)
            while events := journal.events_from(len(found) + 1, 8):
                found.extend(map(records.unpack, events))
        return found


class People:
    """Couriers and residents at the cabinet of a stage.

    They know their codes without the host; a door that keeps them waiting is an error.
    """

    def __init__(self, stage: RelayedStage, watch: Watch, hands: HandsClient) -> None:
        self._stage = stage
        self.watch = watch
        self.hands = hands
        self._deposits: Counter[int] = Counter()
        identity = stage.identity()
        self._board_id, self._epoch = identity.cabinet.board_id, identity.cabinet.epoch
        self._key = epoch_keys(
            identity.master_secret, identity.nonce_host, identity.nonce_board, self._board_id, self._epoch
        )[0]

    def deposit(self, ticket: str) -> int:
        """A courier leaves a small parcel; the door, closed."""
        self._type(ticket + "#", lambda: "1 S" in self.watch.screen(), "asks for the size")
        self._type(SMALL, lambda: bool(self.watch.open_doors()), "opens a door for the courier")
        door = self.watch.open_doors()[0]
        self._deposits[door] += 1
        self._use(door, "put")
        return door

    def collect(self, door: int) -> None:
        """A resident collects her parcel."""
        self._type(
            f"{door:02}{self.code(door)}#",
            lambda: door in self.watch.open_doors(),
            "opens the door to the right code",
        )
        self._use(door, "take")

    def _type(self, keys: str, comes: Callable[[], bool], what: str) -> None:
        type_keys(self.hands, self.watch, keys, comes, what)

    def _use(self, door: int, act: str) -> None:
        self.hands.ask("open", door)
        self.hands.ask(act, door)
        self.hands.ask("close", door)
        self.watch.until(lambda: door not in self.watch.open_doors(), "closes the door", 5)

    def code(self, door: int) -> str:
        """The 8 digits of the parcel behind a door."""
        return pickup_code(self._key, self._board_id, self._epoch, door, self._deposits[door], 0, NO_TAIL)[:8]


def type_keys(hands: HandsClient, watch: Watch, keys: str, comes: Callable[[], bool], what: str) -> None:
    """Types once, and waits for what comes of it."""
    hands.ask("keys", keys)
    watch.until(comes, what)


def wait_until(true: Callable[[], object], what: str, within_s: float = 60) -> None:
    """Looks less often the longer it takes: many looks are a command."""
    begun = time.monotonic()
    while not true():
        waited = time.monotonic() - begun
        assert waited < within_s, what
        time.sleep(min(max(PAUSE_S_MIN, waited / 4), PAUSE_S_MAX))
