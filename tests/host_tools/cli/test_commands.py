"""The operator's commands: what they print, where, and how they end."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_tools.cli import ansim
from host_tools.demo import service
from host_tools.errors import UserError
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.people import residents
from host_tools.sources import locker_folder
from tests.kit.host_board import Journal, enrol


class Operator:
    """Types commands against one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(ansim, [*arguments, "--data", str(self.data)], input=typed)

    def tell(self, *arguments: str, typed: str | None = None) -> str:
        ended = self.run(*arguments, typed=typed)
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    def read(self, *arguments: str) -> list | dict:
        return json.loads(self.tell(*arguments, "--json"))


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


@pytest.fixture
def at_work(operator: Operator) -> Operator:
    """A site with one cabinet and a resident."""
    operator.tell("resident", "add", "Kim", "--contact", "kim@example.org")
    with open_ledger(operator.data) as ledger:
        enrol(ledger)
    return operator


def test_a_cabinet_may_begin_in_each_language_that_there_is_a_catalogue_for() -> None:
    catalogues = {path.stem for path in (locker_folder() / "texts").glob("*.txt")}
    shown = CliRunner().invoke(ansim, ["provision", "--help"]).output
    (offered,) = re.findall(r"--language \[([^]]+)\]", shown)
    assert set(offered.split("|")) == catalogues


def test_residents_are_entered_and_listed(operator: Operator) -> None:
    assert operator.read("resident", "add", "Kim") == {
        "id": 1,
        "name": "Kim",
        "unit": "",
        "contact": "",
        "has_tail": False,
    }
    operator.tell("resident", "add", "Lee", "--contact", "lee@example.org")
    assert [(one["name"], one["contact"]) for one in operator.read("resident", "list")] == [
        ("Kim", ""),
        ("Lee", "lee@example.org"),
    ]
    assert "lee@example.org" in operator.tell("resident", "list")


def test_a_residents_name_and_unit_can_be_changed_and_her_tickets_stay_hers(
    at_work: Operator,
) -> None:
    at_work.tell("ticket", "new", "--resident", "Kim")
    before = at_work.read("resident", "list")
    for arguments in (
        ("rename", "Kim", "Lee", "--new-unit", "2"),
        ("contact", "remove", "Kim", "kim@example.org"),
        ("add", "Choi"),
    ):
        assert at_work.read("resident", *arguments, "--dry-run")["dry_run"]
        assert "ould" in at_work.tell("resident", *arguments, "--dry-run")
    assert at_work.read("resident", "list") == before
    assert at_work.read("resident", "rename", "Kim", "Lee", "--new-unit", "101")["unit"] == "101"
    assert at_work.read("ticket", "list")[0]["resident"] == "Lee (101)"
    assert "Renamed Lee (101): Lee." in at_work.tell("resident", "rename", "Lee", "--new-unit", "")
    assert at_work.run("resident", "rename", "Lee").exit_code == 2


def test_a_safe_tail_comes_by_standard_input_and_is_never_printed(at_work: Operator) -> None:
    printed = at_work.tell("resident", "tail", "Kim", typed="37\n")
    assert "37" not in printed
    assert "37" not in at_work.tell("resident", "list")
    assert at_work.read("resident", "list")[0]["has_tail"]


def test_a_new_ticket_is_printed_alone_so_that_a_label_printer_can_take_it(at_work: Operator) -> None:
    number = at_work.tell("ticket", "new", "--resident", "Kim")
    assert len(number) == 10
    assert number.strip().isdigit()
    issued = at_work.read("ticket", "new", "--resident", "Kim", "--site", "mapo-3")
    assert (issued["site"], issued["resident"], int(issued["ticket"][:5])) == (
        "mapo-3",
        "Kim",
        issued["serial"],
    )


