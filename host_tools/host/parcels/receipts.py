"""Receipts: a deposit that the host has not heard of,
brought in by what the cabinet's screen showed the courier.

A receipt is door (2), parcel counter modulo 10^4 (4) and 8 digits of a MAC that only that board and this host
can make; with its ticket it proves the deposit. The event that comes later finds it done.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import lookups, tables
from host_tools.host.ledger.data_folder import RECEIPT_LOCK
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import RETIRED, Identity, Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.ledger.places import Place
from host_tools.host.notify.letters import ODD_TICKET, Letters, of_receipt, since_ms
from host_tools.host.parcels import tickets
from locker.contract.codes import receipt_code, same
from locker.contract.keys import epoch_keys
from locker.contract.tickets import recorded

#: How long a wrong receipt takes, and every one behind it: no receipt is refused, and nobody guesses fast.
WRONG_S = 15.0
DIGITS = 14

_COUNTER_MAX = 0x1FFFF
_COUNTER_SHOWN = 10_000
_EPOCHS_TRIED = 8  # as many as a board has in use


class Entered(NamedTuple):
    """A deposit that a receipt has proved. `known`: the ledger had it already, and nobody is told again."""

    site: str
    cabinet: int
    door: int
    known: bool


class _Claim(NamedTuple):
    """What somebody says: a parcel on this ticket lies behind that door."""

    site: Row
    label: lookups.Serial
    door: int
    shown: int  # the counter, modulo 10^4
    code: str


def enter(
    ledger: Ledger,
    ticket: str,
    receipt: str,
    site: str | None = None,
    *,
    dry_run: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Entered:
    """Brings a deposit in: its resident gets her letter. `sleep` waits so many seconds.

    Raises UserError: no ticket or no receipt by its form;
    not of this site or not of each other (that takes WRONG_S).
    """
    ticket, receipt = checked(ticket, receipt)
    name = site or tickets.only_site(ledger)
    with _one_at_a_time(ledger.data):
        found = prove(ledger, name, ticket, receipt, dry_run=dry_run)
        if found is None:
            sleep(WRONG_S)
            raise UserError(
                "That receipt and that ticket do not belong together here: "
                "compare the digits and --site, then enter them again."
            )
    return found


def checked(ticket: str, receipt: str) -> tuple[str, str]:
    """Both as digits, without what people write between them. Raises UserError for what has another form."""
    ticket, receipt = (text.replace(" ", "").replace("·", "").removesuffix("#") for text in (ticket, receipt))
    if not _are_digits(ticket, 9):
        raise UserError("A ticket is 9 digits.", 2)
    if not _are_digits(receipt, DIGITS):
        raise UserError(
            f"A receipt is {DIGITS} digits: the door, 4 digits and 8 digits, "
            "as the cabinet's screen showed them.",
            2,
        )
    return ticket, receipt


def _are_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


@contextmanager
def _one_at_a_time(data: Path) -> Iterator[None]:
    """Whoever comes while a wrong one takes its time waits behind it."""
    descriptor = os.open(data / RECEIPT_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def prove(ledger: Ledger, name: str, ticket: str, receipt: str, *, dry_run: bool = False) -> Entered | None:
    """As `enter`, of both as they are checked, and at once: None where they do not belong together.

    Whoever asks slows who guesses. Raises UserError for a site that there is not.
    """
    with ledger.reading() as connection:
        site = connection.execute(select(tables.site).where(tables.site.c.name == normal(name))).first()
        if site is None:
            raise UserError("There is no site of that name: `ansim cabinet list` shows the sites.", 2)
        boards = select(tables.cabinet.c.id).where(
            tables.cabinet.c.site == site.id, tables.cabinet.c.state != RETIRED
        )
        cabinets = list(connection.scalars(boards.order_by(tables.cabinet.c.number)))
    label = tickets.label_of(ledger, site, ticket)
    claim = _Claim(site, label or (0, 0), int(receipt[:2]), int(receipt[2:6]), receipt[6:])
    proofs = [
        (cabinet, identity, proof)
        for cabinet in cabinets
        for identity in [ledger.identity_of(cabinet)]
        for proof in [_proof(identity, claim)]
    ]
    for cabinet, identity, proof in proofs:  # all are made, whichever fits
        if proof is not None and label is not None:
            with ledger.writing() as connection:
                known = _bring_in(connection, cabinet, claim, *proof, dry_run=dry_run)
                if not dry_run:
                    place = Place(site.name, identity.cabinet.number, claim.door)
                    audit.note(connection, ledger, "receipt enter", **place.named())
            return Entered(site.name, identity.cabinet.number, claim.door, known)
    return None


def _proof(identity: Identity, claim: _Claim) -> tuple[int, int] | None:
    """Epoch and counter of the deposit that a cabinet has given this receipt for; None when it has not."""
    found = None
    serial = recorded(claim.label[1], claim.label[0])
    board_id = identity.cabinet.board_id
    for epoch in sorted({1, identity.cabinet.epoch, *identity.nonces}, reverse=True)[:_EPOCHS_TRIED]:
        nonces = (identity.nonce_host, identity.nonce_board)
        key = epoch_keys(identity.master_secret, *nonces, board_id, epoch, identity.nonces.get(epoch, 0))[1]
        for counter in range(claim.shown or _COUNTER_SHOWN, _COUNTER_MAX + 1, _COUNTER_SHOWN):
            if same(claim.code, receipt_code(key, board_id, epoch, claim.door, counter, serial, 0)):
                found = (epoch, counter)
    return found


def _bring_in(
    connection: Connection, cabinet: int, claim: _Claim, epoch: int, counter: int, *, dry_run: bool
) -> bool:
    """Enters the parcel with its letter, unless the ledger has it; whether it had."""
    table = tables.parcel
    its = (
        (table.c.cabinet == cabinet)
        & (table.c.door == claim.door)
        & (table.c.counter == counter)
        & (table.c.epoch == epoch)
    )
    if connection.execute(select(table.c.id).where(its)).first() is not None:
        return True
    if dry_run:
        return False
    at_ms = now_ms()
    incarnation = (
        connection.scalar(select(tables.cabinet.c.incarnation).where(tables.cabinet.c.id == cabinet)) or 0
    )
    ticket = connection.execute(select(tables.ticket).where(_ticket_of(claim))).first()
    odd = (
        ticket is None
        or ticket.state == "revoked"
        or lookups.uses(connection, {claim.label[1]})[claim.site.id, claim.label] > 0
    )
    # All that a receipt tells of when it was.
    earliest_ms = min(ticket.issued_ms if ticket else since_ms(connection, cabinet), at_ms)
    parcel = {
        "cabinet": cabinet,
        "incarnation": incarnation,
        "epoch": epoch,
        "door": claim.door,
        "counter": counter,
        "retry": 0,
        "serial": claim.label[1],
        "generation": claim.label[0],
        "resident": ticket.resident if ticket else None,
        "state": "waiting",
        "flagged": odd,
        "deposited_ms": at_ms,
        "deposited_from_ms": earliest_ms,
        "ended_ms": None,
        "stuck": 0,
        "receipt_ms": at_ms,
    }
    connection.execute(insert(table).values(**parcel))
    if ticket is not None and ticket.state in ("open", "expired"):
        connection.execute(update(tables.ticket).where(_ticket_of(claim)).values(state="used"))
    _tell(connection, cabinet, incarnation, parcel, Moment(earliest_ms, at_ms, at_ms))
    return False


def _ticket_of(claim: _Claim):
    ticket = tables.ticket.c
    return (
        (ticket.site == claim.site.id)
        & (ticket.generation == claim.label[0])
        & (ticket.serial == claim.label[1])
    )


def _tell(connection: Connection, cabinet: int, incarnation: int, parcel: dict, moment: Moment) -> None:
    """The letters that the event would have brought."""
    key = (cabinet, incarnation)
    board = lookups.boards(connection, [key])[key]
    record = of_receipt(parcel)
    letters = Letters(connection)
    letters.announce(board, record, parcel | {"receipt_ms": None}, moment)
    if parcel["flagged"]:
        letters.alarm(board, record, ODD_TICKET, moment)
    letters.write()
