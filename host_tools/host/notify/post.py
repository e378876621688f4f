"""The post: hands letters over, each channel at its own pace.

One transaction a round notes what has become of letters and leases more of them; no lock and no transaction
is held while a channel is at work. Each channel has a queue, calls and pauses of its own, and alarms have
these apart from residents' letters, so what hangs, is slow or refuses delays nothing else.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from sqlalchemy import Connection, Row

from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import outbox
from host_tools.host.notify.book import Book
from host_tools.host.notify.deliveries import Key, Outcome, Queue, Result, contact_at, work
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.health import Health
from host_tools.host.notify.leases import SPARE_MS, host_id
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.log import Emit, Occurrence
from host_tools.host.notify.notifier import (
    DELIVERED,
    HANDED_OVER,
    LATER,
    REFUSED,
    Channel,
    Message,
    Receipt,
)
from host_tools.host.notify.outbox import Contact, Maker
from host_tools.host.notify.over import over
from host_tools.host.people.notices import CHANGES

_LOOK_S = 1.0  # how often it is looked for letters that nothing here has written
_GATHER_S = 0.02  # what ends within this is noted in one transaction
_LEDGER_PAUSE_S = 1.0
_AWAY_FIRST_MS, _AWAY_MAX_MS = 2_000, 300_000
_SAY_MS = 30_000  # how often it is told that the letters of one queue wait
STAFF_LOOK = 500  # alarms that one round looks at, to fold them
_END_S = 3.0  # what is handed over at the end of the server may take so long
_DID_NOT = "the channel did not take them"


class _Errand(NamedTuple):
    """A message, and the deliveries that it is."""

    message: Message
    keys: tuple[Key, ...]
    whole: bool
    flow: str  # of an alarm that is folded; empty for others


class _Line:
    """How one queue stands. Times in ms since 1970."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.busy = 0
        self.failures = 0
        self.until_ms = 0  # nothing is handed over before
        self.unsaid = 0
        self.said_ms = 0
        self.reason = ""

    def room(self, at_ms: int) -> int:
        """How many calls may begin; one where the last has failed."""
        if at_ms < self.until_ms:
            return 0
        return max(0, (1 if self.failures else self.channel.parallel) - self.busy)