def test_the_list_of_tickets_shows_no_ticket_that_could_be_used(at_work: Operator) -> None:
    number = at_work.tell("ticket", "new", "--resident", "Kim").strip()
    assert number not in at_work.tell("ticket", "list")
    assert number[:5] in at_work.tell("ticket", "list")
    assert [one["state"] for one in at_work.read("ticket", "list")] == ["open"]
    assert at_work.read("ticket", "revoke", number)["state"] == "revoked"
    assert [one["state"] for one in at_work.read("ticket", "list", "--site", "mapo-3")] == ["revoked"]


def test_parcels_and_cabinets_are_listed_with_their_state(at_work: Operator) -> None:
    assert at_work.read("parcel", "list") == []
    assert at_work.read("cabinet", "list")[0]["seen"] is None
    serial = int(at_work.tell("ticket", "new", "--resident", "Kim")[:5])
    journal = Journal()
    journal.deposit(7, serial, 1)
    with open_ledger(at_work.data) as ledger:
        take(ledger, [Received(1, 7, 3, 12, 1_700_000_000_000, tuple(journal.events), uptime=30)])
    (parcel,) = at_work.read("parcel", "list")
    assert parcel == {
        "site": "mapo-3",
        "cabinet": 1,
        "door": 7,
        "counter": 1,
        "serial": serial,
        "resident": "Kim",
        "state": "waiting",
        "flagged": False,
        "deposited": parcel["deposited"],
        "ended": None,
        "ended_by": None,
    }
    (cabinet,) = at_work.read("cabinet", "list")
    assert (cabinet["seen"], cabinet["boot"], cabinet["build"], cabinet["events"], cabinet["waiting"]) == (
        "2023-11-14T22:13:20.000Z",
        3,
        12,
        3,
        1,
    )
    assert at_work.read("parcel", "list", "--state", "collected") == []
    assert "waiting" in at_work.tell("parcel", "list", "--state", "waiting")
    assert "2023-11-14T22:13:20.000Z" in at_work.tell("cabinet", "list")


def test_a_list_of_nothing_is_an_empty_list_and_a_missing_ledger_a_sentence(operator: Operator) -> None:
    for arguments in (("resident", "list"), ("ticket", "list"), ("parcel", "list"), ("cabinet", "list")):
        ended = operator.run(*arguments, "--json")
        assert isinstance(ended.exception, UserError)
        assert "There is no ledger" in str(ended.exception)
        assert ended.stdout == ""
    with open_ledger(operator.data) as ledger:
        residents.add(ledger, "Kim")
    for arguments in (("ticket", "list"), ("parcel", "list"), ("cabinet", "list")):
        assert operator.read(*arguments) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve",),
        ("resident", "add"),
        ("resident", "list"),
        ("resident", "tail"),
        ("resident", "rename"),
        ("resident", "contact", "add"),
        ("resident", "import"),
        ("ticket", "new"),
        ("ticket", "list"),
        ("ticket", "revoke"),
    ]
    + [("parcel", "list"), ("cabinet", "list"), ("resident",), ("ticket",), ("parcel",), ("cabinet",)],
)
def test_every_command_explains_itself_with_an_example(arguments: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(ansim, [*arguments, "--help"])
    assert ended.exit_code == 0
    assert f"Example: ansim {arguments[0]}" in ended.output


def test_a_demonstration_keeps_off_the_database_and_the_key_of_a_real_host(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIM_DATABASE", "postgresql+psycopg://ansim@nowhere.invalid/ansim")
    monkeypatch.setenv("ANSIM_PASSPHRASE_FILE", "/nowhere")
    service.ansim("resident", "add", "Kim", "--data", operator.data)
    assert (operator.data / "ledger.db").exists()


def test_a_server_that_no_cabinet_could_reach_does_not_start(tmp_path: Path) -> None:
    ended = CliRunner().invoke(ansim, ["serve", "--listen", "none", "--data", str(tmp_path / "data")])
    assert ended.exit_code == 2
    assert "name a serial port with --serial or --rs485" in ended.output
    assert not (tmp_path / "data").exists()
