"""A second opinion on every effect of a cabinet: what people and the host really did,
by the promises and not by the firmware's tables.

Nothing here looks at the doors that the cabinet believes in.
It knows what was typed, what moved, what was ordered and what was written.
"""

from cabinet_script import SECRETS, Story, code_key, parcel_code, parcel_duress

from locker.contract import codes, commands, records
from locker.core import effects, events, keypad, texts

TRIES_MAX = 10
MINUTE_MS, DAY_MS = 60_000, 86_400_000
LABELS = {commands.ARM_RECALL: b"recall", commands.ARM_SERVICE: b"service"}
BY_STAFF = {records.BY_RECALL: b"recall", records.BY_SERVICE: b"service"}


class PowerCut(Exception):
    """The supply is gone; what was not carried out never will be."""


class Parcel:
    """One deposit, as everybody but the firmware sees it."""

    def __init__(self, serial, counter, epoch):
        self.serial = serial
        self.counter = counter
        self.epoch = epoch
        self.retry = 0
        self.generation = 0

    @property
    def terms(self):
        """What its code hangs on."""
        rule = codes.RULE if self.epoch == 1 else self.epoch % 2
        return self.counter, self.serial, self.epoch, self.retry, rule, self.generation


class WatchedStory(Story):
    """A story that checks each effect at the moment it is carried out."""

    def __init__(self, draw):
        self.counters = {}  # door: the latest one reserved for it
        self.unused = set()  # doors whose latest counter a withdrawal has reserved, and no parcel has got yet
        self.started = {}  # door: the epoch when that was
        self.parcels = {}  # door: the Parcel in it, by the outcomes alone
        self.armed = {}  # door: (label, arming), as ordered and reported
        self.deposited = []  # serials
        self.tried = {}  # (door, counter): tries recorded
        self.flagged = set()  # doors of which a sensor was wrong or a courier said that nothing can be seen
        self.epoch = 1
        # What the host knows, and what only the screen shows once somebody asked for it.
        self.challenge = self.digits = None
        self.challenged_ms = 0
        self.openings = []  # when, by order of the host
        self.event = self.mode = None
        self.typed = self.key = ""
        self.cut_in = None
        super().__init__(draw=draw)

    def tell(self, event):
        self.event = event
        if isinstance(event, events.KeyPressed):
            self._press(event.key)
        return super().tell(event)

    def _press(self, key):
        """A digit goes on where another may have begun a number;
        a question may have been answered by the first.
        """
        mode = self.cabinet.mode
        if key.isdigit():
            asked = mode in (keypad.ASKING, keypad.CONFIRMING) and self.mode == mode and self.key.isdigit()
            self.typed = self.typed + key if mode == keypad.TYPING or asked else key
        self.key, self.mode = key, mode

    def wait(self, ms):
        self.event = None
        return super().wait(ms)

    def code(self, door, digits=8):
        """Door and code of the parcel that is in it, or was or will be."""
        parcel = self.parcels.get(door) or Parcel(0, self.counters.get(door, 0), self.epoch)
        return f"{door:02}" + parcel_code(door, *parcel.terms)[:digits]

    def duress(self, door, digits=8):
        """The same with the safe tail of its ticket."""
        parcel = self.parcels.get(door) or Parcel(0, self.counters.get(door, 0), self.epoch)
        return f"{door:02}" + parcel_duress(door, *parcel.terms)[:digits]

    def staff_code(self, door, label, arming):
        """Door and code of staff, were it armed."""
        epoch = self.parcels[door].epoch if door in self.parcels else self.epoch
        return f"{door:02}" + codes.staff_code(
            code_key(epoch), label, SECRETS.board_id, epoch, door, self.counters.get(door, 0), arming
        )

    def _perform(self, wanted):
        done = []
        for effect in wanted:
            if self.cut_in is not None:
                if not self.cut_in:
                    raise PowerCut
                self.cut_in -= 1
            self._check(effect, done)
            super()._perform([effect])
            done.append(effect)
        return wanted

    def _check(self, effect, before):
        if isinstance(effect, effects.Unlock):
            self._check_pulse(effect, before)
        elif isinstance(effect, effects.Record):
            getattr(self, f"_check_{effect.kind}", lambda effect: None)(effect)
        elif isinstance(effect, effects.Spend):
            assert effect.serial in self.deposited, "only a deposit spends a ticket"
        elif isinstance(effect, effects.Show):
            self._check_screen(effect)
        elif isinstance(effect, effects.Challenge):
            self.challenge, self.digits, self.challenged_ms = effect.number, None, self.now

    def _check_pulse(self, effect, before):
        """A pulse is recorded just before it begins, and someone has a right to it."""
        recorded = [record for record in before if isinstance(record, effects.Record)]
        assert recorded[-1].kind == records.PULSED
        assert recorded[-1].door == effect.door
        rights = (records.DEPOSIT_STARTED, records.PICKUP_OPENED, records.SERVICE_OPENED)
        ends = (
            records.DEPOSITED,
            records.COLLECTED,
            records.CANCELLED,
            records.STILL_INSIDE,
            records.DOOR_JAMMED,
            records.DOOR_TESTED,
        )
        cause = next(
            record.kind
            for record in reversed(self.log)
            if record.door == effect.door and record.kind in rights + ends
        )
        assert cause in rights, "a coil moves for somebody"
        if cause != records.PICKUP_OPENED:
            assert effect.door not in self.parcels, (
                "a courier gets no door with a parcel, and a test is of an empty one"
            )

    def _check_2(self, effect):  # DEPOSIT_STARTED
        reserved = self.counters.get(effect.door, 0)
        assert effect.b > reserved or (effect.b == reserved and effect.door in self.unused), (
            "a counter is used again"
        )
        assert effect.door not in self.parcels
        self._begin(effect.door, effect.b)

    def _begin(self, door, counter):
        self.counters[door] = counter
        self.started[door] = self.epoch
        self.unused.discard(door)
        self.armed.pop(door, None)
        self.flagged.discard(door)

    def _check_7(self, effect):  # CANCELLED
        self.unused.discard(effect.door)

    def _check_6(self, effect):  # DEPOSITED
        assert self.closed[effect.door]
        assert self.occupied[effect.door] or effect.door in self.flagged, (
            "deposited is closed and seen, or said by the courier"
        )
        assert effect.a not in self.deposited, "a ticket is good for one deposit"
        self.deposited.append(effect.a)
        assert effect.b == self.counters[effect.door]
        self.unused.discard(effect.door)
        self.parcels[effect.door] = Parcel(effect.a, effect.b, self.started[effect.door])

    def _check_8(self, effect):  # WITHDRAWN
        assert self.parcels.pop(effect.door).serial == effect.a
        assert effect.a not in self.spent
        self.deposited.remove(effect.a)
        self._begin(effect.door, effect.b + 1)
        self.unused.add(effect.door)

    def _check_9(self, effect):  # CODE_TRIED
        tried = self.tried.setdefault((effect.door, effect.b), [])
        tried.append(effect.a)
        assert tried == list(range(1, len(tried) + 1))
        assert len(tried) <= TRIES_MAX

    def _check_10(self, effect):  # PICKUP_OPENED
        door = effect.door
        if effect.a == records.BY_HOST:
            self._check_order(door)
            return
        if effect.a in BY_STAFF:
            assert self.armed[door][0] == BY_STAFF[effect.a]
            right = {self.staff_code(door, *self.armed[door])}
        else:
            code = self.code(door, 12)
            duress = self.duress(door, 12)
            right = {duress, duress[:10]} if effect.a == records.BY_DURESS else {code, code[:10]}
        assert self.typed in right, "a code opens only its door, and nothing else does"

    def _check_order(self, door):
        assert self.digits is not None, "somebody at the cabinet has asked for the digits"
        assert self.event == events.OpenConfirmed(self.challenge, self.digits)
        assert self.now - self.challenged_ms <= 30_000
        self.openings = [at for at in self.openings if self.now - at < DAY_MS] + [self.now]
        assert door in self.parcels
        assert len(self.openings) <= 6
        assert sum(self.now - at < MINUTE_MS for at in self.openings) <= 4

    def _check_25(self, effect):  # SERVICE_OPENED
        assert effect.door not in self.parcels
        assert self.armed[effect.door][0] == b"service"
        assert self.typed == self.staff_code(effect.door, *self.armed[effect.door])

    def _check_4(self, effect):  # DOOR_OPENED
        self.armed.pop(effect.door, None)

    def _check_11(self, effect):  # COLLECTED
        parcel = self.parcels.pop(effect.door)
        assert parcel.serial == effect.a
        if isinstance(self.event, events.Commanded):
            assert (self.event.kind, self.event.door) == (commands.SETTLE, effect.door)
            assert self.event.counter != effect.b
            return
        assert self.closed[effect.door]
        if effect.door in self.flagged:
            assert self.key == "1", "where nothing can be seen the resident is asked"
        else:
            assert not self.occupied[effect.door]

    def _check_19(self, effect):  # SENSOR_FAULT
        if effect.a == 2:
            self.flagged.add(effect.door)

    def _check_22(self, effect):  # PARCEL_FLAGGED
        assert self.key == "1"
        self.flagged.add(effect.door)

    def _check_23(self, effect):  # REISSUED
        order = self.order
        assert (order.kind, order.door, order.a, order.counter) == (
            commands.REISSUE,
            effect.door,
            effect.a,
            effect.b,
        )
        self.parcels[effect.door].retry = effect.a

    def _check_24(self, effect):  # ARMED
        order = self.order
        assert (order.door, order.counter) == (effect.door, effect.b)
        if order.kind in LABELS:
            self.armed[effect.door] = (LABELS[order.kind], order.a)
        else:
            assert order.kind == commands.DISARM
            self.armed.pop(effect.door, None)

    @property
    def order(self):
        assert isinstance(self.event, events.Commanded), "nobody but the host orders this"
        return self.event

    def _check_28(self, effect):  # COMMAND_APPLIED
        applied = [record.a for record in self.log if record.kind == records.COMMAND_APPLIED]
        assert effect.a == len(applied) + 1, "each order once, in turn"

    def _check_33(self, effect):  # EPOCH_BEGUN
        assert (self.order.kind, self.order.a) == (commands.BEGIN_EPOCH, effect.a)
        epoch = effect.a & 0x3FFFF
        assert epoch > self.epoch
        self.epoch = epoch

    def _check_screen(self, effect):
        if effect.text == texts.HELP_NUMBER:
            assert self.key == "#"
            self.digits = effect.arguments[0]
        words = " ".join(str(argument) for argument in effect.arguments)
        for door in self.parcels:
            assert self.code(door)[2:] not in words
        assert len(self.typed) < 3 or self.typed not in words
