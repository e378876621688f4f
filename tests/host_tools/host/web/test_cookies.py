"""What a browser keeps: which cookie is a session, when it is none any more, and whom others cannot slow."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyotp.totp import TOTP
from sqlalchemy import update

from host_tools.host.accounts import secrets
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.web import entrance
from tests.kit.web_site import Served
from tests.kit.whole_site import WholeSite, cookies, whole

PASSWORD = "correct horse battery"
OWN = {"X-Forwarded-For": "198.51.100.7"}  # as the proxy of this machine says who asks
OTHER = {"X-Forwarded-For": "203.0.113.9"}


class Han:
    """She who signs in, from wherever."""

    def __init__(self, made: WholeSite, served: Served) -> None:
        self.made, self.served = made, served
        secret = secrets.second_factor("Han")[0]
        code = TOTP(secret).at(made.at_ms // 1000)
        secrets.set_secrets(made.ledger, made.start, secrets.hashed(PASSWORD), secret, code, made.at_ms)
        self._totp = TOTP(secret)

    def signs_in(self, client: httpx.Client, said: dict[str, str], **wrong: str) -> httpx.Response:
        """With a code that is good now, by the clock of the machine, which the server goes by."""
        table = tables.account
        with (
            self.made.ledger.writing() as connection
        ):  # each code is good once, and a test has no half minute
            connection.execute(update(table).where(table.c.id == 1).values(second_factor_step=0))
        form = {"name": "Han", "password": PASSWORD, "code": self._totp.at(now_ms() // 1000), **wrong}
        return client.post("/sign-in", data=form, headers=said)

    def browser(self, **kept: str) -> httpx.Client:
        return httpx.Client(base_url=self.served.client.base_url, cookies=kept, timeout=30)


@pytest.fixture
def han(tmp_path: Path) -> Iterator[Han]:
    with whole(tmp_path / "data") as found:
        yield Han(*found)


def test_a_session_is_never_one_that_was_there_before_and_ends_at_the_server(han: Han) -> None:
    before = han.made.session
    with han.browser(session=before.token) as client:
        assert han.signs_in(client, OWN, code="000000").status_code == 403
        assert client.get("/console").status_code == 200, "a try that failed ends nothing"
        entered = han.signs_in(client, OWN)
        token = entered.cookies["session"]
        assert token != before.token
        with han.browser(session=before.token) as old:
            assert old.get("/console").headers["location"].startswith("/sign-in"), "the one before has ended"
        client.cookies = httpx.Cookies({"session": token})
        shown = client.get("/console")
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
        form = shown.text.partition('name="form" value="')[2].partition('"')[0]
        left = client.post("/sign-out", data={"form": form})
        assert left.headers["clear-site-data"] == '"cache", "storage"'
        assert 'session=""; HttpOnly; Max-Age=0' in left.headers["set-cookie"]
        client.cookies = httpx.Cookies({"session": token})  # whoever has copied it
        for path in ("/console", "/console/residents", "/console/sites/mapo-3"):
            assert client.get(path).headers["location"].startswith("/sign-in")
    for fixed in ("chosen-by-somebody-else", "", "x" * 5000, han.made.session.form_token):
        with han.browser(session=fixed) as client:
            assert client.get("/console").status_code == 303
            assert han.signs_in(client, OWN).cookies["session"] != fixed


def test_a_session_that_is_ended_elsewhere_is_over_everywhere(han: Han) -> None:
    one, other = han.made.sessions.begin(1, han.made.at_ms), han.made.sessions.begin(1, han.made.at_ms)
    with han.browser(**cookies(one)) as client, han.browser(**cookies(other)) as second:
        assert second.get("/console").status_code == 200
        client.post("/sign-out", data={"form": one.form_token, "where": "everywhere"})
        assert second.get("/console").status_code == 303
        assert second.post("/console/cases/1/take", data={"form": other.form_token}).status_code == 303


def test_who_knows_a_name_slows_neither_its_owner_nor_the_building_that_she_works_in(han: Han) -> None:
    with han.browser() as hers, han.browser() as new, han.browser() as guesser:
        assert han.signs_in(hers, OWN).status_code == 303
        known = hers.cookies["known"]
        assert known not in (han.made.data / "sessions.db").read_bytes().decode("latin-1")
        tried = [han.signs_in(guesser, OTHER, password="x" * 12).status_code for _ in range(7)]
        assert tried == [403] * 6 + [429]
        assert han.signs_in(new, OWN).status_code == 303, "from elsewhere a name that is guessed at works"
        for _ in range(6):
            han.signs_in(guesser, OWN, password="x" * 12)
        assert han.signs_in(guesser, OWN).status_code == 429, "a network is slowed for who was never there"
        assert han.signs_in(hers, OWN).status_code == 303, "and not the browser that she uses"
        way = han.made.pages.entrance
        way._compared = entrance._COMPARED_MAX  # a flood of tries from everywhere
        assert han.signs_in(new, {"X-Forwarded-For": "192.0.2.9"}).status_code == 303
        with han.browser() as stranger:
            assert han.signs_in(stranger, {"X-Forwarded-For": "192.0.2.9"}).status_code == 503
        way._compared = 0
        hers.cookies = httpx.Cookies({"known": known})
        mine = [han.signs_in(hers, OTHER, password="x" * 12).status_code for _ in range(7)]
        assert mine == [403] * 6 + [429], "which guesses no more than others"
        with han.browser(known=known) as stolen:
            assert stolen.get("/console").status_code == 303, "and opens nothing by itself"
            name = stolen.post(
                "/sign-in", data={"name": "Lee", "password": "x" * 12, "code": "1"}, headers=OTHER
            )
            assert name.status_code == 429, "nor is it known by another name"


def test_a_name_has_one_bound_however_it_is_written_and_a_network_of_ipv6_is_one(
    han: Han, monkeypatch: pytest.MonkeyPatch
) -> None:
    with han.browser() as client:
        wrong = {"password": "x" * 12}
        networks = [{"X-Forwarded-For": f"2001:db8::{number}"} for number in range(7)]
        tried = [han.signs_in(client, said, **wrong).status_code for said in networks]
        assert tried == [403] * 6 + [429]
        monkeypatch.setattr(entrance, "_NAME_FREE", 2)
        names = (
            "한 서연",
            "\u1112\u1161\u11ab 서연",
            "한\u00a0서연",
            "한 서연",
        )  # as one, two and no characters
        tried = [
            han.signs_in(client, {"X-Forwarded-For": f"198.51.{number}.1"}, name=name, **wrong).status_code
            for number, name in enumerate(names)
        ]
        assert tried == [403] * 3 + [429]
        assert han.signs_in(client, OWN, password="x" * 300).status_code == 403
