"""What is due by a stay's clock is told once, and nothing while she could not have collected."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.stays import acts, standing
from host_tools.host.stays.clock import AWAY, BY_STAFF, JAMMED, LOST, OUT, UNTOLD
from locker.contract import records
from tests.kit.stay_site import HOUR_MS, MINUTE_MS, START_MS, StaySite

#: In virtual time; the statements are the same for both, see test_acts.py.
pytestmark = pytest.mark.parametrize("home", ["sqlite"], indirect=True)

DOOR = Place("mapo-3", 1, 7)


def at(hours: float) -> int:
    return START_MS + round(hours * HOUR_MS)


@pytest.fixture
def site(home: Path) -> Iterator[StaySite]:
    with open_ledger(home) as ledger:
        made = StaySite(ledger)
        made.resident("Kim")
        made.link(at(0), *made.cabins)
        made.sweep(at(0))
        yield made


def deposit(site: StaySite, hours: float = 0.0, door: int = 7, name: str = "Kim") -> int:
    serial = site.serial(name)
    site.cabins[0].deposit(at(hours), door, serial)
    return serial


def stay(site: StaySite, hours: float) -> standing.Standing:
    with site.ledger.reading() as connection:
        found = standing.standing_of(connection, 1, at(hours))
    assert found is not None
    return found


def test_each_letter_comes_once_and_then_staff_have_a_case(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(100))
    assert site.told() == [("reminder", 24), ("last reminder", 44), ("overdue", 48), ("recalled", 72)]
    assert site.cases() == [("recall", "open")]


def test_who_has_collected_is_told_no_more_and_the_case_of_her_parcel_is_closed(site: StaySite) -> None:
    serial = deposit(site)
    site.run(at(0), at(80))
    site.cabins[0].collect(at(80.5), 7, serial)
    site.run(at(81), at(90))
    assert site.cases() == [("recall", "closed")]
    assert len(site.told()) == 4


def test_the_clock_begins_when_the_post_has_taken_her_letter(site: StaySite) -> None:
    deposit(site)
    site.hear(at(0), site.cabins[0])
    for hour in range(30):
        site.sweep(at(hour), HOUR_MS + 1)
    site.run(at(30), at(100))
    assert site.told() == [("reminder", 54), ("last reminder", 74), ("overdue", 78)]
    assert stay(site, 100).stay.paused == {UNTOLD: 30 * HOUR_MS}


def test_while_the_cabinet_is_away_nothing_is_due_and_afterwards_no_burst_comes(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(10))
    site.link(at(10), site.cabins[0], up=False)
    site.run(at(11), at(110))
    assert site.told() == []
    site.link(at(110), site.cabins[0])
    site.run(at(111), at(150))
    assert site.told() == [("reminder", 125), ("last reminder", 145), ("overdue", 149)]
    assert stay(site, 150).stay.paused == {AWAY: 101 * HOUR_MS}


def test_while_the_cabinet_has_more_to_tell_nothing_is_due(site: StaySite) -> None:
    serial = deposit(site)
    site.run(at(0), at(47))
    cabin = site.cabins[0]
    cabin.collect(at(47.5), 7, serial)
    site.hear(at(48), cabin, at_most=1)
    site.sweep(at(49), 2 * HOUR_MS)
    assert [kind for kind, _ in site.told()] == ["reminder", "last reminder"]
    site.run(at(49), at(100))
    assert len(site.told()) == 2


def test_a_host_that_was_down_for_a_week_overtakes_nobody(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(40))
    site.run(at(240), at(260))
    assert site.told() == [("reminder", 24), ("last reminder", 244), ("overdue", 248)]
    assert stay(site, 250).stay.paused == {AWAY: 200 * HOUR_MS}


def test_a_clock_of_the_host_that_jumps_makes_nothing_due(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(10))
    site.run(at(500), at(502))  # it was put forward by 490 hours
    assert site.told() == []
    site.run(at(12), at(60))  # and back
    assert site.told() == [("reminder", 26), ("last reminder", 46), ("overdue", 50)]


def test_a_jam_that_is_heard_days_late_corrects_the_past(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(30))
    cabin = site.cabins[0]
    cabin.is_up = False  # its events are late, and nobody notices
    cabin.add(at(31), records.DOOR_JAMMED, 7, 0, 1)
    cabin.add(at(41), records.DOOR_OPENED, 7, 0, 1)
    cabin.add(at(41), records.STILL_INSIDE, 7, 0, 1)
    site.run(at(31), at(46))
    assert site.told()[-1] == ("last reminder", 44)
    cabin.is_up = True
    site.run(at(47), at(60))
    assert site.told()[-1] == ("overdue", 58)
    assert stay(site, 60).stay.paused == {JAMMED: 10 * HOUR_MS}


def test_a_door_out_of_service_stops_her_clock_and_she_is_told_both(site: StaySite) -> None:
    deposit(site)
    cabin = site.cabins[0]
    site.run(at(0), at(10))
    cabin.add(at(10), records.OUT_OF_SERVICE, 7, 1, 1)
    site.run(at(11), at(20))
    cabin.add(at(20), records.OUT_OF_SERVICE, 7, 0, 1)
    site.run(at(21), at(60))
    assert site.told() == [
        ("paused", 11), ("resumed", 21), ("reminder", 34), ("last reminder", 54), ("overdue", 58),
    ]  # fmt: skip
    assert stay(site, 60).stay.paused == {OUT: 10 * HOUR_MS}


def test_a_lost_expander_stops_the_clocks_of_its_doors_for_as_long_as_it_is_said(site: StaySite) -> None:
    site.resident("Lee")
    deposit(site)
    deposit(site, door=9, name="Lee")
    cabin = site.cabins[0]
    site.run(at(0), at(10))
    for hour in (10, 11, 12):
        cabin.add(at(hour), records.LEVEL_LOST, 0, 0x20, 1 << 6)
        site.run(at(hour + 1), at(hour + 1))
    site.run(at(14), at(60))
    assert stay(site, 60).stay.paused == {LOST: 3 * HOUR_MS + MINUTE_MS}
    with site.ledger.reading() as connection:
        other = standing.standing_of(connection, 2, at(60))
    assert other is not None
    assert other.stay.paused == {}


def test_staff_pause_a_site_and_the_letters_say_so(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(10))
    assert acts.pause(site.ledger, "mapo-3", "storm", at_ms=at(10)) == 1
    site.run(at(11), at(29))
    acts.resume(site.ledger, "mapo-3", at_ms=at(30))
    site.run(at(30), at(80))
    assert site.told()[:3] == [("paused", 11), ("resumed", 30), ("reminder", 44)]
    found = stay(site, 80)
    assert found.stay.paused == {BY_STAFF: 20 * HOUR_MS}
    assert [pause.reason for pause in found.pauses if pause.cause == BY_STAFF] == ["storm"]


def test_an_extension_is_told_and_moves_the_end_also_of_who_is_overdue(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(50))
    extended = acts.extend(site.ledger, DOOR, at_ms=at(50))
    assert extended == (1, at(72))
    site.run(at(51), at(100))
    assert site.told()[3:] == [("extended", 50), ("last reminder", 68), ("overdue", 72), ("recalled", 96)]
    assert site.cases() == [("recall", "open")]


def test_a_resident_without_a_contact_is_a_case_at_once(site: StaySite) -> None:
    site.resident("Park", "")
    deposit(site, name="Park")
    site.run(at(0), at(1))
    assert site.cases() == [("no contact", "open")]


def test_a_letter_that_is_being_made_knows_until_when_it_is_free(site: StaySite) -> None:
    deposit(site)
    site.hear(at(2), site.cabins[0])
    with site.ledger.reading() as connection:
        assert standing.free_until(connection, 1, at(5)) == at(53)
        assert standing.free_until(connection, 99, at(5)) is None
    site.run(at(6), at(20))
    with site.ledger.reading() as connection:
        assert standing.free_until(connection, 1, at(20)) == at(54)


def test_parcels_that_waited_before_stays_were_watched_are_not_overdue_at_once(home: Path) -> None:
    with open_ledger(home) as ledger:
        site = StaySite(ledger)
        site.resident("Kim")
        deposit(site)
        site.link(at(0), *site.cabins)
        site.hear(at(0), site.cabins[0])
        site.post(at(0))
        site.run(at(500), at(560))
        assert site.told() == [("reminder", 524), ("last reminder", 544), ("overdue", 548)]


def test_a_policy_changed_while_parcels_wait_changes_none_of_them(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(1))
    acts.set_policy(site.ledger, "mapo-3", {"free_h": 12, "recall_h": 14, "last_reminder_h": 1})
    with site.ledger.writing() as connection:
        connection.execute(tables.stay_policy.update().values(since_ms=at(1.5)))
    site.resident("Lee")
    deposit(site, 2, 9, "Lee")
    site.run(at(2), at(60))
    assert site.told() == [
        ("last reminder", 13), ("overdue", 14), ("recalled", 16),
        ("reminder", 24), ("last reminder", 44), ("overdue", 48),
    ]  # fmt: skip


def test_a_channel_that_tells_has_the_clock_wait_for_the_delivery_a_day_at_most(site: StaySite) -> None:
    deposit(site)
    site.run(at(0), at(20))
    assert stay(site, 20).stay.ran_ms == 20 * HOUR_MS
    outbox = tables.outbox

    def report(**values: int) -> None:
        with site.ledger.writing() as connection:
            connection.execute(outbox.update().values(**values))

    report(delivered_ms=at(6))  # it is told late: the past is corrected
    assert stay(site, 20).stay.free_until_ms == at(54)
    report(delivered_ms=at(90))
    assert stay(site, 20).stay.free_until_ms == at(72)
    with site.ledger.writing() as connection:
        connection.execute(outbox.update().values(delivered_ms=None, given_up_ms=at(2)))
    assert stay(site, 20).stay.free_until_ms == at(72)
