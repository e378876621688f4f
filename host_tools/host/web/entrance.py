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
from host_tools.host.ledger.names import normal
from host_tools.host.web.guard import is_address
from host_tools.host.web.hooks import network_of
from host_tools.host.web.questions import BUSY, Questions
from host_tools.host.web.sessions import KNOWN_MS, Bound, Session, Sessions

_SECURE = "__Host-"  # begins a cookie that goes over TLS alone (RFC 6265bis)
SESSION_COOKIE, KNOWN_COOKIE = "session", "known"
_NAME_FREE, _NAME_REFILL_MS = 100, 10_000  # tries at a name that fail, from wherever they come
_COMPARED_MAX, _COMPARED_KNOWN_MAX = 8, 12  # passwords that wait to be compared; some of known browsers alone
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

    async def sign_in(
        self, request: Request, answer: Response, name: str, password: str, code: str
    ) -> Session | None:
        """A new session where all three are right, whose cookies go into `answer`; the one that the browser
        had ends. None says not which was wrong. Raises SlowedError, and UserError where the host is busy.
        """
        if max(map(len, (name, password, code))) > _FIELD_MAX:
            return None
        at_ms, known = self._clock(), self._kept(request, KNOWN_COOKIE)
        name = normal(name)

        def bounds_of(sessions: Sessions) -> tuple[int, tuple[Bound, ...]]:
            if sessions.is_known(known, name, at_ms):
                bounds: tuple[Bound, ...] = (Bound(f"browser {known}"),)
            else:
                network = network_of(request.client.host if request.client else "")
                of_name = Bound(f"account {name}", _NAME_FREE, _NAME_REFILL_MS)
                bounds = (Bound(f"network {network}"), of_name)
            return sessions.wait_ms(*bounds, at_ms=at_ms), bounds

        wait_ms, bounds = await self._noted(bounds_of)
        if wait_ms:
            raise SlowedError(wait_ms)
        most = _COMPARED_KNOWN_MAX if len(bounds) == 1 else _COMPARED_MAX  # a flood keeps no owner out
        account = await self._compare(lambda ledger: secrets.account_of(ledger, name, password), most)
        proved = await self._questions.ask("second factor", account=account, code=code)
        if not proved["is_right"]:
            await self._noted(lambda sessions: sessions.failed(*bounds, at_ms=at_ms))
            return None

        def begin(sessions: Sessions) -> tuple[Session, str]:
            sessions.end(self._kept(request, SESSION_COOKIE))
            return sessions.begin(account, at_ms), sessions.know(name, at_ms)

        session, known = await self._noted(begin)
        self._give(request, answer, SESSION_COOKIE, session.token)
        self._give(request, answer, KNOWN_COOKIE, known, KNOWN_MS // 1000)
        return session

    async def set_secrets(self, token: str, password: str, secret: str, code: str) -> None:
        """Sets password and second factor by a link. Raises UserError, and the link stays good."""
        kept = await self._compare(lambda _ledger: secrets.hashed(password))
        await self._questions.ask("set secrets", token=token, password=kept, secret=secret, code=code)

    async def signed(self, request: Request) -> Signed | None:
        """Who asks; None for one who is not signed in, or whose account has ended."""
        token = self._kept(request, SESSION_COOKIE)
        if not token:
            return None
        session = await self._noted(lambda sessions: sessions.find(token, self._clock()))
        if session is None:
            return None
        actor = await self._looked(lambda ledger: accounts.actor_of(ledger, session.account))
        return None if actor is None else Signed(session, actor)

    async def sign_out(
        self, request: Request, answer: Response, signed: Signed, *, everywhere: bool = False
    ) -> None:
        """Ends the session of a browser, or all of its account, and has the browser forget its cookie."""
        if everywhere:
            await self._noted(lambda sessions: sessions.end_all(signed.session.account))
        else:
            await self._noted(lambda sessions: sessions.end(signed.session.token))
        self._give(request, answer, SESSION_COOKIE, "", 0)

    def _give(
        self, request: Request, answer: Response, cookie: str, text: str, kept_s: int | None = None
    ) -> None:
        """Has a browser keep a cookie for so long, or (None) until it is closed."""
        kept = {"httponly": True, "samesite": "strict", "path": "/", "secure": self._is_secure(request)}
        answer.set_cookie(self._name(request, cookie), text, kept_s, **kept)

    def _kept(self, request: Request, cookie: str) -> str:
        """A cookie of ours as a browser sends it; empty where there is none, or what is none of ours."""
        text = request.cookies.get(self._name(request, cookie), "")
        return text if len(text) <= _FIELD_MAX else ""

    def _name(self, request: Request, cookie: str) -> str:
        return _SECURE + cookie if self._is_secure(request) else cookie

    def _is_secure(self, request: Request) -> bool:
        """Whether cookies go over TLS alone: so under a name of this host's. On an address there is no TLS,
        and it stays on this machine unless told otherwise.
        """
        return not (self._is_plain or is_address(request.headers.get("host", "")))

    async def _noted(self, work: Callable[[Sessions], _T]) -> _T:
        def done() -> _T:
            if self._sessions is None:
                self._sessions = Sessions(self._data)
            return work(self._sessions)

        return await asyncio.get_running_loop().run_in_executor(self._noting, done)

    async def _compare(self, work: Callable[[Ledger], _T], most: int = _COMPARED_MAX) -> _T:
        if self._compared >= most:
            raise UserError(BUSY)
        self._compared += 1
        try:
            return await self._looked(work, self._comparing)
        finally:
            self._compared -= 1
