"""The pages of a ledger on a real socket, in this process."""

import asyncio
import socket
import threading
from collections.abc import Callable, Collection
from typing import Any, Self

import httpx
from starlette.types import ASGIApp

from host_tools.host.web.http import Listening

PATIENCE_S = 30.0


class Served:
    """An ASGI application behind uvicorn as the service has it; `client` is a browser."""

    def __init__(self, answer: ASGIApp) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        ready = threading.Event()
        self._listening = Listening(answer, ready.set)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE_S)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.address[1]}", timeout=PATIENCE_S)

    def _run(self) -> None:
        asyncio.run(self._listening.serve([self._socket]))

    @property
    def connections(self) -> Collection[Any]:
        """Those that are open now."""
        return self._listening.server_state.connections

    def connect(self) -> socket.socket:
        """A client that says what a test has it say."""
        return socket.create_connection(self.address, timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()
        self._listening.should_exit = True
        self._thread.join(PATIENCE_S)
        self._socket.close()


def raising(error: Exception) -> None:
    """For pages in which nothing may go wrong."""
    raise AssertionError("a page had a fault") from error


Tell = Callable[[Exception], None]
