"""The cabinet: events in, effects out. The decisions are in the tables of core.door, core.entry and core.journal; here they meet."""

from collections import namedtuple

from locker.compat import const
from locker.core import deposit, entry, events, journal, records, texts
from locker.core import door as doors_table
from locker.core.door import Door
from locker.core.effects import ALARM, BAD, KEY, Beep, Light, Record, Send, Show, Spend, WakeAt

Secrets = namedtuple("Secrets", ("board_id", "site_id", "epoch", "code_key", "receipt_key", "ticket_key", "cabinet"))

# Deadlines in `due`; 1 and 2 are of core.deposit.
_KEYPAD = const(0)
_BELL = const(3)
_LAMP = const(4)
_REFUSALS = const(5)

_MESSAGE_MS = const(8000)
_READ_MS = const(60000)
_LIT_MS = const(30000)
_BOOT_MS = const(3000)  # and the floor of 2 s: the first number is checked 5 s after boot
_HOST_MS = const(3000)
_BELL_QUIET_MS = const(60000)
_HOUR_MS = const(3600000)


class Cabinet:
    """Everything one cabinet decides.

    `doors` is Board.doors; `state` the fold of its journal (core.journal.State), into which the cabinet folds each record as it emits it;
    `spent(serial)` tells whether a ticket is used up; `draw(n)` gives a random number 0 to n-1.
    `accepting` may be set to False, and deposits stop while everything else goes on.
    """

    def __init__(self, doors, secrets, state, spent, draw):
        self.secrets = secrets
        self.state = state
        self.spent = spent
        self.draw = draw
        self.accepting = True
        self.order = tuple(Door(door.number, door.size, state.parcels[door.number]) for door in doors)
        self.doors = {door.number: door for door in self.order}
        self.now = 0
        self._effects = []
        self.due = [None] * len(_TIMERS)
        self._wake = None
        self.coil = 0  # the door whose coil is on
        self._lit = False
        self.mode = entry.IDLE
        self.key = ""
        self.typed = ""
        self.only_short = False  # all digits were asked for, and only the short code was typed
        self.checked_ms = 0  # when the last number was checked
        self.serial = 0  # of the ticket in hand
        self.choice = None  # the door found for it
        self.courier = None  # the door that the keypad is in use for
        self.deposited = None  # the door whose deposit may still be withdrawn
        self.deposit_number = 0
        self._refusals = 0
        self._rings = 0
        self._bell_number = 0
        self._bell_quiet_ms = 0

    def boot(self, sensors, now_ms: int) -> list:
        """Resolves what a power cut interrupted, from the sensors: a tuple of (door, closed, occupied). No coil moves."""
        self._begin(now_ms)
        self.checked_ms = now_ms + _BOOT_MS
        for number, closed, occupied in sensors:
            self.doors[number].boot(self, closed, occupied)
        for door in self.order:
            parcel = door.parcel
            if parcel.state == journal.WAITING and not self.spent(parcel.serial):
                self.emit(Spend(parcel.serial))
        self.emit(Light(False))
        entry.welcome(self)
        self.send(False)
        return self._end()

    def handle(self, event, now_ms: int) -> list:
        """The effects of one event, to be carried out in order. `now_ms` never goes back."""
        self._begin(now_ms)
        kind = type(event)
        if kind is events.Woke:
            self._wake = None
        self._time_out()
        if kind is events.HostAcknowledged:
            self.state.acknowledged = max(self.state.acknowledged, event.number)
        elif kind is events.KeyPressed:
            self._touch()
            self._press(event.key)
        elif kind is events.BellPressed:
            self._touch()
            self._ring()
        elif kind is not events.Woke:
            self._sense(kind, self.doors[event.door])
        return self._end()

    # What the tables ask for

    def emit(self, effect) -> None:
        """Adds an effect."""
        self._effects.append(effect)

    def record(self, kind: int, door, a: int = 0, b=None) -> None:
        """Journals and folds a record of a door (None for the cabinet); b is the door's parcel counter unless given."""
        number = door.number if door else 0
        if b is None:
            b = door.parcel.counter if door else 0
        self.emit(Record(kind, number, a, b))
        self.state.apply(records.Record(kind, number, 0, self.state.number + 1, 0, a, b))

    def send(self, urgent: bool) -> None:
        """Tells the host; urgent sends the record just made ahead of all others."""
        self.emit(Send(urgent))

    def beep(self, sound: int) -> None:
        """Makes a sound."""
        self.emit(Beep(sound))

    def show(self, text: int, arguments: tuple = (), ms=_MESSAGE_MS) -> None:
        """Shows a text: for `ms` (None: until something else) when nobody is at the keypad, else while the keypad is in this mode."""
        self.emit(Show(text, arguments))
        if self.is_idle():
            self.due[_KEYPAD] = None if ms is None else self.now + ms

    def tell(self, door, text: int) -> None:
        """Shows a text about a door, unless the keypad is in use for something else."""
        if self.is_idle() or self.courier is door:
            self.show(text, (door.number,))

    def refuse(self, text: int) -> None:
        """Says no, and what to do."""
        self.beep(BAD)
        self.show(text)

    def open(self, door) -> None:
        """Wants a door opened."""
        door.step(self, doors_table.WANT)

    def finish(self, door) -> None:
        """The courier at this door need not be asked anything more."""
        if self.courier is door:
            self.step(deposit.DONE)

    def step(self, event: int) -> None:
        """Something happens to the visit at the keypad."""
        entry.step(self, event)

    def begin(self) -> None:
        """The first digit of a number."""
        entry.begin(self)

    def is_idle(self) -> bool:
        """Whether the keypad is not in use."""
        return self.mode == entry.IDLE

    def refuse_ticket(self) -> None:
        """Counts a refused ticket; the first is journaled at once, more of them once an hour."""
        self._refusals += 1
        if self.due[_REFUSALS] is None:
            self._refusals_timer()

    # Events

    def _sense(self, kind, door):
        if kind is events.PulseEnded:
            if door.number == self.coil:
                self.coil = 0
                door.step(self, doors_table.COIL_OFF)
        elif kind is events.Occupied or kind is events.Cleared:
            door.occupied = kind is events.Occupied
        else:
            self._touch()
            door.closed = kind is events.ContactClosed
            door.step(self, doors_table.CLOSED if door.closed else doors_table.OPENED)

    def _press(self, key):
        kind = entry.HASH if key == "#" else entry.STAR if key == "*" else entry.DIGIT if key.isdigit() else None
        if self.mode != entry.CHECKING and kind is not None:
            self.beep(KEY)
            self.key = key
            self.step(kind)

    def _ring(self):
        self._rings += 1
        if self.now >= self._bell_quiet_ms:
            self.record(records.BELL_RUNG, None, self._rings)
            self.send(True)
            self._rings = 0
            self._bell_quiet_ms = self.now + _BELL_QUIET_MS
            self._bell_number = self.state.number
        self.beep(ALARM)
        self.show(texts.BELL, (), _READ_MS)
        self.due[_BELL] = self.now + _HOST_MS

    # Time

    def _begin(self, now_ms):
        self.now = now_ms
        self._effects = []

    def _end(self):
        for door in self.order:
            if self.coil:
                break
            door.step(self, doors_table.TURN)
        nearest = self._nearest()[0]
        if nearest != self._wake:
            self._wake = nearest
            self.emit(WakeAt(nearest))
        return self._effects

    def _nearest(self):
        """The earliest deadline and whose it is: a Door or an index of `due`; (None, None) without one."""
        best = whose = None
        for index, due in enumerate(self.due):
            if due is not None and (best is None or due < best):
                best = due
                whose = index
        for door in self.order:
            if door.due is not None and (best is None or door.due < best):
                best = door.due
                whose = door
        return best, whose

    def _time_out(self):
        while True:
            due, whose = self._nearest()
            if due is None or due > self.now:
                return
            if isinstance(whose, Door):
                whose.time_out(self)
            else:
                self.due[whose] = None
                _TIMERS[whose](self)

    def _touch(self):
        """Someone acts: light."""
        if not self._lit:
            self._lit = True
            self.emit(Light(True))
        self.due[_LAMP] = self.now + _LIT_MS

    def _key_timer(self):
        self.step(entry.TIMEOUT)

    def _bell_timer(self):
        if self.state.acknowledged < self._bell_number:
            self.show(texts.OFFLINE, (), _READ_MS)

    def _dark_timer(self):
        if any(door.is_in_use() for door in self.order):
            self.due[_LAMP] = self.now + _LIT_MS
        else:
            self._lit = False
            self.emit(Light(False))

    def _refusals_timer(self):
        if self._refusals:
            self.record(records.TICKET_REFUSED, None, self._refusals)
            self.send(False)
            self._refusals = 0
            self.due[_REFUSALS] = self.now + _HOUR_MS


_TIMERS = (  # by index of `due`
    Cabinet._key_timer,
    deposit.show_receipt,
    deposit.seal,
    Cabinet._bell_timer,
    Cabinet._dark_timer,
    Cabinet._refusals_timer,
)
