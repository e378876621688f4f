"""What the service counts of itself, for whoever watches over it.

Nothing here is about a person, and nothing differs when a pickup is under duress: letters, links and events
are counted as everybody sees them, and what only dispatchers are told is not looked at.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, func, literal_column, select, text

from host_tools.host.care.cases import CLOSED
from host_tools.host.care.kinds import KINDS, OTHER
from host_tools.host.connections import presence
from host_tools.host.connections.link_status import LinkStatus, link_statuses
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.deliveries import IS_DUE, QUEUED, RESTS, channels_of, is_now
from host_tools.host.notify.wording.quiet import CAN_WAIT

WAITING, FAILED = "waiting", "failed"
COUNT_MAX = 100_000  # of anything that waits: a figure ends there, and costs no more
#: As the partial indexes say it.
_WAITS = and_(text("outbox.sent_ms IS NULL AND outbox.held IS NULL AND outbox.given_up_ms IS NULL"))
_FAILS = and_(text("outbox.sent_ms IS NULL AND (outbox.held IS NOT NULL OR outbox.given_up_ms IS NOT NULL)"))


class Letters(NamedTuple):
    """How many letters are in each state, and since when the oldest of those that wait may go out
    (ms since 1970, UTC; None: none waits, or all rest by quiet hours).
    """

    counts: Mapping[str, int]
    oldest_ms: int | None


class Figures(NamedTuple):
    """What the ledger says of the service at `at_ms` (ms since 1970, UTC, by the ledger's clock)."""

    at_ms: int
    since_ms: int | None  # when the server that was asked about began; None: it does not run
    links: list[LinkStatus]
    letters: Letters
    events: int  # taken from boards, ever
    cases: Mapping[str, int]  # that are not closed, by kind
    deliveries: Mapping[tuple[str, str], int]  # that wait, by channel and whether they are queued or resting


def figures(ledger: Ledger, server: str, at_ms: int) -> Figures:
    """Looks. `server` is the id of the one whose beginning is asked for. Raises UserError."""
    links = link_statuses(ledger, at_ms)
    with ledger.reading() as connection:
        at_ms = presence.clock_ms(connection, at_ms)
        since_ms = next((one.since_ms for one in links.servers if one.id == server), None)
        events = connection.scalar(select(func.coalesce(func.sum(tables.position.c.applied), 0))) or 0
        case = tables.case.c
        still = select(case.kind, func.count()).where(case.state != CLOSED).group_by(case.kind)
        cases = Counter[str]()
        for kind, count in connection.execute(still):  # a name of another ansim's is no label
            cases[kind if kind in KINDS else OTHER] += count
        waiting = letters(connection, at_ms)
        return Figures(at_ms, since_ms, links.links, waiting, int(events), cases, _deliveries(connection))


def is_serving(ledger: Ledger, server: str, at_ms: int) -> bool:
    """Whether a server has said within the last seconds that it runs. Raises UserError."""
    with ledger.reading() as connection:
        return any(one.id == server for one in presence.running(connection, at_ms))


def _deliveries(connection: Connection) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name, its in (("queued", IS_DUE), ("resting", RESTS)):
        for channel in channels_of(connection, its):
            which = its & (tables.delivery.c.channel == channel)
            found[channel, name] = _count(connection, tables.delivery, which)
    return found


def letters(connection: Connection, at_ms: int) -> Letters:
    """How many wait and have failed at that time (ms since 1970), as everybody sees them."""
    counts = {
        name: _count(connection, tables.outbox, which)
        for name, which in ((WAITING, _WAITS), (FAILED, _FAILS))
    }
    outbox, delivery = tables.outbox.c, tables.delivery.c
    # What rests by quiet hours is as old as the time since when it may go out.
    may_rest = outbox.kind.in_([kind for kind, waits in CAN_WAIT.items() if waits])
    oldest = (
        select(outbox.queued_ms)
        .where(_WAITS, ~(may_rest & outbox.routed))
        .order_by(outbox.queued_ms)
        .limit(1)
    )
    rested = (
        select(delivery.since_ms)
        .join(tables.outbox, outbox.sequence == delivery.letter)
        .where(is_now(QUEUED), delivery.since_ms <= at_ms, _WAITS, may_rest)
        .order_by(delivery.since_ms)
        .limit(1)
    )
    ages = [connection.scalar(wanted) for wanted in (oldest, rested)]
    return Letters(counts, min((one for one in ages if one is not None), default=None))


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    """How many rows of a partial index there are, as far as COUNT_MAX."""
    some = select(literal_column("1")).select_from(table).where(which).limit(COUNT_MAX).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0
