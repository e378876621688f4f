"""Where a resident is reached: an e-mail address or a telephone number,
checked for its form when it is entered.

The form is all that can be known here; whether somebody answers is what a channel finds out.
See docs/decisions/0170.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from host_tools.errors import UserError
from host_tools.host.ledger import tables

CHARACTERS_MAX = 254
_LOCAL_MAX = 64
_IDS = 500  # asked for in one statement
_DIGITS = range(8, 16)  # of a number with its country's code (ITU-T E.164 has at most 15)
_NATIONAL = range(8, 13)  # of one that begins with 0
_PHONE = re.compile(r"\+?\(?[0-9][0-9 ().\-]*")
_LOCAL = re.compile(r"[^\s()<>\[\]:;@\\,\"]+", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


class Contact(NamedTuple):
    """Where a resident is reached. Only the first, and others that are confirmed, get whole letters."""

    address: str
    is_confirmed: bool


def of(connection: Connection, ids: Iterable[int]) -> dict[int, list[Contact]]:
    """The contacts of residents, by the ledger's numbers of them, in the order in which they are tried."""
    table = tables.contact.c
    found: dict[int, list[Contact]] = {number: [] for number in ids}
    numbers = list(found)
    for at in range(0, len(numbers), _IDS):
        wanted = select(table.resident, table.address, table.confirmed).where(
            table.resident.in_(numbers[at : at + _IDS])
        )
        for row in connection.execute(wanted.order_by(table.resident, table.rank)):
            its = found[row.resident]
            its.append(Contact(row.address, not its or row.confirmed))
    return found


def put(connection: Connection, resident: int, contacts: Iterable[Contact], at_ms: int) -> None:
    """Makes these the contacts of a resident, since `at_ms` (ms since 1970) where they are new."""
    table = tables.contact
    known = connection.execute(select(table.c.address, table.c.since_ms).where(table.c.resident == resident))
    since = {row.address: row.since_ms for row in known}
    rows = [
        {
            "resident": resident,
            "rank": rank,
            "address": one.address,
            "confirmed": rank == 1 or one.is_confirmed,
            "since_ms": since.get(one.address, at_ms),
        }
        for rank, one in enumerate(contacts, 1)
    ]
    connection.execute(delete(table).where(table.c.resident == resident))
    if rows:
        connection.execute(insert(table), rows)
    first = rows[0]["address"] if rows else ""
    connection.execute(update(tables.resident).where(tables.resident.c.id == resident).values(contact=first))


def checked_contact(contact: str) -> str:
    """The contact as it is kept: a number as its digits with or without +,
    an address as it is, empty as empty. Raises UserError.
    """
    contact = unicodedata.normalize("NFC", contact.strip())
    if not contact:
        return ""
    kept = _phone(contact) or _address(contact)
    if not kept:
        raise UserError(
            "A contact is an e-mail address or a telephone number: "
            "seo-yeon@example.org, +82 10 1234 5678, 010-1234-5678.",
            2,
        )
    return kept


def _phone(contact: str) -> str:
    if not _PHONE.fullmatch(contact):
        return ""
    digits = re.sub(r"[^0-9]", "", contact)
    if contact.startswith("+"):
        return f"+{digits}" if len(digits) in _DIGITS and digits[0] != "0" else ""
    return digits if digits[0] == "0" and len(digits) in _NATIONAL else ""


def _address(contact: str) -> str:
    local, at, domain = contact.rpartition("@")
    if not at or len(contact) > CHARACTERS_MAX or len(local) > _LOCAL_MAX or not contact.isprintable():
        return ""
    if "=?" in contact:  # mail programs decode it, whatever it holds (RFC 2047)
        return ""
    if not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        return ""
    try:
        labels = domain.encode("idna").decode().split(".")
    except UnicodeError:
        return ""
    whole = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return contact if whole else ""
