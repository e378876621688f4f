"""How somebody signs in: password, second factor, a session; what slows who guesses.

A password is compared in a thread of its own, a few at once: a flood of tries is refused, and keeps neither
pages nor boards waiting. The second factor is the server's to judge, who has the key.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from host_tools.errors import UserError
from host_tools.host.accounts import accounts, secrets
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.web.guard import is_address
from host_tools.host.web.questions import BUSY, Questions
from host_tools.host.web.sessions import Session, Sessions

_SECURE_COOKIE, _PLAIN_COOKIE = "__Host-session", "session"
_COMPARED_MAX = 8  # passwords that wait to be compared
_FIELD_MAX = 256  # characters of what is typed

_T = TypeVar("_T")


class Signed(NamedTuple):
    """Who is signed in, and in which session."""

    session: Session
    actor: Actor


class SlowedError(UserError):
    """Too many tries failed; `wait_s` until the next is looked at."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__("That is too often: wait, then try again.")
        self.wait_s = -(-wait_ms // 1000)


class Entrance:
    """The way in. `looked` has the ledger read, apart from the loop; `is_plain`: there is no TLS."""

    def __init__(
        self, data: Path, questions: Questions, looked: Callable, clock: Callable[[], int], *, is_plain: bool
    ) -> None:
        self._data = data
        self._questions, self._looked, self._clock, self._is_plain = questions, looked, clock, is_plain
        self._sessions: Sessions | None = None
        self._noting = ThreadPoolExecutor(1, "sessions")
        self._comparing = ThreadPoolExecutor(1, "passwords")
        self._compared = 0

    def close(self) -> None:
        """Waits for nothing."""
        for thread in (self._noting, self._comparing):
            thread.shutdown(wait=False, cancel_futures=True)
        if self._sessions is not None:
            self._sessions.close()

    async def sign_in(self, name: str, password: str, code: str, address: str) -> Session | None:
        """A new session where all three are right; None says not which was wrong.

        Raises SlowedError, and UserError where the host is busy.
        """
        if max(map(len, (name, password, code))) > _FIELD_MAX:
            return None
        at_ms, names = self._clock(), (f"account {name}", f"network {address}")
        wait_ms = await self._noted(lambda sessions: sessions.wait_ms(*names, at_ms=at_ms))
        if wait_ms:
            raise SlowedError(wait_ms)
        account = await self._compare(lambda ledger: secrets.account_of(ledger, name, password))
        answer = await self._questions.ask("second factor", account=account, code=code)
        if not answer["is_right"]:
            await self._noted(lambda sessions: sessions.failed(*names, at_ms=at_ms))
            return None
        return await self._noted(lambda sessions: sessions.begin(account, at_ms))

    async def set_secrets(self, token: str, password: str, secret: str, code: str) -> None:
        """Sets password and second factor by a link. Raises UserError, and the link stays good."""
        kept = await self._compare(lambda _ledger: secrets.hashed(password))
        await self._questions.ask("set secrets", token=token, password=kept, secret=secret, code=code)

    async def signed(self, request: Request) -> Signed | None:
        """Who asks; None for one who is not signed in, or whose account has ended."""
        token = request.cookies.get(self._cookie(request), "")
        if not token or len(token) > _FIELD_MAX:
            return None
        session = await self._noted(lambda sessions: sessions.find(token, self._clock()))
        if session is None:
            return None
        actor = await self._looked(lambda ledger: accounts.actor_of(ledger, session.account))
        return None if actor is None else Signed(session, actor)

    async def sign_out(self, request: Request, signed: Signed, *, everywhere: bool = False) -> None:
        """Ends the session of a browser, or all of its account."""
        if everywhere:
            await self._noted(lambda sessions: sessions.end_all(signed.session.account))
        else:
            await self._noted(lambda sessions: sessions.end(signed.session.token))

    def give(self, request: Request, answer: Response, session: Session | None) -> None:
        """Has a browser keep the cookie of a session, or forget it (None)."""
        name = self._cookie(request)
        kept = {"secure": name == _SECURE_COOKIE, "httponly": True, "samesite": "strict", "path": "/"}
        if session is None:
            answer.delete_cookie(name, **kept)
        else:
            answer.set_cookie(name, session.token, **kept)

    def _cookie(self, request: Request) -> str:
        """Under a name of this host's it goes over TLS alone (RFC 6265bis, `__Host-`); on an address there is
        no TLS, and it stays on this machine unless told otherwise.
        """
        return (
            _PLAIN_COOKIE if self._is_plain or is_address(request.headers.get("host", "")) else _SECURE_COOKIE
        )

    async def _noted(self, work: Callable[[Sessions], _T]) -> _T:
        def done() -> _T:
            if self._sessions is None:
                self._sessions = Sessions(self._data)
            return work(self._sessions)

        return await asyncio.get_running_loop().run_in_executor(self._noting, done)

    async def _compare(self, work: Callable[[Ledger], _T]) -> _T:
        if self._compared >= _COMPARED_MAX:
            raise UserError(BUSY)
        self._compared += 1
        try:
            return await self._looked(work, self._comparing)
        finally:
            self._compared -= 1
