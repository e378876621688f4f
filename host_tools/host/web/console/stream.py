"""/console/stream: what changes on the console while somebody looks, as server-sent events (WHATWG, 9.2).

One poller looks at what has changed and has each part drawn once for all who see the same: roles, sites,
residents whom an account is related to, language. What is drawn alike is not sent again. So somebody who may
not hear of silent alarms has the same events at the same times, whether there is one or none.

    event: part     a part as HTML, and what makes a sound
    event: anew     what this account may see has changed: the page is loaded anew
    event: ended    the session is over
    : beat          each 2 s, as long as the ledger was read within 3 s: a page that hears nothing says so
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.accounts.rights import DISPATCHER, right_of
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.news import newest
from host_tools.host.notify import silent
from host_tools.host.web.console.part import Drawn, Part
from host_tools.host.web.entrance import Signed
from host_tools.host.web.guard import lasts
from host_tools.host.web.look.views import Reader, reader_of

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

STREAMS_MAX = 200
STREAMS_OF_ONE_MAX = 16
LOOK_S = 0.5  # from one look to the next
BEAT_S = 2.0
STALE_S = 3.0  # what was read longer ago is not shown as true
CHECK_S = 10.0  # from one look at a session to the next
_SEND_S = 10.0  # for which a client may keep an event waiting
_NOTED_MAX = 4096


class Rights(NamedTuple):
    """What decides what somebody sees: whose are equal see the same."""

    roles: frozenset[str]
    sites: frozenset[int]
    related: frozenset[int]


class _Key(NamedTuple):
    rights: Rights
    language: str
    part: str


class Live:
    """The poller, and those who hear of it. `parts` can be asked for by name, the first is on each page;
    `made` makes others of their names, or says None.
    """

    def __init__(self, pages: "Pages", parts: Sequence[Part], made: Callable[[str], Part | None]) -> None:
        self._pages = pages
        self._parts, self._made = {part.name: part for part in parts}, made
        self._bar = parts[0].name
        self._thread = ThreadPoolExecutor(1, "live")
        self._streams: set[_Stream] = set()
        self._task: asyncio.Task[None] | None = None
        self._fresh_s = 0.0
        self._facts: dict[tuple[Rights, str], tuple[float, Any]] = {}
        self._drawn: dict[_Key, tuple[Any, Drawn]] = {}
        self._noted: dict[tuple[int | None, str], None] = {}

    def close(self) -> None:
        """Waits for nothing."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def part(self, name: str) -> Part:
        """The part of that name. Raises KeyError: a page's own fault."""
        part = self._parts.get(name) or self._made(name)
        if part is None:
            raise KeyError(name)
        return part

    async def answer(self, request: Request) -> Response:
        """A stream, or why there is none: 401 nobody is signed in, 503 there are too many."""
        signed = await self._pages.entrance.signed(request)
        if signed is None or not right_of("case list").roles & signed.actor.roles:
            return PlainTextResponse("Sign in first.\n", 401)
        account = signed.session.account
        its = [stream for stream in self._streams if stream.signed.session.account == account]
        if len(self._streams) >= STREAMS_MAX or len(its) >= STREAMS_OF_ONE_MAX:
            return PlainTextResponse("Too many pages are live: this one asks by itself.\n", 503)
        wanted = request.query_params.get("part", "")
        is_part = wanted in self._parts or self._made(wanted) is not None
        names = [self._bar, *([wanted] if is_part and wanted != self._bar else [])]
        rights = await self._rights(signed.actor)
        return _Answer(self, _Stream(request, signed, rights, reader_of(request), tuple(names)))

    async def drawn(self, signed: Signed, reader: Reader, part: Part) -> list[Drawn]:
        """The bar and a part as they are now, for a page; who is shown silent alarms is noted before."""
        found = []
        for one in (self._parts[self._bar], part):
            facts = await self._looked(one, signed.actor)
            found.append(one.draw(facts, reader, signed.actor.roles))
        shown = {alarm.id: alarm for drawn in found for alarm in drawn.silent}
        if shown:
            await self._note(list(shown.values()), signed.actor)
        return found

    async def follow(self, stream: "_Stream") -> None:
        """Has a stream hear of what changes, until it leaves."""
        self._streams.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._poll())

    def leave(self, stream: "_Stream") -> None:
        """It is told no more."""
        self._streams.discard(stream)

    def is_fresh(self) -> bool:
        """Whether what streams were told is true still. Raises what went wrong in the poller."""
        if self._task is not None and self._task.done():
            self._task.result()
        return asyncio.get_running_loop().time() - self._fresh_s < STALE_S

    async def is_the_same(self, stream: "_Stream") -> str:
        """What has become of a session: nothing (empty), `anew` or `ended`."""
        signed = await self._pages.entrance.signed(stream.request)
        if signed is None:
            return "ended"
        return "" if await self._rights(signed.actor) == stream.rights else "anew"

    async def note(self, drawn: Drawn, actor: Actor) -> None:
        """Notes that somebody is shown silent alarms, each once while this process runs."""
        new = [one for one in drawn.silent if (actor.account, one.id) not in self._noted]
        if new:
            await self._note(new, actor)

    async def _note(self, alarms: Sequence[silent.Silent], actor: Actor) -> None:
        await self._pages.written(lambda ledger: silent.note_look(ledger, alarms), actor)
        self._noted |= dict.fromkeys((actor.account, one.id) for one in alarms)
        while len(self._noted) > _NOTED_MAX:
            del self._noted[next(iter(self._noted))]

    async def _poll(self) -> None:
        loop, known = asyncio.get_running_loop(), None
        while self._streams:
            try:
                found = await self._pages.looked(newest, self._thread)
                await self._tell(is_changed=found != known)
                known, self._fresh_s = found, loop.time()
            except (UserError, OSError, TimeoutError):
                known = None  # no beat goes out, and pages say that they know nothing
            await asyncio.sleep(LOOK_S)
        self._facts.clear()
        self._drawn.clear()

    async def _tell(self, *, is_changed: bool) -> None:
        """Looks at each part that somebody follows, and tells who does. Whoever may not hear of silent alarms
        comes first, so that what dispatchers are told delays nothing.
        """
        now_s = asyncio.get_running_loop().time()
        wanted = {(stream.rights, name): stream for stream in self._streams for name in stream.names}
        for gone in self._facts.keys() - wanted.keys():
            del self._facts[gone]
        for gone in [key for key in self._drawn if (key.rights, key.part) not in wanted]:
            del self._drawn[gone]
        for group in sorted({rights for rights, _ in wanted}, key=lambda rights: DISPATCHER in rights.roles):
            for (rights, name), one in wanted.items():
                part, (looked_s, facts) = self.part(name), self._facts.get((rights, name), (-1e9, None))
                if rights == group and (is_changed or now_s - looked_s >= part.every_s):
                    facts = await self._looked(part, one.signed.actor)
                    self._facts[rights, name] = now_s, facts
            self._offer(group)  # all parts at once: each page is told of them in one go

    def _offer(self, rights: Rights) -> None:
        """Has those who see the same sent what they do not show yet."""
        hears = [(one, name) for one in self._streams if one.rights == rights for name in one.names]
        for stream, name in hears:
            if (rights, name) not in self._facts:
                continue  # it came while others were looked at
            part, (_, facts) = self.part(name), self._facts[rights, name]
            key = _Key(rights, stream.reader.words.language, part.name)
            known = self._drawn.get(key)
            if known is None or known[0] != facts:
                drawn = part.draw(facts, stream.reader, rights.roles)
                self._drawn[key] = facts, known[1] if known and known[1] == drawn else drawn
            stream.offer(self._drawn[key][1])

    async def _looked(self, part: Part, actor: Actor) -> Any:
        at_ms = self._pages.clock()
        return await self._pages.looked(lambda ledger: part.look(ledger.acted_by(actor), at_ms), self._thread)

    async def _rights(self, actor: Actor) -> Rights:
        def related(ledger: Ledger) -> frozenset[int]:
            if actor.account is None:
                return frozenset()
            return sight.related_to(ledger, actor.account)

        return Rights(actor.roles, actor.sites, await self._pages.looked(related, self._thread))


