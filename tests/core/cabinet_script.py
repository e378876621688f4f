"""A language for stories at a cabinet: who acts, when, and what the cabinet wants done then.

For both interpreters.
"""

import english

from locker.contract import codes, commands, records, tickets
from locker.core import effects, events, keypad, state
from locker.core.cabinet import Cabinet
from locker.core.secrets import Secrets

TICKET_SECRET = b"t" * 32
TICKET_KEYS = {0: tickets.keyed(TICKET_SECRET, 0, False)}
SECRETS = Secrets(
    bytes(range(8)), bytes(range(8, 16)), 1, b"c" * 32, b"r" * 32, TICKET_KEYS, 12, {}, codes.RULE
)
SIZES = "SSML"
PULSE_MS = 400


def code_key(epoch):
    """K_code of an epoch."""
    return SECRETS.code_key if epoch == 1 else b"c%31d" % epoch


def secrets_of(epoch):
    """What a board of that epoch knows, with the keys of all epochs before it."""
    if epoch == 1:
        return SECRETS
    old = {earlier: (earlier, code_key(earlier), codes.RULE) for earlier in range(1, epoch)}
    return Secrets(*SECRETS[:2], epoch, code_key(epoch), b"r%31d" % epoch, *SECRETS[5:7], old, codes.RULE)


def tail_of(serial, generation=0, rule=codes.RULE):
    """The tail of a parcel that came with a ticket, its serial as in records; 100 and more for none."""
    return tickets.tail(tickets.ticket_key(TICKET_SECRET, generation), SECRETS.site_id, serial & 0xFFFF, rule)


def parcel_code(door, counter, serial, epoch=1, retry=0, rule=codes.RULE, generation=0):
    """The 12 digits of a parcel's pickup code, as the host derives them."""
    tail = tail_of(serial, generation, rule)
    return codes.pickup_code(code_key(epoch), SECRETS.board_id, epoch, door, counter, retry, tail, rule)


def parcel_duress(door, counter, serial, epoch=1, retry=0, rule=codes.RULE, generation=0):
    """The same of its duress code."""
    tail = tail_of(serial, generation, rule)
    return codes.duress_code(code_key(epoch), SECRETS.board_id, epoch, door, counter, retry, tail, rule)


def numbered(sizes=SIZES):
    """Doors 1, 2, 3, ... of these sizes: tuples of (number, size)."""
    return tuple(enumerate(sizes, 1))


def present(epochs, generations=(0,)):
    """What a board with these epochs and generations of ticket keys knows."""
    epoch, _, rule = epochs[-1]
    old = {earlier & 1023: (earlier, code_key(earlier), its_rule) for earlier, _, its_rule in epochs[:-1]}
    keys = {generation: tickets.keyed(TICKET_SECRET, generation, False) for generation in generations}
    receipt_key = SECRETS.receipt_key if epoch == 1 else b"r%31d" % epoch
    return Secrets(*SECRETS[:2], epoch, code_key(epoch), receipt_key, keys, SECRETS.cabinet, old, rule)


