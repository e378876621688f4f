"""A site's ticket key turns while parcels wait: a real MicroPython board, the real host, staff's commands."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from host_tools.host.fleet import generations
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.people import residents
from locker.contract import tickets as derivation
from tests.swift_stage import ansim

from .place import RESIDENT, Place
from .relayed import wait_until

TAIL = 7


@pytest.fixture
def place() -> Iterator[Place]:
    with Place() as place:
        place.settle()
        yield place


def use_up(place: Place) -> None:
    """Most of the labels that fit her are used."""
    with open_ledger(place.data) as ledger:
        residents.set_tail(ledger, RESIDENT, f"{TAIL:02d}")
        (name,) = ledger.sites()
        secret = ledger.site(name).ticket_secret
        with ledger.writing() as connection:
            site = connection.execute(select(tables.site)).one()
            (who,) = connection.scalars(
                select(tables.resident.c.id).where(tables.resident.c.name == RESIDENT)
            )
            key = generations.key_of(site, secret, 0)
            needs = generations.Needs(TAIL)
            hers = [serial for serial in range(derivation.SERIALS) if key.fits(serial, needs)]
            row = {"site": site.id, "generation": 0, "resident": who, "state": "used", "issued_ms": 0}
            connection.execute(
                insert(tables.ticket), [row | {"serial": serial} for serial in hers[: len(hers) * 4 // 5]]
            )


def issue(place: Place) -> dict:
    return json.loads(ansim("ticket", "new", "--resident", RESIDENT, "--data", place.data, "--json"))


def test_the_key_turns_while_a_parcel_waits_and_labels_of_both_keys_are_good(place: Place) -> None:
    door = place.deposit()  # without a tail
    ((_, code),) = place.told("deposited", 1)
    use_up(place)
    before = issue(place)
    assert before["generation"] == 0
    wait_until(lambda: issue(place)["generation"] == 1, "the cabinet takes the new key")
    place.cut()
    place.power_on()
    new = issue(place)
    assert new["generation"] == 1
    second = place.deposit(new["ticket"])
    third = place.deposit(before["ticket"])
    doors = [where for where, _ in place.told("deposited", 3)]
    assert doors == [door, second, third]
    for where, digits in place.told("deposited", 3):
        place.collect(where, digits)
    wait_until(lambda: place.states() == ["collected"] * 3, "all parcels are collected")
    assert code == place.codes("deposited")[0][1]
    assert not [told for told in place.watch.heard if told["event"] == "alarm"]
