"""The first is told at once, after 60 s the next, then all together, and all again each 5 min."""

from hypothesis import given
from hypothesis import strategies as st

from host_tools.host.care import escalation
from host_tools.host.care.escalation import AGAIN_MS, NEXT_MS

NOON_MS = 1_700_000_000_000


def story(on_call: list[int], looks: list[int]) -> list[tuple[int, tuple[int, ...]]]:
    """Who is told when, by a host that looks at these times."""
    due = escalation.begun(looks[0])
    said = []
    for at_ms in looks:
        due = escalation.clamped(due, at_ms)
        while escalation.is_due(due, at_ms):
            accounts = escalation.told(due.step, on_call)
            if accounts:
                said.append((at_ms, accounts))
            due = escalation.after(due, at_ms, failed=not accounts)
    return said


def test_three_people_hear_of_it_in_order() -> None:
    looks = [NOON_MS + 1000 * second for second in range(721)]
    told = [((at_ms - NOON_MS) // 1000, who) for at_ms, who in story([7, 8, 9], looks)]
    assert told == [(0, (7,)), (60, (8,)), (120, (7, 8, 9)), (420, (7, 8, 9)), (720, (7, 8, 9))]


def test_one_who_is_alone_is_told_again_after_a_minute() -> None:
    looks = [NOON_MS + 1000 * second for second in range(400)]
    assert [(at_ms - NOON_MS) // 1000 for at_ms, _ in story([7], looks)] == [0, 60, 360]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True),
    st.lists(st.integers(-86_400_000, 86_400_000) | st.integers(0, 5_000), max_size=60),
)
def test_whatever_the_clock_does_nobody_is_left_out_and_no_step_comes_twice_at_once(
    on_call: list[int], steps: list[int]
) -> None:
    looks = [NOON_MS]
    for step in steps:
        looks.append(looks[-1] + step)
    told = story(on_call, looks)
    assert told[0] == (NOON_MS, tuple(on_call[:1]))
    assert len({at_ms for at_ms, _ in told}) == len(told) or len(set(looks)) < len(looks)
    for number, (_, who) in enumerate(told[1:], 1):
        is_second = number == 1 and len(on_call) > 1
        assert who == (tuple(on_call[1:2]) if is_second else tuple(on_call))


@given(st.lists(st.integers(-86_400_000, 86_400_000), max_size=20))
def test_after_any_jumps_of_the_clock_the_next_is_told_within_five_minutes(jumps: list[int]) -> None:
    at_ms, due = NOON_MS, escalation.after(escalation.begun(NOON_MS), NOON_MS)
    for jump in jumps:
        at_ms += jump
        due = escalation.clamped(due, at_ms)
        assert due.due_ms - at_ms <= (NEXT_MS if due.step <= escalation.ALL else AGAIN_MS)
        if escalation.is_due(due, at_ms):
            due = escalation.after(due, at_ms)
