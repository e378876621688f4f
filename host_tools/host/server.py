"""The server: carriers bring payloads, links prove them, one transaction takes all that has come,
and only then boards are answered.

Two threads keep the loop free: one commits, one hands messages over. While a commit is under way the next one
gathers, so a busy host commits for many boards at once and an idle one at once for each.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from host_tools.errors import UserError
from host_tools.host import answers
from host_tools.host.connections.carriers import Carrier, SerialCarrier
from host_tools.host.connections.links import Link, Links
from host_tools.host.connections.listener import Listener, why_not
from host_tools.host.connections.presence import BEAT_MS, Presence
from host_tools.host.connections.rs485 import SerialBus
from host_tools.host.connections.serial_port import PortMissingError, SerialPort
from host_tools.host.connections.tally import OVERFLOW, Tally
from host_tools.host.couriers import room
from host_tools.host.fleet import generations, orders, remote_opening
from host_tools.host.fleet.inflow import Inflow
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Outcome, Received, turn_of
from host_tools.host.fleet.reconcile import look_again
from host_tools.host.ledger import bounds
from host_tools.host.ledger.aside import UNMET
from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.servers import ALIVE_MS
from host_tools.host.notify.faults import Faults
from host_tools.host.notify.letters import Change
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.log import Emit, Occurrence, of_change
from host_tools.host.pager import Pager, Ways
from host_tools.host.postman import Desk, Postman
from host_tools.host.stays import keeper
from host_tools.host.systemd import READY, STOPPING, Manager
from host_tools.host.upkeep import Upkeep
from host_tools.host.web.keeper import Web, kept
from host_tools.host.web.settings import Counted
from locker.contract.records import COMMAND_APPLIED

DEFAULT_PORT = 26746

_TURN_MAX = 4096  # messages in one transaction
_WAITING_MAX = 20_000  # messages that wait for one; more are dropped, and their boards say them again
_OF_ONE_MAX = 16  # and of one board: it waits for the answer to each, but for copies that cannot wait
_TICK_S = 1.0
_SWITCH_S = 0.001  # how long one thread may keep others from their next step: a commit has many
_ROLL_S = 3600.0  # how often it is looked for epochs that are due
_LEDGER_PAUSE_S = 1.0
_PRESENCE_S = 0.2  # within this the ledger says that a link came up or went down


class Settings(NamedTuple):
    """Where the server listens. `listen` None: on serial ports only; port 0: any free one."""

    listen: tuple[str, int] | None
    serial_ports: Sequence[str] = ()
    baud: int = 115200
    buses: Sequence[str] = ()  # serial ports with an RS-485 bus behind them
    web: Web | None = None  # pages for browsers
    ways: Ways | None = None  # by which people on call are paged; None: nobody is


class Server:
    """One host process. `run` returns when `stop` was called or a signal asked for the end."""

    def __init__(self, ledger: Ledger, lines: Lines, tell: Emit, desk: Desk) -> None:
        self._ledger = ledger
        self._tell = tell
        self._tally = Tally(tell)
        self._links = Links(ledger, tell, self._tally)
        self._presence = Presence(ledger, is_alone=True)
        self._commits = 0
        self._listener = Listener(self._hear, self._links.lost, self._tally)
        self._said: list[tuple[Link, Received]] = []
        self._inflow = Inflow()
        self._waiting: Counter[int] = Counter()  # how many of these are of one board
        self._upkeep = Upkeep(ledger, tell)
        self._postman = Postman(ledger, lines, desk, tell)
        self._pager: Pager | None = None
        self._places: dict[int, Link] = {}  # by the ledger's number of the cabinet
        self._work = asyncio.Event()
        self._news = asyncio.Event()  # a board may have reported an order, and is told the next
        self._stop = asyncio.Event()
        self._failure: UserError | None = None
        self._faults = Faults(tell)

    def stop(self) -> None:
        """Asks for an orderly end."""
        self._stop.set()

    async def run(self, settings: Settings) -> None:
        """Serves. Raises UserError when an address or a port cannot be had, or the ledger is beyond use."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        async with contextlib.AsyncExitStack() as held:
            held.callback(self._listener.close)
            committing = held.enter_context(ThreadPoolExecutor(1, "ledger"))
            posting = held.enter_context(ThreadPoolExecutor(1, "post"))
            held.push_async_callback(self._postman.close)
            dispatching = held.enter_context(ThreadPoolExecutor(1, "dispatch"))
            more: list[Any] = []
            base = ""
            if settings.web is not None:
                here = (self._ledger.data, self._presence.id)
                asked = (self._tell, self._counted, answers.finder(self._ledger))
                pages = held.enter_context(kept(settings.web, *here, *asked))
                more.append(pages.keep)
                base = pages.base
            self._postman.link(base)
            if settings.ways is not None:
                self._pager = Pager(self._ledger, settings.ways, self._tell, base)
                more.append(partial(self._pager.run, held.enter_context(ThreadPoolExecutor(1, "page"))))
            jobs = {"stays": partial(keeper.keep, self._ledger), "upkeep": self._upkeep.run}
            if settings.web is not None:
                jobs["room"] = partial(room.keep, self._ledger)
            for name, job in jobs.items():
                more.append(partial(job, held.enter_context(ThreadPoolExecutor(1, name))))
            await self._open(settings, held)
            manager = Manager(os.environ)
            manager.tell(READY)
            # What was imported lives as long as the server: a collection need not look at it again and again.
            gc.freeze()
            stopping = asyncio.ensure_future(self._stop.wait())
            tasks = [
                asyncio.ensure_future(self._lasting(job))
                for job in (
                    partial(self._commit, committing),
                    partial(self._order, committing),
                    partial(self._postman.deliver, posting),
                    partial(self._postman.dispatch, dispatching),
                    partial(self._postman.watch, posting),
                    partial(self._be_present, committing),
                    self._tick,
                    manager.beat,
                    *more,
                )
            ]
            await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            manager.tell(STOPPING)
            for task in (stopping, *tasks):
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(UserError):  # then its last beat says when it ended
                await asyncio.get_running_loop().run_in_executor(committing, self._presence.end, now_ms())
        for outcome in (self._failure, *ended):
            if isinstance(outcome, Exception):
                raise outcome

    async def _open(self, settings: Settings, held: contextlib.AsyncExitStack) -> None:
        lines = [
            SerialCarrier(port, settings.baud, self._hear, self._lost_line) for port in settings.serial_ports
        ]
        buses = [
            SerialBus(port, settings.baud, self._hear, self._lost_port, self._links.lost)
            for port in settings.buses
        ]
        for port in (*lines, *buses):
            held.callback(port.close)
            port.found = self._found_port
            try:
                port.open()
            except PortMissingError as user_error:  # the others are served meanwhile
                self._tell(Occurrence("serial port waits", detail=str(user_error)))
                port.await_it()
        if settings.listen is None:
            return
        address, number = settings.listen
        try:
            bounds = await self._listener.open(address, number)
        except OSError as error:
            raise UserError(why_not(address, number, error)) from error
        for bound in bounds:
            shown = f"[{bound[0]}]:{bound[1]}" if ":" in bound[0] else f"{bound[0]}:{bound[1]}"
            self._tell(Occurrence("listening", detail=shown, address=bound[0], port=bound[1]))

    async def _lasting(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Does a job that has no end.

        What goes wrong in it is told, and it goes on: one fault must not end the service of all cabinets.
        """
        while True:
            try:
                await job()
            except UserError:
                raise
            except Exception as error:  # an end and a cancellation are no Exception
                self._faults.tell(error)
            await asyncio.sleep(_LEDGER_PAUSE_S)

    # What arrives

    def _hear(self, carrier: Carrier, payload: bytes) -> bool:
        """Takes a payload; whether it was from one of our boards."""
        loop_s = asyncio.get_running_loop().time()
        try:
            heard = self._links.hear(carrier, payload, loop_s)
        except TransientError:  # whoever it was will say it again
            self._tally.count(OVERFLOW)
            return True
        except UserError as user_error:
            self._failure = user_error
            self.stop()
            return True
        except Exception as error:  # whatever a stranger or a board may send, the others are heard
            self._faults.tell(error)
            return False
        if heard is None:
            return False
        link, said = heard
        self._places[link.cabinet] = link
        if said is not None and not self._inflow.admits(said, loop_s):
            self._tally.count(
                OVERFLOW, hint=f"of cabinet {link.number} of {link.site}, which tells more than there can be"
            )
        elif said is not None and (
            len(self._said) >= _WAITING_MAX or self._waiting[link.cabinet] >= _OF_ONE_MAX
        ):
            self._tally.count(OVERFLOW)
        elif said is not None:
            self._said.append((link, said))
            self._waiting[link.cabinet] += 1
            self._work.set()
        return True

    def _found_port(self, port: SerialPort) -> None:
        self._tell(Occurrence("listening", detail=port.port, port=port.port))

    def _lost_port(self, port: SerialPort, reason: str) -> None:
        self._tell(Occurrence("serial port lost", detail=f"{port.name}: {reason}"))

    def _lost_line(self, carrier: SerialCarrier, reason: str) -> None:
        self._lost_port(carrier, reason)
        self._links.lost(carrier)

    # What follows from it

    async def _commit(self, thread: ThreadPoolExecutor) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._said:
                size = turn_of([said for _, said in self._said[:_TURN_MAX]], _TURN_MAX)
                turn, self._said = self._said[:size], self._said[size:]
                self._waiting = Counter(said.cabinet for _, said in self._said)
                self._answer(turn, await self._take(thread, [said for _, said in turn]))

    async def _take(self, thread: ThreadPoolExecutor, said: list[Received]) -> Outcome:
        """Commits, trying again while the ledger is locked, its server away or its disk full:
        nothing is acknowledged before.
        """
        waited = False
        while True:
            try:
                taken = await asyncio.get_running_loop().run_in_executor(thread, take, self._ledger, said)
            except TransientError as user_error:
                if not waited:
                    self._tell(Occurrence("ledger waits", detail=str(user_error)))
                waited = True
            else:
                if waited:  # a commit whose answer was lost has left letters that are not among the news
                    self._postman.mail.set()
                    self._postman.pickups.set()
                return taken
            await asyncio.sleep(_LEDGER_PAUSE_S)

    def _counted(self) -> Counted:
        return Counted(self._commits, dict(self._tally.totals), self._postman.handed_over)

    def _answer(self, turn: list[tuple[Link, Received]], taken: Outcome) -> None:
        self._commits += 1
        self._links.answer(turn, taken)
        if self._pager and any(news.alarm for news in taken.news):
            self._pager.wake()
        for news in taken.news:
            self._tell(self._told(news))
        self._alarm(UNMET, taken.unmet)
        if taken.has_letters:
            self._postman.mail.set()
        if taken.has_pickups:
            self._postman.pickups.set()
        if taken.meetings or any(news.record.kind == COMMAND_APPLIED for news in taken.news):
            self._news.set()

    async def _order(self, thread: ThreadPoolExecutor) -> None:
        """Tells boards what they are ordered to do, at once or within a second, whoever ordered it."""
        loop = asyncio.get_running_loop()
        rolled_s = loop.time() - _ROLL_S
        with contextlib.suppress(TransientError):
            await loop.run_in_executor(thread, look_again, self._ledger)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):  # wait_for may swallow the end, before Python 3.12
                    await self._news.wait()
            self._news.clear()
            try:
                if loop.time() - rolled_s >= _ROLL_S:
                    rolled_s = loop.time()
                    await loop.run_in_executor(thread, orders.roll_epochs, self._ledger, now_ms())
                    await loop.run_in_executor(thread, generations.look_after, self._ledger, now_ms())
                await self._tell_of_floods(thread)
                boards = self._links.in_step()
                if boards:
                    found = await loop.run_in_executor(thread, orders.next_orders, self._ledger, boards)
                    self._links.order(found, loop.time())
                    self._links.say(
                        await loop.run_in_executor(
                            thread, remote_opening.untold, self._ledger, boards, now_ms()
                        )
                    )
            except TransientError:  # told by whoever commits
                continue

    async def _tell_of_floods(self, thread: ThreadPoolExecutor) -> None:
        if not self._inflow.flooding:
            return
        flooding = list(self._inflow.flooding)
        told = await asyncio.get_running_loop().run_in_executor(
            thread, bounds.tell_of_floods, self._ledger, flooding, now_ms()
        )
        for cabinet in flooding:
            self._inflow.flooding.pop(cabinet, None)
        self._alarm(bounds.FLOODS, told)

    def _alarm(self, kind: str, cabinets: Iterable[int]) -> None:
        """Says that something is wrong with these cabinets which no event tells."""
        for link in [self._places[cabinet] for cabinet in cabinets]:
            self._tell(Occurrence("alarm", alarm=kind, site=link.site, cabinet=link.number))

    def _told(self, news: Change) -> Occurrence:
        link = self._places.get(news.cabinet)
        if link is None:  # of a cabinet that another one's event is also about
            cabinet = self._ledger.identity_of(news.cabinet).cabinet
            return of_change(news, cabinet.site, cabinet.number)
        return of_change(news, link.site, link.number)

    async def _be_present(self, thread: ThreadPoolExecutor) -> None:
        """Says in the ledger that this server runs, and what became of its links; tells of other servers."""
        loop = asyncio.get_running_loop()
        known: set[str] = set()
        beat_s = 0.0
        while True:
            changes = dict(self._links.changes)
            if changes or loop.time() - beat_s >= BEAT_MS / 1000:
                try:
                    others = await loop.run_in_executor(thread, self._presence.beat, now_ms(), changes)
                except TransientError:  # told by whoever commits
                    await asyncio.sleep(_LEDGER_PAUSE_S)
                    continue
                beat_s = loop.time()
                for cabinet in [
                    cabinet for cabinet, change in changes.items() if self._links.changes[cabinet] == change
                ]:
                    del self._links.changes[cabinet]
                for other in others:
                    if other.id not in known:
                        self._tell(
                            Occurrence(
                                "another server",
                                detail=f"one on {other.name} said within {ALIVE_MS // 1000} s that it serves "
                                "this ledger too",
                            )
                        )
                known = {other.id for other in others}
            await asyncio.sleep(_PRESENCE_S)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = asyncio.get_running_loop().time()
            with contextlib.suppress(TransientError):  # it looks into the ledger, and will again
                self._links.tick(now_s)
            self._listener.close_idle(now_s)
            self._tally.tick(now_s)


def serve(ledger: Ledger, lines: Lines, tell: Emit, settings: Settings, desk: Desk) -> None:
    """Runs a server until SIGTERM or SIGINT; returns when everything is closed.

    Silent alarms go to `desk` and nowhere else.
    """
    sys.setswitchinterval(_SWITCH_S)

    async def main() -> None:
        await Server(ledger, lines, tell, desk).run(settings)

    asyncio.run(main())
