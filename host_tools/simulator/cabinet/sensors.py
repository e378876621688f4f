"""What tells whether a compartment is empty: light beams and distance sensors."""

from host_tools.simulator.cabinet.wires import Switch, place
from host_tools.simulator.clock import Clock
from host_tools.simulator.noise import jitter

# A triangulating infrared sensor holds each reading that long (Sharp GP2Y0A21YK0F).
_MEASURES_EVERY_US = 38_300
_RAMP_READINGS = 2  # readings that a change takes to come through
_NOISE_MV = 20


class Beam:
    """A light barrier with an open-collector output (NPN):
    it sinks its wire to make a 0, and leaves it to a pull-up to make a 1.
    """

    def __init__(self, switch: Switch, occupied_level: int) -> None:
        self.switch = switch
        self._sinks_when_occupied = occupied_level == 0
        self.inside(False)

    def hold(self, occupied: bool | None) -> None:
        """The beam is interrupted by dirt (True), or its emitter never is (False); None mends it."""
        self.switch.hold(None if occupied is None else occupied == self._sinks_when_occupied)

    def inside(self, occupied: bool) -> None:
        self.switch.set(occupied == self._sinks_when_occupied)


class Distance:
    """An analogue distance sensor: more millivolts the nearer, a new reading each 38 ms, with noise.

    The thresholds of the board definition say what this cabinet's sensors were calibrated to: empty and
    occupied lie as far outside them as they are apart, half and half.
    """

    def __init__(self, pin: int, occupied: tuple[int, int], clock: Clock, seed: int) -> None:
        occupied_mv, clear_mv = occupied
        margin = max(3 * _NOISE_MV, (occupied_mv - clear_mv) // 2)
        self._far_mv = clear_mv - margin
        self._near_mv = occupied_mv + margin
        self._place = place(pin)
        self._clock = clock
        self._seed = seed
        self._held: bool | None = None
        self._before_mv = self._now_mv = self._far_mv
        self._changed = -_RAMP_READINGS
        self._reading = -1  # the latest, and what it says
        self._mv = 0

    def hold(self, occupied: bool | None) -> None:
        """Something sits before the sensor (True) or its lens is blind (False); None mends it."""
        self._held = occupied
        self._reading = -1

    def inside(self, occupied: bool) -> None:
        self._reading = -1
        reading = self._clock.now_us() // _MEASURES_EVERY_US
        self._before_mv = self._clean(reading)
        self._now_mv = self._near_mv if occupied else self._far_mv
        self._changed = reading

    def millivolts(self) -> int:
        """What the sensor holds on its output now."""
        reading = self._clock.now_us() // _MEASURES_EVERY_US
        if reading != self._reading:
            self._reading = reading
            self._mv = max(0, self._clean(reading) + jitter(self._seed, self._place, reading, _NOISE_MV))
        return self._mv

    def _clean(self, reading: int) -> int:
        if self._held is not None:
            return self._near_mv if self._held else self._far_mv
        share = min(max(reading - self._changed, 0), _RAMP_READINGS)
        return self._before_mv + (self._now_mv - self._before_mv) * share // _RAMP_READINGS
