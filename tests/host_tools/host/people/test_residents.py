"""Residents are people: one person has one name however it was typed,
two people may have one name, and a contact can be reached.
"""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import schema_of
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.names import checked_name, normal
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.host.people.contacts import checked_contact
from host_tools.host.people.imports import import_residents

NAMES = ("김서연", "Zoë", "Ἑλένη", "Đặng Thị", "Å", "가각")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / "data")


def test_a_name_that_was_typed_in_another_form_is_the_same_person(ledger: Ledger) -> None:
    ledger.site("서울 마포")
    for name in NAMES:
        residents.add(ledger, unicodedata.normalize("NFD", name))
        with pytest.raises(UserError, match="already"):
            residents.add(ledger, unicodedata.normalize("NFC", name))
        for form in ("NFC", "NFD"):
            typed = unicodedata.normalize(form, name)
            assert tickets.issue(ledger, typed, unicodedata.normalize(form, "서울 마포")).resident == name
    assert ledger.site(unicodedata.normalize("NFD", "서울 마포")).name == "서울 마포"
    assert len(ledger.sites()) == 1


@pytest.mark.parametrize("name", ["می\u200cخواهم", "ශ්\u200dරී", "क्\u200dष"])
def test_joiners_within_a_name_are_part_of_it(ledger: Ledger, name: str) -> None:
    assert residents.add(ledger, name).name == name


@pytest.mark.parametrize(
    "name", ["\u200d", "\u200cKim", "Kim\u200d", " \u200d ", "Kim\u202e", "Kim\x00", "K\nim", "Kim\u2028"]
)
def test_a_name_that_cannot_be_seen_or_turns_a_line_round_is_refused(ledger: Ledger, name: str) -> None:
    with pytest.raises(UserError, match="printable"):
        residents.add(ledger, name)
    with pytest.raises(UserError, match="printable"):
        residents.add(ledger, "Kim", unit=name)


@given(st.text(alphabet=st.characters(), max_size=70))
def test_every_name_has_one_form_and_is_taken_or_refused_in_a_sentence(name: str) -> None:
    assert normal(normal(name)) == normal(name) == normal(unicodedata.normalize("NFD", name))
    try:
        kept = checked_name("resident", name)
    except UserError:
        return
    assert checked_name("resident", unicodedata.normalize("NFD", kept)) == kept


def test_two_residents_of_one_name_are_told_apart_by_their_units(ledger: Ledger) -> None:
    ledger.site("mapo-3")
    residents.add(ledger, "Kim", unit="101")
    residents.add(ledger, "Kim", unit="102")
    with pytest.raises(UserError, match="already"):
        residents.add(ledger, "Kim", unit="102")
    with pytest.raises(UserError, match="--unit"):
        tickets.issue(ledger, "Kim")
    residents.set_tail(ledger, "Kim", "37", "102")
    assert [(one.unit, one.has_tail) for one in residents.everyone(ledger)] == [("101", False), ("102", True)]
    assert tickets.issue(ledger, "Kim", unit="102").resident == "Kim (102)"
    assert [one.resident for one in tickets.listing(ledger)] == ["Kim (102)"]
    with pytest.raises(UserError, match="no resident of that name and unit"):
        tickets.issue(ledger, "Kim", unit="103")


@pytest.mark.parametrize(
    ("there", "typed"),
    [
        ("김순자", "김 순자"),
        ("Kim Seo-yeon", "KimSeoyeon"),
        ("Kim Seo-yeon", "Kim Seo yeon"),
        ("Choi", "\u0421h\u043ei"),  # Cyrillic letters among Latin ones
        ("Han", "\u0397\u0430n"),  # a Greek and a Cyrillic one
    ],
)
def test_a_name_with_a_blank_a_dash_or_a_foreign_letter_more_is_taken_for_another(
    ledger: Ledger, tmp_path: Path, there: str, typed: str
) -> None:
    residents.add(ledger, there, unit="101")
    other = residents.add(ledger, "Lee", unit="102")
    with pytest.raises(UserError, match="--alike"):
        residents.add(ledger, typed, unit="102")
    with pytest.raises(UserError, match="--alike"):
        residents.rename(ledger, other.name, None, typed, None)
    file = tmp_path / "residents.csv"
    file.write_text(f"name,unit\n{typed},102\n", encoding="utf-8")
    with pytest.raises(UserError, match="--alike"):
        import_residents(ledger, file, 0)
    assert residents.add(ledger, typed, unit="102", alike=True).name == typed


@pytest.mark.parametrize(
    "typed", ["kim seo-yeon", "Kim  Seo-yeon", "Kim Seo\u2011yeon", "\uff2bim Seo-yeon", "KIM SEO–YEON"]
)
def test_who_would_be_taken_for_another_is_entered_only_when_she_is_to_be(ledger: Ledger, typed: str) -> None:
    residents.add(ledger, "Kim Seo-yeon", unit="101")
    residents.add(ledger, "Kim Seo-yeon", unit="102")
    for unit in ("101", "103", ""):
        with pytest.raises(UserError, match="--alike"):
            residents.add(ledger, typed, unit=unit)
    with pytest.raises(UserError, match="--alike"):
        residents.add(ledger, "Kim Seo-yeon", unit="１０２")
    other = residents.add(ledger, "Lee", unit="101")
    with pytest.raises(UserError, match="--alike"):
        residents.rename(ledger, other.name, None, typed, None)
    residents.add(ledger, "Kim Seo-yeon")
    assert residents.add(ledger, typed, unit="103", alike=True).unit == "103"
    with pytest.raises(UserError, match='--unit "" for the one'):
        residents.set_tail(ledger, "Kim Seo-yeon", None)


