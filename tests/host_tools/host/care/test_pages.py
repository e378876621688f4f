"""Who is on call is told in order until somebody takes the alarm, and nobody after that;
what could not be told is said.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from sqlalchemy import select

from host_tools.errors import UserError
from host_tools.host import pager
from host_tools.host.care import cases, kinds, paging, watch
from host_tools.host.ledger import aside, tables
from host_tools.host.notify.notifier import HANDED_OVER, LATER, REFUSED, Message, Option, Receipt
from host_tools.host.pager import OneWay, Pager
from locker.contract import commands, records
from tests.kit.cared_site import HOUR_MS, MINUTE_MS, NOON_MS, SECOND_MS, CaredSite
from tests.kit.occurrences import into


def test_nobody_takes_and_everybody_was_told_in_order_again_and_again(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"), site.hires("Jun"), site.hires("Sora"))
    site.rings()
    told = site.pages_for(8 * 60)
    assert told == [
        (0, "Min", 1),
        (60, "Jun", 1),
        *((120, name, 1) for name in ("Min", "Jun", "Sora")),
        *((420, name, 1) for name in ("Min", "Jun", "Sora")),
    ]


def test_after_it_was_taken_nobody_is_told_any_more(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"), site.hires("Jun"))
    site.rings()
    assert site.pages_for(60) == [(0, "Min", 1)]
    site.looks()  # the page for Jun is written
    with site.ledger.writing() as connection:
        cases.take(connection, 1, "Min", site.at_ms)
    assert site.pages_for(3600, 60) == []


def test_what_needs_no_one_at_night_wakes_nobody(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.tells(records.LAMP_FAILED)
    assert site.pages_for(600) == []
    assert [one.kind for one in site.cases()] == ["lamp"]


def test_a_bell_that_rings_again_after_it_was_taken_is_told_from_the_first_one_on_with_both_times(
    site: CaredSite,
) -> None:
    site.puts_on_call(site.hires("Min"), site.hires("Jun"))
    site.rings()
    (page,) = site.looks().pages
    site.pages()
    with site.ledger.writing() as connection:
        cases.take(connection, 1, "Min", site.at_ms)
    first = pager.message_of(page)
    assert " ring " not in first.text
    assert first.text.count("(happened 2023-11-14 22:13 UTC, heard 22:13)") == 1
    site.at_ms += 20 * MINUTE_MS
    site.boards[1].uptime += 20 * 600
    site.rings()
    (page,) = site.looks().pages
    again = pager.message_of(page)
    assert "was pressed at mapo-3, cabinet 1 (happened 2023-11-14 22:33 UTC, heard 22:33). " in again.text
    since = "of a call that is open since its first ring (happened 2023-11-14 22:13 UTC, heard 22:13)."
    assert f"This is ring 2 {since}" in again.text
    assert again.heard != first.heard
    assert site.pages_for(120) == [(20 * 60, "Min", 1), (21 * 60, "Jun", 1)]


def test_a_second_womans_forced_door_is_told_while_somebody_sees_to_the_first_at_that_cabinet(
    site: CaredSite,
) -> None:
    site.puts_on_call(site.hires("Min"))
    for door in (3, 4):
        site.deposits(door)
    site.tells(records.DOOR_FORCED, 3)
    assert site.pages() == [(0, "Min", 1)]
    with site.ledger.writing() as connection:
        cases.take(connection, 1, "Min", site.at_ms)
    site.at_ms += MINUTE_MS
    site.tells(records.DOOR_FORCED, 4)
    site.tells(records.DOOR_FORCED, 3)  # of which somebody knows
    assert site.pages() == [(60, "Min", 2)]
    assert [(one.id, one.door, one.times) for one in site.cases()] == [(2, 4, 1), (1, 3, 2)]


def test_an_answer_that_came_behind_a_newer_ring_is_no_case_beside_that_of_the_ring(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    site.pages()
    answer = {"cabinet": 1, "kind": commands.ANSWER_BELL, "door": 0, "counter": 0, "a": 1}
    with site.ledger.writing() as connection:
        cases.take(connection, 1, "Min", site.at_ms)
        row = answer | {"state": "impossible", "queued_ms": site.at_ms}
        order = connection.execute(tables.command.insert().values(**row)).inserted_primary_key
    site.at_ms += MINUTE_MS
    site.rings()
    with site.ledger.writing() as connection:
        assert order is not None
        aside.raise_case(connection, 1, aside.ANSWERED_LATE, order[0], 0, site.at_ms)
    assert site.pages() == [(60, "Min", 1)]
    assert [(one.id, one.state, one.times) for one in site.cases()] == [(1, "open", 2)]


@pytest.mark.parametrize("was_shown", [False, True])
def test_a_call_whose_answer_the_screen_never_showed_is_nobodys_again_and_told_with_these_words(
    site: CaredSite, was_shown: bool
) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    site.pages()
    answer = {"cabinet": 1, "kind": commands.ANSWER_BELL, "door": 0, "counter": 0, "a": 1}
    with site.ledger.writing() as connection:
        cases.take(connection, 1, "Min", site.at_ms)
        for state in ("done", "impossible") if was_shown else ("impossible",):
            row = answer | {"state": state, "queued_ms": site.at_ms}
            order = connection.execute(tables.command.insert().values(**row)).inserted_primary_key
        assert order is not None
        aside.raise_case(connection, 1, aside.ANSWERED_LATE, order[0], 0, site.at_ms)
    site.at_ms += MINUTE_MS
    if was_shown:
        assert site.pages() == []
        return
    (page,) = site.looks().pages
    text = pager.message_of(page).text
    assert "case 1: " in text
    assert (
        "the screen never showed the answer to a call for help (happened 2023-11-14 22:13 UTC, heard 22:13). "
        in text
    )
    assert [(one.id, one.state, one.taken_by) for one in site.cases()] == [(1, "open", None)]
    site.at_ms += SECOND_MS
    site.rings()  # and that is a call for help as any other
    assert "The help button was pressed" in pager.message_of(site.looks().pages[-1]).text


def test_when_nobody_is_on_call_all_dispatchers_are_told_and_there_is_a_case(site: CaredSite) -> None:
    site.hires("Min", "staff dispatcher")
    site.hires("Jun", "operator")
    site.rings()
    assert site.pages() == [(0, "Min", 1)]
    for _ in range(2):
        assert [one.kind for one in site.cases()] == ["bell", kinds.NOBODY_ON_CALL]
        site.looks(watches=True)  # and it is one case, whether an alarm or the plan has shown it first
    with site.ledger.writing() as connection:
        cases.close(connection, 2, "Min", "accepted", site.at_ms)
    site.looks(watches=True)
    assert [one.kind for one in site.cases()] == ["bell"]
    site.at_ms += 10 * MINUTE_MS
    site.pages()
    assert [one.kind for one in site.cases()] == ["bell"]


def test_a_new_ring_is_told_at_once_after_nobody_could_be_told_of_the_first(site: CaredSite) -> None:
    site.rings()
    assert site.pages() == []
    site.puts_on_call(site.hires("Min"))
    site.at_ms += 10 * SECOND_MS
    site.rings()
    assert site.pages() == [(10, "Min", 1)]


def test_who_is_on_call_anew_is_told_at_once_of_what_is_open(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    site.pages_for(130)
    jun = site.hires("Jun")
    site.puts_on_call(jun)
    with site.ledger.writing() as connection:
        paging.tell_newcomer(connection, jun, site.at_ms)
        paging.tell_newcomer(connection, jun, site.at_ms)
    assert (130, "Jun", 1) in site.pages()
    site.at_ms += 10 * SECOND_MS
    with site.ledger.writing() as connection:
        paging.tell_newcomer(connection, jun, site.at_ms)
    assert site.pages() == []  # once


def test_when_nobody_can_be_told_at_all_there_is_a_case(site: CaredSite) -> None:
    site.rings()
    assert site.pages() == []
    assert {one.kind for one in site.cases()} == {"bell", kinds.NOBODY_ON_CALL, kinds.PAGE_FAILED}


def test_who_has_no_contact_or_is_refused_for_good_holds_up_nobody(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min", contact=""), site.hires("Jun"), site.hires("Sora"))
    site.rings()
    (page,) = site.looks().pages
    assert page.name == "Jun"
    pager.note_page(site.ledger, page, Receipt(REFUSED, reason="no such mailbox"), site.at_ms)
    assert {page.name for page in site.looks().pages} == {"Jun", "Sora"}
    with site.ledger.reading() as connection:
        found = connection.execute(
            select(tables.page.c.state, tables.page.c.reason).order_by(tables.page.c.id)
        ).all()
    assert [tuple(row) for row in found[:2]] == [("failed", "no contact"), ("failed", "no such mailbox")]


def test_when_no_hand_over_works_dispatchers_are_tried_and_it_is_a_case_until_one_works(
    site: CaredSite,
) -> None:
    site.puts_on_call(site.hires("Min"))
    site.hires("Dae", "dispatcher")
    site.rings()
    for _ in range(13):
        for page in site.looks().pages:
            pager.note_page(site.ledger, page, Receipt(REFUSED, reason="no such mailbox"), site.at_ms)
        site.at_ms += 10 * SECOND_MS
    assert [case.id for case in site.looks().untold] == [1]
    with site.ledger.reading() as connection:
        names = select(tables.account.c.name).join(tables.page, tables.page.c.account == tables.account.c.id)
        assert set(connection.scalars(names)) == {"Min", "Dae"}
    assert kinds.PAGE_FAILED in {one.kind for one in site.cases()}
    site.at_ms += 5 * MINUTE_MS
    assert {name for _, name, _ in site.pages()} == {"Min", "Dae"}
    assert kinds.PAGE_FAILED not in {one.kind for one in site.cases()}
    assert site.looks().untold == []


def test_a_channel_that_takes_nothing_is_said_to_have_told_nobody(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    for _ in range(43):  # 430 s
        for page in site.looks().pages:
            pager.note_page(site.ledger, page, Receipt(LATER, reason="it hangs"), site.at_ms)
        site.at_ms += 10 * SECOND_MS
    assert [case.id for case in site.looks().untold] == [1]
    assert kinds.PAGE_FAILED in {one.kind for one in site.cases()}


def test_a_page_that_waits_for_its_channel_is_tried_again_and_others_are_told_meanwhile(
    site: CaredSite,
) -> None:
    site.puts_on_call(site.hires("Min"), site.hires("Jun"))
    site.rings()
    ids = set()
    for second in range(60):
        site.at_ms = NOON_MS + second * SECOND_MS
        for page in site.looks().pages:
            ids.add(paging.message_id(page))
            pager.note_page(site.ledger, page, Receipt(LATER), site.at_ms)
    assert len(ids) == 1  # however often it was tried
    site.at_ms = NOON_MS + MINUTE_MS
    assert "Jun" in {name for _, name, _ in site.pages()}


def test_a_host_that_is_killed_before_it_notes_a_page_repeats_it_under_the_same_id(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    first, again = site.looks().pages[0], site.looks().pages[0]
    assert pager.message_of(first) == pager.message_of(again)
    pager.note_page(site.ledger, again, Receipt(HANDED_OVER), site.at_ms)
    assert not site.looks().pages


def test_a_host_that_was_away_for_a_day_tells_nobody_a_hundred_times(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"), site.hires("Jun"))
    site.rings()
    site.pages()
    site.at_ms += 24 * HOUR_MS
    assert site.pages() == [(86_400, "Jun", 1)]
    site.at_ms += MINUTE_MS
    assert len(site.pages()) == 2


def test_hours_without_anybody_are_a_case_beforehand_and_it_is_settled_when_they_are_filled(
    site: CaredSite,
) -> None:
    account = site.hires("Min")
    row = {"account": account, "rank": 1, "days": 127, "from_minute": 480, "until_minute": 1200}
    with site.ledger.writing() as connection:
        connection.execute(tables.duty.insert().values(**row))
    for _ in range(3):
        site.looks(watches=True)
    assert [(one.kind, one.times) for one in site.cases()] == [(kinds.NOBODY_ON_CALL, 1)]
    with site.ledger.reading() as connection:
        (span,) = [one.words for one in cases.notes(connection, 1) if one.what == "span"]
    assert span.startswith("nobody is on call from ")
    site.puts_on_call(account)
    site.looks(watches=True)
    assert site.cases() == []


def test_a_gap_that_somebody_has_accepted_is_not_told_again_within_a_day(site: CaredSite) -> None:
    site.looks(watches=True)
    with site.ledger.writing() as connection:
        cases.close(connection, 1, "Min", "accepted", site.at_ms)
    site.looks(watches=True)
    assert site.cases() == []
    site.at_ms += 25 * HOUR_MS
    site.looks(watches=True)
    assert [one.kind for one in site.cases()] == [kinds.NOBODY_ON_CALL]


def test_each_account_on_call_gets_a_test_page_a_day_and_one_that_nobody_proves_is_a_case(
    site: CaredSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    watch.duty.zone_of.cache_clear()
    site.puts_on_call(site.hires("Min"))
    site.at_ms = NOON_MS - NOON_MS % (24 * HOUR_MS) + 10 * HOUR_MS  # ten o'clock
    codes = []
    for _ in range(2):
        (proof,) = site.looks(watches=True).proofs
        codes.append(proof.code)
        assert proof.code in pager.proof_message(proof).text
        pager.note_proof(site.ledger, proof, Receipt(HANDED_OVER), site.at_ms)
        assert site.looks(watches=True).proofs == []
        site.at_ms += 2 * HOUR_MS
        site.looks(watches=True)
        assert [one.kind for one in site.cases()] == [kinds.UNPROVED]
        with site.ledger.writing() as connection:
            assert watch.prove(connection, proof.code, site.at_ms) == "Min"
        assert site.cases() == []
        site.at_ms += 22 * HOUR_MS
    with site.ledger.writing() as connection, pytest.raises(UserError, match="no code of a test page"):
        watch.prove(connection, codes[0], site.at_ms)
    watch.duty.zone_of.cache_clear()


class Slow:
    """A channel that hangs for one address, is broken for another and takes the others."""

    options: ClassVar[tuple[Option, ...]] = ()
    batch: ClassVar[int] = 1
    parallel: ClassVar[int] = 4

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.hangs = False

    @classmethod
    def of(cls, setup: object) -> "Slow":
        return cls()

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        if messages[0].contact.startswith("min"):
            self.hangs = True
            await asyncio.Event().wait()
        if messages[0].contact.startswith("jun"):
            raise ZeroDivisionError
        self.taken += messages
        return {messages[0].id: Receipt(HANDED_OVER, "250 ok")}

    async def close(self) -> None:
        """Holds nothing."""


def test_the_pager_hands_over_beside_a_channel_that_hangs_and_ends_when_it_is_asked_to(
    site: CaredSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: site.at_ms * 1_000_000)
    site.puts_on_call(site.hires("Min"), site.hires("Jun"), site.hires("Sora"))
    told: list[dict] = []
    channel = Slow()

    async def until(true: Callable[[], bool], job: asyncio.Future) -> None:
        for _ in range(3000):  # 30 s
            if true():
                return
            assert not job.done()
            await asyncio.sleep(0.01)
        raise AssertionError(told)

    async def work() -> None:
        with ThreadPoolExecutor(1) as thread:
            its = Pager(site.ledger, OneWay(channel), into(told))
            job = asyncio.ensure_future(its.run(thread))
            try:
                site.rings()
                its.wake()
                await until(lambda: channel.hangs, job)
                site.at_ms += 61 * SECOND_MS  # Jun's turn
                its.wake()
                await until(lambda: any(one["event"] == "page waits" for one in told), job)
                site.at_ms += 61 * SECOND_MS  # everybody's
                its.wake()
                await until(lambda: any(one.kind == pager.PAGE for one in channel.taken), job)
            finally:
                job.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await job

    asyncio.run(work())
    (message,) = [one for one in channel.taken if one.kind == pager.PAGE]
    assert message.contact == "sora@example.org"
    assert "help button was pressed" in message.text
    assert message.heard
    assert "example.org" not in str(told)
    assert "Min" not in str(told)
