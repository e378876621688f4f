"""Wakes people: makes cases of alarms, writes the pages that are due, and hands them over.

It has a thread, a loop and channel objects of its own, so no letter and no board is in its way. Each page
is a task of that loop: a channel that hangs holds up no other.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Row

from host_tools.errors import UserError
from host_tools.host.care import cases, heartbeat, intake, kinds, paging, tap, uplinks, watch
from host_tools.host.care.heartbeat import Heartbeat
from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import silent
from host_tools.host.notify.alerts import Alerts
from host_tools.host.notify.log import Emit, Occurrence, when_fields
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER, REFUSED, Channel, Message, Receipt
from host_tools.host.notify.wording import STAFF, Facts, Where, notice
from host_tools.host.notify.wording.changed import texts_of
from host_tools.host.notify.wording.texts import BUILT_IN, Texts

PATIENCE_S = 10.0  # for a channel to hand one page over
_LOOK_S = 1.0
_WATCH_MS = 60_000  # how often it is looked for hours without anybody, and for test pages
_TEST_PAGE = "test page"
PAGE = "page"
NOBODY_TOLD = "the page failed, `ansim case show` says why"


class Ways(Protocol):
    """How an address is reached."""

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The channels by their names."""
        ...

    @property
    def cap(self) -> tuple[Channel, str] | None:
        """The channel by which alarms go out as CAP 1.2, and the address there."""
        ...

    def channel_for(self, address: str) -> str:
        """The name of the channel of an address. Raises KeyError when there is none."""
        ...


class OneWay:
    """One channel for all addresses."""

    def __init__(self, channel: Channel) -> None:
        self.cap: tuple[Channel, str] | None = None
        self.channels: Mapping[str, Channel] = {"": channel}

    def channel_for(self, address: str) -> str:
        """That one, whatever the address."""
        return ""


class Work(NamedTuple):
    """What there is to hand over: pages about cases, and test pages."""

    pages: Sequence[Row] = ()
    proofs: Sequence[Row] = ()
    links: Mapping[int, str] = {}  # by the id of a page: where one tap takes its case
    untold: Sequence[Row] = ()  # alarms of which nobody could be told


