"""Parcels: those that wait, are overdue, or of which nobody was told; and those that have gone."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from host_tools.host.ledger.ledger import Ledger
from host_tools.host.parcels import parcels
from host_tools.host.people import residents
from host_tools.host.stays import acts
from host_tools.host.stays.standing import Standing
from host_tools.host.web.console import desk, looking, sites
from host_tools.host.web.console.paging import Part, found, part_of, searched
from host_tools.host.web.console.times import Clock

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

WAITING, OVERDUE, UNTOLD, GONE = "waiting", "overdue", "untold", "gone"
STATES = (WAITING, OVERDUE, UNTOLD, GONE)
_PATH = "/console/parcels"


class Line(NamedTuple):
    """A parcel in the list. `fate`: the key of what became of it; `until`: it is free until then."""

    site: str
    cabinet: int
    door: int
    path: str
    resident: str
    flagged: bool
    fate: str
    deposited: Any
    age: str
    until: Any
    is_overdue: bool
    is_untold: bool
    ended: Any
    place: str  # as one types it to search for it


def routes(pages: "Pages") -> list[Route]:
    """Its paths; what is searched for comes with a form."""
    return [
        looking.route(pages, _PATH, "parcel list", _list),
        looking.route(pages, f"{_PATH}/search", "parcel list", _list, posts=True),
    ]


async def _list(pages: "Pages", asked: desk.Asked) -> Response:
    wishes: Mapping[str, str] = asked.form or asked.request.query_params
    state = wishes.get("state", WAITING)
    state = state if state in STATES else WAITING
    clock = Clock(asked.reader.words, None, pages.clock())

    def look(ledger: Ledger) -> Part:
        rows = _gone(ledger, clock) if state == GONE else _waiting(ledger, state, clock)
        return part_of(found(rows, searched(wishes), "resident", "place"), wishes)

    part = await looking.look(pages, asked, "parcel list", look)
    facts = {"here": "parcels", "found": part, "state": state, "states": STATES, "q": searched(wishes)}
    return desk.shown(asked, "console/parcels.html", facts)


def _waiting(ledger: Ledger, state: str, clock: Clock) -> list[Line]:
    standing = acts.listing(ledger, overdue=state == OVERDUE)
    hers = (one.row.resident for one in standing if one.row.resident is not None)
    labels = residents.labels(ledger, sorted(set(hers)))
    lines = [_line(one, labels, clock) for one in standing]
    return [line for line in lines if state != UNTOLD or line.is_untold]


def _line(one: Standing, labels: Mapping[int, str], clock: Clock) -> Line:
    row, stay = one.row, one.stay
    clock = clock._replace(zone=ZoneInfo(row.zone) if row.zone else None)
    until = None if stay.free_until_ms is None else clock.shown(stay.free_until_ms)
    return Line(
        row.site_name,
        row.number,
        row.door,
        sites.path_of(row.site_name, row.number, row.door),
        labels.get(row.resident, ""),
        row.flagged,
        WAITING,
        clock.shown(row.deposited_ms),
        clock.age(row.deposited_ms),
        until,
        stay.free_until_ms is not None and stay.free_until_ms <= clock.at_ms,
        one.facts.told_ms is None,
        None,
        _place(row.site_name, row.number, row.door),
    )


def _gone(ledger: Ledger, clock: Clock) -> list[Line]:
    return [
        Line(
            one.site,
            one.cabinet,
            one.door,
            sites.path_of(one.site, one.cabinet, one.door),
            one.resident or "",
            one.flagged,
            one.state,
            clock.shown(one.deposited_ms),
            "",
            None,
            False,
            False,
            None if one.ended_ms is None else clock.shown(one.ended_ms),
            _place(one.site, one.cabinet, one.door),
        )
        for one in parcels.listing(ledger)
        if one.state != WAITING
    ]


def _place(site: str, cabinet: int, door: int) -> str:
    return f"{site} {cabinet} {door:02}"
