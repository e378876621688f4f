"""Supply, coil, latch and door: the way from a pin to an open compartment."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.coil import Coil
from host_tools.simulator.cabinet.door import Door
from host_tools.simulator.cabinet.supply import Supply
from host_tools.simulator.cabinet.wires import Wires
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.trace import Trace

MS = 1000
SECOND = 1_000_000


class Lock:
    """Some doors on one supply, their coils' gates in reach."""

    def __init__(self, seed: int = 1, doors: int = 1) -> None:
        self.clock = VirtualClock()
        self.trace = Trace(self.clock)
        wires = Wires(self.clock, seed)
        self.supply = Supply(self.clock, seed)
        self.gates = [wires.node(number) for number in range(doors)]
        self.doors: list[Door] = []
        self.coils: list[Coil] = []
        for number, gate in enumerate(self.gates, 1):
            contact = BouncingSwitch(self.clock, random.Random(seed), wires.switch(wires.node(100 + number)))
            door = Door(number, contact, True, self.clock, self.trace, random.Random(seed))
            coil = Coil(number, gate, self.supply, self.clock, self.trace, random.Random(seed + number))
            coil.on_plunger = door.plunger
            self.doors.append(door)
            self.coils.append(coil)
        self.door, self.coil = self.doors[0], self.coils[0]

    def wait(self, ms: float) -> None:
        self.clock.advance(round(ms * MS))

    def pulse(self, ms: float, index: int = 0) -> None:
        self.gates[index].set(1)
        self.wait(ms)
        self.gates[index].set(0)

    def opened(self) -> "Lock":
        self.pulse(400)
        self.door.pull()
        self.wait(1000)
        return self


SEEDS = st.integers(0, 10_000)


@given(SEEDS)
def test_the_plunger_follows_the_current_30_to_60_ms_late(seed: int) -> None:
    lock = Lock(seed)
    lock.gates[0].set(1)
    lock.wait(29)
    assert lock.door.latched
    lock.wait(31)
    assert not lock.door.latched


@given(SEEDS, st.floats(0.79, 0.999))
def test_the_lower_the_voltage_the_later_the_plunger(seed: int, voltage: float) -> None:
    def pull_in_us(volts: float) -> int:
        lock = Lock(seed)
        lock.supply.resistance = 1 / volts - 1
        lock.pulse(500)
        return lock.trace.of("latch")[0].us

    assert pull_in_us(voltage) > pull_in_us(1.0)


def test_below_78_percent_of_its_voltage_a_coil_draws_nothing() -> None:
    lock = Lock()
    lock.supply.resistance = 0.3
    lock.pulse(1000)
    assert lock.door.latched


def test_a_pulse_too_short_for_the_current_to_rise_opens_nothing() -> None:
    lock = Lock()
    lock.pulse(25)
    lock.wait(1000)
    assert lock.door.latched
    assert lock.coil.on_us == 25 * MS


def test_a_released_door_springs_ajar_and_stays_there_when_the_coil_is_off() -> None:
    lock = Lock()
    lock.pulse(400)
    lock.wait(5000)
    assert lock.door.place == "ajar"
    assert lock.door.contact == "open"
    assert [entry.kind for entry in lock.trace.entries] == ["coil", "latch", "contact", "door", "coil"]


@given(SEEDS, st.lists(st.tuples(st.integers(1, 900), st.integers(1, 20_000)), max_size=12))
def test_energy_only_ever_heats_and_rest_only_ever_cools(seed: int, pulses: list[tuple[int, int]]) -> None:
    """Law: the temperature rises while the coil is on, falls while it is off,
    and never leaves ambient..burnt.
    """
    lock = Lock(seed)
    for on_ms, off_ms in pulses:
        before = lock.coil.celsius
        lock.pulse(on_ms)
        hot = lock.coil.celsius
        lock.wait(off_ms)
        assert before < hot <= 130.5
        assert 20 <= lock.coil.celsius < hot
    assert lock.coil.on_us == sum(on_ms for on_ms, _ in pulses) * MS


def test_heat_goes_with_the_square_of_the_voltage() -> None:
    def rise_k(resistance: float) -> float:
        lock = Lock()
        lock.supply.resistance = resistance
        lock.pulse(900)
        return lock.coil.celsius - 20

    assert abs(rise_k(0.25) / rise_k(0.0) - 0.8**2) < 1e-6


def test_a_tenth_of_the_time_is_what_a_coil_can_bear_for_ever() -> None:
    lock = Lock()
    for _ in range(600):
        lock.pulse(400)
        lock.wait(3600)
    assert not lock.coil.burnt
    assert 60 < lock.coil.celsius < 100


def test_a_coil_left_on_is_a_violation_after_a_second_and_burns_within_fifteen() -> None:
    lock = Lock()
    lock.gates[0].set(1)
    lock.wait(1000)
    assert lock.trace.violations == []
    lock.wait(14_000)
    assert [entry.value for entry in lock.trace.violations] == [
        "the coil of door 01 is on for longer than 1000 ms",
        "the coil of door 01 is burnt",
    ]
    assert lock.supply.voltage == 1.0  # a burnt coil draws no current


