"""A day at a cabinet whose link breaks at each kind of frame:
the doors do not care, and in the end the host knows everything, once.
"""

import itertools
import random
import time
from collections import Counter
from typing import NamedTuple

import pytest
from sqlalchemy import select

from host_tools.demo.stage import SITE
from host_tools.demo.watch import Watch
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.simulator.virtual_board.control import HandsClient
from locker.contract import records
from tests.swift_stage import ansim

from .relay import BEFORE, BEHIND, IN, PASS, STALL, TO_BOARD, TO_HOST, Frame
from .relayed import CARRIERS, People, RelayedStage, wait_until

RESIDENT = "Minji"
TROUBLES_MIN = 20
LIVES_MAX = 14
HEALED_S_MAX = 60  # the board comes back 90 s after a long absence at most; here it was short


class Trouble(NamedTuple):
    """What happens to the link at which frame of a way, counted from the trouble before."""

    way: str
    frame: int
    fate: str


# On TCP each cut begins with the handshake: HELLO and WELCOME, the report and its answer, events and theirs,
# and whatever comes next. On a serial line a loss that is short is followed by what was not answered; several
# in a row, by a handshake as well.
TROUBLES = {
    "tcp": [
        Trouble(way, frame, fate)
        for way in (TO_HOST, TO_BOARD)
        for frame in (1, 2, 3)
        for fate in (BEFORE, IN, BEHIND)
    ]
    + [
        Trouble(TO_HOST, 4, BEFORE),
        Trouble(TO_HOST, 5, IN),
        Trouble(TO_HOST, 3, STALL),
        Trouble(TO_BOARD, 1, STALL),
    ],
    "serial": [
        Trouble(way, frame, fate)
        for way in (TO_HOST, TO_BOARD)
        for frame in (1, 2)
        for fate in (BEFORE, IN, BEHIND)
    ]
    + [Trouble(way, 1, fate) for way in (TO_HOST, TO_BOARD) for fate in (BEFORE, IN, BEHIND)]
    + [Trouble(TO_HOST, 2, STALL), Trouble(TO_BOARD, 1, STALL)],
}


class Fate:
    """The relay's judge: one trouble after the other."""

    def __init__(self, troubles: list[Trouble]) -> None:
        self._troubles = troubles
        self._count = 0
        self.came: list[tuple[Frame, Trouble]] = []

    @property
    def left(self) -> int:
        return len(self._troubles) - len(self.came)

    def __call__(self, frame: Frame) -> str:
        if not self.left:
            return PASS
        trouble = self._troubles[len(self.came)]
        self._count += frame.way == trouble.way
        if self._count < trouble.frame:
            return PASS
        self._count = 0
        self.came.append((frame, trouble))
        return trouble.fate


def _unsent(stage: RelayedStage) -> int:
    with open_ledger(stage.data) as ledger, ledger.reading() as connection:
        return len(
            connection.execute(select(tables.outbox.c.id).where(tables.outbox.c.sent_ms.is_(None))).all()
        )


class Day:
    """What was done at the cabinet, and what is left of it on both sides."""

    def __init__(self, carrier: str) -> None:
        self.carrier = carrier
        self.lives = 0
        began_s = time.monotonic()
        with RelayedStage(carrier) as stage:
            stage.new_resident(RESIDENT)
            watch = Watch(stage)
            with HandsClient(stage.port) as hands:
                watch.until(lambda: watch.has_heard("booted"), "is online")
                fate = Fate(random.Random(carrier).sample(TROUBLES[carrier], len(TROUBLES[carrier])))
                stage.relay.judge = fate
                self._live(stage, People(stage, watch, hands), fate)
            ear = stage.ear()
            self.names = {frame: ear.name(frame) for frame in stage.relay.frames}
            self.troubles = fate.came
            self.parcels = stage.parcels()
            self.letters = stage.messages()
            stage.stop()
            self.journal = stage.journal()
            with open_ledger(stage.data) as ledger, ledger.reading() as connection:
                event = tables.event.c
                rows = connection.execute(
                    select(*(event[name] for name in records.Record._fields)).order_by(event.number)
                )
                self.ledger = [records.Record(*row) for row in rows]
        self.took_s = time.monotonic() - began_s

    def _live(self, stage: RelayedStage, people: People, fate: Fate) -> None:
        """A parcel comes before the one before it goes, and now and then somebody wants help;
        in the end there is no link at all.
        """
        waiting = self._deposit(stage, people)
        while fate.left and self.lives < LIVES_MAX:
            newer = self._deposit(stage, people)
            people.collect(waiting)
            if self.lives % 2:
                people.hands.ask("bell")
            waiting = newer
        stage.relay.cut()
        people.collect(waiting)
        people.collect(self._deposit(stage, people))
        stage.relay.whole = True
        wait_until(
            lambda: [each["state"] for each in stage.parcels()] == ["collected"] * self.lives,
            "all is told",
            HEALED_S_MAX,
        )
        # Letters beyond what people at a cabinet cause.
        ansim("link", "release", "--site", SITE, "--number", 1, "--data", stage.data)
        wait_until(lambda: not _unsent(stage), "all letters are sent")

    def _deposit(self, stage: RelayedStage, people: People) -> int:
        self.lives += 1
        return people.deposit(stage.new_ticket(RESIDENT))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_wherever_the_link_breaks_the_doors_work_and_the_host_hears_everything_once(carrier: str) -> None:
    day = Day(carrier)  # a door that keeps somebody waiting is an error there
    _is_broken_everywhere(day)
    if carrier == "tcp":  # on a serial line the answer itself may be lost
        _greets_once_where_it_is_answered(day)
    _holds_every_event_once(day)
    _sent_each_letter_once(day)


def _is_broken_everywhere(day: Day) -> None:
    """At twenty frames and more, of several kinds: before, in and behind some of both ways."""
    assert len(day.troubles) >= TROUBLES_MIN, day.lives
    hit = Counter((frame.way, trouble.fate) for frame, trouble in day.troubles)
    assert all(hit[way, fate] for way in (TO_HOST, TO_BOARD) for fate in (BEFORE, IN, BEHIND)), hit
    kinds = {day.names[frame].split(":")[0] for frame, _ in day.troubles}
    assert len(kinds) >= {"tcp": 4, "serial": 2}[day.carrier], kinds


def _greets_once_where_it_is_answered(day: Day) -> None:
    troubled = {frame for frame, _ in day.troubles}
    for frame, after in itertools.pairwise(day.names):
        assert day.names[frame] != "WELCOME" or frame in troubled or day.names[after] != "HELLO"


def _holds_every_event_once(day: Day) -> None:
    assert day.ledger == day.journal
    assert [record.number for record in day.ledger] == list(range(1, len(day.ledger) + 1))
    kinds = Counter(record.kind for record in day.ledger)
    assert kinds[records.DEPOSITED] == kinds[records.PICKUP_OPENED] == kinds[records.COLLECTED] == day.lives


def _sent_each_letter_once(day: Day) -> None:
    assert [parcel["state"] for parcel in day.parcels] == ["collected"] * day.lives
    assert len({letter["id"] for letter in day.letters}) == len(day.letters)
    to_resident = Counter(letter["text"].split(" ")[0] for letter in day.letters if letter["to"] == RESIDENT)
    assert to_resident == {"A": day.lives, "Door": day.lives}  # a parcel waits; door so-and-so was opened
