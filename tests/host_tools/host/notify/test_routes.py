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


def test_all_that_is_wrong_is_said_at_once_and_no_secret(tmp_path: Path) -> None:
    bad = GOOD.replace('host = "mail.example.org"', "port = 99999").replace('"/usr/bin/true"', '"true"')
    bad += '\n[hook]\nkind = "webhook"\nurl = "http://hunter2@example.org"\nsecret = "hunter2"\nspeed = 3\n'
    with pytest.raises(UserError) as wrong:
        Routes.of(written(tmp_path, bad))
    said = str(wrong.value)
    for word in (
        "[mail] host",
        "[mail] port",
        "[sms] command",
        "[hook] url",
        "[hook] secret",
        "[hook] speed",
    ):
        assert word in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (GOOD, 0o640, "chmod 600"),
        ("password = 'hunter2", 0o600, "is not TOML"),
        (GOOD.replace('channel = "desk"', 'channel = "mail"'), 0o600, "for nobody else"),
        (GOOD.replace('["*"]', '["email"]'), 0o600, "choose one"),
        (GOOD.replace("staff", "stuff"), 0o600, "staff"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, text: str, mode: int, said: str) -> None:
    with pytest.raises(UserError) as wrong:
        Routes.of(written(tmp_path, text, mode))
    assert said in str(wrong.value)
    assert "hunter2" not in str(wrong.value)
