"""Looks at people: why is asked once a session, and each look is a row of the audit before anything is shown.

The reason stays in a cookie that is good in its session only; the page can be told another one at any time.
"""

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.host.accounts import accounts, audit
from host_tools.host.accounts.rights import right_of
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.web.console import desk
from host_tools.host.web.look.views import local_path

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

COOKIE = "why"
#: All looks take one of the same reasons.
REASONS = right_of("parcel list").reasons
_T = TypeVar("_T")


def routes(pages: "Pages") -> list[Route]:
    """Where the reason is said."""
    return [desk.route(pages, "/console/why", "cabinet list", _why, posts=True)]


def route(pages: "Pages", path: str, act: str, view: desk.View, *, posts: bool = False) -> Route:
    """A view of people's data behind its desk: it is shown to whoever has said why."""

    async def behind(pages: "Pages", asked: desk.Asked) -> Response:
        if right_of(act).reasons == REASONS and not reason_of(asked):
            return ask(asked, asked.reader.path.removesuffix("/search"))
        return await view(pages, asked)

    return desk.route(pages, path, act, behind, posts=posts)


def ask(asked: desk.Asked, back: str) -> Response:
    """Asks why she looks, and leads back to that path."""
    return desk.shown(asked, "console/why.html", {"here": "", "reasons": REASONS, "back": back})


def reason_of(asked: desk.Asked) -> str:
    """Why whoever asks looks at people in this session; empty: it was not said."""
    reason, _, proof = asked.request.cookies.get(COOKIE, "").partition(".")
    return reason if reason in REASONS and hmac.compare_digest(proof.encode(), _proof(asked)) else ""


async def look(pages: "Pages", asked: desk.Asked, act: str, work: Callable[[Ledger], _T], **place: Any) -> _T:
    """What a look at people finds, when it is noted. `place` as in audit.note. Raises UserError."""
    actor = asked.signed.actor._replace(reason=reason_of(asked))

    def note(ledger: Ledger) -> None:
        check(ledger, act, place.get("site", ""), actor)
        with ledger.writing() as connection:
            about: dict[str, Any] = {"resident": audit.EVERYBODY, **place}
            audit.note(connection, ledger, act, **about)

    await pages.written(note, actor)
    return await pages.seen(work, actor)


def check(ledger: Ledger, act: str, site: str, actor: Actor) -> None:
    """Raises UserError when an act is not for whoever acts, or not there."""
    accounts.check(ledger, act, actor)
    accounts.check_site(ledger, act, site, actor)


def _proof(asked: desk.Asked) -> bytes:
    return hmac.digest(asked.signed.session.token.encode(), b"why", "sha256").hex()[:16].encode()


async def _why(_pages: "Pages", asked: desk.Asked) -> Response:
    answer = RedirectResponse(local_path(asked.form.get("back", "/console")), 303)
    if (reason := asked.form.get("reason", "")) in REASONS:
        kept = f"{reason}.{_proof(asked).decode()}"
        answer.set_cookie(COOKIE, kept, samesite="strict", httponly=True, path="/console")
    return answer
