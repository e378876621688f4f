"""The demonstration's picture: nothing is cut off at 80 x 24,
the newest lines stay, and a full cabinet looks full.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from host_tools.boards.board_file import board_names
from host_tools.demo.drawing import HEIGHT_MIN, HELP, WIDTH_MIN, folded, frame
from host_tools.demo.guide import Guide
from host_tools.demo.play import LEFT, RIGHT, Play, keys_in
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.world import World, board_named

WORDS = st.text(alphabet="abc XYZ0123456789 ·,.:한글", max_size=300)


def cabinet(board: str = "wall_12") -> dict[str, Any]:
    """A cabinet that was just powered on, as it is seen."""
    return World(board_named(board), VirtualClock(), 1).state()


def lines_of(
    state: dict[str, Any],
    log: list[str],
    guide: str = "",
    chosen: int | None = 1,
    size: tuple[int, int] = (80, 24),
) -> list[str]:
    return [line.plain for line in frame(state, log, guide, chosen, *size)]


@pytest.mark.parametrize("board", board_names())
@given(st.lists(WORDS, max_size=40), WORDS, st.integers(80, 200), st.integers(24, 70))
def test_every_picture_fits_its_terminal_and_shows_the_newest_line_whole(
    board: str, log: list[str], guide: str, width: int, height: int
) -> None:
    state = cabinet(board)
    lines = lines_of(state, [*log, "the newest line " + "x" * 100], guide, 1, (width, height))
    assert len(lines) == height
    assert all(cell_len(line) <= width for line in lines)
    assert "the newest line" in "\n".join(lines)
    assert "".join(lines).count("x" * 10) > 0
    assert lines[-3:] == list(HELP)
    assert all(f"{door['number']:02d} shut" in "\n".join(lines) for door in state["doors"])


@pytest.mark.parametrize("board", board_names())
def test_a_full_cabinet_looks_full(board: str) -> None:
    state = cabinet(board)
    assert "[parcel]" not in "\n".join(lines_of(state, []))
    for door in state["doors"]:
        door["parcel"] = True
    assert "\n".join(lines_of(state, [])).count("[parcel]") == len(state["doors"])


def test_a_door_shows_how_it_stands_in_a_word() -> None:
    state = cabinet()
    changes = (
        {"position": "open"},
        {"latch": "released"},
        {"coil": "on"},
        {"coil": "burnt"},
        {"blocked": True},
    )
    for number, change in enumerate(changes):
        state["doors"][number] |= change
    text = "\n".join(lines_of(state, [], chosen=2))
    for words in (" 01 OPEN", ">02 loose", " 03 pulse", " 04 burnt", " 05 shut!", " 06 shut"):
        assert words in text


@given(WORDS.map(lambda words: " ".join(words.split())), st.integers(20, 120))
def test_a_folded_line_loses_no_word(line: str, width: int) -> None:
    parts = folded(line, width)
    assert all(cell_len(part) <= width for part in parts)
    assert "".join("".join(part.split()) for part in parts) == "".join(line.split())


def test_a_terminal_that_is_too_small_is_told_how_large_it_must_be() -> None:
    assert (WIDTH_MIN, HEIGHT_MIN) == (80, 24)
    for size in ((79, 24), (80, 23), (20, 5), (1, 1)):
        lines = lines_of(cabinet(), [], size=size)
        assert len(lines) == size[1]
    assert "80 x 24" in " ".join(lines_of(cabinet(), [], size=(79, 24)))


def test_arrow_keys_are_keys_and_other_sequences_are_nothing() -> None:
    assert keys_in("1\x1b[C\x1b[D\x1bOC#\x1b[5~\x1b[1;5Hq") == ["1", RIGHT, LEFT, RIGHT, "#", "q"]


def test_the_guide_says_what_a_visitor_can_do_next() -> None:
    guide, state = Guide("Minji"), cabinet()
    assert "Type n" in guide.sentence(state, 3)
    guide.tickets.append("123456789")
    assert "123456789#" in guide.sentence(state, 3)
    guide.hear({"event": "deposited", "door": 7})
    guide.read({"to": "staff", "text": "door 08 · 1111 2222 · extra 3333"})
    guide.read({"to": "Minji", "text": "door 07 · 8157 0090 · extra 4465"})
    assert "0781570090#" in guide.sentence(state, 3)
    state["doors"][3] |= {"position": "open", "blocked": True}
    for chosen, how in ((4, "type x"), (8, "choose door 04 with the arrow keys, then type x")):
        words = guide.sentence(state, chosen)
        assert words == (
            f"Door 04 is open: {how} to free it. Behind door 07 a parcel waits for Minji: type  0781570090#"
        )
        assert sum("0781570090#" in line for line in lines_of(state, [], guide=words)) == 1, "it fits"
    state["doors"][3] |= {"position": "shut", "blocked": False}
    guide.hear({"event": "alarm", "alarm": "bell"})
    assert "type a to answer" in guide.sentence(state, 3)
    guide.is_ringing = False
    guide.hear({"event": "collected", "door": 7})
    assert "Type n" in guide.sentence(state, 3)
    state["doors"][2] |= {"position": "open", "parcel": True}
    assert guide.sentence(state, 3) == "Door 03 is open: type t to take the parcel out, then c to close it."
    assert "Type !" in guide.sentence(state | {"power": "off"}, 3)


def test_a_player_is_told_that_the_host_has_ended_when_it_has_and_with_each_courier() -> None:
    watch = SimpleNamespace(state=cabinet(), heard=[], host_ended=False)
    visitor = Play(SimpleNamespace(messages=list, new_ticket=lambda resident: "123456789"), watch, None)  # type: ignore[arg-type]

    def shown() -> str:
        visitor.catch_up()
        return " ".join(line.plain for line in visitor.picture(120, 30).renderables)  # type: ignore[union-attr]

    assert "The host has ended" not in shown()
    watch.host_ended = True
    assert (
        shown().count(
            "The host has ended: the cabinet works on, and nobody is told of anything. Type q to leave."
        )
        == 1
    )
    visitor._courier()
    assert "its ticket is 123456789; no host runs that could be told" in shown()
