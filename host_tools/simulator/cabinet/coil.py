"""Lock coils: current that rises and falls, a plunger that follows late, and copper that gets hot.

Currents are multiples of the rated one, voltages of the nominal one.
"""

import math
import random
from collections.abc import Callable, Iterable

from host_tools.simulator.cabinet.supply import Supply
from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Node, place
from host_tools.simulator.clock import Clock, Event
from host_tools.simulator.noise import jitter
from host_tools.simulator.trace import Trace

_PULL_IN = 0.78  # current that draws the plunger
_DROP_OUT = 0.3  # current that no longer holds it
_TIME_CONSTANT_US = (19_500, 36_500)  # L/R: the plunger is in 31-59 ms after the switch
_CEILING_US = 1_000_000
_CEILING_SLACK_US = 1_000
_AMBIENT_C = 20.0
_CONTINUOUS_RISE_K = 600.0  # where a coil that stays on would end; 10 % duty gives 60 K
_THERMAL_S = 60.0
_BURNT_C = 130.0  # class B insulation (IEC 60085)
_SHUNT_LEAST = 0.3
_SHUNT_NOISE_MV = 20
_SHUNT_NOISE_TICK_US = 500


class Coil:
    """The coil of one door behind a MOSFET whose gate is pulled low."""

    def __init__(
        self, door: int, gate: Node, supply: Supply, clock: Clock, trace: Trace, rng: random.Random
    ) -> None:
        self.door = door
        self._supply = supply
        self._clock = clock
        self._trace = trace
        self._time_constant_us = rng.randint(*_TIME_CONSTANT_US)
        # Told when it is drawn (True) and when it falls back.
        self.on_plunger: Callable[[bool], object] | None = None
        self.energised = False
        self.burnt = False
        self.drawn = False
        self.on_us = 0  # in all, up to the last edge
        self._since_us = 0
        self._drive = 0.0  # voltage across the coil
        self._current = 0.0  # at _since_us
        self._rise_k = 0.0  # above ambient at _since_us
        self._pending: list[Event] = []
        self._on_at_us = 0
        self._gate = gate
        self._welded = False
        self._cut = False
        self._draws = False  # it is a load of the supply
        gate.fit_pull(-EXTERNAL_PULL)
        gate.watch(self._switch)
        supply.on_voltage.append(self._voltage_changed)

    @property
    def celsius(self) -> float:
        """The temperature of the winding now."""
        return _AMBIENT_C + self._rise_at(self._clock.now_us())

    @property
    def current(self) -> float:
        """Now, as a multiple of the rated current."""
        past_us = self._clock.now_us() - self._since_us
        return self._drive + (self._current - self._drive) * math.exp(-past_us / self._time_constant_us)

    def weld(self, welded: bool) -> None:
        """Its MOSFET has failed short: the coil is on whatever the gate says. False is a new MOSFET."""
        self._welded = welded
        self._switch(self._gate.level())

    def cut(self, cut: bool) -> None:
        """Its wire or its winding is broken: the MOSFET switches, and no current flows. False mends it."""
        self._cut = cut
        self._load()
        self._plan()

    def _load(self) -> None:
        """Lets the supply know whether this coil draws from it."""
        draws = self.energised and not self.burnt and not self._cut
        if draws != self._draws:
            self._draws = draws
            self._supply.load(1 if draws else -1)

    def _rise_at(self, us: int) -> float:
        target = _CONTINUOUS_RISE_K * self._drive**2
        return target + (self._rise_k - target) * math.exp(-(us - self._since_us) / 1e6 / _THERMAL_S)

    def _switch(self, level: int) -> None:
        level = level or self._welded
        if bool(level) == self.energised:
            return
        self.energised = bool(level)
        now = self._clock.now_us()
        self._trace.note("coil", self.door, "on" if level else "off")
        if level:
            self._on_at_us = now
            self._clock.at(now + _CEILING_US + _CEILING_SLACK_US, lambda: self._check_ceiling(now))
        else:
            self.on_us += now - self._on_at_us
        self._load()
        self._plan()

    def _voltage_changed(self, voltage: float) -> None:
        if self.energised or self._current > 0:
            self._plan()

    def _check_ceiling(self, on_at_us: int) -> None:
        if self.energised and self._on_at_us == on_at_us:
            self._trace.violation(f"the coil of door {self.door:02} is on for longer than 1000 ms", self.door)

    def _plan(self) -> None:
        """Carries current and heat over to this instant and schedules what follows from them."""
        now = self._clock.now_us()
        self._current, self._rise_k = self.current, self._rise_at(now)
        self._since_us = now
        self._drive = self._supply.voltage if self.energised and not self.burnt and not self._cut else 0.0
        if self._cut:
            self._current = 0.0
        for event in self._pending:
            event.cancel()
        self._pending.clear()
        if not self.drawn and self._drive > _PULL_IN:
            self._when_current(_PULL_IN, lambda: self._plunge(True))
        elif self.drawn and self._drive < _DROP_OUT:
            self._when_current(_DROP_OUT, lambda: self._plunge(False))
        rise_max, limit = _CONTINUOUS_RISE_K * self._drive**2, _BURNT_C - _AMBIENT_C
        if rise_max > limit > self._rise_k:
            seconds = _THERMAL_S * math.log((rise_max - self._rise_k) / (rise_max - limit))
            self._pending.append(self._clock.after(int(seconds * 1e6), self._burn))

    def _when_current(self, threshold: float, action: Callable[[], object]) -> None:
        span, rest = self._current - self._drive, threshold - self._drive
        wait_us = self._time_constant_us * math.log(span / rest) if span / rest > 1 else 0.0
        self._pending.append(self._clock.after(math.ceil(wait_us), action))

    def _plunge(self, drawn: bool) -> None:
        self.drawn = drawn
        if self.on_plunger:
            self.on_plunger(drawn)

    def _burn(self) -> None:
        self.burnt = True
        self._load()
        self._trace.violation(f"the coil of door {self.door:02} is burnt", self.door)
        self._plan()


class Shunt:
    """A shunt with an amplifier in the feed of all coils, at an ADC pin: reads millivolts, a little noisy.

    The board definition's "coil mV" lies at 30 % of one coil's rated current.
    """

    def __init__(self, coils: Iterable[Coil], pin: int, coil_mv: int, clock: Clock, seed: int) -> None:
        self._coils = coils
        self._place = place(pin)
        self._coil_mv = coil_mv
        self._clock = clock
        self._seed = seed

    def millivolts(self) -> int:
        """What is on its output now."""
        noise = jitter(self._seed, self._place, self._clock.now_us() // _SHUNT_NOISE_TICK_US, _SHUNT_NOISE_MV)
        # What decays in a diode does not come from there.
        feed = sum([coil.current for coil in self._coils if coil.energised])
        mv = round(feed * self._coil_mv / _SHUNT_LEAST) + noise
        return mv if mv > 0 else 0
