"""What letters say of a parcel's stay beyond what the outbox holds, asked for while they are made."""

from collections.abc import Sequence

from sqlalchemy import Row

from host_tools.errors import UserError
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.wording import Facts
from host_tools.host.people.links import links_of
from host_tools.host.people.notices import DIGITS, PAGE_DIGITS
from host_tools.host.people.spoken import digits_of, page_digits_of
from host_tools.host.stays.said import said


def facts_of(ledger: Ledger, rows: Sequence[Row], at_ms: int, base: str = "") -> dict[str, Facts]:
    """The facts of those of these letters (rows of the outbox) that are about a parcel, by their ids; and the
    digits of a caller's asking or of her page, which rest nowhere. `base` is the address of the host's pages,
    which links are of; without one there are none.

    A letter that is just being made counts as handed over at `at_ms` (since 1970). Raises UserError where the
    ledger is away; whatever else goes wrong, letters go out without these facts.
    """
    digits = {
        row.id: Facts(digits=digits_of(ledger.vault, row.counter, row.queued_ms))
        for row in rows
        if row.kind == DIGITS
    }
    digits |= {
        row.id: Facts(digits=page_digits_of(ledger.vault, row.counter, row.queued_ms))
        for row in rows
        if row.kind == PAGE_DIGITS
    }
    try:
        with ledger.reading() as connection:
            its = {name: Facts(**one._asdict()) for name, one in said(connection, rows, at_ms).items()}
        for name, link in links_of(ledger, rows, base, at_ms).items() if base else ():
            its[name] = its.get(name, Facts())._replace(link=link)
    except Exception as error:
        if isinstance(error, UserError | OSError | MemoryError):
            raise
        its = {}
    return its | digits
