"""The help button: each press once, and none lost."""

from wires import Wire

from locker.drivers.bell import Bell


def rung(bell, wire, levels):
    """How often the bell rings while the pin takes these levels, one a poll of 20 ms."""
    rings = 0
    for step, level in enumerate(levels):
        wire.level = level
        rings += bell.poll(20 * step)
    return rings


def test_a_press_rings_once_however_long_it_lasts():
    wire = Wire(1)
    assert rung(Bell(wire), wire, [1] * 3 + [0] * 500 + [1] * 10) == 1


def test_every_press_rings():
    wire = Wire(1)
    assert rung(Bell(wire), wire, ([0] * 5 + [1] * 5) * 7) == 7


def test_a_spark_on_the_wire_does_not_ring():
    wire = Wire(1)
    assert rung(Bell(wire), wire, [1, 0, 0, 1] * 50) == 0


def test_a_button_held_through_a_power_cut_rings():
    wire = Wire(0)
    assert rung(Bell(wire), wire, [0] * 10) == 1
