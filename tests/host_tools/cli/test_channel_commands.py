"""`ansim channel` and `ansim letter` as people type them; what they print is what docs/json.md says."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select, update

from host_tools.cli import _acting, ansim
from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import Setup
from host_tools.host.notify.routes import Routes
from tests.kit.command_tree import departures, page
from tests.kit.letter_site import Broken, Site
from tests.kit.peers import SECRET, USER, MailServer, Receiver
from tests.kit.post import deliver, deliver_by

DOCUMENTED = page()
HER = "kim@example.org"


class Desk:
    """Somebody who types commands at a data folder with a letter in it."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(ansim, [*words, "--data", str(self.data)])

    def asks(self, command: str, *words: str, code: int = 0) -> Any:
        ended = self.types(*command.split(), *words, "--json")
        assert ended.exit_code == code, (ended.output, ended.exception)
        printed = json.loads(ended.stdout)
        assert printed == [] or departures(DOCUMENTED[command], printed) == [], command
        return printed

    def fails(self, *words: str) -> str:
        error = self.types(*words).exception
        assert isinstance(error, UserError)
        return str(error)

    def writes(self, text: str) -> None:
        path = self.data / "channels.toml"
        path.write_text(text)
        path.chmod(0o600)


def with_a_letter(data: Path) -> Desk:
    """Kim's parcel has come, and the letter waits."""
    with open_ledger(data) as ledger:
        site = Site(ledger)
        board = site.board()
        site.boards[board].deposit(7, site.serial(), 1)
        site.hear(board)
    return Desk(data)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return with_a_letter(tmp_path / "data")


def hook(receiver: Receiver, more: str = "") -> str:
    return (
        'staff = {channel = "hook", address = "desk@example.org"}\n'
        '[hook]\nkind = "webhook"\nfor = ["email"]\n'
        f'url = "http://127.0.0.1:{receiver.port}/"\nsecret = "{SECRET}"\nallow_private = true\n{more}'
    )


def sent(desk: Desk) -> None:
    with open_ledger(desk.data) as ledger:
        routes = Routes.of(desk.data)
        assert routes is not None
        deliver_by(ledger, Lines.made(routes, Setup(desk.data, lambda _: None, {})))


def test_a_letter_that_was_refused_is_seen_and_tried_again(home: Path) -> None:
    desk = with_a_letter(home)
    with Receiver() as receiver:
        desk.writes(hook(receiver))
        receiver.answer = lambda _: (410, {}, b"{}")
        sent(desk)
        (row,) = desk.asks("letter list", "--state", "given up")
        assert (row["kind"], row["to"], row["site"], row["door"]) == ("deposited", "resident", "mapo-3", 7)
        assert row["ways"][0]["state"] == "failed"
        assert "410" in row["ways"][0]["reason"]
        assert desk.asks("letter again", row["id"], "--dry-run")["was"] == "given up"
        assert desk.asks("letter list", "--state", "waiting") == []
        desk.asks("letter again", row["id"])
        with open_ledger(desk.data) as ledger:
            rows = [(one.act, one.resident) for one in audit.listing(ledger)]
        assert ("letter list", audit.EVERYBODY) in rows
        its = [row for row in rows if row[0].startswith("letter again")]
        assert its == [("letter again --dry-run", 1), ("letter again", 1)]
        (waiting,) = desk.asks("letter list", "--state", "waiting")
        assert waiting["id"] == row["id"]
        receiver.answer = lambda _: (204, {}, b"")
        sent(desk)
    (row,) = desk.asks("letter list")
    assert (row["state"], row["ways"][0]["state"]) == ("handed over", "handed over")
    assert "reissue" in desk.fails("letter", "again", row["id"])
    assert set(receiver.heard) == {row["id"]}


def test_who_has_a_contact_now_is_told_and_nobody_sees_it_who_does_not_ask(desk: Desk) -> None:
    with open_ledger(desk.data) as ledger, ledger.writing() as connection:
        connection.execute(tables.contact.delete())
        connection.execute(update(tables.resident).values(contact=""))
    with Receiver() as receiver:
        desk.writes(hook(receiver))
        sent(desk)
        (row,) = desk.asks("letter list", "--state", "given up")
        assert row["ways"] == []
        assert CliRunner().invoke(ansim, ["resident", "contact", "add", "Kim", HER, "--data", str(desk.data)])
        desk.asks("letter again", row["id"])
        sent(desk)
    its = next(one for one in desk.asks("letter list") if one["id"] == row["id"])
    assert its["state"] == "handed over"
    for words in ((), ("--json",)):
        shown = desk.types("letter", "list", *words).stdout
        assert HER not in shown
        assert "Kim" not in shown
        assert "0001" not in shown.replace(row["id"], "")
    assert HER in desk.types("letter", "list", "--contacts").stdout
    assert desk.asks("letter list", "--contacts")


