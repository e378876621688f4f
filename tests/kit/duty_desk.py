"""People who type commands at a host, each as a user of the operating system."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from host_tools.cli import _acting, ansim
from host_tools.errors import UserError
from tests.kit.command_tree import departures, page

DOCUMENTED = page()


class Desk:
    """People who type commands, each as a user of the operating system."""

    def __init__(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data = data
        self._patch = monkeypatch

    def types(self, who: str, *words: str) -> str:
        """What the command says, or the sentence with which it ends."""
        self._patch.setattr(_acting, "os_user", lambda: who)
        ended = CliRunner().invoke(ansim, [*words, "--data", str(self.data)])
        if isinstance(ended.exception, UserError):
            return str(ended.exception)
        assert ended.exit_code == 0 or words[0] == "doctor", (ended.output, ended.exception)
        return ended.stdout

    def asks(self, who: str, command: str, *words: str) -> Any:
        """What it prints under --json, which is what the page says."""
        printed = json.loads(self.types(who, *command.split(), *words, "--json"))
        assert departures(DOCUMENTED[command], printed) == [], command
        return printed
