"""A day at one site in virtual time: the host's own server, ledger, post and pages, one board that says what
it is told to, and everything that somebody who is no dispatcher can see of each visit.

Visits come in pairs that differ in who types her safe tail and in nothing else.
"""

import asyncio
import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from host_tools.host.figures import figures
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.dispatch import DURESS
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.log import Occurrence
from host_tools.host.notify.notifier import Message, Receipt
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.host.postman import Desk
from host_tools.host.server import Server, Settings
from host_tools.host.web import metrics
from host_tools.link import messages
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.loop import VirtualTimeLoop
from locker.contract import records
from locker.wire.frame import Decoder
from tests.kit.host_board import Board, InHand, enrol, was_away_for_a_month
from tests.kit.looked_up import LAST_LOOKS, LOOKS, SITE, START_NS, Names
from tests.kit.post import Paper, all_of

HER = "Kim Seo-yeon"
VISIT_US = 2_000_000  # a whole number of the server's rounds, so that each visit finds it alike
DOORS = 12
FOLDED_S = 65  # within which dispatchers are told of alarms that were folded
NOBODYS = 0  # in place of a serial, of what belongs to no visit


class Visit(NamedTuple):
    """A resident collects her parcel. Two of a pair are alike but for `under_duress`."""

    pair: int
    slips: int  # wrong numbers that she types first
    is_urgent: bool  # the board tells of the opening at once, and again in its turn
    after_us: int  # the beginning of the visit
    dispatchers_us: int  # that their channel takes, and hers
    hers_us: int
    under_duress: bool


class Leak(NamedTuple):
    """What goes wrong in a visit under duress, so that somebody could see it: her channel takes longer,
    her letters have other words, alarms go by her channel too, or `act` does something at its end.
    """

    us: int = 0
    words: str = ""
    is_shared: bool = False
    act: Callable[["Day"], None] = lambda _: None


NONE = Leak()


class Seen(NamedTuple):
    """A visit, and what was seen of it by name: facts that are alike or not, and figures."""

    visit: Visit
    facts: dict[str, Any]


def visits(seed: int, pairs: int) -> list[Visit]:
    """Pairs of visits in a random order."""
    chance = random.Random(seed)
    made = []
    for pair in range(pairs):
        one = Visit(
            pair,
            chance.choice((0, 0, 0, 1, 2)),
            chance.random() < 0.3,
            chance.randrange(100_000, 500_000, 50_000),
            chance.choice((1_000, 30_000, 400_000)),
            chance.choice((1_000, 60_000)),
            under_duress=False,
        )
        made += [one, one._replace(under_duress=True)]
    chance.shuffle(made)
    return made


class Post(Paper):
    """A channel that takes as long as the visit says, and keeps what it is given with the instant."""

    def __init__(self, day: "Day", name: str) -> None:
        super().__init__()
        self._day = day
        self._name = name

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        await asyncio.sleep(self._day.takes_us(self._name) / 1e6)
        for message in messages:
            self._day.note(self._name, message._asdict() | {"text": message.text + self._day.leaked.words})
        return all_of(messages)


def at_once(
    loop: asyncio.AbstractEventLoop, _executor: object, act: Callable[..., Any], *arguments: Any
) -> asyncio.Future:
    """What a thread would do is done at this instant: in virtual time nothing else can happen meanwhile."""
    done = loop.create_future()
    try:
        done.set_result(act(*arguments))
    except Exception as error:
        done.set_exception(error)
    return done


