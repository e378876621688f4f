"""Erasing a resident: her name, unit, contacts, tail and wishes, what the audit says of her, her letters and
how they were delivered, in the database, its free pages and its log, and in files of messages.

What is left of her is a number without a name. The erasure itself is written to `erasures.jsonl` in the data
folder, by that number: a backup that is restored later is erased anew.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Row, delete, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.data_folder import ERASURES
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.people import residents, spools
from host_tools.host.people.contacts import of as contacts_of

DELETED, UNLINKED = "deleted", "unlinked"
#: What becomes of the rows that name a resident, by table and column; a test holds it against the tables.
OF_HERS = {
    ("outbox", "resident"): DELETED,
    ("contact", "resident"): DELETED,
    ("pending_change", "resident"): DELETED,
    ("related", "resident"): DELETED,
    ("resident_site", "resident"): DELETED,
    ("parcel_link", "resident"): DELETED,
    ("parcel", "resident"): UNLINKED,
    ("ticket", "resident"): UNLINKED,
}


class Erased(NamedTuple):
    """What was erased: how many letters, rows of the audit, and lines in files of messages.

    `copies` are files in the data folder with an earlier ledger, which nobody but a person deletes.
    """

    id: int
    letters: int
    audit_rows: int
    lines: int
    copies: tuple[str, ...]


class _Of(NamedTuple):
    """By what her lines in files of messages are known."""

    ids: frozenset[str]
    label: str
    contacts: frozenset[str]


def erase(
    ledger: Ledger,
    name: str,
    unit: str | None,
    at_ms: int,
    *,
    files: Iterable[Path],
    dry_run: bool = False,
) -> Erased:
    """Erases a resident of whom no parcel waits and no ticket is open, in `files` of messages too.

    `at_ms`: ms since 1970.

    Raises UserError. When it returns, all of it is on the disk; where it was cut off, the same again goes on.
    """
    with ledger.writing() as connection:
        row = residents.find(connection, name, unit)
        _refuse(connection, row.id)
        hers = _of(connection, row)
        if dry_run:
            would = Erased(row.id, len(hers.ids), _audited(connection, row.id), 0, _copies(ledger.data))
            audit.note(connection, ledger, audit.ERASED, resident=row.id, at_ms=at_ms, dry_run=True)
            return would
    # First her lines, by what is deleted then; an erasure that is cut off here is begun again.
    lines = sum(spools.take_out(path, _is_hers(hers)) for path in files)
    _write_down(ledger, row.id, row.since_ms, at_ms)
    with ledger.writing() as connection:
        _refuse(connection, row.id)
        rows = _erase(connection, ledger, row.id, at_ms)
        words = f"{rows} rows of the audit"  # in place of what was said with --reason, which may name her
        audit.note(connection, ledger, audit.ERASED, resident=row.id, at_ms=at_ms, text=words)
    ledger.scrub()
    return Erased(row.id, len(hers.ids), rows, lines, _copies(ledger.data))


def reapply(ledger: Ledger, at_ms: int) -> int:
    """Erases anew whom this ledger holds again, because an older backup of it was restored; how many.

    `at_ms`: ms since 1970.
    """
    listed = _written_down(ledger)
    if not listed:
        return 0
    table = tables.resident.c
    with ledger.reading() as connection:
        rows = connection.execute(select(table.id, table.since_ms).where(table.erased_ms.is_(None))).all()
    again = [row for row in rows if (row.id, row.since_ms) in listed]
    if not again:
        return 0
    with ledger.writing() as connection:
        for row in again:
            _erase(connection, ledger, row.id, at_ms)
            audit.note(connection, ledger, audit.ERASED, resident=row.id, at_ms=at_ms, text="after a restore")
    ledger.scrub()
    return len(again)


def _refuse(connection: Connection, resident: int) -> None:
    parcel, ticket = tables.parcel.c, tables.ticket.c
    waits = select(parcel.id).where(parcel.resident == resident, parcel.state == "waiting").limit(1)
    if connection.execute(waits).first():
        raise UserError(
            "A parcel waits for her: she can be erased when it has ended. `ansim parcel list --state "
            "waiting` shows it, `ansim parcel recall` lets staff take it out.",
            page="parcel_waits",
        )
    open_ = select(ticket.serial).where(ticket.resident == resident, ticket.state == "open").limit(1)
    if connection.execute(open_).first():
        raise UserError(
            "A ticket of hers is open, and a parcel may still come on it: take it back with "
            "`ansim ticket revoke`; `ansim ticket list --state open` shows it.",
            page="ticket_open",
        )


def _of(connection: Connection, row: Row) -> _Of:
    ids = connection.scalars(select(tables.outbox.c.id).where(tables.outbox.c.resident == row.id))
    reached = {one.address for one in contacts_of(connection, [row.id])[row.id]} | {row.contact}
    return _Of(frozenset(ids), residents.label(row.name, row.unit), frozenset(reached - {""}))


def _is_hers(hers: _Of):
    def is_hers(told: dict) -> bool:
        return (
            told.get("id") in hers.ids or told.get("to") == hers.label or told.get("contact") in hers.contacts
        )

    return is_hers


def _audited(connection: Connection, resident: int) -> int:
    table = tables.audit.c
    return len(connection.execute(select(table.number).where(table.resident == resident)).all())


def _erase(connection: Connection, ledger: Ledger, resident: int, at_ms: int) -> int:
    """The rows; how many of the audit."""
    letters = select(tables.outbox.c.sequence).where(tables.outbox.c.resident == resident)
    for table in tables.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is tables.outbox:
                connection.execute(delete(table).where(key.parent.in_(letters)))
    for (name, column), what in OF_HERS.items():
        table = tables.metadata.tables[name]
        its = table.c[column] == resident
        connection.execute(
            delete(table).where(its) if what == DELETED else update(table).where(its).values({column: None})
        )
    gone = {"name": "", "unit": str(resident), "contact": "", "tail": None, "language": ""}
    gone |= {"code_left_out": False, "low_doors": False, "hold_until_ms": None, "erased_ms": at_ms}
    connection.execute(update(tables.resident).where(tables.resident.c.id == resident).values(**gone))
    return audit.erase(connection, ledger, resident)


def _copies(data: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in data.glob("ledger.before-*.db")))


def _lineage(ledger: Ledger) -> str:
    """Names this ledger and its backups, which share a key, and no other. It says nothing of the key."""
    return hmac.new(ledger.vault.name, b"erasures", hashlib.sha256).hexdigest()[:16]


def _write_down(ledger: Ledger, resident: int, since_ms: int, at_ms: int) -> None:
    row = {"ledger": _lineage(ledger), "resident": resident, "since_ms": since_ms, "at_ms": at_ms}
    descriptor = os.open(ledger.data / ERASURES, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(f"\n{json.dumps(row)}\n".encode())  # behind a line that a crash has left half written
        file.flush()
        os.fsync(file.fileno())


def _written_down(ledger: Ledger) -> set[tuple[int, int]]:
    """The residents who were erased, by number and since when each was there."""
    try:
        lines = (ledger.data / ERASURES).read_bytes().splitlines()
    except FileNotFoundError:
        return set()
    found = set()
    for line in filter(None, lines):
        try:
            row = json.loads(line)
            if row["ledger"] == _lineage(ledger):
                found.add((row["resident"], row["since_ms"]))
        except (ValueError, KeyError, TypeError):
            continue  # half a line
    return found
