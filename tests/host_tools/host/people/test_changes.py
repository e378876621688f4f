"""Contacts and wishes change a day after all her contacts were told, unless one of them stops it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.people import changes, contacts, residents
from host_tools.host.people.changes import AFTER_MS, Wishes
from host_tools.host.people.contacts import Contact
from tests.kit.host_board import enrol

AT_MS = 1_900_000_000_000
MAIL = Contact("kim@example.org", True)
PHONE = Contact("+821012345678", False)


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        enrol(opened)
        yield opened


def her(ledger: Ledger, contact: str = MAIL.address) -> int:
    return residents.add(ledger, "Kim", contact).id


def ask(ledger: Ledger, resident: int, *wanted: Contact, at_ms: int = AT_MS) -> int | None:
    with ledger.writing() as connection:
        return changes.ask_contacts(
            connection, ledger, resident, wanted, at_ms, "resident contact add"
        ).due_ms


def now(ledger: Ledger, resident: int) -> list[Contact]:
    with ledger.reading() as connection:
        return contacts.of(connection, [resident])[resident]


def told(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        return list(connection.scalars(select(tables.outbox.c.kind).order_by(tables.outbox.c.sequence)))


def test_a_new_contact_counts_after_a_day_and_not_a_moment_before(ledger: Ledger) -> None:
    kim = her(ledger)
    assert ask(ledger, kim, PHONE, MAIL) == AT_MS + AFTER_MS
    assert told(ledger) == ["contact changed"]
    assert changes.apply_due(ledger, AT_MS + AFTER_MS - 1) == 0
    assert now(ledger, kim) == [MAIL]
    assert changes.apply_due(ledger, AT_MS + AFTER_MS) == 1
    assert now(ledger, kim) == [Contact(PHONE.address, True), MAIL]
    assert residents.everyone(ledger)[0].contact == PHONE.address
    assert changes.apply_due(ledger, AT_MS + 9 * AFTER_MS) == 0


def test_what_is_stopped_never_happens(ledger: Ledger) -> None:
    kim = her(ledger)
    ask(ledger, kim, PHONE)
    with ledger.writing() as connection:
        assert changes.stop(connection, ledger, kim, AT_MS + AFTER_MS - 1) == 1
        assert changes.stop(connection, ledger, kim, AT_MS + AFTER_MS - 1) == 0
    assert changes.apply_due(ledger, AT_MS + AFTER_MS) == 0
    assert now(ledger, kim) == [MAIL]
    with ledger.reading() as connection:
        assert connection.scalars(select(tables.pending_change.c.value)).all() == [""]


def test_a_second_change_is_made_with_the_first_and_waits_a_day_of_its_own(ledger: Ledger) -> None:
    kim = her(ledger)
    ask(ledger, kim, MAIL, PHONE)
    with ledger.reading() as connection:
        assert changes.contacts_to_be(connection, kim) == [MAIL, PHONE]
    ask(ledger, kim, PHONE, at_ms=AT_MS + 1000)
    assert changes.apply_due(ledger, AT_MS + AFTER_MS) == 0
    assert changes.apply_due(ledger, AT_MS + AFTER_MS + 1000) == 1
    assert [one.address for one in now(ledger, kim)] == [PHONE.address]
    assert told(ledger) == ["contact changed"] * 2


def test_who_has_no_contact_gets_one_at_once(ledger: Ledger) -> None:
    kim = her(ledger, "")
    assert ask(ledger, kim, MAIL) is None
    assert now(ledger, kim) == [MAIL]
    assert told(ledger) == []


def test_a_second_contact_is_not_confirmed_until_it_is(ledger: Ledger) -> None:
    kim = her(ledger)
    ask(ledger, kim, MAIL, PHONE)
    changes.apply_due(ledger, AT_MS + AFTER_MS)
    assert now(ledger, kim) == [MAIL, PHONE]
    ask(ledger, kim, MAIL, Contact(PHONE.address, True), at_ms=AT_MS + 2 * AFTER_MS)
    changes.apply_due(ledger, AT_MS + 3 * AFTER_MS)
    assert now(ledger, kim) == [MAIL, Contact(PHONE.address, True)]


def test_wishes_wait_a_day_too(ledger: Ledger) -> None:
    kim = her(ledger)
    wanted = Wishes("ko", True, True)
    with ledger.writing() as connection:
        changes.ask_wishes(connection, ledger, kim, wanted, AT_MS, "resident wishes")
    assert told(ledger) == ["wishes changed"]
    with ledger.reading() as connection:
        row = residents.find(connection, "Kim")
        assert (row.language, row.code_left_out, row.low_doors) == ("", False, False)
        assert changes.wishes_to_be(connection, row) == wanted
    changes.apply_due(ledger, AT_MS + AFTER_MS)
    with ledger.reading() as connection:
        row = residents.find(connection, "Kim")
    assert (row.language, row.code_left_out, row.low_doors) == ("ko", True, True)


def test_there_are_at_most_five_contacts(ledger: Ledger) -> None:
    kim = her(ledger)
    with pytest.raises(UserError, match="at most 5"):
        ask(ledger, kim, *(Contact(f"k{number}@example.org", False) for number in range(6)))
