"""channels.toml: all that is wrong is said at once, and nothing of what it holds."""

from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.notify.routes import CHANNELS_FILE, Routes

GOOD = """
staff = { channel = "mail", address = "desk@example.org" }
dispatchers = { channel = "desk" }

[mail]
kind = "smtp"
for = ["email"]
host = "mail.example.org"
user = "ansim"
password = "hunter2"
sender = "ansim@example.org"

[sms]
kind = "exec"
for = ["*"]
command = ["/usr/bin/true"]

[desk]
kind = "file"
path = "dispatcher.jsonl"
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / CHANNELS_FILE
    path.write_text(text)
    path.chmod(mode)
    return folder


def test_an_address_takes_the_channel_of_its_kind(tmp_path: Path) -> None:
    routes = Routes.of(written(tmp_path, GOOD))
    assert routes is not None
    assert [routes.channel_for(one) for one in ("a@example.org", "+821012345678", "")] == ["mail", "sms", ""]
    assert Routes.of(tmp_path / "nowhere") is None
    assert Routes.single("file", {}).channel_for("") == "file"


def test_all_that_is_wrong_is_said_at_once_each_in_a_sentence_with_its_cure_and_no_secret(
    tmp_path: Path,
) -> None:
    bad = GOOD.replace('host = "mail.example.org"', 'port = 99999\nhots = "hunter2"')
    bad = bad.replace('"/usr/bin/true"', '"true"').replace('channel = "desk"', 'channel = "dusk"')
    bad = bad.replace(
        'sender = "ansim@example.org"', 'sender = "hunter2"\nparallel = "many"\nsecurity = "ssl"'
    )
    bad += '\n[hook]\nkind = "webhook"\nurl = "http://hunter2@example.org"\nsecret = "hunter2"\n'
    bad += '\n[Pager]\nkind = "file"\n[fax]\nkind = "fax"\n'
    with pytest.raises(UserError) as wrong:
        Routes.of(written(tmp_path, bad))
    assert sorted(wrong.value.problems) == [
        "[Pager] cannot be a channel's name: take a small letter, then small letters, digits, - and _",
        "[fax] kind: choose one of file, console, smtp, webhook, apprise, exec",
        "[hook] secret: it is no secret: write whsec_ and 24 to 64 bytes in base64 behind it",
        "[hook] url: it is no URL: write https://HOST/PATH, without a user in it",
        '[mail] host is missing: add host = "mail.example.org"',
        "[mail] hots is no setting of this kind of channel: is it host?",
        "[mail] parallel cannot be used: write a whole number, without quotation marks",
        "[mail] port cannot be used: write 65535 or less",
        "[mail] security cannot be used: choose 'starttls', 'tls' or 'none'",
        "[mail] sender cannot be used: write an e-mail address, such as ansim@example.org",
        "[sms] command: a program is named by its whole path: write it as /usr/local/bin/send-sms",
        "dispatchers: no channel of this file has that name: choose mail or sms or desk or hook or fax",
    ]
    assert "hunter2" not in str(wrong.value)
    assert wrong.value.as_json()["problems"] == list(wrong.value.problems)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (GOOD, 0o640, "chmod 600"),
        ("password = 'hunter2", 0o600, "is not TOML"),
        (GOOD.replace('channel = "desk"', 'channel = "mail"'), 0o600, "is for others too"),
        (GOOD.replace('["*"]', '["email"]'), 0o600, "take it out of the `for` of one"),
        (GOOD.replace("staff", "stuff"), 0o600, "staff"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, text: str, mode: int, said: str) -> None:
    with pytest.raises(UserError) as wrong:
        Routes.of(written(tmp_path, text, mode))
    assert said in str(wrong.value)
    assert "hunter2" not in str(wrong.value)
