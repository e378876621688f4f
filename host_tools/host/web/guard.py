"""What every request passes: who may be asked for, how much may be sent, what every answer says."""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from host_tools.errors import UserError

BODY_BYTES_MAX = 65_536
HEAD_BYTES_MAX = 16_384  # of an address and headers
_ANSWER_S = 15.0
LASTS = "ansim.lasts"  # of a scope: its answer goes on, as streams do, and no time ends it
_BOUND = "ansim.bound"
_READING = ("GET", "HEAD", "OPTIONS")
_NOBODY = "null"

#: A page of ours loads nothing from elsewhere, is shown in nobody's frame, and is kept by nobody.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types ansim",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that read no frame-ancestors
    "X-Robots-Tag": "noindex",
}


class TooLargeError(Exception):
    """A body has more bytes than a request may have."""


class Guard:
    """Stands before the pages. `names` are this host's; `tell` takes what goes wrong in them.

    A name that is none of them is refused, so that no page of a stranger's can have its visitors' browsers
    talk to this host under a name of its own (DNS rebinding). An address is nobody's name. Nor may a page of
    another site have a browser send anything here: each form's own token is the second bar, not the first.
    """

    def __init__(self, inner: ASGIApp, names: Collection[str], tell: Callable[[Exception], None]) -> None:
        self._inner = inner
        self._names = {"localhost", *(name.lower() for name in names)}
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        began = False

        async def answer(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        async def instead(status: int, words: str, more: dict[str, str] | None = None) -> None:
            if not began:
                await PlainTextResponse(f"{words}\n", status, more)(scope, receive, answer)

        headers = Headers(scope=scope)
        head = len(scope["path"]) + len(scope["query_string"])
        if not self._is_ours(headers.get("host", "")):
            await instead(421, "This host has another name: --web-name tells it one more.")
        elif head + sum(len(name) + len(value) for name, value in headers.raw) > HEAD_BYTES_MAX:
            await instead(431, f"The head of that request has more than {HEAD_BYTES_MAX} bytes.")
        elif int(headers.get("content-length", "0")) > BODY_BYTES_MAX:
            await instead(413, f"That is more than {BODY_BYTES_MAX} bytes.")
        elif "content-length" in headers and "transfer-encoding" in headers:  # each end may believe another
            words = "A request has a length or is sent in chunks, not both."
            await instead(400, words, {"Connection": "close"})
        elif "\0" in scope["path"] or b"%00" in scope["query_string"]:
            await instead(404, "There is nothing.")
        elif _is_of_another_site(scope["method"], headers):
            await instead(403, "Another site's page has sent that: open this host's own page.")
        else:
            try:
                async with asyncio.timeout(_ANSWER_S) as scope[_BOUND]:
                    await self._inner(scope, _bounded(receive), answer)
            except TooLargeError:
                await instead(413, f"That is more than {BODY_BYTES_MAX} bytes.")
            except ClientDisconnect:
                return
            except TimeoutError:
                await instead(503, "That took too long: try again later.")
            except UserError:  # the ledger is locked, away or full: whoever asked will ask again
                await instead(503, "The ledger cannot be used now: try again later.")
            except Exception as error:  # told by its place, without what was asked
                self._tell(error)
                await instead(500, "Something is wrong here: the operator was told.")

    def _is_ours(self, host: str) -> bool:
        return _name_of(host) in self._names or is_address(host)


def lasts(scope: Scope) -> None:
    """Has an answer go on without an end: whoever calls it bounds what a client may keep."""
    scope[LASTS] = True
    bound: asyncio.Timeout | None = scope.get(_BOUND)
    if bound is not None:
        bound.reschedule(None)


def is_address(host: str) -> bool:
    """Whether a Host header has an address, or this machine's own name, and no name that TLS could prove."""
    name = _name_of(host)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    return True


def _is_of_another_site(method: str, headers: Headers) -> bool:
    """Whether a browser sends something here for a page of another site (Fetch Metadata, W3C). One that does
    not say so names that site (Origin, RFC 6454), or nothing where its page tells nobody where it is from.
    """
    if method in _READING:
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin", _NOBODY)
    return origin != _NOBODY and origin.lower().partition("://")[2] != headers.get("host", "").lower()


def _name_of(host: str) -> str:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    return name.lower()


def _bounded(receive: Receive) -> Receive:
    """The same, until too much has come."""
    count = 0

    async def bounded() -> Any:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > BODY_BYTES_MAX:
            raise TooLargeError
        return message

    return bounded
