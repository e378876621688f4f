"""What the cabinet shows and hears beside its screen: lamp, beeper, bell, tamper loop."""

import random

from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Node, Switch
from host_tools.simulator.clock import Clock
from host_tools.simulator.trace import Trace


class Lamp:
    """A lamp behind a MOSFET whose gate is pulled low; `sense`, if there is one,
    sinks its wire while the lamp draws current.
    """

    def __init__(self, gate: Node, sense: Switch | None, trace: Trace) -> None:
        self._gate = gate
        self._trace = trace
        self._broken = False
        self.sense = sense
        gate.fit_pull(-EXTERNAL_PULL)
        gate.watch(self._switch)
        self.on = False

    def fail(self, broken: bool) -> None:
        """Its filament or its wire is broken from now on, or mended."""
        self._broken = broken
        self._switch(self._gate.level())

    def _switch(self, level: int) -> None:
        on = bool(level) and not self._broken
        if on != self.on:
            self.on = on
            self._trace.note("lamp", 0, "on" if on else "off")
            if self.sense:
                self.sense.set(on)


class Beeper:
    """A passive beeper: it sounds at the frequency it is driven with."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.mute = False  # its wire is broken
        self.hz = 0

    def sound(self, hz: int) -> None:
        if self.mute:
            hz = 0
        if hz != self.hz:
            self.hz = hz
            self._trace.note("beeper", 0, hz)


class TamperLoop:
    """Normally-closed switches in a row, from a wire to ground:
    whoever opens the cabinet's inside, or cuts the wire, opens the loop.
    """

    def __init__(self, switch: Switch, clock: Clock, trace: Trace, rng: random.Random) -> None:
        self._switch = BouncingSwitch(clock, rng, switch)
        self._switch.put(True)
        self._trace = trace

    @property
    def switch(self) -> Switch:
        """All its contacts as one, for those who break it."""
        return self._switch.switch

    @property
    def whole(self) -> bool:
        return self._switch.target

    def set(self, whole: bool) -> None:
        self._switch.move(whole)
        self._trace.note("tamper", 0, "whole" if whole else "open")


class Bell:
    """The help button: joins its wire to ground while it is pressed."""

    def __init__(self, switch: Switch, clock: Clock, trace: Trace, rng: random.Random) -> None:
        self._switch = BouncingSwitch(clock, rng, switch)
        self._trace = trace

    @property
    def switch(self) -> Switch:
        """The button's contact, for those who break it."""
        return self._switch.switch

    @property
    def pressed(self) -> bool:
        return self._switch.target

    def press(self, down: bool) -> None:
        self._switch.move(down)
        self._trace.note("bell", 0, "pressed" if down else "released")
