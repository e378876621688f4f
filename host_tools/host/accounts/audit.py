"""The audit: every act, and every look at residents' data, is a row that nobody can change unseen.

    audit.note(connection, ledger, "parcel recall", site="mapo-3", cabinet=2, door=7, resident=12)

Rows form a chain: `link` is the SHA-256 of the row before and of all fields of this one, but for whom it is
about and what was said. Those two are in it by a salted commitment, so an erasure can delete them with
their salt and the chain stays whole. The last row of each chain, its head, is sealed by the host key, so the
end of a chain is missed too. What belongs to silent alarms has a chain of its own, which only
dispatchers and auditors see: nothing in the other one tells of it, not even a gap in its numbers.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

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


class Verdict(NamedTuple):
    """What looking at a chain has come to: how many rows, how many of them erased, the link of the last
    in hex, and the number of the first row that is not as it was written (None: all are).
    """

    chain: str
    rows: int
    erased: int
    link: str
    wrong: int | None


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
) -> None:
    """Writes a row within the transaction of the act: both come to the disk, or neither does.

    `ledger.actor` says who acts, and for which reason where none is given here. `at_ms` defaults to now.
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
        "act": act,
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


def _seal(ledger: Ledger, chain: str, number: int, link: bytes) -> bytes:
    return ledger.vault.mac(b"audit head", f"{chain} {number} ".encode() + link)


def _cut(connection: Connection, ledger: Ledger, chain: str, last: int) -> int | None:
    """The first row that is missed behind the last one of a chain, or the one that its head is not of.

    Rows behind the head are those of commands that do without the key; they alone may be without one.
    """
    table = tables.audit.c
    head = connection.execute(select(tables.audit_head).where(tables.audit_head.c.chain == chain)).first()
    if head is None:
        keyed = (table.chain == chain) & table.act.not_in(WITHOUT_KEY)
        return connection.scalar(select(func.min(table.number)).where(keyed))
    if head.number > last:
        return last + 1
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


def verify(ledger: Ledger, exported: dict[tuple[str, int], str] | None = None) -> list[Verdict]:
    """Computes the chains anew that the one who asks may see; `exported` are links of an earlier export,
    by chain and number: a row that has another link now, or is gone, is wrong too.
    """
    exported = exported or {}
    with ledger.reading() as connection:
        return [_verified(connection, ledger, chain, exported) for chain in chains_of(actor_of(connection))]


def _verified(
    connection: Connection, ledger: Ledger, chain: str, exported: dict[tuple[str, int], str]
) -> Verdict:
    before, count, erased = _FIRST, 0, 0
    known = {number: link for (of, number), link in exported.items() if of == chain}
    for rows in _in_parts(connection, chain):
        for row in rows:
            count += 1
            erased += row.salt is None
            if (
                row.number != count
                or not _is_whole(before, row)
                or known.pop(count, row.link.hex()) != row.link.hex()
            ):
                return Verdict(chain, count, erased, before.hex(), count)
            before = row.link
    missed = min(known) if known else _cut(connection, ledger, chain, count)
    return Verdict(chain, count, erased, before.hex(), missed)


def _is_whole(before: bytes, row: Row) -> bool:
    of_text = row.salt is None or _commitment(row.salt, row.resident, row.text) == row.commitment
    return of_text and _link(before, row._asdict()) == row.link


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


def erase(connection: Connection, resident: int) -> int:
    """Deletes whom rows about a resident are about and what they say of her, with their salts;
    how many there were. The row of an earlier erasure stays: it says her number and nothing else.
    """
    table = tables.audit
    hers = (table.c.resident == resident) & (table.c.act != ERASED)
    gone = {"resident": None, "text": "", "salt": None}
    return connection.execute(update(table).where(hers).values(**gone)).rowcount


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
