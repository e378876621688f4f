"""The real interpreter in virtual time: hours pass in a moment, always alike,
and the program sees nothing but the simulated clock.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.virtual_board.virtual_time import run_in_virtual_time
from host_tools.simulator.world import World
from locker.board import Board, from_json

from .vfs import put_files

Image = Callable[..., Path]


@pytest.fixture
def board() -> Board:
    return from_json(to_board_json(load_board("wall_12")))


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """Makes a flash image with a main.py on it."""

    def make(main: str, name: str = "flash.bin") -> Path:
        path = tmp_path / name
        with FlashImage(path, flash_mb=8):
            pass  # made
        put_files(path, {"/main.py": main.encode()})
        return path

    return make


def printed(
    image: Path,
    board: Board,
    script: Callable[[World], object] = lambda world: None,
    until_ms: int = 60_000,
    seed: int = 1,
) -> list[str]:
    return run_in_virtual_time(image, board, seed, script, until_ms).console.splitlines()


def test_a_day_of_waiting_takes_a_moment(image: Image, board: Board) -> None:
    main = "import time\nfor hour in range(24):\n time.sleep(3600)\n print(time.ticks_ms(), time.time())\n"
    started = time.monotonic()
    lines = printed(image(main), board, until_ms=86_400_001)
    assert time.monotonic() - started < 20
    period = 1 << 30
    assert lines[:24] == [f"{hour * 3_600_000 % period} {hour * 3600}" for hour in range(1, 25)]


def test_tasks_of_one_instant_run_in_the_order_of_scheduling(image: Image, board: Board) -> None:
    lines = printed(
        image("""
import asyncio, time
async def tick(name, ms):
    for _ in range(3):
        await asyncio.sleep_ms(ms)
        print(name, time.ticks_ms())
    return name
async def main():
    ticks = ("a", 20), ("b", 20), ("c", 30)
    print(await asyncio.gather(*[asyncio.create_task(tick(name, ms)) for name, ms in ticks]))
asyncio.run(main())
"""),
        board,
    )
    assert lines[:10] == [
        "a 20",
        "b 20",
        "c 30",
        "a 40",
        "b 40",
        "c 60",
        "a 60",
        "b 60",
        "c 90",
        "['a', 'b', 'c']",
    ]


def test_asyncio_is_whole(image: Image, board: Board) -> None:
    """Cancellation, time-outs, events, locks, results and exceptions of tasks."""
    lines = printed(
        image("""
import asyncio, time
async def slow(ms):
    await asyncio.sleep_ms(ms)
    return ms
async def fails():
    await asyncio.sleep_ms(1)
    raise ValueError("no")
async def main():
    task = asyncio.create_task(slow(1000))
    await asyncio.sleep_ms(10)
    print(task.cancel(), task.done())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", time.ticks_ms(), task.done(), task.cancel())
    try:
        await asyncio.wait_for_ms(slow(100), 50)
    except asyncio.TimeoutError:
        print("late", time.ticks_ms())
    print(await asyncio.wait_for_ms(slow(40), 50), time.ticks_ms())
    try:
        await asyncio.create_task(fails())
    except ValueError as error:
        print(error)
    event, lock = asyncio.Event(), asyncio.Lock()
    async def waits(name):
        await event.wait()
        async with lock:
            await asyncio.sleep_ms(5)
            print(name, time.ticks_ms())
    tasks = [asyncio.create_task(waits(name)) for name in "xy"]
    await asyncio.sleep_ms(0)
    event.set()
    await asyncio.gather(*tasks)
    ended = asyncio.create_task(slow(1))
    await asyncio.sleep_ms(5)
    print(await ended, await ended)
asyncio.run(main())
"""),
        board,
    )
    assert lines[:8] == [
        "True False",
        "cancelled 10 True False",
        "late 60",
        "40 100",
        "no",
        "x 106",
        "y 111",
        "1 1",
    ]


def test_timers_of_the_chip_fire_in_the_middle_of_a_wait(image: Image, board: Board) -> None:
    lines = printed(
        image("""
