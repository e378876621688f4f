"""Every channel has a row, which gives it a name, its options for `ansim serve` and its place in the page."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from host_tools.cli import serve
from host_tools.errors import UserError
from host_tools.host import notify
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.notifier import Channel, Option, Setup

PAGE = Path(__file__).parents[4] / "docs" / "operations.md"


class Post(ConsoleNotifier):
    """A channel that has to be told something."""

    options = (Option("post-office", "NAME", "Which one."), Option("post-class", "N", "How fast.", "2"))
    seen: Setup | None = None

    @classmethod
    def of(cls, setup: Setup) -> "Post":
        cls.seen = setup
        raise UserError("The post office is closed.")


def notifiers() -> set[type]:
    """The classes that hand messages over."""
    names = [one.name for one in pkgutil.walk_packages(notify.__path__, f"{notify.__name__}.")]
    modules = [importlib.import_module(name) for name in names]
    classes = {found for module in modules for _, found in inspect.getmembers(module, inspect.isclass)}
    return {
        one
        for one in classes
        if one.__module__ in names and hasattr(one, "deliver") and hasattr(one, "close")
    }


def test_every_class_that_hands_messages_over_is_a_channel() -> None:
    assert notifiers() - {Channel} == set(CHANNELS.values())
    assert next(iter(CHANNELS)) == "file"  # where nobody has chosen another


def test_the_page_has_a_row_for_each_channel_with_its_options() -> None:
    section = PAGE.read_text().split("## How people are told")[1].split("\n## ")[0]
    rows = {line.split("|")[1].strip(" `"): line for line in section.splitlines() if line.startswith("| `")}
    for name in CHANNELS.keys() | rows.keys():
        assert name in rows, f"docs/operations.md says nothing of --notify {name}"
        assert name in CHANNELS, f"docs/operations.md has a row for --notify {name}, which is no channel"
        for option in CHANNELS[name].options:
            assert f"`--{option.name} {option.metavar}`" in rows[name]


@pytest.fixture
def with_post(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """`ansim serve` as it is with one channel more."""
    with monkeypatch.context() as patch:
        patch.setitem(CHANNELS, "post", Post)
        yield importlib.reload(serve)
    importlib.reload(serve)


def test_a_channel_is_made_of_what_its_options_say(with_post: ModuleType, tmp_path: Path) -> None:
    words = ["--data", str(tmp_path), "--notify", "post", "--post-office", "Mapo"]
    ended = CliRunner().invoke(with_post.command, words)
    assert isinstance(ended.exception, UserError)
    assert Post.seen
    assert (Post.seen.folder, Post.seen.settings) == (tmp_path, {"post-office": "Mapo", "post-class": "2"})


def test_an_option_that_is_needed_is_asked_for_and_one_of_another_channel_is_refused(
    with_post: ModuleType,
) -> None:
    ended = CliRunner().invoke(with_post.command, ["--notify", "post"])
    assert (ended.exit_code, "--notify post needs --post-office NAME too." in ended.output) == (2, True)
    ended = CliRunner().invoke(with_post.command, ["--post-class", "1"])
    assert (ended.exit_code, "--post-class is no option of --notify file" in ended.output) == (2, True)
