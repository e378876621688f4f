"""What holds at a cabinet whatever its power does: each law is a function, checked by `require`."""

from typing import TYPE_CHECKING

from locker.contract import records
from locker.contract.records import CANCELLED, COLLECTED, DEPOSITED, SENSOR_FAULT, STILL_INSIDE
from locker.core import state
from locker.core.state import FAILURES_MAX, GRANTED, LOADING, RESERVED, TAKING, WAITING
from locker.shell.journal import Journal
from locker.shell.second_copy import pair
from tests.simulation.cuts.opened import OpenedJournal

if TYPE_CHECKING:
    from tests.simulation.cuts.board import Board
    from tests.simulation.cuts.world import World

ACTS = (records.DEPOSIT_STARTED, records.PICKUP_OPENED, records.SERVICE_OPENED)  # what a coil moves for
PULSES_MAX = 3
AT_REST = (state.EMPTY, state.WAITING)
OUTCOMES = (CANCELLED, COLLECTED, DEPOSITED, SENSOR_FAULT, STILL_INSIDE)
ENDINGS = {
    # (intent,  seen inside): how it ends when the power comes back and its door is closed;
    # a fault means that nobody knows
    (RESERVED, False): [CANCELLED],
    (RESERVED, True): [SENSOR_FAULT, CANCELLED],
    (LOADING, False): [CANCELLED],
    (LOADING, True): [DEPOSITED],
    (GRANTED, False): [SENSOR_FAULT, STILL_INSIDE],
    (GRANTED, True): [STILL_INSIDE],
    (TAKING, False): [COLLECTED],
    (TAKING, True): [STILL_INSIDE],
}


class LawBroken(AssertionError):
    """A law of the cabinet was broken: which, and by what."""


def require(holds: object, law: str, *facts: object) -> None:
    """Raises LawBroken with that sentence unless it holds."""
    if not holds:
        raise LawBroken(f"{law} {facts}")


# At the moment when it happens.


def a_coil_moves_only_for_an_act_of_this_start(world: "World", board: "Board", number: int) -> None:
    """Its record is durable; somebody has pressed a key since the board started,
    and since the door last opened.
    """
    newest = world.written.events[world.written.number]
    require(
        (newest.kind, newest.door) == (records.PULSED, number),
        "a pulse is written down before its coil moves",
        number,
        newest,
    )
    require(1 <= newest.a <= PULSES_MAX, "an attempt has three pulses", newest)
    acts = [
        record for record in world.written.events.values() if record.door == number and record.kind in ACTS
    ]
    require(
        acts and acts[-1].boot == newest.boot and board.presses,
        "no coil moves for an act of before a power cut",
        newest,
        acts,
    )
    require(board.opened.get(number) != board.presses, "no door opens twice for one act", newest)


def a_try_is_written_before_it_is_compared(world: "World", number: int, counter: int) -> None:
    door = world.written.state.doors[number]
    tries = min(world.compares[number, counter], FAILURES_MAX)
    require(
        (door.counter, door.failures >= tries) == (counter, True),
        "a try is written before it is compared",
        number,
        counter,
        tries,
    )


# Of what the flash holds: right after a power cut, and at the end.


def of_the_flash(world: "World") -> None:
    """Reads a copy of the flash as any board would that starts on it."""
    folded = state.State(tuple(world.doors))
    flash = world.flash.copy()
    journal = OpenedJournal(flash, folded.apply, folded.carried)
    every_event_is_there_as_it_was_written(world, folded, journal)
    the_journal_says_what_was_written(world, folded, journal)
    spent_tickets_stay_spent(world, folded, journal)
    no_guess_was_free(world, folded)
    no_counter_is_used_twice(world)
    no_ticket_is_deposited_twice(world)
    an_order_is_carried_out_once(world)
    openings_by_order_are_counted(world, folded)
    pair(flash.marks, journal, folded)
    require(
        (folded.doubt, journal.damaged) == (0, 0),
        "a power cut casts no doubt on the journal",
        folded.doubt,
        journal.damaged,
    )


def every_event_is_there_as_it_was_written(world: "World", folded: state.State, journal: Journal) -> None:
    """All of this story, and all that the host does not hold yet;
    the one that was cut off as a whole or not at all.
    """
    written = world.written
    first = min(written.since, world.host.last + 1)
    found = {record.number: record for record in map(records.unpack, journal.events_from(first, 1 << 30))}
    newest = found.get(written.number + 1)
    is_whole = not newest or (newest.kind, newest.door, newest.a, newest.b) == written.appending
    require(
        is_whole and max(found, default=0) <= written.number + 1,
        "nothing is there that was not written",
        list(found.values())[-2:],
    )
    written.settles(newest, folded, journal)
    wanted = range(first, written.number + 1)
    require(list(found) == list(wanted), "no durable event is lost", wanted, set(found) ^ set(wanted))
    require(
        journal.next_number == written.number + 1,
        "no event number is given out twice",
        journal.next_number,
        written.number,
    )
    for number, record in found.items():
        require(record == written.events.get(number, record), "no durable event changes", record)
        told = world.host.events.get(number) or world.host.urgent.get(number)
        require(
            told in (None, records.pack(record)), "what the host was told is what the journal says", record
        )


