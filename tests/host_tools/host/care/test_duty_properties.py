"""Who is on call is a function of hours, zone and time, and no clock change leaves a hole in it."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.host.care.duty import DAY_MINUTES, EVERY_DAY, Hours, StandIn, gaps, on_call, zone_of

ZONES = [
    ZoneInfo(name) for name in ("Asia/Seoul", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe")
]
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

zones = st.sampled_from(ZONES)
minutes = st.integers(0, DAY_MINUTES - 1)
FIRST_MINUTE = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) // 60
moments = st.integers(FIRST_MINUTE, FIRST_MINUTE + 366 * DAY_MINUTES).map(lambda minute: minute * MINUTE_MS)
hours = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, EVERY_DAY), minutes, minutes).map(
    lambda drawn: Hours(*drawn)
)


def instant(year: int, month: int, day: int, hour: int, zone: tzinfo) -> int:
    return int(datetime(year, month, day, hour, tzinfo=zone).timestamp() * 1000)


@given(zones, st.lists(minutes, min_size=1, max_size=5, unique=True), moments)
def test_shifts_that_meet_on_the_wall_clock_leave_no_gap_whatever_the_clock_does(
    zone: ZoneInfo, changes: list[int], at_ms: int
) -> None:
    changes = sorted(changes)
    shifts = [
        Hours(account, 1, EVERY_DAY, begin, end)
        for account, (begin, end) in enumerate(zip(changes, [*changes[1:], changes[0]], strict=True), 1)
    ]
    assert on_call(shifts, [], zone, at_ms)
    assert gaps(shifts, [], zone, at_ms, at_ms + 7 * DAY_MS) == []


@given(zones, hours, moments)
def test_away_from_clock_changes_hours_are_what_the_wall_clock_says(
    zone: ZoneInfo, one: Hours, at_ms: int
) -> None:
    wall = datetime.fromtimestamp(at_ms / 1000, zone)
    offsets = {(wall + timedelta(days=days)).utcoffset() for days in (-2, -1, 0, 1)}
    offsets |= {datetime.fromtimestamp(at_ms / 1000 + days * 86_400, zone).utcoffset() for days in (-2, 1)}
    if len(offsets) > 1:
        return
    minute, day = wall.hour * 60 + wall.minute, wall.weekday()
    today, yesterday = one.days >> day & 1, one.days >> (day - 1) % 7 & 1
    if one.from_minute < one.until_minute:
        expected = today and one.from_minute <= minute < one.until_minute
    else:
        expected = (today and minute >= one.from_minute) or (yesterday and minute < one.until_minute)
    assert bool(on_call([one], [], zone, at_ms)) == bool(expected)


@given(zones, st.lists(hours, max_size=4), moments, st.lists(st.integers(-DAY_MS, 8 * DAY_MS), max_size=4))
def test_gaps_are_exactly_when_nobody_is_on_call(
    zone: ZoneInfo, shifts: list[Hours], from_ms: int, probes: list[int]
) -> None:
    until_ms = from_ms + 7 * DAY_MS
    stand_ins = [StandIn(9, from_ms + DAY_MS, from_ms + DAY_MS + HOUR_MS)]
    found = gaps(shifts, stand_ins, zone, from_ms, until_ms)
    assert found == sorted(found)
    for begin, end in found:
        assert from_ms <= begin < end <= until_ms
        probes = [*probes, begin - from_ms - 1, begin - from_ms, end - from_ms - 1, end - from_ms]
    for probe in probes:
        at_ms = from_ms + probe
        if from_ms <= at_ms < until_ms:
            within = any(begin <= at_ms < end for begin, end in found)
            assert within == (on_call(shifts, stand_ins, zone, at_ms) == ())


def test_a_night_shift_through_the_hour_that_is_left_out_lasts_until_morning() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = Hours(1, 1, 1 << 5, 22 * 60, 6 * 60)  # Saturday night
    begin, end = (instant(2026, 3, 28, 22, berlin), instant(2026, 3, 29, 6, berlin))
    assert end - begin == 7 * HOUR_MS
    for at_ms, there in ((begin - 1, False), (begin, True), (end - 1, True), (end, False)):
        assert bool(on_call([night], [], berlin, at_ms)) == there


def test_who_has_taken_over_last_is_told_first_and_the_others_stay_behind() -> None:
    day = Hours(1, 1, EVERY_DAY, 0, DAY_MINUTES)
    second = Hours(2, 2, EVERY_DAY, 0, DAY_MINUTES)
    overs = [StandIn(3, 0, DAY_MS), StandIn(2, 0, DAY_MS), StandIn(4, DAY_MS, 2 * DAY_MS)]
    assert on_call([second, day], overs, UTC, HOUR_MS) == (2, 3, 1)
    assert on_call([second, day], overs, UTC, DAY_MS) == (4, 1, 2)


def test_hours_have_a_first_and_a_last_day() -> None:
    only = Hours(1, 1, EVERY_DAY, 0, DAY_MINUTES, date(2026, 3, 2), date(2026, 3, 3))
    noons = [instant(2026, 3, day, 12, UTC) for day in (1, 2, 3, 4)]
    days = [bool(on_call([only], [], UTC, noon)) for noon in noons]
    assert days == [False, True, True, False]


def test_a_zone_that_is_none_is_one_sentence() -> None:
    with pytest.raises(UserError, match="There is no time zone Mars/Base"):
        zone_of("Mars/Base")
