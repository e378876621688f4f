"""HTTP below the pages: uvicorn, with a bound for everything that a client may keep.

a request and its answer   20 s, however slowly it comes or is read; a stream (guard.lasts) bounds itself
a silent connection        5 s behind an answer
connections                256; one more closes the one that has waited longest for a whole request
a request's head           16 KiB while it comes, and in all (guard.py)
a request's body           64 KiB (guard.py)
"""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from host_tools.host.web.guard import HEAD_BYTES_MAX, HEADERS, LASTS

CONNECTIONS_MAX = 256
_EXCHANGE_S = 20.0
_SILENT_S = 5


class Bounded(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._began_s = self.loop.time()
        self._begin()
        if len(self.connections) > CONNECTIONS_MAX:
            waiting = [one for one in self.connections if isinstance(one, Bounded) and one.is_waiting]
            min(waiting, key=lambda one: one.began_s, default=self).transport.abort()

    def send_400_response(self, msg: str) -> None:
        """See H11Protocol: what is no HTTP is answered as all is. Whoever was answered has left then, which
        is no fault of a page.
        """
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        told = {**HEADERS, "Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        headers = [(name.encode(), text.encode()) for name, text in told.items()]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=f"{msg}\n".encode())):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """See H11Protocol: what comes next has its own time."""
        self._begin()
        super().on_response_complete()

    @property
    def began_s(self) -> float:
        """When it came or was answered last, by the loop's clock."""
        return self._began_s

    @property
    def is_waiting(self) -> bool:
        """Whether it is open and no request of it is being answered, or none has come as a whole."""
        is_idle = self.cycle is None or self.cycle.response_complete or self.cycle.more_body
        return is_idle and not self.transport.is_closing()

    def _begin(self) -> None:
        self._began_s = self.loop.time()
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(_EXCHANGE_S, self._over)

    def _over(self) -> None:
        if self.is_waiting or not self.scope.get(LASTS):
            self.transport.abort()


class Listening(uvicorn.Server):
    """Answers on sockets that are bound already; `ready` is called when it does."""

    def __init__(self, answer: Any, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                answer,
                http=Bounded,
                ws="none",
                loop="asyncio",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips=["127.0.0.1", "::1"],
                timeout_keep_alive=_SILENT_S,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """See uvicorn.Server."""
        await super().startup(sockets)
        self._ready()