def test_addresses_are_for_whom_contacts_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_ledger(desk.data) as ledger, ledger.writing() as connection:
        account = {"name": "Min", "roles": "dispatcher", "os_user": "min", "since_ms": 1}
        connection.execute(insert(tables.account).values(**account))
    monkeypatch.setattr(_acting, "os_user", lambda: "min")
    assert "reason" in desk.fails("letter", "list")
    assert desk.asks("letter list", "--reason", "duty")
    assert "is for operators" in desk.fails("letter", "list", "--reason", "duty", "--contacts")


def test_a_letter_that_is_held_with_others_of_its_cabinet_is_not_sent_by_itself(desk: Desk) -> None:
    with open_ledger(desk.data) as ledger, ledger.writing() as connection:
        connection.execute(update(tables.outbox).values(held="flood"))
        name = connection.scalar(select(tables.outbox.c.id))
    assert "link release" in desk.fails("letter", "again", name or "")
    assert "no letter of that id" in desk.fails("letter", "again", "none")


def test_of_a_channel_is_shown_what_waits_and_why(desk: Desk) -> None:
    with Receiver() as receiver:
        desk.writes(hook(receiver, '[desk]\nkind = "file"\npath = "d.jsonl"\n'))
        receiver.answer = lambda _: (503, {}, b"")
        sent(desk)
        first, second = desk.asks("channel list")
        assert (first["name"], first["kind"], first["for"]) == ("hook", "webhook", ["email"])
        assert (first["waiting"], first["not_taken"], first["staff"]) == (1, 1, True)
        assert "503" in first["reason"]
        assert second["waiting"] == 0
        assert "503" in desk.types("channel", "list").stdout


def test_a_test_message_goes_out_and_its_address_is_noted_nowhere(desk: Desk) -> None:
    with Receiver() as receiver:
        desk.writes(hook(receiver))
        told = desk.asks("channel test", "--to", "min@example.org", "--dry-run")
        assert (told["channel"], told["state"], receiver.heard) == ("hook", None, [])
        assert desk.asks("channel test", "--to", "min@example.org")["state"] == "handed over"
        (message,) = receiver.taken.values()
        assert "nothing has happened" in json.dumps(message)
        receiver.answer = lambda _: (503, {}, b"")
        failed = desk.asks("channel test", "--to", "min@example.org", "--channel", "hook", code=1)
        assert (failed["state"], "503" in failed["reason"]) == ("later", True)
    with MailServer(desk.data.parent) as server:
        its = f'host = "127.0.0.1"\nport = {server.port}\nca_file = "{server.certificate}"\nuser = "{USER}"\n'
        its += 'password = "guess"\nsender = "ansim@example.org"\n'
        desk.writes(f'staff = {{channel = "mail", address = "{HER}"}}\n[mail]\nkind = "smtp"\n{its}')
        said = desk.types("channel", "test", "--to", "min@example.org", "--channel", "mail")
    why = "the mail server refuses the user or the password with 535"
    assert (said.exit_code, said.output) == (1, f"mail did not take the test message ({why}).\n")
    desk.writes(hook(receiver))
    assert "--channel" in desk.fails("channel", "test", "--to", "010-1234-5678")
    assert "names hook" in desk.fails("channel", "test", "--to", "a@example.org", "--channel", "none")
    with open_ledger(desk.data) as ledger, ledger.reading() as connection:
        rows = connection.execute(select(tables.audit.c.act, tables.audit.c.text)).all()
    assert [row.act for row in rows].count("channel test") == 3
    assert not any("min@" in row.text for row in rows)


def test_a_check_says_everything_and_hands_nothing_over(desk: Desk) -> None:
    with Receiver() as receiver:
        desk.writes(hook(receiver).replace("email", "phone"))
        found = desk.asks("channel check", code=1)
        assert found["problems"] == ['no channel is for "email", and 1 contacts of residents are that']
        desk.writes('[a]\nkind = "smtp"\n[b]\nkind = "pigeon"\n')
        found = desk.asks("channel check", code=1)
        assert {"[a]", "[b]", "staff:"} <= {problem.split()[0] for problem in found["problems"]}
        desk.writes(hook(receiver))
        assert desk.asks("channel check") == {"good": True, "channels": ["hook"], "problems": []}
        assert receiver.heard == []


def test_without_a_file_of_channels_what_waits_is_shown_too(desk: Desk) -> None:
    with open_ledger(desk.data) as ledger:
        assert desk.asks("channel list") == []
        deliver(ledger, Broken())
    (row,) = desk.asks("channel list")
    assert (row["name"], row["kind"], row["waiting"], row["reason"]) == ("only", None, 1, "away")
    assert desk.asks("channel check") == {"good": True, "channels": [], "problems": []}
