"""Whose command it is: the one who has logged in, also behind sudo, else the user that it runs as."""

import os
import pwd
from pathlib import Path

import pytest

from host_tools.cli import _acting

ME = pwd.getpwuid(os.geteuid())
DAEMON = pwd.getpwnam("daemon")


@pytest.fixture(autouse=True)
def nobody_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    login = tmp_path / "loginuid"
    monkeypatch.setattr(_acting, "_LOGIN", login)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return login


def test_a_service_is_the_user_that_it_runs_as(nobody_logged_in: Path) -> None:
    assert _acting.os_user() == ME.pw_name
    nobody_logged_in.write_text(str(2**32 - 1))
    assert _acting.os_user() == ME.pw_name


def test_behind_sudo_it_is_who_has_given_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", str(DAEMON.pw_uid))
    assert _acting.os_user() == "daemon"
    monkeypatch.setenv("SUDO_UID", "no number")
    assert _acting.os_user() == ME.pw_name


def test_who_has_logged_in_counts_before_what_a_variable_says(
    nobody_logged_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "0")
    nobody_logged_in.write_text(str(DAEMON.pw_uid))
    assert _acting.os_user() == "daemon"


def test_a_user_without_a_name_is_a_number(nobody_logged_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_logged_in.write_text("3999999999")
    assert _acting.os_user() == ME.pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 3999999999)
    assert _acting.os_user() == "3999999999"
