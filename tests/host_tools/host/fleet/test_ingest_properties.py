"""However the boards' frames are cut, repeated, shuffled and raced,
the ledger comes out the same, with one message a parcel.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import Last, anchor, when
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import records
from locker.contract.records import Record
from tests.kit.host_board import Journal, enrol
from tests.kit.postgres_server import keep_in

BOARDS = 2
ACTS = ("deposit", "pickup", "duress", "withdraw", "bell", "forced")


def story(journal: Journal, acts: list[tuple[str, int]], serials: list[int]) -> list[int]:
    """Plays acts (what, door) that make sense at a cabinet; the indexes of the events that are urgent."""
    waiting: dict[int, tuple[int, int]] = {}
    counters: dict[int, int] = {}
    urgent = []
    for act, door in acts:
        if act == "deposit" and door not in waiting and serials:
            counters[door] = counters.get(door, 0) + 1
            waiting[door] = (serials.pop(), counters[door])
            journal.deposit(door, *waiting[door])
        elif act in ("pickup", "duress") and door in waiting:
            journal.pickup(door, *waiting.pop(door), duress=act == "duress")
            urgent.append(len(journal.events) - 2)
        elif act == "withdraw" and door in waiting:
            serial, counter = waiting.pop(door)
            journal.add(records.WITHDRAWN, door, serial, counter)
            serials.append(serial)
        elif act == "bell":
            urgent.append(len(journal.events))
            journal.add(records.BELL_RUNG)
        elif act == "forced":
            journal.add(records.DOOR_FORCED, door, 0, counters.get(door, 0))
    return urgent


@st.composite
def deliveries(draw: st.DrawFn, length: int, urgent: list[int]) -> list[tuple[int, int, bool]]:
    """Slices (from, to, urgent) of a journal in any order, some more than once."""
    if not length:
        return []
    slices = st.tuples(st.integers(0, length - 1), st.integers(1, 8)).map(
        lambda cut: (cut[0], min(length, sum(cut)), False)
    )
    kinds = slices if not urgent else slices | st.sampled_from(urgent).map(lambda at: (at, at + 1, True))
    return draw(st.lists(kinds, max_size=12))


def contents(ledger: Ledger) -> dict[str, list[tuple]]:
    """Everything that must not depend on how it came: no times, no row numbers."""
    unstable = {"id", "sequence"}
    found = {}
    with ledger.reading() as connection:
        for table in (tables.event, tables.parcel, tables.ticket, tables.alarm, tables.position):
            columns = [
                column
                for column in table.c
                if column.name not in unstable and not column.name.endswith("_ms")
            ]
            found[table.name] = sorted(
                tuple(map(str, row)) for row in connection.execute(table.select().with_only_columns(*columns))
            )
        outbox = tables.outbox.c
        found["position"] = [row for row in found["position"] if row[2] != "0"]
        columns = (outbox.id, outbox.kind, outbox.resident, outbox.door, outbox.counter)
        found["outbox"] = sorted(
            tuple(map(str, row))
            for row in connection.execute(tables.outbox.select().with_only_columns(*columns))
        )
    return found


def empty(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        for table in (tables.event, tables.parcel, tables.alarm, tables.position, tables.outbox, tables.boot):
            connection.execute(table.delete())
        connection.execute(tables.ticket.update().values(state="open"))
        connection.execute(
            tables.cabinet.update().values(letters=100.0, letters_ms=0)
        )  # as after a rest: what is held depends on its length


class Place(NamedTuple):
    """A ledger with two cabinets and some tickets."""

    ledger: Ledger
    cabinets: list[int]
    serials: list[list[int]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("host") / "data"
    if request.param == "postgresql":
        keep_in(data, request.getfixturevalue("postgres").database())
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")
        residents.add(ledger, "Kim")
        for number in range(BOARDS):
            enrol(ledger, b"uid-%02d" % number)
        serials = [[tickets.issue(ledger, "Kim").serial for _ in range(4)] for _ in range(BOARDS)]
        yield Place(ledger, [cabinet.id for cabinet in ledger.cabinets()], serials)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_order_cut_and_repetition_gives_the_same_ledger_and_one_message_a_parcel(
    place: Place, data: st.DataObject
) -> None:
    acts = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 3)), max_size=12)
    ledger = place.ledger
    empty(ledger)
    journals = [Journal(100 + which) for which in range(BOARDS)]
    urgents = [story(journals[which], data.draw(acts), list(place.serials[which])) for which in range(BOARDS)]

    def said(which: int, first: int, last: int, urgent: bool) -> Received:
        journal = journals[which]
        events = tuple(journal.events[first:last])
        return Received(
            place.cabinets[which],
            journal.incarnation,
            journal.boot,
            1,
            10_000_000,
            events,
            urgent,
            journal.uptime,
        )

    take(ledger, [said(which, 0, len(journals[which].events), False) for which in range(BOARDS)])
    wanted = contents(ledger)
    empty(ledger)
    sent = [
        said(which, *cut)
        for which in range(BOARDS)
        for cut in data.draw(deliveries(len(journals[which].events), urgents[which]))
    ]
    sent = data.draw(st.permutations(sent))
    while sent:  # in turns of any size
        size = data.draw(st.integers(1, len(sent)))
        take(ledger, sent[:size])
        sent = sent[size:]
    for which in range(BOARDS):  # a board does not rest before all is acknowledged
        applied = 0
        while applied < len(journals[which].events):
            (now,) = take(
                ledger, [said(which, applied, applied + data.draw(st.integers(1, 8)), False)]
            ).applied
            assert now > applied
            applied = now
    assert contents(ledger) == wanted
    told = [row[3:] for row in wanted["outbox"] if row[1] == "deposited"]
    assert len(told) == len(wanted["parcel"])


@settings(max_examples=300)
@given(
    st.lists(
        # met?, ms off, ms between events
        st.tuples(st.booleans(), st.integers(0, 10**6), st.lists(st.integers(0, 10**6), max_size=4)),
        min_size=1,
        max_size=5,
    )
)
def test_the_interval_of_an_event_holds_the_moment_it_happened(
    boots: list[tuple[bool, int, list[int]]],
) -> None:
    enrolled_ms = now_ms = 1_700_000_000_000
    happened, anchors = [], {}
    for number, (met, off_ms, gaps) in enumerate(boots, 1):
        now_ms += off_ms
        started_ms = now_ms
        for gap in gaps:
            now_ms += gap
            happened.append(
                (
                    Record(records.PULSED, 1, number, len(happened) + 1, (now_ms - started_ms) // 100, 1, 1),
                    now_ms,
                )
            )
        if met:
            anchors[number] = anchor((now_ms - started_ms) // 100, now_ms)
    last = Last(0, 0, enrolled_ms)
    before_ms = 0
    for record, at_ms in happened:
        earliest_ms, latest_ms = when(record, last, anchors, now_ms)
        assert earliest_ms - 100 <= at_ms <= latest_ms + 100  # uptimes are in tenths of a second
        assert before_ms - 100 <= earliest_ms <= latest_ms <= now_ms
        if record.boot in anchors:
            assert earliest_ms == latest_ms
        last = Last(record.boot, record.uptime, earliest_ms)
        before_ms = max(before_ms, earliest_ms)
