"""Residents from a file: all of them, or none when one row is wrong; those who are there already stay as they
are, so the same file again enters nobody.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from host_tools.errors import UserError
from host_tools.host.accounts import audit, sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import checked_name, checked_unit, likeness
from host_tools.host.people.changes import Wishes
from host_tools.host.people.contacts import checked_contact
from host_tools.host.people.table_file import CONTACTS_MAX, Fault, Line, is_marked, read

FAULTS_SHOWN = 20
_ROWS = 1000  # in one statement
_COLUMNS = ("contact", *(f"contact{rank}" for rank in range(2, CONTACTS_MAX + 1)))

Progress = Callable[[int, int], None]


class Person(NamedTuple):
    """A row that can be entered."""

    number: int
    name: str
    unit: str
    contacts: tuple[str, ...]
    wishes: Wishes


class Imported(NamedTuple):
    """What an import has come to. `differ`: of those who were there, how many have other contacts."""

    entered: int
    known: int
    differ: int


class FaultyFileError(UserError):
    """Rows that cannot be entered; `faults` are all of them."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        shown = "; ".join(f"row {one.number}: {one.words}" for one in faults[:FAULTS_SHOWN])
        count = f"{len(faults)} rows" if len(faults) > 1 else "1 row"
        rest = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        super().__init__(f"Nobody was entered, for {count} of {path} cannot be ({shown}{rest}).", 2)
        self.faults = list(faults)


def import_residents(
    ledger: Ledger,
    path: Path,
    at_ms: int,
    *,
    languages: Collection[str] = (),
    alike: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda done, of: None,
) -> Imported:
    """Enters the residents of a file who are not there yet, since `at_ms` (ms since 1970).

    `languages` are those that may be wished; `alike` as in residents.add.
    Raises UserError: the file is no table, or FaultyFileError.
    """
    done, faults = _imported(
        ledger, path, None, at_ms, _Terms(languages, alike, dry_run, skips=False), progress
    )
    if faults:
        raise FaultyFileError(path, faults)
    return done


def import_sound(
    ledger: Ledger, path: Path, raw: bytes, at_ms: int, *, languages: Collection[str] = (), dry_run: bool
) -> tuple[Imported, Sequence[Fault]]:
    """The same of what was sent in under the name of a file, but rows that cannot be entered are left out:
    what it has come to, and those rows. Raises UserError: it is no table.
    """
    terms = _Terms(languages, alike=False, dry_run=dry_run, skips=True)
    return _imported(ledger, path, raw, at_ms, terms, lambda done, of: None)


class _Terms(NamedTuple):
    languages: Collection[str]
    alike: bool
    dry_run: bool
    skips: bool  # the rows that are wrong, in place of entering nobody


def _imported(
    ledger: Ledger, path: Path, raw: bytes | None, at_ms: int, terms: _Terms, progress: Progress
) -> tuple[Imported, list[Fault]]:
    lines, faults = read(path, raw)
    people, more = _people(lines, terms.languages)
    faults += more
    with ledger.writing() as connection:
        new, known, differ, taken = _compared(connection, people, alike=terms.alike)
        faults += taken
        is_refused = bool(faults) and not terms.skips
        if not terms.dry_run and new and not is_refused:
            _enter(connection, new, at_ms, progress)
        # Who is there already, and reached so, is told in any case.
        text = audit.REFUSED if is_refused else f"{len(new)} residents"
        look = {"resident": audit.EVERYBODY, "text": text, "at_ms": at_ms}
        audit.note(connection, ledger, "resident import", **look, dry_run=terms.dry_run)
    return Imported(len(new), known, differ), sorted(faults)


def _people(lines: Iterable[Line], languages: Collection[str]) -> tuple[list[Person], list[Fault]]:
    people: list[Person] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for number, cells in lines:
        try:
            contacts = dict.fromkeys(filter(None, (_contact(cells, column) for column in _COLUMNS)))
            person = Person(
                number,
                checked_name("resident", cells.get("name", "")),
                checked_unit(cells.get("unit", "")),
                tuple(contacts),
                _wishes(cells, languages),
            )
        except UserError as error:
            faults.append(Fault(number, str(error).removesuffix(".")))
            continue
        first = seen.setdefault((person.name, person.unit), number)
        if first != number:
            faults.append(Fault(number, f"name and unit are those of row {first}"))
        else:
            people.append(person)
    return people, faults


