"""The outbox: what people are to be told survives every crash,
and its words are made only while it is handed over.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, update

from host_tools.errors import UserError
from host_tools.host.ledger import aside, tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Identity, Ledger
from host_tools.host.notify.facts import facts_of
from host_tools.host.notify.log import when_fields
from host_tools.host.notify.notifier import Message
from host_tools.host.notify.wording import Facts, Matter, Reader, letter, letter_of_many
from host_tools.host.notify.wording.changed import tell_of_faults, texts_of
from host_tools.host.notify.wording.texts import Texts
from host_tools.host.people.notices import CHANGES, TO_ALL
from host_tools.host.people.residents import LABEL

STAFF = "staff"
LOOK = "look"  # a letter to a further contact that is not confirmed: no place, no code, no name

_ASKED_MAX = 500  # ids in one statement


class Contact(NamedTuple):
    """Where a resident is reached: `rank` from 1 in her order, 0 where none is known."""

    rank: int
    address: str
    whole: bool  # it may have her letters, and not only hear that there are some


def contacts_of(connection: Connection, residents: Sequence[int]) -> dict[int, list[Contact]]:
    """The contacts of residents by her number, in the order in which they are tried."""
    found: dict[int, list[Contact]] = {resident: [] for resident in residents}
    for some in _portions(list(found)):
        for row in connection.execute(_CONTACTS, {"people": some}):
            its = found[row.resident]
            its.append(Contact(row.rank, row.address, not its or row.confirmed))
        bare = [one for one in some if not found[one]]
        # Entered by a command that knew of one contact only.
        for row in connection.execute(_BARE, {"people": bare}) if bare else ():
            found[row.id] = [Contact(1, row.contact, True)] if row.contact else []
    return found


def letters(connection: Connection, sequences: Sequence[int]) -> dict[int, Row]:
    """The rows of the outbox by their sequence, with what it takes to make their words."""
    found: dict[int, Row] = {}
    for some in _portions(list(dict.fromkeys(sequences))):
        rows = connection.execute(_LETTERS, {"letters": some}).all()
        found |= {row.sequence: row for row in rows}
    return found


def _portions(values: list[int]) -> list[list[int]]:
    return [values[first : first + _ASKED_MAX] for first in range(0, len(values), _ASKED_MAX)]


class Maker:
    """Makes words of letters, one by one or of several at once; one that cannot be made is held,
    and staff are told.
    """

    def __init__(self, ledger: Ledger, rows: Sequence[Row], base: str = "") -> None:
        """`rows` are the letters that it is to make, `base` is the address of the host's pages.

        Raises UserError where the ledger is away.
        """
        self._ledger = ledger
        self._facts = facts_of(ledger, rows, now_ms(), base)
        self._identities: dict[int, Identity] = {}
        self._texts = texts_of(ledger.data)
        self._told = False

    def made(self, row: Row, contact: Contact, many: Sequence[Row] = ()) -> Message | None:
        """The message of a letter to a contact; `many` are the letters that it tells of, if several.

        None where it cannot be made, whatever the reason. Raises UserError where the ledger is away.
        """
        if self._texts.faults and not self._told:
            self._told = True
            tell_of_faults(self._ledger, self._texts, row.cabinet, now_ms())
        try:
            if row.cabinet not in self._identities:
                self._identities[row.cabinet] = self._ledger.identity_of(row.cabinet)
            identity = self._identities[row.cabinet]
            if len(many) > 1:
                return _of_many(many, identity, self._texts)
            return _message(row, contact, identity, self._texts, self._facts.get(row.id, Facts()))
        except Exception as error:
            # Of one letter: it is held, which is a case for staff, and the others go out.
            if isinstance(error, UserError | OSError | MemoryError):
                raise
            return None

    def hold(self, rows: Sequence[Row]) -> None:
        """Holds letters that could not be made."""
        with self._ledger.writing() as connection:
            for row in rows:
                connection.execute(
                    update(tables.outbox).where(tables.outbox.c.id == row.id).values(held=aside.UNMAKEABLE)
                )
                if row.kind != aside.UNMADE_LETTER:
                    about = (row.cabinet, aside.UNMADE_LETTER, row.sequence, row.door)
                    aside.raise_case(connection, *about, now_ms())


def _message(row: Row, contact: Contact, identity: Identity, texts: Texts, facts: Facts) -> Message:
    moment = _moment(row)
    matter = _matter(row, moment)
    name, kind = row.id, row.kind
    if not (contact.whole or row.kind in CHANGES):
        matter, kind, facts = matter._replace(kind=LOOK), LOOK, Facts()
        name = sha256(f"{LOOK} {contact.rank} {row.id}".encode()).hexdigest()[:32]
    elif row.kind in TO_ALL and contact.rank > 1:  # which go out beside each other
        name = sha256(f"{contact.rank} {row.id}".encode()).hexdigest()[:32]
    reader = Reader(row.language or "", bool(row.code_left_out))
    made = letter(matter, identity, reader, facts, texts=texts)
    to = (name, row.label or STAFF, contact.address, kind)
    return Message(*to, made.text, **when_fields(moment), title=made.title)


def _of_many(rows: Sequence[Row], identity: Identity, texts: Texts) -> Message:
    """One message to staff for several alarms of one kind at one door."""
    moments = [_moment(row) for row in rows]
    moment = Moment(
        *(choose(values) for choose, values in zip((min, max, max), zip(*moments, strict=True), strict=True))
    )
    name = sha256(f"{len(rows)} {rows[0].id}".encode()).hexdigest()[:32]
    made = letter_of_many(_matter(rows[-1], moment), identity, len(rows), texts)
    return Message(name, STAFF, "", rows[0].kind, made.text, **when_fields(moment), title=made.title)


def _moment(row: Row) -> Moment:
    heard_ms = row.queued_ms
    return (
        Moment(row.earliest_ms, row.latest_ms, heard_ms)
        if row.latest_ms is not None
        else Moment(heard_ms, heard_ms, heard_ms)
    )


def _matter(row: Row, moment: Moment) -> Matter:
    terms = (row.epoch, row.door, row.counter, row.retry, moment, row.serial, row.generation)
    return Matter(row.kind, row.resident is not None, *terms)


_LETTERS = select(
    tables.outbox,
    LABEL,
    tables.resident.c.language,
    tables.resident.c.code_left_out,
    tables.cabinet.c.board_name,
).select_from(tables.outbox.join(tables.cabinet).outerjoin(tables.resident))
_LETTERS = _LETTERS.where(tables.outbox.c.sequence.in_(bindparam("letters", expanding=True)))
_PEOPLE = bindparam("people", expanding=True)
_contact, _resident = tables.contact.c, tables.resident.c
_CONTACTS = (
    select(_contact.resident, _contact.rank, _contact.address, _contact.confirmed)
    .where(_contact.resident.in_(_PEOPLE))
    .order_by(_contact.resident, _contact.rank)
)
_BARE = select(_resident.id, _resident.contact).where(_resident.id.in_(_PEOPLE))

#: The letters of one message, by the letter that leads them.
Many = Mapping[int, Sequence[Row]]
