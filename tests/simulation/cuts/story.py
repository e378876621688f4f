"""One story: a transaction, the power cuts in it, and what everybody does then;
all laws are checked on the way.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

from tests.simulation.cuts import laws
from tests.simulation.cuts.flash import PowerFailed
from tests.simulation.cuts.opened import unpacked_once
from tests.simulation.cuts.past import later
from tests.simulation.cuts.people import go_on
from tests.simulation.cuts.transactions import TRANSACTIONS
from tests.simulation.cuts.world import World, watched_compares


def wait(_: World) -> None:
    """Nobody touches anything."""


def finish(world: World) -> None:
    """Whoever stands at an open door does in the dark what she came for."""
    for number in world.open_doors():
        if number in world.at:
            world.at[number].finish(world, number)


def shut(world: World) -> None:
    """Every door is closed as it is."""
    for number in world.open_doors():
        world.close(number)


def lie(world: World) -> None:
    """The sensors of the doors that are in use read wrongly when the power comes back."""
    for number in world.begun:
        world.doors[number].lies = world.doors[number].lied = True


DARK: dict[str, Callable[[World], None]] = {act.__name__: act for act in (wait, finish, shut, lie)}


class Cut(NamedTuple):
    """The flash operation, counted from the start before it, that is torn;
    how; and what happens while it is dark.
    """

    operation: int
    torn: str
    dark: str


class Story(NamedTuple):
    """A transaction of the table, with the link up or not until it is over, its power cuts,
    and the seed of all that is left to chance.
    """

    name: str
    online: bool = True
    cuts: tuple[Cut, ...] = ()
    seed: int = 0

    def __str__(self) -> str:
        cuts = " ".join(f"{cut.operation}:{cut.torn}:{cut.dark}" for cut in self.cuts)
        return f"{self.name}/{'online' if self.online else 'offline'}/{cuts}/{self.seed}"


def parse(text: str) -> Story:
    """The story that is written so."""
    name, link, cuts, seed = text.split("/")
    parts = [cut.split(":") for cut in cuts.split()]
    return Story(
        name, link == "online", tuple(Cut(int(at), torn, dark) for at, torn, dark in parts), int(seed)
    )


class Lived(NamedTuple):
    """How a story went: its power cuts; if nothing cut the transaction,
    the flash operations, erases and event kinds of that.
    """

    cuts: int
    operations: int
    erases: int
    kinds: list[int]
    since_start: int  # flash operations since the last start


def live(story: Story) -> Lived:
    """Lives a story. Raises LawBroken, whatever went wrong in it, with the command that lives it again."""
    try:
        return _live(story)
    except Exception as error:
        command = f'python -m tests.simulation.cuts "{story}"'
        raise laws.LawBroken(f"{type(error).__name__}: {error}\n  again: {command}") from error


def _live(story: Story) -> Lived:
    world = TRANSACTIONS[story.name].before().fork(random.Random(str(story)), story.online)
    cuts = list(story.cuts)
    script: Callable[[World], object] | None = TRANSACTIONS[story.name].script
    operations = erases = began = 0
    kinds: list[int] = []
    with watched_compares(world), unpacked_once():
        while True:
            began = world.flash.operations
            if cuts:
                world.flash.cut_at(cuts[0].operation, cuts[0].torn, world.rng)
            try:
                world.power_on()
                if script:
                    script(world)
                    operations, erases = world.flash.operations - began, world.flash.erases
                    kinds = [
                        record.kind
                        for record in world.written.events.values()
                        if record.number >= world.written.since
                    ]
                go_on(world)
                later(world)
                break
            except PowerFailed:
                script = None
                world.power_off()
                DARK[cuts.pop(0).dark](world)
        since_start = world.flash.operations - began
        world.power_off()
        laws.of_the_end(world)
    return Lived(len(story.cuts) - len(cuts), operations, erases, kinds, since_start)
