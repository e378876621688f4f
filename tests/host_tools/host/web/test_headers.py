"""What every answer says to browsers, whatever was asked for, by whom and however badly."""

from collections.abc import Iterator
from itertools import cycle

import httpx
import pytest

from host_tools.host.web.guard import HEADERS
from tests.kit.web_site import Served
from tests.kit.whole_site import WholeSite, cookies, whole

#: What stands in the places of an address where somebody tries.
ODD = ("%00", "9" * 5000, "..%2f..%2fetc", "%ff%fe", "x" * 4000, "%E2%80%AE", "-1", "{{7*7}}", "%0d%0aX:%20y")
FORMS = (
    {"headers": {"Content-Type": "multipart/form-data; boundary=x"}, "content": b"--x\r\n" * 9000},
    {"headers": {"Content-Type": "multipart/form-data"}, "content": b"x"},
    {  # the standard library takes a minute for this one, and as deep a stack for the next
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        "content": b"--x\r\nContent-Type: " + b'"' * 60_000 + b"\r\n\r\ny\r\n--x--\r\n",
    },
    {
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        "content": b"--x\r\nContent-Disposition: " + b"((" * 30_000 + b"\r\n\r\ny\r\n--x--\r\n",
    },
    {"data": {"back": "//[", "name": "\0", "password": "\0", "code": "\0", "act": "\0", "ticket": "\0"}},
    {"data": {"secret": "A" * 60_000, "password": "p" * 13, "again": "p" * 13, "code": "٣٤٥٦٧٨"}},
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WholeSite, Served]]:
    with whole(tmp_path_factory.mktemp("headers") / "data") as found:
        yield found


def asks(site: WholeSite, *, is_signed: bool) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Each route with what is there and, for who is signed in, in turn with nonsense of each kind."""
    odd, forms = cycle(ODD), cycle(FORMS)
    for route in site.routes:
        if route.path == "/console/stream":
            continue  # its answer has no end: a test of its own
        for method in ("GET", "POST") if is_signed else ("GET",):
            yield method, site.path(route), {}
        if not is_signed:
            continue
        if route.param_convertors:
            yield "GET", site.path(route, **dict.fromkeys(route.param_convertors, next(odd))), {}
        if "POST" in (route.methods or ()):
            yield "POST", site.path(route), next(forms)
    for form in FORMS:
        yield "POST", "/look", form
        yield "POST", "/sign-in", form
        yield "POST", f"/start/{site.start}", form
    for method in ("HEAD", "PUT", "OPTIONS", "TRACE", "BREW"):
        yield method, "/console", {}
    for path in ("/", "//evil.example/", "/sign-in?back=//[", "/sign-in?back=//%E2%84%80", "/static/x/y"):
        yield "GET", path, {}


@pytest.mark.parametrize("is_signed", [False, True])
def test_each_answer_of_each_route_keeps_browsers_safe_and_no_nonsense_is_a_fault(
    site: tuple[WholeSite, Served], is_signed: bool
) -> None:
    assert HEADERS["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    made, served = site
    with httpx.Client(base_url=served.client.base_url, timeout=30) as client:
        wrong = []
        for number, (method, path, form) in enumerate(asks(made, is_signed=is_signed)):
            if is_signed:  # signing out is among what is asked
                client.cookies = httpx.Cookies(cookies(made.session))
            made.at_ms += 30_000 if number % 8 == 0 else 0  # nobody asks too often
            answer = client.request(method, path, **form)  # type: ignore[arg-type]
            wanted = dict(HEADERS)
            if path.startswith("/static") and answer.status_code == 200:
                wanted["Cache-Control"] = "public, max-age=31536000, immutable"
            told = {name: answer.headers.get(name) for name in wanted}
            if told != wanted or "server" in answer.headers or answer.status_code == 500:
                wrong.append((method, path[:80], answer.status_code, told))
            leads = answer.headers.get("location", "/")
            assert leads.startswith("/"), path
            assert not leads.startswith("//"), path
            for given in answer.headers.get_list("set-cookie"):
                assert "HttpOnly" in given, path
                assert "SameSite" in given, path
            if answer.headers.get("content-type", "").startswith("text/html") and "/tap/" not in path:
                assert answer.headers["vary"] == "Accept-Language, Cookie", path
        assert not wrong


def test_a_stream_and_what_is_no_http_say_the_same(site: tuple[WholeSite, Served]) -> None:
    made, served = site
    session = made.sessions.begin(1, made.at_ms)
    with served.client.stream("GET", "/console/stream", cookies=cookies(session)) as answer:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    for said in (
        b"GET / HTTP/9\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ):
        with served.connect() as line:
            line.sendall(said)
            heard = b""
            while some := line.recv(4096):
                heard += some
        assert heard.startswith(b"HTTP/1.1 400 ")
        assert all(f"{name}: {text}".encode() in heard for name, text in HEADERS.items())
