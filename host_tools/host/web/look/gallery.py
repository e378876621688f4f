"""/design: each component of the design language, for whoever builds a page and for the tests that look."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host_tools.host.web.look.views import page, reader_of


async def _gallery(request: Request) -> Response:
    return page(reader_of(request), "gallery.html")


ROUTES = [Route("/design", _gallery)]