class Post:
    """Hands letters over. `mail` set: there may be new ones."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        tell: Emit,
        *,
        folds: Folds | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`clock` gives ms since 1970."""
        self._ledger = ledger
        self._routes = lines.routes
        self._lines = {queue: _Line(channel) for queue, channel in lines.channels.items()}
        self._tell = tell
        self._folds = folds or Folds()
        self._clock = clock
        self._book = Book(lines.routes, host_id(ledger.data))
        self._results: list[Result] = []
        self._sent: list[Occurrence] = []  # told once it is noted
        self.health = Health(tell)
        self.base = ""  # the address of the host's pages, for links in letters; empty: there are none
        self._held: set[Key] = set()  # leased, and what became of it is not noted yet
        self._torn = False  # a round has failed, and may have leased what is not held
        self.handed_over = 0  # messages that channels have taken
        self._calls: set[asyncio.Task[None]] = set()
        self._done = asyncio.Event()
        self.mail = self._done
        self.mail.set()  # what an earlier run could not hand over

    async def run(self, thread: Executor | None) -> None:
        """Hands letters over at once or within a second, whoever wrote them, until it is cancelled."""
        await self._again(thread, self.begin)
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):  # wait_for may swallow the end, before Python 3.12
                        await self._done.wait()
                self._done.clear()
                if await self._again(thread, self.round):
                    self._done.set()
                await asyncio.sleep(_GATHER_S)
        finally:
            await asyncio.shield(self._end(thread))

    async def _again(self, thread: Executor | None, work: Callable) -> bool:
        """Does it until the ledger is there; what waits is in it."""
        while True:
            try:
                return await work(thread)
            except TransientError:
                await asyncio.sleep(_LEDGER_PAUSE_S)

    async def _end(self, thread: Executor | None) -> None:
        """What is being handed over may end, and is noted."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=_END_S)
        for call in list(self._calls):
            call.cancel()
        with contextlib.suppress(TransientError):  # then it is leased until the next start
            await self.note(thread)
            for told in self._sent:
                self._tell(told)

    async def note(self, thread: Executor | None = None) -> None:
        """Notes what has become of letters, and begins nothing. Raises TransientError as `round`."""
        await asyncio.get_running_loop().run_in_executor(thread, self._note_all)

    def _note_all(self) -> None:
        results, self._results = self._results, []
        if results or self._torn:
            with self._ledger.writing() as connection:
                self._book.note(connection, results, self._clock())
                if self._torn:
                    self._book.take_back_but(connection, self._held - {result.key for result in results})

    async def begin(self, thread: Executor | None) -> bool:
        """Takes back what an earlier run had in its hands."""
        self._tell_unsure(await asyncio.get_running_loop().run_in_executor(thread, self._begin))
        return False

    def _begin(self) -> int:
        with self._ledger.writing() as connection:
            unsure = self._book.take_back(connection, everyone=self._ledger.is_in_a_file)
        while True:
            with self._ledger.writing() as connection:
                if not self._book.rehome(connection, self._clock()).more:
                    return unsure

    def _tell_unsure(self, count: int) -> None:
        if count:
            told = "were with their channels when their host ended: they go out once more, under the same ids"
            self._tell(Occurrence("letters unsure", detail=f"{count} {told}"))

    async def round(self, thread: Executor | None) -> bool:
        """One transaction, and calls for what it has leased; whether there is more.

        Raises TransientError where the ledger is away; nothing is forgotten then.
        """
        at_ms = self._clock()
        room = {queue: line.room(at_ms) for queue, line in self._lines.items()}
        room = {queue: calls for queue, calls in room.items() if calls}
        results, self._results = self._results, []
        sent, self._sent = self._sent, []
        try:
            work = asyncio.get_running_loop().run_in_executor(thread, self._round, results, room, at_ms)
            outcome, errands = await work
        except BaseException:
            self._results, self._sent = results + self._results, sent + self._sent
            self._torn = True
            raise
        self._torn = False
        self._held -= {result.key for result in results}
        self._held |= {key for its in errands.values() for errand in its for key in errand.keys}
        self._held |= {result.key for result in self._results}
        self._tell_unsure(outcome.unsure)
        self.handed_over += len(sent)
        for told in sent:
            self._tell(told)
        for name in outcome.given_up:
            self._tell(Occurrence("letter given up", id=name))
        for queue, its in errands.items():
            size = self._lines[queue].channel.batch
            for first in range(0, len(its), size):
                self._lines[queue].busy += 1
                call = asyncio.ensure_future(self._call(queue, its[first : first + size]))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
        return outcome.more

    async def settle(self) -> None:
        """Waits for what is being handed over."""
        while self._calls:
            await asyncio.wait(set(self._calls))

    # What a round does, in a thread

    def _round(
        self, results: Sequence[Result], room: Mapping[Queue, int], at_ms: int
    ) -> tuple[Outcome, dict[Queue, list[_Errand]]]:
        if not (results or self._torn):
            with self._ledger.reading() as connection:
                found = work(connection, room, at_ms)
                if not (found.shifts or found.queues):
                    return Outcome(), {}
        with self._ledger.writing() as connection:
            noted = self._book.note(connection, results, at_ms)
            if self._torn:
                self._book.take_back_but(connection, self._held - {result.key for result in results})
            found = work(connection, room, at_ms)
            unsure = self._book.expire(connection, at_ms) if found.expired else 0
            after = self._book.look_after(connection, at_ms) if found.slow else Outcome()
            routed = self._book.route(connection, at_ms) if found.unrouted else Outcome()
            due = work(connection, room, at_ms).queues if found.shifts else found.queues
            chosen = {
                queue: self._chosen(connection, queue, room[queue], at_ms) for queue in room if queue in due
            }
        errands = {queue: self._made(queue, its) for queue, its in chosen.items()}
        given_up = (*noted.given_up, *after.given_up, *routed.given_up)
        return Outcome(given_up, after.more or routed.more, unsure), errands

    def _chosen(
        self, connection: Connection, queue: Queue, calls: int, at_ms: int
    ) -> "list[tuple[list[Row], Contact, dict[int, Row]]]":
        """Leases what is handed over now: bundles of deliveries, with their contact and letters."""
        own = self._lines[queue].channel
        limit = calls * own.batch
        rows = self._book.due(connection, queue, max(limit, STAFF_LOOK) if queue.to_staff else limit, at_ms)
        bundles = self._folded(connection, rows, at_ms) if queue.to_staff else [[row] for row in rows]
        bundles = sorted(bundles, key=lambda its: its[0].letter)[:limit] if queue.to_staff else bundles
        letters = outbox.letters(connection, [row.letter for its in bundles for row in its])
        residents = [row.resident for row in letters.values() if row.resident is not None]
        contacts = outbox.contacts_of(connection, residents)
        chosen = []
        ended = over(connection, letters.values(), at_ms)
        for its in bundles:
            if its[0].letter in ended:
                self._book.drop(connection, its[0], at_ms)
                continue
            resident = letters[its[0].letter].resident
            contact = (
                Contact(0, self._routes.staff.address, True)
                if resident is None
                else contact_at(contacts[resident], its[0].rank, self._routes)
            )
            if contact is None or self._channel_of(queue, contact) != queue.channel:
                # It has changed since: the next one follows, or the same one by its channel.
                channel = "" if contact is None else self._channel_of(queue, contact)
                self._book.move(connection, its[0], channel, at_ms)
                continue
            if len(its) > 1 and its[0].lead is None:
                self._book.lead(connection, its)
            if " " in its[0].flow:
                self._folds.told(its[0].flow, 1, at_ms)
            chosen.append((its, contact, letters))
        until_ms = at_ms + int(own.timeout_s * 1000) + SPARE_MS
        self._book.lease(connection, queue, [row for its, _, _ in chosen for row in its], until_ms)
        return chosen

    def _channel_of(self, queue: Queue, contact: Contact) -> str:
        return self._routes.staff.channel if queue.to_staff else self._routes.channel_for(contact.address)

    def _folded(self, connection: Connection, rows: Sequence[Row], at_ms: int) -> list[list[Row]]:
        """Alarms as they are told now, one by one or several at once; others of them rest."""
        flows: dict[str, list[Row]] = {}
        led: dict[int, list[Row]] = {}
        bundles: list[list[Row]] = []
        for row in rows:
            if row.lead is not None:
                led.setdefault(row.lead, []).append(row)
            elif " " in row.flow:
                flows.setdefault(row.flow, []).append(row)
            else:
                bundles.append([row])
        bundles += led.values()
        for flow, its in flows.items():
            plan = self._folds.plan(flow, its, at_ms)
            bundles += [[row] for row in plan.singly]
            bundles += [list(plan.many)] if plan.many else []
            if plan.waiting:
                self._book.rest(connection, its, at_ms + self._folds.wait_ms(flow, at_ms))
        return bundles

    def _made(
        self, queue: Queue, chosen: "Sequence[tuple[list[Row], Contact, dict[int, Row]]]"
    ) -> list[_Errand]:
        if not chosen:
            return []
        wanted = {row.letter for its, _, _ in chosen for row in its}
        maker = Maker(self._ledger, [chosen[0][2][number] for number in sorted(wanted)], self.base)
        errands: list[_Errand] = []
        unmade: list[Row] = []
        for its, contact, letters in chosen:
            rows = [letters[row.letter] for row in its]
            keys = tuple(Key(row.letter, row.rank) for row in its)
            message = maker.made(rows[0], contact, rows)
            if message is None:
                unmade += rows
                refused = Receipt(REFUSED, reason="it could not be made")
                self._results += [Result(key, False, refused) for key in keys]
                continue
            flow = its[0].flow if " " in its[0].flow else ""
            is_whole = contact.whole or rows[0].kind in CHANGES
            errands.append(_Errand(message._replace(contact=contact.address), keys, is_whole, flow))
        if unmade:
            maker.hold(unmade)
        return errands

    # What a call does, on the loop

    async def _call(self, queue: Queue, errands: Sequence[_Errand]) -> None:
        line = self._lines[queue]
        messages = [errand.message for errand in errands]
        receipts: Mapping[str, Receipt] = {}
        away, fault = "", ""
        try:
            async with asyncio.timeout(line.channel.timeout_s):
                receipts = await line.channel.deliver(messages)
        except TimeoutError:
            away = f"it took longer than {line.channel.timeout_s:.0f} s"
        except OSError as error:  # a full disk, a cut line: all stay in the outbox
            away = error.strerror or "no reason given"
        except Exception as error:  # a fault of a channel is no fault of the letters
            away = fault = f"{type(error).__name__} in the channel"
        finally:
            line.busy -= 1
            self._ended(queue, errands, receipts, away)
            self._done.set()
        if fault:
            self._tell(Occurrence("fault", detail=fault))

    def _ended(
        self, queue: Queue, errands: Sequence[_Errand], receipts: Mapping[str, Receipt], away: str
    ) -> None:
        line, at_ms = self._lines[queue], self._clock()
        pause_ms = None
        if away:
            pause_ms = min(_AWAY_FIRST_MS << min(line.failures, 10), _AWAY_MAX_MS)
            line.failures += 1
            line.until_ms = at_ms + pause_ms
        else:
            line.failures = 0
        states = {receipt.state for receipt in receipts.values()}
        if states & {HANDED_OVER, DELIVERED}:
            self.health.took(queue.channel)
        elif REFUSED not in states:  # a peer that refuses a letter for good is there
            reasons = [receipt.reason for receipt in receipts.values() if receipt.reason]
            self.health.failed(queue.channel, at_ms, away or next(iter(reasons), _DID_NOT))
        for errand in errands:
            receipt = receipts.get(errand.message.id, Receipt(LATER, reason=away or _DID_NOT))
            if receipt.after_s:
                line.until_ms = max(line.until_ms, at_ms + int(receipt.after_s * 1000))
            self._results += [Result(key, errand.whole, receipt, pause_ms) for key in errand.keys]
            if receipt.state in (HANDED_OVER, DELIVERED):
                sent = Occurrence("message sent", id=errand.message.id, detail=errand.message.kind)
                self._sent.append(sent)
                continue
            line.unsaid, line.reason = line.unsaid + 1, receipt.reason or _DID_NOT
            if errand.flow:
                self._folds.told(errand.flow, -1, at_ms)
        if line.unsaid and at_ms - line.said_ms >= _SAY_MS:
            detail = f"{line.unsaid} could not be handed over ({line.reason})"
            self._tell(Occurrence("messages wait", detail=detail))
            line.unsaid, line.said_ms = 0, at_ms
