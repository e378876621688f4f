"""Adding is local: in a copy of the tree, a thing is added by touching the files that CONTRIBUTING.md names,
and the checks accept it.

With one of the files left out, or a line of one, a check says what was forgotten.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("firmware", "host_tools", "boards", "docs", "tests")
FILES_MAX = 4
HUB = ROOT / "tests" / "added" / "latch_hub"
FOLDER = ROOT / "tests" / "added" / "folder_channel"
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors")


_GREET = '''"""`ansim greet`: a kind word."""

import click

from host_tools.cli._output import dry_run_option, json_option, print_json, say


@click.command()
@dry_run_option
@json_option
def command(dry_run: bool, as_json: bool) -> None:
    """Say a kind word.

    \\b
    Example: ansim greet
    """
    if as_json:
        print_json({"said": "Good morning."} | ({"dry_run": True} if dry_run else {}))
    else:
        say("Good morning.")
'''


_HUB = """class LatchHub(Lock):
    \"\"\"Latch hubs on the I2C bus.\"\"\"

    driver: Literal["latch_hub"] = Field(description="the kind of lock")
    address: Annotated[int, Field(ge=0x50, le=0x57)] = Field(description="of the first hub")
    hubs: Annotated[int, Field(ge=1, le=8)] = Field(description="how many there are")

    def in_words(self) -> str:
        \"\"\"Where they are.\"\"\"
        return f"{self.hubs} latch hubs from 0x{self.address:02x} on"

    def for_firmware(self) -> dict[str, Any]:
        \"\"\"The same; a latch works for a second at most.\"\"\"
        settings = {"driver": self.driver, "address": self.address, "hubs": self.hubs}
        return {"locks": settings, "pulse_ms": 1000, "rest_ms": 0}

    @classmethod
    def problems(cls, draft: Draft) -> Iterator[Problem]:
        \"\"\"Hubs hang on the bus.\"\"\"
        if draft.get("bus") is None:
            yield Problem(("lock",), "latch hubs need an I2C bus, and there is none", "add the table [bus]")


