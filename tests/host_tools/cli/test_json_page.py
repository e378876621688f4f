"""docs/json.md names the fields that each command prints under --json: held against what it really prints."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from host_tools.bench import commission
from host_tools.cli import ansim
from host_tools.cli._acting import os_user
from host_tools.demo import story
from host_tools.host.accounts.rights import RIGHTS
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import records
from locker.contract.codes import receipt_code
from locker.contract.keys import epoch_keys
from locker.wire.frame import encode
from tests.kit.bench_cabinet import BenchCabinet
from tests.kit.command_tree import commands, departures, has, page
from tests.kit.host_board import Journal, enrol

DOCUMENTED = page()
CABINET = ("--site", "mapo-3", "--cabinet", "1")
DOOR = (*CABINET, "--door", "7")
EMPTY_DOOR = (*CABINET, "--door", "9")
NUMBER = ("--site", "mapo-3", "--number", "1")
DRY = "--dry-run"
SITE = ("--site", "mapo-3")
#: What is shown and settled of the parcel behind DOOR.
STAYS = (
    ("stay list", ()),
    ("stay policy show", ()),
    ("stay policy set", (*SITE, "--fee", "500", "--fee-max", "5000", DRY)),
    ("stay policy set", (*SITE, "--fee", "500", "--fee-max", "5000")),
    ("stay pause", (*SITE, "--reason", "storm", DRY)),
    ("stay pause", (*SITE, "--reason", "storm")),
    ("stay show", DOOR),
    ("stay resume", (*SITE, DRY)),
    ("stay resume", SITE),
    ("stay extend", (*DOOR, DRY)),
    ("stay extend", DOOR),
)
_OPERATOR = ("--role", "operator", "--role", "auditor", "--os-user", os_user())

PRINTED = ("--site", "mapo-3")
#: What is set of letters, and shown of them; what is printed.
LETTERS = [
    ("site list", (), ""),
    ("site set", ("--site", "mapo-3", "--quiet", "22:00-07:00", DRY), ""),
    ("site set", ("--site", "mapo-3", "--language", "ko", "--zone", "Asia/Seoul"), ""),
    ("site qr", (*PRINTED, "--web-name", "lockers.example.org", "--out", "/nowhere/sign.svg", DRY), ""),
    ("site card", (*PRINTED, "--for", "courier", "--out", "/nowhere/card.pdf", DRY), ""),
    ("wording list", (), ""),
    ("wording show", ("deposited",), ""),
    ("wording preview", ("forced", "--language", "ko"), ""),
    ("wording export", ("deposited",), ""),
    ("wording check", (), ""),
    ("channel check", (), ""),
]

#: Where the output of commands that need a board, a person, or a signal to end is held against the page.
ELSEWHERE = {
    "flash": "tests/system/test_looks.py",
    "provision": "tests/system/test_looks.py",
    "virtual": "tests/system/test_looks.py",
    "hands state": "tests/system/test_looks.py",
    "hands fault list": "tests/system/test_looks.py",
    "explain": "tests/host_tools/cli/test_explain.py",
    "serve": "host_board.Host: whatever any test's host says",
    "audit about": "the fields of `audit list`; she is shown nothing before a day is over",
    "stay paid": "tests/host_tools/cli/test_stay.py: needs a parcel that is overdue",
    **dict.fromkeys(
        (name for name in DOCUMENTED if name.startswith(("alarm ", "case ", "oncall "))),
        "tests/host_tools/cli/test_care_commands.py",
    ),
    **dict.fromkeys(
        ("channel list", "channel test", "letter list", "letter again"),
        "tests/host_tools/cli/test_channel_commands.py",
    ),
    "parcel open": "tests/system/test_orders.py: needs a person at a terminal",
}

#: What shows a resident's data, or says something of her: each leaves a row of the audit, dry run or not.
OF_RESIDENTS = {
    "account relate",
    "audit about", "audit export", "audit list",
    "decode", "events",
    "letter again", "letter list",
    "parcel assign", "parcel list", "parcel open", "parcel recall", "parcel reissue", "parcel vouch",
    "resident change list", "resident change stop",
    "resident contact add", "resident contact confirm", "resident contact list", "resident contact move",
    "resident contact remove",
    "resident erase", "resident export", "resident import", "resident list", "resident rename",
    "resident tail", "resident wishes",
    "stay extend", "stay list", "stay paid", "stay show",
    "ticket list", "ticket new", "ticket revoke",
}  # fmt: skip
#: What shows nothing of one: boards, doors, channels, counts, accounts, and what was typed just now.
OF_NOBODY = {
    "account add", "account end", "account list", "account set",
    "alarm close", "alarm list", "alarm take",
    "audit verify",
    "backup", "bell ack",
    "boards check", "boards list", "boards show",
    "cabinet list", "cabinet patience", "cabinet retire", "cabinet silence",
    "case close", "case export", "case give-back", "case list", "case note", "case shelve", "case show",
    "case take",
    "channel check", "channel list", "channel test",
    "demo", "doctor",
    "door disarm", "door in", "door out", "door service",
    "explain", "flash", "hands",
    "key protect", "key status", "key unprotect",
    "link", "link aside", "link release", "link take-over",
    "oncall list", "oncall prove", "oncall remove", "oncall set", "oncall take", "oncall test-at",
    "oncall who",
    "order list", "provision", "receipt enter", "resident add", "restore", "serve",
    "site card", "site list", "site qr", "site set",
    "stay pause", "stay policy set", "stay policy show", "stay resume",
    "test", "virtual",
    "wording check", "wording export", "wording list", "wording preview", "wording show",
}  # fmt: skip
#: Where those that need more than this host are held to it.
NOTED_ELSEWHERE = {
    "audit about": "tests/host_tools/host/accounts/test_audit.py",
    "letter again": "tests/host_tools/cli/test_channel_commands.py",
    "letter list": "tests/host_tools/cli/test_channel_commands.py",
    "parcel open": "tests/host_tools/host/parcels/test_asking.py",
    "stay paid": "tests/host_tools/cli/test_stay.py",
}

#: The last commands: from the first account on the others take a reason.
ACCOUNTS = [
    ("account add", ("Han", *_OPERATOR, DRY), ""),
    ("account add", ("Han", *_OPERATOR), ""),
    ("account set", ("Han", "--link", DRY), ""),
    ("account set", ("Han", "--link"), ""),
    ("account list", (), ""),
    ("account relate", ("Han", "--resident", "Kim", "--why", "barred", DRY), ""),
    ("account add", ("Seo", "--role", "staff"), ""),
    ("account relate", ("Seo", "--resident", "Kim", "--why", "barred"), ""),
    ("account end", ("Seo", DRY), ""),
    ("account end", ("Seo",), ""),
]


def of_residents(folder: Path) -> list[tuple[str, tuple[str, ...], str]]:
    """What is typed for a resident, and for all of them."""
    return [
        ("resident contact add", ("Choi", "choi@example.org"), ""),
        ("resident contact add", ("Choi", "010-1234-5678"), ""),
        ("resident contact confirm", ("Choi", "010-1234-5678", DRY), ""),
        ("resident contact move", ("Choi", "010-1234-5678", "1"), ""),
        ("resident contact remove", ("Choi", "010-1234-5678"), ""),
        ("resident contact list", ("Choi",), ""),
        ("resident wishes", ("Choi", "--language", "ko", DRY), ""),
        ("resident wishes", ("Choi", "--hold-until", "2030-12-24", DRY), ""),
        ("resident change list", (), ""),
        ("resident change stop", ("Choi", DRY), ""),
        ("resident change stop", ("Choi",), ""),
        ("resident export", (str(folder / "residents.csv"), DRY), ""),
        ("resident export", (str(folder / "residents.csv"),), ""),
        ("resident import", (str(folder / "residents.csv"), DRY), ""),
        ("resident import", (str(folder / "residents.csv"),), ""),
        ("resident add", ("Gone",), ""),
        ("resident erase", ("Gone", DRY), ""),
        ("resident erase", ("Gone",), ""),
    ]


class Host:
    """A host with one cabinet: parcels on one label of Kim's behind doors 6 and 7,
    one of nobody's behind 8; a record is set aside.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        with open_ledger(self.data) as ledger:
            board = enrol(ledger)
            residents.add(ledger, "Kim")
            first, second, self.third = (tickets.issue(ledger, "Kim") for _ in range(3))
            journal = Journal()
            journal.add(records.BOOTED, 0, 1, 2)
            journal.deposit(7, first.serial, 1)
            journal.deposit(
                8,
                next(
                    serial
                    for serial in range(10)
                    if serial not in (first.serial, second.serial, self.third.serial)
                ),
                1,
            )
            journal.deposit(6, first.serial, 1)  # on the label of another
            journal.add(records.BELL_RUNG)
            journal.add(records.REISSUED, 7, 256, 1)  # out of bounds
            take(
                ledger,
                [Received(1, 7, 1, 2, 1_700_000_000_000, tuple(journal.events), uptime=journal.uptime)],
            )
        key = epoch_keys(board.master_secret, board.nonce_host, board.nonce_board, board.board_id, 1, 0)[1]
        self.receipt = (
            second.number,
            f"09 0001 {receipt_code(key, board.board_id, 1, 9, 1, second.serial, 0)}",
        )
        self.line = folder / "line.bin"
        self.line.write_bytes(b"noise" + encode(bytes(40)))
        (folder / "words").write_text("four random words do well\n")
        (folder / "words").chmod(0o600)

    def commands(self) -> list[tuple[str, tuple[str, ...], str]]:
        """(command, what follows it, what is typed), in an order in which each finds something."""
        backup = str(self.folder / "copy.db")
        orders = [(f"door {verb}", EMPTY_DOOR) for verb in ("out", "in", "service", "disarm")]
        orders += [
            ("parcel reissue", DOOR),
            ("parcel recall", DOOR),
            ("cabinet patience", ("2", *CABINET)),
            ("bell ack", CABINET),
        ]
        return [
            ("resident add", ("Lee", DRY), ""),
            ("resident add", ("Lee",), ""),
            ("resident rename", ("Lee", "Choi"), ""),
            *of_residents(self.folder),
            ("resident tail", ("Choi", DRY), "37\n"),
            ("resident tail", ("Choi",), "37\n"),
            ("resident list", (), ""),
            ("ticket new", ("--resident", "Kim", DRY), ""),
            ("ticket new", ("--resident", "Kim"), ""),
            ("ticket list", (), ""),
            ("ticket revoke", (self.third.number, DRY), ""),
            ("ticket revoke", (self.third.number,), ""),
            ("parcel list", (), ""),
            ("parcel assign", (*CABINET, "--door", "8", "--resident", "Kim", DRY), ""),
            ("parcel assign", (*CABINET, "--door", "8", "--resident", "Kim"), ""),
            ("parcel vouch", (*DOOR, DRY), ""),
            ("parcel vouch", DOOR, ""),
            *((name, (*words, more), "") for name, words in orders for more in (DRY, "--no-wait")),
            *((name, words, "") for name, words in STAYS),
            ("order list", (), ""),
            *LETTERS,
            ("cabinet list", (), ""),
            ("events", CABINET, ""),
            ("link", (), ""),
            ("link aside", (), ""),
            ("link release", (*NUMBER, DRY), ""),
            ("link release", NUMBER, ""),
            ("link take-over", (*NUMBER, DRY), ""),
            ("link take-over", NUMBER, ""),
            ("receipt enter", (*self.receipt, DRY), ""),
            ("receipt enter", self.receipt, ""),
            ("cabinet silence", (*CABINET, DRY), ""),
            ("cabinet retire", (*CABINET, DRY), ""),
            ("cabinet retire", CABINET, ""),
            ("audit list", (), ""),
            ("audit verify", (), ""),
            ("audit export", (str(self.folder / "audit"), DRY), ""),
            ("audit export", (str(self.folder / "audit"),), ""),
            ("key status", (), ""),
            ("doctor", ("--listen", "none"), ""),
            ("backup", (backup, DRY), ""),
            ("backup", (backup,), ""),
            ("restore", (backup, DRY), ""),
            ("restore", (backup,), ""),
            ("key protect", ("--new-passphrase-file", str(self.folder / "words"), DRY), ""),
            *ACCOUNTS,
        ]

    def printed(
        self, command: str, words: tuple[str, ...], typed: str = "", *, at_ledger: bool = True
    ) -> Any:
        """What the command prints under --json, each line of it where it prints lines."""
        place = ("--data", str(self.data)) if at_ledger else ()
        ended = CliRunner().invoke(ansim, [*command.split(), *words, "--json", *place], input=typed)
        assert ended.stdout, (command, words, ended.exception)
        if DOCUMENTED[command].prints == "lines":
            return [json.loads(line) for line in ended.stdout.splitlines()]
        return json.loads(ended.stdout)

    def audited(self) -> list[str]:
        """The acts of the rows of the audit."""
        with closing(sqlite3.connect(self.data / "ledger.db")) as database:
            return [act for (act,) in database.execute("SELECT act FROM audit ORDER BY number")]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(tmp_path_factory.mktemp("json_page"))


