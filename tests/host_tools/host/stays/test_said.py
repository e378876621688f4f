"""Letters say until when a parcel waits, how long its clock stood still, and why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import facts, outbox
from host_tools.host.notify.facts import facts_of
from host_tools.host.notify.wording import Facts, letter
from host_tools.host.stays import acts
from host_tools.host.stays.clock import BY_STAFF
from tests.kit.stay_site import HOUR_MS, START_MS, StaySite

STEP_MS = 6 * HOUR_MS
pytestmark = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


def at(hours: float) -> int:
    return START_MS + round(hours * HOUR_MS)


@pytest.fixture
def site(home: Path) -> Iterator[StaySite]:
    with open_ledger(home) as ledger:
        made = StaySite(ledger)
        made.resident("Kim")
        acts.set_policy(ledger, "mapo-3", {"fee": 500, "fee_max": 5000})
        with ledger.writing() as connection:
            connection.execute(tables.stay_policy.update().values(since_ms=0))
        made.link(at(0), *made.cabins)
        made.sweep(at(0))
        made.cabins[0].deposit(at(0), 7, made.serial("Kim"))
        made.hear(at(0), made.cabins[0])
        yield made


def of(site: StaySite, kind: str, hours: float) -> tuple[Facts, str]:
    """The facts of the letter of that kind, and its text, made at that time."""
    with site.ledger.reading() as connection:
        rows = connection.execute(tables.outbox.select().where(tables.outbox.c.kind == kind)).all()
    found = facts_of(site.ledger, rows, at(hours))[rows[-1].id]
    matter = outbox._matter(rows[-1], outbox._moment(rows[-1]))
    return found, letter(matter, site.ledger.identity_of(rows[-1].cabinet), facts=found).text


def test_the_first_letter_says_until_when_if_it_is_handed_over_now(site: StaySite) -> None:
    said, text = of(site, "deposited", 0)
    assert (said.until_ms, said.paused_ms) == (at(48), None)
    assert "It waits until" in text.replace("\n", " ")


def test_the_first_letter_says_until_when_also_while_its_cabinet_is_not_heard_yet(site: StaySite) -> None:
    site.link(at(1), *site.cabins, up=False)  # the server begins, and the cabinet is still to greet it
    site.sweep(at(1))
    said, text = of(site, "deposited", 2)
    assert said.until_ms == at(50)
    assert "It waits until" in text.replace("\n", " ")


def test_overdue_letters_say_what_it_costs_and_how_long_the_clock_stood_still(site: StaySite) -> None:
    site.run(at(0), at(12), STEP_MS)
    acts.pause(site.ledger, "mapo-3", "storm", at_ms=at(12))
    site.run(at(18), at(18), STEP_MS)
    paused, text = of(site, "paused", 18)
    assert (paused.cause, paused.until_ms) == (BY_STAFF, None)
    assert "stopped the time of all parcels" in text.replace("\n", " ")
    acts.resume(site.ledger, "mapo-3", at_ms=at(24))
    site.run(at(24), at(66), STEP_MS)
    said, text = of(site, "overdue", 66)
    assert (said.until_ms, said.paused_ms, said.fee) == (at(60), 12 * HOUR_MS, "500 KRW")
    assert "500 KRW" in text


def test_a_letter_goes_out_whatever_is_wrong_with_what_is_known_of_a_stay(
    site: StaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(facts, "said", broken)
    assert facts_of(site.ledger, [], at(0)) == {}