class Story:
    """A cabinet whose doors people move,
    and a flash that keeps its records and spent tickets when the power goes.
    """

    def __init__(self, sizes=SIZES, draw=lambda n: 0, rule=codes.RULE, low=b""):
        self.rule = rule  # of the first epoch
        self.doors = numbered(sizes)
        self.draw = draw
        self.low = low  # numbers of doors
        self.now = 0
        self.log = []  # what the flash holds, as records.Record
        self.spent = set()
        self.number = 0
        self.boots = 0
        self.closed = {number: True for number, _ in self.doors}
        self.occupied = {number: False for number, _ in self.doors}
        self.dark = ()  # doors whose sensors cannot be read
        self.power_on()
        self.wait(5000)

    # The board

    def power_on(self):
        """Boots on what the flash holds; the effects of the boot."""
        self.boots += 1
        self.now += 10
        self.state = self.folded()
        self.coil = 0
        self.pulse_end = self.wake = None
        self.effects = []
        self._store(effects.Record(records.BOOTED, 0, 1, 1))
        self.state.apply(self.log[-1])
        self.cabinet = Cabinet(
            self.doors, present, self.state, lambda serial: serial in self.spent, self.draw, self.low
        )
        sensors = tuple(
            (number, self.closed[number], self.occupied[number])
            for number, _ in self.doors
            if number not in self.dark
        )
        return self._perform(self.cabinet.boot(sensors, self.now))

    def folded(self):
        """A folding made from the flash alone."""
        folding = state.State(tuple([number for number, _ in self.doors]), 1, self.rule)
        for record in self.log:
            folding.apply(record)
        return folding

    def _store(self, effect):
        if effect.kind < records.ACKNOWLEDGED:
            self.number += 1
        self.log.append(
            records.Record(
                effect.kind, effect.door, self.boots, self.number, self.now // 100, effect.a, effect.b
            )
        )

    def _perform(self, wanted):
        for effect in wanted:
            kind = type(effect)
            if kind is effects.Record:
                self._store(effect)
            elif kind is effects.Spend:
                self.spent.add(effect.serial)
            elif kind is effects.Clear:
                self.spent = {serial for serial in self.spent if (serial >> 16 ^ effect.generation) & 1}
            elif kind is effects.Unlock:
                assert not self.coil, "two coils at once"
                self.coil = effect.door
                self.pulse_end = self.now + PULSE_MS
            elif kind is effects.WakeAt:
                assert effect.ms is None or effect.ms > self.now
                self.wake = effect.ms
            elif kind is effects.Light:
                self.lit = effect.on
            elif kind is effects.Show:
                self.text = effect.text
                self.screen = english.lines(effect.text, effect.arguments)
        self.effects += wanted
        return wanted

    def tell(self, event):
        """One event now; its effects, which are carried out."""
        wanted = self._perform(self.cabinet.handle(event, self.now))
        assert self.state.number == self.number, "the flash counts otherwise"
        return wanted

    def wait(self, ms):
        """Lets time pass from one wake-up or end of a pulse to the next; all effects of that time."""
        end = self.now + ms
        before = len(self.effects)
        while True:
            due = [at for at in (self.wake, self.pulse_end) if at is not None and at <= end]
            if not due:
                break
            self.now = max(self.now, min(due))
            if self.pulse_end == self.now:
                door, self.coil, self.pulse_end = self.coil, 0, None
                self.tell(events.UnlockEnded(door))
            else:
                self.wake = None
                self.tell(events.Woke())
        self.now = end
        return self.effects[before:]

    def sees(self, door):
        """The sensors of a door can be read from now on."""
        return self.tell(events.Seen(door, self.closed[door], self.occupied[door]))

    # People

    def types(self, keys):
        """Keys, 100 ms apart; all effects."""
        before = len(self.effects)
        for key in keys:
            self.tell(events.KeyPressed(key))
            self.wait(100)
        return self.effects[before:]

    def asks(self, keys):
        """Keys, and waiting for the answer."""
        wanted = self.types(keys)
        while self.cabinet.mode in (keypad.CHECKING, keypad.SLOWED):
            wanted += self.wait(20)
        return wanted

    def opens(self, door):
        self.closed[door] = False
        return self.tell(events.ContactOpened(door))

    def closes(self, door):
        """Closes the door and lets it settle."""
        self.closed[door] = True
        return self.tell(events.ContactClosed(door)) + self.wait(600)

    def puts(self, door):
        self.occupied[door] = True
        return self.tell(events.Occupied(door))

    def takes(self, door):
        self.occupied[door] = False
        return self.tell(events.Cleared(door))

    def tell_key(self, key):
        return self.tell(events.KeyPressed(key))

    def orders(self, kind, door=0, counter=0, a=0):
        """The host's next command."""
        return self.tell(events.Commanded(self.state.command + 1, kind, door, counter, a))

    def doubts(self, what=records.DOUBT_BEHIND):
        """Something is found wrong with the journal."""
        self._store(effects.Record(records.JOURNAL_DOUBT, 0, what, 0))
        self.state.apply(self.log[-1])

    def answers_the_bell(self):
        """A person at the host has seen the call."""
        return self.orders(commands.ANSWER_BELL, a=self.cabinet.bell_number)

    def rings(self):
        return self.tell(events.BellPressed())

    def host_acknowledges(self, number=None):
        """The host's database holds everything up to a number, or up to now."""
        if number is None:
            number = self.number
        self._store(effects.Record(records.ACKNOWLEDGED, 0, number, 0))
        return self.tell(events.HostAcknowledged(number))

    # Whole visits

    def ticket(self, serial, generation=0):
        return tickets.ticket(tickets.ticket_key(TICKET_SECRET, generation), SECRETS.site_id, serial)

    def code(self, door, digits=8):
        """Door and pickup code of the parcel in it, as the host would derive them."""
        parcel = self.state.doors[door]
        generation = self.state.generation_of(parcel)
        return (
            f"{door:02}"
            + parcel_code(door, parcel.counter, parcel.serial, rule=self.rule, generation=generation)[:digits]
        )

    def duress(self, door, digits=8):
        """The same with the safe tail of the parcel's ticket."""
        parcel = self.state.doors[door]
        generation = self.state.generation_of(parcel)
        return (
            f"{door:02}"
            + parcel_duress(door, parcel.counter, parcel.serial, rule=self.rule, generation=generation)[
                :digits
            ]
        )

    def wrong(self, door, digits=8):
        """The same with its last digit changed."""
        code = self.code(door, digits)
        return code[:-1] + str((int(code[-1]) + 5) % 10)

    def begins_deposit(self, serial=42, size="1"):
        """A courier up to the pulse; the door."""
        self.asks(self.ticket(serial) + "#")
        wanted = self.types(size)
        return next(effect.door for effect in wanted if isinstance(effect, effects.Unlock))

    def deposits(self, serial=42, size="1"):
        """A whole courier's visit; the door."""
        door = self.begins_deposit(serial, size)
        self.opens(door)
        self.puts(door)
        self.wait(3000)
        self.closes(door)
        return door

    def collects(self, door):
        """A whole resident's visit."""
        self.asks(self.code(door) + "#")
        self.opens(door)
        self.takes(door)
        self.wait(3000)
        return self.closes(door)


def kinds(wanted):
    """The kinds of the records among effects."""
    return [effect.kind for effect in wanted if isinstance(effect, effects.Record)]


def pulses(wanted):
    """The doors pulsed among effects."""
    return [effect.door for effect in wanted if isinstance(effect, effects.Unlock)]


def sounds(wanted):
    """The sounds made among effects."""
    return [effect.sound for effect in wanted if isinstance(effect, effects.Beep)]
