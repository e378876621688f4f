"""What a parcel's life costs on the wire: a relay counts between the real firmware and the real host."""

import json
import time

import pytest

from host_tools.demo.watch import Watch
from host_tools.simulator.virtual_board.control import HandsClient

from .relay import TO_BOARD, TO_HOST, Frame
from .relayed import CARRIERS, People, RelayedStage, wait_until

RESIDENT = "Minji"
LIFE_BYTES_MAX = 256  # both ways; commands, handshake and the carrier's own headers not counted
LIFE_FRAMES_MAX = 5
LETTER_S_MAX = 2.0  # on a machine with other work


class Life:
    """What a relay heard of one parcel's life,
    and how long after the closing of the door its letter was out.
    """

    def __init__(self, carrier: str) -> None:
        with RelayedStage(carrier) as stage:
            stage.new_resident(RESIDENT)
            watch = Watch(stage)
            with HandsClient(stage.port) as hands:
                watch.until(lambda: watch.has_heard("booted"), "is online")
                people = People(stage, watch, hands)
                ticket = stage.new_ticket(RESIDENT)
                ear = stage.ear()
                self._live(stage, people, ticket)
            named = [(frame, ear.name(frame)) for frame in stage.relay.frames]
        self.frames: list[Frame] = [frame for frame, _ in named if frame.seconds > self.began_s]
        self.names = [
            f"{frame.way}: {len(frame.raw)} bytes, {name}"
            for frame, name in named
            if frame.seconds > self.began_s
        ]

    def _live(self, stage: RelayedStage, people: People, ticket: str) -> None:
        wait_until(lambda: stage.relay.frames[-1].way == TO_BOARD, "the host answers")
        self.began_s = time.monotonic()
        door = people.deposit(ticket)
        closed_s = time.monotonic()
        wait_until(stage.messages, "a letter is sent")
        self.letter_s = time.monotonic() - closed_s
        people.collect(door)
        people.watch.until(lambda: people.watch.has_heard("collected"), "reports the collection")
        wait_until(lambda: stage.relay.frames[-1].way == TO_BOARD, "the host answers")


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_parcels_life_takes_256_bytes_in_five_frames_and_its_letter_is_out_at_once(carrier: str) -> None:
    life = Life(carrier)
    assert sum(len(frame.raw) for frame in life.frames) <= LIFE_BYTES_MAX, json.dumps(life.names, indent=2)
    assert len(life.frames) <= LIFE_FRAMES_MAX, json.dumps(life.names, indent=2)
    said = [
        name.split(", ", 1)[1]
        for frame, name in zip(life.frames, life.names, strict=True)
        if frame.way == TO_HOST
    ]
    assert [name.split(":")[0] for name in said] == ["Events", "Urgent", "Events"], life.names
    assert [name.split(", ")[-1].split(": ")[-1] for name in said] == [
        "deposited",
        "pickup opened",
        "collected",
    ], life.names
    assert life.letter_s < LETTER_S_MAX
