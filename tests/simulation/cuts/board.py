"""The firmware of one cabinet without its shell's hardware:
the real Cabinet, State and Store, wired as shell.app wires them.

All of it is lost with the power.
Whatever people and the host do reaches it through `tell`, `wait` and `hear`.
"""

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from locker.contract import records, tickets
from locker.contract.codes import RULE
from locker.core import effects, events, keypad
from locker.core.cabinet import Cabinet
from locker.core.secrets import Secrets
from locker.core.state import RESERVE, State
from locker.shell import identity as identities
from locker.shell.journal import JournalFull
from locker.shell.second_copy import pair
from tests.simulation.cuts import laws
from tests.simulation.cuts.flash import TornFlash
from tests.simulation.cuts.opened import SLOTS, OpenedJournal
from tests.simulation.cuts.written import Written
from tests.simulation.stage import IDENTITY

if TYPE_CHECKING:
    from tests.simulation.cuts.world import World

SIZES = "SSML"
NUMBERS = tuple(range(1, len(SIZES) + 1))
WHO = identities.from_json(IDENTITY)
SECRETS = identities.secrets(WHO, [(1, 0, RULE)], [0])


def code_key(epoch: int) -> bytes:
    """K_code of an epoch."""
    return SECRETS.code_key if epoch == SECRETS.epoch else b"c%31d" % epoch


def rule_of(epoch: int) -> int:
    """The rule of codes and tails of an epoch: the old one in each second."""
    return epoch & 1


def ticket_key(generation: int) -> bytes:
    """K_ticket of a generation."""
    return tickets.ticket_key(WHO.ticket_secret, generation)


def _present(epochs: list[tuple[int, int, int]], generations: list[int]) -> Secrets:
    """What a board of that epoch knows, with the keys of all epochs before it."""
    epoch, _, rule = epochs[-1]
    old = {earlier: (earlier, code_key(earlier), its_rule) for earlier, _, its_rule in epochs[:-1]}
    keys = {generation: (ticket_key(generation), RULE) for generation in generations}
    return SECRETS._replace(epoch=epoch, code_key=code_key(epoch), old=old, rule=rule, ticket_keys=keys)


_START_MS = 300  # from power to the first step
_KEY_MS = 100  # from one key to the next
_SPRING_MS = 150  # from the coil's start to the door's leap
_PULSE_MS = 400
_LINK_MS = 200  # to the host and back
_MEETING_MS = 1200  # of host and board, after a start
_QUIET_MS = 5000
_BATCH = 8


class WatchedStore(OpenedJournal):
    """The journal; what it was asked to write, and what it said it has written, is noted outside."""

    def __init__(self, flash: TornFlash, fold: Callable, carry: Callable, written: Written) -> None:
        self._written = written
        self._chip = flash
        super().__init__(flash, fold, carry)

    def append(self, kind, door, uptime, a, b):
        self._written.begins(kind, door, a, b)
        record = super().append(kind, door, uptime, a, b)
        self._written.ends(record)
        return record

    def leap(self) -> None:
        """Ages the journal: takes the rest of the newest block for full."""
        self._used = SLOTS
        self._chip.leapt |= {self._head}


