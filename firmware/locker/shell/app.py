"""The app: one loop, one step each 20 ms,
that carries what happened to the core and the core's effects to the drivers and the journal.
"""

import gc

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import effects, events
from locker.core.cabinet import Cabinet
from locker.core.state import RESERVE, TAKING, State
from locker.shell import identity as identities
from locker.shell.journal import Journal, JournalError, JournalFull
from locker.shell.link import Link
from locker.shell.locks import Locks
from locker.shell.page import Page
from locker.shell.pause import pause, resume
from locker.shell.peripherals import BELL, DARK, TAMPER, Peripherals
from locker.shell.random import Random
from locker.shell.reach import Reach
from locker.shell.second_copy import first, leave_out, pair
from locker.wire import messages
from locker.wire.frame import Decoder
from locker.wire.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.core.secrets import Secrets
    from locker.drivers.inputs import Inputs
    from locker.drivers.keypad import Keypad
    from locker.hal.seam import Carrier, Hal
    from locker.shell.identity import Identity

    OfDoor = Callable[[int], events.Event]  # makes an event of a door's number

_STEP_MS = const(20)
_QUIET_MS = const(5000)
_KEYS = b"0123456789*#ABCD"  # bits of KEYS_LEFT_OUT
_WATCHDOG_MS = const(8000)
_DARK_STEPS = const(60)  # 1.2 s: longer than it goes unnoticed that the lamp's expander was reset
_HOUR_MS = const(3600000)
_LONG_AGO_MS = const(-5000)  # for what was not asked for in time
_PARTS = const(7)  # of PART_FAILED, and one more
_BOOTS_MAX = const(10)  # that are journaled at once, until one has lasted for an hour
# Which firmware this is: 20 bits of its digest, put in by what links it (none in the sources), and below
# them, in 8 bits, what it knows: from 2 on it knows rule 1 of codes and tails,
# and generations of ticket keys.
BUILD = const(0x10000002)
IN_SERVICE = "In service"  # what the tools at the other end of the console wait for


