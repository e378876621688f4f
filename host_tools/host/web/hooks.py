"""/hooks/CHANNEL: where providers say what became of a message, and /tap/TOKEN: where one who was woken takes
an alarm. What each of them does is handed in; here is what stands before it.
"""

from collections.abc import Awaitable, Callable, Mapping
from html import escape
from ipaddress import IPv6Address, ip_address
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from host_tools.host.ledger.ledger import Ledger
from host_tools.host.parcels.budget import Budget

#: What a hook says of a call: taken, also where it is about nothing that is known; of nobody who may call;
#: of no channel that has a hook; or not understood.
TAKEN, FORGED, UNKNOWN, MALFORMED = 204, 401, 404, 400

BURST = 60  # calls of one network at once; one more comes back each REFILL_MS
REFILL_MS = 500
_TOKEN_MAX = 128

Page = Callable[[Request], Awaitable[Response]]


class Hook(Protocol):
    """Checks who calls and notes what is said; one of TAKEN, FORGED, UNKNOWN, MALFORMED.

    `at_ms` is the host's time (ms since 1970, UTC).
    """

    def __call__(
        self, ledger: Ledger, channel: str, headers: Mapping[str, str], body: bytes, at_ms: int
    ) -> int:
        """See Hook."""
        ...


class Tap(Protocol):
    """Says in words what a link of a message is about, and takes it; None for a token that is none.

    `at_ms` is the host's time (ms since 1970, UTC).
    """

    def show(self, ledger: Ledger, token: str, at_ms: int) -> str | None:
        """What it is about; changes nothing, for mail programs and previews ask, too."""
        ...

    def take(self, ledger: Ledger, token: str, at_ms: int) -> str | None:
        """Takes it; what came of that."""
        ...


Work = Callable[[Callable[[Ledger], Any]], Awaitable[Any]]


def routes(hook: Hook | None, tap: Tap | None, work: Work, clock: Callable[[], int]) -> list[Route]:
    """The paths of what is there. `work` has something done with the ledger, apart from this loop."""
    budget = Budget(BURST, REFILL_MS)
    found = []
    if hook is not None:
        hooked = _budgeted(_hooked(hook, work, clock), budget, clock)
        found.append(Route("/hooks/{channel}", hooked, methods=["POST"]))
    if tap is not None:
        tapped = _budgeted(_tapped(tap, work, clock), budget, clock)
        found.append(Route("/tap/{token}", tapped, methods=["GET", "POST"]))
    return found


def _budgeted(page: Page, budget: Budget, clock: Callable[[], int]) -> Page:
    async def bounded(request: Request) -> Response:
        if budget.take(network_of(request.client.host if request.client else ""), clock()):
            return await page(request)
        return PlainTextResponse("That is too often: try again later.\n", 429, {"Retry-After": "30"})

    return bounded


def _hooked(hook: Hook, work: Work, clock: Callable[[], int]) -> Page:
    async def hooked(request: Request) -> Response:
        channel, body = request.path_params["channel"], await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        status = await work(lambda ledger: hook(ledger, channel, headers, body, clock()))
        return Response(status_code=status)

    return hooked


def _tapped(tap: Tap, work: Work, clock: Callable[[], int]) -> Page:
    async def tapped(request: Request) -> Response:
        token, is_taking = request.path_params["token"], request.method == "POST"
        act = tap.take if is_taking else tap.show
        words = None
        if len(token) <= _TOKEN_MAX:
            words = await work(lambda ledger: act(ledger, token, clock()))
        if words is None:
            return HTMLResponse(_page("This link is not good, or not any more."), 404)
        return HTMLResponse(_page(words, is_open=not is_taking))

    return tapped


def _page(words: str, *, is_open: bool = False) -> str:
    form = '<form method="post"><button>I take it</button></form>' if is_open else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Message</title>'
        f"<p>{escape(words)}</p>{form}</html>\n"
    )


def network_of(address: str) -> str:
    """What an address counts as: of IPv6 its network of 64 bits."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else address
