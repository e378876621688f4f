"""The drivers of one cabinet, made from its board definition:
what is connected where is data, and becomes objects here only.
"""

from locker.compat import TYPE_CHECKING, const
from locker.drivers.beeper import Beeper
from locker.drivers.coils import CoilBank
from locker.drivers.expander import Expander
from locker.drivers.inputs import Inputs
from locker.drivers.keypad import Keypad
from locker.drivers.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.hal.seam import Hal, LockDriver, Pin

    # Of an expander: its place, 4 bits to the left, and its bit; int stands for none.
    Output = int | Pin | type[int]
    Sense = tuple[Callable[[], int], int]  # what reads mV, and the limit

# Planes of drivers.inputs: how long a wire has to read otherwise before it is believed, in polls of 20 ms.
_CONTACT = const(1)  # 2 polls: longer than a contact bounces
_OCCUPANCY = const(4)  # 16: a hand that passes through is no parcel
_SIGNAL = const(2)  # 4: a spark on a long wire is no call, and a slammed door no tampering

# Of an expander that does not answer: how long it is asked again at each poll, and how often after that.
_SOON_MS = const(100)
_RETRY_MS = const(1000)
_MEETING_POLLS = const(16)  # in which one that was out of reach has to answer before its levels are believed
_EIO = const(5)
# And ENODEV: what one chip does not do; anything else, as a time-out, is a bus that is held low.
_SILENT = ((_EIO,), (19,))

# Bits of Peripherals.signals.
BELL = const(1)
TAMPER = const(2)
DARK = const(4)


def _dead(*_: object) -> "Any":
    """Stands in for a part of the controller that could not be set up:
    whatever it is asked for fails, and the rest goes on.
    """
    raise OSError(_EIO)


def _made(make: "Callable[[int], Callable[[], int]]", pin: int) -> "Callable[[], int]":
    """What `make` gives for a pin; something dead when it fails."""
    try:
        return make(pin)
    except Exception:  # whatever is wrong with one part, the others work
        return _dead


