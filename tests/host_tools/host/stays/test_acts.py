"""What people do about stays, and what two of them do at once, in both kinds of database."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from host_tools.errors import UserError
from host_tools.host.fleet import order_log
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.parcels import support
from host_tools.host.stays import acts, sweep
from host_tools.host.stays.pauses import _STOPPING
from tests.kit.stay_site import HOUR_MS, START_MS, StaySite

DOOR = Place("mapo-3", 1, 7)
STEP_MS = 12 * HOUR_MS
COARSE = {"free_h": 48, "reminder_h": 24, "last_reminder_h": 12, "fee": 500, "fee_max": 1200}


def at(hours: float) -> int:
    return START_MS + round(hours * HOUR_MS)


@pytest.fixture
def site(home: Path) -> Iterator[StaySite]:
    """A parcel of Kim's waits, and the clock of its stay runs from the first hour on."""
    with open_ledger(home) as ledger:
        made = StaySite(ledger)
        made.resident("Kim")
        acts.set_policy(ledger, "mapo-3", COARSE)
        with ledger.writing() as connection:
            connection.execute(tables.stay_policy.update().values(since_ms=0))
        made.link(at(0), *made.cabins)
        made.sweep(at(0))
        made.cabins[0].deposit(at(0), 7, made.serial("Kim"))
        made.hear(at(0), made.cabins[0])
        made.post(at(0))
        yield made


def at_once(*acts_: Callable[[], object]) -> list[str]:
    """Does these side by side; what they came to, in order of their sentences."""
    ended: list[str] = []

    def do(act: Callable[[], object]) -> None:
        try:
            act()
            ended.append("done")
        except UserError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=do, args=(act,)) for act in acts_]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


def test_both_databases_tell_the_same_letters(site: StaySite) -> None:
    site.run(at(0), at(84), STEP_MS)
    assert site.told() == [("reminder", 24), ("last reminder", 36), ("overdue", 48), ("recalled", 72)]
    found = acts.listing(site.ledger)
    assert [one.row.site_name for one in found] == ["mapo-3"]


def test_a_fee_is_marked_paid_once_with_its_reference(site: StaySite) -> None:
    site.run(at(0), at(60), STEP_MS)
    found = acts.pay(site.ledger, DOOR, "2026-0117", at_ms=at(60))
    assert found.stay.fee == 500
    with pytest.raises(UserError, match="paid already, with reference 2026-0117"):
        acts.pay(site.ledger, DOOR, "2026-0118", at_ms=at(60))
    site.run(at(72), at(96), STEP_MS)
    assert acts.pay(site.ledger, DOOR, "2026-0119", at_ms=at(96)).stay.fee == 1000


def test_who_owes_nothing_pays_nothing(site: StaySite) -> None:
    with pytest.raises(UserError, match="nothing to pay"):
        acts.pay(site.ledger, DOOR, "1", at_ms=at(1))
    with pytest.raises(UserError, match="reference has 1 to 64"):
        acts.pay(site.ledger, DOOR, "  ", at_ms=at(1))


def test_two_clerks_who_extend_at_once_extend_twice_and_no_third_time(site: StaySite) -> None:
    def extend() -> object:
        return acts.extend(site.ledger, DOOR, at_ms=at(1))

    ended = at_once(extend, extend, extend)
    assert ended[1:] == ["done", "done"]
    assert "extended 2 times" in ended[0]
    assert [kind for kind, _ in site.told()] == ["extended", "extended"]


def test_two_clerks_who_pause_at_once_pause_once(site: StaySite) -> None:
    ended = at_once(*[lambda: acts.pause(site.ledger, "mapo-3", "storm", at_ms=at(1))] * 2)
    assert sorted(one.split(":")[0] for one in ended) == ["done", "mapo-3 is paused already"]
    with site.ledger.reading() as connection:
        assert len(connection.execute(tables.site_pause.select()).all()) == 1


def test_two_servers_that_sweep_at_once_tell_her_once(site: StaySite) -> None:
    site.run(at(0), at(36), STEP_MS)
    site.presence.beat(at(48), {})
    at_once(*[lambda: sweep.sweep(site.ledger, at(48), STEP_MS + 1)] * 3)
    assert [kind for kind, _ in site.told()] == ["reminder", "last reminder", "overdue"]


def test_of_two_clerks_who_recall_at_once_one_gets_the_code_that_lives(
    site: StaySite,
) -> None:
    """The order for the first, which no cabinet was told of, is no more: one code is armed, the newest."""
    assert at_once(*[lambda: support.recall(site.ledger, DOOR)] * 2) == ["done", "done"]
    with site.ledger.reading() as connection:
        orders = connection.execute(tables.command.select().order_by(tables.command.c.sequence)).all()
    assert [order.a for order in orders] == [2]
    assert order_log.state_of(site.ledger, orders[0].sequence) == "waiting"
    # The number of an order that is no more may be given again; who asks for one that is nobody's hears so.
    assert order_log.state_of(site.ledger, orders[0].sequence + 1) == order_log.REPLACED


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_killed_at_any_statement_a_sweep_is_done_once_in_the_end(
    site: StaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.run(at(0), at(60), STEP_MS)
    site.presence.beat(at(72), {})
    insert_new = sweep.insert_new
    for killed_in in ("letter", "case"):

        def die(*_arguments: object, **_more: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            if killed_in == "letter":
                patch.setattr(sweep, "insert_new", die)
            else:
                patch.setattr(sweep.cases, "open_case", die)
            with pytest.raises(KeyboardInterrupt):
                sweep.sweep(site.ledger, at(72), STEP_MS + 1)
        assert sweep.insert_new is insert_new
        assert site.cases() == []
        assert len(site.told()) == 3
    for _ in range(3):
        sweep.sweep(site.ledger, at(72), STEP_MS + 1)
    assert site.cases() == [("recall", "open")]
    assert [kind for kind, _ in site.told()][3:] == ["recalled"]


def test_what_stops_doors_is_found_by_its_index(site: StaySite) -> None:
    """Without it each look at a parcel reads all that its board ever told."""
    if not site.ledger.is_in_a_file:
        return
    with site.ledger.reading() as connection:
        plan = connection.execute(
            text(f"EXPLAIN QUERY PLAN SELECT * FROM event WHERE cabinet + 0 IN (1, 2) AND {_STOPPING}")
        ).all()
    assert any("ix_event_stopping" in row.detail for row in plan)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda ledger: acts.pause(ledger, "mapo-3", " "), "Say why"),
        (lambda ledger: acts.pause(ledger, "nowhere", "storm"), "no site of that name"),
        (lambda ledger: acts.resume(ledger, "mapo-3"), "is not paused"),
        (lambda ledger: acts.extend(ledger, Place("mapo-3", 1, 8)), "No parcel waits behind door 08"),
        (lambda ledger: acts.set_policy(ledger, "mapo-3", {"free_h": 0}), "Hours are from 1"),
    ],
)
@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_what_cannot_be_done_is_one_sentence(site: StaySite, act: Callable, says: str) -> None:
    with pytest.raises(UserError, match=says):
        act(site.ledger)
