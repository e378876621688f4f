"""`ansim stay` shows and settles how long parcels wait."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.stays import acts
from tests.kit.command_tree import departures, page
from tests.kit.stay_site import HOUR_MS, StaySite

DOOR = ("--site", "mapo-3", "--cabinet", "1", "--door", "7")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A parcel has waited for 100 hours, and its cabinet was heard until now."""
    folder = tmp_path / "data"
    with open_ledger(folder) as ledger:
        site = StaySite(ledger)
        site.resident("Kim")
        acts.set_policy(ledger, None, {"fee": 500, "fee_max": 5000})
        since_ms = now_ms() - 100 * HOUR_MS
        with ledger.writing() as connection:
            connection.execute(tables.stay_policy.update().values(since_ms=0))
        site.link(since_ms, *site.cabins)
        site.cabins[0].deposit(since_ms, 7, site.serial("Kim"))
        site.hear(since_ms, site.cabins[0])
        with ledger.writing() as connection:
            connection.execute(
                tables.parcel.update().values(deposited_ms=since_ms, deposited_from_ms=since_ms)
            )
            connection.execute(tables.stay_look.insert().values(id=1, at_ms=now_ms()))
        site.post(since_ms)
        site.presence.beat(now_ms(), {})
    return folder


def run(data: Path, *words: str, code: int = 0) -> Any:
    ended = CliRunner().invoke(ansim, ["stay", *words, "--data", str(data)])
    assert ended.exit_code == code, ended.output
    return json.loads(ended.output) if "--json" in words else ended.output


def test_the_list_and_the_story_of_a_stay(data: Path) -> None:
    (row,) = run(data, "list", "--overdue", "--json")
    assert (row["door"], row["fee"], row["paused_s"], row["paid"]) == (7, 1500, 0, None)
    assert "1500 KRW" in run(data, "list")
    assert "Late fee: 1500 KRW." in run(data, "show", *DOOR)
    assert run(data, "list", "--overdue", "--site", "mapo-3", "--json") == [row]


def test_a_fee_is_paid_with_a_reference(data: Path) -> None:
    words = ("paid", *DOOR, "--reference", "2026-0117", "--json")
    dry = run(data, *words, "--dry-run")
    paid = run(data, *words)
    assert dry == paid | {"dry_run": True}
    with open_ledger(data) as ledger:
        assert [one.act for one in audit.listing(ledger, 2)] == ["stay paid --dry-run", "stay paid"]
    for document in (dry, paid):
        assert not departures(page()["stay paid"], document)
    assert run(data, "show", *DOOR, "--json")["paid_reference"] == "2026-0117"
    ended = CliRunner().invoke(ansim, ["stay", *words[:-1], "--data", str(data)])
    assert ended.exit_code != 0


def test_a_pause_has_its_reason_and_shows_in_the_story(data: Path) -> None:
    run(data, "pause", "--site", "mapo-3", "--reason", "storm: the street is flooded")
    said = run(data, "show", *DOOR)
    assert "It stands still" in said or "Free until" in said
    (pause,) = [one for one in run(data, "show", *DOOR, "--json")["pauses"] if one["reason"]]
    assert (pause["cause"], pause["reason"], pause["until"]) == (
        "paused by staff", "storm: the street is flooded", None,
    )  # fmt: skip
    assert "run again" in run(data, "resume", "--site", "mapo-3")


def test_a_policy_is_shown_and_changed_for_deposits_to_come(data: Path) -> None:
    assert run(data, "policy", "show", "--site", "mapo-3", "--json")["fee"] == 500
    changed = ("policy", "set", "--site", "mapo-3", "--free", "72", "--recall", "96", "--json")
    assert run(data, *changed, "--dry-run")["free_h"] == 72
    assert run(data, "policy", "show", "--site", "mapo-3", "--json")["free_h"] == 48
    assert run(data, *changed)["free_h"] == 72
    (row,) = run(data, "list", "--overdue", "--json")
    assert row["fee"] == 1500


def test_a_stay_is_extended_as_often_as_its_policy_allows(data: Path) -> None:
    assert run(data, "extend", *DOOR, "--reason", "request", "--json")["left"] == 1
    assert "it can be extended 0 more times" in run(data, "extend", *DOOR)
