"""What of the cabinet can be reached: doors go and come with the expanders and sensors that they hang on."""

from locker.compat import const
from locker.contract import records
from locker.core import events

_NAMED_MAX = const(32)  # the last door that LEVEL_LOST can name


class Reach:
    """Looks each step at what is out of reach. `fittings` is the cabinet's Fittings, `cabinet` its core.

    `tell(event, now_ms)` takes what the core has to hear; `warn(kind, now_ms, a, which, b)` what the journal has, once an hour of `which`.
    """

    def __init__(self, fittings, cabinet, tell, warn):
        self._fittings = fittings
        self._cabinet = cabinet
        self._tell = tell
        self._warn = warn
        self._lost = self._unmet = self._failed = 0  # as of the step before
        self._out = 0  # the doors that are out for what is lost, as LEVEL_LOST names them

    def sensed(self) -> list:
        """(door, closed, occupied) of each door whose sensors can be read."""
        fittings = self._fittings
        return self._said(~fittings.sensed_by(fittings.unmet))

    def _said(self, doors):
        """The same of those of these doors, a bit each by their place."""
        fittings = self._fittings
        said = []
        for place, door in enumerate(fittings.numbers):
            if doors >> place & 1:
                said.append((door, not fittings.contacts.state >> place & 1, bool(fittings.occupancy.state >> place & 1)))
        return said

    def _numbers(self, doors):
        return [door for place, door in enumerate(self._fittings.numbers) if doors >> place & 1]

    def step(self, now_ms: int) -> None:
        """After each poll: the journal has what is lost, and the core what has come and gone."""
        fittings = self._fittings
        lost = fittings.lost
        if lost:
            new = lost & ~self._lost
            if lost != self._lost:
                self._out = 0
                for door in self._numbers(fittings.doors_on(lost)):
                    if door <= _NAMED_MAX:
                        self._out |= 1 << door - 1
            self._miss(new or lost, now_ms)
        self._lost = lost
        if fittings.unmet != self._unmet or fittings.occupancy.failed != self._failed:
            self._meet(now_ms)

    def _miss(self, lost, now_ms):
        """Journals the first of expanders that were lost together, for they share a cause."""
        place = 0
        while not lost >> place & 1:
            place += 1
        address = self._fittings.expanders[place].address
        self._warn(records.LEVEL_LOST, now_ms, address, -address, self._out)

    def _meet(self, now_ms):
        fittings = self._fittings
        unmet = fittings.unmet
        failed = fittings.occupancy.failed
        came = fittings.sensed_by(self._unmet & ~unmet) & ~fittings.sensed_by(unmet)
        failing = failed & ~self._failed
        self._unmet = unmet
        self._failed = failed
        self._cabinet.away = self._numbers(fittings.doors_on(unmet) | failed)
        for seen in self._said(came):
            self._tell(events.Seen(*seen), now_ms)
        for door in self._numbers(failing):
            self._tell(events.SensorFailed(door), now_ms)
