"""The cabinet: events in, effects out.

The decisions are in the tables of core.door, core.keypad and core.state; here they meet.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import (
    bell,
    courier,
    deadlines,
    effects,
    events,
    faults,
    hourly,
    keypad,
    lamp,
    orders,
    remote_opening,
    restart,
    state,
)
from locker.core import door as doors_table
from locker.core.effects import BAD, KEY
from locker.core.keypad_events import DIGIT, HASH, STAR, TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from locker.core.secrets import Secrets
    from locker.core.state import Door, State

    # What a row of a table asks for: a function, a text to be shown, or nothing. Without a courier an action
    # of the keypad gets None for the door, and does not use it.
    Action = Callable[["Cabinet", Any], None] | int | None

_MESSAGE_MS = const(8000)
_BOOT_MS = const(3000)  # and the floor of 2 s: the first number is checked 5 s after boot
_SURE_MS = const(2000)
_VISIT = const(12)  # records of one visit at most, from the `#` to the closed door


class Cabinet:
    """Everything one cabinet decides.

    `sizes` is a sequence of (door number, size); `state` the fold of its journal (core.state.State), into
    which the cabinet folds each record as it emits it; `derive(epochs, generations)` gives the Secrets of a
    board with these `State.epochs` and `State.generations`; `spent(serial)` tells whether a ticket, its
    serial as in records, is used up; `draw(n)` gives a random number 0 to n-1; `low` has the numbers of
    the doors that a seated person reaches. `accepting` may be set to False, and deposits stop while all
    else goes on; `room` to how many more records fit into the journal; `away` to the numbers of doors
    that cannot be reached: no parcel is put there meanwhile.
    """

    def __init__(
        self,
        sizes: "Iterable[tuple[int, str]]",
        derive: "Callable[[list[tuple[int, int, int]], list[int]], Secrets]",
        state: "State",
        spent: "Callable[[int], bool]",
        draw: "Callable[[int], int]",
        low: bytes = b"",
    ):
        # What it was made of.
        self._derive, self.state, self.spent, self.draw = derive, state, spent, draw
        self.doors = state.doors
        for number, size in sizes:
            self.doors[number].size = size
        # The moment: one event, what it comes to, and what is due next.
        self.now = 0
        self.effects: "list[effects.Effect]" = []
        self.due: "dict[int, int]" = {}  # by a number of core.deadlines or of a door: when
        self._wake: "int | None" = None
        self.secrets: "Secrets" = None  # pyright: ignore[reportAttributeAccessIssue] - until boot
        # The journal, as far as the core asks: the shell writes these.
        self.accepting = True
        self.away: "tuple[int, ...]" = ()
        self.room = 65535
        self.dropped = 0  # minor events that found no room, since the last record of that
        self.counted: "dict[int, int]" = {}  # by kind: what has happened this hour beyond what was recorded
        # The doors: core.door, core.restart.
        self.unlocking = 0  # the door whose lock is at work
        self.serviced: "list[Door]" = []  # doors without a parcel that staff have opened
        self.unseen: "list[Door]" = []  # doors whose sensors have said nothing yet since the boot
        # Shows, instead of the welcome, what is to be done at a door that a power cut has left open.
        self.resumed: "Callable[[Cabinet], bool] | None" = None
        self.resumed_ms = 0  # until when, for one that nobody may be at
        # The keypad and the screen: core.keypad, core.faults.
        self.mode = keypad.IDLE
        self.key = ""
        self.typed = ""
        self.left_out: str = ""  # keys that type nothing
        self.checked_ms = 0  # when the last number was checked
        self.check_ms = 0  # when the present one will be: a slow one that somebody else ends never is
        self.text = 0  # that the screen shows
        # The courier's visit: core.courier.
        self.courier: "Door | None" = None  # the door that the keypad is in use for
        self.serial = 0  # of the ticket in hand
        self.choice: "Door | None" = None  # the door found for it
        self.rounds = 0  # of the ticket in hand: how often a door was opened for it
        self.deposited: "Door | None" = None  # the door whose deposit may still be withdrawn
        self.deposit_number = 0
        self.cancelled = 0  # deposits of this hour that came to nothing
        # An opening by order of the host: core.remote_opening.
        self.openings: "list[int]" = []  # when doors were opened so
        self.opening: "tuple[int, int, Door] | None" = None  # waits for the host: challenge, digits, door
        self.is_shown = False  # its digits were
        # The bell: core.bell.
        self.rang_ms = 0
        self.reported_ms = 0  # when the host was told of ringing last
        self.bell_pause_ms = 0  # from then to its next report, within the same call
        self.bell_number = 0  # the event number of a call that nobody has answered
        self.low = low  # the numbers of low doors
        self.needs_low = False  # the ticket in hand asks for one

    def boot(self, sensors: "Iterable[tuple[int, bool, bool]]", now_ms: int) -> "list[effects.Effect]":
        """Resolves what a power cut interrupted, from the sensors: a tuple of (door, closed, occupied).

        No door is unlocked. One that is not among them stays as the journal has it until it is Seen.
        """
        self._begin(now_ms)
        self.rekey()
        if self.state.clearing:  # the power failed while the ticket key turned
            orders.turn(self)
        self.checked_ms = now_ms + _BOOT_MS
        remote_opening.start(self)
        bell.remember(self)
        if self.state.refused:
            hourly.begin(self)
        self.effects.append(effects.Light(False))
        seen = [number for number, _, _ in sensors]
        for door in self.doors.values():
            door.occupied = door.state >= state.WAITING
            if door.number not in seen:
                self.unseen.append(door)
        if not restart.resolve(self, sensors):
            keypad.welcome(self, None)
        for door in self.doors.values():
            if door.state == state.WAITING and self.state.is_current(door) and not self.spent(door.serial):
                self.effects.append(effects.Spend(door.serial))
        self.effects.append(effects.Send(False))
        return self._end()

    def handle(self, event: "events.Event", now_ms: int) -> "list[effects.Effect]":
        """The effects of one event, to be carried out in order. `now_ms` never goes back."""
        self._begin(now_ms)
        if self.dropped and not self.scarce(None):
            self.record(records.EVENTS_DROPPED, None, self.dropped)
            self.dropped = 0
        self._time_out()
        _EVENTS[type(event)](self, event)
        return self._end()

    def note(self, kind: int, now_ms: int, a: int, b: int) -> "list[effects.Effect]":
        """The effects of an event of the shell's own, which is to be recorded."""
        self._begin(now_ms)
        self.record(kind, None, a, b)
        return self.effects

    # What the tables ask for

    def record(self, kind: int, door: "Door | None", a: int = 0, b: int | None = None) -> None:
        """Journals and folds a record of a door (None for the cabinet), and tells the host if it is for it.

        `b` is the door's counter unless told. A minor one is only counted when records are scarce.
        """
        number = door.number if door else 0
        if b is None:
            b = door.counter if door else 0
        self.state.fold(kind, number, a, b)
        if records.MINOR >> kind & 1 and self.scarce(None):
            self.dropped += 1
            return
        self.room -= 1
        if kind < records.ACKNOWLEDGED:
            self.state.number += 1
        self.effects.append(effects.Record(kind, number, a, b))
        if records.TOLD >> kind & 1:
            self.effects.append(effects.Send(bool(records.URGENT >> kind & 1)))

    def rekey(self) -> None:
        """Derives the keys in use: new parcels are of the present ones, those that wait keep theirs."""
        self.secrets = self._derive(self.state.epochs(), self.state.generations())

    def scarce(self, door: "Door | None") -> bool:
        """Whether a visit to this door (None: anything else) would take room from the pickups of others."""
        return self.room < _VISIT + self.state.reserved(door)

    def beep(self, sound: int) -> None:
        """Makes a sound."""
        self.effects.append(effects.Beep(sound))

    def challenge(self, door: int, number: int) -> None:
        """Answers the host's wish to open a door."""
        self.effects.append(effects.Challenge(door, number))

    def sure(self) -> None:
        """Waits 2 s for another key: an answer of one key counts when none follows."""
        self.wait(deadlines.KEYPAD, _SURE_MS)

    def patient(self, ms: "int | None") -> "int | None":
        """How long the cabinet waits for people, who may have asked the host for more time."""
        return ms and ms * self.state.patience

    def wait(self, whose: int, ms: "int | None") -> None:
        """Sets a deadline, `ms` from now, or calls it off (None)."""
        if ms is None:
            self.due.pop(whose, None)
        else:
            self.due[whose] = self.now + ms

    def show(self, text: int, arguments: "tuple[int | str, ...]" = (), ms: int | None = _MESSAGE_MS) -> None:
        """Shows a text: for `ms` (None: until something else) when nobody is at the keypad,
        else while the keypad is in this mode.
        """
        self.text = text
        self.effects.append(effects.Show(text, arguments))
        if self.mode == keypad.IDLE:
            self.wait(deadlines.KEYPAD, ms)

    def show_about(self, door: "Door", text: int, ms: int = _MESSAGE_MS) -> None:
        """Shows a text about a door, unless the keypad is in use for something else."""
        if self.mode == keypad.IDLE or self.courier is door:
            self.show(text, (door.number,), ms)

    def refuse(self, text: int, ms: int = _MESSAGE_MS) -> None:
        """Says no, and what to do."""
        self.beep(BAD)
        self.show(text, (), ms)

    def open(self, door: "Door", text: int) -> None:
        """Wants a door opened, and says what for."""
        self.show(text, (door.number,), None)
        doors_table.transition(self, door, doors_table.WANT)

    def free(self, sizes: str, low: bool = False) -> "list[Door]":
        """The doors of these sizes that a parcel may be put in; `low` asks for those that are low."""
        found: "list[Door]" = []
        for door in self.doors.values():
            busy = (
                door.phase
                or door.occupied
                or door.state
                or door.jammed
                or door.out_of_service
                or door.number in self.away
                or (low and door.number not in self.low)
            )
            if door.size in sizes and door.closed and not busy and door.counter < state.COUNTER_MAX:
                found.append(door)
        return found

    def transition(self, event: int) -> None:
        """Takes the keypad's transition for an event; without one nothing happens.

        Whoever leaves the courier's modes leaves her door.
        """
        row = keypad.TRANSITIONS.get(self.mode | event)
        if row:
            self.mode = row[0]
            self.wait(deadlines.KEYPAD, self.patient(keypad.PATIENCE_MS[row[0]]))
            self.act(row[1], self.courier)
            if self.mode < keypad.LOADING:
                self.courier = None

    def act(self, action: "Action", door: "Any") -> None:
        """Does what a row of a table asks for: a function, a text to be shown, or nothing."""
        if isinstance(action, int):
            self.show_about(door, action)
        elif action:
            action(self, door)

    # Events

    def woke(self, _: events.Woke) -> None:
        """The time of the last WakeAt has come: what was due is done, and the next one is set."""
        self._wake = None

    def unlock_ended(self, event: events.UnlockEnded) -> None:
        """A lock is at rest again, or was given up."""
        if event.door == self.unlocking:
            self.unlocking = 0
            doors_table.transition(self, self.doors[event.door], doors_table.ENDED)

    def looked_inside(self, event: "events.Occupied | events.Cleared") -> None:
        """An occupancy sensor says something else than before."""
        door = self.doors[event.door]
        door.occupied = type(event) is events.Occupied
        if door.phase == doors_table.SHUT and door.closed:
            doors_table.distrust(self, door)

    def moved(self, event: "events.ContactOpened | events.ContactClosed") -> None:
        """A door opened or closed."""
        lamp.touch(self)
        door = self.doors[event.door]
        door.closed = type(event) is events.ContactClosed
        doors_table.transition(self, door, doors_table.CLOSED if door.closed else doors_table.OPENED)

    def acknowledged(self, event: events.HostAcknowledged) -> None:
        """The host holds more events."""
        self.state.acknowledged = max(self.state.acknowledged, event.number)
        courier.acknowledged(self)
        bell.acknowledged(self)

    def pressed(self, event: events.KeyPressed) -> None:
        """A key; while a number is checked none counts."""
        lamp.touch(self)
        key = event.key
        kind = HASH if key == "#" else STAR if key == "*" else DIGIT if key.isdigit() else None
        if self.mode != keypad.CHECKING and kind is not None:
            self.beep(KEY)
            self.key = key
            self.transition(kind)

    # Time

    def _begin(self, now_ms: int) -> None:
        self.now = now_ms
        self.effects = []

    def _end(self) -> "list[effects.Effect]":
        for door in self.doors.values():
            if self.unlocking:
                break
            if door.phase == doors_table.WANTED:
                doors_table.transition(self, door, doors_table.TURN)
        nearest = self._nearest()
        wake = nearest[0] if nearest else None
        if wake != self._wake:
            self._wake = wake
            self.effects.append(effects.WakeAt(wake))
        return self.effects

    def _nearest(self) -> "tuple[int, int] | None":
        """The earliest deadline and whose it is: a key of _TIMERS, deadlines.KEYPAD or a door's number;
        None without one.
        """
        return min(zip(self.due.values(), self.due), default=None)

    def _time_out(self) -> None:
        while True:
            nearest = self._nearest()
            if nearest is None or nearest[0] > self.now:
                return
            whose = nearest[1]
            del self.due[whose]
            if whose == deadlines.KEYPAD:
                self.transition(TIMEOUT)
            elif whose < 0:
                _TIMERS[whose](self)
            else:
                doors_table.transition(self, self.doors[whose], doors_table.TIMEOUT)

    def hour(self) -> None:
        """Records what was only counted; goes on while there is more to come."""
        courier.report_refusals(self)
        self.cancelled = 0
        for kind, count in list(self.counted.items()):
            # Which also begins a new hour for the doors, across a power cut.
            if count or kind == records.DOOR_FLAPPED:
                self.record(kind, None, count, self.bell_number if kind == records.BELL_RUNG else None)
            if count:
                hourly.count(self, kind, -count)  # and another hour
            else:
                del self.counted[kind]
        if self.state.refused:
            hourly.begin(self)


