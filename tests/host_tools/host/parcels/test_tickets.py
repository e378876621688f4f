"""Tickets carry the resident's safe tail, are used up one by one, and are taken back by their number."""

from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, Site, open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import tickets as derivation
from locker.contract.codes import NO_TAIL
from tests.kit.host_board import enrol


def key_of(site: Site) -> bytes:
    return derivation.ticket_key(site.ticket_secret, 0)


@pytest.fixture
def ledger(home: Path):
    with open_ledger(home) as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim")
        yield opened


def test_the_board_takes_the_ticket_for_what_it_is(ledger: Ledger) -> None:
    site, issued = ledger.site("mapo-3"), tickets.issue(ledger, "Kim")
    assert derivation.check_ticket(key_of(site), site.site_id, issued.number) == issued.serial
    assert derivation.check_ticket(key_of(ledger.site("jongno-1")), site.site_id, issued.number) == -1


def test_every_ticket_of_a_resident_carries_her_safe_tail(ledger: Ledger) -> None:
    residents.set_tail(ledger, "Kim", "07")
    site = ledger.site("mapo-3")
    serials = [tickets.issue(ledger, "Kim").serial for _ in range(20)]
    assert {derivation.tail(key_of(site), site.site_id, serial) for serial in serials} == {7}
    assert len(set(serials)) == 20


def test_no_ticket_of_a_resident_who_has_chosen_no_tail_carries_one(ledger: Ledger) -> None:
    site = ledger.site("mapo-3")
    serials = [tickets.issue(ledger, "Kim").serial for _ in range(40)]
    assert min(derivation.tail(key_of(site), site.site_id, serial) for serial in serials) >= NO_TAIL


def test_whoever_needs_a_low_door_gets_tickets_that_ask_for_one_and_nobody_else_does(ledger: Ledger) -> None:
    site = ledger.site("mapo-3")
    residents.add(ledger, "Lee")
    residents.set_tail(ledger, "Kim", "37")
    with ledger.writing() as connection:
        connection.execute(
            tables.resident.update().where(tables.resident.c.name == "Kim").values(low_doors=True)
        )
    for name, asks in (("Kim", True), ("Lee", False)):
        serials = [tickets.issue(ledger, name).serial for _ in range(10)]
        assert {derivation.is_low(key_of(site), site.site_id, serial) for serial in serials} == {asks}


def test_a_nearly_full_site_gives_its_last_tickets_and_then_says_so(ledger: Ledger) -> None:
    enrol(ledger)  # of which nothing has been heard yet, so the key cannot turn
    residents.set_tail(ledger, "Kim", "99")
    site = ledger.site("mapo-3")
    hers = [
        serial
        for serial in range(derivation.SERIALS)
        if derivation.tail(key_of(site), site.site_id, serial) == 99
        and not derivation.is_low(key_of(site), site.site_id, serial)
    ]
    assert 180 < len(hers) < 320
    with ledger.writing() as connection:
        of_site = {"site": 1, "generation": 0, "resident": 1, "state": "used", "issued_ms": 0}
        rows = [of_site | {"serial": serial} for serial in hers[:-2]]
        connection.execute(tables.ticket.insert(), rows)
    assert {tickets.issue(ledger, "Kim").serial for _ in range(2)} == set(hers[-2:])
    with pytest.raises(UserError, match="no ticket left"):
        tickets.issue(ledger, "Kim")


@pytest.mark.parametrize("tail", ["", "7", "123", "1a", "٣٤", "-1", "+1"])
def test_a_safe_tail_is_two_digits(ledger: Ledger, tail: str) -> None:
    with pytest.raises(UserError, match="two digits"):
        residents.set_tail(ledger, "Kim", tail)


def test_a_safe_tail_is_nowhere_to_be_read(ledger: Ledger) -> None:
    residents.set_tail(ledger, "Kim", "37")
    with ledger.reading() as connection:
        (sealed,) = connection.scalars(tables.resident.select().with_only_columns(tables.resident.c.tail))
    assert sealed is not None
    assert len(sealed) == 12 + 1 + 16
    residents.add(ledger, "Lee")
    with ledger.writing() as connection:  # nor does it open as somebody else's
        connection.execute(
            tables.resident.update().where(tables.resident.c.name == "Lee").values(tail=sealed)
        )
    with pytest.raises(UserError, match="same backup"):
        tickets.issue(ledger, "Lee")
    assert residents.everyone(ledger)[0].has_tail


def test_a_ticket_is_revoked_by_its_digits_or_its_serial_and_only_once(ledger: Ledger) -> None:
    first, second = tickets.issue(ledger, "Kim"), tickets.issue(ledger, "Kim")
    tickets.revoke(ledger, first.number)
    tickets.revoke(ledger, f"{second.serial:05d}", "mapo-3")
    assert [ticket.state for ticket in tickets.listing(ledger)] == ["revoked", "revoked"]
    with pytest.raises(UserError, match="revoked already"):
        tickets.revoke(ledger, first.number)


def test_a_slip_of_the_finger_revokes_nothing(ledger: Ledger) -> None:
    issued = tickets.issue(ledger, "Kim")
    slip = issued.number[:-1] + str((int(issued.number[-1]) + 1) % 10)
    for wrong, sentence in ((slip, "was not issued"), ("1234", "9 digits"), ("12345678x", "9 digits")):
        with pytest.raises(UserError, match=sentence):
            tickets.revoke(ledger, wrong)
    assert [ticket.state for ticket in tickets.listing(ledger)] == ["open"]


def test_the_site_may_be_left_out_only_where_there_is_one(ledger: Ledger) -> None:
    assert tickets.issue(ledger, "Kim").site == "mapo-3"
    ledger.site("jongno-1")
    with pytest.raises(UserError, match="--site: jongno-1, mapo-3"):
        tickets.issue(ledger, "Kim")
    assert tickets.issue(ledger, "Kim", "jongno-1").site == "jongno-1"
    assert len(tickets.listing(ledger, "jongno-1")) == 1
    with pytest.raises(UserError, match="no site of that name"):
        tickets.issue(ledger, "Kim", "mapo-4")
    with pytest.raises(UserError, match="no resident of that name"):
        tickets.issue(ledger, "Lee", "mapo-3")


def test_two_residents_have_two_names(ledger: Ledger) -> None:
    with pytest.raises(UserError, match="already"):
        residents.add(ledger, "Kim")
    residents.add(ledger, "Lee", "lee@example.org")
    assert [(resident.name, resident.contact) for resident in residents.everyone(ledger)] == [
        ("Kim", ""),
        ("Lee", "lee@example.org"),
    ]


def test_no_ticket_is_issued_for_a_resident_on_hold_until_the_hold_ends(ledger: Ledger) -> None:
    before = tickets.issue(ledger, "Kim")
    resident = tables.resident
    with ledger.writing() as connection:
        connection.execute(resident.update().values(hold_until_ms=now_ms() + 86_400_000))
    with pytest.raises(UserError, match="on hold, as she wishes"):
        tickets.issue(ledger, "Kim")
    row = audit.listing(ledger)[-1]  # whoever tried has learnt of her wish
    assert (row.act, row.resident, row.text) == ("ticket new", 1, audit.REFUSED)
    assert [one.serial for one in tickets.listing(ledger)] == [before.serial]
    with ledger.writing() as connection:
        connection.execute(resident.update().values(hold_until_ms=now_ms() - 1))
    assert tickets.issue(ledger, "Kim").serial != before.serial
