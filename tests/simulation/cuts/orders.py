"""What the host orders, and what people at the cabinet do about it."""

from dataclasses import dataclass

from locker.contract import codes, commands
from locker.core import effects, texts
from locker.core.events import Commanded, OpenConfirmed, OpenRequested
from tests.simulation.cuts.board import SECRETS
from tests.simulation.cuts.past import HERS, NEW
from tests.simulation.cuts.people import Courier, Resident, resident_of
from tests.simulation.cuts.world import World


@dataclass
class Staff:
    """A member of staff with the code of that label for one door; `arming` makes it another one each time.

    Empties the door.
    """

    label: bytes
    door: int
    counter: int
    arming: int = 1

    def asks(self, world: World) -> int:
        """Types the code; the door that opens, or 0."""
        code = codes.staff_code(
            SECRETS.code_key,
            self.label,
            SECRETS.board_id,
            SECRETS.epoch,
            self.door,
            self.counter,
            self.arming,
        )
        world.press(f"{self.door:02}{code}#")
        number = world.sprung()
        if number:
            world.at[number] = self
        return number

    def finish(self, world: World, number: int) -> None:
        world.put(number, "")
        world.close(number)


def order(world: World, kind: int, door: int, a: int) -> None:
    """The host's next command, for the parcel that was there last."""
    orders = world.host.orders
    orders.append(
        Commanded(len(orders) + 1, kind, door, world.written.state.doors[door].counter if door else 0, a)
    )
    world.live.hear()


def reissue(world: World) -> None:
    """She lost her message: another code, and the old one is dead."""
    she = resident_of(world, HERS)
    order(world, commands.REISSUE, she.deposit.door, 1)
    world.wait(1000)
    assert world.press(she.code()) == texts.UNKNOWN
    resident_of(world, HERS).visits(world)


def recall(world: World) -> None:
    """Staff take a parcel out; their code is dead then."""
    parcel = resident_of(world, HERS).deposit
    order(world, commands.ARM_RECALL, parcel.door, 1)
    staff = Staff(b"recall", parcel.door, parcel.b)
    staff.finish(world, staff.asks(world))
    assert not staff.asks(world)


def recall_in_vain(world: World) -> None:
    """Disarmed before anybody came."""
    parcel = resident_of(world, HERS).deposit
    order(world, commands.ARM_RECALL, parcel.door, 1)
    order(world, commands.DISARM, parcel.door, 0)
    assert not Staff(b"recall", parcel.door, parcel.b).asks(world)


def service(world: World) -> None:
    """An empty door is out of service until staff have opened and closed it."""
    number = next(number for number, door in world.doors.items() if not door.parcel)
    order(world, commands.SET_OUT, number, 1)
    order(world, commands.ARM_SERVICE, number, 1)
    staff = Staff(b"service", number, world.written.state.doors[number].counter)
    staff.finish(world, staff.asks(world))


def more_patience(world: World) -> None:
    order(world, commands.SET_PATIENCE, 0, 3)
    world.wait(1000)


def help_from_afar(world: World) -> None:
    """A person at the host opens the door for somebody who reads four digits from the screen;
    she takes her parcel.
    """
    she: Resident = resident_of(world, HERS)
    board = world.live
    board.tell(OpenRequested(she.deposit.door, she.deposit.b))
    challenge = board.last[effects.Challenge].number
    world.press("#")
    board.tell(OpenConfirmed(challenge, board.last[effects.Show].arguments[0]))
    she.finish(world, she.stands_at(world))


def new_epoch(world: World) -> None:
    """Keys change between two deposits; each parcel keeps the code of its own epoch."""
    order(world, commands.BEGIN_EPOCH, 0, 2)
    world.couriers.append(Courier(NEW))
    world.couriers[-1].visits(world)
    resident_of(world, HERS).visits(world)
    order(world, commands.BEGIN_EPOCH, 0, 3 | 1 << 18)


def ticket_key_turns(world: World) -> None:
    """Twice, with parcels that wait: each keeps the tail of its own generation,
    and the labels of the first one are gone.
    """
    order(world, commands.TURN_TICKETS, 0, 1)
    world.couriers.append(Courier(NEW, generation=1))
    world.couriers[-1].visits(world)
    order(world, commands.TURN_TICKETS, 0, 2)
    she = resident_of(world, HERS)
    world.press(she.duress())
    she.finish(world, she.stands_at(world))
