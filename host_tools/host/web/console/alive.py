"""Alive: the server, the links, letters and channels, who is on call."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from starlette.responses import Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host import figures
from host_tools.host.accounts import sight
from host_tools.host.accounts.rights import right_of
from host_tools.host.care import roster, watch
from host_tools.host.connections.link_status import UP, LinkStatus, link_statuses
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import survey
from host_tools.host.notify.routes import Routes
from host_tools.host.web.console import clock, desk
from host_tools.host.web.console.part import Drawn, Part, Piece
from host_tools.host.web.look.views import Reader, rendered

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

_QUARTER_MS = 900_000
_SITES_MAX = 50  # of which it is said who is on call


class Duty(NamedTuple):
    """Who is on call for a site (empty: all), the first to be told first, and when nobody is: spans in ms
    since 1970; None: now, and further than a week.
    """

    site: str
    zone: str
    names: tuple[str, ...]
    gaps: tuple[tuple[int | None, int | None], ...]


class Facts(NamedTuple):
    """What is alive, by about when it was looked up (ms since 1970)."""

    near_ms: int
    servers: tuple[tuple[str, int], ...]
    links: tuple[LinkStatus, ...]
    zones: dict[str, str]
    letters: figures.Letters
    channels: tuple[survey.Standing, ...] | None  # None: channels.toml cannot be used
    duties: tuple[Duty, ...]


def part(data: Path) -> Part:
    """The part that shows it, for a data folder."""
    return Part("alive", partial(_look, data), draw, every_s=2.0)


def routes(pages: "Pages") -> list[Route]:
    """Its path."""
    return [desk.route(pages, "/console/alive", "link", _view)]


async def _view(pages: "Pages", asked: desk.Asked) -> Response:
    return await desk.live(pages, asked, pages.live.part("alive"), "console/alive.html", {"here": "alive"})


def _look(data: Path, ledger: Ledger, at_ms: int) -> Facts:
    found = link_statuses(ledger, at_ms)
    try:
        ways, is_usable = Routes.of(data), True
    except UserError:
        ways, is_usable = None, False
    with ledger.reading() as connection:
        site = tables.site.c
        of = select(site.name, site.zone).where(sight.sees_site(connection, site.id)).order_by(site.name)
        zones = {row.name: row.zone for row in connection.execute(of)}
        letters = figures.letters(connection, at_ms)
        channels = tuple(survey.channels(connection, ways)) if is_usable else None
        duties = []
        if right_of("oncall who").roles & ledger.actor.roles:
            for name in list(zones)[:_SITES_MAX] or [""]:
                names = tuple(roster.names_on_call(connection, name or None, at_ms))
                spans = watch.gaps_of(connection, roster.site_of(connection, name or None), at_ms)
                gaps = tuple(_span(one, at_ms) for one in spans)
                duties.append(Duty(name, zones.get(name, ""), names, gaps))
    servers = tuple((one.name, one.since_ms) for one in found.servers)
    near_ms = at_ms - at_ms % _QUARTER_MS
    links = tuple(one._replace(round_trip_ms=None, seen_ms=None) for one in found.links)
    return Facts(near_ms, servers, links, zones, letters, channels, tuple(duties))


def _span(span: tuple[int, int], at_ms: int) -> tuple[int | None, int | None]:
    begin, end = span
    return None if begin <= at_ms else begin, None if end >= at_ms + watch.AHEAD_MS else end


def draw(facts: Facts, reader: Reader, _roles: frozenset[str]) -> Drawn:
    """All of it as one piece."""

    def at(ms: int, site: str = "") -> str:
        return clock.clock(ms, facts.zones.get(site, ""), facts.near_ms)

    about = {"facts": facts, "clock": at, "up": UP, "away": sum(one.state != UP for one in facts.links)}
    return Drawn("alive", [Piece(rendered(reader, "console/alive_part.html", about))])
