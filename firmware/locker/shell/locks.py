"""One lock at work at a time: it waits while its driver refuses it,
is ended by the loop, and cut by hardware if the loop fails.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from locker.hal.seam import Hal, LockDriver
    from locker.shell.journal import Journal
    from locker.shell.peripherals import Peripherals, Sense

_OVERTIME_MS = const(100)  # how long after its due end a pulse is cut by the hardware timer
_STRAY_STEPS = const(7)  # more than 100 ms of current that nobody has given
_PATIENCE_MS = const(5000)  # for limits that refuse: a door that opens minutes later is for nobody
_RECALLED = const(256)  # events in which the pulses of the minute before a reset are looked for
_AT_ONCE = const(8)


class Locks:
    """What the core asks of locks.

    `hal` is the seam's Hal, `peripherals` the cabinet's Peripherals; `pulse_ms`: how long a lock works.

    `handle(event, now_ms)` takes what the core has to hear of beside the end of an unlock;
    `warn(kind, now_ms, a)` what only the journal has; `fail(part)` is told of a sense that cannot be read,
    without which locks go on.
    """

    def __init__(
        self,
        hal: "Hal",
        peripherals: "Peripherals",
        pulse_ms: int,
        handle: "Callable[[events.Event, int], None]",
        warn: "Callable[[int, int, int], None]",
        fail: "Callable[[int], None]",
    ) -> None:
        self._hal = hal
        self._peripherals = peripherals
        self._timer_ms = pulse_ms + _OVERTIME_MS
        self._handle = handle
        self._warn = warn
        self._fail = fail
        self._stray = 0  # steps in which a coil was on that should be off, up to now
        self._door = 0
        self._asked_ms = 0
        self._low = False  # the supply has kept the present one waiting

    def recount(self, journal: "Journal") -> None:
        """Counts the pulses of earlier boots against the limits,
        as if the board had been off for no time at all.
        """
        boot = began = now = 0
        found = []
        for number in range(max(1, journal.next_number - _RECALLED), journal.next_number, _AT_ONCE):
            for event in journal.events_from(number, _AT_ONCE):
                record = records.unpack(event)
                if record.boot != boot:
                    boot = record.boot
                    began = now
                now = began + record.uptime
                if record.kind == records.PULSED:
                    found.append((record.door, now))
        for door, at in found:  # the coil may have waited after the record
            self._peripherals.locks.recount(door, min(0, 100 * (at - now) + _PATIENCE_MS))

    def unlock(self, door: int, asked_ms: int) -> None:
        """Unlocks a door within this step or a later one, within 5 s of `asked_ms` or never."""
        self._door = door
        self._asked_ms = asked_ms
        self._low = False

    def step(self, now_ms: int) -> int:
        """Ends and begins what is due; the door whose lock has just come to rest or was given up, else 0."""
        locks = self._peripherals.locks
        ended = locks.step(now_ms)
        self._feel(now_ms)
        door = self._door
        if ended:
            self._hal.one_shot(0, self._overtime)
        elif door:
            if now_ms - self._asked_ms >= _PATIENCE_MS:
                self._door = 0
                return door
            ready = not locks.active and self._peripherals.reaches(door) and self._powered(door, now_ms)
            if ready and self._begun(locks, door, now_ms):  # a pulse that is on keeps its timer
                self._door = 0
        return ended

    def _feel(self, now_ms: int) -> None:
        """Looks for a coil that is on and should be off.

        A reset of the expanders, once, frees it from a latch, not from a burnt switch.
        """
        peripherals = self._peripherals
        sense = peripherals.current
        mv = self._read(sense, records.CURRENT_SENSE, 0)
        if not sense or peripherals.locks.active or mv < sense[1]:
            self._stray = 0
            return
        self._stray += 1
        if self._stray == _STRAY_STEPS:
            self._warn(records.COIL_STUCK, now_ms, mv)  # it heats: a person has to cut its power
            peripherals.restart()

    def _read(self, sense: "Sense | None", part: int, otherwise: int) -> int:
        """What a sense says, in mV; `otherwise` where there is none or it cannot be read."""
        if sense:
            try:
                return sense[0]()
            except Exception:  # whatever is wrong with a sense, a resident gets her parcel
                self._fail(part)
        return otherwise

    def _powered(self, door: int, now_ms: int) -> bool:
        """Whether no other coil is on and the supply can draw a latch;
        the core hears once of a pulse that has to wait for the supply.
        """
        if self._stray:
            return False
        supply = self._peripherals.supply
        mv = self._read(supply, records.SUPPLY_SENSE, supply and supply[1])
        if not supply or mv >= supply[1]:
            return True
        if not self._low:
            self._low = True
            self._handle(events.SupplyLow(door, mv), now_ms)
        return False

    def _begun(self, locks: "LockDriver", door: int, now_ms: int) -> bool:
        """Whether the pulse begins.

        The timer that cuts it is armed first, and stays so when the coil may be on.
        """
        self._hal.one_shot(self._timer_ms, self._overtime)
        try:
            begun = locks.unlock(door, now_ms)
        except OSError:
            if not self._peripherals.cut():
                raise
            begun = False
        if not begun:
            self._hal.one_shot(0, self._overtime)
        return begun

    def _overtime(self) -> None:
        """The loop has not ended a pulse in time: cut the coils by hardware and start afresh."""
        self._peripherals.cut()
        self._hal.reset()
