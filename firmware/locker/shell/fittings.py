"""The drivers of one cabinet, made from its board definition: what is connected where is data, and becomes objects here only."""

from locker.compat import const
from locker.drivers.beeper import Beeper
from locker.drivers.coil import CoilBank
from locker.drivers.expander import Expander
from locker.drivers.inputs import Inputs
from locker.drivers.keypad import Keypad
from locker.drivers.screen import Screen

# Planes of drivers.inputs: how long a wire has to read otherwise before it is believed, in polls of 20 ms.
_CONTACT = const(1)  # 2 polls: longer than a contact bounces
_OCCUPANCY = const(4)  # 16: a hand that passes through is no parcel
_SIGNAL = const(2)  # 4: a spark on a long wire is no call, and a slammed door no tampering

# Bits of Fittings.signals.
BELL = const(1)
TAMPER = const(2)
DARK = const(4)


class Silent(OSError):
    """An expander does not answer."""


class Fittings:
    """Everything that is screwed into the cabinet, outputs off. Raises Silent when an expander does not answer.

    `numbers` are the doors' numbers. `contacts` and `occupancy` are Inputs in the same order, a bit is 1 for an open door and for one
    with something inside. `signals` is an Inputs with the bits BELL, while the bell is pressed, TAMPER, while the loop around the cabinet's
    inside is open or its wire is cut, and DARK, while no current flows in the lamp; what the cabinet has not is 0. A bell that is held at
    the start and a loop that is open count as new, since a call for help may not be lost in a power cut. `lit` tells whether the lamp is
    switched on. `coils` is the CoilBank; `keypad`, `screen` and `beeper` are drivers, the latter two or None. `expanders` is a tuple of
    Expander, `silent` the address of the one that did not answer. `supply` is None, or a callable that reads mV and the least at which a
    coil may be energised; `current` is None, or a callable that reads mV and the least that a coil makes which is on.
    """

    def __init__(self, hal):
        board = hal.board
        self._reset = None if board.expander_reset is None else hal.output(board.expander_reset, 0)
        bus = hal.bus() if board.bus else None
        if self._reset:
            self._reset(1)
        self.expanders = tuple([Expander(bus, address) for address in board.expanders])
        numbers, coils, contacts, sensors = [], [], [], []
        closed_high = occupied_low = 0
        bit = 1
        for door in board.doors:
            numbers.append(door.number)
            coils.append(self._connect(hal, door.coil, True))
            contacts.append(self._connect(hal, door.contact, False))
            if door.closed:
                closed_high |= bit
            if door.occupancy == "distance":
                sensors.append((hal.millivolts(door.sensor),) + door.occupied)
            else:
                sensors.append(self._connect(hal, door.sensor, False))
                if not door.occupied:
                    occupied_low |= bit
            bit <<= 1
        self.numbers = tuple(numbers)
        self._coils = tuple(coils)
        self.supply = board.supply and (hal.millivolts(board.supply[0]), board.supply[1])
        self.current = board.current and (hal.millivolts(board.current[0]), board.current[1])
        self.lit = False
        self._lamp = None if board.lamp is None else self._connect(hal, board.lamp, True)
        signals = []
        for pin in (board.bell, board.tamper, board.lamp_sense):
            signals.append(int if pin is None else self._connect(hal, pin, False))  # int() is 0
        self._start()  # from here on the pins of expanders can be driven and read
        self.coils = CoilBank(self.numbers, self._drive_coil, board.pulse_ms, board.rest_ms)
        self.contacts = Inputs(self.expanders, tuple(contacts), closed_high, _CONTACT)
        self.occupancy = Inputs(self.expanders, tuple(sensors), occupied_low, _OCCUPANCY)
        self.signals = Inputs(self.expanders, tuple(signals), 0 if board.bell is None else BELL, _SIGNAL, 0)
        self.keypad = Keypad(
            [hal.open_drain(pin) for pin in board.keypad.rows], [hal.input(pin, 1) for pin in board.keypad.columns], board.keypad.keys
        )
        self.beeper = None if board.beeper is None else Beeper(hal.tone(board.beeper))
        self.screen = None if board.screen is None else Screen(bus, *board.screen)

    def _connect(self, hal, pin, is_output):
        """A native pin as an object, one of an expander as a small int: its index in `expanders` << 4 | bit."""
        if isinstance(pin, int):
            return hal.output(pin, 0) if is_output else hal.input(pin, 1)
        place = hal.board.expanders.index(pin[0])
        expander = self.expanders[place]
        (expander.output if is_output else expander.input)(pin[1])
        return place << 4 | pin[1]

    def _drive_coil(self, door, level):
        try:
            self._switch(self._coils[self.numbers.index(door)], level)
        except OSError:
            if level or not self.cut():  # off by another wire: its expander is silent, as the next refresh will find
                raise

    def _switch(self, output, level):
        if isinstance(output, int):
            self.expanders[output >> 4].write(output & 15, level)
        else:
            output(level)

    def light(self, lit: bool) -> None:
        """Switches the lamp, if there is one; it is dark from the start. Raises OSError when its expander does not answer."""
        self.lit = lit
        if self._lamp is not None:
            self._switch(self._lamp, 1 if lit else 0)

    def _start(self):
        for expander in self.expanders:
            self.silent = expander.address
            try:
                expander.start()
            except OSError:
                raise Silent("the expander at 0x%02x does not answer" % self.silent) from None

    def refresh(self) -> None:
        """Reads every expander once; raises OSError when one does not answer."""
        for expander in self.expanders:
            self.silent = expander.address
            expander.refresh()

    def restart(self) -> None:
        """Resets the expanders and sets them up again; raises OSError while one does not answer. The lamp is as it was."""
        self.coils.all_off()
        if self._reset:
            self._reset(0)
            self._reset(1)
        self._start()
        self.light(self.lit)

    def cut(self) -> bool:
        """Every coil off by native pins alone, without a bus; False when coils hang on expanders that have no wire for it.

        What the hardware timer calls when a pulse was not ended in time.
        """
        sure = True
        if self._reset:
            self._reset(0)
        for coil in self._coils:
            if not isinstance(coil, int):
                coil(0)
            elif not self._reset:
                sure = False
        return sure