class App:
    """One cabinet at work. `identity` is a shell.identity.Identity, `network` the object of network.json.

    Raises JournalError when there is no journal or it cannot serve.
    """

    def __init__(self, hal: "Hal", identity: "Identity", network: "dict[str, Any]") -> None:
        self._hal = hal
        self._identity = identity
        self._peripherals = Peripherals(hal)
        self._locks = Locks(hal, self._peripherals, hal.board.pulse_ms, self._handle, self._warn, self._fail)
        self._page = Page(hal, self._peripherals.screen, network, self._fail)
        self._network: "Any" = network
        carrier = self._carrier()
        sizes = [(door.number, door.size) for door in hal.board.doors]
        low = bytes([door.number for door in hal.board.doors if door.low])
        if carrier:
            hal.board = self._network = None  # all is connected: its room is for the rest
        self._state = State(self._peripherals.numbers, 1, identity.rule, identity.generation)
        self._cabinet = Cabinet(sizes, self._derive, self._state, self._spent, self._draw, low)
        self._reach = Reach(self._peripherals, self._cabinet, self._handle, self._warn)
        try:
            flash = hal.journal()
        except OSError:
            raise JournalError(
                "The flash has no journal partition: flash the partition table of boards/."
            ) from None
        self._journal = Journal(flash, self._state.apply, self._state.carried)
        self._locks.recount(self._journal)
        self._marks = flash.marks
        pair(flash.marks, self._journal, self._state)
        identities.refuse_unknown(self._state.rules.values())
        self._resumed = resume(hal, self._journal)
        unique = hal.uid() + b"%d %d" % (self._journal.boot, self._journal.next_number)
        self._random = Random(flash.marks, identity.master_secret, unique, hal.entropy)
        # A bit for each part whose failure is to be told.
        self._failed = self._peripherals.mute << records.BEEPER
        self._is_said = bool(self._resumed)  # that the board has booted
        self.serves = False  # its start is over
        session = Session(identity.master_secret, identity.board_id, identity.alias, self._random.draw)
        host = self._report, self._status, self._handle, hal.set_clock, self._carrier, self._fail_link
        self._link = Link(carrier, Decoder(), session, self._journal, *host)
        self._wake_ms = None
        self._key_ms = 0
        self._dark = 0  # steps in which the lamp was switched on and drew no current, up to now
        # Of the keypad; which of _KEYS type nothing; of which the journal has it.
        self._stuck = self._keys = self._told_keys = 0
        self._quiet_ms = {}  # by kind, or below 0 by part or I2C address: until when it is told already

    def _carrier(self) -> "Carrier | None":
        """The way to the host; None when it cannot be opened."""
        try:
            return self._hal.carrier(self._network, self._draw)
        except Exception as error:  # whatever is wrong with a link, the doors work
            print("No link:", repr(error))
            return None

    def _derive(self, epochs: "list[tuple[int, int, int]]", generations: "list[int]") -> "Secrets":
        return identities.secrets(self._identity, epochs, generations)

    def _spent(self, serial: int) -> bool:
        return self._journal.spent(*self._state.spent_bit(serial))

    def _draw(self, sides: int) -> int:
        return self._random.below(sides)

    def _report(self) -> "messages.Typed":
        """A boot that the host hears of is journaled: its number is given to no other one."""
        self._say_boot(self._hal.now_ms())
        journal = self._journal
        return (
            messages.REPORT,
            self._identity.board_id,
            journal.incarnation,
            self._state.epoch,
            journal.next_number,
            journal.acknowledged,
            journal.tag,
            self._state.command + 1,
            journal.boot,
            BUILD,
            journal.since + self._hal.now_ms() // 100,
            int.from_bytes(self._hal.uid(), "big"),
        )

    def _status(self) -> "messages.Typed":
        peripherals = self._peripherals
        uptime = self._journal.since + self._hal.now_ms() // 100
        return (
            messages.STATUS,
            uptime,
            self._journal.next_number,
            peripherals.contacts.state,
            peripherals.occupancy.state,
        )

    def boot(self) -> None:
        """Journals the boot and lets the core resolve what it was cut off in; no coil moves."""
        now_ms = self._hal.now_ms()
        self._tidy(now_ms, False)
        # Its number then has to tell this boot from others.
        if self._state.boots < _BOOTS_MAX or not self._random.kept:
            self._say_boot(now_ms)
        elif self._resumed is None:
            leave_out(self._marks, 1)
        self._perform(self._cabinet.boot(self._reach.sensed(), now_ms), now_ms)
        if not self._hal.calibrated and first(self._marks, records.CALIBRATION):
            self._note(records.PART_FAILED, now_ms, records.CALIBRATION)

    def _say_boot(self, now_ms: int) -> None:
        """Journals the boot, unless it is already."""
        if not self._is_said:
            self._is_said = True
            self._note(
                records.BOOTED,
                now_ms,
                self._hal.reset_cause() | max(0, leave_out(self._marks, 0) - 1) << 8,
                BUILD,
            )

    def step(self) -> None:
        """Everything once."""
        now_ms = self._hal.now_ms()
        if now_ms >= _HOUR_MS:
            self._say_boot(now_ms)
        peripherals = self._peripherals
        silent = peripherals.refresh(now_ms)
        self._sense(silent, now_ms)
        self._reach.step(now_ms)
        key = peripherals.keypad.scan(now_ms)
        if key:
            self._key_ms = now_ms
            self._page.press(key)
            self._handle(events.KeyPressed(chr(key)), now_ms)
        if peripherals.keypad.stuck != self._stuck or self._keys != self._told_keys:
            self._leave_out(peripherals.keypad, now_ms)
        self._watch(silent, now_ms)
        ended = self._locks.step(now_ms)
        if ended:
            self._page.repaint(now_ms)
            self._handle(events.UnlockEnded(ended), now_ms)
        if self._wake_ms is not None and now_ms >= self._wake_ms:
            self._wake_ms = None
            self._handle(events.Woke(), now_ms)
        self._link.step(now_ms)
        quiet = now_ms - self._key_ms >= _QUIET_MS and not peripherals.locks.active
        self._page.step(now_ms, self._key_ms, quiet)
        if peripherals.beeper:
            self._without(records.BEEPER, peripherals.beeper.step, now_ms)
        if self._failed:
            for part in range(1, _PARTS):
                if self._failed >> part & 1:
                    self._warn(records.PART_FAILED, now_ms, part, -part)
            self._failed = 0
        self._tidy(now_ms, quiet)

    def _tidy(self, now_ms: int, quiet: bool) -> None:
        """Sees to the room in the journal, and tells the core how much there is."""
        journal, cabinet = self._journal, self._cabinet
        journal.tidy(journal.since + now_ms // 100, quiet)
        wanted = RESERVE * len(self._peripherals.numbers)
        cabinet.room = journal.room(wanted)
        cabinet.accepting = cabinet.room >= wanted and not self._state.doubt
        self._state.number = journal.next_number - 1  # which the host may have raised

    def _leave_out(self, keypad: "Keypad", now_ms: int) -> None:
        """Tells the core which keys type nothing, and the host:
        at once of keys that work again, of others once an hour.
        """
        if keypad.stuck != self._stuck:
            self._stuck = keypad.stuck
            lost = keypad.left_out()
            self._keys = 0
            for bit in range(len(_KEYS)):
                if _KEYS[bit] in lost:
                    self._keys |= 1 << bit
            self._handle(events.KeysLeftOut(lost.decode()), now_ms)
        keys = self._keys
        worse = keys & ~self._told_keys
        if keys != self._told_keys and (not worse or now_ms >= self._quiet_ms.get(records.KEYS_LEFT_OUT, 0)):
            if worse:
                self._quiet_ms[records.KEYS_LEFT_OUT] = now_ms + _HOUR_MS
            self._told_keys = keys
            self._note(records.KEYS_LEFT_OUT, now_ms, keys)

    def _sense(self, silent: int, now_ms: int) -> None:
        peripherals = self._peripherals
        self._handle_moved(
            peripherals.contacts.poll(silent),
            peripherals.contacts,
            events.ContactClosed,
            events.ContactOpened,
            now_ms,
        )
        self._handle_moved(
            peripherals.occupancy.poll(silent), peripherals.occupancy, events.Cleared, events.Occupied, now_ms
        )

    def _watch(self, silent: int, now_ms: int) -> None:
        """The bell, the tamper loop, and the lamp."""
        signals = self._peripherals.signals
        begun = signals.poll(silent) & signals.state
        if begun & BELL:
            self._handle(events.BellPressed(), now_ms)
        if begun & TAMPER:
            self._handle(events.Tampered(), now_ms)
        is_dark = self._peripherals.lit and signals.state & DARK and not self._peripherals.lost
        self._dark = self._dark + 1 if is_dark else 0
        if self._dark == _DARK_STEPS:
            self._warn(records.LAMP_FAILED, now_ms)

    def _handle_moved(self, moved: int, inputs: "Inputs", no: "OfDoor", yes: "OfDoor", now_ms: int) -> None:
        """An event for each door of which an input has just changed, in the order of the doors."""
        if moved:
            for place, door in enumerate(self._peripherals.numbers):
                if moved >> place & 1:
                    self._handle((yes if inputs.state >> place & 1 else no)(door), now_ms)

    def _handle(self, event: "events.Event", now_ms: int) -> None:
        self._perform(self._cabinet.handle(event, now_ms), now_ms)

    def _perform(self, wanted: "list[Any]", now_ms: int) -> None:
        last = None
        for effect in wanted:
            kind = type(effect)
            if kind is effects.Record:
                last = self._record(effect, now_ms)
                if effect.kind == records.DOOR_OPENED and self._state.doors[effect.door].state == TAKING:
                    self._link.soon(now_ms)
            elif kind is effects.Spend:
                self._journal.spend(*self._state.spent_bit(effect.serial))
            elif kind is effects.Clear:
                self._journal.clear_spent(effect.generation & 1)
            elif kind is effects.Unlock:
                self._locks.unlock(effect.door, now_ms if last else _LONG_AGO_MS)
            elif kind is effects.WakeAt:
                self._wake_ms = effect.ms
            elif kind is effects.Send:
                if effect.urgent and last:
                    self._link.urgent(records.pack(last), now_ms)
                if not last or last.kind != records.PICKUP_OPENED:
                    self._link.nudge()
            elif kind is effects.Challenge:
                self._link.queue((messages.CHALLENGE, effect.door, effect.number))
            else:
                self._signal(effect, kind, now_ms)

    def _signal(self, effect: "Any", kind: type, now_ms: int) -> None:
        peripherals = self._peripherals
        if kind is effects.Show:
            self._page.show(effect)
        elif kind is effects.Beep and peripherals.beeper:
            self._without(records.BEEPER, peripherals.beeper.play, effect.sound, now_ms)
        elif kind is effects.Light:
            try:
                peripherals.light(effect.on)
            except OSError:
                return  # its expander is lost for the moment; the next refresh says it again

    def _fail(self, part: int) -> None:
        """A part cannot do what it is there for."""
        self._failed |= 1 << part

    def _fail_link(self) -> None:
        self._fail(records.LINK)

    def _without(self, part: int, act: "Callable[..., object]", *arguments: int) -> None:
        """Has a part act that people can do without;
        what goes wrong there is told, and costs nothing else.
        """
        try:
            act(*arguments)
        except Exception:
            self._fail(part)

    def _record(self, effect: "effects.Record", now_ms: int) -> "records.Record | None":
        """The durable record; None when the journal is full, and no coil moves for it.

        The core sees to it that it is not.
        """
        try:
            journal = self._journal
            return journal.append(effect.kind, effect.door, journal.since + now_ms // 100, effect.a, effect.b)
        except JournalFull:
            return None

    def _note(self, kind: int, now_ms: int, a: int = 0, b: int = 0) -> None:
        """Journals an event of the shell's own, and tells the host."""
        self._perform(self._cabinet.note(kind, now_ms, a, b), now_ms)
        self._link.nudge()

    def _warn(self, kind: int, now_ms: int, a: int = 0, which: "int | None" = None, b: int = 0) -> None:
        """The same, but once an hour at most of a kind, or of `which` of it:
        what is broken may come and go all day.
        """
        which = which or kind
        if now_ms >= self._quiet_ms.get(which, 0):
            self._quiet_ms[which] = now_ms + _HOUR_MS
            self._note(kind, now_ms, a, b)

    def pause(self) -> None:
        """Staff at the cable end this program: they may only want to look. See locker.shell.pause."""
        pause(self._hal, self._journal, self._is_said, self._hal.now_ms())

    async def run(self) -> None:
        """Steps until cancelled. However it ends, every coil is off."""
        try:
            self._hal.scratch(b"")  # from here on this program leaves its own
            feed = self._hal.watchdog(_WATCHDOG_MS)
            self.boot()
            gc.collect()
            self.serves = True
            print(IN_SERVICE)
            while True:
                feed()
                self.step()
                await self._hal.sleep_ms(_STEP_MS)
        finally:
            self._peripherals.locks.all_off()
