"""What a browser sends with a form: fields of text, each once (WHATWG URL, 5.1), and files (RFC 7578)."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

FIELDS_MAX = 64
_TYPE = "application/x-www-form-urlencoded"
_WITH_FILES = "multipart/form-data"


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
    parts = await _parts(request) if _kind(request) == _WITH_FILES else []
    return next((part for field, part in parts if field == name and part.name), None)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _parts(request: Request) -> list[tuple[str, Sent]]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1")
    said = BytesParser(policy=HTTP).parsebytes(head + await request.body())
    found: list[tuple[str, Sent]] = []
    for part in list(said.iter_parts())[:FIELDS_MAX] if said.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        raw = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(raw, bytes):
            found.append((name, Sent(part.get_filename() or "", raw)))
    return found
