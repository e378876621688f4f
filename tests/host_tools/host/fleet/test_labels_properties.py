"""A theorem of labels: whatever is issued, revoked, used twice, grows old or bears a serial anew,
each deposit is told as what it is.

The cabinets are the firmware's core, the host is its own ledger; between them stands a model of a few lines,
which knows of each label only its generation, whether it was taken back, and how often it was used.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import func, insert, select, update

from host_tools.host.fleet import generations
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import TICKET_SECRET as PURPOSE
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import commands, records
from locker.contract import tickets as derivation
from locker.contract.codes import NO_TAIL
from locker.core import keypad, texts
from tests.kit.host_board import enrol, was_away_for_a_month

sys.path.insert(0, str(Path(__file__).parents[3] / "core"))

from cabinet_script import SECRETS, TICKET_SECRET, Story, parcel_code, parcel_duress, tail_of

TAIL = 7
NAMES = ("Kim", "Lee")  # Kim has chosen the tail, which is a popular one; Lee has none
SMALL = 6  # serials that are issued in generation after generation
GENERATION_MAX = 4
HOUR_MS = 3_600_000

Label = tuple[int, int]  # generation, serial


class Cabinet:
    """A cabinet of the site, and how far the host has heard it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.story = Story("SSSS")
        self.spent: set[Label] = set()
        self.heard = 0
        self.inside: dict[int, Label] = {}  # by door