class Pager:
    """One job, which `run` does until it is cancelled."""

    def __init__(self, ledger: Ledger, ways: Ways, tell: Emit, base: str = "") -> None:
        """`base` is the address of the host's pages as people reach it, empty where there are none."""
        self._ledger = ledger
        self._base = base
        self._ways = ways
        self._tell = tell
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._busy: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._watched_ms: int | None = None
        self._untold: set[tuple[int, int]] = set()  # those that a line has said: case and round
        self._limits: dict[str, asyncio.Semaphore] = {}
        self._heart: Heartbeat | None = None
        self._moved_s = 0.0  # when the server's own loop moved last

    def wake(self) -> None:
        """An alarm was committed: looks now. Any thread may call it."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(self._news.set)

    async def run(self, thread: ThreadPoolExecutor) -> None:
        """Wakes people until it is cancelled. Raises UserError when the ledger is beyond use."""
        self._ended = False
        work = asyncio.get_running_loop().run_in_executor(thread, lambda: asyncio.run(self._rounds()))
        try:
            while not work.done():
                self._moved_s = time.monotonic()
                await asyncio.wait([work], timeout=_LOOK_S)
            work.result()
        finally:
            self._ended = True
            self.wake()

    async def _rounds(self) -> None:
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        self._busy, self._limits = {}, {}
        beside = [asyncio.ensure_future(self._beat())]
        if self._ways.cap is not None:
            beside.append(asyncio.ensure_future(Alerts(self._ledger, *self._ways.cap).run()))
        try:
            while not self._ended:
                with contextlib.suppress(TransientError):  # the ledger will be back; all is in it
                    watches = self._is_time_to_watch()
                    work = await asyncio.to_thread(look, self._ledger, now_ms(), watches, self._base)
                    self._begin(work)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):  # wait_for may swallow the end, before Python 3.12
                        await self._news.wait()
                self._news.clear()
        finally:
            self._loop = None
            for one in beside:
                one.cancel()

    async def _beat(self) -> None:
        """Lets the outside monitor hear, each minute, that the server lives."""
        while True:
            began_s = time.monotonic()
            try:
                url = heartbeat.url_of(self._ledger.data)
                if url is not None:
                    self._heart = self._heart or Heartbeat(self._ledger, self._say)
                    moved = began_s - self._moved_s < heartbeat.EVERY_S
                    await self._heart.beat(url, now_ms(), is_moving=moved)
            except UserError as user_error:  # of its file
                self._say(str(user_error))
            await asyncio.sleep(heartbeat.EVERY_S)

    def _say(self, words: str) -> None:
        self._tell(Occurrence("heartbeat", detail=words))

    def _is_time_to_watch(self) -> bool:
        at_ms = now_ms()
        since = None if self._watched_ms is None else at_ms - self._watched_ms
        if since is None or not 0 <= since < _WATCH_MS:  # or the clock was put back
            self._watched_ms = at_ms
            return True
        return False

    def _begin(self, work: Work) -> None:
        untold = {(case.id, case.round): case for case in work.untold}
        for name, case in untold.items():
            if name not in self._untold:
                place = {"site": case.site_name, "cabinet": case.cabinet_number, "door": case.door or None}
                self._tell(Occurrence("nobody told", **place, detail=f"case {case.id}: {NOBODY_TOLD}"))
        self._untold = set(untold)
        of_proofs = {("proof", proof.id): self._test(proof) for proof in work.proofs}
        of_pages = {(PAGE, page.id): self._page(page, work.links.get(page.id, "")) for page in work.pages}
        for name, job in (of_pages | of_proofs).items():
            if name in self._busy:
                job.close()
                continue
            task = self._busy[name] = asyncio.ensure_future(job)
            task.add_done_callback(lambda _, name=name: self._busy.pop(name, None))

    async def _page(self, page: Row, link: str) -> None:
        made = message_of(page, texts_of(self._ledger.data), link)
        receipt = await self._hand_over(page.contact, made)
        await self._note(note_page, page, receipt)
        what = "page handed over" if _is_handed(receipt) else "page waits"
        reason = "" if _is_handed(receipt) else f": {receipt.reason or 'the channel did not take it'}"
        self._tell(Occurrence(what, id=paging.message_id(page), detail=f"case {page.case_id}{reason}"))

    async def _test(self, proof: Row) -> None:
        receipt = await self._hand_over(proof.contact, proof_message(proof, texts_of(self._ledger.data)))
        if _is_handed(receipt):
            await self._note(note_proof, proof, receipt)
        else:
            await asyncio.sleep(PATIENCE_S)  # it is tried again while that makes sense

    async def _note(self, how: Any, row: Row, receipt: Receipt) -> None:
        """Notes what became of a page, as soon as the ledger takes it."""
        while True:
            try:
                await asyncio.to_thread(how, self._ledger, row, receipt, now_ms())
            except TransientError:
                await asyncio.sleep(_LOOK_S)
            else:
                return

    async def _hand_over(self, contact: str, message: Message) -> Receipt:
        """What became of a message; whatever a channel does, there is an answer within PATIENCE_S."""
        try:
            name = self._ways.channel_for(contact)
            channel = self._ways.channels[name]
        except KeyError:
            return Receipt(REFUSED, reason="no channel is for this kind of contact")
        limit = self._limits.setdefault(name, asyncio.Semaphore(channel.parallel))
        async with limit:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    receipts = await channel.deliver([message])
            except TimeoutError:
                return Receipt("", reason=f"the channel did not answer within {PATIENCE_S:.0f} s")
            except OSError as error:
                return Receipt("", reason=error.strerror or type(error).__name__)
            except Exception as error:  # of a channel's own: the next one in order is told
                return Receipt("", reason=f"the channel failed with {type(error).__name__}")
        return receipts.get(message.id, Receipt(""))


def look(ledger: Ledger, at_ms: int, watches: bool = True, base: str = "") -> Work:
    """One look at the ledger at that time (ms since 1970): alarms become cases, what is due is written;
    what there is to hand over. With `watches` also what nobody tells of is looked after. `base` is the
    address of the host's pages, which links are of; without one there are no links.

    Raises UserError where the ledger is away.
    """
    with ledger.reading() as connection:
        if not watches and not _has_work(connection, at_ms):
            return Work(untold=paging.untold(connection))
    with ledger.writing() as connection:
        while intake.take_in(connection, at_ms) == intake.BATCH_MAX:
            pass
        cases.unshelve_due(connection, at_ms)
        if watches:
            cases.give_back_of_gone(connection, at_ms)
            silent.give_back_of_gone(connection, ledger)
            watch.look_for_gaps(connection, at_ms)
            uplinks.look_for_dark_sites(connection, at_ms)
            watch.write_proofs(connection, at_ms)
        paging.write_due(connection, at_ms)
        pages = paging.waiting(connection, at_ms)
        links = {page.id: _link(connection, ledger, page, base) for page in pages} if base else {}
        return Work(pages, watch.waiting_proofs(connection, at_ms), links, paging.untold(connection))


def _link(connection: Connection, ledger: Ledger, page: Row, base: str) -> str:
    token = tap.token(tap.secret(connection, ledger), page)
    if page.tap is None:
        tap.keep(connection, page.id, token)
    return f"{base}/tap/{token}"


def _has_work(connection: Connection, at_ms: int) -> bool:
    return (
        intake.are_waiting(connection)
        or watch.is_due(connection, at_ms)
        or bool(paging.waiting(connection, at_ms))
        or bool(watch.waiting_proofs(connection, at_ms))
    )


def note_page(ledger: Ledger, page: Row, receipt: Receipt, at_ms: int) -> None:
    """Notes what became of a page at that time (ms since 1970). Raises UserError where the ledger is away."""
    with ledger.writing() as connection:
        if _is_handed(receipt):
            paging.handed(connection, page.id, at_ms, receipt.reference)
        elif receipt.state == REFUSED:
            paging.failed(connection, page, at_ms, receipt.reason or "refused")
        else:
            paging.later(connection, page, at_ms, receipt.reason)


def note_proof(ledger: Ledger, proof: Row, _receipt: Receipt, at_ms: int) -> None:
    """Notes that a test page was handed over at that time (ms since 1970).

    Raises UserError where the ledger is away.
    """
    with ledger.writing() as connection:
        watch.proof_handed(connection, proof.id, at_ms)


def _is_handed(receipt: Receipt) -> bool:
    return receipt.state in (HANDED_OVER, DELIVERED)


def message_of(page: Row, texts: Texts = BUILT_IN, link: str = "") -> Message:
    """What a person on call is told of a case; `link` takes it by one tap."""
    if page.step < 0:
        return _loss_message(page, texts)
    first = Moment(page.case_earliest_ms, page.case_latest_ms, page.case_heard_ms)
    moment = Moment(page.earliest_ms, page.latest_ms, page.heard_ms)
    where = Where(page.site_name or "-", page.number or 0, page.case_door)
    is_bell = page.case_kind == kinds.BELL and not page.is_unanswered
    known = page.case_kind if page.case_kind in kinds.KINDS else kinds.OTHER
    known = kinds.ANSWERED_LATE if page.is_unanswered else known
    facts = Facts(number=str(page.case_id), what=known, take=f"ansim case take {page.case_id}", link=link)
    if page.case_times > 1:
        facts = facts._replace(first=first)
    made = notice(
        STAFF,
        "page bell" if is_bell else "page alarm",
        where,
        moment,
        page.language or "",
        zone=page.zone or "",
        facts=facts,
        count=page.case_times,
        texts=texts,
    )
    to = (paging.message_id(page), page.name, page.contact, PAGE)
    return Message(*to, made.text, **when_fields(moment), title=made.title)


def _loss_message(page: Row, texts: Texts) -> Message:
    """What somebody is told who no longer has a case, by another's act."""
    moment = Moment(page.due_ms, page.due_ms, page.due_ms)
    where = Where(page.site_name or "-", page.number or 0, page.case_door)
    known = page.case_kind if page.case_kind in kinds.KINDS else kinds.OTHER
    facts = Facts(number=str(page.case_id), what=known, take=f"ansim case show {page.case_id}")
    of_site = {"zone": page.zone or "", "facts": facts, "texts": texts}
    made = notice(STAFF, "page loss", where, moment, page.language or "", **of_site)
    to = (paging.message_id(page), page.name, page.contact, PAGE)
    return Message(*to, made.text, **when_fields(moment), title=made.title)


def proof_message(proof: Row, texts: Texts = BUILT_IN) -> Message:
    """The daily page with which an account proves that pages reach it."""
    moment = Moment(proof.due_ms, proof.due_ms, proof.due_ms)
    facts = Facts(take=f"ansim oncall prove {proof.code}")
    made = notice(STAFF, "test page", Where("-"), moment, proof.language or "", facts=facts, texts=texts)
    name = sha256(f"test page {proof.account} {proof.day}".encode()).hexdigest()[:32]
    return Message(name, proof.name, proof.contact, _TEST_PAGE, made.text, title=made.title)
