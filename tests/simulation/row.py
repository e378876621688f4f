"""Several cabinets on one bus in virtual time:
the whole firmware of each on CPython, and a host that asks them in turn.
"""

import asyncio
import random
from pathlib import Path
from typing import Any, Self

from host_tools.host.connections.bus_master import Master
from host_tools.link import messages
from host_tools.link import records as host_records
from host_tools.link.session import HostSession
from host_tools.simulator.chip.bus import Rs485Bus
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.controller import Controller
from host_tools.simulator.cpython_board.hal import SimulatedHal
from host_tools.simulator.cpython_board.loop import VirtualTimeLoop
from host_tools.simulator.world import World, board_named
from locker.contract import records
from locker.contract.codes import NO_TAIL, RULE, pickup_code
from locker.contract.tickets import ticket, ticket_key
from locker.shell import identity as identities
from locker.shell.app import App
from tests.simulation.stage import IDENTITY, answer_to, make_flash

BOARD = "row_8"
BAUD = 115_200
STALLS = 0.1  # of the steps of a cabinet that stalls


class RowCabinet:
    """One cabinet of the row, with an identity and an address of its own."""

    def __init__(self, folder: Path, bus: Rs485Bus, address: int) -> None:
        self.address = address
        names = {
            "board_id": f"{address:016x}",
            "alias": f"{address:08x}",
            "master_secret": f"{address:064x}",
            "cabinet": address,
        }
        self.identity = identities.from_json(IDENTITY | names)
        self.world = World(board_named(BOARD), bus.clock, address, bus=bus)
        (self.end,) = (end for end in bus.ends if end.name == f"cabinet {address}")
        make_flash(folder / f"flash{address}", BOARD)
        self.flash = FlashImage(folder / f"flash{address}", address)
        self.controller = Controller(self.world, self._program, self.flash)
        self.stall_ms = 0  # how long it is at something else, now and then

    async def _program(self, hal: SimulatedHal) -> None:
        chance, sleep_ms = random.Random(self.address), hal.sleep_ms
        hal.sleep_ms = lambda ms: sleep_ms(ms + (self.stall_ms if chance.random() < STALLS else 0))
        await App(hal, self.identity, {"serial": True, "bus": self.address}).run()

    def ticket(self, serial: int) -> str:
        return ticket(ticket_key(self.identity.ticket_secret, 0), self.identity.site_id, serial)

    def code(self, door: int, counter: int) -> str:
        """The 8 digits of the parcel with that counter behind a door."""
        secrets = identities.secrets(self.identity, [(1, 0, RULE)], [0])
        return pickup_code(secrets.code_key, self.identity.board_id, 1, door, counter, 0, NO_TAIL)[:8]


class Heard:
    """What the host knows of one cabinet."""

    def __init__(self, cabinet: RowCabinet) -> None:
        identity = cabinet.identity
        entropy = random.Random(cabinet.address).randbytes
        self.session = HostSession(identity.master_secret, identity.board_id, identity.alias, entropy)
        self.events: list[records.Record] = []
        self.urgent: list[tuple[int, records.Record]] = []  # with the ms at which it came

    def take(self, message: Any, now_ms: int) -> tuple | None:
        """Keeps what is new; the answer that it wants."""
        if isinstance(message, messages.Events):
            for record in map(host_records.unpack, message.records):
                if record.number == len(self.events) + 1:
                    self.events.append(record)
        elif isinstance(message, messages.Urgent):
            self.urgent.append((now_ms, records.unpack(message.record)))
        return answer_to(message, len(self.events))

    @property
    def kinds(self) -> list[int]:
        """The kinds of the events so far."""
        return [record.kind for record in self.events]


class BusHost:
    """The host's own master of the bus, and a session with each cabinet."""

    def __init__(self, bus: Rs485Bus, heard: dict[int, Heard]) -> None:
        self.master = Master(BAUD)
        self.heard = heard
        self._clock = bus.clock
        self._end = bus.host
        self._end.on_bytes = self._hear
        self._timer = self._clock.after(0, self._step)

    def _now_s(self) -> float:
        return self._clock.now_us() / 1e6

    def _hear(self, data: bytes) -> None:
        for address, payload in self.master.hear(data, self._now_s()):
            if address in self.heard:
                self._answer(address, payload)
        self._step()

    def _answer(self, address: int, payload: bytes) -> None:
        heard, now_ms = self.heard[address], self._clock.now_ms()
        answer = heard.take(heard.session.accept(payload, now_ms), now_ms)
        frames = [heard.session.seal(answer)] if answer else []
        if greeting := heard.session.outgoing():
            frames.append(greeting)
        for frame in frames:
            self.master.say(address, frame, self._now_s())

    def _step(self) -> None:
        self._timer.cancel()
        question = self.master.step(self._now_s())
        if question:
            self._end.write(question)
        self._timer = self._clock.at(round(self.master.wake_s() * 1e6) + 1, self._step)


class Row:
    """Cabinets 1 to `count` on one bus, and their host. Use as a context manager."""

    def __init__(self, folder: Path, count: int) -> None:
        self.clock = VirtualClock()
        self.bus = Rs485Bus(self.clock, 1)
        self.cabinets = [RowCabinet(folder, self.bus, address) for address in range(1, count + 1)]
        self.host = BusHost(self.bus, {cabinet.address: Heard(cabinet) for cabinet in self.cabinets})
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(self.clock))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._stop())
        self._runner.close()
        for cabinet in self.cabinets:
            cabinet.flash.close()

    async def _stop(self) -> None:
        for cabinet in self.cabinets:
            await cabinet.controller.stop()

    def live_until(self, ms: int) -> None:
        """Lets all cabinets and the host live up to that time."""

        async def live() -> None:
            await asyncio.gather(*(cabinet.controller.run_until(ms * 1000) for cabinet in self.cabinets))

        self._runner.run(live())
