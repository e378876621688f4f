"""`ansim serve` with channels.toml: residents and staff are told by a mail server, dispatchers by a receiver
of their own, and nobody else hears of what is theirs.
"""

import json
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from locker.contract import records
from tests.kit.host_board import Host
from tests.kit.letter_site import DOOR, Site
from tests.kit.peers import PASSWORD, SECRET, USER, MailServer, Receiver

#: Of her two letters, in whatever order: whether it holds a code, and whether it tells of an opening.
HERS = [(False, True), (True, False)]


def happens(ledger: Ledger) -> None:
    """Her parcel comes and is collected under duress; somebody is at the inside of the cabinet."""
    site = Site(ledger)
    board = site.board()
    journal, serial = site.boards[board], site.serial()
    journal.deposit(DOOR, serial, 1)
    journal.pickup(DOOR, serial, 1, records.BY_DURESS)
    journal.add(records.TAMPERED)
    site.heard_ms = now_ms()
    site.hear(board)


def all_sent(ledger: Ledger) -> bool:
    with ledger.reading() as connection:
        its = tables.outbox.c.sent_ms.is_(None) & tables.outbox.c.held.is_(None)
        return connection.execute(tables.outbox.select().where(its)).first() is None


def test_each_is_told_by_the_channel_of_channels_toml(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_ledger(data) as ledger, MailServer(tmp_path) as server, Receiver() as receiver:
        happens(ledger)
        path = data / "channels.toml"
        path.write_text(
            'staff = {channel = "mail", address = "staff@example.org"}\n'
            'dispatchers = {channel = "desk", address = "desk@example.org"}\n'
            '[mail]\nkind = "smtp"\nfor = ["email"]\nhost = "127.0.0.1"\nsender = "ansim@example.org"\n'
            f'port = {server.port}\nuser = "{USER}"\npassword = "{PASSWORD}"\n'
            f'ca_file = "{server.certificate}"\n'
            f'[desk]\nkind = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/"\nsecret = "{SECRET}"\n'
            "allow_private = true\n"
        )
        path.chmod(0o600)
        with Host(data) as host:
            host.listen_until(lambda: all_sent(ledger) and bool(receiver.taken))
            assert host.end() == 0
    mails = [message_from_bytes(one.content, policy=default) for one in server.mails]
    to = [(mail["To"], mail.get_content()) for mail in mails]
    hers = [text for address, text in to if address == "kim@example.org"]
    assert sorted(("·" in text, "opened" in text) for text in hers) == HERS
    assert [address for address, _ in to if address not in ("kim@example.org", "staff@example.org")] == []
    assert "staff@example.org" in dict(to)
    (alarm,) = receiver.taken.values()
    assert alarm["data"]["contact"] == "desk@example.org"
    assert alarm["data"]["kind"] == "duress"
    assert "duress" not in json.dumps(to).lower() + json.dumps(host.told).lower()
    assert not (data / "messages.jsonl").exists()
    assert not (data / "dispatcher.jsonl").exists()
