"""Theorems about the two logs: whatever the line does and whoever crashes, nothing is lost, nothing is
applied twice, and when the trouble ends both ends know the same within eight minutes.
"""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from locker.contract import commands, records
from tests.memory_disk import scratch

from .beginning import begin
from .two_logs import STEP_MS, BoardEnd, Faults, HostEnd, String, every_seal_watched

# Of calm: 300 s to the next heartbeat, 10 of silence, 40 to the next greeting, and the backlog.
CONVERGED_MS_MAX = 480_000
ACTS = ("deposit", "deposit", "collect", "collect", "bell", "order", "epoch")
TROUBLES = ("board", "host", "before", "behind", "numbered", "partition", "heal", "cut", "day", "minutes")
FAULTS = st.builds(
    Faults,
    loss=st.floats(0, 0.3),
    doubling=st.floats(0, 0.5),
    damage=st.floats(0, 0.1),
    cutting=st.floats(0, 0.1),
    delay_ms=st.sampled_from((0, 100, 3_000, 60_000, 2 * 86_400_000)),
)


class Story:
    """Both ends, and what happens to them."""

    def __init__(self, folder: Path, seed: int, faults: Faults, *, turns: bool = False) -> None:
        self.rng = random.Random(seed)
        self.acts = (*ACTS, "turn", "turn") if turns else ACTS
        self.now_ms = 0
        self.path, self.backup = folder / "data" / "ledger.db", folder / "backup.db"
        self.restored = False
        self.ledger, self.serials, enrolled = begin(folder / "data")
        self.string = String(self.rng)
        self.string.faults = faults
        self.board = BoardEnd(enrolled, self.string, self.rng)
        known = self.ledger.enrolled(enrolled.uid)
        assert known is not None
        self.host = HostEnd(self.ledger, known.id, self.string)
        self.host.issue_again(self.serials)
        self.crash = ""
        self.board._now_ms = 0
        self.board.start(0)

    def step(self, ms: int = STEP_MS) -> None:
        self.now_ms += ms
        self.board.step(self.now_ms)
        self.host.step(self.now_ms, self.crash)
        self.crash = ""

    def act(self) -> None:
        act = self.rng.choice(self.acts)
        if act == "deposit" and self.serials:
            self.board.deposit(self.serials.pop(), lambda: self.now_ms, self.stand_at_the_door)
        elif act == "collect":
            self.board.collect(self.now_ms)
        elif act == "bell":
            self.board._record(records.BELL_RUNG, None, 1, self.now_ms)
        elif act == "order":
            self.host.order(Order(commands.SET_PATIENCE, 0, 0, self.rng.randint(1, 4)))
        elif act == "epoch":
            self.host.new_epoch()
        elif act == "turn":
            self.host.turn()

    def stand_at_the_door(self) -> None:
        """Between the opening and the closing of a courier's door time passes, and orders come."""
        if self.rng.random() < 0.3:
            self.host.new_epoch()
        if "turn" in self.acts:
            for _ in range(self.rng.choice((0, 1, 2))):  # two would take the label that is in hand
                self.host.turn()
        for _ in range(self.rng.randint(0, 8)):
            self.step(500)

    def back_up(self) -> None:
        """A copy of the ledger, as an operator makes one while the host runs."""
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(self.backup)) as target:
            source.backup(target)

    def restore(self) -> None:
        """The backup is put back, and the host starts on it."""
        self.ledger.close()
        for rest in ("-wal", "-shm"):
            Path(f"{self.path}{rest}").unlink(missing_ok=True)
        shutil.copyfile(self.backup, self.path)
        self.host.ledger = self.ledger = open_ledger(self.path.parent)
        self.host.start()
        self.restored = True

    def trouble(self) -> None:
        what = self.rng.choice(TROUBLES)
        if what == "board":
            self.board.start(self.now_ms)
        elif what == "host":
            self.host.start()
        elif what in ("before", "behind", "numbered"):
            self.crash = what
        elif what in ("partition", "heal"):
            self.string.partition = what == "partition"
        elif what == "cut":
            self.string.cut()
        else:
            self.step(86_400_000 if what == "day" else self.rng.randint(1_000, 400_000))

    def converged(self) -> bool:
        """Whether the ledger holds the whole journal, and no order waits."""
        held = self.host.rows(tables.position)
        waiting = [row for row in self.host.rows(tables.command) if row.state == "waiting"]
        return bool(held) and held[0].applied == self.board.journal.next_number - 1 and not waiting

    def check(self) -> None:
        """What must hold once both ends know the same."""
        journal = self.board.told()
        assert self.host.events() == journal, "the ledger is the journal"
        applied = [record.a for record in journal if record.kind == records.COMMAND_APPLIED]
        assert applied == list(range(1, len(applied) + 1)), "each order once, in turn"
        numbers = sorted(row.number for row in self.host.rows(tables.command))
        assert numbers == applied if not self.restored else set(numbers) <= set(applied)
        begun = [record.a for record in journal if record.kind == records.EPOCH_BEGUN]
        assert begun == sorted(set(begun)), "each epoch begins once"
        turned = [record.a for record in journal if record.kind == records.TICKETS_TURNED]
        assert turned == sorted(turned), "a ticket key never goes back"
        held = self.host.rows(tables.position)[0]
        assert held.generation == self.board.state.generation == (turned[-1] if turned else 0), (
            "both ends know the same ticket key"
        )
        parcels = {(row.door, row.counter): row for row in self.host.rows(tables.parcel)}
        assert {key: row.epoch for key, row in parcels.items()} == self.board.epochs, (
            "both ends know the epoch of each parcel"
        )
        labels = {key: (row.generation, row.serial) for key, row in parcels.items()}
        assert labels == self.board.labels, "both ends know the label of each parcel"
        assert not any(row.flagged for row in parcels.values()), "and that it was good"
        gone = {(record.door, record.b) for record in journal if record.kind == records.COLLECTED}
        assert {key for key, row in parcels.items() if row.state == "collected"} == gone
        letters = [row.id for row in self.host.rows(tables.outbox)]
        assert len(letters) == len(set(letters))
        told = [row for row in self.host.rows(tables.outbox) if row.kind == "deposited"]
        assert len(told) == len(parcels), "one message a parcel"
        assert not [one for one in self.host.told if one["event"] == "refused"]
        assert self.restored or not [one for one in self.host.told if one["event"] == "out of step"]

    def play(self, length: int, restores: bool) -> None:
        backed_up, restored = sorted(self.rng.sample(range(length), 2))
        for moment in range(length):
            if restores and moment == backed_up:
                self.back_up()
            elif restores and moment == restored:
                self.restore()
            chance = self.rng.random()
            if chance < 0.15:
                self.act()
            elif chance < 0.22:
                self.trouble()
            self.step(self.rng.choice((STEP_MS, STEP_MS, STEP_MS, 500, 3_100, 11_000)))
        self.string.faults = Faults()
        self.string.partition = False
        self.string.cut()
        calm_ms = self.now_ms + CONVERGED_MS_MAX
        while not self.converged():
            assert self.now_ms < calm_ms, "when the trouble ends all is told"
            for _ in range(10):
                self.step(50)
        self.check()


def play(seed: int, faults: Faults, length: int, *, restores: bool = False, turns: bool = True) -> None:
    with scratch() as folder, every_seal_watched():
        story = Story(Path(folder), seed, faults, turns=turns)
        try:
            story.play(length, restores)
        finally:
            story.ledger.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), faults=FAULTS, turns=st.booleans())
# A report overtaken by events.
@example(seed=356607, faults=Faults(0.03125, 0.12606471014755163, 0.03125, 0.0625, 3000), turns=False)
def test_whatever_the_line_does_and_whoever_crashes_both_ends_come_to_know_the_same(
    seed: int, faults: Faults, turns: bool
) -> None:
    play(seed, faults, 150, turns=turns)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), faults=FAULTS)
def test_so_they_do_when_a_backup_of_the_ledger_is_restored_in_the_midst_of_it(
    seed: int, faults: Faults
) -> None:
    play(seed, faults, 150, restores=True)


@pytest.mark.soak
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), faults=FAULTS, restores=st.booleans())
def test_so_they_do_in_a_thousand_long_stories(seed: int, faults: Faults, restores: bool) -> None:
    play(seed, faults, 600, restores=restores)
