"""What an account proves itself with on pages: a password and a second factor, set by a link that is good
once and for a day. The command line asks for neither (decision 0249).

Kept are the hash of the link's token (SHA-256: it has 256 random bits), the password's argon2id (RFC 9106)
and the second factor's secret (RFC 6238), sealed.
"""

import hashlib
import os
import re
from base64 import urlsafe_b64encode
from functools import cache

from sqlalchemy import Connection, Row, select, update

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal

LINK_MS = 86_400_000
PASSWORD_CHARACTERS = range(12, 129)
_TOKEN_BYTES = 32
_PURPOSE = "second factor"
_STEP_S = 30
_SECRET = re.compile("[A-Z2-7]{32}")
_STEPS = (0, -1, 1)  # a clock may be half a minute wrong


@cache
def _hasher():
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """What the password of an account that is not there is compared with, so that it takes as long."""
    return _hasher().hash(os.urandom(16))


def new_link(connection: Connection, account: int, at_ms: int) -> str:
    """The token of a link that sets password and second factor of an account once, within a day.

    The one before dies. `at_ms`: ms since 1970.
    """
    token = urlsafe_b64encode(os.urandom(_TOKEN_BYTES)).decode().rstrip("=")
    values = {"token": _hash(token), "token_until_ms": at_ms + LINK_MS}
    connection.execute(update(tables.account).where(tables.account.c.id == account).values(**values))
    return token


def second_factor(name: str, secret: str | None = None) -> tuple[str, str]:
    """A secret in base32, a new one where none is given or it is none, and the same as the URI that an app
    scans.
    """
    from pyotp import random_base32
    from pyotp.totp import TOTP

    if secret is None or not _SECRET.fullmatch(secret):
        secret = random_base32()
    return secret, TOTP(secret).provisioning_uri(name=name, issuer_name="Ansim")


def name_of(ledger: Ledger, token: str, at_ms: int) -> str | None:
    """The account whose link this is; None for one that was used, is too old or never was."""
    with ledger.reading() as connection:
        row = _of_link(connection, token, at_ms)
        return None if row is None else row.name


def hashed(password: str) -> str:
    """What is kept of a new password. Takes tens of milliseconds of CPU. Raises UserError for a length that
    none has.
    """
    if len(password) not in PASSWORD_CHARACTERS:
        raise UserError(
            f"A password has {PASSWORD_CHARACTERS.start} to {PASSWORD_CHARACTERS.stop - 1} characters.", 2
        )
    return _hasher().hash(password)


def set_secrets(ledger: Ledger, token: str, password_hash: str, secret: str, code: str, at_ms: int) -> None:
    """Sets both with a link, which dies: what `hashed` gives, `secret` of `second_factor`, and a code of
    it that proves that the app has it. Raises UserError, and the link stays good.
    """
    step = _step(secret, code, at_ms, -1)
    if step is None:
        raise UserError("That is not the code that your app shows now: type the next one.", 2)
    with ledger.writing() as connection:
        row = _of_link(connection, token, at_ms)
        if row is None:
            raise UserError(
                "That link is used or too old: ask an operator for `ansim account set NAME --link`."
            )
        values = {
            "token": None,
            "token_until_ms": None,
            "password": password_hash,
            "second_factor": ledger.vault.seal(secret.encode(), _PURPOSE, _owner(row.id)),
            "second_factor_step": step,
        }
        connection.execute(update(tables.account).where(tables.account.c.id == row.id).values(**values))


def account_of(ledger: Ledger, name: str, password: str) -> int:
    """The account of that name and password, 0 for none of both, after as long. Needs no host key.

    Whoever calls this throttles it: it takes tens of milliseconds of CPU.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    table = tables.account.c
    with ledger.reading() as connection:
        row = connection.execute(
            select(table.id, table.password).where(
                table.name == normal(name), table.ended_ms.is_(None), table.password.is_not(None)
            )
        ).first()
    try:
        _hasher().verify(row.password if row else _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return 0
    return row.id if row else 0


def is_second_factor(ledger: Ledger, account: int, code: str, at_ms: int) -> bool:
    """Whether a code is right for an account now, which counts once; never for account 0."""
    table = tables.account.c
    with ledger.reading() as connection:
        its = (table.id == account) & table.ended_ms.is_(None) & table.second_factor.is_not(None)
        row = connection.execute(select(tables.account).where(its)).first()
    if row is None:
        return False
    secret = ledger.vault.open(row.second_factor, _PURPOSE, _owner(row.id)).decode()
    step = _step(secret, code, at_ms, row.second_factor_step or -1)
    if step is None:
        return False
    with ledger.writing() as connection:
        fresh = (table.id == row.id) & table.ended_ms.is_(None) & (table.second_factor_step < step)
        taken = connection.execute(update(tables.account).where(fresh).values(second_factor_step=step))
        return taken.rowcount == 1


def _step(secret: str, code: str, at_ms: int, after: int) -> int | None:
    """The half minute that a code is of, if it is good now and later than `after`."""
    from pyotp.totp import TOTP

    now = at_ms // 1000 // _STEP_S
    totp = TOTP(secret)
    good = [now + by for by in _STEPS if totp.verify(code, for_time=(now + by) * _STEP_S)]
    return next((step for step in good if step > after), None)


def _of_link(connection: Connection, token: str, at_ms: int) -> Row | None:
    table = tables.account.c
    good = (table.token == _hash(token)) & (table.token_until_ms > at_ms) & table.ended_ms.is_(None)
    return connection.execute(select(tables.account).where(good)).first()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _owner(account: int) -> bytes:
    return account.to_bytes(8, "big")
