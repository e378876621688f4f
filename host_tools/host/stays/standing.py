"""The stays of parcels as the ledger knows them: facts from its rows, and the clock over them."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_new
from host_tools.host.stays import policy as policies
from host_tools.host.stays.clock import Facts, Pause, Span, Stay, stay_of, untold
from host_tools.host.stays.pauses import Doorway, pauses_of
from host_tools.host.stays.policy import Policy
from host_tools.host.stays.watch import Watch, heard_now

_BEGUN_MAX = 2000  # stays in one transaction

#: The letters that say that a parcel has come, and how she gets it.
FIRST_LETTERS = ("deposited", "used label", "label cleared", "new code", "odd new code")

_parcel, _stay, _cabinet, _outbox = tables.parcel, tables.stay, tables.cabinet, tables.outbox

#: Parcels with what was settled of their stays, and their places.
STAYS = select(
    _parcel,
    *(_stay.c[name] for name in ("policy", "extensions", "stage", "told_ms", "pause_told_ms", "due_ms")),
    *(_stay.c[name] for name in ("paid", "paid_reference", "paid_ms")),
    _stay.c.parcel.label("stay"),
    _cabinet.c.site,
    _cabinet.c.number,
    tables.site.c.name.label("site_name"),
    tables.site.c.quiet,
    tables.site.c.zone,
).select_from(_parcel.join(_cabinet, _cabinet.c.id == _parcel.c.cabinet).join(tables.site).outerjoin(_stay))
_AT_SITES = (
    select(_cabinet.c.id, _cabinet.c.site, _cabinet.c.number)
    .where(_cabinet.c.site.in_(bindparam("sites", expanding=True)))
    .order_by(_cabinet.c.id)
)
_PARCELS_OWN = ("resident", "serial", "generation", "door", "counter")
_OF_PARCEL = attrgetter(*_PARCELS_OWN)
_TOLD = (
    select(
        *(_outbox.c[name] for name in _PARCELS_OWN),
        *(func.min(_outbox.c[name]).label(name) for name in ("sent_ms", "delivered_ms", "given_up_ms")),
    )
    .where(
        _outbox.c.resident.in_(bindparam("people", expanding=True)),
        _outbox.c.serial.in_(bindparam("serials", expanding=True)),
        _outbox.c.kind.in_(FIRST_LETTERS),
        _outbox.c.sent_ms.is_not(None),
    )
    .group_by(*(_outbox.c[name] for name in _PARCELS_OWN))
)


class Told(NamedTuple):
    """What became of her first letter. Times in ms since 1970.

    `tells`: its channel has reported that it arrived (`delivered_ms`), or that it never will.
    """

    told_ms: int | None  # it was handed over
    tells: bool
    delivered_ms: int | None


_UNTOLD = Told(None, False, None)


class Standing(NamedTuple):
    """A parcel (a row of STAYS), its policy, what is known and what follows from it."""

    row: Row
    policy: Policy
    facts: Facts
    stay: Stay

    @property
    def pauses(self) -> list[Pause]:
        """Each pause with its cause, as it began; only those that stop this clock."""
        start_ms, end_ms = self.stay.since_ms, self.stay.since_ms + self.stay.ran_ms + self.stay.paused_ms
        found = [
            pause
            for pause in (*untold(self.facts), *self.facts.pauses)
            if pause.began.earliest_ms <= end_ms
            and (pause.ended is None or pause.ended.latest_ms > max(start_ms, pause.began.earliest_ms))
        ]
        return sorted(found, key=lambda pause: pause.began)


def begin(connection: Connection, at_ms: int, parcel: int | None = None) -> list[Row]:
    """Gives each parcel that waits, or that one, its policy if it has none yet; gives those. It writes.

    `at_ms` is now, in ms since 1970.
    """
    its = _parcel.c.state == "waiting" if parcel is None else _parcel.c.id == parcel
    rows = connection.execute(STAYS.where(its, _stay.c.parcel.is_(None)).limit(_BEGUN_MAX)).all()
    known = {site: policies.versions(connection, site) for site in {row.site for row in rows}}
    made = [
        {
            "parcel": row.id,
            "policy": policies.of_deposit(known[row.site], deposited(row)).id,
            "extensions": 0,
            "stage": 0,
            "due_ms": at_ms,
        }
        for row in rows
    ]
    if made:
        connection.execute(insert_new(connection.dialect.name, _stay), made)
    return list(rows)


def deposited(row: Row) -> Span:
    """When a parcel came."""
    return _span(row.deposited_from_ms, row.deposited_ms)


def _span(from_ms: int | None, ms: int) -> Span:
    return Span(ms if from_ms is None else min(from_ms, ms), ms)


def standings(connection: Connection, rows: Sequence[Row], watch: Watch) -> list[Standing]:
    """The stays of parcels (rows of STAYS)."""
    if not rows:
        return []
    boards = _boards(connection, {row.site for row in rows})
    doorways: dict[Doorway, int] = {}
    for row in rows:
        doorway = (boards[row.site, row.number], row.door)
        doorways[doorway] = min(deposited(row).earliest_ms, doorways.get(doorway, 1 << 62))
    known = pauses_of(connection, doorways, {row.site for row in rows}, watch)
    told = told_of(connection, rows)
    kept = policies.by_id(connection, sorted({row.policy for row in rows if row.policy is not None}))
    versions = {
        site: policies.versions(connection, site) for site in {row.site for row in rows if row.stay is None}
    }
    found = []
    for row in rows:
        its = told.get(row.id, _UNTOLD)
        facts = Facts(
            deposited(row),
            its.told_ms if row.told_ms is None else row.told_ms,
            known.of((boards[row.site, row.number], row.door), row.site, row.cabinet),
            row.extensions or 0,
            None if row.ended_ms is None else _span(row.ended_from_ms, row.ended_ms),
            its.tells,
            its.delivered_ms,
        )
        is_begun = row.stay is not None  # else it gets the policy that it will have
        policy = kept[row.policy] if is_begun else policies.of_deposit(versions[row.site], facts.deposited)
        found.append(Standing(row, policy, facts, stay_of(facts, policy, watch.at_ms)))
    return found


def _boards(connection: Connection, sites: Iterable[int]) -> Mapping[tuple[int, int], tuple[int, ...]]:
    """The boards that were ever each cabinet, by site and number."""
    found: dict[tuple[int, int], list[int]] = {}
    for row in connection.execute(_AT_SITES, {"sites": sorted(sites)}):
        found.setdefault((row.site, row.number), []).append(row.id)
    return {place: tuple(boards) for place, boards in found.items()}


def told_of(connection: Connection, rows: Sequence[Row]) -> dict[int, Told]:
    """What became of the first letters of these parcels, by their numbers, where they were handed over."""
    if not rows:
        return {}
    asked = {
        "people": sorted({row.resident for row in rows if row.resident is not None}),
        "serials": sorted({row.serial for row in rows}),
    }
    first: dict[tuple[int, ...], Told] = {}
    for row in connection.execute(_TOLD, asked):
        tells = row.delivered_ms is not None or row.given_up_ms is not None
        first[_OF_PARCEL(row)] = Told(row.sent_ms, tells, row.delivered_ms)
    found = {row.id: first.get(_OF_PARCEL(row)) for row in rows}
    return {parcel: told for parcel, told in found.items() if told is not None}


def standing_of(connection: Connection, parcel: int, at_ms: int) -> Standing | None:
    """The stay of a parcel (the ledger's number of it) at a time in ms since 1970; None: there is no such."""
    row = connection.execute(STAYS.where(_parcel.c.id == parcel)).first()
    if row is None:
        return None
    return standings(connection, [row], heard_now(connection, at_ms))[0]


def free_until(connection: Connection, parcel: int, at_ms: int) -> int | None:
    """Until when a parcel waits for nothing, in ms since 1970, if no clock stops from now on.

    A letter that is just being made counts as handed over at `at_ms`, and a pause that goes on as over by
    then; None: there is no such parcel.
    """
    found = standing_of(connection, parcel, at_ms)
    if found is None:
        return None
    facts = found.facts._replace(
        told_ms=at_ms if found.facts.told_ms is None else found.facts.told_ms,
        pauses=tuple(
            pause._replace(ended=Span(at_ms, at_ms)) if pause.ended is None else pause
            for pause in found.facts.pauses
        ),
    )
    return stay_of(facts, found.policy, at_ms).free_until_ms
