"""What the browser asks for: the page, its acts, the way to the duty desk.

A form carries a token that no other page can read, and what a browser says of a request's origin is heard, so
that no foreign page presses a key here. Each act is a POST, with a script or without.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from host_tools.demo.web import shown
from host_tools.demo.web.acts import Wish, do
from host_tools.demo.web.desk import Desk
from host_tools.demo.web.visit import Visit
from host_tools.errors import UserError
from host_tools.host.web.console import clock, needs
from host_tools.host.web.forms import form_of
from host_tools.host.web.guard import Guard
from host_tools.host.web.look import assets, views
from host_tools.host.web.look.views import Reader, page, reader_of, rendered

PARTS = ("step", "cabinet", "phone", "desk")
LIVE = "x-live"  # a header of a page that hears what comes of its act anyway
_ACTS_MAX = 16  # that go on at once
_OURS = ("same-origin", "none")

_T = TypeVar("_T")


class Pages:
    """The page of a visit. `language` is what it begins in, where its reader has not chosen."""

    def __init__(self, visit: Visit, desk: Desk, language: str = "") -> None:
        self.visit, self._desk, self._language = visit, desk, language
        self.stir: Callable[[], None] = lambda: None  # something has changed that the cabinet does not tell
        self.token = secrets.token_urlsafe(32)
        self._layout = shown.layout(visit.board)
        self._acting = ThreadPoolExecutor(_ACTS_MAX, "act")
        self._looking = ThreadPoolExecutor(1, "look")
        self._pending = 0

    def close(self) -> None:
        """Waits for nothing."""
        for threads in (self._acting, self._looking):
            threads.shutdown(wait=False, cancel_futures=True)

    async def parts(self, reader: Reader) -> dict[str, str]:
        """Each part of the page, as it is now."""
        return await self._in(self._looking, lambda: self._rendered(reader))

    def reader(self, request: Request) -> Reader:
        """Who reads."""
        return reader_of(request, *filter(None, [self._language]))

    async def show(self, request: Request) -> Response:
        """The whole page."""
        reader = self.reader(request)
        return page(reader, "demo/page.html", {"parts": await self.parts(reader), "token": self.token})

    async def act(self, request: Request) -> Response:
        """Does what a button says."""
        form = await form_of(request)
        is_ours = hmac.compare_digest(form.get("form", "").encode(), self.token.encode())
        if not (is_ours and _is_from_here(request)):
            return PlainTextResponse("That came from another page: load this one anew.\n", 403)
        wish = Wish.of(form.get("do", ""))
        if wish is None:
            return _no_button()
        if self._pending >= _ACTS_MAX:
            return PlainTextResponse("Too much at once: wait a moment.\n", 503)
        self._pending += 1
        try:
            await self._in(self._acting, lambda: do(self.visit, wish))
        except ValueError:
            return _no_button()
        finally:
            self._pending -= 1
        self.stir()
        return Response(status_code=204) if LIVE in request.headers else RedirectResponse("/", 303)

    async def console(self, request: Request) -> Response:
        """Signs the browser in to the console, and sends it there."""
        if not _is_from_here(request):
            return PlainTextResponse("That came from another page: load this one anew.\n", 403)
        try:
            cookies = await self._in(self._acting, self._desk.signed_in)
        except UserError as error:
            return PlainTextResponse(f"{error}\n", 503)
        answer = RedirectResponse(f"{self._desk.base}/console", 303)
        for cookie in cookies:
            answer.headers.append("set-cookie", cookie)
        return answer

    async def layout(self, _request: Request) -> Response:
        """Where each door is."""
        return Response(self._layout, media_type="text/css")

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _rendered(self, reader: Reader) -> dict[str, str]:
        facts = self._facts(reader)
        return {part: rendered(reader, f"demo/{part}.html", facts) for part in PARTS}

    def _facts(self, reader: Reader) -> Mapping[str, Any]:
        visit = self.visit
        seen, call = visit.seen(), visit.call
        leaves = shown.leaves(seen)
        chosen = next((leaf for leaf in leaves if leaf.number == seen.chosen), leaves[0])
        at_ms = needs.now_ms()
        return {
            "token": self.token,
            "seen": seen,
            "state": seen.state,
            "step": seen.step,
            "who": shown.WHO.get(seen.step.what, ""),
            "other": visit.guide.waiting(seen.step.door) if seen.step.what in shown.AT_DOOR else None,
            "do": shown.do_of(seen, call.id if call else ""),
            "leaves": leaves,
            "chosen": chosen,
            "acts": shown.acts_at(chosen),
            "screen": shown.screen(seen.state),
            "keys": visit.keys,
            "resident": visit.resident,
            "can_be_away": visit.can_be_away,
            "title": lambda kind: needs.title_of(kind, reader.words.language),
            "clock": lambda card: clock.clock(card.moment.latest_ms, card.zone, at_ms),
            "time": lambda heard: datetime.fromisoformat(heard).astimezone().strftime("%H:%M:%S"),
        }


def _no_button() -> Response:
    return PlainTextResponse("There is no such button.\n", 400)


def _is_from_here(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "none") in _OURS


def app(pages: Pages, stream: Callable, tell: Callable[[Exception], None]) -> ASGIApp:
    """All of it, behind the guard of all pages: it knows this machine's own names and addresses."""
    routes = [
        Route("/", pages.show, methods=["GET"]),
        Route("/", pages.act, methods=["POST"]),
        Route("/desk", pages.console, methods=["GET"]),
        Route("/stream", stream, methods=["GET"]),
        Route("/cabinet.css", pages.layout, methods=["GET"]),
        *assets.ROUTES,
        *views.ROUTES,
    ]
    return Guard(Router(routes, redirect_slashes=False), (), tell)