def _contact(cells: Mapping[str, str], column: str) -> str:
    cell = cells.get(column, "")
    try:
        return checked_contact(cell)
    except UserError as error:
        name = column.replace("contact", "contact ").rstrip()
        digits = cell.replace("-", "").replace(" ", "")
        if digits.isdecimal() and not digits.startswith("0"):
            words = "the leading zero is lost: have the spreadsheet keep the column as text"
            raise UserError(f"{name}: {words}", 2) from error
        raise UserError(f"{name}: {error.message}", 2) from error


def _wishes(cells: Mapping[str, str], languages: Collection[str]) -> Wishes:
    language = cells.get("language", "")
    if language and language not in languages:
        raise UserError(f"language is empty or one of {', '.join(languages)}", 2)
    marks = {
        name: is_marked(name.replace("_", " "), cells.get(name, ""))
        for name in ("code_left_out", "low_doors")
    }
    return Wishes(language, **marks)


def _compared(
    connection: Connection, people: Iterable[Person], *, alike: bool
) -> tuple[list[Person], int, int, list[Fault]]:
    """Those who are new, how many are there already, how many of these have other contacts,
    and the rows that are written nearly as somebody else.
    """
    table = tables.resident.c
    rows = connection.execute(select(table.id, table.name, table.unit).where(table.erased_ms.is_(None))).all()
    ids = {(row.name, row.unit): row.id for row in rows}
    seen = set(connection.scalars(select(table.id).where(sight.sees_resident(connection, table.id))))
    contacts: defaultdict[int, list[str]] = defaultdict(list)
    of = tables.contact.c
    for row in connection.execute(select(of.resident, of.address).order_by(of.resident, of.rank)):
        contacts[row.resident].append(row.address)
    near = _Near()
    for row in rows:
        near.add(row.name, row.unit, 0)
    new: list[Person] = []
    faults: list[Fault] = []
    known = differ = 0
    for person in people:
        there = ids.get((person.name, person.unit))
        if there is not None:
            known += 1
            differ += there in seen and bool(person.contacts) and list(person.contacts) != contacts[there]
            continue
        first = None if alike else near.find(person.name, person.unit)
        if first is not None:
            whom = f"row {first}" if first else "a resident who is there"
            faults.append(
                Fault(person.number, f"it may be {whom}, only typed another way; --alike says that it is not")
            )
        else:
            near.add(person.name, person.unit, person.number)
            new.append(person)
    return new, known, differ, faults


class _Near:
    """Who is written nearly alike, found at once however many there are.

    Each is known by a row, those in the ledger by 0.
    """

    def __init__(self) -> None:
        self._names: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._units: dict[tuple[str, str], int] = {}

    def add(self, name: str, unit: str, number: int) -> None:
        like = likeness(name)
        self._names[like].setdefault(name, number)
        self._units.setdefault((like, likeness(unit)), number)

    def find(self, name: str, unit: str) -> int | None:
        """The first whose name, or whose unit, is typed another way."""
        like = likeness(name)
        other = next((number for one, number in islice(self._names[like].items(), 2) if one != name), None)
        return self._units.get((like, likeness(unit))) if other is None else other


def _enter(connection: Connection, people: Sequence[Person], at_ms: int, progress: Progress) -> None:
    resident = insert(tables.resident).returning(tables.resident.c.id, sort_by_parameter_order=True)
    left, done = iter(people), 0
    while some := list(islice(left, _ROWS)):
        rows = [
            {
                "name": one.name,
                "unit": one.unit,
                "contact": one.contacts[0] if one.contacts else "",
                "since_ms": at_ms,
                **one.wishes._asdict(),
            }
            for one in some
        ]
        ids = connection.scalars(resident, rows).all()
        reached = [
            {"resident": id_, "rank": rank, "address": address, "confirmed": rank == 1, "since_ms": at_ms}
            for id_, one in zip(ids, some, strict=True)
            for rank, address in enumerate(one.contacts, 1)
        ]
        if reached:
            connection.execute(insert(tables.contact), reached)
        for id_ in ids:
            sight.settle(connection, id_, actor_of(connection).sites)
        done += len(some)
        progress(done, len(people))
