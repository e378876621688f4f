"""Residents: whom parcels are for.

Names and contacts stay on the host; a safe tail is sealed and never shown.

Two residents may have one name when their units tell them apart.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Row, case, exc, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit, sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import checked_name, checked_unit, likeness, normal
from host_tools.host.ledger.sealing import Vault
from host_tools.host.people import contacts
from host_tools.host.people.changes import Wishes
from host_tools.host.people.contacts import Contact, checked_contact
from host_tools.host.people.table_file import CONTACTS_MAX, NO, YES

#: A resident as lists and messages name her: `Kim Seo-yeon (101)`, without a unit by her name alone;
#: NULL where there is none.
LABEL = case(
    (tables.resident.c.erased_ms.is_not(None), "erased"),
    (tables.resident.c.unit == "", tables.resident.c.name),
    else_=tables.resident.c.name + " (" + tables.resident.c.unit + ")",
).label("label")
_IDS = 500  # asked for in one statement
_TAKEN = "There is a resident of that name already: tell them apart by their units, with --unit."


class Resident(NamedTuple):
    """One resident.

    `unit` tells her from others of her name; `contact` is for the notifier; both may be empty.
    """

    id: int
    name: str
    unit: str
    contact: str
    has_tail: bool


def add(
    ledger: Ledger,
    name: str,
    contact: str = "",
    unit: str = "",
    *,
    wishes: Wishes = Wishes("", False, False),  # noqa: B008 - a constant
    alike: bool = False,
    dry_run: bool = False,
) -> Resident:
    """Enters a resident; raises UserError when there is one of that name and unit,
    or when any of the three cannot be.

    Her `wishes` hold at once: nobody else has had her contacts before, so nobody is to be asked.

    One who would be taken for another, for her name or unit is only typed another way,
    is entered if she is to be (`alike`).
    """
    row = {
        "name": checked_name("resident", name),
        "unit": checked_unit(unit),
        "contact": checked_contact(contact),
        "since_ms": now_ms(),
        **wishes._asdict(),
    }
    with ledger.writing() as connection:
        _refuse_taken(connection, row["name"], row["unit"], 0, alike=alike)
        if dry_run:
            return Resident(0, row["name"], row["unit"], row["contact"], False)
        try:
            made = connection.execute(
                insert(tables.resident).values(**row).returning(tables.resident.c.id)
            ).scalar_one()
        except exc.IntegrityError as error:
            raise UserError(_TAKEN) from error
        if row["contact"]:
            contacts.put(connection, made, [Contact(row["contact"], True)], row["since_ms"])
        sight.settle(connection, made, ledger.actor.sites)
        audit.note(connection, ledger, "resident add", resident=made)
    return Resident(made, row["name"], row["unit"], row["contact"], False)


def everyone(ledger: Ledger) -> list[Resident]:
    """All residents, by name and unit."""
    with ledger.reading() as connection:
        rows = connection.execute(
            select(tables.resident)
            .where(
                sight.sees_resident(connection, tables.resident.c.id), tables.resident.c.erased_ms.is_(None)
            )
            .order_by(tables.resident.c.name, tables.resident.c.unit)
        )
        return [_resident(row) for row in rows]


def rename(
    ledger: Ledger,
    name: str,
    unit: str | None,
    new_name: str | None,
    new_unit: str | None,
    *,
    alike: bool = False,
    dry_run: bool = False,
) -> tuple[Resident, Resident]:
    """Gives a resident another name, another unit, or both; as she was and as she is.

    Raises UserError; `alike` as in `add`.
    """
    with ledger.writing() as connection:
        row = find(connection, name, unit)
        values = {
            "name": row.name if new_name is None else checked_name("resident", new_name),
            "unit": row.unit if new_unit is None else checked_unit(new_unit),
        }
        _refuse_taken(connection, values["name"], values["unit"], row.id, alike=alike)
        if not dry_run:
            connection.execute(update(tables.resident).where(tables.resident.c.id == row.id).values(**values))
        audit.note(connection, ledger, "resident rename", resident=row.id, dry_run=dry_run)
    return _resident(row), _resident(row)._replace(**values)


def set_tail(
    ledger: Ledger, name: str, tail: str | None, unit: str | None = None, *, dry_run: bool = False
) -> Resident:
    """Sets a resident's safe tail (two digits), or takes it away (None), from her next ticket on.

    Raises UserError.
    """
    if tail is not None and (len(tail) != 2 or not (tail.isascii() and tail.isdigit())):
        raise UserError("A safe tail is two digits.", 2)
    with ledger.writing() as connection:
        row = find(connection, name, unit)
        sealed = None if tail is None else ledger.vault.seal(bytes((int(tail),)), "tail", _owner(row))
        if not dry_run:
            connection.execute(
                update(tables.resident).where(tables.resident.c.id == row.id).values(tail=sealed)
            )
        audit.note(connection, ledger, "resident tail", resident=row.id, dry_run=dry_run)
    return _resident(row)._replace(has_tail=tail is not None)


def tail_of(vault: Vault, row: Row) -> int | None:
    """Her safe tail, 0-99; None while she has not chosen one."""
    return None if row.tail is None else vault.open(row.tail, "tail", _owner(row))[0]


def find(connection: Connection, name: str, unit: str | None = None) -> Row:
    """The resident's row; `unit` may be left out where there is one of that name only. Raises UserError."""
    table = tables.resident.c
    seen = sight.sees_resident(connection, table.id)
    wanted = select(tables.resident).where(table.name == normal(name), seen, table.erased_ms.is_(None))
    if unit is not None:
        wanted = wanted.where(table.unit == normal(unit))
    rows = connection.execute(wanted.order_by(table.unit).limit(2)).all()
    if not rows:
        words = "that name and unit" if unit is not None else "that name"
        raise UserError(
            f"There is no resident of {words}: `ansim resident list` shows them, "
            "`ansim resident add` enters one.",
            page="no_resident",
        )
    if len(rows) > 1:
        without = "" if rows[0].unit else ', --unit "" for the one who has none'
        raise UserError(
            f"There is more than one resident of that name: say whom you mean with --unit{without}; "
            "`ansim resident list` shows them.",
            2,
            page="two_residents",
        )
    return rows[0]


