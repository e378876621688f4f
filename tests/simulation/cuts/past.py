"""Worlds in which a story may begin: parcels that wait, and a journal that has gone round its ring."""

from functools import cache

from locker.contract import records
from locker.core.state import RESERVE
from tests.simulation.cuts.board import NUMBERS, Board
from tests.simulation.cuts.opened import SLOTS
from tests.simulation.cuts.people import SEALED_MS, Courier
from tests.simulation.cuts.world import World, fresh

OTHER = 7  # the ticket of a parcel that waits all the time and has nothing to do with it
HERS = 8  # that of the parcel in question
NEW = 42  # that of the courier who comes
KEPT = 1 + len(NUMBERS) + 26  # the last slots, which are for making room
INVENTED = "123456789#"  # no ticket
QUIET_MS = 6000  # after which the board tidies up
RING = 120


def deposit(world: World, *serials: int) -> None:
    """A parcel for each; their residents are told."""
    for serial in serials:
        world.couriers.append(Courier(serial))
        world.couriers[-1].visits(world)
        world.wait(SEALED_MS)


def rest(world: World) -> World:
    """The power goes, and what happened so far is the past."""
    world.written.forgets()
    world.host.forgets()
    world.power_off()
    return world


@cache
def one_waits() -> World:
    world = fresh()
    world.power_on()
    deposit(world, OTHER)
    return rest(world)


@cache
def two_wait() -> World:
    world = fresh()
    world.power_on()
    deposit(world, OTHER, HERS)
    return rest(world)


def note(board: Board) -> None:
    """An event that concerns no door."""
    board.state.apply(board.journal.append(records.LAMP_FAILED, 0, 0, 0, 0))


def grow(world: World, sequence: int, slots_left: int, whole: bool = False) -> None:
    """Fills the ring up to the block with that sequence, of which so many slots stay free.

    Unless `whole`, the blocks on the way are taken for full after a few records:
    a start reads them much faster, and finds its way alike.
    """
    board = world.live
    journal = board.journal
    while (journal._head, SLOTS - journal._used) != (sequence, slots_left):
        note(board)
        if journal._head < sequence and not whole:
            journal.leap()
        if world.online and journal.next_number % 100 == 0:
            board.hear()
        journal.tidy(0, quiet=journal._head < sequence)


def wrapped(sequence: int, slots_left: int, whole: bool = False) -> World:
    """Two parcels wait, whose records are in the oldest block of a ring that is full
    but for the blocks that are kept erased.
    """
    world = fresh()
    world.power_on()
    if sequence > RING:
        grow(world, RING, SLOTS - 9, whole)
    deposit(world, OTHER, HERS)
    world.press(INVENTED)
    grow(world, sequence - 1, 1, whole)
    world.live.hear()
    grow(world, sequence, slots_left, whole)
    return rest(world)


def later(world: World) -> None:
    """Three blocks of the journal later; each is taken for full after a few records."""
    for _ in range(3):
        note(world.live)
        world.live.journal.leap()
        note(world.live)
        world.live.hear()
        world.wait(QUIET_MS)


@cache
def full(room: int = 2 * RESERVE) -> World:
    """Two parcels wait; then the host heard nothing until the journal was full but for
    what is kept for their pickups, or for less.
    """
    world = fresh()
    world.power_on()
    deposit(world, OTHER, HERS)
    world.online = False
    grow(world, RING - 1, KEPT + room)
    return rest(world)
