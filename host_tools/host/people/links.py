"""The link of a parcel's page, which its letters hold.

A token is 144 bits that the host key makes of the parcel, its label and its resident: the same in each
letter, and of no use for what another ledger knows under that number. The ledger keeps its SHA-256 alone, so
whoever reads the ledger without the key, as the pages' process does, knows a token by it and makes none. What
takes the key asks for `is_of` too: a row that was put into the ledger by hand proves nothing.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, select

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_new
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.sealing import Vault

PATH = "/p/"
KEPT_MS = 86_400_000  # behind the end of the parcel
_PURPOSE = b"link of a parcel"
_TOKEN_BYTES = 18
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")

_parcel, _link, _resident = tables.parcel, tables.parcel_link, tables.resident
_OWN = ("resident", "serial", "generation", "door", "counter")
#: Parcels of residents, with what their tokens are made of.
_OF_LETTERS = (
    select(
        *(_parcel.c[name] for name in ("id", "state", "ended_ms", *_OWN)),
        _resident.c.since_ms,
        _link.c.parcel.label("link"),
    )
    .select_from(_parcel.join(_resident).outerjoin(_link, _link.c.parcel == _parcel.c.id))
    .where(
        _parcel.c.resident.in_(bindparam("people", expanding=True)),
        _parcel.c.serial.in_(bindparam("serials", expanding=True)),
    )
)


def links_of(ledger: Ledger, letters: Sequence[Row], base: str, at_ms: int) -> dict[str, str]:
    """The links of those of these letters (rows of the outbox) that are about a parcel whose page is shown at
    `at_ms` (since 1970), by their ids. `base` is the address of the host's pages.

    Raises UserError where the ledger is away.
    """
    hers = [row for row in letters if row.resident is not None]
    if not hers:
        return {}
    its = {"people": sorted({row.resident for row in hers}), "serials": sorted({row.serial for row in hers})}
    with ledger.reading() as connection:
        rows = connection.execute(_OF_LETTERS, its).all()
    parcels = {_key(row): row for row in rows if _is_shown(row, at_ms)}
    found = {row.id: parcels[_key(row)] for row in hers if _key(row) in parcels}
    tokens = {parcel.id: token(ledger.vault, parcel) for parcel in found.values()}
    new = {parcel.id: parcel.resident for parcel in found.values() if parcel.link is None}
    if new:
        made = [
            {"parcel": parcel, "resident": resident, "hash": _digest(tokens[parcel])}
            for parcel, resident in new.items()
        ]
        with ledger.writing() as connection:
            connection.execute(insert_new(connection.dialect.name, _link), made)
    return {name: f"{base}{PATH}{tokens[parcel.id]}" for name, parcel in found.items()}


def token(vault: Vault, parcel: Row) -> str:
    """The token of a parcel (with `since_ms` of its resident): 24 letters that a URL may hold."""
    names = ("id", "serial", "generation", "resident", "since_ms")
    said = " ".join(str(parcel._mapping[name]) for name in names)
    return urlsafe_b64encode(vault.mac(_PURPOSE, said.encode())[:_TOKEN_BYTES]).decode()


def find(connection: Connection, text: str, at_ms: int) -> Row | None:
    """The parcel of a link, with `since_ms` of its resident and `digits_ms`; None for a token that is none,
    and once the parcel's page is over at `at_ms` (since 1970): the same look for each.
    """
    if not _TOKEN.fullmatch(text):
        return None
    row = connection.execute(_BY_HASH, {"digest": _digest(text)}).first()
    return row if row is not None and _is_shown(row, at_ms) else None


def is_of(vault: Vault, text: str, parcel: Row) -> bool:
    """Whether this is the token of that parcel (a row of `find`)."""
    return hmac.compare_digest(text.encode(errors="replace"), token(vault, parcel).encode())


def over(at_ms: int) -> ColumnElement[bool]:
    """The condition that a link is of no use any more at that time (ms since 1970)."""
    is_past = _parcel.c.state.in_(_GONE) | (_parcel.c.ended_ms <= at_ms - KEPT_MS)
    return exists().where(_parcel.c.id == _link.c.parcel, is_past)


_GONE = ("withdrawn",)
_BY_HASH = (
    select(_parcel, _resident.c.since_ms, _link.c.digits_ms)
    .select_from(
        _link.join(_parcel, _link.c.parcel == _parcel.c.id).join(
            _resident, _resident.c.id == _parcel.c.resident
        )
    )
    .where(_link.c.hash == bindparam("digest"), _parcel.c.resident == _link.c.resident)
)


def _is_shown(row: Row, at_ms: int) -> bool:
    return row.state not in _GONE and (row.ended_ms is None or row.ended_ms > at_ms - KEPT_MS)


def _key(row: Row) -> tuple[int, ...]:
    return tuple(row._mapping[name] for name in _OWN)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
