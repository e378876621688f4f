"""Theorems about a flash image that was put back: whatever happened before and whatever the board did since, offline or not, when board
and host have met they agree, nobody's parcel is lost, and what residents were told last opens their doors.
"""

import copy
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from host_tools.host import residents, tables, tickets
from host_tools.host.database import now_ms
from host_tools.host.ledger import Enrolment, open_ledger
from host_tools.host.orders import Order
from locker.core import commands, journal, records

sys.path.insert(0, str(Path(__file__).parents[1] / "host_tools"))

from host_board import enrol

from .two_logs import BoardEnd, HostEnd, String

SETTLED_MS_MAX = 600_000
DAY_MS = 86_400_000


class Cabinet(BoardEnd):
    """A board with doors behind which things are, whatever its flash says."""

    def __init__(self, enrolled: Enrolment, string: String, rng: random.Random) -> None:
        super().__init__(enrolled, string, rng)
        self.inside: dict[int, set[int]] = {}  # by door, the serials of the parcels that are there

    def image(self) -> tuple:
        return copy.deepcopy(self.flash.blocks), dict(self._nvs.values)

    def put_back(self, image: tuple) -> None:
        self.flash.blocks, self._nvs.values = copy.deepcopy(image[0]), dict(image[1])

    def leave(self, serial: int, now_ms: int, *, sees: bool) -> None:
        """A courier leaves a parcel; a sensor that sees what is inside keeps others from its door."""
        free = [door for door in self.state.doors.values() if not door.state and not (sees and self.inside.get(door.number))]
        if free and not self.state.doubt and self.cabinet.accepting:
            door = self._rng.choice(free)
            self._record(records.DEPOSIT_STARTED, door, serial, now_ms, door.counter + 1)
            self._record(records.DEPOSITED, door, serial, now_ms)
            self.inside.setdefault(door.number, set()).add(serial)

    def take(self, now_ms: int) -> None:
        waiting = [door for door in self.state.doors.values() if door.state == journal.WAITING]
        if waiting:
            door = self._rng.choice(waiting)
            self._record(records.PICKUP_OPENED, door, records.BY_CODE, now_ms)
            self.inside.get(door.number, set()).discard(door.serial)
            self._record(records.COLLECTED, door, door.serial, now_ms)


