"""The way in to the console: an account of the demonstration, whose secrets nobody has to type."""

import secrets as randomness
import threading
import time

from host_tools.demo.stage import Stage
from host_tools.errors import UserError

ACCOUNT = "Duty desk"
_STEP_S = 30  # of a second factor (RFC 6238)
_WAIT_S = 10.0
_ELSEWHERE = 303  # what a form that was taken is answered with
_SOON = "The duty desk was signed in a moment ago: try again in half a minute."


class Desk:
    """Somebody on duty at the host's pages, whose address is `base`. For any thread."""

    def __init__(self, stage: Stage, base: str, os_user: str) -> None:
        import httpx
        from pyotp import random_base32
        from pyotp.totp import TOTP

        self.base = base
        self._client = httpx.Client(base_url=base, timeout=_WAIT_S, follow_redirects=False)
        self._lock = threading.Lock()
        self._password = randomness.token_urlsafe(16)
        secret = random_base32()
        self._codes = TOTP(secret)
        self._cookies: list[str] = []
        self._used = 0  # the last half minute whose code was
        token = stage.new_account(ACCOUNT, os_user)
        given = {"password": self._password, "again": self._password, "secret": secret}
        answer = self._client.post(f"/start/{token}", data=given | {"code": self._code()})
        if answer.status_code != _ELSEWHERE:
            raise UserError("The account of the duty desk could not be set up: begin again.")

    def close(self) -> None:
        """Lets go of the connection."""
        self._client.close()

    def signed_in(self) -> list[str]:
        """The cookies of a session, as headers. Raises UserError where the pages do not answer."""
        import httpx

        with self._lock:
            try:
                if not (self._cookies and self._client.get("/console").is_success):
                    self._sign_in()
            except httpx.HTTPError as error:
                raise UserError("The host's pages do not answer: try again in a moment.") from error
            return self._cookies

    def _sign_in(self) -> None:
        given = {"name": ACCOUNT, "password": self._password, "code": self._code()}
        answer = self._client.post("/sign-in", data=given)
        if answer.status_code != _ELSEWHERE:
            raise UserError(_SOON)
        self._cookies = answer.headers.get_list("set-cookie")

    def _code(self) -> str:
        """A code that is good now and was not used before: each counts once, the next half minute's too.

        Raises UserError where both were.
        """
        now = int(time.time()) // _STEP_S
        step = max(self._used + 1, now)
        if step > now + 1:
            raise UserError(_SOON)
        self._used = step
        return self._codes.at(step * _STEP_S)
