"""/c/CODE behind the sign of a site: is there room, is my ticket good, a receipt, a door that is stuck.

Nobody signs in, and nothing is shown of parcels or people. What takes a key the server answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Row, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.couriers import codes, room, stuck
from host_tools.host.couriers.desk import PAUSE_MS
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import ENROLLED, Ledger
from host_tools.host.ledger.quiet_hours import zone_of
from host_tools.host.parcels.budget import Budget
from host_tools.host.web.courier.turns import Sleep, Told, Turns
from host_tools.host.web.forms import form_of
from host_tools.host.web.hooks import network_of
from host_tools.host.web.look.views import page, reader_of

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

TICKET_DIGITS, RECEIPT_DIGITS = 9, 14
_LOOKS, _LOOKS_REFILL_MS = 60, 500
_ACTS, _ACTS_REFILL_MS = 12, 10_000
_SAME_S = 0.5  # a good ticket and another are told after that long
_TRIES = 4  # of a question that is to be asked again later
_NEAR_MAX = 3


class Site(NamedTuple):
    """A site as couriers know it."""

    id: int
    name: str
    code: str
    help_number: str
    zone: str
    cabinets: tuple[int, ...]  # their numbers


Act = Callable[[Request, Site], Awaitable[Response]]


def routes(pages: "Pages", sleep: Sleep = asyncio.sleep) -> list[Route]:
    """Its paths. `sleep` waits so many seconds."""
    courier = Courier(pages, sleep)
    shown = {"": courier.first, "/room": courier.room, "/asked/{name}": courier.asked}
    asked = {"/ticket": courier.ticket, "/receipt": courier.receipt, "/stuck": courier.stuck}
    found = [Route(f"/c/{{code}}{path}", courier.admitted(act)) for path, act in shown.items()]
    for path, act in asked.items():
        found.append(Route(f"/c/{{code}}{path}", courier.admitted(act), methods=["GET", "POST"]))
    return found


class Courier:
    """The pages of all sites."""

    def __init__(self, pages: "Pages", sleep: Sleep) -> None:
        self._pages, self._sleep = pages, sleep
        self._turns = Turns(sleep)
        self._looks, self._acts = Budget(_LOOKS, _LOOKS_REFILL_MS), Budget(_ACTS, _ACTS_REFILL_MS)

    def admitted(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """What stands before each page: its network asks not too often, and the site is there."""

        async def admit(request: Request) -> Response:
            budget = self._acts if request.method == "POST" else self._looks
            if not budget.take(network_of(_address(request)), self._pages.clock()):
                answer = page(reader_of(request), "courier/often.html", status=429)
                answer.headers["Retry-After"] = "30"
                return answer
            code = request.path_params["code"]
            site = await self._pages.looked(lambda ledger: _site(ledger, code))
            if site is None:
                return page(reader_of(request), "refusal.html", status=404)
            return await act(request, site)

        return admit

    async def first(self, request: Request, site: Site) -> Response:
        """Room, and what else there is."""
        return page(reader_of(request), "courier/first.html", await self._room(site))

    async def room(self, request: Request, site: Site) -> Response:
        """The part of it that a script asks for again."""
        return page(reader_of(request), "courier/room.html", await self._room(site))

    async def ticket(self, request: Request, site: Site) -> Response:
        """Is it good?"""
        form = await form_of(request) if request.method == "POST" else {}
        number = _digits(form.get("ticket", ""))
        if len(number) != TICKET_DIGITS:
            return _form(request, site, "ticket", "wrong_ticket" if form else "")

        async def work() -> Told:
            began_s = _now_s()
            answer = await self._ask("ticket", code=site.code, number=number)
            words = "busy" if answer is None else "good" if answer["is_good"] else "not_good"
            pause_s = 0.0 if answer is None else answer["pause_ms"] / 1000
            return Told(words, max(pause_s, _SAME_S - (_now_s() - began_s)))

        return await self._take(request, site, f"ticket {site.code}", work)

    async def receipt(self, request: Request, site: Site) -> Response:
        """A deposit that no link has told of. A wrong one keeps the others of its network waiting."""
        form = await form_of(request) if request.method == "POST" else {}
        number, receipt = _digits(form.get("ticket", "")), _digits(form.get("receipt", ""))
        if len(number) != TICKET_DIGITS or len(receipt) != RECEIPT_DIGITS:
            wrong = "wrong_ticket" if len(number) != TICKET_DIGITS else "wrong_receipt"
            return _form(request, site, "receipt", wrong if form else "")

        async def work() -> Told:
            answer = await self._ask("receipt", code=site.code, number=number, receipt=receipt)
            if answer is None:
                return Told("busy")
            return Told("entered") if answer["is_right"] else Told("not_entered", PAUSE_MS / 1000)

        return await self._take(request, site, f"receipt {site.code} {network_of(_address(request))}", work)

    async def asked(self, request: Request, site: Site) -> Response:
        """What came of it, or that it takes a while."""
        turn = self._turns.find(request.path_params["name"], site.code)
        told = "gone" if turn is None else turn.told
        shown = {"site": site, "told": told}
        return page(reader_of(request), "courier/asked.html", shown, 200 if told else 202)

    async def stuck(self, request: Request, site: Site) -> Response:
        """Staff are told of a door."""
        form = await form_of(request) if request.method == "POST" else {}
        if not form:
            return _form(request, site, "stuck", "")
        door, cabinet = _digits(form.get("door", "")), _digits(form.get("cabinet", "")) or _only(site)
        told = stuck.NO_DOOR
        if 0 < len(door) <= 2 and 0 < len(cabinet) <= 4:
            at_ms = self._pages.clock()
            told = await self._pages.written(
                lambda ledger: _report(ledger, site.id, int(cabinet), int(door), at_ms)
            )
        if told == stuck.NO_DOOR:
            return _form(request, site, "stuck", "wrong_door")
        status = 429 if told == stuck.ENOUGH else 200
        return page(reader_of(request), "courier/asked.html", {"site": site, "told": told}, status)

    async def _take(
        self, request: Request, site: Site, lane: str, work: Callable[[], Awaitable[Told]]
    ) -> Response:
        name = await self._turns.take(lane, site.code, work)
        if name is None:
            return page(reader_of(request), "courier/asked.html", {"site": site, "told": "busy"}, 503)
        return RedirectResponse(f"/c/{site.code}/asked/{name}", 303)

    async def _ask(self, what: str, **given: str) -> Mapping[str, Any] | None:
        """The server's answer, in its time; None where it has none to give."""
        for _ in range(_TRIES):
            try:
                answer = await self._pages.questions.ask(what, **given)
            except UserError:
                return None
            if "wait_ms" not in answer:
                return answer
            await self._sleep(answer["wait_ms"] / 1000)
        return None

    async def _room(self, site: Site) -> dict[str, Any]:
        at_ms = self._pages.clock()

        def look(ledger: Ledger) -> tuple[room.Room, list[tuple[str, str, room.Room]]]:
            with ledger.reading() as connection:
                others = room.near_of(connection, site.id)
                rooms = room.room_at(connection, [site.id, *(other.id for other in others)], at_ms)
            near = [(other.name, codes.code_of(other.site_id), rooms[other.id]) for other in others]
            return rooms[site.id], [one for one in near if _has_room(one[2])][:_NEAR_MAX]

        here, near = await self._pages.looked(look)
        away = [(one.cabinet, _moment(one.since_ms, site.zone)) for one in here.away]
        looked = _moment(here.looked_ms, site.zone)
        return {"site": site, "room": here, "sizes": room.SIZES, "away": away, "looked": looked, "near": near}


