"""Residents: whom parcels are for. Names and contacts stay on the host; a safe tail is sealed and never shown."""

from typing import NamedTuple

from sqlalchemy import Connection, Row, exc, insert, select, update

from host_tools.errors import Complaint
from host_tools.host import tables
from host_tools.host.database import now_ms
from host_tools.host.ledger import Ledger, check_name
from host_tools.host.vault import Vault

CONTACT_CHARACTERS_MAX = 254


class Resident(NamedTuple):
    """One resident. `contact` is for the notifier and may be empty."""

    id: int
    name: str
    contact: str
    has_tail: bool


def add(ledger: Ledger, name: str, contact: str = "") -> Resident:
    """Enters a resident; raises Complaint when there is one of that name."""
    check_name("resident", name)
    if len(contact) > CONTACT_CHARACTERS_MAX or not contact.isprintable():
        raise Complaint(f"A contact has at most {CONTACT_CHARACTERS_MAX} printable characters.", 2)
    row = {"name": name, "contact": contact, "since_ms": now_ms()}
    with ledger.writing() as connection:
        try:
            made = connection.execute(insert(tables.resident).values(**row).returning(tables.resident.c.id)).scalar_one()
        except exc.IntegrityError as error:
            raise Complaint("There is a resident of that name already: add something that tells them apart.") from error
    return Resident(made, name, contact, False)


def everyone(ledger: Ledger) -> list[Resident]:
    """All residents, by name."""
    with ledger.reading() as connection:
        rows = connection.execute(select(tables.resident).order_by(tables.resident.c.name))
        return [Resident(row.id, row.name, row.contact, row.tail is not None) for row in rows]


def set_tail(ledger: Ledger, name: str, tail: str) -> None:
    """Sets a resident's safe tail (two digits). It takes effect with her next ticket."""
    if len(tail) != 2 or not (tail.isascii() and tail.isdigit()):
        raise Complaint("A safe tail is two digits.", 2)
    with ledger.writing() as connection:
        row = find(connection, name)
        sealed = ledger.vault.seal(bytes((int(tail),)), "tail", _owner(row))
        connection.execute(update(tables.resident).where(tables.resident.c.id == row.id).values(tail=sealed))


def tail_of(vault: Vault, row: Row) -> int | None:
    """Her safe tail, 0-99; None while she has not chosen one."""
    return None if row.tail is None else vault.open(row.tail, "tail", _owner(row))[0]


def find(connection: Connection, name: str) -> Row:
    """The resident's row; raises Complaint when there is none."""
    row = connection.execute(select(tables.resident).where(tables.resident.c.name == name)).first()
    if row is None:
        raise Complaint("There is no resident of that name: `ansim resident list` shows them, `ansim resident add` enters one.")
    return row


def _owner(row: Row) -> bytes:
    return row.id.to_bytes(8, "big")
