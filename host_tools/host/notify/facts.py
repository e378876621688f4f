"""What letters say of a parcel's stay beyond what the outbox holds, asked for while they are made."""

from collections.abc import Sequence

from sqlalchemy import Row

from host_tools.errors import UserError
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.wording import Facts
from host_tools.host.people.notices import DIGITS
from host_tools.host.people.spoken import digits_of
from host_tools.host.stays.said import said


def facts_of(ledger: Ledger, rows: Sequence[Row], at_ms: int) -> dict[str, Facts]:
    """The facts of those of these letters (rows of the outbox) that are about a parcel, by their ids; and the
    digits of a caller's asking, which its letter counts, and which rest nowhere.

    A letter that is just being made counts as handed over at `at_ms` (since 1970). Raises UserError where the
    ledger is away; whatever else goes wrong, letters go out without these facts.
    """
    digits = {
        row.id: Facts(digits=digits_of(ledger.vault, row.counter, row.queued_ms))
        for row in rows
        if row.kind == DIGITS
    }
    try:
        with ledger.reading() as connection:
            its = {name: Facts(**one._asdict()) for name, one in said(connection, rows, at_ms).items()}
    except Exception as error:
        if isinstance(error, UserError | OSError | MemoryError):
            raise
        its = {}
    return its | digits
