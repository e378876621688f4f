"""What changes, as server-sent events: a part of the page each, as it is now (WHATWG HTML, 9.2)."""

import asyncio
import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from host_tools.demo.web.pages import Pages
from host_tools.host.web.guard import lasts

STREAMS_MAX = 16
BEAT_S = 1.0  # also how often the desk is looked at
_FRAME_S = 0.08
_SEND_S = 10.0


class Streams:
    """All pages that are open. `stir` is for any thread."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.stirred: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stir(self) -> None:
        """Something has changed."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self.stirred:
            event.set()

    async def answer(self, request: Request) -> Response:
        """A stream; refused where there are too many, and that page is loaded anew by its reader."""
        self._loop = asyncio.get_running_loop()
        if len(self.stirred) >= STREAMS_MAX:
            return PlainTextResponse("Too many pages are open.\n", 503)
        return _Stream(self, request)


class _Stream(Response):
    """One of them."""

    def __init__(self, streams: Streams, request: Request) -> None:
        self._streams, self._request = streams, request
        self._stirred = asyncio.Event()
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        lasts(scope)
        leaving = asyncio.ensure_future(_left(receive))
        leaving.add_done_callback(lambda _task: self._stirred.set())
        self._streams.stirred.add(self._stirred)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._go_on(leaving, send)
        finally:
            self._streams.stirred.discard(self._stirred)
            leaving.cancel()

    async def _go_on(self, leaving: "asyncio.Future[None]", send: Send) -> None:
        pages, shown = self._streams.pages, {}
        reader = pages.reader(self._request)
        while not leaving.done():
            self._stirred.clear()
            parts = await pages.parts(reader)
            said = "".join(_event(name, html) for name, html in parts.items() if shown.get(name) != html)
            body = (said or ": beat\n\n").encode()
            async with asyncio.timeout(_SEND_S):
                await send({"type": "http.response.body", "body": body, "more_body": True})
            shown = parts
            await asyncio.sleep(_FRAME_S)
            try:
                async with asyncio.timeout(BEAT_S):
                    await self._stirred.wait()
            except TimeoutError:
                continue


def _event(part: str, html: str) -> str:
    return f"event: part\ndata: {json.dumps({'part': part, 'html': html})}\n\n"


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
