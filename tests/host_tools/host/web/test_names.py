"""Names that try to be something else: each page that shows one is the same page, with another word in it."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from sqlalchemy import update

from host_tools.host.ledger import tables
from tests.kit.web_site import Served
from tests.kit.whole_site import PLACE, WholeSite, cookies, whole

ODD = (
    "{{7*7}}{% raw %}${7*7}#{7*7}</title><script>alert(1)</script>",
    '" onmouseover=alert(1) x=\'"><img src=x onerror=alert(1)>\u202eesrever\u2066\u200f',
    "漢" * 64,
    "javascript:alert(1)//</bdi><form action=//evil.example>",
)


class Skeleton(HTMLParser):
    """The elements of a page with their attributes' names, and what is read in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.parts: list[tuple[str, ...]] = []
        self.said: list[str] = []
        self.isolated: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.parts.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        (self.isolated if self._open[-1:] == ["bdi"] else self.said).append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WholeSite, Served]]:
    with whole(tmp_path_factory.mktemp("names") / "data") as found:
        yield found


def named(made: WholeSite, word: str) -> None:
    """Everybody and everything is called so, as an old or a forged row may have it."""
    with made.ledger.writing() as connection:
        for table in (tables.site, tables.account):
            connection.execute(update(table).values(name=word))
        connection.execute(update(tables.resident).values(name=word, unit=word[:32]))
        connection.execute(update(tables.case).values(state="taken", taken_by=word, taken_ms=made.at_ms))


def pages(made: WholeSite, served: Served, word: str) -> dict[str, str]:
    """Each page of everybody's as it is now, by its route."""
    found = {}
    for route in made.routes:
        path = made.path(route, site=quote(word, safe="")) if "{site" in route.path else made.path(route)
        if "GET" not in (route.methods or ()) or route.path.startswith(
            ("/static", "/metrics", "/console/stream")
        ):
            continue
        answer = served.client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            found[route.path] = answer.text
    code = served.client.post(f"/p/{made.token}", data={"act": "code"})
    refused = served.client.post(
        "/sign-in", data={"name": word, "password": "x" * 12, "code": "1", "back": "/"}
    )
    search = {"form": made.session.form_token, "q": word}
    sure = {"form": made.session.form_token, "reason": "request", "resident": word}
    at = f"/console/sites/{quote(word, safe='')}/1/7"
    found["code"], found["refused"] = code.text, refused.text
    found["search"] = served.client.post("/console/residents/search", data=search).text
    found["sure"] = served.client.post(f"{at}/service", data=sure).text
    found["file"] = served.client.post(
        "/console/residents/import/try",
        data={"form": made.session.form_token},
        files={"file": (f"{word[:20]}.csv", f"name,unit\n{word[:60]},1\n".encode())},
    ).text
    return found


def test_a_name_is_a_word_on_each_page_whatever_it_holds(site: tuple[WholeSite, Served]) -> None:
    made, served = site
    served.client.cookies.update(cookies(made.session))
    made.reason(served.client)
    named(made, PLACE)
    plain = {name: Skeleton(text) for name, text in pages(made, served, PLACE).items()}
    assert len(plain) > 15
    shown = set()
    for word in ODD:
        named(made, word)
        made.at_ms += 120_000
        for name, text in pages(made, served, word).items():
            page = Skeleton(text)
            if name != "file":  # a file with such a row may be refused
                assert page.parts == plain[name].parts, (name, word)
            assert "49" not in "".join(page.said).replace("7*7", ""), (name, word)
            if word in "".join(page.isolated):
                shown.add(name)
            loose = [part for part in page.said if "\u202e" in part]
            assert len(loose) <= 1, (name, "but for its title")
    assert len(shown) >= 7, shown