def labels(ledger: Ledger, ids: Iterable[int]) -> dict[int, str]:
    """How lists name residents, by the ledger's numbers of them."""
    table = tables.resident.c
    wanted = list(ids)
    with ledger.reading() as connection:
        parts = (wanted[at : at + _IDS] for at in range(0, len(wanted), _IDS))
        hers = select(table.id, LABEL).where(sight.sees_resident(connection, table.id))
        rows = [connection.execute(hers.where(table.id.in_(part))).all() for part in parts]
    return {row.id: row.label for part in rows for row in part}


def table(ledger: Ledger) -> list[list[str]]:
    """All residents for a file: name, unit, as many contacts as a file has room for, and their wishes."""
    found = everyone(ledger)
    its = tables.resident.c
    with ledger.reading() as connection:
        reached = contacts.of(connection, [one.id for one in found])
        wished = select(its.id, its.language, its.low_doors, its.code_left_out)
        wishes = {row.id: row for row in connection.execute(wished)}
    room = [""] * CONTACTS_MAX
    rows = []
    for one in found:
        wish = wishes[one.id]
        marks = [YES if is_so else NO for is_so in (wish.low_doors, wish.code_left_out)]
        addresses = ([it.address for it in reached[one.id]] + room)[:CONTACTS_MAX]
        rows.append([one.name, one.unit, *addresses, wish.language, *marks])
    return rows


def looked_at(connection: Connection, ledger: Ledger, act: str, name: str, unit: str | None) -> Row:
    """The resident's row, as `find`, and the look is noted. Raises UserError."""
    row = find(connection, name, unit)
    audit.note(connection, ledger, act, resident=row.id)
    return row


def label(name: str, unit: str) -> str:
    """The same as LABEL of a name and a unit."""
    return f"{name} ({unit})" if unit else name


def _refuse_taken(connection: Connection, name: str, unit: str, but: int, *, alike: bool) -> None:
    table = tables.resident.c
    others = (table.id != but) & table.erased_ms.is_(None)
    rows = connection.execute(select(table.name, table.unit).where(others)).all()
    if (name, unit) in [(row.name, row.unit) for row in rows]:
        raise UserError(_TAKEN)
    like = any(
        likeness(row.name) == likeness(name) and (row.name != name or likeness(row.unit) == likeness(unit))
        for row in rows
    )
    if like and not alike:
        raise UserError(
            "That is how another resident may be typed, too, and a ticket would go to the wrong one "
            "of the two: write name and unit as hers are written (`ansim resident list` shows them), or say "
            "with --alike that this is somebody else.",
            page="alike",
        )


def _resident(row: Row) -> Resident:
    return Resident(row.id, row.name, row.unit, row.contact, row.tail is not None)


def _owner(row: Row) -> bytes:
    return row.id.to_bytes(8, "big")
