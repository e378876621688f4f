"""What a power cut does not touch: doors, parcels, people, the host, and the cells of the flash."""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

from locker.contract import codes
from locker.core import events, keypad, state
from locker.shell.format import format_journal
from tests.simulation.cuts import laws
from tests.simulation.cuts.board import NUMBERS, Board
from tests.simulation.cuts.flash import TornFlash
from tests.simulation.cuts.host import Host
from tests.simulation.cuts.written import Written

if TYPE_CHECKING:
    from tests.simulation.cuts.people import Courier, Person

INCARNATION = 7


@dataclass
class Doorway:
    """A door and what is behind it.

    `stuck` pulses do not move it; `lies` turns its occupancy sensor around, `lied` says it ever did.
    """

    closed: bool = True
    parcel: str = ""
    stuck: int = 0
    lies: bool = False
    lied: bool = False

    @property
    def seen(self) -> bool:
        """Whether the sensor sees something inside."""
        return bool(self.parcel) != self.lies

    def springs(self) -> bool:
        """The latch lets go; whether the door moved."""
        if not self.closed:
            return False
        self.closed = self.stuck > 0
        self.stuck = max(0, self.stuck - 1)
        return not self.closed


@dataclass
class World:
    """One cabinet and everybody around it. `board` is None while there is no power."""

    flash: TornFlash
    written: Written
    rng: random.Random
    online: bool
    doors: dict[int, Doorway] = field(default_factory=lambda: {number: Doorway() for number in NUMBERS})
    host: Host = field(default_factory=Host)
    couriers: "list[Courier]" = field(default_factory=list)
    # By door and counter of a waiting parcel.
    compares: dict[tuple[int, int], int] = field(default_factory=dict)
    at: "dict[int, Person]" = field(default_factory=dict)  # who stands at an open door
    begun: dict[int, tuple[int, bool]] = field(
        default_factory=dict
    )  # when the power failed: doors with an open intent, which, and flagged or not
    # The doors that were open at the first of the keys pressed last.
    open_before: list[int] = field(default_factory=list)
    board: Board | None = None

    @property
    def live(self) -> Board:
        """The board, which has power."""
        assert self.board
        return self.board

    def fork(self, rng: random.Random, online: bool) -> "World":
        """The same world without power, to be lived on differently."""
        assert self.board is None
        own = copy.deepcopy(
            {name: getattr(self, name) for name in ("written", "doors", "host", "couriers", "compares")}
        )
        return World(self.flash.copy(), rng=rng, online=online, **own)

    # Power

    def power_on(self) -> None:
        """Starts the board, and checks what it made of what it was cut off in."""
        self.board = Board(self)
        number = self.written.number
        self.board.boot()
        laws.of_a_start(self, number)
        for number, door in self.doors.items():
            door.lies = False
            self._look(number)

    def power_off(self) -> None:
        """The board is gone; what the flash holds is checked at once."""
        if self.board and self.board.coil and self.rng.random() < 0.5:
            self.doors[self.board.coil].springs()
        self.board = None
        self.flash.stay_on()
        laws.of_the_flash(self)
        doors = self.written.state.doors.items()
        self.begun = {
            number: (door.state, bool(door.sensor_unreliable))
            for number, door in doors
            if door.state not in laws.AT_REST
        }

    # What people do, with power and without

    def press(self, keys: str) -> int:
        """Keys; the text on the screen after the answer."""
        self.open_before = self.open_doors()
        self.live.press(keys)
        return self.live.screen

    def wait(self, ms: int) -> None:
        if self.board:
            self.board.wait(ms)

    def sprung(self) -> int:
        """The door that opens within 15 s of the keys pressed last, 0 when none does."""
        for _ in range(60):
            for number in self.open_doors():
                if number not in self.open_before:
                    return number
            self.wait(250)
        return 0

    def open_doors(self) -> list[int]:
        return [number for number, door in self.doors.items() if not door.closed]

    def put(self, number: int, parcel: str) -> None:
        """Puts a parcel behind an open door, or takes out ("") what is there."""
        assert not self.doors[number].closed
        self.doors[number].parcel = parcel
        self._look(number)

    def close(self, number: int) -> None:
        """Closes a door; whoever stood there goes."""
        self.at.pop(number, None)
        self.doors[number].closed = True
        if self.board:
            self.board.tell(events.ContactClosed(number))
            self.board.wait(1000)

    def ring(self) -> None:
        """The bell."""
        self.live.tell(events.BellPressed())
        self.wait(500)

    def _look(self, number: int) -> None:
        """The occupancy sensor reports a change."""
        seen = self.doors[number].seen
        if self.board and self.board.state.doors[number].occupied != seen:
            self.board.tell((events.Occupied if seen else events.Cleared)(number))


@contextmanager
def watched_compares(world: World) -> Iterator[None]:
    """Notes each time that the board derives the code of a waiting parcel,
    which it does only to compare it with what was typed.
    """

    def derive(key: bytes, board_id: bytes, epoch: int, door: int, counter: int, *more: int) -> tuple:
        board = world.live
        if (
            door in world.doors
            and door not in board.compared
            and board.state.doors[door].state >= state.WAITING
        ):
            board.compared.add(door)
            world.compares[door, counter] = world.compares.get((door, counter), 0) + 1
            laws.a_try_is_written_before_it_is_compared(world, door, counter)
        return codes.pickup_digits(key, board_id, epoch, door, counter, *more)

    # What the board derives, not what people do.
    keypad.codes = SimpleNamespace(code_digits=codes.code_digits, pickup_digits=derive)
    try:
        yield
    finally:
        keypad.codes = codes


def fresh(online: bool = True) -> World:
    """A cabinet as provisioning leaves it, without power."""
    flash = TornFlash({})
    format_journal(flash, INCARNATION)
    return World(flash.copy(), Written(state.State(NUMBERS)), random.Random(0), online)
