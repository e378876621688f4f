"""Theorem: whatever happened before, the answer comes 500 ms after the later of `#` and the end of the floor,
to the millisecond.

The floor ends 2 s after the number before was checked, 5 s where the door asks for all digits; what is typed
and what is behind the door do not move it. So right, wrong and duress, an empty door and one that does not
exist are all answered at the same tick.
"""

import pytest
from cabinet_script import Story, sounds
from hypothesis import given, settings
from hypothesis import strategies as st

from locker.core import keypad, state
from locker.core.effects import BAD, GOOD

PARCEL = 1
EMPTY = 4  # the only large door; nobody asks for it
UNKNOWN = 77
FLOOR_MS = 2000
FLOOR_ALL_DIGITS_MS = 5000
ANSWER_MS = 500
CHECKED_AT_BOOT_MS = 3000  # after the start of the board, as if a number had been checked then
DOORS = st.sampled_from((PARCEL, 2, 3, EMPTY, UNKNOWN))
ACTS = st.one_of(
    st.tuples(st.just("waits"), st.integers(1, 7000)),
    st.tuples(st.just("guesses"), DOORS, st.sampled_from((8, 12)), st.sampled_from((1, 2, 10))),
    st.tuples(st.just("leaves_half_typed"), st.text("0123456789", min_size=1, max_size=16)),
    st.tuples(st.just("asks_too_short_or_too_long"), st.text("0123456789", min_size=3, max_size=8)),
    st.tuples(st.just("tries_a_ticket"), st.sampled_from(("123456789", "000000000"))),
    st.tuples(st.just("deposits"), st.booleans()),
    st.tuples(st.just("collects_nothing")),
    st.tuples(st.just("rings")),
    st.tuples(st.just("forces"), st.sampled_from((2, 3))),
    st.tuples(st.just("power_on")),
)
HISTORIES = st.lists(ACTS, max_size=8)
KINDS = ("right", "duress", "wrong", "empty", "unknown")


class TimedStory(Story):
    """Knows when each number was answered; people do not type while one is checked."""

    def __init__(self):
        self.checked = 0
        self.answers = 0
        self.serial = 100
        super().__init__()

    def power_on(self):
        effects = super().power_on()
        self.checked = self.now + CHECKED_AT_BOOT_MS
        return effects

    def tell(self, event):
        before = self.cabinet.mode
        effects = super().tell(event)
        if before == keypad.CHECKING != self.cabinet.mode:
            assert GOOD in sounds(effects) or BAD in sounds(effects)
            self.checked = self.now - ANSWER_MS
            self.answers += 1
        return effects

    def is_idle(self):
        """Nothing is being checked, and what was on the screen is cancelled."""
        while self.cabinet.mode == keypad.CHECKING:
            self.wait(self.wake - self.now)
        for _ in range(2):
            self.tell_key("*")

    # What may have happened before

    def waits(self, ms):
        self.wait(ms)

    def guesses(self, door, digits, times):
        for _ in range(times):
            self.asks(f"{door:02}{'3141592653589793'[:digits]}#")

    def leaves_half_typed(self, digits):
        self.types(digits)

    def asks_too_short_or_too_long(self, digits):
        self.types(digits + "#")

    def tries_a_ticket(self, digits):
        self.asks(digits + "#")

    def deposits(self, patient):
        """Another parcel, as far as there is a small door for it;
        an impatient courier leaves the door open.
        """
        self.serial += 1
        self.asks(self.ticket(self.serial) + "#")
        self.types("1")
        door = self.coil
        if door:
            self.opens(door)
            self.puts(door)
            if patient:
                self.closes(door)

    def collects_nothing(self):
        """The resident opens her door and shuts it again with the parcel inside."""
        self.asks(self.code(PARCEL, 12) + "#")
        if self.coil == PARCEL:
            self.opens(PARCEL)
            self.closes(PARCEL)

    def forces(self, door):
        if self.closed[door]:
            self.opens(door)

    # What is typed in the end

    def typed_by(self, kind, digits):
        code = self.code(PARCEL, digits)
        if kind == "duress":
            return self.duress(PARCEL, digits)
        other = {"wrong": PARCEL, "empty": EMPTY, "unknown": UNKNOWN}.get(kind)
        return f"{other:02}{'2718281828459045'[:digits]}" if other else code


def after(asking_for_all, history):
    """A story with a parcel behind door 1, doors that were tried too often,
    some history, and a keypad that nobody uses.
    """
    story = TimedStory()
    story.begins_deposit(42)
    story.opens(PARCEL)
    story.puts(PARCEL)
    story.closes(PARCEL)
    for door in sorted(asking_for_all):
        story.guesses(door, 8, state.FAILURES_MAX)
    for act, *arguments in history:
        story.is_idle()
        getattr(story, act)(*arguments)
    story.is_idle()
    return story


def floor_of(story, number):
    door = story.state.doors.get(int(number[:2]))
    return FLOOR_ALL_DIGITS_MS if door and door.failures == state.FAILURES_MAX else FLOOR_MS


def tick_of(story, number, gap_ms):
    """Types a number; milliseconds from `#` to its answer, which has to be where the theorem says."""
    for key in number:
        story.tell_key(key)
        story.wait(gap_ms)
    answers, checked, floor_ms = story.answers, story.checked, floor_of(story, number)
    asked = story.now
    story.tell_key("#")
    story.wait(10_000)
    assert story.answers == answers + 1
    tick = story.checked + ANSWER_MS - asked
    assert tick == max(asked, checked + floor_ms) + ANSWER_MS - asked
    return tick


def check_ticks(asking_for_all, history, gap_ms, digits):
    ticks = {FLOOR_MS: set(), FLOOR_ALL_DIGITS_MS: set()}
    for kind in KINDS:
        story = after(asking_for_all, history)
        number = story.typed_by(kind, digits)
        ticks[floor_of(story, number)].add(tick_of(story, number, gap_ms))
    assert all(len(same) <= 1 for same in ticks.values())


STORIES = (
    st.sets(st.sampled_from((PARCEL, EMPTY))),
    HISTORIES,
    st.sampled_from((0, 20, 150, 450)),
    st.sampled_from((8, 12)),
)


@settings(max_examples=150, deadline=None)
@given(*STORIES)
def test_every_kind_of_answer_comes_at_the_same_tick(asking_for_all, history, gap_ms, digits):
    check_ticks(asking_for_all, history, gap_ms, digits)


@pytest.mark.soak
@settings(max_examples=3000, deadline=None)
@given(*STORIES)
def test_after_many_more_histories_the_tick_is_the_same(asking_for_all, history, gap_ms, digits):
    check_ticks(asking_for_all, history, gap_ms, digits)
