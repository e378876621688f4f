"""/p/TOKEN: the page of a parcel. What a link preview fetches shows no code; each button is a POST.

    GET                 place, door, until when and why, what happened
    code                the code, which the server makes; after digits, where her letters leave it out
    digits              has these digits sent to her first contact
    new                 orders another code
    stuck, not mine     a case for staff
    afraid              whom to call; it calls nobody and writes nothing

A link that is none, and one whose time is over, get one page and one look at the ledger. A network that has
guessed too many is told so by the status; a good link works from there too, for a whole building may share
an address, and 144 bits are not guessed. /today is where somebody goes who leaves quickly.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.ledger.actors import HER_PAGE
from host_tools.host.parcels import hers, page_acts, page_code
from host_tools.host.parcels.budget import Budget
from host_tools.host.parcels.hers import Hers
from host_tools.host.web.forms import form_of
from host_tools.host.web.hooks import network_of
from host_tools.host.web.look.views import Reader, page, reader_of
from host_tools.host.web.resident.shown import Clock, facts

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

GUESSES, GUESSES_REFILL_MS = 60, 1_000  # links that are none, of a network: so many, then one a second
_DIGITS_MAX = 16  # characters of what is typed


def routes(pages: "Pages") -> list[Route]:
    """The paths of it."""
    face = _Face(pages)
    return [
        Route("/p/{token}", face.parcel, methods=["GET", "POST"]),
        Route("/today", face.today),
    ]


class _Face:
    """The page and its acts."""

    def __init__(self, pages: "Pages") -> None:
        self._pages = pages
        self._guesses = Budget(GUESSES, GUESSES_REFILL_MS)
        self._acts = {
            "code": self._code,
            "digits": self._digits,
            "new": self._new,
            "stuck": self._case,
            "not mine": self._case,
            "afraid": self._afraid,
        }

    async def parcel(self, request: Request) -> Response:
        """The page; what a button of it does, where one was pressed."""
        token, at_ms = request.path_params["token"], self._pages.clock()
        whose = network_of(request.client.host if request.client else "")
        found = await self._pages.looked(lambda ledger: hers.look(ledger, token, at_ms))
        if found is None:
            is_often = not self._guesses.take(whose, at_ms)
            return page(reader_of(request), "resident/none.html", status=429 if is_often else 404)
        reader = reader_of(request, *found.languages)
        if request.method == "GET":
            return page(reader, "resident/parcel.html", facts(found, reader.words, at_ms))
        form = await form_of(request)
        act = self._acts.get(form.get("act", ""))
        if act is None:
            return RedirectResponse(request.url.path, 303)
        return await act(reader, found, token, form)

    async def today(self, request: Request) -> Response:
        """A page about nothing. The browser forgets what it kept of this host."""
        reader = reader_of(request)
        now = Clock(reader.words, "").told(self._pages.clock())
        answer = page(reader, "resident/today.html", {"now": now})
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    async def _code(self, reader: Reader, found: Hers, token: str, form: Mapping[str, str]) -> Response:
        digits = form.get("digits", "")[:_DIGITS_MAX]
        if found.state != "waiting":
            return RedirectResponse(reader.path, 303)
        if found.is_code_left_out and not digits:
            return self._ask_digits(reader, found)
        try:
            code = await self._pages.questions.ask("page code", token=token, digits=digits)
        except UserError as refused:
            if refused.code == page_code.GONE:
                return RedirectResponse(reader.path, 303)
            if refused.code == page_code.DIGITS:
                return self._ask_digits(reader, found, "wrong")
            said = "slowed" if refused.code == page_code.SLOWED else "busy"
            return self._said(reader, found, said, 429 if said == "slowed" else 503)
        return page(reader, "resident/code.html", self._with(reader, found, code=code))

    async def _digits(self, reader: Reader, found: Hers, token: str, _form: Mapping[str, str]) -> Response:
        came = await self._did(lambda ledger, at_ms: page_acts.send_digits(ledger, token, at_ms))
        if came in (page_acts.DONE, page_acts.ALREADY):
            again = await self._pages.looked(lambda ledger: hers.look(ledger, token, self._pages.clock()))
            return self._ask_digits(reader, again or found)
        return self._said(reader, found, "no_contact" if came == page_acts.NOBODY else "busy")

    async def _new(self, reader: Reader, found: Hers, token: str, _form: Mapping[str, str]) -> Response:
        came = await self._did(lambda ledger, at_ms: page_acts.new_code(ledger, token, at_ms))
        if came == page_acts.GONE:
            return RedirectResponse(reader.path, 303)
        said = {page_acts.DONE: "new", page_acts.ALREADY: "new_already", page_acts.TOO_MANY: "new_too_many"}
        return self._said(reader, found, said.get(came, "busy"))

    async def _case(self, reader: Reader, found: Hers, token: str, form: Mapping[str, str]) -> Response:
        what = form["act"]
        came = await self._did(lambda ledger, at_ms: page_acts.tell_staff(ledger, token, what, at_ms))
        if came == page_acts.GONE:
            return RedirectResponse(reader.path, 303)
        is_told = came in (page_acts.DONE, page_acts.ALREADY)  # twice in an hour staff know it by the first
        return self._said(reader, found, what.replace(" ", "_") if is_told else "busy")

    async def _afraid(self, reader: Reader, found: Hers, _token: str, _form: Mapping[str, str]) -> Response:
        return page(reader, "resident/afraid.html", self._with(reader, found))

    async def _did(self, act: Any) -> str:
        """What came of an act on the ledger; `busy` where it cannot be written now."""
        at_ms = self._pages.clock()
        try:
            return await self._pages.written(lambda ledger: act(ledger, at_ms), HER_PAGE)
        except UserError:
            return "busy"

    def _ask_digits(self, reader: Reader, found: Hers, wrong: str = "") -> Response:
        more = self._with(reader, found, wrong=wrong)
        return page(reader, "resident/digits.html", more, 403 if wrong else 200)

    def _said(self, reader: Reader, found: Hers, said: str, status: int = 200) -> Response:
        return page(reader, "resident/said.html", self._with(reader, found, said=said), status)

    def _with(self, reader: Reader, found: Hers, **more: Any) -> dict[str, Any]:
        clock = Clock(reader.words, found.zone)
        sent = None if found.digits_ms is None else clock.told(found.digits_ms)
        is_good = found.digits_ms is not None and page_acts.are_good(found.digits_ms, self._pages.clock())
        return {"hers": found, "sent": sent if is_good else None, **more}
