"""An afternoon without duress and one with it, on one seed.

Up to the first key that differs they are the same, so that is played once; there the two part.
"""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

from host_tools.simulator.people.people import Script, Until, send
from tests.memory_disk import scratch

from .paired import DAY_NS, START_NS, Afternoon, Run, Stage, Visit, stage
from .parting import Parting

_AWAKE_US = 3_000_000  # from the power's return to the welcome


class Observed(NamedTuple):
    """What everybody but a dispatcher observes of an afternoon,
    and what dispatchers do, each with its instant.
    """

    seen: list[tuple[int, str, Any]]
    alarms: list[tuple[int, Any]]


def play_twice(afternoon: Afternoon, seed: int, at: Stage | None = None) -> tuple[Observed, Observed]:
    """An afternoon without duress and one with it in each visit; `at` None: on the stage of this process."""
    at = at or stage()
    with scratch() as folder:
        place = Path(folder, "place")
        shutil.copytree(at.folder, place)
        return _play(afternoon, seed, at, place)


def _play(afternoon: Afternoon, seed: int, at: Stage, place: Path) -> tuple[Observed, Observed]:
    parting = Parting()

    def come(run: Run) -> None:
        run.network.loss = afternoon.loss
        for door, _ in at.parcels:
            run.world.doors[door].put(True)
        for visit in afternoon.visits:
            door, code = at.parcels[visit.parcel]
            number = list(zip(f"{door:02}{code}#", f"{door:02}{at.duress_code(visit.parcel)}#", strict=True))
            if visit.blocked:
                run.clock.at(visit.at_ms * 1000, lambda door=door: run.world.hands.block(door))
            send(run.world, _collect(run, parting, door, number, visit), visit.at_ms)
        for trouble in afternoon.troubles:
            run.clock.at(trouble.at_ms * 1000, lambda what=trouble.what: run.trouble(what))

    try:
        with Run(place, seed, START_NS + DAY_NS) as run:
            run.live(at.identity, come, afternoon.until_ms)
            free = Observed(run.seen, run.alarms)
            return free, parting.ends(free)
    except BaseException:
        parting.fails()
        raise


def _type(run: Run, parting: Parting, number: list[tuple[str, str]]) -> Script:
    """She types a number, free or (the second of each two keys) under duress.

    Where the cabinet goes dark under her fingers she waits until it is back, and begins again.
    """
    world = run.world
    while True:
        for key, forced in number:
            if key != forced:
                parting.comes(run.makes_own)
            yield world.hands.keys(forced if parting.is_other else key)
            if not world.supply.on:
                break
        else:
            return
        yield Until(lambda: world.supply.on, 60_000)
        yield world.clock.now_us() + _AWAKE_US


def _collect(run: Run, parting: Parting, door: int, number: list[tuple[str, str]], visit: Visit) -> Script:
    """She types slips of the finger first, then her number,
    waits for the door, and closes it after a while.
    """
    world = run.world
    for slip in range(visit.wrong):
        yield from _type(run, parting, [(key, key) for key in f"{door:02}{slip:08}#"])
        yield world.clock.now_us() + 4_000_000
    yield from _type(run, parting, number)
    if not (yield Until(lambda: world.doors[door].place != "shut", 14_000)):
        return False
    yield world.hands.take(door)
    yield world.clock.now_us() + visit.holds_ms * 1000
    yield world.hands.close(door)
    return True
