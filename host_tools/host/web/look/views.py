"""How a page is rendered: its template, the words of a language, the look that its reader has chosen.

All that templates are handed is escaped. What is a person's, a place's or a board's word stands in `<bdi>`,
so that its direction turns nothing around it (`person` in templates/parts.html).
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from host_tools.host.web.forms import form_of
from host_tools.host.web.look.assets import address_of
from host_tools.host.web.look.words import Words, accepted, languages, words_of

THEMES = ("auto", "light", "dark", "contrast")
#: What a browser keeps of its reader's wishes. Nothing of them is a secret.
THEME_COOKIE, LANGUAGE_COOKIE = "theme", "language"
_KEPT_S = 365 * 86_400
_FOLDER = Path(__file__).parent / "templates"


class Reader(NamedTuple):
    """Who reads: in which words and by which look; `is_large` where letters are for weak eyes."""

    words: Words
    theme: str = THEMES[0]
    path: str = "/"  # of the page that is read


def reader_of(request: Request, *languages_of_hers: str) -> Reader:
    """What a browser and whoever uses it have asked for; `languages_of_hers` are what is known otherwise.

    A choice on the page counts most, then what is known of her, then what the browser says.
    """
    cookies = request.cookies
    wishes = (cookies.get(LANGUAGE_COOKIE, ""), *languages_of_hers)
    theme = cookies.get(THEME_COOKIE, "")
    return Reader(
        words_of(*wishes, *accepted(request.headers.get("accept-language", ""))),
        theme if theme in THEMES else THEMES[0],
        request.url.path,
    )


def page(
    reader: Reader, template: str, facts: Mapping[str, Any] | None = None, status: int = 200
) -> Response:
    """A page. Raises jinja2.UndefinedError where a template asks for what it is not handed."""
    return HTMLResponse(
        rendered(reader, template, facts),
        status,
        {"Content-Language": reader.words.language, "Vary": "Accept-Language, Cookie"},
    )


def rendered(reader: Reader, template: str, facts: Mapping[str, Any] | None = None) -> str:
    """The same as text, also of a part of a page."""
    shown = {"t": reader.words, "reader": reader, "themes": THEMES, "languages": languages()}
    return _environment().get_template(template).render(**shown | dict(facts or {}))


def prepare() -> None:
    """Reads all templates now: the first alarm is drawn as soon as another."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


async def _choose(request: Request) -> Response:
    """Keeps a choice of look or language, and shows the page it was made on."""
    form = await form_of(request)
    answer = RedirectResponse(local_path(form.get("back", "")), 303)
    for name, known in ((THEME_COOKIE, THEMES), (LANGUAGE_COOKIE, languages())):
        if (wish := form.get(name, "")) in known:
            answer.set_cookie(name, wish, _KEPT_S, samesite="lax", httponly=True)
    return answer


def local_path(path: str) -> str:
    """A path of this host, whatever was asked for: no page sends anybody elsewhere (open redirect)."""
    is_ours = path.startswith("/") and not path.startswith("//")
    return path if is_ours and path.isprintable() and "\\" not in path else "/"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = address_of
    return made


ROUTES = [Route("/look", _choose, methods=["POST"])]
