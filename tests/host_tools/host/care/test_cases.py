"""A case is opened once for its cause, taken by one person, and closed with an outcome;
every alarm becomes one, and repeats are counted.
"""

import pytest

from host_tools.errors import UserError
from host_tools.host.care import cases, kinds
from host_tools.host.kinds import KINDS
from host_tools.host.ledger import aside, bounds
from host_tools.host.notify import letters
from locker.contract import records
from tests.kit.cared_site import HOUR_MS, MINUTE_MS, NOON_MS, CaredSite

ALARMS = {kind.alarm for kind in KINDS.values() if kind.alarm} | set(aside.CASES)
ALARMS |= {letters.ODD_TICKET, letters.USED_TWICE, letters.UNKNOWN, letters.LOST, letters.UNORDERED}
ALARMS |= {bounds.HELD_BACK, bounds.FLOODS, bounds.REFUSALS, "silenced"}


def test_every_alarm_of_the_ledger_has_a_kind_of_cases_with_outcomes_and_what_to_do() -> None:
    assert set(kinds.KINDS) >= ALARMS
    for name, kind in kinds.KINDS.items():
        assert len(name) <= 24
        assert kind.todo.endswith(".")
        assert kind.outcomes
        assert all(len(outcome) <= 32 for outcome in kind.outcomes)


def test_people_are_woken_for_help_and_harm_alone() -> None:
    woken = {name for name, kind in kinds.KINDS.items() if kind.pages}
    assert woken == {"bell", "forced", "tamper", "coil", "untold long"}


def test_a_bell_becomes_a_case_and_each_ring_is_counted(site: CaredSite) -> None:
    site.rings()
    assert site.takes_in() == 1
    for _ in range(3):
        site.at_ms += MINUTE_MS
        site.rings()
    site.rings(cabinet=2)
    assert site.takes_in() == 4
    assert [(one.kind, one.cabinet_number, one.times) for one in site.cases()] == [
        ("bell", 1, 4),
        ("bell", 2, 1),
    ]
    assert site.takes_in() == 0
    first = site.cases()[0]
    assert (first.heard_ms, first.last_ms) == (NOON_MS, NOON_MS + 3 * MINUTE_MS)
    assert first.number == len(site.boards[1].events)  # the call that is answered


def test_a_forced_door_wakes_people_where_a_parcel_is_behind_it(site: CaredSite) -> None:
    site.deposits(7)
    site.tells(records.DOOR_FORCED, 7)
    site.tells(records.DOOR_FORCED, 9)
    site.takes_in()
    assert [(one.kind, one.door, one.pages) for one in site.cases()] == [
        ("forced", 7, True),
        ("forced empty", 9, False),
    ]


def test_an_alarm_that_is_heard_late_says_when_it_happened(site: CaredSite) -> None:
    site.rings()
    site.at_ms += HOUR_MS
    site.tells(records.DOOR_JAMMED, 3)
    site.takes_in()
    for one in site.cases():
        assert one.earliest_ms <= one.latest_ms <= one.heard_ms
    assert [one.heard_ms for one in site.cases()] == [NOON_MS, NOON_MS + HOUR_MS]


def test_of_two_who_take_at_once_one_has_it_and_the_other_hears_who(site: CaredSite) -> None:
    site.rings()
    site.takes_in()
    (bell,) = site.cases()
    with site.ledger.writing() as connection:
        assert cases.take(connection, bell.id, "Min", NOON_MS).taken_by == "Min"
    with site.ledger.writing() as connection, pytest.raises(UserError, match="Min has taken case 1 already"):
        cases.take(connection, bell.id, "Jun", NOON_MS + 1)
    with site.ledger.writing() as connection:
        assert cases.take(connection, bell.id, "Min", NOON_MS + 2).taken_ms == NOON_MS


