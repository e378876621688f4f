"""A file that is given for messages is used as one,
or left exactly as it is with a sentence that says what to do.
"""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.errors import UserError
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.notifier import Message
from tests.kit import post
from tests.kit.host_board import enrol

ONE = Message(f"{1:032x}", "Kim", "", "deposited", 'text "1" · 안심')

OTHERS = {
    "a line without its end": b"dear diary",
    "a key": bytes(range(256)),
    "JSON that is no message": b'{"id": 7}\n',
    "JSON of something else, without its end": b'{"id": "4711", "name": "Kim"}'[:-1],
    "a list": b"[1]",
    "messages, and a remark by hand": json.dumps(ONE._asdict()).encode() + b"\n# seen by Lee",
    "a very long line": b"x" * 1_500_000,
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS.keys())
def test_what_is_no_message_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "something"
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(UserError, match="name another with --dispatcher"):
        FileNotifier(path, "--dispatcher")
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_pipe_a_device_and_a_missing_folder_are_refused_untouched(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o640)
    mode = os.stat("/dev/full").st_mode
    for path in (pipe, Path("/dev/full"), tmp_path):
        with pytest.raises(UserError, match="no regular file"):
            FileNotifier(path, "--dispatcher")
    with pytest.raises(UserError, match=r"No such file or directory\): .* --dispatcher"):
        FileNotifier(tmp_path / "no" / "such", "--dispatcher")
    assert (pipe.stat().st_mode & 0o777, os.stat("/dev/full").st_mode) == (0o640, mode)


def test_a_last_message_whose_line_was_not_ended_by_hand_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text(json.dumps(ONE._asdict()))
    notifier = FileNotifier(path)
    post.offer(notifier, [ONE, ONE._replace(id=f"{2:032x}")])
    post.close(notifier)
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == [f"{1:032x}", f"{2:032x}"]


@pytest.mark.parametrize("name", ["host.key", "messages.jsonl", "ledger.db", "receipt.lock"])
@pytest.mark.parametrize("how", ["named", "symbolic link", "hard link"])
def test_a_file_for_dispatchers_is_no_other_file_of_the_data_folder(
    tmp_path: Path, name: str, how: str
) -> None:
    data = tmp_path / "data"
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")
        enrol(ledger)
    (data / name).touch(mode=0o600)
    before = (data / name).read_bytes()
    given = [] if how != "named" else ["--dispatcher", str(data / name)]
    if how == "symbolic link":
        (data / "dispatcher.jsonl").symlink_to(name)
    elif how == "hard link":
        (data / "dispatcher.jsonl").hardlink_to(data / name)
    ended = CliRunner().invoke(ansim, ["serve", "--listen", "192.0.2.1:1", "--data", str(data), *given])
    assert isinstance(ended.exception, UserError)
    assert f"is {name} of the data folder" in str(ended.exception)
    assert (data / name).read_bytes() == before
