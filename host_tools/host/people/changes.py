"""Changes of where a resident is reached and of what she wishes: told to all her contacts at once, and in
effect a day later unless one of them stops it. So whoever has her phone for a minute, or talks an operator
round, can divert nothing. A resident without a contact has nobody who could stop anything: hers takes effect
at once.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit, sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.people import contacts, notices
from host_tools.host.people.contacts import Contact

AFTER_MS = 86_400_000
CONTACTS = "contacts"
WISHES = "wishes"
#: What her contacts are told, by the kind of the change.
LETTERS = {CONTACTS: notices.CONTACT_CHANGED, WISHES: notices.WISHES_CHANGED}
WAITING, DONE, STOPPED = "waiting", "done", "stopped"
CONTACTS_MAX = 5


class Wishes(NamedTuple):
    """What a resident wishes; `language` empty: her site's."""

    language: str
    code_left_out: bool
    low_doors: bool
    hold_until_ms: int | None = None  # since 1970: no tickets are issued for her until then


class Asked(NamedTuple):
    """A change. `due_ms` is when it takes effect (ms since 1970), None: it has."""

    resident: int
    kind: str
    due_ms: int | None


def contacts_to_be(connection: Connection, resident: int) -> list[Contact]:
    """Her contacts when what waits has taken effect."""
    waiting = _waiting(connection, resident, CONTACTS)
    if waiting is None:
        return contacts.of(connection, [resident])[resident]
    return [Contact(*one) for one in json.loads(waiting.value)]


def wishes_to_be(connection: Connection, row: Row) -> Wishes:
    """The same of her wishes; `row` is hers."""
    waiting = _waiting(connection, row.id, WISHES)
    if waiting is None:
        return wishes_of(row)
    return Wishes(**json.loads(waiting.value))


def due_of(connection: Connection, resident: int, kind: str) -> int | None:
    """When what waits of that kind takes effect (ms since 1970); None: nothing waits."""
    waiting = _waiting(connection, resident, kind)
    return None if waiting is None else waiting.due_ms


def wishes_of(row: Row) -> Wishes:
    """What holds now; `row` is the resident's."""
    return Wishes(row.language, row.code_left_out, row.low_doors, row.hold_until_ms)


def ask_contacts(
    connection: Connection, ledger: Ledger, resident: int, wanted: Sequence[Contact], at_ms: int, act: str
) -> Asked:
    """Wants these to be her contacts. Raises UserError for more than CONTACTS_MAX. Times in ms since 1970."""
    if len(wanted) > CONTACTS_MAX:
        raise UserError(f"A resident has at most {CONTACTS_MAX} contacts: take one away first.", 2)
    return _ask(connection, ledger, resident, CONTACTS, list(map(list, wanted)), at_ms, act)


def ask_wishes(
    connection: Connection, ledger: Ledger, resident: int, wanted: Wishes, at_ms: int, act: str
) -> Asked:
    """Wants these to be her wishes. Times in ms since 1970."""
    return _ask(connection, ledger, resident, WISHES, wanted._asdict(), at_ms, act)


def _ask(
    connection: Connection, ledger: Ledger, resident: int, kind: str, value: Any, at_ms: int, act: str
) -> Asked:
    audit.note(connection, ledger, act, resident=resident, at_ms=at_ms)
    if not contacts.of(connection, [resident])[resident]:
        _apply(connection, resident, kind, value, at_ms)
        return Asked(resident, kind, None)
    _end(connection, resident, (kind,), STOPPED, at_ms)  # it goes on in the new one
    table = tables.pending_change
    due_ms = at_ms + AFTER_MS
    row = {"resident": resident, "kind": kind, "value": json.dumps(value), "state": WAITING}
    made = connection.execute(
        insert(table).values(**row, asked_ms=at_ms, due_ms=due_ms).returning(table.c.id)
    ).scalar_one()
    notices.tell(connection, resident, LETTERS[kind], f"change {made}", at_ms)
    return Asked(resident, kind, due_ms)


def stop(connection: Connection, ledger: Ledger, resident: int, at_ms: int) -> int:
    """Stops what waits for a resident: one of her contacts, or she, has said so. How much. `at_ms`: ms since
    1970.
    """
    audit.note(connection, ledger, "resident change stop", resident=resident, at_ms=at_ms)
    return _end(connection, resident, tuple(LETTERS), STOPPED, at_ms)


def waiting(ledger: Ledger) -> list[Asked]:
    """All that waits, the first due first."""
    table = tables.pending_change.c
    with ledger.reading() as connection:
        seen = sight.sees_resident(connection, table.resident)
        wanted = select(table.resident, table.kind, table.due_ms).where(table.state == WAITING, seen)
        return [Asked(*row) for row in connection.execute(wanted.order_by(table.due_ms))]


def apply_due(ledger: Ledger, at_ms: int) -> int:
    """What has waited for a day and was not stopped takes effect; how much. `at_ms`: now, ms since 1970."""
    table = tables.pending_change.c
    is_due = (table.state == WAITING) & (table.due_ms <= at_ms)
    with ledger.reading() as connection:
        if connection.execute(select(table.id).where(is_due).limit(1)).first() is None:
            return 0
    with ledger.writing() as connection:
        rows = connection.execute(select(tables.pending_change).where(is_due).order_by(table.id)).all()
        for row in rows:
            _apply(connection, row.resident, row.kind, json.loads(row.value), at_ms)
            _end(connection, row.resident, (row.kind,), DONE, at_ms)
            audit.note(connection, ledger, "resident change", resident=row.resident, at_ms=at_ms)
    return len(rows)


def _apply(connection: Connection, resident: int, kind: str, value: Any, at_ms: int) -> None:
    if kind == CONTACTS:
        contacts.put(connection, resident, [Contact(*one) for one in value], at_ms)
    else:
        connection.execute(update(tables.resident).where(tables.resident.c.id == resident).values(**value))


def _waiting(connection: Connection, resident: int, kind: str) -> Row | None:
    table = tables.pending_change.c
    its = (table.resident == resident) & (table.kind == kind) & (table.state == WAITING)
    return connection.execute(select(tables.pending_change).where(its)).first()


def _end(connection: Connection, resident: int, kinds: tuple[str, ...], state: str, at_ms: int) -> int:
    table = tables.pending_change.c
    its = (table.resident == resident) & table.kind.in_(kinds) & (table.state == WAITING)
    ended = {"state": state, "ended_ms": at_ms, "value": ""}
    return connection.execute(update(tables.pending_change).where(its).values(**ended)).rowcount
