"""The fault plan: each kind breaks what it says, and nothing is left of it when it is cleared."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.simulator.chip.mcp23017 import GPPU, IODIR, MCP23017, OLAT
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.faults.plan import KINDS
from host_tools.simulator.world import World, board_named

MS = 1000
EXAMPLES = [example for kind in KINDS.values() for example in kind.examples]


@pytest.fixture
def world() -> World:
    return World(board_named("wall_12"), VirtualClock(), 11)


def level(world: World, pin: int | tuple[int, int]) -> int:
    node = world.wires.node(pin)
    node.set(None, 1)
    return node.level()


def released(world: World) -> MCP23017:
    """An expander with its RESET line high."""
    assert world.board.expander_reset is not None
    world.wires.node(world.board.expander_reset).set(1)
    return world.expanders[0x21]


def energise(world: World, door: int, ms: int = 400) -> None:
    gate = world.wires.node(world.board.doors[door - 1].lock)
    gate.set(1)
    world.clock.advance(ms * MS)
    gate.set(None)
    world.clock.advance(2000 * MS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_injected_listed_while_it_lasts_and_cleared_without_a_trace(
    world: World, example: str
) -> None:
    untouched = world.state()
    world.hands.fault(example)
    passing = "dip" in example or example in ("lcd nibble",)
    assert world.faults.active == ([] if passing else [example])
    world.clock.advance(10 * MS)
    world.hands.clear("")
    world.clock.advance(100 * MS)
    now = world.state()
    for state in (untouched, now):
        del state["time_ms"]
    assert now == untouched
    assert not world.trace.violations


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is no kind of fault: use one of coil, contact,"),
        ("coils 3", "'coils' is no kind of fault"),
        ("coil", "a door is a number from 1 to 99, not ''"),
        ("coil 13", "this cabinet has no door 13: it has 01 to 12"),
        ("coil 3 melted", "'melted' is no such fault: use cut or welded"),
        ("coil 3 cut now", "'now' is too much: leave it out"),
        ("expander 0x27", "this cabinet has no expander at 0x27: it has 0x20, 0x21, 0x22"),
        ("key x", "this keypad has no key 'x': it has 123A456B789C*0#D"),
        ("swap rows 1 5", "one of the rows is a number from 1 to 4, not '5'"),
        ("swap coils 2 2", "2 cannot change places with itself: name two"),
        ("link enable", "this cabinet is on no bus: its link has no enable wire"),
        ("supply 20", "a supply's percentage is a number from 50 to 100, not '20'"),
    ],
)
def test_what_is_no_fault_is_said_in_one_sentence_and_changes_nothing(
    world: World, text: str, sentence: str
) -> None:
    before = world.state()
    with pytest.raises(ValueError, match=re.escape(sentence)):
        world.hands.fault(text)
    assert world.state() == before


def test_a_fault_is_there_once_and_goes_by_the_words_it_came_with(world: World) -> None:
    world.hands.fault("key 5 stuck")
    with pytest.raises(ValueError, match="there already"):
        world.hands.fault("key  5  stuck")
    with pytest.raises(ValueError, match="there is no fault 'coil 3' to clear: there is key 5 stuck"):
        world.hands.clear("coil 3")
    world.hands.fault("coil 3")
    world.hands.clear("key 5 stuck")
    assert world.state()["faults"] == ["coil 3"]


def test_a_kind_that_needs_what_this_cabinet_has_not_says_so() -> None:
    bare = World(board_named("devkit_4"), VirtualClock(), 1)
    for text in (
        "lamp",
        "bell",
        "tamper",
        "reset",
        "expander 0x20",
        "current",
        "supply cut",
        "link",
        "beeper",
    ):
        with pytest.raises(ValueError, match=r"this cabinet (has no|does not sense|is on no)"):
            bare.hands.fault(text)
    assert bare.faults.active == []


def test_a_cut_coil_opens_nothing_and_draws_nothing(world: World) -> None:
    world.hands.fault("coil 3")
    energise(world, 3)
    assert world.doors[3].place == "shut"
    assert world.supply.lowest == 1.0
    world.hands.clear("coil 3")
    energise(world, 3)
    assert world.doors[3].place == "ajar"


def test_swapped_coils_open_each_others_doors(world: World) -> None:
    world.hands.fault("swap coils 1 2")
    energise(world, 1)
    assert (world.doors[1].place, world.doors[2].place) == ("shut", "ajar")


def test_swapped_contacts_tell_of_each_others_doors(world: World) -> None:
    world.hands.fault("swap contacts 1 2")
    world.hands.force(1)
    world.clock.advance(2000 * MS)
    assert [level(world, world.board.doors[place].contact) for place in (0, 1)] == [0, 1]


def test_swapped_sensors_look_into_each_others_compartments(world: World) -> None:
    world.hands.fault("swap sensors 1 2")
    world.doors[1].put(True)
    occupied = [level(world, door.sensor) == door.occupied for door in world.board.doors[:2]]
    assert occupied == [False, True]


def test_swapped_rows_of_the_keypad_type_each_others_keys(world: World) -> None:
    world.hands.fault("swap rows 1 2")
    world.hands.press("1", 1000)
    world.clock.advance(100 * MS)
    first, second, column = (
        world.wires.node(pin) for pin in (*world.board.keypad.rows[:2], world.board.keypad.columns[0])
    )
    column.set(None, 1)
    first.set(0)
    assert column.level() == 1
    first.set(None)
    second.set(0)
    assert column.level() == 0


def test_a_dip_leaves_an_expander_as_its_power_on_does(world: World) -> None:
    chip = released(world)
    chip.preset(OLAT=0x0100, IODIR=0x7F00, GPPU=0x007F)
    world.hands.fault("expander 0x21 dip 5")
    assert not chip.acknowledges()
    world.clock.advance(4 * MS)
    assert not chip.acknowledges()
    world.clock.advance(2 * MS)
    assert chip.acknowledges()
    assert [chip.register(register) for register in (IODIR, GPPU, OLAT)] == [0xFFFF, 0, 0]


def test_what_is_read_behind_a_dip_in_one_transaction_is_a_bus_that_nobody_pulls_down(world: World) -> None:
    chip = released(world)
    chip.preset(IODIR=0x7F7F, GPPU=0x7F7F)
    chip.started(False)
    chip.written(0x00, 0)
    chip.started(True)
    assert [chip.read(0), chip.read(0)] == [0x7F, 0x7F]
    chip.power(False)
    chip.power(True)
    assert [chip.read(0) for _ in range(3)] == [0xFF] * 3


def test_without_its_reset_wire_every_expander_is_silent_and_with_a_loose_one_it_is_never_reset(
    world: World,
) -> None:
    released(world)
    assert all(chip.acknowledges() for chip in world.expanders.values())
    world.hands.fault("reset cut")
    assert not any(chip.acknowledges() for chip in world.expanders.values())
    world.hands.clear("")
    world.hands.fault("reset loose 0x22")
    world.wires.node(world.board.expander_reset).set(0)
    assert [address for address, chip in world.expanders.items() if MCP23017.acknowledges(chip)] == [0x22]


def test_the_far_end_of_the_link_rests_high_at_the_pin_where_its_wire_is() -> None:
    for board, faults in (
        ("wall_12", ("link cut", "link swapped")),
        ("row_8", ("link cut", "link swapped", "link enable")),
    ):
        world = World(board_named(board), VirtualClock(), 3)
        assert world.board.link
        _, tx, rx, *_ = world.board.link

        def driven(world: World = world, pins: tuple[int, int] = (tx, rx)) -> list[int]:
            for pin in pins:
                world.wires.node(pin).set(None, -1)
            return [world.wires.node(pin).level() for pin in pins]

        assert driven() == [0, 1]
        for fault, wanted in zip(faults, ([0, 0], [1, 0], [0, 1]), strict=False):
            world.hands.fault(fault)
            assert driven() == wanted, fault
            world.hands.clear("")
        assert driven() == [0, 1]


def test_the_help_of_every_kind_has_an_example(tmp_path: Path) -> None:
    listed = CliRunner().invoke(ansim, ["hands", "--port", str(tmp_path / "none"), "fault", "--help"])
    assert listed.exit_code == 0
    for name, kind in KINDS.items():
        assert name in listed.output
        told = CliRunner().invoke(ansim, ["hands", "--port", str(tmp_path / "none"), "fault", name, "--help"])
        assert told.exit_code == 0
        assert f"ansim hands --port /tmp/wall fault {kind.examples[0]}" in told.output


def test_a_door_is_named_as_it_is_printed_and_help_needs_no_board(world: World) -> None:
    world.faults.inject("sensor 09")
    assert world.faults.active == ["sensor 9"]
    world.faults.clear("sensor 09")
    assert world.faults.active == []
    for words in (("bell",), ("fault",), ("fault", "sensor"), ("fault", "clear"), ("put",)):
        ended = CliRunner().invoke(ansim, ["hands", *words, "--help"])
        assert ended.exit_code == 0
        assert ended.stdout.startswith("Usage: ansim hands ")
        without = CliRunner().invoke(ansim, ["hands", *words])
        assert without.exit_code == 2
        assert "Missing option '--port'" in without.output