import time
from machine import Timer
Timer(0).init(mode=Timer.ONE_SHOT, period=55, callback=lambda t: print("once", time.ticks_ms()))
Timer(1).init(mode=Timer.PERIODIC, period=40, callback=lambda t: print("again", time.ticks_ms()))
time.sleep_ms(100)
print("awake", time.ticks_ms())
"""),
        board,
        until_ms=150,
    )
    assert lines[:4] == ["again 40", "once 55", "again 80", "awake 100"]


def test_the_watchdog_and_reset_start_the_program_again_at_the_same_instant(
    image: Image, board: Board
) -> None:
    lines = printed(
        image("""
import machine, time
print(machine.reset_cause(), time.ticks_ms())
if machine.reset_cause() == machine.PWRON_RESET:
    dog = machine.WDT(timeout=300)
    time.sleep_ms(200)
    dog.feed()
    time.sleep_ms(5000)
if machine.reset_cause() == machine.WDT_RESET:
    time.sleep_ms(100)
    machine.reset()
time.sleep_ms(100000)
"""),
        board,
    )
    assert lines[:3] == ["1 0", "3 500", "2 600"]


def test_what_was_printed_right_before_a_reset_is_kept(image: Image, board: Board) -> None:
    lines = printed(
        image("import machine, time\nprint(time.ticks_ms())\nmachine.WDT(timeout=10)\ntime.sleep(1)\n"),
        board,
        until_ms=500,
    )
    assert lines == [str(ms) for ms in range(0, 500, 10)]


def test_a_power_cut_keeps_the_flash_and_nothing_else(image: Image, board: Board) -> None:
    def script(world: World) -> None:
        world.clock.at(1_010_000, world.power_cut)
        world.clock.at(5_000_000, world.power_on)

    lines = printed(
        image("""
import time, os
print(os.listdir(), time.ticks_ms())
with open("kept", "w") as file:
    file.write("1")
lost = open("lost", "w")
lost.write("1")
while True:
    time.sleep_ms(100)
"""),
        board,
        script,
        6_000,
    )
    assert lines == ["['main.py'] 0", "['kept', 'lost', 'main.py'] 5000"]


def test_keys_pressed_by_people_reach_the_program(image: Image, board: Board) -> None:
    lines = printed(
        image("""
import time
from machine import Pin
rows = [Pin(n, Pin.OPEN_DRAIN, value=1) for n in (5, 6, 7, 15)]
columns = [Pin(n, Pin.IN, Pin.PULL_UP) for n in (10, 11, 12, 13)]
was = None
while True:
    down = []
    for r, row in enumerate(rows):
        row(0)
        down += ["123A456B789C*0#D"[4 * r + c] for c, column in enumerate(columns) if not column()]
        row(1)
    if down != was:
        print(down, time.ticks_ms())
        was = down
    time.sleep_ms(20)
"""),
        board,
        lambda world: world.clock.at(100_000, lambda: world.hands.keys("7#")),
        1_000,
    )
    assert [line.split("]")[0] for line in lines] == ["[", "['7'", "[", "['#'", "["]


def test_the_same_seed_gives_the_same_flash_and_another_seed_another(image: Image, board: Board) -> None:
    main = "import os\nwith open('random', 'wb') as file:\n for _ in range(20): file.write(os.urandom(50))\n"
    flashes = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = image(main, name)
        printed(path, board, seed=seed, until_ms=10)
        flashes.append(path.read_bytes())
    assert flashes[0] == flashes[1] != flashes[2]


def test_what_the_program_did_wrong_is_told(image: Image, board: Board, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        printed(image("1 / 0"), board)
    assert printed(image("print('done')", "other"), board)[0] == "done"
    with pytest.raises(Exception, match="There is no flash image"):
        printed(tmp_path / "none", board)
