"""A silent alarm that no dispatcher takes is told again, to them alone, in their order, until one does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.accounts import audit, sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import silent
from host_tools.host.notify.insistence import NOT_TAKEN, PAGE, Insistence
from host_tools.host.notify.notifier import Message
from host_tools.host.people import residents
from locker.contract import records
from tests.kit import post
from tests.kit.cared_site import MINUTE_MS, SECOND_MS, CaredSite
from tests.kit.post import Paper

DOOR = 5
DESK = "desk@example.org"


@pytest.fixture
def site(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaredSite]:
    with open_ledger(home) as ledger:
        made = CaredSite(ledger)
        monkeypatch.setattr("host_tools.host.notify.dispatch.now_ms", lambda: made.at_ms)
        yield made


def under_duress(site: CaredSite, door: int = DOOR) -> None:
    """A pickup that dispatchers have been told of once."""
    site.deposits(door)
    site.tells(records.PICKUP_OPENED, door, records.BY_DURESS, 1)
    post.dispatched(site.ledger, Paper())


def told(
    site: CaredSite, insistence: Insistence, for_ms: int, step_ms: int = 30_000
) -> list[tuple[int, Message]]:
    """What is told again in that time: (seconds since now, message)."""
    begun_ms, found = site.at_ms, []
    while site.at_ms <= begun_ms + for_ms:
        for door, its in insistence.look(site.ledger, site.at_ms).items():
            insistence.told(door, site.at_ms)
            found += [((site.at_ms - begun_ms) // SECOND_MS, message) for message in its]
        site.at_ms += step_ms
    return found


def take(site: CaredSite) -> None:
    site.ledger.actor = Actor(None, "Dae", "", frozenset({"dispatcher"}))
    with site.ledger.writing() as connection:
        (one,) = silent.listing(connection, site.ledger, site.at_ms)
        silent.take(connection, site.ledger, one.id, "Dae", site.at_ms)
    site.ledger.actor = Actor()


@pytest.mark.parametrize("how", ["ended", "no dispatcher any more", "related"])
def test_what_a_dispatcher_has_taken_who_may_not_see_to_it_any_more_is_open_and_told_again(
    site: CaredSite, how: str
) -> None:
    one = site.hires("Dae", "dispatcher")
    site.hires("Seo", "operator dispatcher")
    under_duress(site)
    site.at_ms += 5 * MINUTE_MS
    take(site)
    insistence = Insistence()
    site.looks(watches=True)
    assert insistence.look(site.ledger, site.at_ms) == {}
    with site.ledger.writing() as connection:
        its = tables.account.update().where(tables.account.c.id == one)
        if how == "ended":
            connection.execute(its.values(ended_ms=site.at_ms))
        elif how == "related":
            sight.relate(connection, one, residents.find(connection, "Kim").id, "barred", site.at_ms)
            silent.give_back_of_related(connection, site.ledger, one, site.at_ms)
        else:
            connection.execute(its.values(roles="staff"))
    site.looks(watches=True)
    (again,) = insistence.look(site.ledger, site.at_ms).values()
    assert [message.kind for message in again] == [NOT_TAKEN]
    site.ledger.actor = Actor(None, "Seo", "", frozenset({"dispatcher"}))
    with site.ledger.reading() as connection:
        (shown,) = silent.listing(connection, site.ledger, site.at_ms)
    assert (shown.state, shown.taken_by) == (silent.OPEN, None)
    acts = [(row.chain, row.act) for row in audit.listing(site.ledger) if row.act.startswith("alarm")]
    assert acts == [(audit.DURESS, "alarm take"), (audit.DURESS, "alarm give-back")]
    assert audit.verify(site.ledger)[1].wrong is None


def test_a_file_gets_one_line_each_minute_for_an_hour_then_each_ten_until_it_is_taken(
    site: CaredSite,
) -> None:
    under_duress(site)
    again = Insistence()
    minutes = told(site, again, 4 * MINUTE_MS)
    assert [at for at, _ in minutes] == [60, 120, 180, 240]
    assert {message.kind for _, message in minutes} == {NOT_TAKEN}
    assert minutes[0][1].text.startswith("Not taken yet: door 05 at mapo-3, cabinet 1, silent alarms: 1.")
    site.at_ms += 54 * MINUTE_MS  # 58 min 30 s since it was told first
    later = told(site, again, 22 * MINUTE_MS, MINUTE_MS)
    assert [at for at, _ in later] == [0, 60, 660, 1260]
    assert len({message.id for _, message in minutes + later}) == 8
    take(site)
    assert told(site, again, 20 * MINUTE_MS, 5 * MINUTE_MS) == []


def test_dispatchers_on_call_are_told_in_order_then_all_whom_the_channel_serves(site: CaredSite) -> None:
    min_, jun = site.hires("Min", "dispatcher"), site.hires("Jun", "staff dispatcher")
    ari = site.hires("Ari", "staff")
    site.hires("Dae", "dispatcher")
    site.hires("Bom", "dispatcher", "010-1234-5678")  # not by this channel
    site.puts_on_call(ari, jun, min_)
    under_duress(site)
    found = told(site, Insistence(DESK), 3 * MINUTE_MS)
    assert [(at, message.contact.partition("@")[0]) for at, message in found] == [
        (60, "jun"),
        (120, "min"),
        *((180, name) for name in ("jun", "min", "dae", "desk")),
    ]
    assert {message.kind for _, message in found} == {PAGE}
    assert not any("mapo" in message.text or "duress" in message.text for _, message in found)


def test_whoever_is_related_to_her_is_left_out(site: CaredSite) -> None:
    han, seo = site.hires("Han", "dispatcher"), site.hires("Seo", "dispatcher")
    site.puts_on_call(han, seo)
    under_duress(site)
    with site.ledger.writing() as connection:
        sight.relate(connection, han, residents.find(connection, "Kim").id, "barred", site.at_ms)
    found = told(site, Insistence(DESK), 3 * MINUTE_MS)
    assert found[0][1].contact == "seo@example.org"
    assert {message.contact for _, message in found} == {"seo@example.org", DESK}


def test_repeats_at_one_door_are_one_line_and_a_restart_tells_once_more(site: CaredSite) -> None:
    under_duress(site)
    for _ in range(5):
        site.tells(records.PICKUP_OPENED, DOOR, records.BY_DURESS, 1)
    post.dispatched(site.ledger, Paper())
    under_duress(site, 6)
    site.at_ms += MINUTE_MS
    first = told(site, Insistence(), 0)
    assert (
        sorted(message.text.partition(".")[0][-20:] for _, message in first)
        == [
            ", silent alarms: 1",
            ", silent alarms: 6",
        ]
        or len(first) == 2
    )
    site.at_ms -= 10_000
    again = told(site, Insistence(), 0)
    assert {message.id for _, message in again} == {message.id for _, message in first}, (
        "a file has each once"
    )


def test_a_channel_that_takes_nothing_is_asked_again_at_the_next_look(site: CaredSite) -> None:
    under_duress(site)
    site.at_ms += MINUTE_MS
    again = Insistence()
    assert len(again.look(site.ledger, site.at_ms)) == 1
    assert len(again.look(site.ledger, site.at_ms + 10_000)) == 1


@pytest.mark.parametrize("how", [records.BY_CODE, records.BY_DURESS])
def test_a_look_asks_the_ledger_the_same_whatever_there_is(site: CaredSite, how: int) -> None:
    site.puts_on_call(site.hires("Min", "dispatcher"))
    asked: list[str] = []

    def listed(at_ms: int) -> list[str]:
        asked.clear()
        Insistence(DESK).look(site.ledger, at_ms)
        return list(asked)

    from sqlalchemy import event

    event.listen(
        site.ledger._engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )
    before = listed(site.at_ms)
    site.deposits(DOOR)
    site.tells(records.PICKUP_OPENED, DOOR, how, 1)
    post.dispatched(site.ledger, Paper())
    assert listed(site.at_ms + 10 * MINUTE_MS) == before
