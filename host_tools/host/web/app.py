"""The pages: what is asked for by which path, and what of it is looked up."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from host_tools.errors import UserError
from host_tools.host.figures import Figures, figures, is_serving
from host_tools.host.ledger.actors import ITSELF, Actor
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.keyless import open_keyless
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.web import hooks, metrics, sign_in
from host_tools.host.web.console import acts, alive, door, looking, needs, parcels, residents, sites, stream
from host_tools.host.web.courier import pages as courier
from host_tools.host.web.entrance import Entrance
from host_tools.host.web.guard import Guard
from host_tools.host.web.hooks import Hook, Tap
from host_tools.host.web.look import assets, gallery, views
from host_tools.host.web.questions import Questions
from host_tools.host.web.resident import parcel
from host_tools.host.web.settings import Counted

_LOOK_S = 5.0  # for which a look into the ledger is waited
_FIGURES_KEPT_MS = 2_000  # several who ask at once are told the same
_UNREADABLE = "the ledger cannot be read: `ansim doctor` on that host says why"
_UNSERVED = "the server has not said for 15 s that it runs"

_T = TypeVar("_T")


class Pages:
    """What the pages stand on: the ledger, read in a thread of its own, and what the server counts."""

    def __init__(
        self,
        data: Path,
        server: str,
        clock: Callable[[], int] = now_ms,
        hook: Hook | None = None,
        tap: Tap | None = None,
        questions: Questions | None = None,
        *,
        is_plain: bool = False,
    ) -> None:
        self.counted = Counted()
        self.questions = questions or Questions(lambda _line: None)
        self.entrance = Entrance(data, self.questions, self.looked, clock, is_plain=is_plain)
        self.hook, self.tap, self.clock = hook, tap, clock
        self.live = stream.Live(self, (needs.BAR, needs.PART, alive.part(data)), sites.part)
        self._data = data
        self._server = server
        self._reader: Ledger | None = None
        self._writer: Ledger | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._writing = ThreadPoolExecutor(1, "writing")  # a writer waits for others, readers do not
        self._looking = asyncio.Lock()
        self._figures: tuple[int, Figures] | None = None

    def close(self) -> None:
        """Waits for nothing."""
        self.entrance.close()
        self.live.close()
        for thread in (self._thread, self._writing):
            thread.shutdown(wait=False, cancel_futures=True)
        for ledger in (self._reader, self._writer):
            if ledger is not None:
                ledger.close()

    async def reasons(self) -> list[str]:
        """Why the service is not ready, in words for anybody; none when it is."""
        try:
            serves = await self.looked(lambda ledger: is_serving(ledger, self._server, self.clock()))
        except (UserError, OSError, TimeoutError):
            return [_UNREADABLE]
        return [] if serves else [_UNSERVED]

    async def figures(self) -> Figures | None:
        """What the service counts, at most two seconds old; None while the ledger cannot be read."""
        async with self._looking:
            at_ms = self.clock()
            if self._figures is None or not 0 <= at_ms - self._figures[0] < _FIGURES_KEPT_MS:
                try:
                    found = await self.looked(lambda ledger: figures(ledger, self._server, at_ms))
                except (UserError, OSError, TimeoutError):
                    return None
                self._figures = at_ms, found
            return self._figures[1]

    async def written(self, work: Callable[[Ledger], _T], actor: Actor = ITSELF) -> _T:
        """What comes of some work with a ledger that can be written, for whoever acts. Raises UserError."""

        def done() -> _T:
            if self._writer is None:
                self._writer = open_keyless(self._data, writes=True)
            return work(self._writer.acted_by(actor))

        return await asyncio.get_running_loop().run_in_executor(self._writing, done)

    async def looked(self, look: Callable[[Ledger], _T], thread: ThreadPoolExecutor | None = None) -> _T:
        """What a look finds, in that thread or the readers'. Raises UserError, or TimeoutError for one that
        takes too long.
        """

        def work() -> _T:
            if self._reader is None:
                self._reader = open_keyless(self._data, writes=False)
            return look(self._reader)

        looked = asyncio.get_running_loop().run_in_executor(thread or self._thread, work)
        async with asyncio.timeout(_LOOK_S):
            return await looked

    async def seen(self, look: Callable[[Ledger], _T], actor: Actor) -> _T:
        """What a look finds of that which an account sees. Raises as `looked`."""
        return await self.looked(lambda ledger: look(ledger.acted_by(actor)))


def app(pages: Pages, names: Collection[str], tell: Callable[[Exception], None]) -> ASGIApp:
    """All of it, behind its guard: `names` are this host's, `tell` takes the faults of a page."""
    return Guard(Router(routes(pages), redirect_slashes=False, default=_nowhere), names, tell)


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """An address that is mistyped is told so by a page."""
    answer = views.page(views.reader_of(Request(scope)), "refusal.html", status=404)
    await answer(scope, receive, send)


def routes(pages: Pages) -> list[Route]:
    """Each path that is answered."""

    async def lives(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(_request: Request) -> Response:
        reasons = await pages.reasons()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def measured(_request: Request) -> Response:
        text = metrics.exposition(await pages.figures(), pages.counted)
        return Response(text, media_type=metrics.MEDIA_TYPE)

    found = [Route("/livez", lives), Route("/readyz", ready), Route("/metrics", measured)]
    found += [*assets.ROUTES, *views.ROUTES, *gallery.ROUTES, *sign_in.routes(pages)]
    for view in (needs, acts, alive, stream, courier, parcel, looking, door, sites, parcels, residents):
        found += view.routes(pages)
    return found + hooks.routes(pages.hook, pages.tap, pages.written, pages.clock)