class Labels(RuleBasedStateMachine):
    """Two cabinets of one site, a host, and people who do with labels what people do."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ansim-test-")
        self.ledger = open_ledger(Path(self.folder.name, "data"))
        self.ledger.site("mapo-3")
        sealed = self.ledger.vault.seal(TICKET_SECRET, PURPOSE, SECRETS.site_id)
        with self.ledger.writing() as connection:
            connection.execute(update(tables.site).values(site_id=SECRETS.site_id, ticket_key=sealed))
        for name in NAMES:
            residents.add(self.ledger, name)
        residents.set_tail(self.ledger, NAMES[0], f"{TAIL:02d}")
        self.cabinets = []
        for number in (1, 2):
            enrol(self.ledger, b"uid-0%d" % number)
            self.cabinets.append(Cabinet(number))
        was_away_for_a_month(self.ledger)
        self.owner: dict[Label, int] = {}  # by label, the resident
        self.revoked: set[Label] = set()
        self.uses: Counter[Label] = Counter()
        # By cabinet and place in its story: deposits on labels that were good for none.
        self.doubted: set[tuple[int, int]] = set()
        # Cabinet, label, and whether that deposit was odd when it came.
        self.made: list[tuple[int, Label, bool]] = []
        self.refused = self.too_old = 0
        for cabinet in self.cabinets:
            self.hear(cabinet)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.check_refusals()
            self.ledger.close()
            self.folder.cleanup()

    # What the host does

    def place(self):
        with self.ledger.reading() as connection:
            row = connection.execute(select(tables.site)).one()
            return row, generations.issued_of(connection, row)

    @rule(who=st.integers(1, 2))
    def issue(self, who: int) -> None:
        issued = tickets.issue(self.ledger, NAMES[who - 1])
        assert issued.generation == self.place()[1]
        self.owner[issued.generation, issued.serial] = who

    @rule(who=st.integers(1, 2), serial=st.integers(0, SMALL - 1))
    def issue_a_serial_again(self, who: int, serial: int) -> None:
        label = (self.place()[1], serial)
        if label not in self.owner:
            self.owner[label] = who
            row = {
                "site": 1,
                "generation": label[0],
                "serial": serial,
                "resident": who,
                "state": "open",
                "issued_ms": 0,
            }
            with self.ledger.writing() as connection:
                connection.execute(insert(tables.ticket).values(row))

    @precondition(lambda self: self.owner)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        label = data.draw(st.sampled_from(sorted(self.owner)))
        place, _ = self.place()
        its = (tables.ticket.c.generation == label[0]) & (tables.ticket.c.serial == label[1])
        with self.ledger.reading() as connection:
            is_open = connection.scalar(select(tables.ticket.c.state).where(its)) == "open"
        assert is_open == (
            not self.uses[label] and label not in self.revoked and label[0] >= place.generation - 1
        )
        if is_open:
            tickets.revoke(self.ledger, self.number(label))
            self.revoked.add(label)

    @precondition(lambda self: self.place()[0].generation < GENERATION_MAX)
    @rule()
    def one_popular_tail_runs_out(self) -> None:
        place, present = self.place()
        if present < place.generation:  # cabinets have not taken the newest key yet
            return
        key = generations.key_of(place, TICKET_SECRET, present)
        hers = generations._class(key, generations.Needs(TAIL))
        with self.ledger.writing() as connection:
            known = set(
                connection.scalars(
                    select(tables.ticket.c.serial).where(tables.ticket.c.generation == present)
                )
            )
            row = {"site": 1, "generation": present, "resident": 1, "state": "used", "issued_ms": 0}
            gone = [serial for serial in hers[:-20] if serial not in known and serial >= SMALL]
            connection.execute(insert(tables.ticket), [row | {"serial": serial} for serial in gone])
            # No label is young enough to hold the turn back.
            connection.execute(update(tables.ticket).values(issued_ms=0))
        self.issue(1)
        assert self.place()[0].generation == present + 1, "her class comes to its end, and the key turns"

    # What cabinets do

    @rule(keys=st.integers(1, 2))
    def a_season_passes(self, keys: int) -> None:
        """Popular tails run out, and every cabinet hears of it."""
        for _ in range(keys):
            for cabinet in range(len(self.cabinets)):
                self.turn(cabinet)
            if self.place()[0].generation < GENERATION_MAX:
                self.one_popular_tail_runs_out()
        for cabinet in range(len(self.cabinets)):
            self.turn(cabinet)

    @rule(cabinet=st.integers(0, 1))
    def turn(self, cabinet: int) -> None:
        """The cabinet hears the order."""
        here = self.cabinets[cabinet]
        newest = self.place()[0].generation
        if here.story.state.generation < newest:
            here.story.orders(commands.TURN_TICKETS, a=newest)
            assert here.story.state.generation == newest
            self.hear(here)

    @precondition(lambda self: self.owner)
    @rule(data=st.data(), cabinet=st.integers(0, 1))
    def bring(self, data: st.DataObject, cabinet: int) -> None:
        """A courier with a label, whatever has become of it."""
        label = data.draw(st.sampled_from(sorted(self.owner)))
        self.deposit(self.cabinets[cabinet], label)

    @rule(cabinet=st.integers(0, 1), serial=st.integers(SMALL, 99))
    def forge(self, cabinet: int, serial: int) -> None:
        """Somebody knows the key of the site."""
        label = (self.cabinets[cabinet].story.state.generation, serial)
        if label not in self.owner and not self.is_issued(label):
            self.deposit(self.cabinets[cabinet], label)

    @rule(cabinet=st.integers(0, 1))
    def guess(self, cabinet: int) -> None:
        here = self.cabinets[cabinet]
        digits = int(here.story.ticket(3, here.story.state.generation))
        wrong = next(
            f"{number:09d}"
            for number in range(digits + 1, digits + 9)
            if not any(
                self.number((generation, 3)) == f"{number:09d}" for generation in range(GENERATION_MAX + 2)
            )
        )
        here.story.asks(wrong + "#")
        assert here.story.text == texts.UNKNOWN
        self.refused += 1
        self.hear(here)

    @rule(cabinet=st.integers(0, 1), under_duress=st.booleans())
    def collect(self, cabinet: int, under_duress: bool) -> None:
        here = self.cabinets[cabinet]
        if not here.inside:
            return
        number, label = here.inside.popitem()
        door, story = here.story.state.doors[number], here.story
        recorded = derivation.recorded(label[1], label[0])
        has_tail = tail_of(recorded, label[0]) < NO_TAIL
        code = (parcel_duress if under_duress and has_tail else parcel_code)(
            number, door.counter, recorded, generation=label[0]
        )
        before = len(story.log)
        story.asks(f"{number:02d}{code[:8]}#")
        opened = next(record for record in story.log[before:] if record.kind == records.PICKUP_OPENED)
        assert opened.a == (records.BY_DURESS if under_duress and has_tail else records.BY_CODE), (
            "a parcel keeps its tail, whatever turns"
        )
        story.opens(number)
        story.takes(number)
        story.closes(number)
        self.hear(here)

    # What must be so

    def deposit(self, here: Cabinet, label: Label) -> None:
        story = here.story
        age = story.state.generation - label[0]
        story.asks(self.number(label) + "#")
        if story.cabinet.mode == keypad.CHOOSING:
            assert 0 <= age <= 1
            assert label not in here.spent, "a label is good once at a cabinet"
            story.types("1")
            number = story.coil
            story.opens(number)
            story.puts(number)
            story.closes(number)
            story.wait(61_000)
            here.spent.add(label)
            here.inside[number] = label
            is_odd = label not in self.owner or label in self.revoked or self.uses[label] > 0
            self.uses[label] += 1
            self.made.append((here.number, label, is_odd))
        elif 0 <= age <= 1:
            assert story.text == (texts.USED if label in here.spent else texts.FULL)
            assert label in here.spent or len(here.inside) == 4
        else:
            assert story.text == (texts.OLD_TICKET if age == 2 else texts.UNKNOWN)
            self.refused += 1
            self.too_old += age == 2
        self.hear(here)
        self.check_parcels()

    def check_parcels(self) -> None:
        with self.ledger.reading() as connection:
            rows = connection.execute(select(tables.parcel).order_by(tables.parcel.c.id)).all()
            alarms = Counter(connection.scalars(select(tables.alarm.c.kind)))
        told = sorted((row.cabinet, (row.generation, row.serial), row.resident, row.flagged) for row in rows)
        wanted = sorted(
            (number, label, self.owner.get(label), is_odd or self.uses[label] > 1)
            for number, label, is_odd in self.made
        )
        assert told == wanted, "each deposit is of its label, and an honest label is no used one"
        assert alarms["ticket"] == sum(is_odd for *_, is_odd in self.made)

    def check_refusals(self) -> None:
        for here in self.cabinets:
            here.story.wait(2 * HOUR_MS)
            self.hear(here)
        said = [
            record.a
            for here in self.cabinets
            for record in here.story.log
            if record.kind == records.TICKET_REFUSED
        ]
        assert (sum(a & 0xFFFF for a in said), sum(a >> 16 for a in said)) == (self.refused, self.too_old)
        with self.ledger.reading() as connection:
            counted = connection.scalar(select(func.sum(tables.refusal.c.count))) or 0
        assert counted == self.refused - self.too_old, "who has a label that is too old guesses nothing"

    def is_issued(self, label: Label) -> bool:
        its = (tables.ticket.c.generation == label[0]) & (tables.ticket.c.serial == label[1])
        with self.ledger.reading() as connection:
            return bool(connection.scalar(select(func.count()).select_from(tables.ticket).where(its)))

    def number(self, label: Label) -> str:
        return self.cabinets[0].story.ticket(label[1], label[0])

    def hear(self, here: Cabinet) -> None:
        """The host takes all that the cabinet has to say."""
        new = [record for record in here.story.log if record.kind < records.ACKNOWLEDGED][here.heard :]
        here.heard += len(new)
        packed = tuple(map(records.pack, new))
        if packed:
            (applied,) = take(
                self.ledger, [Received(here.number, 7, here.story.boots, 100, 1_800_000_000_000, packed)]
            ).applied
            assert applied == here.heard


TestLabels = Labels.TestCase
TestLabels.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_serials_come_back_with_a_later_key_while_parcels_of_two_keys_ago_wait() -> None:
    """Each rule once and more, in an order that chance takes long to find."""
    story = Labels()
    story.begin()
    for serial in range(SMALL):
        story.issue_a_serial_again(1 + serial % 2, serial)
    for serial in range(SMALL - 2):
        story.deposit(story.cabinets[0], (0, serial))
    story.deposit(story.cabinets[1], (0, 0))  # used twice
    story.a_season_passes(1)
    for serial in range(SMALL):
        story.issue_a_serial_again(2 - serial % 2, serial)
    story.deposit(story.cabinets[1], (0, SMALL - 2))
    story.deposit(story.cabinets[1], (1, 0))  # the same serial as a waiting parcel's
    story.a_season_passes(1)
    story.deposit(story.cabinets[1], (0, SMALL - 1))  # too old
    for _ in range(SMALL - 2):
        story.collect(0, True)
    story.a_season_passes(1)
    story.deposit(story.cabinets[1], (0, SMALL - 1))  # nobody's any more
    story.deposit(story.cabinets[0], (1, 1))  # too old
    story.collect(1, False)
    assert (story.refused, story.too_old) == (3, 2)
    story.teardown()
