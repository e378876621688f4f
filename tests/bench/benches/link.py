"""The bytes of one parcel's life on the wire:
ours beside the same events in the usual encodings over the usual protocols.
"""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from host_tools.host.kinds import KINDS
from host_tools.simulator.people.people import Script, courier, resident, send
from host_tools.simulator.world import World
from locker.contract.records import Record
from tests.bench import Table
from tests.bench.encodings import coap_oscore, json_mqtt, protobuf_mqtt
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash, ticket_of

_SERIAL = 4711
_BEGINS_MS = 6_000  # the meeting is over
_ENDS_MS = 60_000
_STAY_US = 20_000_000


class Life(NamedTuple):
    """What our board said in a parcel's life, message by message, and what that took:
    bytes both ways and frames.
    """

    messages: list[list[Record]]
    bytes: int
    frames: int


class _Listener(TestHost):
    """The host, who also notes which records came together."""

    def __init__(self, world: World) -> None:
        self.messages: list[list[Record]] = []
        self.frames = 0
        super().__init__(world)

    def _hear(self, data: bytes) -> None:
        events, urgent = len(self.events), len(self.urgent)
        self.frames += data.count(0)
        super()._hear(data)
        self.messages += [new for new in (self.urgent[urgent:], self.events[events:]) if new]

    def _send(self, frame: bytes) -> None:
        self.frames += 1
        super()._send(frame)


def life() -> Life:
    """A parcel comes and is collected with the right code, the link up and the meeting over.

    Frames as the simulated line carries them.
    """
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder, contextlib.redirect_stdout(sys.stderr):
        make_flash(Path(folder, "flash"))
        with Cabinet(Path(folder, "flash")) as cabinet:
            host = _Listener(cabinet.world)
            send(cabinet.world, _visits(cabinet.world), _BEGINS_MS)
            cabinet.run_until(_BEGINS_MS)
            before = len(host.messages), host.received_bytes + host.sent_bytes, host.frames
            cabinet.run_until(_ENDS_MS)
    return Life(
        host.messages[before[0] :], host.received_bytes + host.sent_bytes - before[1], host.frames - before[2]
    )


def _visits(world: World) -> Script:
    door = yield from courier(world, ticket_of(_SERIAL))
    yield world.clock.now_us() + _STAY_US
    yield from resident(world, door, code_of(door, 1))
    return door


def named(record: Record) -> dict:
    """A record as one would name its fields."""
    return {"event": KINDS[record.kind].name.replace(" ", "_"), **record._asdict()}


def others(messages: Sequence[Sequence[Record]]) -> dict[str, tuple[int, int]]:
    """By way: bytes and packets when each event is said by itself, as is usual,
    then when they come together as ours do.
    """
    ways: dict[str, Callable[[Sequence[Sequence[dict]]], list[bytes]]] = {
        "CoAP with OSCORE, tags of 8 bytes": coap_oscore.packets,
        "CoAP with OSCORE, tags of 16 bytes": partial(coap_oscore.packets, algorithm="AES-CCM-16-128-128"),
        "protobuf over MQTT 3.1.1, QoS 1": protobuf_mqtt.packets,
        "JSON over MQTT 3.1.1, QoS 1": json_mqtt.packets,
    }
    found = {}
    together = [[named(record) for record in message] for message in messages]
    singly = [
        [event] for event in {event["number"]: event for message in together for event in message}.values()
    ]
    for name, packets in ways.items():
        for how, said in (("an event each", singly), ("as ours", together)):
            sent = packets(said)
            found[f"{name}: {how}"] = sum(map(len, sent)), len(sent)
    return found


def run() -> list[Table]:
    ours = life()
    rows = [("ansim, sealed end to end", ours.bytes, ours.frames, 1.0)]
    rows += [
        (name, size, packets, round(size / ours.bytes, 1))
        for name, (size, packets) in others(ours.messages).items()
    ]
    note = (
        "Deposit and pickup, both ways, acknowledgements included; without what TCP, UDP and IP add, and "
        "without handshakes. Ours is what the firmware sends and its host answers; its tags have 16 bytes, "
        "its records are filled to 32. MQTT's acknowledgement is the broker's, ours says that it is in the "
        "host's database; JSON and protobuf are not sealed."
    )
    return [Table("A parcel's life on the wire", ("way", "bytes", "packets", "times ours"), rows, note)]
