"""The screen speaks the visitor's language, and goes back to the cabinet's own.

One key goes through them all.
"""

from pathlib import Path

import english
import pytest

from host_tools.boards.board_file import find_board
from host_tools.bundle.texts import LINE_BYTES, catalogue, languages
from host_tools.simulator.people.people import Script, resident, screen_of, send
from host_tools.simulator.world import World
from locker.core import texts
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash

SERIAL = 12
DOOR = 3
ENGLISH = "en"  # where nothing else was provisioned
RESTED_MS = 21_000  # after the last key, at the welcome


def following(language: str) -> str:
    """The language that the key A leads to."""
    return (languages() * 2)[languages().index(language) + 1]


ANOTHER = following(ENGLISH)


def page(language: str, text: int, *arguments: object) -> tuple[str, ...]:
    """What the screen shows of a text."""
    line = catalogue(language)[text * LINE_BYTES : (text + 1) * LINE_BYTES].decode().rstrip()
    rows = (line % arguments).split("|")
    return tuple(f"{row:<20}" for row in (*rows, "", "", "")[:4])


def pages(world: World) -> list[tuple[str, ...]]:
    """What the screen has shown, in this order."""
    return [entry.value for entry in world.trace.entries if entry.kind == "screen"]


def in_another(world: World, door: int) -> Script:
    """A resident chooses the next language and takes her parcel."""
    yield world.hands.keys("A")
    yield world.clock.now_us() + 1_000_000
    return (yield from resident(world, door, code_of(door, 1)))


def test_a_resident_is_served_in_her_language_from_the_welcome_to_the_goodbye(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        TestHost(world)
        door = cabinet.deposit(SERIAL)
        assert tuple(screen_of(world)) == page("en", texts.WELCOME)
        before = len(pages(world))
        visit = send(world, in_another(world, door))
        cabinet.run_until(45_000)
        assert visit.result is True
        shown = pages(world)[before:]
        visited = ((texts.WELCOME, ()), (texts.TAKE, (door,)), (texts.COLLECTED, (door,)))
        told = [page(ANOTHER, text, *door_of) for text, door_of in visited]
        assert [one for one in shown if one in told] == told
        assert page(ANOTHER, texts.ENTRY, "." * 9 + code_of(door, 1)[-1]) in shown
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
        assert tuple(screen_of(world)) == page(following("ko"), texts.WELCOME)
        cabinet.run_until(6_000 + RESTED_MS)
        assert tuple(screen_of(world)) == page("ko", texts.WELCOME)


def test_the_language_may_be_chosen_in_the_middle_of_a_number(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        world.hands.keys("07A")
        cabinet.run_until(8_000)
        assert tuple(screen_of(world)) == page(ANOTHER, texts.ENTRY, "..")
        world.hands.keys("A1")
        cabinet.run_until(8_800)
        assert tuple(screen_of(world)) == page(following(ANOTHER), texts.ENTRY, "..1")


def test_the_key_goes_through_all_languages_and_comes_back_to_the_first(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        seen = [tuple(screen_of(world))]
        for _ in languages():
            world.hands.keys("A")
            cabinet.run_until(world.clock.now_us() // 1000 + 1_000)
            seen.append(tuple(screen_of(world)))
        assert set(seen) == {page(language, texts.WELCOME) for language in languages()}
        assert seen[-1] == seen[0] == page(ENGLISH, texts.WELCOME)


def test_a_cabinet_whose_own_language_has_no_catalogue_is_english_for_whoever_asks(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash", network={"serial": True, "language": "xx"}) as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        world.hands.keys("A")
        cabinet.run_until(8_000)
        assert tuple(screen_of(world)) == page(ENGLISH, texts.WELCOME)


def test_a_slow_visitor_keeps_her_language_after_a_mistake(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        cabinet.run_until(6_000)
        world.hands.keys("A12#")
        cabinet.run_until(8_000)
        assert tuple(screen_of(world)) == page(ANOTHER, texts.LENGTH)
        cabinet.run_until(18_000)
        assert tuple(screen_of(world)) == page(ANOTHER, texts.WELCOME)


def without_letters(path: Path) -> str:
    """The wall with a keypad of three columns: the path of its board file."""
    text = find_board("wall_12").read_text()
    path.write_text(text.replace(', "gpio13"]', "]").replace("123A456B789C*0#D", "123456789*0#"))
    return str(path)


@pytest.mark.parametrize("language", languages())
def test_the_welcome_offers_the_next_language_where_there_is_a_key(tmp_path: Path, language: str) -> None:
    other = english.read(following(language))[texts.WELCOME].split("|")[3]
    for board, last in (("wall_12", other), (without_letters(tmp_path / "plain.toml"), "")):
        make_flash(tmp_path / "flash", board)
        with Cabinet(tmp_path / "flash", board, network={"serial": True, "language": language}) as cabinet:
            cabinet.run_until(5_000)
            lines = [line.rstrip() for line in screen_of(cabinet.world)]
        assert all(lines[:3])
        assert lines[3] == last
