"""Needs a person: alarms, then cases, the oldest that nobody has taken first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Row
from starlette.responses import Response
from starlette.routing import Route

from host_tools.host.care import cases
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.web.console import desk

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages


def routes(pages: "Pages") -> list[Route]:
    """Its paths."""
    return [desk.route(pages, "/console", "case list", _view)]


async def _view(pages: "Pages", asked: desk.Asked) -> Response:
    found = await pages.seen(_waiting, asked.signed.actor)
    return desk.shown(asked, "console/needs.html", {"here": "needs", "cases": found})


def _waiting(ledger: Ledger) -> Sequence[Row]:
    with ledger.reading() as connection:
        return cases.listing(connection)
