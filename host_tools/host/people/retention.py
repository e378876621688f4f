"""How long personal data of parcels that have ended is kept: 30 days by default, then nobody can say any more
whose a parcel was. Residents themselves stay until they are erased.
"""

import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, exists, func, or_, select, update

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.data_folder import SETTINGS
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.people import links, spools

DAYS = 30
DAYS_MAX = 3650
_DAY_MS = 86_400_000
OFFLINE_MS = 90 * _DAY_MS
_KEY = "retention_days"

#: When the oldest parcel has ended of which the ledger says whose it was.
OLDEST = select(func.min(tables.parcel.c.ended_ms)).where(
    tables.parcel.c.resident.is_not(None), tables.parcel.c.state != "waiting"
)


class Applied(NamedTuple):
    """What one round took away."""

    parcels: int
    letters: int
    lines: int


def days_of(data: Path) -> int:
    """The setting of a host: `retention_days` in settings.toml of its data folder. Raises UserError."""
    try:
        found = tomllib.loads((data / SETTINGS).read_text()).get(_KEY, DAYS)
    except FileNotFoundError:
        return DAYS
    except (OSError, ValueError) as error:
        raise UserError(
            f"{data / SETTINGS} cannot be read: write one setting a line, {_KEY} = {DAYS}."
        ) from error
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= DAYS_MAX:
        raise UserError(f"{_KEY} in {data / SETTINGS} is a number of days from 1 to {DAYS_MAX}.")
    return found


def apply(ledger: Ledger, files: Iterable[Path], at_ms: int) -> Applied:
    """Takes away what is older than the host keeps it: whose an ended parcel and its ticket were, letters to
    residents with their addresses, old lines in `files` of messages. `at_ms`: now, ms since 1970.

    Raises UserError for a setting that is none.
    """
    before_ms = at_ms - days_of(ledger.data) * _DAY_MS
    parcel, ticket, outbox = tables.parcel, tables.ticket, tables.outbox
    ended = (parcel.c.resident.is_not(None)) & (parcel.c.ended_ms < before_ms) & (parcel.c.state != "waiting")
    # A cabinet without a link takes labels that were taken back meanwhile, and their parcels are hers.
    is_over = or_(
        (ticket.c.state == "used") & (ticket.c.issued_ms < before_ms),
        (ticket.c.state != "open") & (ticket.c.issued_ms < before_ms - OFFLINE_MS),
    )
    of_ticket = (
        parcel.c.resident.is_not(None)
        & (parcel.c.serial == ticket.c.serial)
        & (parcel.c.generation == ticket.c.generation)
        & (parcel.c.cabinet == tables.cabinet.c.id)
        & (tables.cabinet.c.site == ticket.c.site)
    )
    spent = ticket.c.resident.is_not(None) & is_over & ~exists().where(of_ticket)
    of_waiting = select(parcel.c.resident).where(parcel.c.state == "waiting", parcel.c.resident.is_not(None))
    told = (
        outbox.c.resident.is_not(None)
        & (outbox.c.queued_ms < before_ms)
        & outbox.c.resident.not_in(of_waiting)
    )
    links_over = links.over(at_ms)
    with ledger.reading() as connection:
        looks = (select(parcel.c.id).where(ended), select(outbox.c.id).where(told))
        looks += (select(ticket.c.serial).where(spent), select(tables.parcel_link.c.parcel).where(links_over))
        if not any(connection.execute(look.limit(1)).first() for look in looks):
            return Applied(0, 0, 0)
    with ledger.writing() as connection:
        connection.execute(delete(tables.parcel_link).where(links_over))
        parcels = connection.execute(update(parcel).where(ended).values(resident=None)).rowcount
        connection.execute(update(ticket).where(spent).values(resident=None))
        letters = select(outbox.c.sequence).where(told)
        for table in tables.metadata.sorted_tables:
            for key in table.foreign_keys:
                if key.column.table is outbox:
                    connection.execute(delete(table).where(key.parent.in_(letters)))
        count = connection.execute(delete(outbox).where(told)).rowcount
    lines = sum(spools.take_out(path, _older(before_ms)) for path in files) if count else 0
    return Applied(parcels, count, lines)


def _older(before_ms: int):
    limit = datetime.fromtimestamp(before_ms / 1000, UTC).isoformat(timespec="milliseconds")

    def is_older(told: dict) -> bool:
        heard = told.get("heard")
        return isinstance(heard, str) and bool(heard) and heard.replace("Z", "+00:00") < limit

    return is_older
