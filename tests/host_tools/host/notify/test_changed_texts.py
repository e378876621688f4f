"""Texts that a host has changed: in use as soon as they are right, and never in the way of a letter."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger import help_numbers, tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import site_settings
from host_tools.host.notify.wording.changed import load, texts_of
from host_tools.host.notify.wording.texts import BUILT_IN
from locker.contract import records
from tests.kit.letter_site import DOOR, HELP, Site

GOOD = "Parcel: {place}, {code}.[ Until {until}.][ Help {help}.]"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_ledger(tmp_path / "data") as ledger:
        yield Site(ledger)


def write(data: Path, name: str, content: str | bytes) -> Path:
    path = data / "wording" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def faults(tmp_path: Path, content: str | bytes, name: str = "en.toml") -> list[str]:
    path = write(tmp_path, name, content)
    found = [f"{one.file} {one.entry}: {one.sentence}" for one in load(tmp_path / "wording").faults]
    path.unlink()
    return found


def text_in(data: Path, language: str = "en", site: str = "", kind: str = "deposited") -> str:
    return str(texts_of(data).book(language, site).template("resident", kind, "text"))


# Which text counts


def test_a_text_of_the_site_comes_before_the_hosts_and_the_hosts_before_ansims(tmp_path: Path) -> None:
    assert texts_of(tmp_path) is BUILT_IN
    ansims = text_in(tmp_path)
    write(tmp_path, "en.toml", f'[resident.deposited]\ntext = "All. {GOOD}"\n')
    write(tmp_path, "mapo-3/en.toml", f'[resident.deposited]\ntext = "Here. {GOOD}"\n')
    assert text_in(tmp_path, site="mapo-3").startswith("Here.")
    assert text_in(tmp_path, site="mapo-4").startswith("All.")
    assert text_in(tmp_path, site="mapo-3", kind="stuck") == str(
        BUILT_IN.book("en").template("resident", "stuck", "text")
    )
    assert not text_in(tmp_path, "ko", "mapo-3").startswith(("Here", "All"))
    (tmp_path / "wording" / "mapo-3" / "en.toml").unlink()
    (tmp_path / "wording" / "en.toml").unlink()
    assert text_in(tmp_path) == ansims


def test_a_file_that_was_changed_is_read_again_and_one_that_was_not_is_not(tmp_path: Path) -> None:
    write(tmp_path, "en.toml", f'[resident.deposited]\ntext = "One. {GOOD}"\n')
    first = texts_of(tmp_path)
    assert texts_of(tmp_path) is first
    write(tmp_path, "en.toml", f'[resident.deposited]\ntext = "Three. {GOOD}"\n')
    assert text_in(tmp_path).startswith("Three.")


def test_a_third_language_is_a_file_and_what_it_lacks_is_english(tmp_path: Path) -> None:
    write(tmp_path, "ja.toml", f'[resident.deposited]\ntext = "お荷物 {GOOD}"\n')
    assert texts_of(tmp_path).languages == ("en", "ja", "ko")
    assert text_in(tmp_path, "ja").startswith("お荷物")
    assert text_in(tmp_path, "ja", kind="stuck") == text_in(tmp_path, "en", kind="stuck")


@pytest.mark.parametrize(("folder", "site"), [("a%2Fb", "a/b"), ("%2e%2e", ".."), ("마포", "마포")])
def test_no_name_of_a_site_leads_out_of_the_folder(tmp_path: Path, folder: str, site: str) -> None:
    write(tmp_path, f"{folder}/en.toml", f'[resident.deposited]\ntext = "Here. {GOOD}"\n')
    assert text_in(tmp_path, site=site).startswith("Here.")
    (tmp_path / "en.toml").write_text('[resident.stuck]\ntext = "Out. {place} {door} {call}"\n')
    assert not text_in(tmp_path, site="..", kind="stuck").startswith("Out.")


# What is wrong is said, all of it


def test_all_mistakes_of_a_file_are_told_at_once_each_in_a_sentence(tmp_path: Path) -> None:
    content = """
