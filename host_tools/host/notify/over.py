"""Letters that have nothing to say any more by the time that they would leave."""

from collections.abc import Iterable

from sqlalchemy import Connection, Row, select

from host_tools.host.ledger import tables
from host_tools.host.people.notices import ASKED, ASKED_TO_OPEN, ASKING_MS, CONFIRMED, DIGITS

IS_OVER = "it is over"

_OF_ASKINGS = (ASKED_TO_OPEN, DIGITS)


def over(connection: Connection, letters: Iterable[Row], at_ms: int) -> set[int]:
    """The sequences of those of these letters (rows of the outbox) that are over at `at_ms` (since 1970)."""
    asked = [row for row in letters if row.kind in _OF_ASKINGS]
    if not asked:
        return set()
    asking = tables.asking.c
    its = asking.id.in_({row.counter for row in asked}) & asking.state.in_((ASKED, CONFIRMED))
    going_on = set(connection.scalars(select(asking.id).where(its)))
    return {row.sequence for row in asked if row.counter not in going_on or at_ms > row.queued_ms + ASKING_MS}