_TIMERS: "dict[int, Callable[[Cabinet], None]]" = {
    deadlines.FUSE: remote_opening.forget,
    deadlines.OPENING: remote_opening.cancel,
    deadlines.RECEIPT: courier.show_receipt,
    deadlines.SEAL: courier.seal,
    deadlines.BELL: bell.look,
    deadlines.LAMP: lamp.darken,
    deadlines.HIDE: keypad.hide,
    deadlines.HOUR: Cabinet.hour,
}
_EVENTS: "dict[type[events.Event], Callable[[Cabinet, Any], None]]" = {
    events.KeyPressed: Cabinet.pressed,
    events.ContactOpened: Cabinet.moved,
    events.ContactClosed: Cabinet.moved,
    events.Occupied: Cabinet.looked_inside,
    events.Cleared: Cabinet.looked_inside,
    events.UnlockEnded: Cabinet.unlock_ended,
    events.Woke: Cabinet.woke,
    events.BellPressed: bell.ring,
    events.HostAcknowledged: Cabinet.acknowledged,
    events.Tampered: faults.tampered,
    events.KeysLeftOut: faults.leave_out,
    events.Seen: restart.see,
    events.SensorFailed: faults.fail,
    events.SupplyLow: faults.starve,
    events.Commanded: orders.apply,
    events.OpenRequested: remote_opening.ask,
    events.OpenConfirmed: remote_opening.give,
}
