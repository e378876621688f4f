"""Sites: a list of them, and each with its cabinets drawn to scale and every door as it is, live."""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import select
from starlette.responses import Response
from starlette.routing import Route

from host_tools.host.accounts import sight
from host_tools.host.connections.link_status import UP, link_statuses
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.parcels import parcels
from host_tools.host.parcels.door_states import UNKNOWN, CabinetState, DoorState, states
from host_tools.host.web.console import desk
from host_tools.host.web.console.part import Drawn, Part, Piece
from host_tools.host.web.console.picture import Picture, picture_of
from host_tools.host.web.console.times import Clock
from host_tools.host.web.look.views import Reader, rendered
from host_tools.host.web.look.words import Words

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

#: By the word of a state: its icon, and the kind of mark that it is.
LOOKS = {
    "free": ("door", "success"),
    "parcel": ("parcel", "info"),
    "open": ("door-open", "warning"),
    "stuck": ("jammed", "danger"),
    "forced": ("forced", "danger"),
    "out": ("out", ""),
    "unknown": ("link-lost", ""),
}


PART = "site:"  # what the name of a site's part begins with
_MINUTE_MS = 60_000


class Facts(NamedTuple):
    """A site by about when it was looked up (ms since 1970). `zone`: None where there is none, or it is not
    for whoever looks.
    """

    near_ms: int
    zone: str | None
    cabinets: tuple[CabinetState, ...] = ()


class SiteRow(NamedTuple):
    """A site in the list."""

    name: str
    path: str
    cabinets: int
    away: int  # cabinets that are not heard
    waiting: int  # parcels


class Shown(NamedTuple):
    """A door as it is shown; `name` is what is read aloud of it."""

    door: int
    word: str
    icon: str
    mark: str
    path: str
    state: str
    age: str  # of its parcel; empty: there is none
    since: Any  # times.Shown, or None
    was: str  # what was heard last, where the state is not known
    name: str


def routes(pages: "Pages") -> list[Route]:
    """Its paths."""
    return [
        desk.route(pages, "/console/sites", "cabinet list", _sites),
        desk.route(pages, "/console/sites/{site:path}", "cabinet list", _site),
    ]


def path_of(site: str, cabinet: int = 0, door: int = 0) -> str:
    """Where a site is shown, or a door of it."""
    return f"/console/sites/{quote(site, safe='')}" + (f"/{cabinet}/{door}" if cabinet else "")


def zone_at(ledger: Ledger, site: str) -> str | None:
    """By whose clocks a site tells times; None where whoever acts does not see it, or there is none of that
    name.
    """
    with ledger.reading() as connection:
        its = (tables.site.c.name == normal(site)) & sight.sees_site(connection, tables.site.c.id)
        return connection.scalar(select(tables.site.c.zone).where(its))


def clock_of(ledger: Ledger, words: Words, site: str, at_ms: int) -> Clock | None:
    """Times at a site; None as in `zone_at`."""
    zone = zone_at(ledger, site)
    return None if zone is None else Clock(words, ZoneInfo(zone) if zone else None, at_ms)


def part(name: str) -> Part | None:
    """The part of that name that shows a site; None for a name of another kind."""
    site = name.removeprefix(PART)
    return None if site == name else Part(name, partial(_look, site), partial(_draw, name))


def shown_of(site: str, cabinet: int, state: DoorState, clock: Clock) -> Shown:
    """A door as it is shown."""
    icon, mark = LOOKS[state.word]
    words = clock.words
    word = words(f"doors.{state.word}")
    age = "" if state.parcel_ms is None else clock.age(state.parcel_ms)
    was = words(f"doors.{state.was}") if state.word == UNKNOWN else ""
    said = [words("doors.number", door=f"{state.door:02}"), word]
    said += [words("doors.was", word=was)] if was else []
    said += [words("doors.with_parcel")] if age and "parcel" not in (state.word, state.was) else []
    since = None if state.since_ms is None else clock.shown(state.since_ms)
    name = ", ".join([*said, *([age] if age else [])])
    path = path_of(site, cabinet, state.door)
    return Shown(state.door, state.word, icon, mark, path, word, age, since, was, name)


async def _sites(pages: "Pages", asked: desk.Asked) -> Response:
    at_ms = pages.clock()
    found = await pages.seen(lambda ledger: _listed(ledger, at_ms), asked.signed.actor)
    return desk.shown(asked, "console/sites.html", {"here": "sites", "sites": found})


def _listed(ledger: Ledger, at_ms: int) -> list[SiteRow]:
    standing = parcels.cabinets(ledger)
    links = link_statuses(ledger, at_ms).links
    cabinets = Counter(one.site for one in standing)
    waiting = Counter({one.site: 0 for one in standing})
    for one in standing:
        waiting[one.site] += one.waiting
    away = Counter(one.site for one in links if one.state != UP)
    with ledger.reading() as connection:
        seen = sight.sees_site(connection, tables.site.c.id)
        names = connection.scalars(select(tables.site.c.name).where(seen).order_by(tables.site.c.name)).all()
    return [SiteRow(name, path_of(name), cabinets[name], away[name], waiting[name]) for name in names]


async def _site(pages: "Pages", asked: desk.Asked) -> Response:
    site = normal(asked.path["site"])
    if await pages.seen(lambda ledger: zone_at(ledger, site), asked.signed.actor) is None:
        return desk.shown(asked, "console/nothing.html", {"here": "sites"}, 404)
    shows = pages.live.part(PART + site)
    return await desk.live(pages, asked, shows, "console/site.html", {"here": "sites", "site": site})


def _look(site: str, ledger: Ledger, at_ms: int) -> Facts:
    zone, near_ms = zone_at(ledger, site), at_ms - at_ms % _MINUTE_MS
    return Facts(near_ms, zone, () if zone is None else tuple(states(ledger, site, at_ms)))


def _draw(name: str, facts: Facts, reader: Reader, _roles: frozenset[str]) -> Drawn:
    """All of it as one piece; ages by the minute."""
    site = name.removeprefix(PART)
    clock = Clock(reader.words, ZoneInfo(facts.zone) if facts.zone else None, facts.near_ms)
    cabinets = [_cabinet(site, one, clock) for one in facts.cabinets]
    return Drawn(name, [Piece(rendered(reader, "console/site_part.html", {"cabinets": cabinets}))])


def _cabinet(site: str, state: CabinetState, clock: Clock) -> dict[str, Any]:
    picture = picture_of(state.board)
    shown = {one.door: shown_of(site, state.number, one, clock) for one in state.doors}
    return {
        "state": state,
        "is_up": state.link == UP,
        "away": None if state.away_ms is None else clock.shown(state.away_ms),
        "picture": picture,
        "doors": list(shown.values()),
        "panels": _panels(picture, shown),
    }


def _panels(picture: Picture | None, shown: dict[int, Shown]) -> list[Any]:
    panels = () if picture is None else picture.panels
    return [(panel, shown[panel.door]) for panel in panels if panel.door in shown]