def _site(ledger: Ledger, code: str) -> Site | None:
    with ledger.reading() as connection:
        row = codes.site_of(connection, code)
        return None if row is None else _of_row(connection, row)


def _of_row(connection: Connection, row: Row) -> Site:
    cabinet = tables.cabinet.c
    numbers = select(cabinet.number).where(cabinet.site == row.id, cabinet.state == ENROLLED)
    cabinets = tuple(connection.scalars(numbers.order_by(cabinet.number)))
    return Site(row.id, row.name, codes.code_of(row.site_id), row.help_number, row.zone, cabinets)


def _report(ledger: Ledger, site: int, cabinet: int, door: int, at_ms: int) -> str:
    with ledger.writing() as connection:
        return stuck.report(connection, site, cabinet, door, at_ms)


def _form(request: Request, site: Site, name: str, wrong: str) -> Response:
    """A form, empty: what was typed is not shown again, on whatever phone it was."""
    cabinets = [(number, number) for number in site.cabinets]
    shown = {"site": site, "wrong": wrong, "cabinets": cabinets}
    return page(reader_of(request), f"courier/{name}.html", shown, 400 if wrong else 200)


def _only(site: Site) -> str:
    return str(site.cabinets[0]) if len(site.cabinets) == 1 else ""


def _has_room(found: room.Room) -> bool:
    return any(level in (room.ROOM, room.LITTLE) for level in found.levels.values())


def _moment(at_ms: int | None, zone: str) -> tuple[str, str] | None:
    """As RFC 3339 has it, and as people there read it."""
    if at_ms is None:
        return None
    at = datetime.fromtimestamp(at_ms / 1000, zone_of(zone))
    return at.isoformat(timespec="minutes"), f"{at:%H:%M}"


def _digits(text: str) -> str:
    """The digits of what was typed; nothing where there is more than what people write between them."""
    found = "".join(text.split()).replace("·", "").replace("-", "").removesuffix("#")
    return found if found.isascii() and found.isdigit() else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _now_s() -> float:
    return asyncio.get_running_loop().time()