class Peripherals:
    """Everything that is screwed into the cabinet, outputs off.

    A part that does not answer takes nothing with it but what hangs on it.

    `numbers` are the doors' numbers. `contacts` and `occupancy` are Inputs in the same order, a bit is 1 for
    an open door and for one with something inside. `signals` is an Inputs with the bits BELL, while the bell
    is pressed, TAMPER, while the loop around the cabinet's inside is open or its wire is cut, and DARK, while
    no current flows in the lamp; what the cabinet has not is 0. A bell that is held at the start and a loop
    that is open count as new, since a call for help may not be lost in a power cut. `lit` tells whether the
    lamp is switched on. `locks` is a LockDriver, the CoilBank or another; `keypad`, `screen` and `beeper` are
    drivers, the latter two or None. `expanders` is a tuple of Expander, `lost` has a bit for each, by its
    place, that does not answer or has lost its configuration. `unmet` has one for each that has not answered
    yet since the start, or was lost for longer than a dip of its supply lasts, until its levels are believed
    again: then they are what is so, and its wires tell of no change. `supply` is None, or a callable that
    reads mV and the least at which a coil may be energised; `current` is None, or a callable that reads mV
    and the least that a coil makes which is on. `mute`: there is a beeper, and it could not be set up.
    """

    def __init__(self, hal: "Hal") -> None:
        board = hal.board
        self._reset = None if board.expander_reset is None else hal.output(board.expander_reset, 0)
        bus: "Any" = hal.bus() if board.bus else None  # without one there is neither an expander nor a screen
        if self._reset:
            self._reset(1)
        self.expanders = tuple([Expander(bus, address) for address in board.expanders])
        self.lost = self.unmet = 0
        self._lost_ms = self._tried_ms = 0  # since when any is lost; when they were last asked
        self._meeting = self._polls = 0  # those that answer again, and in how many polls they have
        self._held = self._jammed = False  # their RESET line is low; the bus is, as of the latest try
        self.mute = False
        numbers, coils, contacts, sensors = [], [], [], []
        closed_high = occupied_low = 0
        bit = 1
        for door in board.doors:
            numbers.append(door.number)
            coils.append(int if board.locks else self._connect(hal, door.lock, True))  # int() is 0
            contacts.append(self._connect(hal, door.contact, False))
            if door.closed:
                closed_high |= bit
            if door.occupancy == "distance":
                sensors.append((_made(hal.millivolts, door.sensor),) + door.occupied)
            else:
                sensors.append(self._connect(hal, door.sensor, False))
                if not door.occupied:
                    occupied_low |= bit
            bit <<= 1
        self.numbers = tuple(numbers)
        self._coils = tuple(coils)
        self.supply = board.supply and (_made(hal.millivolts, board.supply[0]), board.supply[1])
        self.current = board.current and (_made(hal.millivolts, board.current[0]), board.current[1])
        self.lit = False
        self._lamp = None if board.lamp is None else self._connect(hal, board.lamp, True)
        signals = []
        for pin in (board.bell, board.tamper, board.lamp_sense):
            signals.append(int if pin is None else self._connect(hal, pin, False))  # int() is 0
        bit = 1
        for expander in self.expanders:
            self._start(expander)
            if not expander.started():
                self.lost = self.unmet = self.lost | bit
            bit <<= 1
        # from here on the pins of expanders can be driven and read
        self.locks: "LockDriver" = (
            __import__("locker.locks." + board.locks["driver"], None, None, "fitted").fitted(board, bus)
            if board.locks
            else CoilBank(self.numbers, self._drive_coil, board.pulse_ms, board.rest_ms)
        )
        self.contacts = Inputs(self.expanders, tuple(contacts), closed_high, _CONTACT)
        self.occupancy = Inputs(self.expanders, tuple(sensors), occupied_low, _OCCUPANCY)
        self.signals = Inputs(self.expanders, tuple(signals), 0 if board.bell is None else BELL, _SIGNAL, 0)
        self.contacts.state &= ~self.contacts.wires_of(self.unmet)
        self.occupancy.state &= ~self.occupancy.wires_of(self.unmet)
        rows = [hal.open_drain(pin) for pin in board.keypad.rows]
        self.keypad = Keypad(rows, [hal.input(pin, 1) for pin in board.keypad.columns], board.keypad.keys)
        self.beeper = None if board.beeper is None else self._beeper(hal, board.beeper)
        self.screen = None if board.screen is None else Screen(bus, *board.screen)

    def _beeper(self, hal: "Hal", pin: int) -> "Beeper | None":
        """The beeper; None, and `mute`, when it cannot be set up."""
        try:
            return Beeper(hal.tone(pin))
        except Exception:  # as above
            self.mute = True
            return None

    def _connect(self, hal: "Hal", pin: "Any", is_output: bool) -> "Output":
        """A native pin as an object, one of an expander as a small int:
        its index in `expanders` << 4 | bit.
        """
        if isinstance(pin, int):
            return hal.output(pin, 0) if is_output else hal.input(pin, 1)
        place = hal.board.expanders.index(pin[0])
        expander = self.expanders[place]
        (expander.output if is_output else expander.input)(pin[1])
        return place << 4 | pin[1]

    def _drive_coil(self, door: int, level: int) -> None:
        try:
            self._switch(self._coils[self.numbers.index(door)], level)
        except OSError:
            # Off by another wire: its expander is silent, as the next refresh will find.
            if level or not self.cut():
                raise

    def _switch(self, output: "Output", level: int) -> None:
        if isinstance(output, int):
            self.expanders[output >> 4].write(output & 15, level)
        else:
            output(level)

    def light(self, lit: bool) -> None:
        """Switches the lamp, if there is one; it is dark from the start.

        Raises OSError when its expander does not answer.
        """
        self.lit = lit
        if self._lamp is not None:
            self._switch(self._lamp, 1 if lit else 0)

    def reaches(self, door: int) -> bool:
        """Whether the coil of a door hangs on nothing that is lost."""
        coil = self._coils[self.numbers.index(door)]
        return not isinstance(coil, int) or not self.lost >> (coil >> 4) & 1

    def sensed_by(self, expanders: int) -> int:
        """The doors, a bit each by their place, whose contact or sensor hangs on these expanders."""
        return self.contacts.wires_of(expanders) | self.occupancy.wires_of(expanders)

    def doors_on(self, expanders: int) -> int:
        """The same of the doors of which anything does."""
        doors = self.sensed_by(expanders)
        for place, coil in enumerate(self._coils):
            if isinstance(coil, int) and expanders >> (coil >> 4) & 1:
                doors |= 1 << place
        return doors

    def refresh(self, now_ms: int) -> int:
        """Reads every expander once; a bit for each, by its place, whose levels say nothing now.

        Each fails alone. One that has lost its configuration is set up again by itself, outputs off and the
        lamp as it was, and counts from the next poll on; one that was lost for longer once it has answered
        for 0.3 s, and is no longer `unmet` then. While one does not answer all are reset by their wire now
        and then, when no coil is on.
        """
        again = not self.lost or now_ms - self._lost_ms < _SOON_MS
        if not self.locks.active and (self._held or not (again or now_ms - self._tried_ms < _RETRY_MS)):
            self._tried_ms = now_ms
            self.restart()
            return (1 << len(self.expanders)) - 1
        if self._jammed:
            return self._lose(now_ms)
        silent = 0
        bit = 1
        for expander in self.expanders:
            if again or expander.started():
                try:
                    expander.refresh()
                    self.lost &= ~bit
                except OSError as error:
                    if error.args[:1] not in _SILENT:
                        self._jammed = True
                        return self._lose(now_ms)
                    silent |= bit
                    if not self.lost:
                        self._lost_ms = self._tried_ms = now_ms
                    self.lost |= bit
                    if not expander.started():
                        self._start(expander)
            else:
                silent |= bit
            bit <<= 1
        if self.lost and now_ms - self._lost_ms >= _RETRY_MS:
            self.unmet |= self.lost
        if self.unmet:
            self._meet(self.unmet & ~silent)
        return silent | self.unmet

    def _lose(self, now_ms: int) -> int:
        """The bus is held low: every transfer would keep the keypad waiting for 50 ms,
        and no chip can answer. All of them, as silent.
        """
        everything = (1 << len(self.expanders)) - 1
        if not self.lost:
            self._lost_ms = self._tried_ms = now_ms
        self.lost = everything
        if now_ms - self._lost_ms >= _RETRY_MS:
            self.unmet = everything
        self._meeting = 0
        return everything

    def _meet(self, there: int) -> None:
        """Believes the levels of expanders that were out of reach,
        once they have answered for long enough.
        """
        if not there or there != self._meeting:
            self._meeting = there
            self._polls = 0
        self._polls += 1
        if self._polls > _MEETING_POLLS:
            self.contacts.learn(there)
            self.occupancy.learn(there)
            self.unmet &= ~there
            self._meeting = 0

    def restart(self) -> None:
        """Resets the expanders and sets those up again that answer, outputs off. The lamp is as it was."""
        self.locks.all_off()
        if self._reset:
            self._reset(0)
            self._reset(1)
            self._held = False
        self._jammed = False
        for expander in self.expanders:
            if not self._jammed:
                self._start(expander)

    def _start(self, expander: Expander) -> None:
        """Sets one up again, if it answers; the next refresh finds whether it did."""
        try:
            expander.start()
            self.light(self.lit)
        except OSError as error:
            self._jammed = error.args[:1] not in _SILENT

    def cut(self) -> bool:
        """Every coil off by native pins alone, without a bus;
        False when coils hang on expanders that have no wire for it.

        What the hardware timer calls when a pulse was not ended in time.
        """
        sure = True
        if self._reset:
            self._reset(0)
            self._held = True
        for coil in self._coils:
            if not isinstance(coil, int):
                coil(0)
            elif not self._reset:
                sure = False
        return sure
