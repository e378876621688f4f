"""What the page of a parcel shows, by the token of its link: hers, and only what her letters tell too.

It needs no key, and writes nothing. A pickup under duress is an ordinary one in all that is read here.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, select

from host_tools.host.fleet import orders
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.people import links
from host_tools.host.stays.clock import Pause
from host_tools.host.stays.standing import standing_of
from locker.contract import commands

#: The letters that tell what happened at her door, and to her parcel.
TOLD = (
    "deposited",
    "used label",
    "label used twice",
    "label cleared",
    "new code",
    "odd new code",
    "opened",
    "opened at last",
    "stuck",
    "mended",
    "opened by staff",
    "forced",
    "unknown",
    "silenced",
    "gone",
    "taken by staff",
)
_STORY_MAX = 50
_OWN = ("resident", "serial", "generation", "door", "counter")


class Step(NamedTuple):
    """Something that a letter told: its kind, and between when it happened (ms since 1970)."""

    kind: str
    earliest_ms: int
    latest_ms: int


class Hers(NamedTuple):
    """A parcel as its page shows it. Times in ms since 1970."""

    parcel: int
    site: str
    cabinet: int
    door: int
    state: str
    flagged: bool  # it came on a label that was used before
    since_ms: int
    until_ms: int | None  # None: a clock stands still
    recall_ms: int | None
    paused_ms: int
    pauses: Sequence[Pause]
    story: Sequence[Step]  # the newest first
    is_code_left_out: bool  # it asks for digits before it shows the code
    digits_ms: int | None  # when these were sent last
    ordered_ms: int | None  # since when another code waits for the cabinet to hear of it
    languages: tuple[str, ...]  # hers, that of the site
    zone: str
    help_number: str


def look(ledger: Ledger, token: str, at_ms: int) -> Hers | None:
    """The parcel of a link at that time (ms since 1970); None for a link that is not good, or no more."""
    with ledger.reading() as connection:
        parcel = links.find(connection, token, at_ms)
        standing = None if parcel is None else standing_of(connection, parcel.id, at_ms)
        if parcel is None or standing is None:
            return None
        her, site = tables.resident.c, tables.site.c
        wish = connection.execute(
            select(her.language, her.code_left_out).where(her.id == parcel.resident)
        ).one()
        place = connection.execute(
            select(site.name, site.language, site.zone, site.help_number).where(site.id == standing.row.site)
        ).one()
        stay = standing.stay
        return Hers(
            parcel.id,
            place.name,
            standing.row.number,
            parcel.door,
            parcel.state,
            bool(parcel.flagged),
            stay.since_ms,
            stay.free_until_ms,
            stay.recall_ms,
            stay.paused_ms,
            standing.pauses,
            _story(connection, parcel),
            bool(wish.code_left_out),
            parcel.digits_ms,
            ordered_ms(connection, parcel),
            tuple(filter(None, (wish.language, place.language))),
            place.zone,
            place.help_number,
        )


def ordered_ms(connection: Connection, parcel: Row) -> int | None:
    """Since when another code for this parcel waits for its cabinet to hear of it; None: none does."""
    order = tables.command.c
    its = (order.cabinet == parcel.cabinet) & (order.door == parcel.door) & (order.counter == parcel.counter)
    its &= (order.kind == commands.REISSUE) & (order.state == orders.WAITING) & (order.a > parcel.retry)
    return connection.scalar(select(order.queued_ms).where(its).order_by(order.sequence.desc()).limit(1))


def _story(connection: Connection, parcel: Row) -> list[Step]:
    outbox = tables.outbox.c
    its = [outbox[name] == parcel._mapping[name] for name in _OWN]
    told = select(outbox.kind, outbox.earliest_ms, outbox.latest_ms, outbox.queued_ms)
    told = told.where(*its, outbox.kind.in_(TOLD), outbox.sent_ms.is_not(None))
    rows = connection.execute(told.order_by(outbox.sequence.desc()).limit(_STORY_MAX)).all()
    return [
        Step(row.kind, row.queued_ms, row.queued_ms)
        if row.latest_ms is None
        else Step(row.kind, row.earliest_ms or row.latest_ms, row.latest_ms)
        for row in rows
    ]
