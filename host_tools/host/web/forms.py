"""What a browser sends with a form: fields of text, each once (WHATWG URL, 5.1)."""

from urllib.parse import parse_qsl

from starlette.requests import Request

FIELDS_MAX = 64
_TYPE = "application/x-www-form-urlencoded"


async def form_of(request: Request) -> dict[str, str]:
    """The fields by name, the first of each; none where nothing can be understood as a form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        return {}
    try:
        text = (await request.body()).decode()
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        return {}
    return dict(reversed(fields))
