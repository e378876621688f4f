"""What of the cabinet can be reached: doors go and come with the expanders and sensors that they hang on."""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from locker.core.cabinet import Cabinet
    from locker.shell.peripherals import Peripherals

    Seen = tuple[int, bool, bool]  # door, closed, occupied

_NAMED_MAX = const(32)  # the last door that LEVEL_LOST can name


class Reach:
    """Looks each step at what is out of reach.

    `peripherals` is the cabinet's Peripherals, `cabinet` its core.

    `handle(event, now_ms)` takes what the core has to hear;
    `warn(kind, now_ms, a, which, b)` what the journal has, once an hour of `which`.
    """

    def __init__(
        self,
        peripherals: "Peripherals",
        cabinet: "Cabinet",
        handle: "Callable[[events.Event, int], None]",
        warn: "Callable[[int, int, int, int, int], None]",
    ) -> None:
        self._peripherals = peripherals
        self._cabinet = cabinet
        self._handle = handle
        self._warn = warn
        self._lost = self._unmet = self._failed = 0  # as of the step before
        self._out = 0  # the doors that are out for what is lost, as LEVEL_LOST names them

    def sensed(self) -> "list[Seen]":
        """(door, closed, occupied) of each door whose sensors can be read."""
        peripherals = self._peripherals
        return self._said(~peripherals.sensed_by(peripherals.unmet))

    def _said(self, doors: int) -> "list[Seen]":
        """The same of those of these doors, a bit each by their place."""
        peripherals = self._peripherals
        said = []
        for place, door in enumerate(peripherals.numbers):
            if doors >> place & 1:
                said.append(
                    (
                        door,
                        not peripherals.contacts.state >> place & 1,
                        bool(peripherals.occupancy.state >> place & 1),
                    )
                )
        return said

    def _numbers(self, doors: int) -> "list[int]":
        return [door for place, door in enumerate(self._peripherals.numbers) if doors >> place & 1]

    def step(self, now_ms: int) -> None:
        """After each poll: the journal has what is lost, and the core what has come and gone."""
        peripherals = self._peripherals
        lost = peripherals.lost
        if lost:
            new = lost & ~self._lost
            if lost != self._lost:
                self._out = 0
                for door in self._numbers(peripherals.doors_on(lost)):
                    if door <= _NAMED_MAX:
                        self._out |= 1 << door - 1
            self._miss(new or lost, now_ms)
        self._lost = lost
        if peripherals.unmet != self._unmet or peripherals.occupancy.failed != self._failed:
            self._meet(now_ms)

    def _miss(self, lost: int, now_ms: int) -> None:
        """Journals the first of expanders that were lost together, for they share a cause."""
        place = 0
        while not lost >> place & 1:
            place += 1
        address = self._peripherals.expanders[place].address
        self._warn(records.LEVEL_LOST, now_ms, address, -address, self._out)

    def _meet(self, now_ms: int) -> None:
        peripherals = self._peripherals
        unmet = peripherals.unmet
        failed = peripherals.occupancy.failed
        came = peripherals.sensed_by(self._unmet & ~unmet) & ~peripherals.sensed_by(unmet)
        failing = failed & ~self._failed
        self._unmet = unmet
        self._failed = failed
        self._cabinet.away = self._numbers(  # pyright: ignore[reportAttributeAccessIssue] - the core only looks for doors in it
            peripherals.doors_on(unmet) | failed
        )
        for seen in self._said(came):
            self._handle(events.Seen(*seen), now_ms)
        for door in self._numbers(failing):
            self._handle(events.SensorFailed(door), now_ms)
