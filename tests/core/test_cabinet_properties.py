"""Whatever people, doors, power cuts and the host do, in any order: the laws of a cabinet hold.

The laws are checked at every effect by tests/core/watched.py, which knows what really happened at the doors,
what was really typed and what the host really ordered.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from watched import PowerCut, WatchedStory

from locker.contract import commands
from locker.core import effects, events, state
from locker.core.door import SHUT, WANTED

DOORS = st.integers(1, 4)
SERIALS = st.integers(0, 5)
ORDERS = st.sampled_from(
    (commands.REISSUE, commands.ARM_RECALL, commands.ARM_SERVICE, commands.DISARM, commands.SET_OUT, 99)
)
MOMENTS = st.sampled_from((20, 100, 600, 3000, 8000, 20000, 61000, 130000))
INSIDE = (state.WAITING, state.GRANTED, state.TAKING)


class Cabinets(RuleBasedStateMachine):
    """Everything that can happen at a cabinet with four doors."""

    @initialize(seed=st.integers(0, 3))
    def begin(self, seed):
        self.story = WatchedStory(lambda n: seed % n)

    def act(self, action):
        """Does something; if the power goes in the middle of it, the board starts again."""
        try:
            action()
        except PowerCut:
            self.story.cut_in = None
            self.restart()

    def restart(self):
        self.story.typed = self.story.key = ""
        self.story.digits = self.story.event = None
        wanted = self.story.power_on()
        assert not any(isinstance(effect, effects.Unlock) for effect in wanted)

    @rule(wanted=st.integers(0, 12))
    def power_will_fail(self, wanted):
        self.story.cut_in = wanted

    @rule()
    def power_fails(self):
        self.story.cut_in = None
        self.restart()

    @rule(ms=MOMENTS)
    def time_passes(self, ms):
        self.act(lambda: self.story.wait(ms))

    @rule(serial=SERIALS, size=st.sampled_from("123*"))
    def courier_types_a_ticket(self, serial, size):
        self.act(lambda: self.story.asks(self.story.ticket(serial) + "#") and self.story.types(size))

    @rule(serial=SERIALS, door=DOORS, size=st.sampled_from("123"))
    def courier_deposits(self, serial, door, size):
        def visit():
            self.story.asks(self.story.ticket(serial) + "#")
            self.story.types(size)
            if self.story.coil:
                door = self.story.coil
                self.story.opens(door)
                self.story.puts(door)
                self.story.closes(door)

        self.act(visit)

    def held(self, door):
        """A door with a parcel, if there is any."""
        parcels = sorted(self.story.parcels)
        return parcels[door % len(parcels)] if parcels else door

    def visit(self, entry, takes):
        """Types it, and when a door opens takes what is inside, or not, and closes."""

        def lived():
            story = self.story
            story.asks(entry + "#")
            door = story.coil
            if door and story.closed[door]:
                story.wait(100)
                story.opens(door)
                if takes and story.occupied[door]:
                    story.takes(door)
                story.wait(1000)
                story.closes(door)

        self.act(lived)

    @rule(door=DOORS, digits=st.sampled_from((8, 12)))
    def resident_types_her_code(self, door, digits):
        self.act(lambda: self.story.asks(self.story.code(self.held(door), digits) + "#"))

    @rule(door=DOORS, digits=st.sampled_from((8, 12)), takes=st.booleans())
    def resident_visits(self, door, digits, takes):
        self.visit(self.story.code(self.held(door), digits), takes)

    @rule(door=DOORS, digits=st.sampled_from((8, 12)), times=st.integers(1, 12))
    def vandal_guesses(self, door, digits, times):
        for _ in range(times):
            self.act(lambda: self.story.asks(self.story.wrong(door, digits) + "#"))

    @rule(door=DOORS)
    def resident_is_under_duress(self, door):
        door = self.held(door)
        self.visit(self.story.duress(door), takes=True)

    @rule(key=st.sampled_from("12"), waits=st.booleans())
    def someone_answers_a_question(self, key, waits):
        self.act(lambda: self.story.types(key) and waits and self.story.wait(2500))

    @rule(kind=ORDERS, door=DOORS, a=st.integers(0, 3), late=st.integers(-1, 1), wrong=st.integers(0, 1))
    def the_host_orders_anything(self, kind, door, a, late, wrong):
        number, counter = self.story.state.command + 1 + late, self.story.counters.get(door, 0) + wrong
        self.act(lambda: self.story.tell(events.Commanded(number, kind, door, counter, a)))

    @rule(kind=ORDERS, door=DOORS, more=st.integers(0, 1))
    def the_host_orders(self, kind, door, more):
        """Something sensible, for a parcel or for an empty door."""
        door = self.held(door) if kind in (commands.REISSUE, commands.ARM_RECALL) else door
        parcel = self.story.parcels.get(door)
        a = (
            parcel.retry if parcel and kind == commands.REISSUE else self.story.armed.get(door, (b"", 1))[1]
        ) + more
        order = events.Commanded(
            self.story.state.command + 1, kind, door, self.story.counters.get(door, 0), a
        )
        self.act(lambda: self.story.tell(order))

    @rule(
        door=DOORS,
        label=st.sampled_from((b"recall", b"service")),
        arming=st.integers(1, 3),
        takes=st.booleans(),
    )
    def staff_visit(self, door, label, arming, takes):
        door = sorted(self.story.armed)[0] if self.story.armed else door
        label, arming = self.story.armed.get(door, (label, arming))
        self.visit(self.story.staff_code(door, label, arming), takes)

    @rule(door=DOORS)
    def the_host_wants_to_open(self, door):
        door = self.held(door)
        self.act(lambda: self.story.tell(events.OpenRequested(door, self.story.counters.get(door, 0))))

    @rule(wrong=st.integers(0, 1))
    def the_host_gives_digits(self, wrong):
        challenge, digits = self.story.challenge or 0, self.story.digits or 0
        self.act(lambda: self.story.tell(events.OpenConfirmed(challenge, digits + wrong)))

    @rule(door=DOORS)
    def someone_is_helped(self, door):
        door = self.held(door)

        def call():
            self.story.tell(events.OpenRequested(door, self.story.counters.get(door, 0)))
            self.story.types("#")
            self.story.tell(events.OpenConfirmed(self.story.challenge, self.story.digits or 0))

        self.act(call)

    @rule()
    def a_new_epoch_begins(self):
        epoch = self.story.epoch + 1
        # Of either rule in turn.
        self.act(lambda: self.story.orders(commands.BEGIN_EPOCH, a=epoch | epoch % 2 << 18))

    @rule()
    def a_person_answers_the_bell(self):
        self.act(self.story.answers_the_bell)

    @rule(door=DOORS)
    def a_parcel_is_gone_whatever_the_journal_says(self, door):
        door = self.held(door)
        self.act(lambda: self.story.orders(commands.SETTLE, door, 0, self.story.epoch))

    @rule(event=st.sampled_from((events.Tampered(), events.SupplyLow(1, 9000))))
    def something_else_happens(self, event):
        self.act(lambda: self.story.tell(event))

    @rule(keys=st.text("0123456789#*A", max_size=6))
    def someone_plays_with_the_keys(self, keys):
        self.act(lambda: self.story.types(keys))

    @rule(door=DOORS)
    def a_door_opens(self, door):
        if self.story.closed[door]:
            self.act(lambda: self.story.opens(door))

    @rule(door=DOORS, settles=st.booleans())
    def a_door_closes(self, door, settles):
        if not self.story.closed[door]:
            if settles:
                self.act(lambda: self.story.closes(door))
            else:
                self.story.closed[door] = True
                self.act(lambda: self.story.tell(events.ContactClosed(door)))

    @rule(door=DOORS)
    def something_is_put_in_or_taken_out(self, door):
        if not self.story.closed[door]:
            if self.story.occupied[door]:
                self.act(lambda: self.story.takes(door))
            else:
                self.act(lambda: self.story.puts(door))

    @rule()
    def the_bell_rings(self):
        self.act(self.story.rings)

    @rule()
    def the_host_acknowledges(self):
        self.act(self.story.host_acknowledges)

    @invariant()
    def the_state_is_the_fold_of_the_journal(self):
        live = self.story.state
        again = self.story.folded()
        assert live.door_records() == again.door_records()
        assert (live.number, live.acknowledged) == (again.number, again.acknowledged)

    @invariant()
    def the_parcels_are_where_the_outcomes_say(self):
        inside = {number for number, door in self.story.state.doors.items() if door.state in INSIDE}
        assert inside == set(self.story.parcels)

    @invariant()
    def what_is_taken_for_granted_is_so(self):
        """Some lines of tests/mutants/README.md rest on this."""
        cabinet = self.story.cabinet
        for door in self.story.state.doors.values():
            assert door.closed or door.phase != SHUT, "an open door is never SHUT"
            assert door.phase != WANTED or cabinet.unlocking, (
                "a door waits for its turn only while a lock is at work"
            )
            assert door.state not in INSIDE[1:] or door.serial in self.story.spent, (
                "a code is checked after the ticket before it is spent"
            )
            assert door.attempts <= 4

    @invariant()
    def whatever_waits_has_an_end(self):
        """The cabinet never forgets a deadline: it has asked to be woken at the earliest one."""
        story = self.story
        nearest = story.cabinet._nearest()
        assert story.wake == (nearest[0] if nearest else None)

    def teardown(self):
        """Left alone with its doors closed, the cabinet comes to rest, dark, with no coil on."""
        if not hasattr(self, "story"):
            return
        story = self.story
        story.cut_in = None
        for door, closed in story.closed.items():
            if not closed:
                story.closes(door)
        story.wait(400000)
        assert story.cabinet.mode == 0
        assert not story.coil
        assert not story.lit
        for door in story.state.doors.values():
            assert door.state in (state.EMPTY, state.WAITING)


TestCabinets = Cabinets.TestCase
TestCabinets.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


@pytest.mark.soak
class TestCabinetsAtLength(Cabinets.TestCase):
    settings = settings(
        max_examples=4000, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