def the_journal_says_what_was_written(world: "World", folded: state.State, journal: Journal) -> None:
    written = world.written
    require(
        folded.door_records() == written.state.door_records(),
        "the journal says what was written",
        folded.door_records(),
    )
    require(
        journal.acknowledged == written.acknowledged,
        "an acknowledgement is kept",
        journal.acknowledged,
        written.acknowledged,
    )
    require(
        journal.acknowledged <= world.host.last < journal.next_number,
        "no acknowledgement runs ahead of the host",
        journal.acknowledged,
    )


def spent_tickets_stay_spent(world: "World", folded: state.State, journal: Journal) -> None:
    """Of the two generations that have a bitmap, but for one that is being erased."""

    def has_a_bit(recorded: int, generation: int) -> bool:
        return folded.generation_by(recorded) == generation and not (
            folded.clearing and not (recorded >> 16 ^ folded.clearing) & 1
        )

    labels = {(courier.recorded, courier.generation) for courier in world.couriers}
    kept = {recorded for recorded, generation in labels if has_a_bit(recorded, generation)}
    spent = {recorded for recorded in kept if journal.spent(*folded.spent_bit(recorded))}
    require(
        spent == world.written.spent & kept,
        "a spent ticket stays spent, and no other is",
        spent,
        world.written.spent,
    )
    require(spent <= world.written.deposited(), "only a deposit spends a ticket", spent)


def no_guess_was_free(world: "World", folded: state.State) -> None:
    for (number, counter), tries in world.compares.items():
        door = folded.doors[number]
        counted = door.failures if door.counter == counter else FAILURES_MAX
        require(counted >= min(tries, FAILURES_MAX), "no guess is free", number, counter, tries, counted)


def no_counter_is_used_twice(world: "World") -> None:
    used: dict[int, int] = {}
    for record in world.written.of(records.DEPOSIT_STARTED):
        require(record.b > used.get(record.door, 0), "no parcel counter is used twice", record)
        used[record.door] = record.b


def no_ticket_is_deposited_twice(world: "World") -> None:
    good = {record.a for record in world.written.of(DEPOSITED)}
    for serial in good:
        deposits = [record for record in world.written.of(DEPOSITED) if record.a == serial]
        withdrawn = [record for record in world.written.of(records.WITHDRAWN) if record.a == serial]
        require(len(deposits) - len(withdrawn) <= 1, "no ticket is deposited twice", serial)


def an_order_is_carried_out_once(world: "World") -> None:
    applied = [record.a for record in world.written.of(records.COMMAND_APPLIED)]
    require(
        applied == list(range(1, len(applied) + 1)),
        "each order of the host is carried out once, in turn",
        applied,
    )


def openings_by_order_are_counted(world: "World", folded: state.State) -> None:
    opened = [record for record in world.written.of(records.PICKUP_OPENED) if record.a == records.BY_HOST]
    require(
        folded.openings >= len(opened), "an opening by order counts before it opens", folded.openings, opened
    )


# After a start.


def of_a_start(world: "World", number: int) -> None:
    """`number` is that of the newest event before it."""
    for door in world.begun:
        told = [
            record.kind
            for record in world.written.events.values()
            if record.number > number and record.door == door
        ]
        an_open_intent_ends_as_the_sensors_say(world, door, [kind for kind in told if kind in OUTCOMES])
    what_is_inside_has_a_code(world)


def an_open_intent_ends_as_the_sensors_say(world: "World", number: int, told: list[int]) -> None:
    """Done, not done or unknown; behind an open door it is decided when that closes.

    A flagged parcel is inside, whatever is seen.
    """
    door = world.doors[number]
    intent, flagged = world.begun[number]
    state = world.written.state.doors[number].state
    if door.closed:
        require(
            told == ENDINGS[intent, door.seen or flagged],
            "an open intent ends as the sensors say",
            number,
            intent,
            door,
            told,
        )
        require(state in AT_REST, "an open intent ends", number, intent, state)
    else:
        require(
            (told, state) == ([], {RESERVED: LOADING, GRANTED: TAKING}.get(intent, intent)),
            "an open door keeps its intent",
            number,
            state,
        )


def what_is_inside_has_a_code(world: "World") -> None:
    """Behind every closed door at rest, and nothing else has one, as long as the sensor told the truth."""
    for number, door in world.doors.items():
        state = world.written.state.doors[number].state
        if door.closed and state in AT_REST and not door.lied:
            require(
                (state == WAITING) == bool(door.parcel),
                "a parcel inside has a code, and no code is without a parcel",
                number,
                door,
                state,
            )


# At the end.


def of_the_end(world: "World") -> None:
    """Everybody has finished what she began, and the host has heard it all."""
    written = world.written
    require(world.host.last == written.number, "the host has every event", world.host.last, written.number)
    for number, door in world.doors.items():
        folded = written.state.doors[number].state
        require(folded == state.EMPTY and door.closed, "everything comes to an end", number, door, folded)
    what_is_inside_has_a_code(world)
    require(not written.of(records.DOOR_FORCED), "no alarm without a cause", written.of(records.DOOR_FORCED))
    for courier in world.couriers if not any(door.lied for door in world.doors.values()) else ():
        require(
            courier.recorded in written.deposited() or not courier.wants,
            "whoever brings a parcel can deposit it",
            courier,
        )