class _Stream:
    """One page that hears of what changes. It keeps the newest of each part, and no more."""

    def __init__(
        self, request: Request, signed: Signed, rights: Rights, reader: Reader, names: tuple[str, ...]
    ) -> None:
        self.request, self.signed, self.rights, self.reader, self.names = (
            request,
            signed,
            rights,
            reader,
            names,
        )
        self.stirred = asyncio.Event()
        self._sent: dict[str, Drawn] = {}
        self._waiting: dict[str, Drawn] = {}

    def offer(self, drawn: Drawn) -> None:
        """Has it sent, unless the page shows just that."""
        known = self._waiting.get(drawn.name) or self._sent.get(drawn.name)
        if known is not drawn:
            self._waiting[drawn.name] = drawn
            self.stirred.set()

    def taken(self) -> list[Drawn]:
        """What is to be sent now."""
        found = [self._waiting[name] for name in self.names if name in self._waiting]
        self._waiting = {}
        self._sent |= {drawn.name: drawn for drawn in found}
        self.stirred.clear()
        return found


class _Answer(Response):
    """The stream as it is answered."""

    def __init__(self, live: Live, stream: _Stream) -> None:
        self._live, self._stream = live, stream
        super().__init__(media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        lasts(scope)
        leaving = asyncio.ensure_future(_left(receive))
        leaving.add_done_callback(lambda _task: self._stream.stirred.set())
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            await self._live.follow(self._stream)
            await self._go_on(leaving, send)
        finally:
            self._live.leave(self._stream)
            leaving.cancel()

    async def _go_on(self, leaving: "asyncio.Future[None]", send: Send) -> None:
        loop, actor = asyncio.get_running_loop(), self._stream.signed.actor
        checked_s = said_s = loop.time()
        token = self._stream.signed.session.form_token
        while True:
            await _within(self._stream.stirred.wait(), said_s + BEAT_S - loop.time())
            if leaving.done():
                return
            if loop.time() - checked_s >= CHECK_S:
                checked_s = loop.time()
                if over := await self._live.is_the_same(self._stream):
                    await _send(send, f"event: {over}\ndata: 1\n\n".encode(), last=True)
                    return
            if found := self._stream.taken():
                for drawn in found:
                    await self._live.note(drawn, actor)
                await _send(send, b"".join(drawn.frame(actor.name, token) for drawn in found))
                said_s = loop.time()
            if loop.time() - said_s >= BEAT_S:
                if self._live.is_fresh():
                    await _send(send, b": beat\n\n")
                said_s = loop.time()


async def _within(waiting: Awaitable[Any], seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await waiting
    except TimeoutError:
        return


async def _send(send: Send, data: bytes, *, last: bool = False) -> None:
    async with asyncio.timeout(_SEND_S):
        await send({"type": "http.response.body", "body": data, "more_body": not last})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def routes(pages: "Pages") -> list[Route]:
    """Its path."""
    return [Route("/console/stream", pages.live.answer)]
