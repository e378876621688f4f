"""The screen speaks the language of whoever stands there, and goes back to the cabinet's own."""

from pathlib import Path

import pytest

from host_tools.boards.board_file import find_board
from host_tools.bundle.texts import LINE_BYTES, catalogue
from host_tools.simulator.people.people import Script, resident, screen_of, send
from host_tools.simulator.world import World
from locker.core import texts
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash

SERIAL = 12
DOOR = 3
RESTED_MS = 21_000  # after the last key, at the welcome


def page(language: str, text: int, *arguments: object) -> tuple[str, ...]:
    """What the screen shows of a text."""
    line = catalogue(language)[text * LINE_BYTES : (text + 1) * LINE_BYTES].decode().rstrip()
    rows = (line % arguments).split("|")
    return tuple(f"{row:<20}" for row in (*rows, "", "", "")[:4])


def pages(world: World) -> list[tuple[str, ...]]:
    """What the screen has shown, in this order."""
    return [entry.value for entry in world.trace.entries if entry.kind == "screen"]


def in_korean(world: World, door: int) -> Script:
    """A resident chooses the other language and takes her parcel."""
    yield world.hands.keys("A")
    yield world.clock.now_us() + 1_000_000
    return (yield from resident(world, door, code_of(door, 1)))


def test_a_resident_is_served_in_korean_from_the_welcome_to_the_goodbye(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        TestHost(world)
        door = cabinet.deposit(SERIAL)
        assert tuple(screen_of(world)) == page("en", texts.WELCOME)
        before = len(pages(world))
        visit = send(world, in_korean(world, door))
        cabinet.run_until(45_000)
        assert visit.result is True
        shown = pages(world)[before:]
        told = [page("ko", text, *door_of) for text, door_of in ((texts.WELCOME, ()), (texts.TAKE, (door,)), (texts.COLLECTED, (door,)))]
        assert [one for one in shown if one in told] == told
        assert page("ko", texts.ENTRY, "." * 9 + code_of(door, 1)[-1]) in shown
        cabinet.run_until(60_000)
        assert tuple(screen_of(world)) == page("en", texts.WELCOME)


def test_the_cabinets_own_language_comes_back_when_nobody_goes_on(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash", network={"serial": True, "language": "ko"}) as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        assert tuple(screen_of(world)) == page("ko", texts.WELCOME)
        world.hands.keys("A")
        cabinet.run_until(6_000 + RESTED_MS - 2_000)
        assert tuple(screen_of(world)) == page("en", texts.WELCOME)
        cabinet.run_until(6_000 + RESTED_MS)
        assert tuple(screen_of(world)) == page("ko", texts.WELCOME)


def test_the_language_may_be_chosen_in_the_middle_of_a_number(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        world.hands.keys("07A")
        cabinet.run_until(8_000)
        assert tuple(screen_of(world)) == page("ko", texts.ENTRY, "..")
        world.hands.keys("A1")
        cabinet.run_until(8_800)
        assert tuple(screen_of(world)) == page("en", texts.ENTRY, "..1")


def test_a_slow_visitor_keeps_her_language_after_a_mistake(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        world.hands.keys("A12#")
        cabinet.run_until(8_000)
        assert tuple(screen_of(world)) == page("ko", texts.LENGTH)
        cabinet.run_until(18_000)
        assert tuple(screen_of(world)) == page("ko", texts.WELCOME)


def without_letters(path: Path) -> str:
    """The wall with a keypad of three columns: the path of its board file."""
    text = find_board("wall_12").read_text()
    path.write_text(text.replace(', "gpio13"]', "]").replace("123A456B789C*0#D", "123456789*0#"))
    return str(path)


@pytest.mark.parametrize(("language", "other"), [("en", "A Hangugeo"), ("ko", "A English")])
def test_the_welcome_offers_the_other_language_where_there_is_a_key_for_it(tmp_path: Path, language: str, other: str) -> None:
    for board, last in (("wall_12", other), (without_letters(tmp_path / "plain.toml"), "")):
        make_flash(tmp_path / "flash", board)
        with Cabinet(tmp_path / "flash", board, network={"serial": True, "language": language}) as cabinet:
            cabinet.run_until(5_000)
            lines = [line.rstrip() for line in screen_of(cabinet.world)]
        assert all(lines[:3])
        assert lines[3] == last
