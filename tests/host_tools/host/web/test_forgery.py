"""No page of another site, and no form of another session, does anything here."""

from collections.abc import Iterator
from itertools import cycle

import pytest
from starlette.routing import Route

from tests.kit.web_site import Served
from tests.kit.whole_site import WholeSite, cookies, whole

FIELDS = {
    "sure": "yes", "reason": "duty", "name": "Cho", "contact": "cho@example.org", "resident": "Kim",
    "rows": "bmFtZQpDaG8K", "outcome": "helped", "words": "seen", "hours": "8", "anyway": "yes", "act": "new",
    "door": "7", "cabinet": "1", "theme": "dark", "back": "/console",
}  # fmt: skip
#: What a browser says of where a form is from.
ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost.evil.example"},
)
HERE = (
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "null"},
    {},
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WholeSite, Served]]:
    with whole(tmp_path_factory.mktemp("forgery") / "data") as found:
        yield found


def forms(site: WholeSite) -> list[Route]:
    return [route for route in site.routes if "POST" in (route.methods or ())]


def test_a_form_of_another_sites_page_is_refused_wherever_it_is_sent(site: tuple[WholeSite, Served]) -> None:
    made, served = site
    before, form = made.kept(), {**FIELDS, "form": made.session.form_token}
    served.client.cookies.update(cookies(made.session))
    look = next(route for route in forms(made) if route.path == "/look")
    each = [(route, said) for route, said in zip(forms(made), cycle(ELSEWHERE), strict=False)]
    for route, said in (*each, *((look, said) for said in ELSEWHERE)):
        answer = served.client.post(made.path(route), data=form, headers=said)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), (route.path, said)
        assert "clear-site-data" not in answer.headers
    assert made.kept() == before
    host = {"Origin": f"http://{served.client.base_url.netloc.decode()}"}
    for said in (*HERE, host):
        assert served.client.post("/look", data={"theme": "dark"}, headers=said).status_code == 303, said


def test_a_form_of_the_console_needs_the_token_of_its_own_session(site: tuple[WholeSite, Served]) -> None:
    made, served = site
    other = made.sessions.begin(1, made.at_ms)
    before = made.kept()
    served.client.cookies.update(cookies(made.session))
    console = [route for route in forms(made) if route.path.startswith("/console")]
    assert len(console) > 20
    above: set[str] = set()
    nobodys = cycle(({}, {"form": ""}, {"form": "x" * 43}))
    for route in console:
        for forged in (next(nobodys), {"form": other.form_token}):
            answer = served.client.post(made.path(route), data={**FIELDS, **forged})
            assert answer.status_code == 403, (route.path, forged)
        asked = served.client.get(made.path(route), params={"form": made.session.form_token, **FIELDS})
        assert (asked.status_code, asked.headers["location"][:8]) == (303, "/console"), "a link does nothing"
        above.add(asked.headers["location"])
    assert {served.client.get(path).status_code for path in above} == {200}, "and leads to what is there"
    for forged in ({}, {"form": other.form_token}):
        answer = served.client.post("/sign-out", data=forged)
        assert "clear-site-data" not in answer.headers
    kept = made.kept()
    assert {name for name in kept if kept[name] != before[name]} <= {"audit"}, "but looks that are noted"
    assert served.client.get("/console").status_code == 200, "and nobody is signed out"
    assert {answer.status_code for answer in _of_nobody(made, served)} == {303}


def _of_nobody(made: WholeSite, served: Served):
    """Each of them sent by somebody who is not signed in."""
    served.client.cookies.clear()
    for route in forms(made):
        if route.path.startswith("/console"):
            answer = served.client.post(made.path(route), data={**FIELDS, "form": made.session.form_token})
            assert answer.headers["location"].startswith("/sign-in?back=/console")
            yield answer
