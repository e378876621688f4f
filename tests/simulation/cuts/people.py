"""Sensible people: what each wants, does, and does again when the power was gone in the middle of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from locker.contract import codes, records, tickets
from locker.core import texts
from tests.simulation.cuts.board import SECRETS, code_key, rule_of, ticket_key
from tests.simulation.cuts.laws import require

if TYPE_CHECKING:
    from tests.simulation.cuts.world import World

SEALED_MS = 61_000  # from when on a courier can no longer come back
TEN_MINUTES_MS = 600_000  # of quiet, after which the bell is another call


class Person(Protocol):
    """Whoever stands at an open door."""

    def finish(self, world: "World", number: int) -> None:
        """Does there what she came for, and closes the door; with power and without."""
        ...


class Visitor(ABC):
    """Someone with a number to type and something to do behind the door that it opens."""

    @abstractmethod
    def asks(self, world: "World") -> int:
        """Types the number; the door that opens, or 0."""

    @abstractmethod
    def finish(self, world: "World", number: int) -> None:
        """See Person."""

    def stands_at(self, world: "World") -> int:
        """At the door that has just sprung open; it, or 0."""
        number = world.sprung()
        if number:
            world.at[number] = self
        return number

    def visits(self, world: "World") -> int:
        """From the number to the closed door; the door, or 0."""
        number = self.asks(world)
        if number:
            self.finish(world, number)
        return number


@dataclass
class Courier(Visitor):
    """A courier with the ticket of that serial and a parcel in her hand, if any;
    `wants` to have it delivered.
    """

    serial: int
    size: str = "1"
    parcel: str = "a parcel"
    wants: bool = True
    generation: int = 0

    @property
    def ticket(self) -> str:
        return tickets.ticket(ticket_key(self.generation), SECRETS.site_id, self.serial) + "#"

    @property
    def recorded(self) -> int:
        """Its serial as records have it."""
        return tickets.recorded(self.serial, self.generation)

    def asks(self, world: "World") -> int:
        """Types the ticket, and a size if she is asked; the door that opens, or 0."""
        text = world.press(self.ticket)
        if text == texts.SIZES and world.press(self.size) == texts.LARGER:
            world.press("#")
        elif text == texts.USED:
            require(
                self.recorded in world.written.deposited(), "a ticket is good until it is deposited", self
            )
        return self.stands_at(world)

    def finish(self, world: "World", number: int) -> None:
        if self.wants and self.parcel:
            world.put(number, self.parcel)
            self.parcel = ""
            world.wait(2000)
        world.close(number)


@dataclass
class Resident(Visitor):
    """A resident, with what the host told her of her parcel;
    `takes` it this time, or has another look only.
    """

    deposit: records.Record
    retry: int = 0
    epoch: int = 1
    takes: bool = True
    generation: int = 0  # of her ticket's key

    def code(self, digits: int = 8) -> str:
        """Door and pickup code, as in her message."""
        return f"{self.deposit.door:02}{codes.pickup_code(*self._terms)[:digits]}#"

    @property
    def _terms(self) -> tuple:
        door, counter, rule = self.deposit.door, self.deposit.b, rule_of(self.epoch)
        tail = tickets.tail(ticket_key(self.generation), SECRETS.site_id, self.deposit.a & 0xFFFF, rule)
        return code_key(self.epoch), SECRETS.board_id, self.epoch, door, counter, self.retry, tail, rule

    def wrong(self, digits: int = 8) -> str:
        """The same with a slip in its first digit."""
        code = self.code(digits)
        return code[:2] + str((int(code[2]) + 5) % 10) + code[3:]

    def duress(self) -> str:
        """With the last two of the 8 digits replaced by her safe tail."""
        return f"{self.deposit.door:02}{codes.duress_code(*self._terms)[:8]}#"

    def asks(self, world: "World") -> int:
        """Types the code, with the extra digits if she is asked for them; the door that opens, or 0."""
        if world.press(self.code()) == texts.ALL_DIGITS:
            world.press(self.code(12))
        return self.stands_at(world)

    def finish(self, world: "World", number: int) -> None:
        if self.takes:
            world.put(number, "")
            world.wait(2000)
        world.close(number)
        world.wait(2000)
        if world.board and world.board.screen == texts.CONFIRM:
            world.press("1" if self.takes else "2")
            world.wait(3000)


def resident_of(world: "World", serial: int, takes: bool = True) -> Resident:
    """Whoever has a message of the parcel that came with that serial."""
    return next(resident(world, deposit, takes) for deposit in world.host.parcels()[0] if deposit.a == serial)


def resident(world: "World", deposit: records.Record, takes: bool = True) -> Resident:
    """Whoever has a message of that deposit, and the latest one."""
    return Resident(
        deposit, world.host.retry(deposit), world.host.epoch(deposit), takes, world.host.generation(deposit)
    )


def go_on(world: "World") -> None:
    """Whatever was interrupted: everybody finishes it or does it again,
    and every parcel is collected with its code.
    """
    for number in world.open_doors():
        if number in world.at:
            world.at[number].finish(world, number)
        else:
            world.close(number)
    for door in world.doors.values():
        door.stuck = 0  # somebody has seen to it
    couriers_come_again(world)
    world.online = True
    world.wait(SEALED_MS)
    world.live.hear()
    couriers_come_again(world)
    world.wait(SEALED_MS)
    for deposit in world.host.parcels()[0]:
        number = resident(world, deposit).visits(world)
        require(
            number == deposit.door,
            "a deposited parcel is collected with its code",
            deposit,
            number,
            world.live.screen,
        )
    world.wait(SEALED_MS)
    nothing_is_left_to_open(world)
    world.wait(SEALED_MS)
    world.live.hear()


def couriers_come_again(world: "World") -> None:
    """Those who still have a parcel to deliver;
    if the journal was full until the host heard of it, there is room the next time.
    """
    for courier in world.couriers:
        if courier.wants and courier.parcel and courier.recorded not in world.written.deposited():
            courier.visits(world)


def nothing_is_left_to_open(world: "World") -> None:
    """The code of a parcel that is gone and a ticket that was deposited open nothing;
    any other ticket is as good as ever.
    """
    for deposit in world.host.parcels()[1]:
        require(not resident(world, deposit).asks(world), "a code is dead when its parcel is gone", deposit)
    for courier in world.couriers:
        text = world.press(courier.ticket)
        good = (
            courier.recorded not in world.written.deposited()
            and courier.generation + 1 >= world.written.state.generation
        )
        require((text == texts.SIZES) == good, "a ticket is good for one deposit", courier, text)
        if good:
            world.press("*")