[resident.deposited]
title = "A parcel\\nfor you"
text = "Dear {name}, see {call.__class__}"
[resident.depositd]
text = "x"
[resident.stuck]
text = "Door {door} at <b>{place}</b> is stuck. {until} \\u202e"
[staff.bell]
text = 7
[phrases]
call = "call us"
"""
    found = faults(tmp_path, content)
    assert [one.partition(":")[0] for one in found] == [
        "en.toml resident.deposited.title",
        "en.toml resident.deposited.text",
        "en.toml resident.depositd.text",
        *["en.toml resident.stuck.text"] * 4,
        "en.toml staff.bell.text",
        "en.toml phrases.call",
    ]
    told = "\n".join(found)
    for words in ("a title is one line", "{call.__class__} is no field", "is it resident.deposited.text?"):
        assert words in told
    for words in ("U+202E", "<b> is markup", "{until} may be empty", "whom she can call is missing"):
        assert words in told
    assert "{help} is missing" in told


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("{code}[ {until}][ {help}]", "{place} is missing"),
        ("{place}[ {until}][ {help}]", "{code} is missing"),
        ("{place} {code}[ {help}]", "{until} is missing"),
        ("{place} {code}[ {until}]", "whom she can call is missing"),
    ],
)
def test_a_letter_of_a_parcel_holds_place_code_until_when_and_whom_to_call(
    tmp_path: Path, text: str, missing: str
) -> None:
    assert faults(tmp_path, f'[resident.deposited]\ntext = "{text}"\n') == [
        next(one for one in faults(tmp_path, f'[resident.deposited]\ntext = "{text}"\n') if missing in one)
    ]
    assert faults(tmp_path, f'[resident.deposited]\ntext = "{GOOD}"\n') == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[resident".encode("utf-16"), "written in UTF-16: save it as UTF-8"),
        ("[phrases]\nask = '문의'".encode("euc-kr"), "written in another encoding: save it as UTF-8"),
        ("[resident", "is no TOML"),
        ("a = " + "[" * 100_000, "is no TOML"),
        ("x" * 1_200_000, "too large"),
        ("resident = 1", "there is no such entry"),
        (f'[resident.look]\ntext = "{"long " * 200}"', "1000 characters are too long: at most 600"),
        ('[resident.look]\ntext = "  "', "the text is empty"),
        ('[resident.look]\ntitle = "For {name}"', "{name} is not filled in here: the fields are none"),
        ('[resident.look]\ntitle = "Door {door}"', "{door} is not filled in here: the fields are none"),
    ],
)
def test_a_file_that_is_none_says_so_in_one_sentence(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    (found,) = faults(tmp_path, content)
    assert words in found
    assert "\n" not in found


def test_a_file_with_a_byte_order_mark_is_read_and_hidden_ones_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, ".en.toml.swp", b"\0")
    write(tmp_path, "en.toml~", b"old")
    write(tmp_path, "en.toml", b"\xef\xbb\xbf" + f'[resident.deposited]\ntext = "Mark. {GOOD}"\n'.encode())
    assert texts_of(tmp_path).faults == ()
    assert text_in(tmp_path).startswith("Mark.")
    assert "named by its language" in faults(tmp_path, "", "notes.txt")[0]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, "en.toml", "")
    (tmp_path / "wording" / "ko.toml").symlink_to(tmp_path / "nowhere")
    assert [one.sentence for one in texts_of(tmp_path).faults] == [
        f"the file cannot be read: {os.strerror(2)}"
    ]


# Letters go out whatever was changed


def test_a_changed_text_goes_out_in_the_language_of_the_site_and_hers_comes_first(site: Site) -> None:
    help_numbers.keep(site.ledger, "mapo-3", HELP)
    site_settings.change(site.ledger, "mapo-3", language="ko")
    write(site.ledger.data, "mapo-3/ko.toml", '[phrases]\nplace = "마포 주민센터 앞 {cabinet}번 보관함"\n')
    board = site.board()
    site.boards[board].deposit(DOOR, site.serial(), 1)
    site.hear(board)
    ((_, hers),) = site.hers()
    assert hers.startswith("마포 주민센터 앞 1번 보관함에 택배가 도착했습니다: 07번 칸 · ")
    with site.ledger.writing() as connection:
        connection.execute(tables.resident.update().values(language="en", code_left_out=True))
    site.boards[board].add(records.REISSUED, DOOR, 1, 1)
    site.hear(board)
    ((kind, hers),) = site.hers()
    assert kind == "new code"
    assert hers.startswith(f"Your parcel at mapo-3, cabinet 1, behind door {DOOR:02d}, has a new code.")
    assert f"To get it, call {HELP}." in hers
    assert " · " not in hers


def test_a_broken_text_stops_no_letter_and_staff_are_told_once(site: Site) -> None:
    write(site.ledger.data, "en.toml", '[resident.deposited]\ntext = "{place.__init__}"\ntitle = "Mine"\n')
    board = site.board()
    for door in (3, 5):
        site.boards[board].deposit(door, site.serial(), 1)
        site.hear(board)
        told = site.letters()
        hers = next(one for one in told if one.kind == "deposited")
        assert hers.text.startswith("A parcel waits for you at mapo-3, cabinet 1: ")
        assert hers.title == "Mine"  # what is right of the file is used
    with site.ledger.reading() as connection:
        alarms = [row.kind for row in connection.execute(tables.alarm.select())]
        queued = [row.kind for row in connection.execute(tables.outbox.select())]
    assert alarms == ["wording"]
    assert queued.count("wording") == 1
