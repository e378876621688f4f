"""The audit: every act, and every look at residents' data, is a row that nobody can change unseen.

    audit.note(connection, ledger, "parcel recall", site="mapo-3", cabinet=2, door=7, resident=12)

Rows form a chain: `link` is the SHA-256 of the row before and of all fields of this one, but for whom it is
about and what was said. Those two are in it by a salted commitment, so an erasure can delete them with
their salt and the chain stays whole. The host key seals the last row of each chain, its head, so the end of
a chain is missed too, and each row that an erasure empties, so one that was emptied by hand is found.
What belongs to silent alarms has a chain of its own, which only dispatchers and auditors see: nothing in the
other one tells of it, not even a gap in its numbers.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, insert, or_, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.accounts.rights import WITHOUT_KEY
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import Actor, actor_of
from host_tools.host.ledger.database import insert_or_change, now_ms
from host_tools.host.ledger.ledger import Ledger

ACTS = "acts"  # the chain that everybody with the right sees
DURESS = "duress"  # that of silent alarms, for dispatchers and auditors
CHAINS = (ACTS, DURESS)
_SEE_DURESS = frozenset(("dispatcher", "auditor"))

EVERYBODY = 0  # Row.resident of a look at all residents
ERASED = "resident erase"  # the act whose row keeps the number of whom it was about, as its proof
REFUSED = "refused"  # what a row says of an act that was not done
TEXT_MAX = 200
SHOWN_AFTER_MS = 86_400_000  # a resident hears of a look a day later
LAST = 50
_SALT_BYTES = 16
_FIRST = bytes(32)  # what stands before the first row
_ROWS = 1000  # verified at a time


class Entry(NamedTuple):
    """One row of the audit, as people see it. Times in ms since 1970."""

    chain: str
    number: int
    at_ms: int
    account: str | None  # the name of the account
    os_user: str  # empty: the host itself
    act: str
    reason: str
    site: str
    cabinet: int
    door: int
    resident: int | None  # EVERYBODY for a look at all; None: about nobody, or erased
    text: str
    erased: bool
    link: str  # in hex


class Exported(NamedTuple):
    """What an earlier export says of a row."""

    link: str  # in hex
    resident: int | None
    erased: bool


Span = tuple[int, int]  # the first and the last number of rows that follow one another


class Verdict(NamedTuple):
    """What looking at a chain has come to: how many rows, how many of them erased, the link of the last
    in hex, and which rows are not as they were written, are missing, or were emptied without an erasure.
    """

    chain: str
    rows: int
    erased: int
    link: str
    changed: tuple[Span, ...]
    missing: tuple[Span, ...]
    emptied: tuple[Span, ...]

    @property
    def wrong(self) -> int | None:
        """The number of the first row of which any is so; None: the chain is as it was written."""
        return min((first for first, _ in (*self.changed, *self.missing, *self.emptied)), default=None)


def note(
    connection: Connection,
    ledger: Ledger,
    act: str,
    *,
    site: str = "",
    cabinet: int = 0,
    door: int = 0,
    resident: int | None = None,
    reason: str = "",
    text: str = "",
    chain: str = ACTS,
    at_ms: int | None = None,
    dry_run: bool = False,
) -> None:
    """Writes a row within the transaction of the act: both come to the disk, or neither does.

    `ledger.actor` says who acts, and for which reason where none is given here. `at_ms` defaults to now.
    A dry run is a look at whom it is about, under a name of its own.
    """
    actor = ledger.actor
    table = tables.audit
    last = connection.execute(
        select(table.c.number, table.c.link)
        .where(table.c.chain == chain)
        .order_by(table.c.number.desc())
        .limit(1)
    ).first()
    number, before = (last.number + 1, last.link) if last else (1, _FIRST)
    row = {
        "chain": chain,
        "number": number,
        "at_ms": now_ms() if at_ms is None else at_ms,
        "account": actor.account,
        "os_user": actor.os_user,
        "act": f"{act} --dry-run" if dry_run else act,
        "reason": reason or actor.reason,
        "site": site,
        "cabinet": cabinet,
        "door": door,
        "resident": resident,
        "text": (text or actor.text)[:TEXT_MAX],
    }
    salt = os.urandom(_SALT_BYTES)
    row["salt"], row["commitment"] = salt, _commitment(salt, resident, row["text"])
    row["link"] = _link(before, row)
    connection.execute(insert(table).values(**row))
    if ledger.vault.has_key:
        head = {"chain": chain, "number": number, "seal": _seal(ledger, chain, number, row["link"])}
        connection.execute(insert_or_change(connection.dialect.name, tables.audit_head), head)


@contextmanager
def noting_refusal(
    connection: Connection, ledger: Ledger, act: str, resident: int | None, **place: Any
) -> Iterator[None]:
    """What is refused inside says something of her too, so it leaves a row although the act does not.

    Before the transaction has written anything else, which would come to the disk with it.
    """
    try:
        yield
    except UserError:
        note(connection, ledger, act, resident=resident, text=REFUSED, **place)
        connection.commit()
        raise


def _seal(ledger: Ledger, chain: str, number: int, link: bytes) -> bytes:
    return ledger.vault.mac(b"audit head", f"{chain} {number} ".encode() + link)


def _head(connection: Connection, chain: str) -> Row | None:
    return connection.execute(select(tables.audit_head).where(tables.audit_head.c.chain == chain)).first()


def _unsealed(connection: Connection, ledger: Ledger, chain: str, head: Row | None) -> int | None:
    """The first row that has no head and should, or the one that the head is not of.

    Rows behind the head are those of commands that do without the key; they alone may be without one.
    """
    table = tables.audit.c
    if head is None:
        keyed = (table.chain == chain) & table.act.not_in(WITHOUT_KEY)
        return connection.scalar(select(func.min(table.number)).where(keyed))
    of = (table.chain == chain) & (table.number == head.number)
    link = connection.scalar(select(table.link).where(of))
    return None if link and head.seal == _seal(ledger, chain, head.number, link) else head.number


def _commitment(salt: bytes, resident: int | None, text: str) -> bytes:
    return hashlib.sha256(salt + json.dumps([resident, text]).encode()).digest()


_CHAINED = ("chain", "number", "at_ms", "account", "os_user", "act", "reason", "site", "cabinet", "door")


def _link(before: bytes, row: dict) -> bytes:
    fields = json.dumps([row[name] for name in _CHAINED]).encode()
    return hashlib.sha256(before + row["commitment"] + fields).digest()


def chains_of(actor: Actor) -> tuple[str, ...]:
    """The chains that somebody with these roles sees."""
    return CHAINS if actor.roles & _SEE_DURESS else (ACTS,)


def listing(ledger: Ledger, last: int = LAST) -> list[Entry]:
    """The last rows that the one who asks may see, the oldest first."""
    with ledger.reading() as connection:
        chains = tables.audit.c.chain.in_(chains_of(actor_of(connection)))
        wanted = _ENTRIES.where(chains, _seen(connection))
        newest = wanted.order_by(tables.audit.c.at_ms.desc(), tables.audit.c.number.desc()).limit(last)
        return [_entry(row) for row in reversed(connection.execute(newest).all())]


def everything(ledger: Ledger) -> Iterator[Entry]:
    """All rows that the one who asks may see, chain by chain."""
    with ledger.reading() as connection:
        for chain in chains_of(actor_of(connection)):
            for rows in _in_parts(connection, chain, _seen(connection)):
                yield from map(_entry, rows)


def _seen(connection: Connection) -> ColumnElement[bool]:
    """The rows that the one who acts sees: of its sites, and none of residents whom it is related to, nor of
    their doors while a parcel of theirs lay there.
    """
    row, sites = tables.audit.c, actor_of(connection).sites
    parcel, cabinet, site = tables.parcel.c, tables.cabinet.c, tables.site.c
    here = select(parcel.id).select_from(tables.parcel.join(tables.cabinet).join(tables.site))
    here = here.where(site.name == row.site, cabinet.number == row.cabinet)
    seen = sight.sees_door(connection, here, row.door, row.at_ms)
    seen &= or_(row.resident == EVERYBODY, sight.sees_resident(connection, row.resident))
    if not sites:
        return seen
    names = select(site.name).where(site.id.in_(sites))
    of_host = (
        (row.site == "")
        & row.act.not_like("account %")
        & or_(row.account.is_(None), sight.sees_account(connection, row.account))
    )
    return seen & or_(row.site.in_(names), of_host)


def about(ledger: Ledger, resident: int, at_ms: int) -> list[Entry]:
    """What she is shown: who acted on her or looked at her, the oldest first, a day after it happened.

    Silent alarms are not in it. `at_ms` is now, in ms since 1970.
    """
    table = tables.audit.c
    with ledger.reading() as connection:
        since_ms = connection.scalar(
            select(tables.resident.c.since_ms).where(tables.resident.c.id == resident)
        )
        hers = or_(
            table.resident == resident, and_(table.resident == EVERYBODY, table.at_ms >= (since_ms or 0))
        )
        shown = (table.chain == ACTS) & (table.at_ms <= at_ms - SHOWN_AFTER_MS)
        return [_entry(row) for row in connection.execute(_ENTRIES.where(hers, shown).order_by(table.number))]


def verify(ledger: Ledger, exported: Mapping[tuple[str, int], Exported] | None = None) -> list[Verdict]:
    """Computes the chains anew that the one who asks may see; `exported`, by chain and number, is what an
    earlier export says: a row that is another now, gone, or emptied without an erasure of hers is told too.
    """
    exported = exported or {}
    with ledger.reading() as connection:
        return [_verified(connection, ledger, chain, exported) for chain in chains_of(actor_of(connection))]


def _verified(
    connection: Connection, ledger: Ledger, chain: str, exported: Mapping[tuple[str, int], Exported]
) -> Verdict:
    known = {number: one for (of, number), one in exported.items() if of == chain}
    erasures = _erasures(connection)
    changed: set[int] = set()
    emptied: set[int] = set()
    missing: list[Span] = []
    priors: set[bytes] = {_FIRST}  # what the row before may have as its link; none where that is missing
    count, erased, last, link = 0, 0, 0, _FIRST
    for row in (row for rows in _in_parts(connection, chain) for row in rows):
        if row.number > last + 1:
            missing.append((last + 1, row.number - 1))
            before = known.get(row.number - 1)
            priors = {bytes.fromhex(before.link)} if before else set()
        was = known.get(row.number)
        computed = {_link(one, row._asdict()) for one in priors}
        if (
            not _is_said(row)
            or (computed and row.link not in computed)
            or (was is not None and was.link != row.link.hex())
        ):
            changed.add(row.number)
        if row.salt is None:
            erased += 1
            if not _is_explained(ledger, row, was, erasures):
                emptied.add(row.number)
        priors = computed | {row.link}
        count, last, link = count + 1, row.number, row.link
    head = _head(connection, chain)
    end = max(known.keys() | {head.number if head else 0})
    if end > last:
        missing.append((last + 1, end))
    elif (unsealed := _unsealed(connection, ledger, chain, head)) is not None:
        changed.add(unsealed)
    return Verdict(chain, count, erased, link.hex(), _spans(changed), tuple(missing), _spans(emptied))


def _is_said(row: Row) -> bool:
    """Whether it says what it is committed to; one that is emptied says nothing."""
    if row.salt is None:
        return row.resident is None and not row.text
    return _commitment(row.salt, row.resident, row.text) == row.commitment


def _erasures(connection: Connection) -> dict[int, int]:
    """The residents who were erased, and the number of the last row that says so."""
    table = tables.audit.c
    its = (table.chain == ACTS) & (table.act == ERASED) & table.resident.is_not(None)
    last = select(table.resident, func.max(table.number)).where(its).group_by(table.resident)
    return dict(connection.execute(last).all())


def _is_explained(ledger: Ledger, row: Row, was: Exported | None, erasures: Mapping[int, int]) -> bool:
    """Whether an erasure has emptied a row: the host key has sealed that, and the row of an erasure follows;
    where an export says whom it was about, that of this resident.
    """
    if not hmac.compare_digest(row.emptied or b"", _seal_of_erasure(ledger, row)):
        return False
    by = erasures.values() if was is None or was.erased else [erasures.get(was.resident or EVERYBODY, 0)]
    return any(number > (row.number if row.chain == ACTS else 0) for number in by)


def _seal_of_erasure(ledger: Ledger, row: Row) -> bytes:
    return ledger.vault.mac(b"audit erased", f"{row.chain} {row.number} ".encode() + row.link)


def _spans(numbers: Iterable[int]) -> tuple[Span, ...]:
    found: list[Span] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def _in_parts(
    connection: Connection, chain: str, seen: ColumnElement[bool] | None = None
) -> Iterator[list[Row]]:
    table, after = tables.audit, 0
    while True:
        wanted = _ENTRIES.where(table.c.chain == chain, table.c.number > after)
        wanted = wanted if seen is None else wanted.where(seen)
        rows = list(connection.execute(wanted.order_by(table.c.number).limit(_ROWS)))
        if rows:
            yield rows
        if len(rows) < _ROWS:
            return
        after = rows[-1].number


def erase(connection: Connection, ledger: Ledger, resident: int) -> int:
    """Deletes whom rows about a resident are about and what they say of her, with their salts;
    how many there were. The row of an earlier erasure stays: it says her number and no words about her.

    Each is sealed as emptied by itself: what named the erasure would say which rows were of one person.
    """
    table = tables.audit
    hers = (table.c.resident == resident) & (table.c.act != ERASED)
    rows = connection.execute(select(table.c.chain, table.c.number, table.c.link).where(hers)).all()
    its = (table.c.chain == bindparam("of")) & (table.c.number == bindparam("at"))
    gone = {"resident": None, "text": "", "salt": None, "emptied": bindparam("seal")}
    values = [{"of": row.chain, "at": row.number, "seal": _seal_of_erasure(ledger, row)} for row in rows]
    if values:
        connection.execute(update(table).where(its).values(**gone), values)
    return len(rows)


_ENTRIES = select(tables.audit, tables.account.c.name.label("account_name")).select_from(
    tables.audit.outerjoin(tables.account)
)


def _entry(row: Row) -> Entry:
    fields = (row.act, row.reason, row.site, row.cabinet, row.door, row.resident, row.text)
    return Entry(
        row.chain,
        row.number,
        row.at_ms,
        row.account_name,
        row.os_user,
        *fields,
        row.salt is None,
        row.link.hex(),
    )


def count(ledger: Ledger) -> int:
    """How many rows everybody with the right sees."""
    with ledger.reading() as connection:
        return connection.execute(
            select(func.count()).select_from(tables.audit).where(tables.audit.c.chain == ACTS)
        ).scalar_one()