class Board:
    """A board that has power; raises PowerFailed when that goes."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.now = _START_MS
        self.last: dict[type, Any] = {}  # the last effect of each type
        self.coil = 0
        self.presses = 0  # what people have asked of it since it started
        self.opened: dict[int, int] = {}  # doors, and `presses` when they last opened
        self.compared: set[int] = set()  # doors whose code was derived for the present event
        self._key_ms = 0
        self._wake_ms: int | None = None
        self._order = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self.state = State(NUMBERS)
        self.cabinet = Cabinet(
            tuple(zip(NUMBERS, SIZES, strict=True)), _present, self.state, self._spent, world.rng.randrange
        )
        self.journal = WatchedStore(world.flash, self.state.apply, self.state.carried, world.written)
        pair(world.flash.marks, self.journal, self.state)

    def boot(self) -> None:
        """As App.boot."""
        self._tidy()
        self._perform(self.cabinet.note(records.BOOTED, self.now, records.RESET_POWER, 1))
        sensors = [(number, door.closed, door.seen) for number, door in self.world.doors.items()]
        self._perform(self.cabinet.boot(sensors, self.now))
        self._tidy()
        self._later(_MEETING_MS, self._meet)
        self._later(_QUIET_MS, self._tidy)

    def tell(self, event) -> None:
        """One event, and everything it leads to at once."""
        self.compared.clear()
        self._perform(self.cabinet.handle(event, self.now))
        self._tidy()

    def press(self, keys: str) -> None:
        """Keys, 100 ms apart; waits for the answer to a `#`."""
        for key in keys:
            self.presses += 1
            self._key_ms = self.now
            self._later(_QUIET_MS, self._tidy)
            self.tell(events.KeyPressed(key))
            self.wait(_KEY_MS)
        while self.cabinet.mode == keypad.CHECKING:
            self.wait(250)

    def wait(self, ms: int) -> None:
        """Lets time pass from one thing that is due to the next."""
        end = self.now + ms
        while True:
            at, wake = (self._due[0][0] if self._due else end + 1), self._wake_ms
            if wake is not None and wake <= min(at, end):
                self.now, self._wake_ms = max(self.now, wake), None
                self.tell(events.Woke())
            elif at <= end:
                self.now = max(self.now, at)
                heapq.heappop(self._due)[2]()
            else:
                self.now = end
                return

    def hear(self) -> None:
        """The host hears all there is, and is believed when it says so, as shell.link does it."""
        host = self.world.host
        while True:
            tail = self.journal.events_from(self.journal.acknowledged + 1, _BATCH)
            if not tail:
                self._obey()
                return
            host.take(tail)
            laws.require(
                self.journal.acknowledge(host.last, self.now // 100),
                "an acknowledgement is believed",
                host.last,
            )
            self.tell(events.HostAcknowledged(host.last))

    def _obey(self) -> None:
        """The host says its orders twice, as one does that got no answer."""
        for order in self.world.host.open_orders() * 2:
            self.tell(order)

    # As shell.app

    def _spent(self, serial):
        return self.journal.spent(*self.state.spent_bit(serial))

    def _record(self, effect):
        try:
            return self.journal.append(effect.kind, effect.door, self.now // 100, effect.a, effect.b)
        except JournalFull as error:
            raise laws.LawBroken("the core asks for no record that has no room") from error

    def _perform(self, wanted) -> None:
        last = None
        for effect in wanted:
            kind = type(effect)
            if kind is effects.Record:
                last = self._record(effect)
            elif kind is effects.Spend:
                self.world.written.spends(effect.serial)
                self.journal.spend(*self.state.spent_bit(effect.serial))
                self.world.written.has_spent(effect.serial)
            elif kind is effects.Clear:
                self.journal.clear_spent(effect.generation & 1)
            elif kind is effects.Unlock:
                laws.a_coil_moves_only_for_an_act_of_this_start(self.world, self, effect.door)
                self._pulse(effect.door)
            elif kind is effects.WakeAt:
                self._wake_ms = effect.ms
            elif kind is effects.Send:
                self._send(records.pack(last) if effect.urgent and last else b"")
            self.last[kind] = effect

    @property
    def screen(self) -> int:
        """The number of the text that it shows."""
        return self.last[effects.Show].text

    def _tidy(self) -> None:
        """What App.step does at its end, as long as there is something to do."""
        before = -1
        while before != self.world.flash.operations:
            before = self.world.flash.operations
            self.journal.tidy(self.now // 100, self.now - self._key_ms >= _QUIET_MS and not self.coil)
        wanted = RESERVE * len(NUMBERS)
        self.cabinet.room = self.journal.room(wanted)
        self.cabinet.accepting = self.cabinet.room >= wanted and not self.state.doubt

    def _send(self, urgent: bytes) -> None:
        if self.world.online:
            if urgent:
                self.world.host.take_urgent(urgent)
            self._later(_LINK_MS, self._meet)

    def _meet(self) -> None:
        if self.world.online:
            self.hear()

    def _pulse(self, door: int) -> None:
        self.coil = door
        self._later(_SPRING_MS, lambda: self._springs(door))
        self._later(_PULSE_MS, lambda: self._ends(door))

    def _springs(self, door: int) -> None:
        if self.world.doors[door].springs():
            self.opened[door] = self.presses
            self.tell(events.ContactOpened(door))

    def _ends(self, door: int) -> None:
        self.coil = 0
        self.tell(events.UnlockEnded(door))

    def _later(self, ms: int, act: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (self.now + ms, self._order, act))
