"""What a browser sends with a form: fields of text, each once (WHATWG URL, 5.1), and files (RFC 7578)."""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

FIELDS_MAX = 64
_TYPE = "application/x-www-form-urlencoded"
_WITH_FILES = "multipart/form-data"
_LIMIT = re.compile(r'boundary="?([^";, ]{1,70})"?$')  # as browsers write it (RFC 2046, 5.1.1)
_HEAD = re.compile(
    rb'(?i)\r\ncontent-disposition: form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?\r\n'
)


class Sent(NamedTuple):
    """A file that came with a form: what it is called there, and what is in it."""

    name: str
    raw: bytes


async def form_of(request: Request) -> dict[str, str]:
    """The fields by name, the first of each; none where nothing can be understood as a form."""
    kind = _kind(request)
    try:
        if kind == _WITH_FILES:
            parts = await _parts(request)
            fields = [(name, part.raw.decode()) for name, part in parts if not part.name]
        elif kind == _TYPE:
            text = (await request.body()).decode()
            fields = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
        else:
            return {}
    except ValueError:
        return {}
    return dict(reversed(fields))


async def file_of(request: Request, name: str) -> Sent | None:
    """The file that came in that field; None where there is none."""
    try:
        parts = await _parts(request) if _kind(request) == _WITH_FILES else []
    except ValueError:
        return None
    return next((part for field, part in parts if field == name and part.name), None)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _parts(request: Request) -> list[tuple[str, Sent]]:
    """The parts, each by the name of its field; one within another is text. Raises ValueError."""
    limit = _LIMIT.search(request.headers["content-type"].strip())
    if limit is None:
        return []
    between = b"\r\n--" + limit[1].encode()
    found: list[tuple[str, Sent]] = []
    for part in (b"\r\n" + await request.body()).split(between, FIELDS_MAX + 1)[1:-1]:
        head, _, raw = part.partition(b"\r\n\r\n")
        if named := _HEAD.search(head + b"\r\n"):
            found.append((named[1].decode(), Sent((named[2] or b"").decode(), raw)))
    return found
