"""What the service counts of itself, for whoever watches over it.

Nothing here is about a person, and nothing differs when a pickup is under duress: letters, links and events
are counted as everybody sees them, and what only dispatchers are told is not looked at.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy import case as either

from host_tools.host.care.cases import CLOSED
from host_tools.host.care.kinds import KINDS, OTHER
from host_tools.host.connections import presence
from host_tools.host.connections.link_status import LinkStatus, link_statuses
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger

WAITING, HANDED_OVER, FAILED = "waiting", "handed over", "failed"


class Letters(NamedTuple):
    """How many letters are in each state, and when the oldest of those that wait was queued
    (ms since 1970, UTC; None: none waits).
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
    deliveries: Mapping[tuple[str, str], int]  # letters on their way, by channel and state


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
        letters = _letters(connection)
        return Figures(at_ms, since_ms, links.links, letters, int(events), cases, _deliveries(connection))


def is_serving(ledger: Ledger, server: str, at_ms: int) -> bool:
    """Whether a server has said within the last seconds that it runs. Raises UserError."""
    with ledger.reading() as connection:
        return any(one.id == server for one in presence.running(connection, at_ms))


def _deliveries(connection: Connection) -> dict[tuple[str, str], int]:
    delivery = tables.delivery.c
    wanted = select(delivery.channel, delivery.state, func.count()).group_by(delivery.channel, delivery.state)
    return {(channel, state): int(count) for channel, state, count in connection.execute(wanted)}


def _letters(connection: Connection) -> Letters:
    outbox = tables.outbox.c
    state = either(
        (outbox.sent_ms.is_not(None), HANDED_OVER),
        (outbox.held.is_not(None) | outbox.given_up_ms.is_not(None), FAILED),
        else_=WAITING,
    )
    found = dict(connection.execute(select(state, func.count()).group_by(state)).all())
    oldest = select(func.min(outbox.queued_ms))
    oldest = oldest.where(outbox.sent_ms.is_(None), outbox.held.is_(None), outbox.given_up_ms.is_(None))
    counts = {name: int(found.get(name, 0)) for name in (WAITING, HANDED_OVER, FAILED)}
    return Letters(counts, connection.scalar(oldest))
