"""Whether anything is new in what people look at: few short looks, by which a whole one is saved."""

import hashlib
from typing import Any

from sqlalchemy import Connection, func, select

from host_tools.host.care import cases
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger

_ADDED = (tables.case_note.c.id, tables.command.c.sequence, tables.page.c.id)


def newest(ledger: Ledger) -> tuple[Any, ...]:
    """What differs when anything has changed that the console shows: the cases that are not closed, and the
    newest of what is only ever added. Raises UserError where the ledger is away.
    """
    with ledger.reading() as connection:
        case = tables.case.c
        its = case["id", "state", "times", "last_ms", "taken_ms", "round", "step"]
        there = connection.execute(select(*its).where(case.state != cases.CLOSED).order_by(case.id)).all()
        told = hashlib.sha256(repr([tuple(row) for row in there]).encode()).digest()
        heard = connection.scalar(select(func.sum(tables.position.c.applied)))  # events, whatever they were
        return (told, heard, *(_last(connection, column) for column in _ADDED))


def _last(connection: Connection, column: Any) -> Any:
    return connection.scalar(select(func.max(column)))
