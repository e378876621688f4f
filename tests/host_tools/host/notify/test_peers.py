"""Channels over the line to real peers: what they say of a letter is what became of it."""

import asyncio
import json
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from host_tools.host.notify.channels import smtp
from host_tools.host.notify.channels.exec import ExecChannel
from host_tools.host.notify.channels.smtp import SmtpChannel
from host_tools.host.notify.channels.webhook import WebhookChannel, is_public
from host_tools.host.notify.notifier import Message
from tests.kit.peers import USER, DeafMailServer, MailServer, Receiver

LETTER = Message("1f" * 16, "Kim Seo-yeon", "kim@example.org", "deposited", "문 07 · 7391 0462")


def test_a_mail_server_takes_letters_over_one_connection_with_a_message_id_that_stays(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server:
        channel = SmtpChannel(server.settings())

        async def work() -> None:
            for _ in range(2):
                receipts = await channel.deliver([LETTER])
                assert receipts[LETTER.id].state == "handed over"
            await channel.close()

        asyncio.run(work())
        mails = [message_from_bytes(one.content, policy=default) for one in server.mails]
    assert server.connections == 1
    assert {mail["Message-ID"] for mail in mails} == {f"<{LETTER.id}@example.org>"}
    assert mails[0].get_content().strip() == LETTER.text
    assert "Kim" not in str(mails[0])
    assert "7391" not in mails[0]["Subject"]


def test_5xx_is_for_good_4xx_is_for_now_and_neither_reason_names_the_address(tmp_path: Path) -> None:
    letters = [LETTER._replace(id=f"{n:032x}", contact=f"{n}@example.org") for n in range(3)]
    with MailServer(tmp_path) as server:
        server.answers = {
            "0@example.org": "550 no 0@example.org here",
            "1@example.org": "451 later, 1@example.org",
        }
        channel = SmtpChannel(server.settings())

        async def work() -> list[tuple[str, str]]:
            told = [(await channel.deliver([one]))[one.id] for one in letters]
            await channel.close()
            return [(one.state, one.reason) for one in told]

        told = asyncio.run(work())
    assert [state for state, _ in told] == ["refused", "later", "handed over"]
    assert "@" not in str(told)


def test_nothing_of_a_letter_becomes_a_header(tmp_path: Path) -> None:
    inside = LETTER._replace(text="문 07\r\nBcc: lee@example.org\r\n\r\n.\r\nRSET")
    hidden = LETTER._replace(id="2f" * 16, contact="=?utf-8?b?YQ0KQmNjOiB4?=@example.org")
    with MailServer(tmp_path) as server:
        channel = SmtpChannel(server.settings())

        async def work() -> dict[str, Any]:
            receipts = await channel.deliver([inside, hidden])
            await channel.close()
            return {name: receipt.state for name, receipt in receipts.items()}

        assert asyncio.run(work()) == {inside.id: "handed over", hidden.id: "refused"}
        (mail,) = (message_from_bytes(one.content, policy=default) for one in server.mails)
        assert (server.mails[0].rcpt_tos, mail["Bcc"], mail["To"]) == ([LETTER.contact], None, LETTER.contact)
        assert mail.get_content().split() == inside.text.split()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "guess"}, "the mail server refuses the user or the password with 535"),
        ({"ca_file": ""}, "the mail server has a certificate that this machine does not trust"),
        ({"security": "tls"}, "the mail server speaks no TLS at this port"),
        ({"port": 1}, "the mail server refuses the connection"),
        ({"host": "none.invalid"}, "the mail server has a name without an address"),
    ],
)
def test_a_wrong_password_or_a_certificate_of_a_stranger_is_the_channels_trouble_and_no_letters(
    tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    with MailServer(tmp_path) as server:
        channel = SmtpChannel(server.settings(**wrong))
        with pytest.raises(OSError, match=said):
            asyncio.run(channel.deliver([LETTER]))
        assert server.mails == []


@pytest.mark.parametrize("last", [b"EHLO", b"AUTH", b"DATA", b"QUIT"])
def test_a_connection_to_a_server_that_hangs_is_ended_at_once(
    tmp_path: Path, last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "_CLOSE_S", 0.1)
    user = USER if last == b"AUTH" else ""
    with DeafMailServer(tmp_path, last) as server:
        channel = SmtpChannel(server.settings(user=user) | {"timeout_s": 0.1})

        async def work() -> bool:
            if last == b"QUIT":
                await channel.deliver([])
            else:
                with pytest.raises(OSError, match="the mail server said nothing"):
                    await channel.deliver([LETTER])
            await channel.close()
            return await asyncio.to_thread(server.ended.wait, 5)

        assert asyncio.run(work())


def hook(receiver: Receiver, **more: object) -> object:
    channel = WebhookChannel(receiver.settings(**more))

    async def work() -> object:
        try:
            return (await channel.deliver([LETTER]))[LETTER.id]
        finally:
            await channel.close()

    return asyncio.run(work())


def test_a_receiver_verifies_what_it_gets_and_no_name_is_in_it() -> None:
    with Receiver() as receiver:
        assert hook(receiver) == ("handed over", "r-1", "", 0.0)
        assert hook(receiver)[0] == "handed over"  # type: ignore[index]
    assert (receiver.forged, len(receiver.heard), list(receiver.taken)) == (0, 2, [LETTER.id])
    assert receiver.taken[LETTER.id]["data"]["contact"] == LETTER.contact
    assert "Kim Seo-yeon" not in json.dumps(receiver.taken)


@pytest.mark.parametrize(
    ("status", "headers", "body", "state", "after_s"),
    [
        (200, {}, b'{"error": "no credit"}', "later", 0),
        (200, {}, b'{"ok": false}', "later", 0),
        (200, {}, b"x" * 100_000, "later", 0),
        (410, {}, b"", "refused", 0),
        (422, {}, b"", "refused", 0),
        (401, {}, b"", "later", 0),
        (429, {"Retry-After": "7"}, b"", "later", 7),
        (503, {}, b"", "later", 0),
        (302, {"Location": "http://127.0.0.1:1/"}, b"", "later", 0),
    ],
)
def test_an_answer_is_believed_for_what_it_is(
    status: int, headers: dict[str, str], body: bytes, state: str, after_s: float
) -> None:
    with Receiver(lambda _: (status, headers, body)) as receiver:
        receipt = hook(receiver)
        assert (receipt.state, receipt.after_s) == (state, after_s)  # type: ignore[attr-defined]
        assert len(receiver.heard) == 1


def test_a_private_address_is_reached_only_where_that_is_allowed() -> None:
    written = ("localhost", "127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0", "[::1]")
    with Receiver() as receiver:
        for host in (*written, "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"):
            with pytest.raises(OSError, match=r"private|has no address"):
                hook(receiver, url=f"https://{host}:{receiver.port}/", allow_private=False)
        assert receiver.heard == []
    assert not any(
        map(
            is_public,
            ("10.0.0.1", "127.0.0.1", "169.254.1.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "fc00::1"),
        )
    )
    assert not any(
        map(is_public, ("::127.0.0.1", "fec0::1", "192.0.2.1", "255.255.255.255", "169.254.169.254"))
    )
    assert not any(map(is_public, ("64:ff9b::a00:1", "2002:a00:1::", "224.0.0.1", "0.0.0.0", "100.64.0.1")))
    assert all(map(is_public, ("1.1.1.1", "2606:4700::1111")))


@pytest.mark.parametrize(
    ("program", "state", "reference"),
    [
        ("import sys, json; print(json.load(sys.stdin)['id'])", "handed over", LETTER.id),
        ("import sys; sys.exit(75)", "later", ""),
        ("import sys; sys.exit(3)", "refused", ""),
        ("import time; time.sleep(60)", "later", ""),
        ("print('x' * 1_000_000)", "handed over", "x" * 128),
    ],
)
def test_a_program_says_by_its_exit_what_became_of_a_letter(program: str, state: str, reference: str) -> None:
    channel = ExecChannel({"command": [sys.executable, "-c", program], "parallel": 1, "timeout_s": 1})
    receipt = asyncio.run(channel.deliver([LETTER]))[LETTER.id]
    assert (receipt.state, receipt.reference) == (state, reference)
