"""People at the cabinet: the speed of hands, what cannot be done, scripts with patience."""

import json
from typing import Any

import pytest

from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.people.people import Until, courier, resident, send
from host_tools.simulator.world import World, board_named

MS = 1000
WALL = board_named("wall_12")


@pytest.fixture
def world() -> World:
    return World(WALL, VirtualClock(), 11)


def energise(world: World, door: int, ms: int = 400) -> None:
    """A pulse as no program sends it: straight at the gate."""
    gate = world.wires.node(world.board.doors[door - 1].lock)
    gate.set(1)
    world.clock.after(ms * MS, lambda: gate.set(None))


def test_keys_are_held_120_ms_each_and_80_ms_apart(world: World) -> None:
    assert world.hands.keys("15#") == 600 * MS
    held = []
    for _ in range(60):
        held.append(world.keypad.down)
        world.clock.advance(10 * MS)
    assert held == (["1"] * 12 + [""] * 8 + ["5"] * 12 + [""] * 8 + ["#"] * 12 + [""] * 8)


def test_keys_typed_while_others_are_being_typed_come_behind_them(world: World) -> None:
    world.hands.keys("12")
    world.clock.advance(50 * MS)
    assert world.hands.keys("3") == 600 * MS


def test_several_keys_can_be_held_at_once(world: World) -> None:
    world.hands.press("1", 500)
    world.hands.press("5", 100)
    assert world.state()["keys"] == "15"
    world.clock.advance(200 * MS)
    assert world.state()["keys"] == "1"


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda hands: hands.keys("12E"), "this keypad has no key 'E': it has 123A456B789C*0#D"),
        (lambda hands: hands.press("%"), "no key '%'"),
        (lambda hands: hands.put(3), "door 03 is shut: it must be open before anything can be put in"),
        (lambda hands: hands.take(3), "door 03 is shut: it must be open before anything can be taken out"),
        (
            lambda hands: hands.open(3),
            "door 03 is latched: a key, a code or a ticket opens it, a hand does not",
        ),
        (lambda hands: hands.close(3), "door 03 is shut already"),
        (lambda hands: hands.open(13), "this cabinet has no door 13: it has 01 to 12"),
        (
            lambda hands: hands.supply(49),
            "a supply can sag to 50-100 percent, not 49: below that the power is cut",
        ),
        (lambda hands: hands.power("off"), "power can be cut or on, not 'off'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_and_changes_nothing(
    world: World, act: Any, sentence: str
) -> None:
    before = world.state()
    with pytest.raises(ValueError, match=sentence.replace("*", r"\*")):
        act(world.hands)
    assert world.state() == before
    # The screen's first picture.
    assert world.clock.next_due_us() is None or world.clock.next_due_us() == 20 * MS


def test_a_cabinet_without_a_bell_cannot_be_rung() -> None:
    world = World(board_named("devkit_4"), VirtualClock(), 1)
    with pytest.raises(ValueError, match="no bell"):
        world.hands.bell()


def test_putting_into_a_door_that_is_ajar_pulls_it_wide_first(world: World) -> None:
    energise(world, 2)
    world.clock.advance(600 * MS)
    done = world.hands.put(2)
    world.clock.advance_to(done)
    door = world.state()["doors"][1]
    assert (door["position"], door["parcel"], door["coil"]) == ("open", True, "off")
    with pytest.raises(ValueError, match="door 02 is full"):
        world.hands.put(2)


def test_the_hand_that_reaches_in_breaks_the_beam_before_the_parcel_does(world: World) -> None:
    energise(world, 2)
    world.clock.advance(600 * MS)
    world.clock.advance_to(world.hands.open(2))
    world.hands.put(2)
    world.clock.advance(400 * MS)
    assert world.doors[2].occupied
    assert not world.doors[2].parcel


def test_an_empty_compartment_has_nothing_to_take(world: World) -> None:
    energise(world, 2)
    world.clock.advance(600 * MS)
    with pytest.raises(ValueError, match="nothing behind door 02"):
        world.hands.take(2)