def test_a_burnt_coil_draws_its_plunger_never_again() -> None:
    lock = Lock()
    lock.pulse(15_000)
    lock.door.push()
    lock.wait(2000)
    lock.pulse(500)
    assert lock.door.latched


def test_the_supply_sags_under_each_coil_and_collapses_beyond_its_limit() -> None:
    lock = Lock(doors=6)
    voltages = [lock.supply.voltage]
    for gate in lock.gates:
        gate.set(1)
        voltages.append(lock.supply.voltage)
    assert voltages == sorted(voltages, reverse=True)
    assert voltages[1] > 0.95
    assert voltages[6] < 0.45


def test_a_supply_that_collapses_browns_the_chip_out_after_its_capacitor_is_empty() -> None:
    lock, browned = Lock(), []
    lock.supply.resistance = 2.0
    lock.supply.on_brown_out = lambda: browned.append(lock.clock.now_us())
    lock.gates[0].set(1)
    lock.wait(5)
    assert browned == [1000]


def test_a_dip_shorter_than_the_capacitor_lasts_is_not_noticed() -> None:
    lock, browned = Lock(), []
    lock.supply.resistance = 2.0
    lock.supply.on_brown_out = lambda: browned.append(1)
    lock.pulse(0.9)
    lock.wait(100)
    assert browned == []


def test_the_supply_pin_shows_the_sag_and_the_boards_threshold_at_80_percent() -> None:
    lock = Lock()
    sense = lock.supply.sense(1, 1713)
    assert 2141 - 6 <= sense() <= 2141 + 6
    lock.supply.resistance = 0.25
    lock.gates[0].set(1)
    assert 1713 - 6 <= sense() <= 1713 + 6


def test_a_latched_door_resists_a_hand() -> None:
    lock = Lock()
    with pytest.raises(ValueError, match="door 01 is latched"):
        lock.door.pull()


@given(SEEDS)
def test_a_door_shut_by_hand_latches_and_its_contact_is_closed_for_good(seed: int) -> None:
    lock = Lock(seed).opened()
    assert lock.door.place == "open"
    done = lock.door.push()
    lock.clock.advance_to(done)
    lock.wait(5)
    assert lock.door.latched
    assert lock.door.contact == "closed"
    assert lock.door.position == 0


def test_some_doors_rebound_once_before_they_latch() -> None:
    def contact_moves(seed: int) -> int:
        lock = Lock(seed).opened()
        lock.door.push()
        lock.wait(2000)
        return len(lock.trace.of("contact"))

    assert {contact_moves(seed) for seed in range(30)} == {2, 4}


def test_a_door_that_is_shut_while_the_coil_is_on_springs_open_again() -> None:
    lock = Lock().opened()
    lock.gates[0].set(1)
    lock.wait(100)
    lock.door.push()
    lock.wait(2000)
    assert lock.door.place == "ajar"
    assert not lock.door.latched


def test_a_wedged_latch_does_not_release_until_somebody_pushes_the_door() -> None:
    lock = Lock()
    lock.door.block(True)
    lock.pulse(400)
    lock.wait(1000)
    assert lock.door.latched
    lock.door.push()
    lock.wait(500)
    lock.pulse(400)
    assert lock.door.place == "ajar"


def test_pushing_too_early_does_not_help_a_wedged_latch() -> None:
    lock = Lock()
    lock.door.block(True)
    lock.door.push()
    lock.wait(3100)
    lock.pulse(400)
    assert lock.door.latched


def test_a_thing_in_the_way_swings_the_door_back_open() -> None:
    lock = Lock().opened()
    lock.door.block(True)
    lock.door.push()
    lock.wait(3000)
    assert lock.door.place == "open"
    assert lock.door.contact == "open"
    lock.door.block(False)
    lock.door.push()
    lock.wait(3000)
    assert lock.door.latched


def test_a_crowbar_opens_a_door_without_any_coil() -> None:
    lock = Lock()
    lock.door.force()
    lock.wait(1000)
    assert lock.door.place == "open"
    assert lock.trace.of("coil") == []


# Turned round on the very point where the contact changes.
@example(0, [("force", 55), ("push", 32), ("pulse", 1), ("pull", 1)])
@example(0, [("force", 1), ("block", 1), ("pull", 1)])
@given(
    SEEDS,
    st.lists(
        st.tuples(
            st.sampled_from(("pulse", "pull", "push", "block", "unblock", "force")), st.integers(1, 1500)
        ),
        max_size=25,
    ),
)
def test_whatever_is_done_to_it_a_latched_door_is_a_shut_door(seed: int, acts: list[tuple[str, int]]) -> None:
    lock = Lock(seed)
    for act, wait_ms in acts:
        if act == "pulse":
            lock.pulse(min(wait_ms, 500))
        elif act in ("block", "unblock"):
            lock.door.block(act == "block")
        elif act == "pull" and lock.door.latched:
            with pytest.raises(ValueError, match="latched"):
                lock.door.pull()
        else:
            getattr(lock.door, act)()
        lock.wait(wait_ms)
        assert not lock.door.latched or lock.door.position == 0
    lock.wait(5000)
    if lock.door.latched:
        assert lock.door.contact == "closed"
    else:
        assert lock.door.contact == "open"
