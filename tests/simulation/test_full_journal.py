"""A host that stays away until the journal is full: deposits stop, pickups go on,
nothing raises, and all is told when it comes back.
"""

import random
from pathlib import Path

import pytest

from host_tools.simulator.chip.nvs import Namespace
from host_tools.simulator.cpython_board.hal import MARKS
from host_tools.simulator.people.people import courier, resident, send
from locker.contract import records
from locker.core import texts
from locker.core.events import ContactClosed, ContactOpened
from locker.core.state import RESERVE, WAITING, State
from locker.shell.journal import Journal, JournalFull
from locker.shell.second_copy import pair
from tests.simulation.cuts import laws
from tests.simulation.cuts.board import NUMBERS
from tests.simulation.cuts.past import HERS, INVENTED, OTHER, full
from tests.simulation.cuts.people import SEALED_MS, Courier, Resident, go_on, resident_of
from tests.simulation.cuts.world import World, watched_compares
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.test_second_copies import REFUSED, refused_courier

HOUR_MS = 3_600_000
PICKUP = [
    records.CODE_TRIED, records.PICKUP_OPENED, records.PULSED,
    records.DOOR_OPENED, records.DOOR_CLOSED, records.COLLECTED,
]  # fmt: skip


def started(room: int) -> World:
    """A world with power, two parcels, no host, and a journal with that much room left."""
    world = full(room).fork(random.Random(room), online=False)
    world.power_on()
    return world


def flood(world: World, hours: int) -> None:
    """Everything that can be done to a cabinet without a code, over and over."""
    for hour in range(hours):
        world.ring()
        for _ in range(12):
            world.press(INVENTED)
            world.wait(SEALED_MS)
        for number in NUMBERS:
            world.doors[number].closed = False
            world.live.tell(ContactOpened(number))
            world.wait(1000)
            world.doors[number].closed = True
            world.live.tell(ContactClosed(number))
        for deposit in world.host.parcels()[0] if hour < 9 else ():
            assert world.press(Resident(deposit).wrong()) == texts.UNKNOWN
        world.wait(HOUR_MS)
        world.power_off()
        world.power_on()


def drained(world: World) -> None:
    """The host comes back, everybody finishes;
    all laws hold, and the host has been told every event in turn.
    """
    go_on(world)
    world.power_off()
    assert world.host.last == world.written.number
    assert not any(door.parcel for door in world.doors.values())
    laws.of_the_flash(world)


def test_after_any_flood_every_parcel_is_collected_and_every_step_of_it_is_in_the_journal() -> None:
    world = started(4 * RESERVE)
    with watched_compares(world):
        flood(world, 30)
        board = world.live
        assert board.cabinet.dropped
        assert board.journal.room(0) > 2 * 12
        assert not Courier(99).asks(world)
        since = world.written.number
        for serial in (HERS, OTHER):
            resident_of(world, serial).visits(world)
        steps = [record.kind for record in world.written.events.values() if record.number > since]
        steps.remove(records.EVENTS_DROPPED)  # there is room for it when the first parcel needs none any more
        assert steps == PICKUP * 2
        drained(world)
    assert world.written.of(records.EVENTS_DROPPED)


@pytest.mark.parametrize("room", range(len(NUMBERS) + 7))
def test_with_the_last_slots_a_cabinet_starts_as_often_as_it_must_opens_nothing_and_drains(room: int) -> None:
    world = started(room)
    with watched_compares(world):
        for _ in range(3):
            number = world.written.number
            for serial in (HERS, OTHER):
                assert world.press(resident_of(world, serial).code()) == texts.JAMMED
            empty = next(
                number for number, door in world.written.state.doors.items() if door.state != WAITING
            )
            assert world.press(f"{empty:02}12345678#") == texts.UNKNOWN
            world.ring()
            world.wait(SEALED_MS)
            assert world.written.number == number
            assert not world.open_doors()
            world.power_off()
            world.power_on()
        drained(world)


def test_an_acknowledgement_of_a_few_events_costs_no_room() -> None:
    world = started(0)
    journal = world.live.journal
    room = journal.room(0)
    for number in range(journal.acknowledged + 1, journal.acknowledged + 30):
        assert journal.acknowledge(number, 0)
    assert journal.room(0) == room


def fill(cabinet: Cabinet, room: int) -> int:
    """Somebody rings, on a journal without power, until there is room for no more than so many events;
    the number of the last one.
    """
    partition = cabinet.flash.partition("journal")
    assert partition is not None
    state = State(tuple(cabinet.world.doors))
    journal = Journal(partition, state.apply, state.carried)
    pair(Namespace(cabinet.flash, MARKS), journal, state)
    while journal.room(room + 1) > room:
        journal.append(records.BELL_RUNG, 0, 0, 0, 0)
        journal.tidy(0, quiet=True)
    return journal.next_number - 1


def test_a_whole_cabinet_with_a_full_journal_opens_to_its_resident_and_tells_everything_when_the_host_is_back(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, filled, refused = cabinet.world, [], []
        first = send(world, courier(world, cabinet.ticket(5)), 6_000)
        world.clock.at(20_000_000, world.power_cut)
        world.clock.at(20_500_000, lambda: filled.append(fill(cabinet, RESERVE)))
        world.clock.at(21_000_000, world.power_on)
        cabinet.run_until(25_000)
        send(world, refused_courier(cabinet, 6, refused), 30_000)
        pickup = send(world, resident(world, first.result, cabinet.code(first.result, 1)), 40_000)
        cabinet.run_until(60_000)
        assert [lines[0].strip() for lines in refused] == [REFUSED]
        assert pickup.result is True
        host = TestHost(world)
        cabinet.run_until(500_000)
        last = send(world, courier(world, cabinet.ticket(7)), 501_000)
        cabinet.run_until(530_000)
        assert last.result is not None
        assert world.trace.violations == []
    assert [record.number for record in host.events] == list(range(1, len(host.events) + 1))
    after = host.kinds()[filled[0] :]
    assert after[:7] == [*PICKUP, records.EVENTS_DROPPED]
    assert after[-1] == records.DEPOSITED


def test_no_coil_moves_when_its_record_does_not_fit_although_the_core_wanted_it(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world

        def full(*_: object) -> None:
            raise JournalFull("full")

        cabinet.run_until(5_000)
        cabinet.apps[0]._journal.append = full
        send(world, courier(world, cabinet.ticket(5)), 6_000)
        cabinet.run_until(30_000)
        assert world.trace.of("coil") == []
        assert len(cabinet.apps) == 1  # it has not started afresh