def test_each_command_is_known_to_show_something_of_residents_or_nothing() -> None:
    assert set(RIGHTS) == OF_RESIDENTS | OF_NOBODY
    assert not OF_RESIDENTS & OF_NOBODY


def test_the_page_has_each_command_that_prints_json_and_no_other() -> None:
    assert set(DOCUMENTED) == {name for name, found in commands(ansim) if has(found, "--json")}


def test_what_the_commands_of_the_host_print_is_what_the_page_says(
    host: Host,
) -> None:
    noted = set(NOTED_ELSEWHERE) | {"decode"}
    shown = set(ELSEWHERE) | {
        "boards check",
        "boards list",
        "boards show",
        "decode",
        "demo",
        "test",
        "key unprotect",
    }
    for command, words, typed in host.commands():
        before = host.audited()
        assert departures(DOCUMENTED[command], host.printed(command, words, typed)) == [], command
        shown.add(command)
        if command in OF_RESIDENTS:
            assert len(host.audited()) > len(before), (command, words)
            noted.add(command)
    assert shown == set(DOCUMENTED)
    assert noted == OF_RESIDENTS


def test_what_the_commands_of_the_key_print_is_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path)
    protect = ("--new-passphrase-file", str(tmp_path / "words"))
    assert departures(DOCUMENTED["key protect"], host.printed("key protect", protect)) == []
    monkeypatch.setenv("ANSIM_PASSPHRASE_FILE", str(tmp_path / "words"))
    assert departures(DOCUMENTED["key status"], host.printed("key status", ())) == []
    assert host.printed("key unprotect", (DRY,)) == {"protected": False, "dry_run": True}
    assert host.printed("key status", ())["protected"]
    assert departures(DOCUMENTED["key unprotect"], host.printed("key unprotect", ())) == []
    assert not host.printed("key status", ())["protected"]