def test_a_safe_tail_can_be_taken_away(ledger: Ledger) -> None:
    residents.add(ledger, "Kim")
    residents.set_tail(ledger, "Kim", "37")
    assert residents.set_tail(ledger, "Kim", None, dry_run=True).has_tail is False
    assert residents.everyone(ledger)[0].has_tail
    residents.set_tail(ledger, "Kim", None)
    assert not residents.everyone(ledger)[0].has_tail


def test_a_rename_gives_nobody_a_name_that_another_one_has(ledger: Ledger) -> None:
    residents.add(ledger, "Kim")
    residents.add(ledger, "Lee", "lee@example.org")
    with pytest.raises(UserError, match="already"):
        residents.rename(ledger, "Lee", None, "Kim", None)
    assert residents.rename(ledger, "Lee", None, "Kim", "7")[1].unit == "7"
    assert residents.rename(ledger, "Kim", "7", None, "8")[1] == residents.everyone(ledger)[1]


@pytest.mark.parametrize(
    ("contact", "kept"),
    [
        ("", ""),
        ("seo-yeon@example.org", "seo-yeon@example.org"),
        ("서연@예시.한국", "서연@예시.한국"),
        ("+82 (10) 1234-5678", "+821012345678"),
        ("02-123-4567", "021234567"),
        ("010.1234.5678", "01012345678"),
    ],
)
def test_a_contact_is_an_address_or_a_number_and_is_kept_in_one_form(contact: str, kept: str) -> None:
    assert checked_contact(contact) == kept
    assert checked_contact(kept) == kept


@pytest.mark.parametrize(
    "contact",
    [
        "hello",
        "@",
        "kim@",
        "@example.org",
        "kim@example",
        "kim@@example.org",
        "a b@example.org",
        "kim@exa mple.org",
        "kim@-x.org",
    ]
    + [
        ".kim@example.org",
        "k..m@example.org",
        "kim@example.1",
        "kim@example.org\x1b[2J",
        "12345",
        "+0101234567",
        "01012345678901",
        "1-2-3",
    ]
    + [
        "x" * 65 + "@example.org",
        "kim@" + "x" * 64 + ".org",
        "kim@example.org,lee@example.org",
        "kim@example.org\r\nBcc: lee@example.org",
        "=?utf-8?b?YQ0KQmNjOiB4?=@example.org",
        "Kim <kim@example.org>",
        "tel:0101234567",
    ],
)
def test_what_reaches_nobody_is_refused(contact: str) -> None:
    with pytest.raises(UserError, match="e-mail address or a telephone number"):
        checked_contact(contact)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_no_contact_is_too_odd_for_a_sentence(contact: str) -> None:
    try:
        kept = checked_contact(contact)
    except UserError:
        return
    assert kept.isprintable()
    assert len(kept) <= 254


def earlier(connection: Connection) -> None:
    """Residents as an earlier ansim has entered them: Zoë twice, once in each form."""
    for name, number in (("Zoë", 1), ("Zoe\u0308", 2), ("김서연", 3)):
        decomposed = name if number < 3 else unicodedata.normalize("NFD", name)
        row = {"id": number, "name": decomposed, "contact": "hello", "since_ms": 0}
        connection.execute(
            text(
                "INSERT INTO resident (id, name, contact, since_ms) VALUES (:id, :name, :contact, :since_ms)"
            ),
            row,
        )


def test_the_residents_of_an_earlier_ledger_keep_their_tickets_and_get_one_name_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from host_tools.host.ledger import migrations

    upgrade = migrations.upgrade
    before = "0003"
    monkeypatch.setattr(migrations, "upgrade", lambda connection: upgrade(connection, before))
    with open_ledger(tmp_path / "data") as ledger, ledger.writing() as connection:
        earlier(connection)
        values = {"id": 1, "name": unicodedata.normalize("NFD", "서울"), "key": b"x"}
        connection.execute(
            text("INSERT INTO site (id, name, site_id, ticket_key) VALUES (:id, :name, :key, :key)"), values
        )
        connection.execute(
            text("INSERT INTO ticket (site, serial, resident, state, issued_ms) VALUES (1, 7, 2, 'open', 0)")
        )
    monkeypatch.setattr(migrations, "upgrade", upgrade)
    with open_ledger(tmp_path / "data", create=False) as ledger:
        found = [(one.id, one.name, one.unit, one.contact) for one in residents.everyone(ledger)]
        assert found == [(1, "Zoë", "", "hello"), (2, "Zoë", "entry 2", "hello"), (3, "김서연", "", "hello")]
        assert [one.resident for one in tickets.listing(ledger)] == ["Zoë (entry 2)"]
        assert ledger.sites() == ["서울"]
        with ledger.reading() as connection:
            assert schema_of(connection) == tables.SCHEMA
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