def test_a_bell_that_rings_again_after_it_was_taken_is_nobodys_and_a_tampering_stays_taken(
    site: CaredSite,
) -> None:
    site.rings()
    site.tells(records.TAMPERED)
    site.takes_in()
    with site.ledger.writing() as connection:
        for one in site.cases():
            cases.take(connection, one.id, "Min", NOON_MS)
    site.rings()
    site.tells(records.TAMPERED)
    site.takes_in()
    states = {one.kind: (one.state, one.taken_by, one.times) for one in site.cases()}
    assert states == {"bell": ("open", None, 2), "tamper": ("taken", "Min", 2)}


def test_a_case_closes_with_an_outcome_of_its_list_alone_and_then_its_cause_opens_another(
    site: CaredSite,
) -> None:
    site.rings()
    site.takes_in()
    with site.ledger.writing() as connection, pytest.raises(UserError, match="ends as one of these: helped"):
        cases.close(connection, 1, "Min", "mended", NOON_MS)
    with site.ledger.writing() as connection:
        cases.close(connection, 1, "Min", "helped", NOON_MS, "she is at home")
    with site.ledger.writing() as connection, pytest.raises(UserError, match="was closed by Min"):
        cases.take(connection, 1, "Jun", NOON_MS)
    site.rings()
    site.takes_in()
    assert [(one.id, one.times) for one in site.cases()] == [(2, 1)]
    with site.ledger.reading() as connection:
        told = [(one.what, one.by, one.words) for one in cases.notes(connection, 1)]
    assert told == [("opened", "", ""), ("closed", "Min", "helped. she is at home")]


def test_shelving_needs_a_reason_and_ends_by_itself(site: CaredSite) -> None:
    site.tells(records.LAMP_FAILED)
    site.takes_in()
    until_ms = NOON_MS + HOUR_MS
    with site.ledger.writing() as connection:
        with pytest.raises(UserError, match="needs a reason"):
            cases.shelve(connection, 1, "Min", until_ms, " ", NOON_MS)
        with pytest.raises(UserError, match="at most 30 days"):
            cases.shelve(connection, 1, "Min", NOON_MS + 31 * 24 * HOUR_MS, "no lamp", NOON_MS)
        cases.shelve(connection, 1, "Min", until_ms, "the lamp is ordered", NOON_MS)
    for at_ms, state in ((until_ms - 1, "shelved"), (until_ms, "open")):
        with site.ledger.writing() as connection:
            cases.unshelve_due(connection, at_ms)
        assert [one.state for one in site.cases()] == [state]


def test_an_alarm_that_nobody_has_taken_is_not_shelved_and_a_shelved_one_comes_back_when_it_happens_again(
    site: CaredSite,
) -> None:
    site.tells(records.TAMPERED)
    site.takes_in()
    with site.ledger.writing() as connection:
        with pytest.raises(UserError, match="`ansim case take 1` first"):
            cases.shelve(connection, 1, "Min", NOON_MS + HOUR_MS, "wind", NOON_MS)
        cases.take(connection, 1, "Min", NOON_MS)
        cases.shelve(connection, 1, "Min", NOON_MS + HOUR_MS, "the wind does it", NOON_MS)
    site.tells(records.TAMPERED)
    site.takes_in()
    assert [(one.state, one.times) for one in site.cases()] == [("open", 2)]


def test_a_case_of_the_hosts_own_is_opened_once_and_settled_when_its_cause_ends(site: CaredSite) -> None:
    with site.ledger.writing() as connection:
        for _ in range(3):
            cases.open_case(connection, kinds.CHANNEL_DOWN, key="mail", at_ms=NOON_MS)
        assert cases.settle(connection, kinds.CHANNEL_DOWN, "mail", NOON_MS, "over by itself")
        assert not cases.settle(connection, kinds.CHANNEL_DOWN, "mail", NOON_MS, "over by itself")
        again = cases.open_case(connection, kinds.CHANNEL_DOWN, key="mail", at_ms=NOON_MS, once=True)
    assert again == 1
    assert [(one.times, one.outcome, one.closed_by) for one in site.cases("closed")] == [
        (1, "over by itself", "")
    ]
