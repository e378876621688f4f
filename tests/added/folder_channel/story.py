"""Each message is a file, which `ansim serve` puts where it was told."""

from pathlib import Path

from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.notifier import Message, Setup
from tests.kit import post


def test_a_message_is_a_file(tmp_path: Path) -> None:
    notifier = CHANNELS["folder"].of(Setup(tmp_path, lambda message: True, {"folder-path": str(tmp_path)}))
    assert post.offer(notifier, [Message("1f", "Kim", "", "deposited", "text")]) == {"1f"}
    assert (tmp_path / "1f").read_text() == "text"


def test_the_folder_is_asked_for() -> None:
    assert "--folder-path DIR" in CliRunner().invoke(ansim, ["serve", "--help"]).output
    ended = CliRunner().invoke(ansim, ["serve", "--notify", "folder"])
    assert "needs --folder-path DIR" in ended.output
