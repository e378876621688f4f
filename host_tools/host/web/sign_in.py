"""/sign-in, /sign-out and /start/TOKEN, where an account sets its password and second factor."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.accounts import secrets
from host_tools.host.web.entrance import SlowedError
from host_tools.host.web.forms import form_of
from host_tools.host.web.look.qr import square
from host_tools.host.web.look.views import local_path, page, reader_of

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

HOME = "/console"
_TOKEN_MAX = 128


def routes(pages: "Pages") -> list[Route]:
    """The paths of the way in."""
    way = _Way(pages)
    return [
        Route("/sign-in", way.sign_in, methods=["GET", "POST"]),
        Route("/sign-out", way.sign_out, methods=["POST"]),
        Route("/start/{token}", way.start, methods=["GET", "POST"]),
    ]


def way_in(request: Request, back: str = "") -> Response:
    """Where somebody goes who is not signed in, and comes back from: to that path, or the one asked for."""
    return RedirectResponse(f"/sign-in?back={quote(back or request.url.path)}", 303)


class _Way:
    """The pages before one is signed in."""

    def __init__(self, pages: "Pages") -> None:
        self._pages = pages
        self._entrance = pages.entrance

    async def sign_in(self, request: Request) -> Response:
        """The form; and a session where what it holds is right."""
        reader, back = reader_of(request), local_path(request.query_params.get("back", HOME))
        if request.method == "GET":
            return page(reader, "sign_in.html", {"back": back, "name": "", "wrong": ""})
        form = await form_of(request)
        name, back = form.get("name", ""), local_path(form.get("back", HOME))
        given = (name, form.get("password", ""), _digits(form))
        entered = RedirectResponse(back, 303)
        status, wrong, headers = 403, reader.words("sign_in.wrong"), {}
        try:
            session = await self._entrance.sign_in(request, entered, *given)
        except SlowedError as slowed:
            session, status, wrong = None, 429, reader.words("sign_in.often", seconds=slowed.wait_s)
            headers = {"Retry-After": str(slowed.wait_s)}
        except UserError:
            session, status, wrong = None, 503, reader.words("sign_in.busy")
        if session is None:
            answer = page(reader, "sign_in.html", {"back": back, "name": name, "wrong": wrong}, status)
            answer.headers.update(headers)
            return answer
        return entered

    async def sign_out(self, request: Request) -> Response:
        """Ends the session, or all of its account, and has the browser forget what it has seen."""
        form, signed = await form_of(request), await self._entrance.signed(request)
        answer = RedirectResponse("/sign-in", 303)
        if signed is not None and signed.session.is_its_form(form.get("form", "")):
            await self._entrance.sign_out(
                request, answer, signed, everywhere=form.get("where") == "everywhere"
            )
            answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    async def start(self, request: Request) -> Response:
        """Password and second factor, by a link that is good once."""
        reader, token = reader_of(request), request.path_params["token"]
        name = None
        if len(token) <= _TOKEN_MAX:
            at_ms = self._pages.clock()
            name = await self._pages.looked(lambda ledger: secrets.name_of(ledger, token, at_ms))
        if name is None:
            return page(reader, "refusal.html", status=404)
        form = await form_of(request) if request.method == "POST" else {}
        wrong = await self._set(token, form) if form else ""
        if form and not wrong:
            return RedirectResponse("/sign-in", 303)
        secret, address = secrets.second_factor(name, form.get("secret"))
        shown = {"name": name, "secret": secret, "picture": square(address)}
        shown["wrong"] = reader.words(f"start.{wrong}") if wrong else ""
        return page(reader, "start.html", shown, 400 if wrong else 200)

    async def _set(self, token: str, form: dict[str, str]) -> str:
        """Sets both; what is wrong, as a key of the words, or nothing."""
        password = form.get("password", "")
        if password != form.get("again"):
            return "differ"
        try:
            await self._entrance.set_secrets(token, password, form.get("secret", ""), _digits(form))
        except UserError:
            return "refused"
        return ""


def _digits(form: dict[str, str]) -> str:
    return form.get("code", "").replace(" ", "")
