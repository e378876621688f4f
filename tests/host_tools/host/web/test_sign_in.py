"""Signing in at the pages of a real `ansim serve`: who may, who is slowed, and what a session is good for."""

import re
import time
from pathlib import Path

import httpx
import pytest
from pyotp.totp import TOTP

from host_tools.errors import UserError
from host_tools.host import answers
from host_tools.host.accounts import people
from host_tools.host.accounts.people import Change
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.web.sessions import (
    IDLE_MS,
    KNOWN_MS,
    KNOWN_OF_ONE_MAX,
    SESSIONS_OF_ONE_MAX,
    WHOLE_MS,
    Bound,
    Sessions,
)
from tests.kit.host_board import Host

PASSWORD = "correct horse battery"
WEB = ("--listen", "127.0.0.1:0", "--web", "127.0.0.1:0")
AT_MS = 1_800_000_000_000


def an_account(data: Path, name: str = "Han") -> str:
    """An operator; the token of the link that lets her begin."""
    with open_ledger(data) as ledger:
        return people.add(ledger, name, Change(("operator",), None, "root", None), now_ms())[1]


def begun(client: httpx.Client, token: str) -> str:
    """Sets password and second factor by the link, as a browser does; the secret of the second factor."""
    shown = client.get(f"/start/{token}")
    secret = re.findall(r'name="secret" value="(\w+)"', shown.text)[0]
    form = {"password": PASSWORD, "again": PASSWORD, "secret": secret}
    refused = client.post(f"/start/{token}", data={**form, "code": "000000"})
    assert (refused.status_code, secret in refused.text) == (400, True), "the same square is shown again"
    differ = client.post(f"/start/{token}", data={**form, "again": "another one", "code": "1"})
    assert "differ" in differ.text
    before = TOTP(secret).at(int(time.time()) - 30)  # the next one is left for signing in
    assert client.post(f"/start/{token}", data={**form, "code": before}).headers["location"] == "/sign-in"
    assert client.get(f"/start/{token}").status_code == 404, "a link is good once"
    return secret


def test_password_and_second_factor_begin_a_session_that_its_own_forms_alone_end(tmp_path: Path) -> None:
    token = an_account(tmp_path)
    with Host(tmp_path, *WEB) as host, httpx.Client(timeout=30) as client:
        client.base_url = f"http://127.0.0.1:{host.wait_for('web listening')['port']}"
        secret = begun(client, token)
        form = {"name": "Han", "password": PASSWORD, "code": TOTP(secret).now(), "back": "//evil.example/"}
        wrong = [
            client.post("/sign-in", data=form | change)
            for change in ({"password": "x" * 12}, {"name": "Nobody"}, {"code": "000000"})
        ]
        assert {answer.status_code for answer in wrong} == {403}
        assert len({answer.text.replace("Nobody", "Han") for answer in wrong}) == 1, (
            "the same, whatever is wrong"
        )
        fixed = "chosen-by-somebody-else"
        client.cookies.set("session", fixed)
        entered = client.post("/sign-in", data=form)
        assert (entered.status_code, entered.headers["location"]) == (303, "/"), "nobody is sent elsewhere"
        kept = entered.headers["set-cookie"]
        assert fixed not in kept
        assert all(word in kept for word in ("HttpOnly", "SameSite=strict", "Path=/"))
        assert client.post("/sign-in", data=form).status_code == 403, "a code is good once"
        assert "set-cookie" not in client.post("/sign-out", data={"form": "forged"}).headers


def test_who_guesses_is_slowed_by_network_and_by_a_looser_bound_of_the_name_and_others_are_not(
    tmp_path: Path,
) -> None:
    sessions, one = Sessions(tmp_path), Bound("network 1")
    han, lee = (Bound(f"account {name}", 7, 10_000) for name in ("Han", "Lee"))
    for _ in range(6):
        assert sessions.wait_ms(one, han, at_ms=AT_MS) == 0
        sessions.failed(one, han, at_ms=AT_MS)
    assert sessions.wait_ms(one, lee, at_ms=AT_MS) == one.refill_ms
    assert sessions.wait_ms(Bound("network 2"), han, at_ms=AT_MS) == 0
    for _ in range(2):
        sessions.failed(han, at_ms=AT_MS)
    assert sessions.wait_ms(Bound("network 2"), han, at_ms=AT_MS) == han.refill_ms
    assert sessions.wait_ms(one, han, at_ms=AT_MS + one.refill_ms) == 0
    assert b"Han" not in (tmp_path / "sessions.db").read_bytes()


def test_a_browser_is_known_by_its_name_for_half_a_year_and_of_a_name_so_many(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    tokens = [sessions.know("Han", AT_MS + n) for n in range(KNOWN_OF_ONE_MAX + 1)]
    assert [sessions.is_known(token, "Han", AT_MS + 20) for token in tokens] == [False] + [True] * (
        len(tokens) - 1
    )
    assert not sessions.is_known(tokens[-1], "Lee", AT_MS + 20)
    assert not sessions.is_known("", "Han", AT_MS)
    assert not sessions.is_known(tokens[-1], "Han", AT_MS + KNOWN_MS + 20)


def test_a_session_ends_when_nobody_uses_it_and_after_a_duty_whoever_does(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    session = sessions.begin(1, AT_MS)
    other = sessions.begin(2, AT_MS)
    assert sessions.find(session.token[:-1], AT_MS) is None
    at_ms = AT_MS
    while at_ms + IDLE_MS - 1 < AT_MS + WHOLE_MS:
        at_ms += IDLE_MS - 1
        assert sessions.find(session.token, at_ms).account == 1
    assert sessions.find(session.token, AT_MS + WHOLE_MS) is None
    assert sessions.find(session.token, at_ms) is None, "and stays ended"
    assert sessions.find(other.token, AT_MS + IDLE_MS) is None
    tokens = [sessions.begin(3, AT_MS + n).token for n in range(SESSIONS_OF_ONE_MAX + 1)]
    assert sessions.find(tokens[0], AT_MS + 20) is None, "the oldest makes room"
    assert sessions.find(tokens[1], AT_MS + 20) is not None
    sessions.end_all(3)
    assert not any(sessions.find(token, AT_MS + 20) for token in tokens)
    assert all(token.encode() not in (tmp_path / "sessions.db").read_bytes() for token in tokens)


def test_a_form_is_good_in_its_own_session_only(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    one, other = sessions.begin(1, AT_MS), sessions.begin(1, AT_MS)
    assert one.is_its_form(one.form_token)
    assert not one.is_its_form(other.form_token)
    assert not one.is_its_form("")


def test_the_server_refuses_a_question_that_it_does_not_know_and_hides_no_fault_of_an_answer(
    tmp_path: Path,
) -> None:
    with open_ledger(tmp_path) as ledger:
        find = answers.finder(ledger)
        with pytest.raises(UserError, match="nothing that this host answers"):
            find("every code", {})
        with pytest.raises(TypeError):
            find("second factor", {"account": 1})
