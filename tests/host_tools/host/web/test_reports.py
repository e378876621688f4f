"""What providers report over HTTP: a signed report moves its letter, and nothing else moves anything."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from host_tools.host.connections.presence import Presence
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.callbacks import TOLERANCE_MS, Callbacks
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import Setup
from host_tools.host.notify.routes import Routes
from host_tools.host.web.app import Pages, app
from tests.kit.host_board import Host
from tests.kit.letter_site import Site
from tests.kit.peers import SECRET, Receiver
from tests.kit.post import deliver_by
from tests.kit.web_site import Served, raising

REFERENCE = "r-1"  # as the receiver has called the letter
OTHER_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
DAY_MS = 86_400_000


def report(
    kind: str = "delivered",
    reference: str = REFERENCE,
    name: str = "msg-1",
    at_ms: int = 0,
    key: str = SECRET,
) -> dict[str, Any]:
    """A request as a provider makes it."""
    body = json.dumps({"type": f"message.{kind}", "data": {"reference": reference}})
    at = datetime.fromtimestamp((at_ms or now_ms()) // 1000, UTC)
    signature = Webhook(key).sign(name, at, body)
    headers = {"webhook-id": name, "webhook-timestamp": str(int(at.timestamp()))}
    return {"content": body, "headers": headers | {"webhook-signature": signature}}


class Town(NamedTuple):
    ledger: Ledger
    client: httpx.Client

    def reports(self, **what: Any) -> tuple[int, bytes]:
        answer = self.client.post("/hooks/sms", **report(**what))
        return answer.status_code, answer.content

    def state(self) -> str:
        with self.ledger.reading() as connection:
            return connection.execute(select(tables.delivery.c.state)).scalar_one()

    def stands_at(self, state: str) -> None:
        with self.ledger.writing() as connection:
            connection.execute(update(tables.delivery).values(state=state))


def with_a_letter(data: Path, receiver: Receiver, more: str = "") -> None:
    """Her parcel has come; letters go to a receiver of webhooks."""
    with open_ledger(data) as ledger:
        site = Site(ledger)
        board = site.board()
        site.heard_ms = now_ms()
        site.boards[board].deposit(7, site.serial(), 1)
        site.hear(board)
    path = data / "channels.toml"
    path.write_text(
        'staff = {channel = "sms", address = "desk@example.org"}\n'
        '[sms]\nkind = "webhook"\nfor = ["email"]\nallow_private = true\n'
        f'url = "http://127.0.0.1:{receiver.port}/"\nsecret = "{SECRET}"\n{more}'
    )
    path.chmod(0o600)


@pytest.fixture
def town(home: Path) -> Iterator[Town]:
    """A channel has taken her letter."""
    with Receiver() as receiver:
        with_a_letter(home, receiver)
        routes = Routes.of(home)
        assert routes is not None
        with open_ledger(home) as ledger:
            deliver_by(ledger, Lines.made(routes, Setup(home, lambda _: None, {})))
            pages = Pages(home, Presence(ledger).id, hook=Callbacks(routes))
            with Served(app(pages, (), raising)) as served:
                made = Town(ledger, served.client)
                assert made.state() == "handed over"
                yield made
            pages.close()


def test_a_signed_report_moves_its_letter_and_a_forged_an_old_or_a_repeated_one_moves_none(
    town: Town,
) -> None:
    now = now_ms()
    for forged in ({"key": OTHER_SECRET}, {"at_ms": now - TOLERANCE_MS - 5_000}, {"at_ms": now + DAY_MS}):
        assert town.reports(**forged)[0] == 401
    assert town.state() == "handed over"
    unknown = town.reports(reference="nobody's", name="msg-0")
    assert (unknown, town.state()) == ((204, b""), "handed over")
    assert town.reports() == unknown, "whether it is known or not"
    assert town.state() == "delivered"
    with town.ledger.reading() as connection:
        assert connection.scalar(select(tables.outbox.c.delivered_ms)) is not None
    town.stands_at("handed over")
    assert town.reports() == unknown
    assert town.state() == "handed over", "a report that was taken is taken once"


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_report_of_a_channel_without_one_or_that_is_no_report_moves_nothing(town: Town) -> None:
    assert town.client.post("/hooks/mail", **report()).status_code == 404
    assert town.client.post("/hooks/sms", content=b"{}").status_code == 401
    assert town.reports(kind="sent")[0] == 400
    assert town.state() == "handed over"


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_what_was_lost_goes_to_the_next_contact(town: Town) -> None:
    assert town.reports(kind="bounced")[0] == 204
    assert town.state() == "failed"


def test_the_server_takes_reports_by_the_secret_for_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Receiver() as receiver:
        with_a_letter(data, receiver, f'callback_secret = "{OTHER_SECRET}"\n')
        with Host(data, "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0") as host:
            host.wait_for("message sent")
            url = f"http://127.0.0.1:{host.wait_for('web listening')['port']}/hooks/sms"

            def state() -> str:
                with open_ledger(data) as ledger, ledger.reading() as connection:
                    return connection.execute(select(tables.delivery.c.state)).scalar_one()

            host.listen_until(lambda: state() == "handed over")
            assert httpx.post(url, **report()).status_code == 401, "signed as letters to it are"
            assert httpx.post(url, **report(key=OTHER_SECRET)).status_code == 204
            assert state() == "delivered"
            assert host.end() == 0
