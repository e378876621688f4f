"""The lock coils of a cabinet: one at a time, for a short time, and seldom enough to stay cool.

A coil on for longer than its pulse melts, and two at once pull the supply down; so the limits live here, next
to the pins, and hold whatever is asked for.
"""

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PULSE_MS_MAX = const(1000)
_WINDOW_MS = const(60000)
_COIL_ON_MS_MAX = const(6000)  # 10 % of the window, per coil
_PULSES_MAX = const(30)  # in a window, per cabinet


class CoilBank:
    """`doors`: their numbers (1-99); `drive(door, 1)` energises the coil of a door,
    `drive(door, 0)` releases it.

    `pulse_ms`: 1-1000. `rest_ms`: from the end of a pulse to the next start.

    `active` is the door whose pulse is running or not yet reported as ended, else 0.
    All coils are off from the start.
    """

    def __init__(
        self, doors: "Sequence[int]", drive: "Callable[[int, int], object]", pulse_ms: int, rest_ms: int
    ) -> None:
        if not 0 < pulse_ms <= _PULSE_MS_MAX:  # not `assert`: mpy-cross -O removes those
            raise AssertionError("pulse_ms")
        self._doors = doors
        self._drive = drive
        self._pulse_ms = pulse_ms
        self._rest_ms = rest_ms
        # Door, start, end, door, start, end, ...
        # of the pulses of which any part is in the window, the latest last.
        self._log: "list[int]" = []
        self.active = 0
        self.all_off()

    def unlock(self, door: int, now_ms: int) -> bool:
        """Energises the coil of a door; False when a limit refuses it now (nothing
        moves then, and asking later is right).

        Raises OSError when the coil's expander does not answer;
        the coil is off, or will be at the expander's next `refresh()`.
        """
        if self.active:
            return False
        log = self._log
        while log and now_ms - log[2] >= _WINDOW_MS:
            self._log = log = log[3:]
        on_ms = _PULSE_MS_MAX  # this pulse, at its worst
        for i in range(0, len(log), 3):
            if log[i] == door:
                on_ms += log[i + 2] - log[i + 1]
        if (
            on_ms > _COIL_ON_MS_MAX
            or len(log) >= 3 * _PULSES_MAX
            or (log and now_ms - log[-1] < self._rest_ms)
        ):
            return False
        log.extend((door, now_ms, now_ms + _PULSE_MS_MAX))  # until the end is known
        try:
            self._drive(door, 1)
            self.active = door
        finally:
            if not self.active:
                self._drive(door, 0)
                log[-1] = now_ms
        return True

    def recount(self, door: int, start_ms: int) -> None:
        """Counts a pulse of an earlier boot, the oldest first;
        `start_ms` is before this boot, and so below 0.
        """
        self._log.extend((door, start_ms, start_ms + self._pulse_ms))

    def step(self, now_ms: int) -> int:
        """Ends the pulse that is over; the door number when that was just now, else 0.

        Call it at least every 20 ms.

        The coil stays on only when the time says so: an exception or a clock that runs backwards turns it
        off. Raises OSError when its expander does not answer; the next call tries again.
        """
        door = self.active
        if not door:
            return 0
        on = False
        try:
            on = 0 <= now_ms - self._log[-2] < self._pulse_ms
        finally:
            if not on:
                self._drive(door, 0)
        if on:
            return 0
        self._log[-1] = now_ms
        self.active = 0
        return door

    def all_off(self) -> None:
        """Turns every coil off, now; the next `step` reports a pulse cut
        short as ended when its time is over.

        Every coil is tried before the OSError of an expander that does not answer is raised.
        """
        failure: "OSError | None" = None
        for door in self._doors:
            try:
                self._drive(door, 0)
            except OSError as error:
                failure = error
        if failure:
            raise failure