class Story:
    """A cabinet, its host, and what happens to them."""

    def __init__(self, folder: Path, seed: int, *, sees: bool) -> None:
        self.rng = random.Random(seed)
        self.sees = sees
        self.now_ms = now_ms()
        self.ledger = open_ledger(folder / "data")
        self.ledger.site("mapo-3")
        residents.add(self.ledger, "Kim")
        self.serials = [ticket.serial for ticket in (tickets.issue(self.ledger, "Kim") for _ in range(30))]
        enrolled = enrol(self.ledger)
        self.string = String(self.rng)
        self.board = Cabinet(enrolled, self.string, self.rng)
        self.host = HostEnd(self.ledger, 1, self.string)
        self.start()

    def start(self) -> None:
        self.board._now_ms = self.now_ms
        self.board.start(self.now_ms)

    def step(self, ms: int = 50) -> None:
        self.now_ms += ms
        self.board.step(self.now_ms)
        self.host.step(self.now_ms)

    def live(self, acts: int) -> None:
        """People come and go; between two of them the link has time for what it has to say, or not."""
        for _ in range(acts):
            act = self.rng.random()
            if act < 0.5 and self.serials:
                self.board.leave(self.serials.pop(), self.now_ms, sees=self.sees)
            elif act < 0.85:
                self.board.take(self.now_ms)
            elif act < 0.9:
                self.board._record(records.BELL_RUNG, None, 1, self.now_ms)
            elif act < 0.95:
                self.host.new_epoch()
            else:
                self.reissue()
            for _ in range(self.rng.choice((0, 1, 30))):
                self.step()

    def reissue(self) -> None:
        waiting = [row for row in self.host.rows(tables.parcel) if row.state == "waiting"]
        if waiting:
            row = self.rng.choice(waiting)
            self.host.order(Order(commands.REISSUE, row.door, row.counter, min(15, row.retry + 1)))

    def settle(self) -> None:
        end_ms = self.now_ms + SETTLED_MS_MAX
        while not self.is_settled():
            assert self.now_ms < end_ms, "board and host agree in the end"
            for _ in range(40):
                self.step()

    def is_settled(self) -> bool:
        (cabinet,) = self.host.rows(tables.cabinet)
        places = {row.incarnation: row.applied for row in self.host.rows(tables.position)}
        waiting = [row for row in self.host.rows(tables.command) if row.state == "waiting"]
        held = places.get(cabinet.incarnation) == self.board.store.next_number - 1 == self.board.store.acknowledged
        return held and not waiting and cabinet.unsettled is None and not self.board.state.doubt

    def check(self) -> None:
        parcels = self.host.rows(tables.parcel)
        waiting = {(row.door, row.counter): row for row in parcels if row.state == "waiting"}
        doors = {number: door for number, door in self.board.state.doors.items() if door.state}
        assert {(number, door.counter) for number, door in doors.items()} == set(waiting), "both know the same parcels"
        for row in waiting.values():
            door = doors[row.door]
            code = (row.epoch % 1024, row.retry)
            assert code == (door.epoch, door.retry), "both know the same codes"
            assert row.serial == door.serial
        unknown = {row.serial for row in parcels if row.state == "unknown"}
        known = {row.serial for row in waiting.values()} | unknown
        assert set().union(*self.board.inside.values()) - self.forgotten <= known, "nobody's parcel is lost"
        self.check_letters(waiting)

    def check_letters(self, waiting: dict[tuple[int, int], Any]) -> None:
        letters = self.host.rows(tables.outbox)
        told: dict[int, tuple] = {}
        codes: dict[tuple, set[int]] = {}
        for row in letters:
            if row.kind in ("deposited", "new code", "used label", "odd new code"):
                told[row.door] = (row.epoch, row.counter, row.retry)
        for row in waiting.values():
            assert told[row.door] == (row.epoch, row.counter, row.retry), "what was told last opens the door"
            codes.setdefault((row.epoch, row.door, row.counter, row.retry), set()).add(row.id)
        assert all(len(ids) == 1 for ids in codes.values())
        lost = [row for row in self.host.rows(tables.parcel) if row.state == "unknown"]
        assert len([row for row in letters if row.kind == "unknown" and row.resident]) == len(lost), "who cannot know is told so"
        assert len([row for row in letters if row.kind == "bell"]) == len(
            [row for row in self.host.rows(tables.alarm) if row.kind == "bell"]
        )
        asked = self.host.rows(tables.aside)
        assert asked == [], "nothing that an honest board says is set aside"

    def play(self, before: int, between: int, offline: int, after: int, *, meets_first: bool) -> None:
        self.live(before)
        if self.rng.random() < 0.7:
            self.settle()
        image = self.board.image()
        if self.rng.random() < 0.5:
            self.start()
        self.live(between)
        if self.rng.random() < 0.7:
            self.settle()
        self.string.cut()
        self.board.put_back(image)
        self.start()
        known = {row.serial for row in self.host.rows(tables.parcel)} | {door.serial for door in self.board.state.doors.values()}
        self.forgotten = set().union(*self.board.inside.values()) - known  # only the flash that was overwritten knew of them
        if meets_first:
            for _ in range(self.rng.choice((1, 20, 60))):
                self.step(100)
        self.string.partition = True
        self.live(offline)
        self.now_ms += self.rng.choice((0, DAY_MS))
        if self.rng.random() < 0.3:
            self.start()
        self.string.partition = False
        self.live(after)
        self.settle()
        self.check()


def play(seed: int, before: int, between: int, offline: int, after: int, meets_first: bool, sees: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="ansim-test-") as folder:
        story = Story(Path(folder), seed, sees=sees)
        try:
            story.play(before, between, offline, after, meets_first=meets_first)
        finally:
            story.ledger.close()


STORIES = {
    "seed": st.integers(0, 2**32),
    "before": st.integers(0, 8),
    "between": st.integers(0, 8),
    "offline": st.integers(0, 10),
    "after": st.integers(0, 4),
    "meets_first": st.booleans(),
    "sees": st.booleans(),
}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(**STORIES)
@example(seed=1, before=4, between=6, offline=10, after=0, meets_first=False, sees=True)
@example(seed=2, before=4, between=6, offline=10, after=0, meets_first=False, sees=False)
@example(seed=3, before=4, between=6, offline=10, after=2, meets_first=True, sees=True)
def test_when_an_old_flash_image_was_put_back_nobodys_parcel_is_lost_and_letters_tell_the_truth(**story: Any) -> None:
    play(**story)


@pytest.mark.soak
@settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(**STORIES)
def test_so_it_is_in_three_thousand_stories(**story: Any) -> None:
    play(**story)
