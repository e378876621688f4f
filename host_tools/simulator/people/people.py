"""People with a purpose: scripts that act with `Hands`, look at the cabinet, and have human patience."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World

_NOTICE_US = 400_000  # from seeing to acting
_DOOR_PATIENCE_MS = 12_000
_ASK_PATIENCE_MS = 3_000


@dataclass(frozen=True)
class Until:
    """Waits until `seen()` is true, looked at whenever something happens; gives up after so many ms.

    Sends back which it was.
    """

    seen: Callable[[], bool]
    patience_ms: int


#: A script yields the instant (us) until which it is busy, or an Until;
#: what it returns is the errand's result.
Script = Generator[int | Until, bool, Any]


class Errand:
    """One person at work.

    `done` when the script has ended; `result` is what it returned, `error` why it could not go on.
    """

    def __init__(self, world: World, script: Script) -> None:
        self._world = world
        self._script = script
        self._waiting: Until | None = None
        self.done = False
        self.result: Any = None
        self.error: ValueError | None = None
        world.trace.listeners.append(self._look)

    def go_on(self, seen: bool | None) -> None:
        """Lets the person act until the next wait; None begins."""
        self._waiting = None
        try:
            wish = next(self._script) if seen is None else self._script.send(seen)
        except StopIteration as end:
            self._finish(end.value, None)
        except ValueError as impossible:
            self._finish(None, impossible)
        else:
            self._wait(wish)

    def _wait(self, wish: int | Until) -> None:
        clock = self._world.clock
        if isinstance(wish, int):
            clock.at(wish, lambda: self.go_on(True))
        elif wish.seen():
            clock.after(_NOTICE_US, lambda: self.go_on(True))
        else:
            self._waiting = wish
            clock.after(wish.patience_ms * 1000, lambda: self._give_up(wish))

    def _look(self, _: Entry) -> None:
        if self._waiting and self._waiting.seen():
            self._waiting = None
            self._world.clock.after(_NOTICE_US, lambda: self.go_on(True))

    def _give_up(self, wish: Until) -> None:
        if self._waiting is wish:
            self.go_on(False)

    def _finish(self, result: Any, error: ValueError | None) -> None:
        self.done, self.result, self.error = True, result, error
        self._world.trace.listeners.remove(self._look)


def send(world: World, script: Script, at_ms: int = 0) -> Errand:
    """Sends a person on an errand that begins at that time of the world (at once if it has passed)."""
    errand = Errand(world, script)
    world.clock.at(at_ms * 1000, lambda: errand.go_on(None))
    return errand


def courier(world: World, ticket: str, size: str = "1") -> Script:
    """Types a ticket, a size when the screen has answered, puts the parcel in, shuts the door.

    The door's number, None when none opened.
    """
    yield world.hands.keys(ticket + "#")
    before = screen_of(world)
    yield Until(lambda: screen_of(world) != before, _ASK_PATIENCE_MS)
    shut = {number for number, door in world.doors.items() if door.place == "shut"}
    yield world.hands.keys(size)
    if not (yield Until(lambda: bool(opened(world, shut)), _DOOR_PATIENCE_MS)):
        return None
    number = opened(world, shut)[0]
    yield world.hands.put(number)
    yield world.hands.close(number)
    return number


def resident(world: World, door: int, pin: str) -> Script:
    """Types door and PIN, takes her parcel, shuts the door. Returns whether the door opened."""
    yield world.hands.keys(f"{door:02}{pin}#")
    if not (yield Until(lambda: world.doors[door].place != "shut", _DOOR_PATIENCE_MS)):
        return False
    yield world.hands.take(door)
    yield world.hands.close(door)
    return True


def screen_of(world: World) -> list[str]:
    """What a person reads on the screen; nothing where there is none."""
    return world.screen.lines() if world.screen else []


def opened(world: World, shut: set[int]) -> list[int]:
    """Which of these doors are no longer shut."""
    return sorted(number for number in shut if world.doors[number].place != "shut")
