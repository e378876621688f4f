"""Whatever people, doors, power cuts and the host do, in any order: the laws of a cabinet hold.

The laws are checked at every effect, against what really happened at the doors and what was really typed.
"""

from cabinet_script import SECRETS, Story
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from locker.core import codes, entry, events, journal, records, tickets
from locker.core import effects as do

DOORS = st.integers(1, 4)
SERIALS = st.integers(0, 5)
MOMENTS = st.sampled_from((20, 100, 600, 3000, 8000, 20000, 61000, 130000))
INSIDE = (journal.WAITING, journal.GRANTED, journal.TAKING)


class PowerCut(Exception):
    """The supply is gone; what was not carried out never will be."""


class WatchedStory(Story):
    """A story that checks each effect at the moment it is carried out."""

    def __init__(self, draw):
        self.counters = {}  # door: the counters reserved for it
        self.parcels = {}  # door: serial of the parcel that is in it, by the outcomes alone
        self.deposited = []  # serials
        self.tried = {}  # (door, counter): tries recorded
        self.typed = ""
        self.cut_in = None
        super().__init__(draw=draw)

    def tell(self, event):
        if isinstance(event, events.KeyPressed) and event.key.isdigit():
            self.typed = self.typed + event.key if self.cabinet.mode == entry.TYPING else event.key
        return super().tell(event)

    def _perform(self, effects):
        done = []
        for effect in effects:
            if self.cut_in is not None:
                if not self.cut_in:
                    raise PowerCut
                self.cut_in -= 1
            self._check(effect, done)
            super()._perform([effect])
            done.append(effect)
        self.effects_of_last = done
        return effects

    def _check(self, effect, before):
        if isinstance(effect, do.Pulse):
            self._check_pulse(effect, before)
        elif isinstance(effect, do.Record):
            getattr(self, f"_check_{effect.kind}", lambda effect: None)(effect)
        elif isinstance(effect, do.Spend):
            assert effect.serial in self.deposited
        elif isinstance(effect, do.Show):
            self._check_screen(effect)

    def _check_pulse(self, effect, before):
        """A pulse is recorded just before it begins, and someone has a right to it."""
        recorded = [record for record in before if isinstance(record, do.Record)]
        assert recorded[-1].kind == records.PULSED
        assert recorded[-1].door == effect.door
        cause = next(
            record.kind
            for record in reversed(self.log)
            if record.door == effect.door and record.kind not in (records.PULSED, records.CODE_TRIED)
            if record.kind in (records.DEPOSIT_STARTED, records.PICKUP_OPENED, records.DEPOSITED, records.COLLECTED, records.CANCELLED)
            or record.kind in (records.STILL_INSIDE, records.DOOR_JAMMED)
        )
        assert cause in (records.DEPOSIT_STARTED, records.PICKUP_OPENED)
        if cause == records.DEPOSIT_STARTED:
            assert effect.door not in self.parcels, "a courier gets no door with a parcel"

    def _check_2(self, effect):  # DEPOSIT_STARTED
        used = self.counters.setdefault(effect.door, [])
        assert not used or effect.b > max(used), "a counter is used again"
        used.append(effect.b)
        assert effect.door not in self.parcels

    def _check_6(self, effect):  # DEPOSITED
        assert self.closed[effect.door]
        assert self.occupied[effect.door]
        assert effect.a not in self.deposited, "a ticket is good for one deposit"
        self.deposited.append(effect.a)
        self.parcels[effect.door] = effect.a

    def _check_8(self, effect):  # WITHDRAWN
        assert self.parcels.pop(effect.door) == effect.a
        assert effect.a not in self.spent
        self.deposited.remove(effect.a)

    def _check_9(self, effect):  # CODE_TRIED
        tried = self.tried.setdefault((effect.door, effect.b), [])
        tried.append(effect.a)
        assert tried == list(range(1, len(tried) + 1))
        assert len(tried) <= journal.FAILURES_MAX

    def _check_10(self, effect):  # PICKUP_OPENED
        code = self.code(effect.door, 12)
        duress = code[:2] + codes.duress_code(code[2:], tickets.tail(SECRETS.ticket_key, SECRETS.site_id, self.parcels[effect.door]))
        right = {code, code[:10], duress, duress[:10]}
        assert self.typed in right, "a code opens only its door, and nothing else does"

    def _check_11(self, effect):  # COLLECTED
        assert self.closed[effect.door]
        assert not self.occupied[effect.door]
        assert self.parcels.pop(effect.door) == effect.a

    def _check_screen(self, effect):
        words = " ".join(str(argument) for argument in effect.arguments)
        for door in self.parcels:
            assert self.code(door)[2:] not in words
        assert len(self.typed) < 3 or self.typed not in words


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
        self.story.typed = ""
        effects = self.story.power_on()
        assert not any(isinstance(effect, do.Pulse) for effect in effects)

    @rule(effects=st.integers(0, 12))
    def power_will_fail(self, effects):
        self.story.cut_in = effects

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

    @rule(door=DOORS, digits=st.sampled_from((8, 12)))
    def resident_types_her_code(self, door, digits):
        self.act(lambda: self.story.asks(self.story.code(door, digits) + "#"))

    @rule(door=DOORS, digits=st.sampled_from((8, 12)), times=st.integers(1, 4))
    def vandal_guesses(self, door, digits, times):
        for _ in range(times):
            self.act(lambda: self.story.asks(self.story.wrong(door, digits) + "#"))

    @rule(door=DOORS)
    def resident_is_under_duress(self, door):
        code = self.story.code(door)
        tail = tickets.tail(SECRETS.ticket_key, SECRETS.site_id, self.story.state.doors[door].serial)
        self.act(lambda: self.story.asks(code[:2] + codes.duress_code(code[2:], tail) + "#"))

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
    def whatever_waits_has_an_end(self):
        """The cabinet never forgets a deadline: it has asked to be woken at the earliest one."""
        story = self.story
        assert story.wake == story.cabinet._nearest()[0]

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
            assert door.state in (journal.EMPTY, journal.WAITING)


TestCabinets = Cabinets.TestCase
TestCabinets.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