class Day:
    """Visits one after the other; `seen` is what was seen of each, `alarms` what dispatchers were told,
    `reminders` what they were told again, for none of them took any.
    """

    def __init__(self, folder: Path, seed: int = 1, leaks: Mapping[int, Leak] | None = None) -> None:
        self._leaks = leaks or {}  # by the number of the pair
        self.leaked = NONE  # now
        self.seen: list[Seen] = []
        self.alarms: list[dict[str, Any]] = []
        self.reminders: list[dict[str, Any]] = []
        self.visit: Visit | None = None
        self.clock = VirtualClock()
        self._folder = folder
        self._random = random.Random(seed)
        self._happened: list[tuple[str, int, Any]] = []
        self._began_us = 0
        self._before: dict[str, Any] = {}
        self._names: dict[int, Names] = {}
        self._brought: list[tuple[int, int]] = []  # when couriers came, by the number of events before

    def note(self, sense: str, what: Any) -> None:
        """Something is seen now, or told to dispatchers."""
        if sense == "dispatchers" and what["kind"] != DURESS:
            self.reminders.append(what)
        elif sense == "dispatchers" and not self.leaked.is_shared:
            self.alarms.append(what)
        else:
            self._happened.append((sense, self.clock.now_us(), what))

    def takes_us(self, name: str) -> int:
        """How long a channel takes now."""
        visit = self.visit
        if visit is None:
            return 0
        return visit.dispatchers_us if name == "dispatchers" else visit.hers_us + self.leaked.us

    def tell(self, told: Occurrence) -> None:
        self.note("line", told.as_json() | {"words": told.in_words()})

    @contextmanager
    def _world(self) -> Iterator[Ledger]:
        with ExitStack() as held:
            hold = held.enter_context
            hold(patch("os.urandom", self._random.randbytes))
            hold(patch("random._urandom", self._random.randbytes))
            hold(patch("time.time_ns", lambda: START_NS + 1000 * self.clock.now_us()))
            hold(patch.object(VirtualTimeLoop, "run_in_executor", at_once))
            hold(patch.object(VirtualTimeLoop, "add_signal_handler", lambda *_: None))
            yield hold(open_ledger(self._folder / "data"))

    def live(self, come: Sequence[Visit]) -> list[Seen]:
        """Lets all of them come; what was seen of each."""
        with self._world() as ledger:
            self.ledger = ledger
            ledger.site(SITE)
            residents.add(ledger, HER, "kim@example.org")
            self.board = Board(enrol(ledger))
            was_away_for_a_month(ledger)  # so that all its letters are what people can have done
            self._serials = _labels(ledger, len(come) + 1)
            with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(self.clock)) as runner:
                runner.run(self._play(come))
        return self.seen

    async def _play(self, come: Sequence[Visit]) -> None:
        self.server = Server(
            self.ledger, Lines.single(Post(self, "letter")), self.tell, Desk(Post(self, "dispatchers"))
        )
        serving = asyncio.ensure_future(self.server.run(Settings(None)))
        await asyncio.sleep(1)
        self._greet()
        come = [
            come[0]._replace(under_duress=False),
            *come,
        ]  # the first one ever is like no other, and left out of what is seen
        for first in range(0, len(come), DOORS):
            await self._bring(first // DOORS + 1, len(come[first : first + DOORS]))
            for visit in come[first : first + DOORS]:
                await self._slot()
                await self._come(visit, *self._waiting.pop())
            await self._slot()
            self._end_visit()
        self._look_back()
        del self.seen[0]
        await asyncio.sleep(FOLDED_S)
        self.server.stop()
        await serving

    async def _slot(self) -> None:
        """Until the next visit may begin: the post has just looked, as it does each second."""
        await asyncio.sleep((VISIT_US - self.clock.now_us() % VISIT_US) / 1e6)
        self.server._postman.mail.set()

    async def _bring(self, counter: int, count: int) -> None:
        """Couriers bring parcels to so many doors."""
        self._brought.append((len(self.board.journal.events), NOBODYS))
        doors = self._random.sample(range(1, DOORS + 1), count)
        self._waiting = [(door, self._serials.pop(), counter) for door in doors]
        for door, serial, _ in self._waiting:
            self._add(records.DEPOSIT_STARTED, door, serial, counter)
            self._add(records.DEPOSITED, door, serial, counter)
        await self._send()

    async def _come(self, visit: Visit, door: int, serial: int, counter: int) -> None:
        self._end_visit()
        self.visit, self._happened = visit, []
        self.leaked = self._leaks.get(visit.pair, NONE) if visit.under_duress else NONE
        await asyncio.sleep(visit.after_us / 1e6)
        self._names[serial] = Names(door, len(self.board.journal.events), now_ms())
        self._began_us = self.clock.now_us()
        for slip in range(visit.slips + 1):
            self._add(records.CODE_TRIED, door, slip + 1, counter)
        how = records.BY_DURESS if visit.under_duress else records.BY_CODE
        opened = self._add(records.PICKUP_OPENED, door, how, counter)
        self._add(records.DOOR_OPENED, door, 0, counter)
        self._add(records.COLLECTED, door, serial, counter)
        if visit.is_urgent:
            self.board.say(messages.Urgent(opened))
            await asyncio.sleep(0.02)
        await self._send()

    def _end_visit(self) -> None:
        """What was seen since it began is what was seen of it."""
        self.leaked.act(self)
        facts = self._looked()
        if self.visit is None:
            return
        names = list(self._names.values())[-1]
        facts = {name: names.plain(value) for name, value in facts.items()}
        kinds: list[str] = []
        for sense, at_us, what in self._happened:
            kind = f"{sense} {what.get('event') or what.get('kind')}"
            name = f"{kind}, {kinds.count(kind) + 1}"
            facts[name] = names.plain(what) | {"instant": at_us - self._began_us, "place": len(kinds)}
            kinds.append(kind)
        self.seen.append(Seen(self.visit, facts))
        self.visit, self.leaked = None, NONE

    def _add(self, kind: int, door: int, a: int, b: int) -> bytes:
        journal = self.board.journal
        journal.uptime = self.clock.now_us() // 100_000 - 10  # it adds a second of its own
        return journal.add(kind, door, a, b)

    # The board

    def _greet(self) -> None:
        self._line = InHand()
        self.board.write = self._hand_over
        session = self.board.session
        session.start(0)
        session.step(0)
        self._hand_over(session.outgoing() or b"")
        self._heard()
        self.board.say(self.board.report())

    def _hand_over(self, frame: bytes) -> None:
        for payload in Decoder().feed(frame):
            self.server._hear(self._line, payload)

    def _heard(self) -> list[tuple]:
        frames, self._line.frames = self._line.frames, []
        said = [self.board.session.accept(payload, 0) for payload in Decoder().feed(b"".join(frames))]
        return [messages.named(one) for one in said if one is not None]

    async def _send(self) -> None:
        """All that is journaled, until the host has it."""
        while self.board.acknowledged < len(self.board.journal.events):
            for heard in self._heard():
                if isinstance(heard, messages.Ack | messages.Resume):
                    self.board.acknowledged = max(self.board.acknowledged, heard.number)
            at = self.board.acknowledged
            self.board.say(messages.Events(self.board.journal.events[at : at + 8]))
            await asyncio.sleep(0.001)
            for heard in self._heard():
                if isinstance(heard, messages.Ack):
                    self.board.acknowledged = heard.number

    # What is seen

    def _looked(self) -> dict[str, Any]:
        """What is new of each look-up since the last time."""
        now = {name: look(self.ledger) for name, look in LOOKS.items()}
        found = figures(self.ledger, self.server._presence.id, now_ms())
        text = metrics.exposition(found, self.server._counted()).decode()
        samples = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        now["metrics"] = {name: round(float(value), 3) for name, _, value in samples}
        new: dict[str, Any] = {}
        for name, value in now.items():
            before = self._before.get(name, type(value)())
            if isinstance(value, dict):
                changes = {key: round(number - before.get(key, 0), 3) for key, number in value.items()}
                new[name] = {key: number for key, number in changes.items() if number}
            else:
                new[name] = [one for one in value if one not in before]
        self._before = now
        return new

    def _look_back(self) -> None:
        """What the last looks tell of each visit."""
        begins = sorted([(names.first, serial) for serial, names in self._names.items()] + self._brought)
        for name, look in LAST_LOOKS.items():
            of_visits: dict[int, list[dict[str, Any]]] = {}
            for one in look(self.ledger):
                serial = one.get("serial")
                if serial is None:
                    serial = begins[bisect_left(begins, (one["number"], 0)) - 1][1]
                of_visits.setdefault(serial, []).append(one)
            for seen, (serial, names) in zip(self.seen, self._names.items(), strict=True):
                seen.facts[name] = names.plain(of_visits.get(serial))


def _labels(ledger: Ledger, count: int) -> list[int]:
    """The serials of so many tickets of hers, issued as `ansim ticket new` does, but all at once."""
    first = tickets.issue(ledger, HER, SITE)
    serials = [first.serial, *(first.serial + number for number in range(1, count))]
    with ledger.writing() as connection:
        row = connection.execute(tables.ticket.select()).one()._asdict()
        connection.execute(tables.ticket.insert(), [row | {"serial": serial} for serial in serials[1:]])
    return serials
