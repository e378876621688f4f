"""The table of what the power is cut in: what people do, and what was there before.

A new transaction is a function and a row.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from locker.contract import records as r
from locker.core import texts
from tests.simulation.cuts import orders
from tests.simulation.cuts.past import (
    HERS,
    INVENTED,
    NEW,
    OTHER,
    QUIET_MS,
    full,
    one_waits,
    two_wait,
    wrapped,
)
from tests.simulation.cuts.people import SEALED_MS, TEN_MINUTES_MS, Courier, resident_of
from tests.simulation.cuts.world import World

LEFT_MS = 200_000  # longer than anybody is reminded of an open door
SMALL = (1, 2)  # the doors of that size


class Transaction(NamedTuple):
    """`script` is what people do, `before` makes the world in which they do it.

    Uncut it leads to events of the kinds `leads_to`, in that order among others, and to so many erased blocks
    at least. `links` are whether the host hears of it at once; a `long` one is for the long sweeps.
    """

    script: Callable[[World], object]
    before: Callable[[], World] = one_waits
    leads_to: tuple[int, ...] = ()
    erases: int = 0
    links: tuple[bool, ...] = (True, False)
    long: bool = False


def courier(world: World, size: str = "1", wants: bool = True, serial: int = NEW) -> Courier:
    """One more courier in that world."""
    world.couriers.append(Courier(serial, size, wants=wants))
    return world.couriers[-1]


def deposits(world: World) -> None:
    courier(world).visits(world)
    world.wait(SEALED_MS)


def two_couriers(world: World) -> None:
    courier(world).visits(world)
    courier(world, "2", serial=NEW + 1).visits(world)


def withdraws(world: World) -> None:
    """She has put the wrong parcel in, and types the ticket again."""
    she = courier(world)
    she.visits(world)
    she.parcel = "the right parcel"
    she.visits(world)
    world.wait(SEALED_MS)


def cannot_withdraw(world: World) -> None:
    """She types the ticket again, but the door does not move any more."""
    she = courier(world)
    world.doors[she.visits(world)].stuck = 3
    she.parcel = "the right parcel"
    assert not she.asks(world)
    world.press("*")
    world.wait(SEALED_MS)


def takes_it_back(world: World) -> None:
    """She comes back within the minute and leaves with the parcel."""
    she = courier(world)
    she.visits(world)
    she.wants = False
    number = she.asks(world)
    world.put(number, "")
    world.press("*")
    world.close(number)


def cancels(world: World) -> None:
    she = courier(world, wants=False)
    number = she.asks(world)
    world.press("*")
    world.close(number)
    world.press("*")


def wants_another_size(world: World) -> None:
    she = courier(world)
    number = she.asks(world)
    world.press("*")
    world.close(number)
    world.press("2")
    number = she.stands_at(world)
    she.finish(world, number)


def closes_it_empty_first(world: World) -> None:
    she = courier(world)
    number = she.asks(world)
    world.close(number)
    world.press("#")
    she.finish(world, she.stands_at(world))


def closes_it_empty_and_goes(world: World) -> None:
    she = courier(world, wants=False)
    world.close(she.asks(world))
    world.wait(SEALED_MS)


def finds_a_jam(world: World) -> None:
    """The small doors do not move, a larger one does."""
    for number in SMALL:
        world.doors[number].stuck = 3
    she = courier(world)
    assert not she.asks(world)
    world.press("2")
    she.finish(world, she.stands_at(world))


def leaves_her_door_open(world: World) -> None:
    she = courier(world)
    number = she.asks(world)
    world.put(number, she.parcel)
    she.parcel = ""
    world.wait(LEFT_MS)
    world.close(number)


def invents_tickets(world: World) -> None:
    for _ in range(3):
        assert world.press(INVENTED) == texts.UNKNOWN


def collects(world: World) -> None:
    resident_of(world, HERS).visits(world)
    world.wait(7000)


def collects_under_duress(world: World) -> None:
    she = resident_of(world, HERS)
    world.press(she.duress())
    she.finish(world, she.stands_at(world))


def slips_three_times(world: World) -> None:
    she = resident_of(world, HERS)
    for _ in range(3):
        assert world.press(she.wrong()) == texts.UNKNOWN
    she.visits(world)


def needs_all_digits(world: World) -> None:
    she = resident_of(world, HERS)
    for _ in range(10):
        assert world.press(she.wrong()) == texts.UNKNOWN
    assert world.press(she.wrong(12)) == texts.UNKNOWN
    she.visits(world)


def guesses_at_an_empty_door(world: World) -> None:
    for door in (2, 3, 4):
        assert world.press(f"{door:02}12345678#") == texts.UNKNOWN


def puts_it_back(world: World) -> None:
    """She only has a look, and takes it the second time."""
    she = resident_of(world, HERS, takes=False)
    she.visits(world)
    she.takes = True
    she.visits(world)


def needs_two_pulses(world: World) -> None:
    she = resident_of(world, HERS)
    world.doors[she.deposit.door].stuck = 1
    she.visits(world)


def finds_her_door_jammed(world: World) -> None:
    she = resident_of(world, HERS)
    world.doors[she.deposit.door].stuck = 3
    assert not she.asks(world)
    she.visits(world)


def goes_without_closing(world: World) -> None:
    she = resident_of(world, HERS)
    number = she.asks(world)
    world.put(number, "")
    world.wait(LEFT_MS)
    world.close(number)


def rings(world: World) -> None:
    for _ in range(2):
        world.ring()
        world.wait(TEN_MINUTES_MS)


def collects_while_deposits_stop(world: World) -> None:
    assert not courier(world).asks(world)
    resident_of(world, HERS).visits(world)


def drains(world: World) -> None:
    """A bell that is only counted, for the room is her neighbour's;
    then the host is there again and hears it all.
    """
    rings(world)
    resident_of(world, HERS).visits(world)
    world.online = True
    world.live.hear()
    world.wait(QUIET_MS)


def waits_for_the_host(world: World) -> None:
    """Not one record more fits: she is told to call for help,
    and her code works as soon as the host has heard what happened before.
    """
    rings(world)
    she = resident_of(world, HERS)
    assert world.press(she.code()) == texts.JAMMED
    world.online = True
    world.live.hear()
    she.visits(world)


def looks_too_often(world: World) -> None:
    """She does not take her parcel until she has used up what was kept for her pickup;
    what is kept for her neighbour stays.
    """
    she = resident_of(world, HERS, takes=False)
    while world.press(she.code()) != texts.JAMMED:
        she.finish(world, she.stands_at(world))
    resident_of(world, OTHER).visits(world)


def two_come(world: World) -> None:
    """One after the other, without a pause in which the board could tidy up."""
    resident_of(world, HERS).visits(world)
    courier(world).visits(world)
    world.wait(7000)


ONLINE = (True,)
OFFLINE = (False,)
TRANSACTIONS = {
    # name:                   what people do, and what was before;  events that it leads to
    "deposit": Transaction(
        deposits, one_waits, (r.DEPOSIT_STARTED, r.PULSED, r.DOOR_OPENED, r.DOOR_CLOSED, r.DEPOSITED)
    ),
    "larger door": Transaction(deposits, two_wait, (r.DEPOSITED,)),
    "two couriers": Transaction(two_couriers, one_waits, (r.DEPOSITED, r.DEPOSITED)),
    "withdraw": Transaction(withdraws, one_waits, (r.DEPOSITED, r.WITHDRAWN, r.DEPOSITED)),
    "withdrawal jams": Transaction(cannot_withdraw, one_waits, (r.DEPOSITED, r.WITHDRAWN, r.DOOR_JAMMED)),
    "take back": Transaction(takes_it_back, one_waits, (r.DEPOSITED, r.WITHDRAWN, r.CANCELLED)),
    "cancel": Transaction(cancels, one_waits, (r.CANCELLED,)),
    "other size": Transaction(wants_another_size, one_waits, (r.CANCELLED, r.DEPOSITED)),
    "empty first": Transaction(closes_it_empty_first, one_waits, (r.DOOR_CLOSED, r.PULSED, r.DEPOSITED)),
    "empty at all": Transaction(closes_it_empty_and_goes, one_waits, (r.DOOR_CLOSED, r.CANCELLED)),
    "deposit jams": Transaction(finds_a_jam, one_waits, (r.DOOR_JAMMED, r.CANCELLED, r.DEPOSITED)),
    "deposit left open": Transaction(leaves_her_door_open, one_waits, (r.DOOR_LEFT_OPEN, r.DEPOSITED)),
    "invented tickets": Transaction(invents_tickets, one_waits, (r.TICKET_REFUSED,)),
    "pickup": Transaction(
        collects,
        two_wait,
        (r.CODE_TRIED, r.PICKUP_OPENED, r.PULSED, r.DOOR_OPENED, r.DOOR_CLOSED, r.COLLECTED),
    ),
    "duress": Transaction(collects_under_duress, two_wait, (r.PICKUP_OPENED, r.COLLECTED)),
    "wrong code": Transaction(slips_three_times, two_wait, (*[r.CODE_TRIED] * 4, r.COLLECTED)),
    "step-up": Transaction(needs_all_digits, two_wait, (*[r.CODE_TRIED] * 10, r.PICKUP_OPENED, r.COLLECTED)),
    "empty door": Transaction(guesses_at_an_empty_door),
    "put back": Transaction(puts_it_back, two_wait, (r.STILL_INSIDE, r.COLLECTED)),
    "second pulse": Transaction(needs_two_pulses, two_wait, (r.PULSED, r.PULSED, r.COLLECTED)),
    "pickup jams": Transaction(
        finds_her_door_jammed, two_wait, (r.PULSED, r.PULSED, r.PULSED, r.DOOR_JAMMED, r.COLLECTED)
    ),
    "pickup left open": Transaction(goes_without_closing, two_wait, (r.DOOR_LEFT_OPEN, r.COLLECTED)),
    "bell": Transaction(rings, one_waits, (r.BELL_RUNG, r.BELL_RUNG)),
    "reissue": Transaction(
        orders.reissue, two_wait, (r.REISSUED, r.COMMAND_APPLIED, r.COLLECTED), links=ONLINE
    ),
    "recall": Transaction(
        orders.recall, two_wait, (r.ARMED, r.COMMAND_APPLIED, r.PICKUP_OPENED, r.COLLECTED), links=ONLINE
    ),
    "recall in vain": Transaction(
        orders.recall_in_vain, two_wait, (r.ARMED, r.ARMED, r.COMMAND_APPLIED), links=ONLINE
    ),
    "service": Transaction(
        orders.service, one_waits, (r.OUT_OF_SERVICE, r.ARMED, r.SERVICE_OPENED, r.DOOR_TESTED), links=ONLINE
    ),
    "more patience": Transaction(orders.more_patience, one_waits, (r.COMMAND_APPLIED,), links=ONLINE),
    "help from afar": Transaction(
        orders.help_from_afar, two_wait, (r.PICKUP_OPENED, r.COLLECTED), links=ONLINE
    ),
    "new epoch": Transaction(
        orders.new_epoch, two_wait, (r.EPOCH_BEGUN, r.DEPOSITED, r.COLLECTED, r.EPOCH_BEGUN), links=ONLINE
    ),
    "ticket key turns": Transaction(
        orders.ticket_key_turns,
        two_wait,
        (r.TICKETS_TURNED, r.DEPOSITED, r.TICKETS_TURNED, r.PICKUP_OPENED, r.COLLECTED),
        4,
        ONLINE,
    ),
    "erase ahead": Transaction(collects, cache(lambda: wrapped(117, slots_left=3)), (r.COLLECTED,), erases=1),
    "erase at once": Transaction(
        two_come, cache(lambda: wrapped(118, slots_left=2)), (r.COLLECTED, r.DEPOSITED), erases=1
    ),
    "erase in a later round": Transaction(
        two_come, cache(lambda: wrapped(237, slots_left=3)), (r.COLLECTED, r.DEPOSITED), erases=1
    ),
    "journal full": Transaction(collects_while_deposits_stop, full, (r.COLLECTED,), links=OFFLINE),
    "journal drains": Transaction(drains, full, (r.COLLECTED, r.EVENTS_DROPPED), erases=1, links=OFFLINE),
    "journal brimful": Transaction(
        waits_for_the_host, cache(lambda: full(0)), (r.EVENTS_DROPPED, r.COLLECTED), erases=1, links=OFFLINE
    ),
    "looks too often": Transaction(
        looks_too_often, full, (*[r.STILL_INSIDE] * 4, r.COLLECTED), links=OFFLINE
    ),
    "whole ring": Transaction(
        two_come, cache(lambda: wrapped(237, slots_left=3, whole=True)), (r.COLLECTED,), erases=1, long=True
    ),
}