"""


class Edit(NamedTuple):
    """One change of a file: the first `before` in it becomes `after`;
    None before makes the file, "" adds at its end.

    Where this edit is left out, and those behind it in the same file, a check fails and names `forgotten`.
    """

    file: str
    before: str | None
    after: str
    forgotten: str | None = None


class Addition(NamedTuple):
    """A thing that is added.

    `checks` accept it and name what was forgotten; those of `whole` accept it too.
    """

    edits: tuple[Edit, ...]
    checks: tuple[str, ...]
    whole: tuple[str, ...] = ()


_LINK_ANCHOR = "if TYPE_CHECKING:\n    from typing import Any\n\n    from locker.wire.messages import Typed\n"


def _message(name: str, of: str, about: str, field: str, row_before: str) -> tuple[Edit, ...]:
    """A message of the link with the number 12 and one field of two bytes: all but who hears it."""
    number = name.upper()
    made = f'{name} = NamedTuple("{name}", (("{field}", int),))  # tenths of a second'
    vectors = "tests/vectors/messages.json"
    case = f'{{"message": "{name}", "fields": [["{field}", 50]], "plaintext": "0c0032"}}'
    return (
        Edit(
            "firmware/locker/wire/messages.py",
            "REFUSED = const(11)\n",
            f"REFUSED = const(11)\n{number} = const(12)\n",
            number,
        ),
        Edit("firmware/locker/wire/messages.py", '    b"\\x11",\n)', '    b"\\x11",\n    b"\\x02",\n)'),
        Edit(
            "host_tools/link/messages.py",
            "    REFUSED,\n",
            f"    REFUSED,\n    {number},\n",
            "test_every_type_byte_names_one_message",
        ),
        Edit("host_tools/link/messages.py", _LINK_ANCHOR, f"# {of}: {about}.\n{made}\n{_LINK_ANCHOR}"),
        Edit("host_tools/link/messages.py", row_before, f"{row_before}    ({number}, {name}),\n"),
        Edit(
            vectors, '"0b01"}\n', f'"0b01"}},\n    {case}\n', "test_messages_are_those_of_the_golden_vectors"
        ),
    )


# English stands in for the words of another language.
*_WORDS, _LAST = (
    (ROOT / "firmware/locker/texts/en.txt").read_text().replace("A English", "A Indonesia").splitlines(True)
)


ADDITIONS = {
    "a board": Addition(
        (Edit("boards/fence_12.toml", None, (ROOT / "boards" / "wall_12.toml").read_text()),),
        ("tests/host_tools/boards/test_boards.py", "tests/host_tools/docs/test_generated_pages.py"),
    ),
    "a language": Addition(
        (
            Edit("firmware/locker/texts/id.txt", None, "".join(_WORDS)),
            Edit(
                "firmware/locker/texts/id.txt", "", _LAST, "test_every_catalogue_has_a_line_for_each_number"
            ),
        ),
        ("tests/core/test_texts.py",),
        (
            "tests/simulation/test_languages.py",
            "tests/host_tools/cli/test_commands.py::test_a_cabinet_may_begin_in_each_language_that_there_is_a_catalogue_for",
        ),
    ),
    "a screen text": Addition(
        (
            Edit(
                "firmware/locker/core/texts.py",
                "NO_PARCEL_AGAIN = const(36)\n",
                "NO_PARCEL_AGAIN = const(36)\nSOON = const(37)\n",
            ),
            Edit("firmware/locker/texts/en.txt", "", "Soon.\n"),
            Edit("firmware/locker/texts/hangul/ko.txt", "", "곧 됩니다.\n"),
            Edit(
                "firmware/locker/texts/ko.txt",
                "",
                "Got doemnida.\n",
                "test_every_catalogue_has_a_line_for_each_number",
            ),
        ),
        ("tests/core/test_texts.py",),
    ),
    "a record kind": Addition(
        (
            Edit(
                "firmware/locker/contract/records.py",
                "PART_FAILED = ",
                "FAN_FAILED = const(39)  # a: how hot it is\nPART_FAILED = ",
            ),
            Edit(
                "tests/contract/test_records.py",
                '"TICKETS_TURNED",\n        None',
                '"TICKETS_TURNED",\n        "FAN_FAILED"',
            ),
            Edit(
                "host_tools/link/records.py",
                "_FIRST = 1",
                "BOUNDS[records.FAN_FAILED] = Bounds(NO_DOOR, ANY, ANY)\n_FIRST = 1",
            ),
            Edit(
                "host_tools/host/kinds.py",
                "KINDS = {\n",
                'KINDS = {\n    records.FAN_FAILED: Kind("fan failed", lambda record: "it is hot"),\n',
                "test_every_event_of_the_firmware_has_a_name",
            ),
        ),
        (
            "tests/contract/test_records.py",
            "tests/host_tools/docs/test_protocol_page.py",
            "tests/host_tools/host/fleet/test_ingest.py::test_every_event_of_the_firmware_has_a_name",
        ),
    ),
    "a lock driver": Addition(
        (
            Edit("tests/simulation/test_latch_hub.py", None, (HUB / "story.py").read_text()),
            Edit("firmware/locker/locks/latch_hub.py", None, (HUB / "driver.py").read_text()),
            Edit("host_tools/simulator/locks/latch_hub.py", None, (HUB / "simulated.py").read_text()),
            Edit(
                "host_tools/boards/model.py",
                'LOCKS: dict[str, type[Lock]] = {"coils": CoilLock}',
                f'{_HUB}LOCKS: dict[str, type[Lock]] = {{"coils": CoilLock, "latch_hub": LatchHub}}',
                '"latch_hub" is no kind of lock',
            ),
        ),
        (
            "tests/simulation/test_latch_hub.py",
            "tests/host_tools/boards/test_lock_kinds.py",
            "tests/host_tools/bundle/test_bundle.py",
            "tests/test_tidy.py::test_a_firmware_file_imports_only_what_its_package_may",
            "tests/test_tidy.py::test_a_room_imports_only_from_rooms_below_it",
        ),
    ),
    "a message of the host": Addition(
        (
            *_message("Look", "Host to board", "it wants a Status", "within", "    (REFUSED, Refused),\n"),
            Edit(
                "firmware/locker/shell/link.py",
                "        elif kind == messages.REFUSED:\n",
                "        elif kind == messages.LOOK:\n"
                "            self._said_ms = now_ms + 100 * message[1] - _HEARTBEAT_MS\n"
                "        elif kind == messages.REFUSED:\n",
                "Look is not heard",
            ),
        ),
        (
            "tests/wire/test_messages.py",
            "tests/shell/test_conversation.py::test_each_message_of_the_host_is_heard_by_the_board_and_none_of_its_own",
        ),
        ("tests/host_tools/docs/test_protocol_doc.py",),
    ),
    "a message of a board": Addition(
        (
            *(
                edit._replace(forgotten=None)
                for edit in _message(
                    "Dusk", "Board to host", "it is dark", "since", "    (CHALLENGE, Challenge),\n"
                )
            ),
            Edit(
                "host_tools/host/connections/links.py",
                "    messages.Challenge: Links._challenge,\n",
                "    messages.Challenge: Links._challenge,\n"
                "    messages.Dusk: lambda links, link, dusk, said: "
                "links.tell(Occurrence('dusk', site=link.site)),\n",
                "'Dusk'",
            ),
        ),
        ("tests/host_tools/host/connections/test_links.py",),
        ("tests/wire/test_messages.py", "tests/host_tools/docs/test_protocol_doc.py"),
    ),
    "a notification channel": Addition(
        (
            Edit("host_tools/host/notify/channels/folder.py", None, (FOLDER / "channel.py").read_text()),
            Edit(
                "host_tools/host/notify/channels/__init__.py",
                "from host_tools.host.notify.notifier import",
                "from host_tools.host.notify.channels.folder import FolderNotifier\n"
                "from host_tools.host.notify.notifier import",
                "FolderNotifier",
            ),
            Edit(
                "host_tools/host/notify/channels/__init__.py",
                '    "console": ConsoleNotifier,\n',
                '    "console": ConsoleNotifier,\n    "folder": FolderNotifier,\n',
            ),
            Edit("tests/host_tools/host/notify/test_folder.py", None, (FOLDER / "story.py").read_text()),
            Edit(
                "docs/operations.md",
                "| `console` | onto",
                "| `folder` | into a file each | `--folder-path DIR` |\n| `console` | onto",
                "--notify folder",
            ),
        ),
        ("tests/host_tools/host/notify/test_channel_table.py",),
        ("tests/host_tools/host/notify/test_folder.py",),
    ),
    "a CLI command": Addition(
        (
            Edit("host_tools/cli/greet.py", None, _GREET),
            Edit(
                "docs/json.md",
                "| `resident add`",
                "| `greet` | object | `said`, `dry_run?` | `said`: a kind word |\n| `resident add`",
                "greet",
            ),
        ),
        (
            "tests/host_tools/cli/test_command_tree.py",
            "tests/host_tools/cli/test_json_page.py::test_the_page_has_each_command_that_prints_json_and_no_other",
        ),
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """A copy of the sources, without what is made from them."""
    for name in FOLDERS:
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__", ".*cache", "node_modules"),
        )
    for path in (path for path in ROOT.iterdir() if path.is_file()):
        shutil.copy(path, tmp_path)
    yield tmp_path
    shutil.rmtree(tmp_path)


def without(edits: tuple[Edit, ...], one: Edit) -> list[Edit]:
    """The edits as somebody makes them who has forgotten that one, and all of its file behind it."""
    return [other for other in edits if other.file != one.file or edits.index(other) < edits.index(one)]


def put_back(tree: Path, edits: Iterable[Edit]) -> None:
    for file in {edit.file for edit in edits}:
        (tree / file).unlink(missing_ok=True)
        if (ROOT / file).exists():
            shutil.copy(ROOT / file, tree / file)


def add(tree: Path, edits: Iterable[Edit]) -> None:
    for file, before, after, _ in edits:
        path = tree / file
        if before is None:
            path.write_text(after)
        elif before:
            text = path.read_text()
            assert before in text, file
            path.write_text(text.replace(before, after, 1))
        else:
            path.write_text(path.read_text() + after)


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    around = os.environ | {"PYTHONPATH": f"{tree}{os.pathsep}{tree / 'firmware'}"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tree,
        env=around,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("what", ADDITIONS)
def test_a_thing_is_added_by_touching_at_most_four_files_and_one_that_is_forgotten_is_named(
    what: str, tree: Path
) -> None:
    edits, checks, whole = ADDITIONS[what]
    assert len({edit.file for edit in edits}) <= FILES_MAX
    for edit in edits:
        if edit.forgotten is not None:
            add(tree, without(edits, edit))
            ended = run(tree, *PYTEST, *checks)
            assert ended.returncode, ended.stdout
            assert edit.forgotten in ended.stdout, ended.stdout
            put_back(tree, edits)
    add(tree, edits)
    assert run(tree, "host_tools.docs").returncode == 0
    ended = run(tree, *PYTEST, *checks, *whole)
    assert ended.returncode == 0, ended.stdout
