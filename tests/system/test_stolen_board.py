"""What operations.md says of a stolen board, done with the commands that it names:
a real MicroPython board and the real host.
"""

import json
from collections.abc import Iterator

import pytest

from host_tools.demo.stage import SITE
from host_tools.errors import UserError
from host_tools.host.ledger.ledger import open_ledger
from tests.swift_stage import ansim

from .place import BOARD, RESIDENT, UNKNOWN, Place
from .relayed import wait_until

NEW_SITE = "demo-b"


@pytest.fixture
def place() -> Iterator[Place]:
    with Place() as place:
        place.settle()
        yield place


def issue(place: Place, site: str) -> str:
    return json.loads(
        ansim("ticket", "new", "--resident", RESIDENT, "--site", site, "--data", place.data, "--json")
    )["ticket"]


def provision(place: Place, site: str) -> None:
    """Over the cable."""
    host = f"{place.host.ready['address']}:{place.host.ready['port']}"
    to = ("--board", BOARD, "--site", site, "--number", "1", "--host", host, "--data", place.data)
    ansim("provision", "--port", place.port, "--replace", *to)


def sites_heard(place: Place) -> list[str]:
    return [one["site"] for one in json.loads(ansim("link", "--data", place.data, "--json"))["links"]]


def test_with_the_commands_of_operations_md_no_parcel_and_no_label_is_left_in_doubt(place: Place) -> None:
    label = issue(place, SITE)
    door = place.deposit()
    ((_, dead),) = place.told("deposited", 1)
    with pytest.raises(UserError, match="where a parcel waits"):
        provision(place, NEW_SITE)
    # 1. The stolen board is retired, at once.
    at = ("--site", SITE, "--cabinet", "1", "--data", place.data, "--json")
    planned = {"site": SITE, "cabinet": 1, "retired": False, "waiting": 1, "dry_run": True}
    assert json.loads(ansim("cabinet", "retire", *at, "--dry-run")) == planned
    assert sites_heard(place) == [SITE]
    assert json.loads(ansim("cabinet", "retire", *at)) == {
        "site": SITE,
        "cabinet": 1,
        "retired": True,
        "waiting": 1,
    }
    assert sites_heard(place) == []
    with pytest.raises(UserError, match="There is no cabinet 1"):
        ansim("cabinet", "retire", *at)
    # 2. Another identity in its place knows the parcel, which has a new code.
    provision(place, SITE)
    ((where, code),) = place.told("new code", 1)
    assert where == door
    assert code != dead
    place.is_refused(door, dead)
    place.collect(door, code)
    wait_until(lambda: place.states() == ["collected"], "it is collected")
    # 3. The empty cabinet gets the other secret.
    provision(place, NEW_SITE)
    wait_until(lambda: sites_heard(place) == [NEW_SITE], "it is heard")
    with open_ledger(place.data) as ledger:
        assert ledger.site(SITE).ticket_secret != ledger.site(NEW_SITE).ticket_secret
    place.hands("keys", label + "#")
    place.watch.until(
        lambda: UNKNOWN in place.watch.screen(), "refuses a label that the thief could have made", 10
    )
    # 4. Whose labels have died is known.
    void = json.loads(
        ansim("ticket", "list", "--site", SITE, "--state", "open", "--data", place.data, "--json")
    )
    assert [(one["resident"], f"{one['serial']:05d}") for one in void] == [(RESIDENT, label[:5])]
    second = place.deposit(issue(place, NEW_SITE))
    where, digits = place.told("deposited", 2)[1]
    assert where == second
    place.collect(where, digits)
