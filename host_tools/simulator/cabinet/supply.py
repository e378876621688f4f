"""The power supply of the cabinet: it sags under the coils, and takes the chip down when it sags too far.

Voltages are fractions of the nominal one (12 V or 24 V), currents multiples of one coil's rated current.
"""

from collections.abc import Callable

from host_tools.simulator.cabinet.wires import place
from host_tools.simulator.clock import Clock
from host_tools.simulator.noise import jitter

_RESISTANCE = 0.025  # one coil costs 2.4 %
_LIMIT = 2.5  # beyond two and a half coils a switching supply limits its current, and the voltage collapses
_BROWN_OUT = 0.45  # below it the chip's own regulator gives up
_HOLD_UP_US = 1_000  # what the capacitor at the chip bridges
_SENSE_LOWEST = 0.8  # where the board definition's "lowest mV" lies, as a fraction of the nominal voltage
_SENSE_NOISE_MV = 6
_SENSE_NOISE_TICK_US = 500


class Supply:
    """Mains to cabinet. `resistance` may be raised to make an old or overloaded supply."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self._emf = 1.0
        self._loads = 0
        self.resistance = _RESISTANCE
        self.voltage = 1.0
        self.lowest = 1.0
        self.on_voltage: list[Callable[[float], object]] = []  # told when the voltage has changed
        self.on_brown_out: Callable[[], object] | None = None

    @property
    def on(self) -> bool:
        return self._emf > 0

    def sag_to(self, share: float) -> None:
        """The mains give no more than this share of the nominal voltage, before any load."""
        self._emf = share
        self._settle()

    def switch(self, on: bool) -> None:
        self._emf = 1.0 if on else 0.0
        self._settle()

    def load(self, coils: int) -> None:
        """So many coils more (or fewer) draw current."""
        self._loads += coils
        self._settle()

    def sense(self, pin: int, lowest_mv: int) -> Callable[[], int]:
        """The divider at an ADC pin: reads millivolts, a little noisy."""

        def millivolts() -> int:
            noise = jitter(
                self._seed, place(pin), self._clock.now_us() // _SENSE_NOISE_TICK_US, _SENSE_NOISE_MV
            )
            return max(0, round(self.voltage * lowest_mv / _SENSE_LOWEST) + noise) if self.on else 0

        return millivolts

    def _settle(self) -> None:
        voltage = self._emf / (1 + self.resistance * self._loads)
        if self._loads and voltage * self._loads > _LIMIT:
            voltage = _LIMIT / self._loads
        if voltage == self.voltage:
            return
        self.voltage = voltage
        if self.on:
            self.lowest = min(self.lowest, voltage)
        for told in self.on_voltage:
            told(voltage)
        if self.on and voltage < _BROWN_OUT:
            self._clock.after(_HOLD_UP_US, self._give_up)

    def _give_up(self) -> None:
        if self.on and self.voltage < _BROWN_OUT and self.on_brown_out:
            self.on_brown_out()
