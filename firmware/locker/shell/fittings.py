"""The drivers of one cabinet, made from its board definition: what is connected where is data, and becomes objects here only."""

from locker.drivers.beeper import Beeper
from locker.drivers.bell import Bell
from locker.drivers.coil import CoilBank
from locker.drivers.contact import Contact
from locker.drivers.expander import Expander
from locker.drivers.keypad import Keypad
from locker.drivers.lamp import Lamp
from locker.drivers.occupancy import Beam, Distance
from locker.drivers.screen import Screen


class Fittings:
    """Everything that is screwed into the cabinet, outputs off.

    `contacts` and `sensors` are tuples of (door number, driver); `coils` is the CoilBank; `keypad`, `screen`, `lamp`,
    `beeper`, `bell` are drivers or None; `expanders` is a tuple of Expander. Raises OSError when an expander does not answer.
    """

    def __init__(self, hal):
        board = hal.board
        self._hal = hal
        self._reset = None if board.expander_reset is None else hal.output(board.expander_reset, 0)
        bus = hal.bus() if board.bus else None
        if self._reset:
            self._reset(1)
        self._by_address = {address: Expander(bus, address) for address in board.expanders}
        self.expanders = tuple(self._by_address[address] for address in board.expanders)
        coils = {door.number: self._output(door.coil) for door in board.doors}
        self._native_coils = tuple(coils[door.number] for door in board.doors if isinstance(door.coil, int))
        lamp = None if board.lamp is None else self._output(board.lamp)
        contacts = [self._input(door.contact) for door in board.doors]
        sensors = [None if door.occupancy == "distance" else self._input(door.sensor) for door in board.doors]
        bell = None if board.bell is None else self._input(board.bell)
        for expander in self.expanders:  # from here on its pins can be driven and read
            expander.start()
        self.coils = CoilBank(coils, board.pulse_ms, board.rest_ms)
        self.contacts = tuple((door.number, Contact(pin, door.closed)) for door, pin in zip(board.doors, contacts))
        self.sensors = tuple((door.number, self._sensor(door, pin)) for door, pin in zip(board.doors, sensors))
        self.keypad = Keypad(
            [hal.open_drain(pin) for pin in board.keypad.rows], [hal.input(pin, 1) for pin in board.keypad.columns], board.keypad.keys
        )
        self.lamp = lamp and Lamp(lamp)
        self.beeper = None if board.beeper is None else Beeper(hal.tone(board.beeper))
        self.bell = bell and Bell(bell)
        self.screen = None if board.screen is None else Screen(bus, *board.screen)

    def _output(self, pin):
        return self._hal.output(pin, 0) if isinstance(pin, int) else self._by_address[pin[0]].output(pin[1])

    def _input(self, pin):
        return self._hal.input(pin, 1) if isinstance(pin, int) else self._by_address[pin[0]].input(pin[1])

    def _sensor(self, door, pin):
        return Beam(pin, door.occupied) if pin else Distance(self._hal.millivolts(door.sensor), *door.occupied)

    def refresh(self) -> None:
        """Reads every expander once; raises OSError when one does not answer."""
        for expander in self.expanders:
            expander.refresh()

    def restart(self) -> None:
        """Sets the expanders up again after one was lost: a glitch may have reset it."""
        self.coils.all_off()
        for expander in self.expanders:
            expander.start()

    def cut(self) -> None:
        """Every coil off by native pins alone, without a bus: what the hardware timer calls when a pulse was not ended in time."""
        if self._reset:
            self._reset(0)
        for pin in self._native_coils:
            pin(0)
