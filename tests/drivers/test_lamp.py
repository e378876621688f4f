"""The lamp is dark from the start and does what it is told."""

from wires import Wire

from locker.drivers.lamp import Lamp


def test_the_lamp_is_dark_until_it_is_lit():
    wire = Wire(1)
    lamp = Lamp(wire)
    assert wire.level == 0
    lamp.on(True)
    lamp.on(True)
    assert wire.level == 1
    lamp.on(False)
    assert wire.edges == [0, 1, 0]
