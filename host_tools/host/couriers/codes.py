"""The public code of a site, which its sign carries: it says nothing of how many sites there are."""

import hashlib
from base64 import b32encode

from sqlalchemy import Connection, Row, select

from host_tools.host.ledger import tables

CHARACTERS = 10


def code_of(site_id: bytes) -> str:
    """The code of a site, by its random id."""
    return b32encode(hashlib.sha256(b"courier" + site_id).digest()).decode()[:CHARACTERS]


def site_of(connection: Connection, code: str) -> Row | None:
    """The site with a code, also one that was typed in small letters; None where there is none."""
    if len(code) != CHARACTERS:
        return None
    sites = connection.execute(select(tables.site)).all()
    return next((site for site in sites if code_of(site.site_id) == code.upper()), None)