def test_what_is_printed_of_boards_and_lines_is_what_the_page_says(host: Host, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('title = "x"\n')
    for command, words in (
        ("boards check", ("wall_12", str(bad))),
        ("boards list", ()),
        *(("boards show", (board,)) for board in ("devkit_4", "row_8", "wall_12", "tower_24")),
        ("decode", (str(host.line),)),
    ):
        assert departures(DOCUMENTED[command], host.printed(command, words, at_ledger=False)) == [], command
    assert departures(DOCUMENTED["decode"], host.printed("decode", (str(host.line), "--open"))) == []
    assert host.audited()[-1] == "decode"


@pytest.mark.parametrize(("faults", "outcome"), [((), "PASS"), (("coil 3", "lcd"), "FAIL")])
def test_the_report_of_a_test_is_what_the_page_says(
    faults: tuple[str, ...], outcome: str, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = BenchCabinet("wall_12", faults).examine(senses=not faults)
    monkeypatch.setattr(commission, "bench_test", lambda *_arguments, **_options: report)
    line, port = os.openpty()
    printed = host.printed("test", ("--port", os.ttyname(port)), at_ledger=False)
    os.close(line)
    os.close(port)
    assert printed["outcome"] == outcome
    assert departures(DOCUMENTED["test"], printed) == []


def test_the_demonstration_prints_what_the_page_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from host_tools.cli.demo import _once

    monkeypatch.setattr(
        story.Story, "play", lambda self, _stage: self._tell(story.Moment(0.5, "courier", "comes"))
    )
    _once(None, as_json=True)
    assert departures(DOCUMENTED["demo"], [json.loads(capsys.readouterr().out)]) == []


def test_a_departure_from_the_page_is_noticed() -> None:
    document = DOCUMENTED["link release"]
    sound = {"site": "mapo-3", "cabinet": 1, "letters": 0, "discarded": False}
    assert departures(document, sound) == []
    assert departures(document, sound | {"more": 1}) == ["more is not on the page"]
    assert departures(document, {"site": "mapo-3", "cabinet": 1, "letters": 0}) == ["discarded is missing"]
    problems = {"file": "x", "good": False, "problems": [{"key": "k", "path": [], "line": 1, "reason": "r"}]}
    assert departures(DOCUMENTED["boards check"], [problems]) == ["problems[].remedy is missing"]
