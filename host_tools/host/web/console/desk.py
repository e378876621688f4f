"""What stands before each view of the console: who is signed in, whether it is for them, whose form it is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.host.accounts.rights import right_of
from host_tools.host.web.console.part import Part
from host_tools.host.web.entrance import Signed
from host_tools.host.web.forms import form_of
from host_tools.host.web.look.views import Reader, page, reader_of
from host_tools.host.web.sign_in import way_in

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

#: The views in their order: path, key of its words, icon, the act of the command line that shows the same.
VIEWS = (
    ("/console", "needs", "bell", "case list"),
    ("/console/alive", "alive", "link", "link"),
    ("/console/sites", "sites", "locker", "cabinet list"),
    ("/console/parcels", "parcels", "parcel", "parcel list"),
    ("/console/residents", "residents", "people", "resident list"),
)


_CASES = ("/console/cases/", "/console/messages/")


class _Number(Convertor[int]):
    """A number within an address: not more digits than a ledger's number has."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        """See Convertor."""
        return int(value)

    def to_string(self, value: int) -> str:
        """See Convertor."""
        return str(value)


register_url_convertor("number", _Number())


class Asked(NamedTuple):
    """A request of somebody who may: `form` holds the fields of a POST of this session's own page."""

    request: Request
    signed: Signed
    reader: Reader
    form: Mapping[str, str]

    @property
    def path(self) -> Mapping[str, Any]:
        """What stands in the address."""
        return self.request.path_params

    def may(self, act: str) -> bool:
        """Whether an act of the command line is for whoever asks."""
        roles = right_of(act).roles
        return not roles or bool(roles & self.signed.actor.roles)


View = Callable[["Pages", Asked], Awaitable[Response]]


def route(pages: "Pages", path: str, act: str, view: View, *, posts: bool = False) -> Route:
    """A view behind its desk. `act` names the right it takes (accounts/rights.py); `posts`: a form is sent to
    it, and by GET, as behind a sign-in, it leads to the view above it.
    """

    async def behind(request: Request) -> Response:
        signed, above = await pages.entrance.signed(request), _above(request.url.path) if posts else ""
        if signed is None:
            return way_in(request, above)
        if posts and request.method != "POST":
            return RedirectResponse(above, 303)
        form = await form_of(request) if posts else {}
        asked = Asked(request, signed, reader_of(request), form)
        if not asked.may(act) or (posts and not signed.session.is_its_form(form.get("form", ""))):
            return shown(asked, "console/refused.html", {"here": ""}, 403)
        return await view(pages, asked)

    return Route(path, behind, methods=["GET", "POST"] if posts else ["GET"])


def _above(path: str) -> str:
    """The view that a form stands on, by where it is sent; a case has none of its own."""
    above = path.rpartition("/")[0]
    return VIEWS[0][0] if above.startswith(_CASES) else above


def shown(asked: Asked, template: str, facts: Mapping[str, Any], status: int = 200) -> Response:
    """A view of the console. `facts` has `here`, the key of the view that is open, among others."""
    about = {
        "bar": "",
        "part_name": "",
        "views": [view[:3] for view in VIEWS if asked.may(view[3])],
        "form": asked.signed.session.form_token,
        "me": asked.signed.actor.name,
    }
    return page(asked.reader, template, about | dict(facts), status)


async def live(pages: "Pages", asked: Asked, part: Part, template: str, facts: Mapping[str, Any]) -> Response:
    """A view of the console whose part goes on changing by itself (stream.py) where there is a script."""
    drawn = await pages.live.drawn(asked.signed, asked.reader, part)
    form = asked.signed.session.form_token
    bar, shows = (one.html(asked.signed.actor.name, form) for one in drawn)
    return shown(asked, template, {"bar": bar, "part_name": part.name, "live": shows} | dict(facts))
