"""Who is signed in at the pages, and who tries to: a file beside the ledger, which has one writer for boards.

A session ends 12 h after it began, a duty's length, or 1 h after its browser asked for anything last. Its
cookie has 256 random bits, of which the file keeps the SHA-256; a form of it carries the cookie's own
HMAC, so that no other site can send one (OWASP, signed double submit). A lost file signs everybody out.

Tries are slowed by what failed before. A network has five at once, then one a minute; a name a hundred, then
one each 10 s, so that nobody who knows it keeps its owner waiting by a few. A browser in which somebody has
signed in before is known by a cookie of its own and has five tries at that name to itself, whatever others
try (OWASP, device cookies). That cookie opens nothing, and the file has its SHA-256 alone.
"""

import hashlib
import hmac
import os
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import SESSIONS, create_private

WHOLE_MS = 12 * 3_600_000
IDLE_MS = 3_600_000
SESSIONS_MAX = 10_000  # of all accounts; of one, SESSIONS_OF_ONE_MAX, and the oldest ends
SESSIONS_OF_ONE_MAX = 8
KNOWN_MS = 180 * 86_400_000
KNOWN_OF_ONE_MAX = 16  # browsers of a name; the oldest is known no more
_SEEN_MS = 60_000  # how exactly it is noted that a browser asked
_NAMES_MAX = 20_000
_BUSY_S = 2.0

_TABLES = """
CREATE TABLE IF NOT EXISTS session (
    hash BLOB PRIMARY KEY, account INTEGER NOT NULL, began_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_session_account ON session (account, began_ms);
CREATE TABLE IF NOT EXISTS failure (name TEXT PRIMARY KEY, free_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_failure_free ON failure (free_ms);
CREATE TABLE IF NOT EXISTS known (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL, since_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_known_name ON known (name, since_ms);
"""


class Session(NamedTuple):
    """One browser in which an account is signed in."""

    account: int
    token: str  # its cookie

    @property
    def form_token(self) -> str:
        """What each of its forms carries."""
        return _encoded(hmac.digest(self.token.encode(), b"form", "sha256"))

    def is_its_form(self, form_token: str) -> bool:
        """Whether a form is one of its pages'."""
        return hmac.compare_digest(form_token.encode(), self.form_token.encode())


class Bound(NamedTuple):
    """How often what is called `name` may fail: `free` at once, then one each `refill_ms`."""

    name: str
    free: int = 5
    refill_ms: int = 60_000


class Sessions:
    """The file. For one thread at a time; times are in ms since 1970."""

    def __init__(self, data: Path) -> None:
        path = data / SESSIONS
        try:
            create_private(path, b"")
            self._file = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._file.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_TABLES}")
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"{path} cannot be used ({error}): remove it, and everybody signs in again."
            ) from error

    def close(self) -> None:
        """Gives the file back."""
        self._file.close()

    def begin(self, account: int, at_ms: int) -> Session:
        """A new session, never one that was there before (session fixation). Raises UserError."""
        token = _encoded(os.urandom(32))
        with self._writing() as file:
            file.execute("DELETE FROM session WHERE began_ms <= ?", (at_ms - WHOLE_MS,))
            its = "SELECT hash FROM session WHERE account = ? ORDER BY began_ms DESC LIMIT -1 OFFSET ?"
            file.execute(f"DELETE FROM session WHERE hash IN ({its})", (account, SESSIONS_OF_ONE_MAX - 1))  # noqa: S608 - a constant
            if file.execute("SELECT count(*) FROM session").fetchone()[0] >= SESSIONS_MAX:
                raise UserError("Too many people are signed in here: try again later.")
            file.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (_hash(token), account, at_ms, at_ms))
        return Session(account, token)

    def find(self, token: str, at_ms: int) -> Session | None:
        """The session of a cookie, which is used by that; None for one that has ended or never was."""
        row = self._file.execute(
            "SELECT account, began_ms, seen_ms FROM session WHERE hash = ?", (_hash(token),)
        ).fetchone()
        if row is None:
            return None
        account, began_ms, seen_ms = row
        if not (began_ms <= at_ms < began_ms + WHOLE_MS and at_ms < seen_ms + IDLE_MS):
            self.end(token)
            return None
        if at_ms - seen_ms >= _SEEN_MS:
            with self._writing() as file:
                file.execute("UPDATE session SET seen_ms = ? WHERE hash = ?", (at_ms, _hash(token)))
        return Session(account, token)

    def end(self, token: str) -> None:
        """Signs one browser out."""
        with self._writing() as file:
            file.execute("DELETE FROM session WHERE hash = ?", (_hash(token),))

    def end_all(self, account: int) -> None:
        """Signs an account out everywhere."""
        with self._writing() as file:
            file.execute("DELETE FROM session WHERE account = ?", (account,))

    def wait_ms(self, *bounds: Bound, at_ms: int) -> int:
        """For how long none of these may try again; 0: at once."""
        with self._writing() as file:
            file.execute("DELETE FROM failure WHERE free_ms <= ?", (at_ms,))
        found = [self._free_ms(one.name) - at_ms - one.free * one.refill_ms for one in bounds]
        return max(0, *found)

    def failed(self, *bounds: Bound, at_ms: int) -> None:
        """Notes a try that failed, of each of these. The file holds hashes of their names alone."""
        with self._writing() as file:
            for one in bounds:
                free_ms = max(at_ms, self._free_ms(one.name)) + one.refill_ms
                file.execute("REPLACE INTO failure VALUES (?, ?)", (_named(one.name), free_ms))
            more = "SELECT name FROM failure ORDER BY free_ms DESC LIMIT -1 OFFSET ?"
            file.execute(f"DELETE FROM failure WHERE name IN ({more})", (_NAMES_MAX,))  # noqa: S608 - a constant

    def know(self, name: str, at_ms: int) -> str:
        """The cookie by which a browser is known in which somebody of that name has signed in."""
        token = _encoded(os.urandom(32))
        with self._writing() as file:
            file.execute("INSERT INTO known VALUES (?, ?, ?)", (_hash(token), _named(name), at_ms))
            file.execute("DELETE FROM known WHERE since_ms <= ?", (at_ms - KNOWN_MS,))
            more = "SELECT hash FROM known WHERE name = ? ORDER BY since_ms DESC LIMIT -1 OFFSET ?"
            file.execute(f"DELETE FROM known WHERE hash IN ({more})", (_named(name), KNOWN_OF_ONE_MAX))  # noqa: S608 - a constant
        return token

    def is_known(self, token: str, name: str, at_ms: int) -> bool:
        """Whether that cookie is of a browser in which somebody of that name has signed in."""
        its = "SELECT 1 FROM known WHERE hash = ? AND name = ? AND since_ms > ?"
        return self._file.execute(its, (_hash(token), _named(name), at_ms - KNOWN_MS)).fetchone() is not None

    def _free_ms(self, name: str) -> int:
        row = self._file.execute("SELECT free_ms FROM failure WHERE name = ?", (_named(name),)).fetchone()
        return row[0] if row else 0

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises UserError where the file cannot be written."""
        try:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield self._file
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise UserError(f"The file of the sessions cannot be written ({error}).") from error


def _encoded(token: bytes) -> str:
    return urlsafe_b64encode(token).decode().rstrip("=")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _named(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()[:32]
