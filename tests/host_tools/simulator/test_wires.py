"""Wires, pulls and switches; the keypad matrix as electricity sees it."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.keypad import KeypadMatrix
from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Wires
from host_tools.simulator.clock import VirtualClock
from locker.board import Keypad

ROWS, COLUMNS, KEYS = (1, 2, 3, 4), (11, 12, 13, 14), "123A456B789C*0#D"
CROSSINGS = dict(zip(KEYS, itertools.product(ROWS, COLUMNS), strict=True))


@pytest.fixture
def wires() -> Wires:
    return Wires(VirtualClock(), 7)


def test_a_driver_beats_a_pull_and_a_resistor_on_the_board_beats_the_pull_in_the_chip(wires: Wires) -> None:
    node = wires.node(4)
    node.set(None, 1)
    assert node.level() == 1
    node.fit_pull(-EXTERNAL_PULL)
    assert node.level() == 0
    node.set(1)
    assert node.level() == 1


def test_a_wire_that_nothing_holds_reads_noise_that_the_seed_repeats() -> None:
    def readings(seed: int) -> list[int]:
        clock = VirtualClock()
        node = Wires(clock, seed).node(4)
        found = []
        for _ in range(200):
            clock.advance(1000)
            found.append(node.level())
        return found

    assert 60 < sum(readings(1)) < 140
    assert readings(1) == readings(1) != readings(2)


def test_looking_at_a_floating_wire_does_not_change_it(wires: Wires) -> None:
    assert len({wires.node(4).level() for _ in range(50)}) == 1


def test_a_closed_switch_to_ground_is_told_to_who_watches(wires: Wires) -> None:
    node, told = wires.node(4), []
    node.set(None, 1)
    node.watch(told.append)
    switch = wires.switch(node)
    switch.set(True)
    switch.set(True)
    switch.set(False)
    assert told == [0, 1]


def test_two_outputs_that_fight_are_told_of(wires: Wires) -> None:
    shorts: list[str] = []
    wires.on_short = shorts.append
    switch = wires.switch(wires.node(4), wires.node(5))
    switch.set(True)
    wires.node(4).set(1)
    assert shorts == []
    wires.node(5).set(0)
    assert shorts == ["outputs fight: 4, 5"]
    assert wires.node(4).level() == 0


@given(st.data())
def test_what_switches_join_has_one_level_whatever_the_order_of_switching(data: st.DataObject) -> None:
    """Law: after any history of switches,
    two wires share a group exactly if a path of closed switches joins them.
    """
    wires = Wires(VirtualClock(), 0)
    nodes = [wires.node(number) for number in range(6)]
    pairs = list(itertools.combinations(range(6), 2))
    switches = {pair: wires.switch(nodes[pair[0]], nodes[pair[1]]) for pair in pairs}
    for pair, closed in data.draw(st.lists(st.tuples(st.sampled_from(pairs), st.booleans()), max_size=30)):
        switches[pair].set(closed)
    reached = [{number} for number in range(6)]
    for _ in range(6):
        for (a, b), switch in switches.items():
            if switch.closed:
                reached[a] = reached[b] = reached[a] | reached[b]
    for a, b in pairs:
        assert (nodes[b] in nodes[a].group) == (b in closure(reached, a))


def closure(reached: list[set[int]], start: int) -> set[int]:
    found, grown = {start}, True
    while grown:
        more = set().union(*(reached[number] for number in found))
        grown, found = not more <= found, found | more
    return found


def matrix(seed: int = 1) -> tuple[VirtualClock, Wires, KeypadMatrix]:
    clock = VirtualClock()
    wires = Wires(clock, seed)
    for column in COLUMNS:
        wires.node(column).set(None, 1)
    return clock, wires, KeypadMatrix(Keypad(ROWS, COLUMNS, KEYS), wires, clock, random.Random(seed))


def scan(wires: Wires) -> set[str]:
    """Reads the matrix as a naive driver does: one row low at a time, the others released."""
    seen = set()
    for row in ROWS:
        wires.node(row).set(0)
        seen |= {
            key for key, (r, column) in CROSSINGS.items() if r == row and wires.node(column).level() == 0
        }
        wires.node(row).set(None)
    return seen


def ghosted(pressed: set[str]) -> set[str]:
    """Every key whose row and column hang together by way of pressed keys:
    computed with rows and columns as a graph.
    """
    groups: list[set[int]] = []
    for key in pressed:
        joined = set(CROSSINGS[key]).union(*(group for group in groups if group & set(CROSSINGS[key])))
        groups = [group for group in groups if not group & joined] + [joined]
    return {key for key, crossing in CROSSINGS.items() if any(set(crossing) <= group for group in groups)}


@given(st.sets(st.sampled_from(KEYS), max_size=6))
def test_a_matrix_without_diodes_shows_the_transitive_closure_of_its_keys(pressed: set[str]) -> None:
    clock, wires, keypad = matrix()
    for key in pressed:
        keypad.press(key)
    clock.advance(10_000)
    assert scan(wires) == ghosted(pressed)
    for key in pressed:
        keypad.release(key)
    clock.advance(10_000)
    assert scan(wires) == set()


def test_the_fourth_corner_of_a_rectangle_is_a_ghost() -> None:
    clock, wires, keypad = matrix()
    for key in "124":
        keypad.press(key)
    clock.advance(10_000)
    assert scan(wires) == set("1245")
    assert keypad.down == "124"


@given(st.integers(0, 500), st.lists(st.tuples(st.booleans(), st.integers(0, 20_000)), max_size=8))
def test_a_contact_has_settled_where_it_was_put_five_milliseconds_after_the_last_move(
    seed: int, moves: list[tuple[bool, int]]
) -> None:
    clock = VirtualClock()
    wires = Wires(clock, seed)
    switch = BouncingSwitch(clock, random.Random(seed), wires.switch(wires.node(1)), 5_000)
    for closed, wait_us in moves:
        switch.move(closed)
        clock.advance(wait_us)
    clock.advance(5_000)
    assert switch.closed == switch.target == (moves[-1][0] if moves else False)
    assert clock.next_due_us() is None


def test_contacts_do_bounce() -> None:
    clock = VirtualClock()
    wires = Wires(clock, 1)
    wires.node(1).set(None, 1)
    edges: list[int] = []
    wires.node(1).watch(edges.append)
    switch = BouncingSwitch(clock, random.Random(1), wires.switch(wires.node(1)))
    for _ in range(20):
        switch.move(not switch.target)
        clock.advance(10_000)
    assert len(edges) > 40
