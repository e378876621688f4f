"""Theorems about two sessions joined by a hostile string: nothing unsaid is believed, nothing is believed
twice, no key and nonce ever seal two things, no bytes raise an exception, and once the line is honest both
ends hear each other within a minute.
"""

from random import Random

import pytest
from hostile_string import HostileString, every_seal_watched
from hypothesis import given, settings
from hypothesis import strategies as st
from pair import ALIAS, REPORT, Pair

from locker.wire.frame import Decoder

BOTH = ("host", "board")
ACTIONS = (
    "calm",
    "calm",
    *["say"] * 5,
    *["pass"] * 5,
    "reorder",
    "reorder",
    "lose",
    "double",
    "damage",
    "replay",
    "replay",
    "noise",
    "wait",
)
ENDINGS = ("restart board", "restart host", "greet", "days")
RECOVERY_S = 60  # 10 of silence, at most 40 between two greetings


def act(line: HostileString, action: str, destination: str) -> None:
    """One thing happens to what is on its way to one end."""
    way, random = line.ways[destination], line.random
    if action == "say":
        line.say(destination)
    elif action == "calm":
        line.calm()
    elif action == "wait":
        line.wait(random.randint(1, 2000))
    elif action == "days":
        line.wait(random.choice((20_000, 3_600_000, 10**9)))
    elif action == "noise":
        line.deliver(destination, random.randbytes(random.randint(1, 300)))
    elif action == "replay" and line.kept[destination]:
        line.deliver(destination, random.choice(line.kept[destination]))
    elif action == "restart board":
        line.restart_board()
    elif action == "restart host":
        line.restart_host()
    elif action == "greet":
        line.pair.board.start(line.pair.now_ms)
    elif way:
        taken = way.pop(random.randrange(len(way)) if action == "reorder" else 0)
        if action == "damage":
            taken = line.damage(taken)
        if action != "lose":
            line.deliver(destination, taken)
        if action == "double":
            line.deliver(destination, taken)


def live(seed: int, actions: list[tuple[str, str]]) -> HostileString:
    """A life of the line, and what comes after it."""
    with every_seal_watched():
        line = HostileString(Random(seed))
        line.pair.board.start(0)
        for action, destination in actions:
            act(line, action, destination)
        assert line.clean(RECOVERY_S) >= 0
    return line


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 2**32),
    st.lists(
        st.tuples(st.sampled_from((*ACTIONS * 2, *ENDINGS)), st.sampled_from(BOTH)), min_size=20, max_size=150
    ),
)
def test_whatever_the_string_does_nothing_false_is_believed_and_an_honest_line_heals(
    seed: int, actions: list[tuple[str, str]]
) -> None:
    live(seed, actions)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200))
def test_long_lives_of_the_string_are_no_different(seed: int) -> None:
    random = Random(seed)
    weighted = (*ACTIONS * 20, *ENDINGS)
    live(seed, [(random.choice(weighted), random.choice(BOTH)) for _ in range(3000)])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32), st.integers(0, 30), st.integers(0, 50), st.integers(0, 10))
def test_a_lossy_line_carries_messages_both_ways(seed: int, lost: int, doubled: int, damaged: int) -> None:
    """Up to 30 % lost, 50 % doubled, 10 % damaged:
    the handshake still ends, and messages get through, each once.
    """
    with every_seal_watched():
        line = HostileString(Random(seed))
        line.pair.board.start(0)
        for _ in range(900):
            line.wait(200)
            for destination in BOTH:
                line.say(destination)
                arrived, line.ways[destination] = line.ways[destination], []
                for frame in arrived:
                    chance = line.random.randrange(100)
                    if chance >= lost:
                        for _ in range(2 if line.random.randrange(100) < doubled else 1):
                            line.deliver(
                                destination,
                                line.damage(frame) if line.random.randrange(100) < damaged else frame,
                            )
        assert len(line.believed["host"]) > 100
        assert len(line.believed["board"]) > 100


@settings(deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=20), st.integers(20, 300))
def test_a_decoder_never_raises_holds_little_and_is_in_step_again(noise: list[bytes], limit: int) -> None:
    decoder = Decoder(limit)
    for chunk in noise:
        for payload in decoder.feed(chunk):
            assert len(payload) < limit
        assert len(decoder._held) <= limit + 1
    good = Pair().greet()
    if limit >= len(good):
        assert decoder.feed(b"\0" + good)[-1:] == Decoder().feed(good)


@settings(deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=30))
def test_headers_of_ours_with_anything_behind_them_are_refused(
    met: bool, payloads: list[tuple[int, bytes]]
) -> None:
    pair = Pair()
    if met:
        pair.meet()
    else:
        pair.greet()
    for first, rest in payloads:
        for session in (pair.board, pair.host):
            rejected = session.rejected
            assert session.accept(bytes((first,)) + ALIAS + rest, 0) is None
            assert session.rejected == rejected + 1
    if met:
        assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
