"""What stands before providers' callbacks and before the link of a page."""

import hmac
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from host_tools.host.connections.presence import Presence
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels.budget import Budget
from host_tools.host.web.app import Pages, app
from host_tools.host.web.guard import BODY_BYTES_MAX
from host_tools.host.web.hooks import BURST, FORGED, MALFORMED, REFILL_MS, TAKEN, UNKNOWN, network_of
from tests.kit.web_site import Served, raising

SECRET = b"a secret of the provider's"


def signed(body: bytes) -> dict[str, str]:
    return {"Signature": hmac.new(SECRET, body, "sha256").hexdigest()}


class Provider:
    """A hook as a channel has one: it checks the signature and notes what is said."""

    def __init__(self) -> None:
        self.noted: list[bytes] = []

    def __call__(
        self, ledger: Ledger, channel: str, headers: Mapping[str, str], body: bytes, at_ms: int
    ) -> int:
        if channel != "mail":
            return UNKNOWN
        if not hmac.compare_digest(headers.get("signature", ""), signed(body)["Signature"]):
            return FORGED
        if not body:
            return MALFORMED
        if body != b"of nobody":
            with ledger.writing():
                self.noted.append(body)
        return TAKEN


class OnCall:
    """A link as a page has one."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def show(self, ledger: Ledger, token: str, at_ms: int) -> str | None:
        return "A bell at <mapo-3>" if token == "good" else None

    def take(self, ledger: Ledger, token: str, at_ms: int) -> str | None:
        if token != "good":
            return None
        self.taken.append(token)
        return "It is yours."


class Site:
    def __init__(self, ledger: Ledger) -> None:
        self.provider, self.on_call = Provider(), OnCall()
        self.at_ms = now_ms()
        presence = Presence(ledger)
        self.pages = Pages(ledger.data, presence.id, lambda: self.at_ms, self.provider, self.on_call)
        self.app = app(self.pages, (), raising)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_ledger(tmp_path / "data") as ledger:
        made = Site(ledger)
        yield made
        made.pages.close()


def test_a_signed_call_is_noted_and_answered_alike_whether_it_is_about_something_known(site: Site) -> None:
    with Served(site.app) as served:
        answers = [
            served.client.post("/hooks/mail", content=body, headers=signed(body))
            for body in (b"delivered", b"of nobody")
        ]
        assert [(one.status_code, one.content) for one in answers] == [(204, b"")] * 2
        assert site.provider.noted == [b"delivered"]


def test_a_forged_one_and_one_of_no_channel_change_nothing(site: Site) -> None:
    with Served(site.app) as served:
        assert served.client.post("/hooks/mail", content=b"x", headers=signed(b"y")).status_code == 401
        assert served.client.post("/hooks/mail", content=b"x").status_code == 401
        assert served.client.post("/hooks/none", content=b"x", headers=signed(b"x")).status_code == 404
        assert served.client.post("/hooks/mail", content=b"", headers=signed(b"")).status_code == 400
        assert served.client.get("/hooks/mail").status_code == 405
        large = bytes(BODY_BYTES_MAX + 1)
        assert served.client.post("/hooks/mail", content=large, headers=signed(large)).status_code == 413
    assert site.provider.noted == []


def test_who_calls_too_often_waits_and_others_do_not(site: Site) -> None:
    with Served(site.app) as served:
        others = {"X-Forwarded-For": "192.0.2.7"}  # as a proxy on this machine says it
        codes = [served.client.post("/hooks/mail", content=b"x").status_code for _ in range(BURST + 1)]
        assert codes == [401] * BURST + [429]
        assert served.client.post("/hooks/mail", content=b"x", headers=others).status_code == 401
        site.at_ms += 500
        assert served.client.post("/hooks/mail", content=b"x").status_code == 401


def test_while_the_ledger_cannot_be_written_a_provider_is_asked_to_come_again(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "nothing", "x", hook=Provider())
    with Served(app(pages, (), raising)) as served:
        assert served.client.post("/hooks/mail", content=b"x", headers=signed(b"x")).status_code == 503
    pages.close()


def test_a_network_of_ipv6_has_one_budget_and_not_every_address_is_remembered() -> None:
    budget = Budget(BURST, REFILL_MS)
    calls = [budget.take(network_of(f"2001:db8::{number:x}"), 0) for number in range(2 * BURST)]
    assert sum(calls) == BURST
    assert budget.take(network_of("2001:db8:0:1::1"), 0)
    for number in range(10_000):
        budget.take(network_of(f"10.0.{number >> 8}.{number & 255}"), 0)
    assert len(budget._full_ms) < 5_000


def test_a_preview_of_a_link_takes_nothing_and_a_tap_does(site: Site) -> None:
    with Served(site.app) as served:
        shown = served.client.get("/tap/good")
        assert "A bell at &lt;mapo-3&gt;" in shown.text
        assert '<form method="post">' in shown.text
        assert "form-action 'self'" in shown.headers["content-security-policy"]
        served.client.head("/tap/good")
        assert site.on_call.taken == []
        assert "It is yours." in served.client.post("/tap/good").text
        assert site.on_call.taken == ["good"]
        assert (
            served.client.get("/tap/other").status_code == served.client.post("/tap/other").status_code == 404
        )
        assert served.client.get("/tap/" + "x" * 1000).status_code == 404


def test_what_is_not_there_is_not_mounted(tmp_path: Path) -> None:
    pages = Pages(tmp_path, "x")
    with Served(app(pages, (), raising)) as served:
        assert served.client.post("/hooks/mail").status_code == 404
        assert served.client.get("/tap/good").status_code == 404
    pages.close()
