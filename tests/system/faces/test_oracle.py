"""The oracle believes what was so, and nothing else."""

import pytest

from host_tools.host.web.look.words import languages
from tests.system.faces.oracle import LAG_MS, Oracle, Seen, Shown, now_ms

WORDS = languages()["en"]


def door(position: str = "shut", parcel: bool = False, blocked: bool = False) -> dict:
    return {"number": 7, "position": position, "parcel": parcel, "blocked": blocked}


#: A courier's visit, a jam, and hers.
SEEN = [
    Seen(ms, {"doors": [one], "screen": [screen]})
    for ms, one, screen in (
        (0, door(), "Welcome"),
        (1_000, door("open"), "Put it in"),
        (2_000, door("open", True), "Put it in"),
        (3_000, door("shut", True), "Welcome"),
        (20_000, door("shut", True, True), "Welcome"),
        (40_000, door("open", True), "Your  call was seen"),
        (41_000, door("open"), "Welcome"),
        (42_000, door(), "Welcome"),
    )
]


def lies(ms: int, text: str, word: str = "", until_ms: int | None = None, *, gone: bool = False) -> list[str]:
    oracle = Oracle()
    oracle.shown = [Shown(1, ms, "/", text, [(1, 7, word)] if word else [], gone)]
    oracle.shown.append(Shown(1, ms if until_ms is None else until_ms, "", "", ()))
    return oracle.lies(SEEN)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (900, WORDS("story.door_opened")),
        (0, WORDS("story.deposited")),
        (30_000, WORDS("resident.state.collected")),
        (39_000, f"{WORDS('story.door_opened')}\n\n{WORDS('story.door_opened')}"),
        (10_000, WORDS("resident.story.stuck")),
        (39_000, languages()["ko"]("resident.state.collected")),
        (39_000, WORDS("console.screen.shown")),
    ],
)
def test_what_had_not_happened_is_a_lie_and_is_none_when_it_has(ms: int, text: str) -> None:
    assert bool(lies(ms - 500, text)) is True
    assert lies(45_000, text) == []


def test_a_door_is_shown_as_it_is_or_was_a_moment_before() -> None:
    assert lies(3_000, "", "free", 3_000 + LAG_MS - 500) == []
    assert lies(3_000, "", "free", 3_000 + LAG_MS + 500)
    assert lies(3_000, "", "free", 3_000 + LAG_MS + 500, gone=True) == [], "the page said that it was old"
    assert lies(500, "", "open")
    assert lies(1_500, "", "open") == []
    assert lies(10_000, "", "stuck")
    assert lies(43_000, "", "parcel", 43_000 + LAG_MS + 1_000)
    assert Oracle().lies(SEEN) == []
    assert now_ms() > SEEN[-1].ms
