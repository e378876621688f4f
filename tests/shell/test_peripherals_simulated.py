"""What the peripherals say of a simulated cabinet is what is so in it, door by door, on every board."""

import pytest
from wires import Wire

from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.hal import SimulatedHal
from host_tools.simulator.world import World, board_named
from locker.shell.peripherals import BELL, Peripherals

BOARDS = ("devkit_4", "wall_12", "tower_24")
FLIPPED = tuple(f"{name} with each polarity turned" for name in BOARDS)
POLL_US = 20_000


def board(name):
    """A board of the fleet, or the same with contacts and beams of the other polarity at every other door."""
    made = board_named(name.partition(" ")[0])
    if name not in FLIPPED:
        return made
    doors = [
        door._replace(
            closed=1 - door.closed, occupied=1 - door.occupied if door.occupancy == "beam" else door.occupied
        )
        if place % 2
        else door
        for place, door in enumerate(made.doors)
    ]
    return made._replace(doors=tuple(doors))


class Room:
    """A cabinet in its world, and the loop that polls its peripherals."""

    def __init__(self, name):
        self.world = World(board(name), VirtualClock(), 5)
        self.hal = SimulatedHal(self.world)
        self.peripherals = Peripherals(self.hal)

    def polls(self, ms):
        """Lets time pass; the masks that contacts and occupancy have told of."""
        told = [0, 0]
        for _ in range(ms * 1000 // POLL_US):
            self.world.clock.advance(POLL_US)
            self.peripherals.refresh(self.hal.now_ms())
            told[0] |= self.peripherals.contacts.poll()
            told[1] |= self.peripherals.occupancy.poll()
        return tuple(told)

    def assert_said_is_so(self):
        doors = [self.world.doors[number] for number in self.peripherals.numbers]
        assert self.peripherals.contacts.state == sum(
            1 << place for place, door in enumerate(doors) if door.contact == "open"
        )
        assert self.peripherals.occupancy.state == sum(
            1 << place for place, door in enumerate(doors) if door.parcel
        )


@pytest.mark.parametrize("name", [*BOARDS, *FLIPPED])
def test_each_door_and_each_parcel_is_told_at_its_own_place(name):
    room = Room(name)
    hands = room.world.hands
    assert room.peripherals.numbers == tuple(sorted(room.world.doors))
    assert (room.peripherals.contacts.state, room.peripherals.occupancy.state) == (0, 0)
    for place, number in enumerate(room.peripherals.numbers):
        hands.force(number)
        assert room.polls(2000) == (1 << place, 0)
        hands.put(number)
        assert room.polls(3000)[1] == 1 << place
        room.assert_said_is_so()
        if place % 3:
            hands.close(number)
            assert room.polls(3000) == (1 << place, 0)
    room.assert_said_is_so()
    assert Peripherals(room.hal).contacts.state == room.peripherals.contacts.state, (
        "a new start sees the same"
    )
    assert Peripherals(room.hal).occupancy.state == room.peripherals.occupancy.state


@pytest.mark.parametrize("name", BOARDS)
def test_each_pulse_energises_the_coil_of_its_door_and_no_other(name):
    room = Room(name)
    coils = room.peripherals.locks
    for number in room.peripherals.numbers:
        while not coils.unlock(number, room.hal.now_ms()):
            room.world.clock.advance(POLL_US)
        assert [door for door, coil in room.world.coils.items() if coil.energised] == [number]
        while not coils.step(room.hal.now_ms()):
            room.world.clock.advance(POLL_US)
        assert not any(coil.energised for coil in room.world.coils.values())
    assert [entry.door for entry in room.world.trace.of("coil") if entry.value == "on"] == list(
        room.peripherals.numbers
    )
    assert room.world.trace.violations == []


@pytest.mark.parametrize("name", BOARDS)
def test_a_coil_is_cut_by_native_pins_alone(name):
    room = Room(name)
    for number in room.peripherals.numbers:
        while not room.peripherals.locks.unlock(number, room.hal.now_ms()):
            room.world.clock.advance(POLL_US)
        assert room.world.coils[number].energised
        room.world.chip.buses.clear()
        room.peripherals.cut()
        assert not room.world.coils[number].energised
        room = Room(name)


@pytest.mark.parametrize("name", ["wall_12", "tower_24"])
def test_the_lamp_is_dark_until_it_is_lit(name):
    room = Room(name)
    assert not room.world.lamp.on
    for lit in (True, True, False, False, True):
        room.peripherals.light(lit)
        assert room.world.lamp.on == lit


def test_a_cabinet_without_a_lamp_a_bell_or_a_screen_does_without():
    room = Room("devkit_4")
    assert (room.world.lamp, room.peripherals.expanders) == (None, ())
    for _ in range(100):
        room.world.clock.advance(POLL_US)
        assert room.peripherals.signals.poll() == room.peripherals.signals.state == 0
    room.peripherals.light(True)


class Bench:
    """A controller with nothing but wires, in place of a cabinet."""

    def __init__(self):
        native = board_named("devkit_4")
        doors = tuple(door._replace(occupancy="beam", occupied=0) for door in native.doors)
        self.board = native._replace(doors=doors, bell=99, tamper=98, bus=None, screen=None, beeper=None)
        self.wires = {}

    def input(self, number, _pull):
        return self.wires.setdefault(number, Wire(int(number != self.board.tamper)))  # everything is at rest

    def open_drain(self, _number):
        return Wire(1)

    def output(self, _number, level):
        return Wire(level)


@pytest.mark.parametrize(("part", "polls"), [("contacts", 2), ("signals", 4), ("occupancy", 16)])
def test_a_disturbance_of_its_length_is_told_and_a_shorter_one_is_not(part, polls):
    hal = Bench()
    inputs = getattr(Peripherals(hal), part)
    for count in (polls - 1, polls):
        for wire in hal.wires.values():
            wire.level ^= 1
        told = [inputs.poll() for _ in range(count)]
        assert any(told) == (count == polls)
        if count < polls:
            for wire in hal.wires.values():
                wire.level ^= 1
            assert inputs.poll() == 0


def rings(room, ms):
    """How often the bell rings in that time."""
    count = 0
    for _ in range(ms * 1000 // POLL_US):
        room.world.clock.advance(POLL_US)
        room.peripherals.refresh(room.hal.now_ms())
        signals = room.peripherals.signals
        count += bool(signals.poll() & signals.state & BELL)
    return count


def test_each_press_of_the_bell_rings_once():
    room = Room("wall_12")
    assert rings(room, 500) == 0
    for _ in range(3):
        room.world.hands.bell()
        assert rings(room, 1000) == 1


def test_a_bell_held_through_a_start_rings():
    room = Room("wall_12")
    room.world.bell.press(True)
    room.world.clock.advance(100_000)
    room.peripherals = Peripherals(room.hal)
    assert rings(room, 1000) == 1


def test_an_expander_that_lost_its_power_is_set_up_again_and_its_doors_are_seen_again():
    room = Room("wall_12")
    room.world.hands.force(3)
    assert room.polls(2000) == (1 << 2, 0)
    for expander in room.world.expanders.values():
        expander.power(False)
        expander.power(True)
    room.world.clock.advance(POLL_US)
    assert room.peripherals.refresh(room.hal.now_ms()) == 0b111, "what they say now is nothing"
    assert room.polls(20) == (0, 0)
    assert room.peripherals.lost == 0
    assert room.polls(2000) == (0, 0)
    room.assert_said_is_so()


def test_an_expander_that_is_gone_takes_only_its_own_wires_with_it():
    room = Room("tower_24")
    gone = room.world.board.doors[0].contact[0]
    room.world.expanders[gone].power(False)
    there = [place for place, door in enumerate(room.world.board.doors) if door.contact[0] != gone]
    away = [place for place, door in enumerate(room.world.board.doors) if door.contact[0] == gone]
    for place in (there[0], away[0]):
        room.world.hands.force(room.peripherals.numbers[place])
    assert room.polls(2000) == (1 << there[0], 0)
    room.world.expanders[gone].power(True)
    assert room.polls(3000) == (1 << away[0], 0)
    room.assert_said_is_so()
