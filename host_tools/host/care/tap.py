"""The link in a page with which somebody on call takes a case by one tap.

A token is made of a sealed secret when its page is handed over, the same each time; the ledger keeps its
SHA-256 only, so whoever can read the ledger, as the process of the web pages does without the host key, can
know a token but make none. A GET shows (link previews open links), a POST takes.
"""

import base64
import hashlib
import hmac
import os
from typing import NamedTuple

from sqlalchemy import Connection, Row, select, update

from host_tools.errors import UserError
from host_tools.host.care import cases, paging, unrelated
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.database import insert_new
from host_tools.host.ledger.ledger import Ledger

_NAME = "tap"
_PURPOSE = "one-tap links"
_TOKEN_BYTES = 18
_WRONG = "This link takes nothing any more: `ansim case list` shows what is open."

_page = tables.page.c


class Tap(NamedTuple):
    """Whose tap a token is, and on which case."""

    case: Row  # as cases.listing has it
    account: Row


def secret(connection: Connection, ledger: Ledger) -> bytes:
    """The secret of this ledger's links, which is made when it is first asked for; 32 bytes."""
    care = tables.care
    found = connection.scalar(select(care.c.secret).where(care.c.name == _NAME))
    if found is None:
        sealed = ledger.vault.seal(os.urandom(32), _PURPOSE, b"")
        row = {"name": _NAME, "at_ms": 0, "secret": sealed}
        connection.execute(insert_new(connection.dialect.name, care), row)
        found = connection.execute(select(care.c.secret).where(care.c.name == _NAME)).scalar_one()
    return ledger.vault.open(found, _PURPOSE, b"")


def token(key: bytes, page: Row) -> str:
    """The token of a page (a row of paging.waiting): 24 letters that a URL may hold."""
    said = paging.message_id(page).encode()
    mac = hmac.new(key, b"tap" + said, hashlib.sha256).digest()[:_TOKEN_BYTES]
    return base64.urlsafe_b64encode(mac).decode()


def keep(connection: Connection, page: int, text: str) -> None:
    """Notes the token of a page, before that is handed over."""
    connection.execute(update(tables.page).where(_page.id == page).values(tap=_digest(text)))


def read(connection: Connection, text: str) -> Tap:
    """Whose tap a token is. Raises UserError for one that nobody here made, whose account has ended, whose
    case is closed or kept from it, or that is of an earlier round of its pages: the same sentence for all.
    """
    page = connection.execute(select(tables.page).where(_page.tap == _digest(text))).first()
    if page is None:
        raise UserError(_WRONG, hint="")
    case = connection.execute(cases.CASES.where(tables.case.c.id == page.case_id)).one()
    its = (tables.account.c.id == page.account) & tables.account.c.ended_ms.is_(None)
    account = connection.execute(select(tables.account).where(its)).first()
    if account is None or case.state == cases.CLOSED or case.round != page.round:
        raise UserError(_WRONG, hint="")
    if unrelated.is_kept_from(connection, case.id, account.id):
        raise UserError(_WRONG, hint="")
    return Tap(case, account)


def actor_of(tap: Tap) -> Actor:
    """Who acts by a tap, for `ledger.actor`."""
    return Actor(tap.account.id, tap.account.name, "", frozenset(tap.account.roles.split()))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
