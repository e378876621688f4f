"""Whoever is related to a resident is neither told of what happens at her door nor finds a case of it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.care import cases, kinds, tap
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import silent
from host_tools.host.parcels import bells
from host_tools.host.people import residents
from locker.contract import records
from tests.kit.cared_site import SECOND_MS, CaredSite

DOOR = 5
DISPATCHER = frozenset({"dispatcher"})


def relate(site: CaredSite, *accounts: int) -> None:
    with site.ledger.writing() as connection:
        her = residents.find(connection, "Kim").id
        for account in accounts:
            sight.relate(connection, account, her, "barred", site.at_ms)


def seen_by(site: CaredSite, account: int, name: str) -> list[str]:
    """The kinds of cases that an account finds."""
    before, site.ledger.actor = site.ledger.actor, Actor(account, name, "", DISPATCHER)
    try:
        return [one.kind for one in site.cases()]
    finally:
        site.ledger.actor = before


def test_a_page_about_her_door_goes_to_the_next_one_at_once(site: CaredSite) -> None:
    han, seo = site.hires("Han"), site.hires("Seo")
    site.puts_on_call(han, seo)
    site.deposits(DOOR)
    relate(site, han)
    site.tells(records.DOOR_FORCED, DOOR)
    told = site.pages_for(8 * 60)
    assert [(at, name) for at, name, _ in told] == [(0, "Seo"), (60, "Seo"), (360, "Seo")]
    assert kinds.NOBODY_UNRELATED not in seen_by(site, seo, "Seo")


def test_what_is_about_no_door_of_hers_is_told_to_all(site: CaredSite) -> None:
    han, seo = site.hires("Han"), site.hires("Seo")
    site.puts_on_call(han, seo)
    site.deposits(DOOR)
    relate(site, han)
    site.rings()
    assert [name for _, name, _ in site.pages_for(120)] == ["Han", "Seo"]
    assert seen_by(site, han, "Han") == ["bell"]


@pytest.mark.parametrize("kind", [records.DOOR_FORCED, records.DOOR_JAMMED, records.DOOR_LEFT_OPEN])
def test_a_related_account_finds_no_case_of_hers_and_is_told_what_is_told_of_none(
    site: CaredSite, kind: int
) -> None:
    han, seo = site.hires("Han", "dispatcher"), site.hires("Seo", "dispatcher")
    site.deposits(DOOR)
    site.tells(records.DOOR_FORCED, 1, cabinet=2)  # nothing is behind that one
    relate(site, han)
    site.at_ms += SECOND_MS
    site.tells(kind, DOOR)
    site.looks()
    (hers,) = [one for one in site.cases() if one.cabinet_number == 1]
    assert len(seen_by(site, seo, "Seo")) == len(seen_by(site, han, "Han")) + 1
    site.ledger.actor = Actor(han, "Han", "", DISPATCHER)
    with site.ledger.writing() as connection:
        with pytest.raises(UserError) as refused:
            bells.take(connection, site.ledger, hers.id, site.at_ms)
        with pytest.raises(UserError) as unknown:
            bells.take(connection, site.ledger, 99_999, site.at_ms)
    assert str(refused.value) == str(unknown.value).replace("99999", str(hers.id))


def test_of_two_forced_doors_at_a_cabinet_hers_alone_is_kept(site: CaredSite) -> None:
    han = site.hires("Han", "dispatcher")
    site.deposits(3)
    with site.ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE parcel SET resident = NULL")  # not hers
    site.deposits(DOOR)
    relate(site, han)
    site.tells(records.DOOR_FORCED, 3)
    site.takes_in()
    assert seen_by(site, han, "Han") == ["forced"]
    site.tells(records.DOOR_FORCED, DOOR)
    site.takes_in()
    assert len(site.cases()) == 2
    assert seen_by(site, han, "Han") == ["forced"]


def test_a_page_that_waits_for_somebody_who_is_related_since_goes_to_the_next(site: CaredSite) -> None:
    han, seo = site.hires("Han"), site.hires("Seo")
    site.puts_on_call(han, seo)
    site.deposits(DOOR)
    site.tells(records.DOOR_FORCED, DOOR)
    (page,) = site.looks().pages
    with site.ledger.writing() as connection:
        token = tap.token(tap.secret(connection, site.ledger), page)
        tap.keep(connection, page.id, token)
        assert tap.read(connection, token).account.name == "Han"
    relate(site, han)
    assert [page.name for page in site.looks().pages] == ["Seo"]
    with site.ledger.reading() as connection, pytest.raises(UserError, match="takes nothing any more"):
        tap.read(connection, token)


def test_numbers_of_cases_have_gaps_where_somebody_is_related_to_somebody(site: CaredSite) -> None:
    han = site.hires("Han")

    def numbers(first: int) -> list[int]:
        with site.ledger.writing() as connection:
            keys = map(str, range(first, first + 40))
            return [cases.open_case(connection, "lamp", key=key, at_ms=site.at_ms) for key in keys]

    assert numbers(0) == list(range(1, 41))
    relate(site, han)
    later = numbers(100)
    assert later == sorted(set(later))
    assert later[-1] > 81, "40 numbers without a gap come about once in 10^12 times"


@settings(max_examples=12, deadline=None)
@given(
    kin=st.lists(st.booleans(), min_size=5, max_size=5),
    on_call=st.lists(st.integers(0, 4), max_size=4, unique=True),
    kind=st.sampled_from((records.DOOR_FORCED, records.DOOR_JAMMED)),
)
def test_whoever_is_on_call_and_related_nobody_related_hears_and_all_others_in_order(
    kin: Sequence[bool], on_call: Sequence[int], kind: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, open_ledger(Path(folder) / "data") as ledger:
        site = CaredSite(ledger)
        names = [f"P{at}" for at in range(5)]
        people = [site.hires(name, "dispatcher" if at >= 3 else "staff") for at, name in enumerate(names)]
        site.puts_on_call(*(people[at] for at in on_call))
        site.deposits(DOOR)
        relate(site, *(one for one, is_kin in zip(people, kin, strict=True) if is_kin))
        site.tells(kind, DOOR)
        told = site.pages_for(3 * 60, 30)
        may = [names[at] for at in on_call if not kin[at]]
        heard = [name for _, name, _ in told]
        assert not {name for name, is_kin in zip(names, kin, strict=True) if is_kin} & set(heard)
        if kind == records.DOOR_FORCED:
            desk = {name for name, is_kin in list(zip(names, kin, strict=True))[3:] if not is_kin}
            first = [name for at, name, _ in told if at == 0]
            assert first == may[:1] or (not may and set(first) == desk)
            seen = {one.kind for one in site.cases()}
            assert (kinds.NOBODY_UNRELATED in seen) == (bool(on_call) and not may)
            assert (kinds.NOBODY_ON_CALL in seen) == (not on_call)
            said = [one for one in site.cases() if one.kind == kinds.NOBODY_UNRELATED]
            assert all((one.site, one.cabinet, one.door) == (None, None, 0) for one in said)
        for one, name, is_kin in zip(people, names, kin, strict=True):
            if is_kin:
                assert set(seen_by(site, one, name)) <= {kinds.NOBODY_ON_CALL}


def test_a_silent_alarm_of_hers_is_in_no_list_of_somebody_related(site: CaredSite) -> None:
    han, seo = site.hires("Han", "dispatcher"), site.hires("Seo", "dispatcher")
    site.deposits(DOOR)
    relate(site, han)
    site.tells(records.PICKUP_OPENED, DOOR, records.BY_DURESS, 1)

    def listed(account: int, name: str) -> Sequence[silent.Silent]:
        site.ledger.actor = Actor(account, name, "", DISPATCHER)
        with site.ledger.reading() as connection:
            return silent.listing(connection, site.ledger, site.at_ms)

    (hers,) = listed(seo, "Seo")
    assert not listed(han, "Han")
    with site.ledger.writing() as connection, pytest.raises(UserError, match="There is no alarm"):
        silent.take(connection, site.ledger, hers.id, "Han", site.at_ms)
