"""A network that forgets connections without a word:
the whole firmware in virtual time, and a host that is connected to.
"""

import random
from pathlib import Path

from host_tools.link import messages
from host_tools.link.session import HostSession
from host_tools.simulator.chip.network import Network, Stream
from host_tools.simulator.cpython_board.controller import VirtualController
from host_tools.simulator.people.people import courier, send
from locker.contract import records
from locker.wire.frame import Decoder
from tests.simulation.stage import IDENTITY, Cabinet, answer_to, make_flash, ticket_of

HOST = {"host": "10.0.0.2", "port": 26746}
DEAD_MS, HEARTBEAT_MS = 25_000, 300_000
AGAIN_MS = 5_000  # the backoff, connecting, and a handshake


class TcpHost:
    """Takes events from whichever connection they come, and answers there."""

    def __init__(self, network: Network) -> None:
        secret, board_id, alias = (
            bytes.fromhex(IDENTITY[name]) for name in ("master_secret", "board_id", "alias")
        )
        self._session = HostSession(secret, board_id, alias, random.Random(1).randbytes)
        self._now_ms = network.clock.now_ms
        self.connections: list[int] = []  # when each came about, in ms
        self.events: list[tuple[int, records.Record]] = []  # with the ms at which it came
        network.listen(HOST["host"], HOST["port"], self._accept)

    def _accept(self, stream: Stream) -> None:
        self.connections.append(self._now_ms())
        decoder = Decoder()
        stream.on_bytes = lambda data: [self._hear(stream, payload) for payload in decoder.feed(data)]

    def _hear(self, stream: Stream, payload: bytes) -> None:
        message = self._session.accept(payload, self._now_ms())
        for record in map(records.unpack, message.records if isinstance(message, messages.Events) else ()):
            if record.number == len(self.events) + 1:
                self.events.append((self._now_ms(), record))
        if greeting := self._session.outgoing():
            stream.write(greeting)
        answer = answer_to(message, len(self.events))
        if answer:
            stream.write(self._session.seal(answer))


def test_an_event_on_a_dead_connection_is_half_a_minute_late_and_an_idle_board_is_back_after_a_heartbeat(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash", network=HOST) as cabinet:
        network = Network(cabinet.world.clock, random.Random(1))
        host = TcpHost(network)
        cabinet._controller = VirtualController(cabinet.world, cabinet._program, cabinet.flash, network)
        cabinet.run_until(5_000)
        assert len(host.connections) == 1
        network.forget()
        visit = send(cabinet.world, courier(cabinet.world, ticket_of(4711)), 6_000)
        cabinet.run_until(60_000)
        assert visit.result
        (at_ms, started), *_ = [
            (at_ms, record) for at_ms, record in host.events if record.kind == records.DEPOSIT_STARTED
        ]
        assert DEAD_MS <= at_ms - 100 * started.uptime <= DEAD_MS + AGAIN_MS
        assert len(host.connections) == 2
        assert [record.kind for _, record in host.events][-1] == records.DEPOSITED
        network.forget()
        cabinet.run_until(60_000 + HEARTBEAT_MS + DEAD_MS + AGAIN_MS)
        assert len(host.connections) == 3
        cabinet.run_until(720_000)  # and on a connection that lives nothing is given up
        assert len(host.connections) == 3
