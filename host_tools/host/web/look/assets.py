"""Style sheets, scripts and icons: read once, named by what they hold, kept by browsers for a year.

An address holds a digest of the file, so a new release is fetched anew and an old page keeps its own look.
A script that imports another (`from "./NAME"`) is sent with its address, which its own digest covers too.
Each is compressed once (RFC 1952). No secret is in them: a page with one is never compressed (BREACH).
"""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_IMPORTED = re.compile(rb'(?<= from ")\./([\w.]+)(?=";)')
_KEPT = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file and the address it is found at."""

    address: str
    media_type: str
    plain: bytes
    compressed: bytes


@cache
def assets() -> dict[str, Asset]:
    """All of them, by the name of their file."""
    names = sorted(path.name for path in FOLDER.iterdir() if path.suffix in _TYPES)
    return {name: _read(name) for name in names}


@cache
def _read(name: str) -> Asset:
    path = FOLDER / name
    content = path.read_bytes()
    if path.suffix == ".js":
        content = _IMPORTED.sub(lambda found: _read(found[1].decode()).address.encode(), content)
    digest = hashlib.sha256(content).hexdigest()[:12]
    address = f"/static/{digest}/{name}"
    return Asset(address, _TYPES[path.suffix], content, gzip.compress(content, mtime=0))


def address_of(name: str) -> str:
    """Where a file is found. Raises KeyError for one that is not there: a page's own fault."""
    return assets()[name].address


async def _asset(request: Request) -> Response:
    found = assets().get(request.path_params["name"])
    if found is None or found.address != request.url.path:
        return PlainTextResponse("There is nothing.\n", 404)
    headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            found.compressed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type
        )
    return Response(found.plain, headers=headers, media_type=found.media_type)


ROUTES = [Route("/static/{digest}/{name}", _asset)]
