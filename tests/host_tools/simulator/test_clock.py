"""Virtual and real time: one queue, one order."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.clock import RealClock, VirtualClock
from host_tools.simulator.cpython_board.loop import DeadlockError, VirtualTimeLoop, keep_real_time

TIMES = st.lists(st.integers(0, 50), max_size=40)


@given(TIMES)
def test_events_run_in_order_of_time_and_those_of_one_instant_in_order_of_scheduling(
    times: list[int],
) -> None:
    clock, ran = VirtualClock(), []
    for order, us in enumerate(times):
        clock.at(us, lambda us=us, order=order: ran.append((us, order, clock.now_us())))
    clock.advance_to(100)
    assert ran == [(us, order, us) for us, order in sorted((us, order) for order, us in enumerate(times))]


@given(TIMES, st.lists(st.integers(0, 60), max_size=5))
def test_it_makes_no_difference_in_how_many_steps_time_passes(times: list[int], stops: list[int]) -> None:
    def story(steps: list[int]) -> list[int]:
        clock, ran = VirtualClock(), []
        for us in times:
            clock.at(us, lambda us=us: (ran.append(us), us % 3 or clock.after(7, lambda: ran.append(-us))))
        for us in [*sorted(steps), 100]:
            clock.advance_to(us)
        return ran

    assert story([]) == story(stops)


def test_a_cancelled_event_never_happens_and_is_not_waited_for() -> None:
    clock, ran = VirtualClock(), []
    clock.at(5, lambda: ran.append(1)).cancel()
    assert clock.next_due_us() is None
    clock.advance_to(10)
    assert ran == []


def test_an_event_may_not_move_the_clock_that_runs_it() -> None:
    clock = VirtualClock()
    clock.at(5, lambda: clock.advance(1))
    with pytest.raises(RuntimeError, match="must not move"):
        clock.advance_to(10)


def test_an_idle_world_costs_nothing_however_long_it_lasts() -> None:
    clock, ran = VirtualClock(), []
    clock.at(10**15, lambda: ran.append(clock.now_us()))
    clock.advance_to(10**15)
    assert ran == [10**15]


def test_under_a_real_clock_an_event_that_runs_late_still_sees_its_own_instant() -> None:
    ns = [0]
    clock, ran = RealClock(lambda: ns[0]), []
    clock.at(100, lambda: ran.append(clock.now_us()))
    clock.at(150, lambda: clock.after(20, lambda: ran.append(clock.now_us())))
    ns[0] = 1_000_000
    clock.run_due()
    assert ran == [100, 170]
    assert clock.now_us() == 1000


def run(clock: VirtualClock, story) -> object:
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(clock)) as runner:
        return runner.run(story)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_sleepers_wake_in_order_of_time_and_at_one_instant_in_order_of_going_to_sleep(
    waits: list[int],
) -> None:
    clock, woke = VirtualClock(), []

    async def sleeper(order: int, ms: int) -> None:
        await asyncio.sleep(ms / 1000)
        woke.append((clock.now_us(), order))

    async def story() -> None:
        await asyncio.gather(*(sleeper(order, ms) for order, ms in enumerate(waits)))

    run(clock, story())
    assert woke == sorted((ms * 1000, order) for order, ms in enumerate(waits))


def test_a_day_of_polling_keeps_whole_milliseconds() -> None:
    clock = VirtualClock()

    async def story() -> None:
        for _ in range(20_000):
            await asyncio.sleep(0.02)

    run(clock, story())
    assert clock.now_us() == 400_000_000


def test_the_world_moves_before_a_program_that_wakes_at_the_same_instant() -> None:
    clock, seen = VirtualClock(), []

    async def story() -> None:
        await asyncio.sleep(0.001)
        clock.at(3000, lambda: seen.append("world"))
        await asyncio.sleep(0.002)
        seen.append("program")

    run(clock, story())
    assert seen == ["world", "program"]


def test_an_event_of_the_world_wakes_the_task_that_waits_for_it() -> None:
    clock = VirtualClock()

    async def story() -> int:
        arrived = asyncio.get_running_loop().create_future()
        clock.at(123_456, lambda: arrived.set_result(clock.now_us()))
        return await asyncio.wait_for(arrived, 10)

    assert run(clock, story()) == clock.now_us() == 123_456


def test_a_timeout_in_virtual_time_is_a_timeout() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().create_future(), 3600)

    clock = VirtualClock()
    run(clock, story())
    assert clock.now_us() == 3_600_000_000


def test_waiting_for_what_can_never_happen_is_said_and_not_waited_for() -> None:
    async def story() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match="never happen"):
        run(VirtualClock(), story())


def test_in_real_time_an_ordinary_loop_keeps_the_world_going() -> None:
    clock, ran = RealClock(), []

    async def story() -> None:
        done = asyncio.Event()
        clock.after(2_000, lambda: (ran.append(1), clock.after(2_000, done.set)))
        keeper = asyncio.create_task(keep_real_time(clock))
        await asyncio.wait_for(done.wait(), 30)
        keeper.cancel()

    asyncio.run(story())
    assert ran == [1]
