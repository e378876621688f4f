"""Quiet hours hold up what can wait, until the wall's clock says that they are over, and nothing else."""

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from host_tools.errors import UserError
from host_tools.host import figures
from host_tools.host.ledger import quiet_hours, tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.quiet_hours import local, zone_of
from host_tools.host.notify import site_settings
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.post import Post
from host_tools.host.notify.wording import quiet
from host_tools.host.people import notices
from host_tools.host.stays import acts
from tests.kit.letter_site import Paper, Site
from tests.kit.stay_site import StaySite

BERLIN, SEOUL, CHATHAM = (ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Seoul", "Pacific/Chatham"))
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
FORWARD_MS, BACK_MS = (
    round(datetime(2026, month, day, 12, tzinfo=BERLIN).timestamp() * 1000)
    for month, day in ((3, 29), (10, 25))
)
HOURS = st.tuples(st.integers(0, 1439), st.integers(1, 14 * 60)).map(
    lambda both: "-".join(f"{at // 60 % 24:02}:{at % 60:02}" for at in (both[0], both[0] + both[1]))
)


def is_quiet(hours: str, at_ms: int, zone: ZoneInfo | None) -> bool:
    """By the wall alone, minute for minute."""
    begin, end = hours.split("-")
    now = f"{local(at_ms, zone):%H:%M}"
    return begin <= now < end if begin < end else now >= begin or now < end


def at(text: str, zone: ZoneInfo) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@given(
    hours=HOURS,
    around_ms=st.sampled_from([FORWARD_MS, BACK_MS]),
    off_ms=st.integers(-2 * DAY_MS, 2 * DAY_MS),
    zone=st.sampled_from([BERLIN, SEOUL, CHATHAM, None]),
)
def test_a_letter_goes_at_the_first_minute_that_is_not_quiet(
    hours: str, around_ms: int, off_ms: int, zone: ZoneInfo | None
) -> None:
    ready_ms = around_ms + off_ms
    goes_ms = quiet.until("reminder", hours, ready_ms, zone)
    assert ready_ms <= goes_ms <= ready_ms + DAY_MS
    assert not is_quiet(hours, goes_ms, zone)
    minutes = range(ready_ms // MINUTE_MS, goes_ms // MINUTE_MS)
    assert all(is_quiet(hours, minute * MINUTE_MS, zone) for minute in minutes)


@given(kind=st.sampled_from(sorted(quiet.CAN_WAIT)), ready_ms=st.integers(0, 2**42), hours=HOURS)
def test_what_is_about_her_parcel_or_her_safety_goes_at_any_hour(
    kind: str, ready_ms: int, hours: str
) -> None:
    if not quiet.CAN_WAIT[kind]:
        assert quiet.until(kind, hours, ready_ms, BERLIN) == ready_ms


def test_a_night_that_a_clock_change_makes_shorter_or_longer_ends_when_the_wall_says_so() -> None:
    for evening, morning in (
        ("2026-03-28T23:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ):
        assert quiet.until("extended", "22:00-07:00", at(evening, BERLIN), BERLIN) == at(morning, BERLIN)
    # 02:30 is never on the wall that night: 03:00 is the first time that is not quiet.
    assert quiet.until("extended", "22:00-02:30", at("2026-03-29T01:00", BERLIN), BERLIN) == at(
        "2026-03-29T03:00", BERLIN
    )


@pytest.mark.parametrize("hours", ["", "nonsense", "25:00-07:00", "22:00-22:00-22:00"])
def test_hours_that_are_none_hold_nothing_up(hours: str) -> None:
    assert quiet.until("reminder", hours, 5, SEOUL) == 5


@pytest.mark.parametrize(
    "hours", ["22-7", "24:00-07:00", "22:00-22:00", "07:00-22:00", "22:00–07:00", "٢٢:00-07:00"]
)
def test_hours_that_nobody_could_mean_are_refused(hours: str) -> None:
    with pytest.raises(UserError, match="uiet hours are"):
        quiet_hours.checked_quiet(hours)
    assert quiet_hours.checked_quiet(" 22:00-07:00 ") == "22:00-07:00"
    assert quiet_hours.checked_quiet("") == ""


def test_a_site_holds_up_by_its_own_clock_what_can_wait(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        site = Site(ledger)
        board = site.board()
        evening_ms, morning_ms = at("2026-11-30T23:00", SEOUL), at("2026-12-01T07:00", SEOUL)

        def goes_ms(kind: str) -> int:
            with ledger.reading() as connection:
                return site_settings.not_before(connection, kind, board, evening_ms)

        assert goes_ms("reminder") == evening_ms
        site_settings.change(ledger, "mapo-3", quiet_hours="22:00-07:00", zone="Asia/Seoul")
        assert goes_ms("reminder") == morning_ms
        assert [goes_ms(kind) for kind in ("deposited", "forced", "bell")] == [evening_ms] * 3
        site_settings.change(ledger, "mapo-3", zone="Europe/Berlin")  # it is afternoon there
        assert goes_ms("reminder") == evening_ms


def test_the_post_keeps_a_reminder_for_the_morning_and_a_forced_door_for_no_minute(tmp_path: Path) -> None:
    clock_ms, paper = [at("2026-11-30T23:00", SEOUL)], Paper()
    with open_ledger(tmp_path / "data") as ledger:
        site = Site(ledger)
        board = site.board()
        site_settings.change(ledger, "mapo-3", quiet_hours="22:00-07:00", zone="Asia/Seoul")
        with ledger.writing() as connection:
            for kind in ("reminder", "forced"):
                notices.tell(connection, 1, kind, "test", clock_ms[0], cabinet=board, door=7)

        async def work() -> list[list[str]]:
            post = Post(ledger, Lines.single(paper), lambda told: None, clock=lambda: clock_ms[0])
            await post.begin(None)
            taken = []
            for hours in (0, 7.9, 0.2):
                clock_ms[0] += round(hours * 3_600_000)
                await post.round(None)
                await post.settle()
                taken.append([message.kind for message in paper.messages])
            return taken

        assert asyncio.run(work()) == [["forced"], ["forced"], ["forced", "reminder"]]


class Night:
    """A site of Seoul with quiet hours from 22:00 to 07:00, from a time on its wall on."""

    def __init__(self, ledger: Ledger, since: str) -> None:
        self.site = StaySite(ledger)
        self.site.resident("Kim")
        site_settings.change(ledger, "mapo-3", quiet_hours="22:00-07:00", zone="Asia/Seoul")
        self.at_ms, self._paper = at(since, SEOUL), Paper()
        self.site.link(self.at_ms, *self.site.cabins)
        self.site.sweep(self.at_ms)
        self._post = Post(ledger, Lines.single(self._paper), lambda told: None, clock=lambda: self.at_ms)

    def deposit(self, when: str, door: int) -> None:
        """A parcel comes, of which the host hears a little later."""
        self.site.cabins[0].deposit(at(when, SEOUL), door, self.site.serial("Kim"))
        self.site.hear(at(when, SEOUL) + 20 * MINUTE_MS, self.site.cabins[0])

    def go_on(self, until: str) -> list[str]:
        """The kinds of all letters that have gone out by then."""
        self.at_ms = at(until, SEOUL)
        self.site.sweep(self.at_ms, 1 << 50)

        async def work() -> None:
            for _ in range(2):
                await self._post.round(None)
                await self._post.settle()

        asyncio.run(work())
        return [message.kind for message in self._paper.messages]


def test_a_pause_that_is_over_by_the_morning_is_told_to_nobody_and_nothing_of_the_night_is_old(
    tmp_path: Path,
) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        night = Night(ledger, "2026-11-30T21:00")
        go_on = night.go_on
        night.deposit("2026-11-30T21:10", 7)
        assert go_on("2026-11-30T21:40") == ["deposited"]
        acts.pause(ledger, "mapo-3", "storm", at_ms=at("2026-11-30T23:00", SEOUL))
        assert go_on("2026-11-30T23:10") == ["deposited"]
        assert figures.figures(ledger, "x", at("2026-12-01T05:00", SEOUL)).letters.oldest_ms is None
        acts.resume(ledger, "mapo-3", at_ms=at("2026-12-01T05:00", SEOUL))
        assert go_on("2026-12-01T05:10") == ["deposited"]
        assert go_on("2026-12-01T07:10") == ["deposited"]
        with ledger.reading() as connection:
            kinds = select(tables.outbox.c.kind, tables.outbox.c.given_up_ms).where(
                tables.outbox.c.kind.in_(("paused", "resumed"))
            )
            found = connection.execute(kinds.order_by(tables.outbox.c.sequence)).all()
        assert [(row.kind, row.given_up_ms) for row in found] == [
            ("paused", night.at_ms),
            ("resumed", night.at_ms),
        ]
        acts.pause(ledger, "mapo-3", "flood", at_ms=at("2026-12-01T09:00", SEOUL))
        assert go_on("2026-12-01T09:10")[1:] == ["paused"]
        acts.resume(ledger, "mapo-3", at_ms=at("2026-12-01T10:00", SEOUL))
        assert go_on("2026-12-01T10:10")[1:] == ["paused", "resumed"]


@pytest.mark.parametrize(
    ("due", "end", "goes"),
    [
        ("2026-11-30T23:00", "2026-12-01T03:00", "2026-11-30T21:00"),
        ("2026-12-01T01:10", "2026-12-01T07:00", "2026-11-30T21:00"),
        ("2026-12-01T01:10", "2026-12-01T07:01", "2026-12-01T01:10"),  # the morning is in time
        ("2026-11-30T21:59", "2026-12-01T01:59", "2026-11-30T21:59"),
    ],
)
def test_what_would_be_too_late_in_the_morning_is_said_an_hour_before_the_night(
    due: str, end: str, goes: str
) -> None:
    told = quiet_hours.in_time("22:00-07:00", at(due, SEOUL), at(end, SEOUL), SEOUL)
    assert told == at(goes, SEOUL)


def test_a_last_reminder_that_would_rest_past_the_end_comes_before_the_night_or_at_once(
    tmp_path: Path,
) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        night = Night(ledger, "2030-11-28T02:00")
        night.deposit("2030-11-28T02:10", 7)  # until 02:40 two days later
        assert night.go_on("2030-11-28T02:40") == ["deposited"]
        assert night.go_on("2030-11-29T06:50") == ["deposited"]
        assert night.go_on("2030-11-29T20:50") == ["deposited", "reminder"]
        assert night.go_on("2030-11-29T21:10") == ["deposited", "reminder", "last reminder"]
        night.site.cabins[0].collect(at("2030-11-29T21:30", SEOUL), 7, 0)
        acts.set_policy(ledger, "mapo-3", {"free_h": 6, "reminder_h": 4, "last_reminder_h": 2})
        night.deposit("2030-11-29T22:10", 8)  # a parcel that comes at night, until 04:40
        assert night.go_on("2030-11-29T22:40")[3:] == ["opened", "deposited"]
        assert night.go_on("2030-11-30T02:20")[5:] == []
        assert night.go_on("2030-11-30T02:50")[5:] == ["last reminder"]


def test_a_zone_that_this_machine_does_not_know_is_its_own() -> None:
    assert [zone_of(name) for name in ("", "Moon/Base", "../../etc/passwd", "x\0")] == [None] * 4
    assert zone_of("Asia/Seoul") == SEOUL