def test_the_bell_is_pressed_for_a_moment(world: World) -> None:
    done = world.hands.bell()
    assert world.state()["bell"] is True
    world.clock.advance_to(done)
    assert world.state()["bell"] is False


def test_night_falls(world: World) -> None:
    world.hands.dark(True)
    assert world.state()["dark"] is True


def test_the_state_is_plain_json_and_says_what_there_is_to_see(world: World) -> None:
    state = json.loads(json.dumps(world.state()))
    assert len(state["doors"]) == 12
    assert state["doors"][6] == {
        "number": 7,
        "latch": "latched",
        "position": "shut",
        "swing": 0.0,
        "contact": "closed",
        "parcel": False,
        "blocked": False,
        "coil": "off",
    }
    assert (state["power"], state["supply"], state["violations"]) == ("on", 100, [])
    world.hands.power("cut")
    assert world.state()["power"] == "off"


def test_two_coils_at_once_are_a_violation(world: World) -> None:
    energise(world, 1)
    energise(world, 2)
    assert world.state()["violations"] == ["2 coils are on at once"]


def test_a_courier_puts_a_parcel_into_the_door_that_opens(world: World) -> None:
    world.clock.at(8000 * MS, lambda: energise(world, 4))
    errand = send(world, courier(world, "123456789", "2"))
    world.clock.advance(30_000 * MS)
    assert errand.done
    assert (errand.result, errand.error) == (4, None)
    door = world.state()["doors"][3]
    assert (door["position"], door["latch"], door["parcel"]) == ("shut", "latched", True)


def test_a_courier_before_whom_nothing_opens_goes_away(world: World) -> None:
    errand = send(world, courier(world, "123456789"))
    world.clock.advance(60_000 * MS)
    assert (errand.done, errand.result, errand.error) == (True, None, None)


def test_a_resident_takes_what_lies_behind_her_door_and_shuts_it(world: World) -> None:
    world.doors[4].put(True)
    world.clock.at(8000 * MS, lambda: energise(world, 4))
    errand = send(world, resident(world, 4, "12345678"), at_ms=500)
    world.clock.advance(30_000 * MS)
    assert (errand.result, errand.error) == (True, None)
    assert world.state()["doors"][3]["parcel"] is False
    assert world.doors[4].latched


def test_a_person_who_tries_the_impossible_says_what_is_wrong(world: World) -> None:
    def script() -> Any:
        yield Until(lambda: False, 1000)
        yield world.hands.open(5)

    errand = send(world, script())
    world.clock.advance(2000 * MS)
    assert errand.done
    assert str(errand.error) == "door 05 is latched: a key, a code or a ticket opens it, a hand does not"


def test_a_supply_that_sags_reads_less_at_its_pin_and_less_again_under_a_coil(world: World) -> None:
    assert world.board.supply is not None
    pin, lowest_mv = world.board.supply
    assert world.chip.adc_mv(pin) > lowest_mv
    world.hands.supply(75)
    sagged_mv = world.chip.adc_mv(pin)
    assert sagged_mv < lowest_mv
    energise(world, 3)
    assert world.chip.adc_mv(pin) < sagged_mv
    world.hands.supply(100)
    world.clock.advance(500 * MS)
    assert world.chip.adc_mv(pin) > lowest_mv


def test_the_cover_opens_the_tamper_loop(world: World) -> None:
    loop = world.wires.node(world.board.tamper)
    loop.set(None, 1)
    assert (world.state()["tamper"], loop.level()) == (False, 0)
    world.hands.tamper(True)
    world.clock.advance(10 * MS)
    assert (world.state()["tamper"], loop.level()) == (True, 1)


def test_a_cabinet_without_a_tamper_loop_has_none_to_open() -> None:
    with pytest.raises(ValueError, match="no tamper loop"):
        World(board_named("devkit_4"), VirtualClock(), 1).hands.tamper(True)


def test_a_supply_without_power_cannot_sag(world: World) -> None:
    world.hands.power("cut")
    with pytest.raises(ValueError, match="nothing to sag"):
        world.hands.supply(75)
