"""An account is a person's: whom that person is not to hear of outlives it, and an operator is somebody."""

import getpass
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.accounts import accounts, people, sight
from host_tools.host.accounts.people import Change
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.people import residents
from tests.kit import os_users

AT_MS = 1_700_000_000_000
OPERATOR = ("operator",)


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        yield opened


def sees(ledger: Ledger, os_user: str) -> list[str]:
    """Whom the account of that user finds."""
    ledger.actor = accounts.who(ledger, os_user)
    found = [one.name for one in residents.everyone(ledger)]
    ledger.actor = accounts.who(ledger, "jimin")
    return found


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (Change(OPERATOR, None, "seo"), Change(OPERATOR, None, "seo")),
        (Change(OPERATOR, None, "seo", "seo@example.org"), Change(OPERATOR, None, "seo2", "seo@example.org")),
        (Change(OPERATOR, None, None, "seo@example.org"), Change(OPERATOR, None, "seo", "seo@example.org")),
    ],
)
@pytest.mark.parametrize("how", ["ended", "given to another", "kept"])
def test_whom_somebody_is_related_to_stays_with_the_person_whose_account_never_acted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, before: Change, then: Change, how: str
) -> None:
    os_users.there_are(monkeypatch, "jimin", "seo", "seo2", "lee")
    her = residents.add(ledger, "Kim").id
    residents.add(ledger, "Lee")
    people.add(ledger, "Han", Change(OPERATOR, None, "jimin"), AT_MS)
    ledger.actor = accounts.who(ledger, "jimin")
    people.add(ledger, "Seo", before, AT_MS)
    with ledger.writing() as connection:
        sight.relate(connection, people.find(connection, "Seo"), her, "barred", AT_MS)
    if how == "ended":
        people.end(ledger, "Seo", AT_MS)
    elif how == "given to another" or then.os_user == before.os_user:
        people.change(ledger, "Seo", Change(os_user="lee", contact="lee@example.org"), AT_MS)
    people.add(ledger, "Seo anew", then, AT_MS)
    assert sees(ledger, then.os_user or "") == ["Lee"]
    assert sees(ledger, "jimin") == ["Kim", "Lee"]


def test_an_ended_accounts_name_is_refused_with_how_its_relations_are_found_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    os_users.there_are(monkeypatch, "jimin", "seo")
    people.add(ledger, "Han", Change(OPERATOR, None, "jimin"), AT_MS)
    people.add(ledger, "Seo", Change(("staff",)), AT_MS)
    people.end(ledger, "Seo", AT_MS)
    with pytest.raises(UserError, match="`ansim account relate`"):
        people.add(ledger, "Seo", Change(("staff",)), AT_MS)


def test_a_user_whom_the_operating_system_does_not_know_is_refused_and_is_no_last_operator(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = getpass.getuser()
    assert people.is_os_user(me)
    with pytest.raises(UserError, match="knows no user ghost-of-ansim"):
        people.add(ledger, "Han", Change(OPERATOR, None, "ghost-of-ansim"), AT_MS)
    people.add(ledger, "Han", Change(OPERATOR, None, me), AT_MS)
    with pytest.raises(UserError, match="knows no user"):
        people.change(ledger, "Han", Change(os_user="ghost-of-ansim"), AT_MS)
    with monkeypatch.context() as earlier:
        os_users.there_are(earlier, "seo")
        people.add(ledger, "Seo", Change(OPERATOR, None, "seo"), AT_MS)
    os_users.there_are(monkeypatch, me)  # that user was removed since
    with pytest.raises(UserError, match="no operator could give commands"):
        people.end(ledger, "Han", AT_MS)
