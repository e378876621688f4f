"""A stage for the two afternoons that a tail can spoil:
a code that would end in it, and a resident who has chosen none.
"""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.simulator.people.people import courier, send
from locker.contract import tickets as derivation
from locker.contract.codes import NO_TAIL
from tests.simulation.stage import make_flash

from .paired import BOARD, RESIDENT, SITE, START_NS, UNTIL_DEPOSITED_MS, Run, Stage, enrolled, seeded, stage

OTHER = "Lee"  # who has chosen no tail


@dataclass(frozen=True)
class Edge(Stage):
    """A stage with what is typed under duress, by parcel,
    and of which the `parcels` have what is typed else.
    """

    forced: dict[int, str]

    def duress_code(self, parcel: int) -> str:
        return self.forced[parcel]


@cache
def edge() -> Edge:
    """Behind the first door the parcel of a resident whose code would end in her tail;
    behind the second one of a resident without a tail.

    The second one types a number that is wrong in its first digit; "under duress" one that is wrong in its
    last two, which would be a tail if each serial had one.
    """
    (first, usual), (second, _) = stage().parcels[:2]
    tail = usual[6:]  # chance plays again what it has played there
    folder = Path(mkdtemp(prefix="ansim-test-"))
    make_flash(folder / "flash", BOARD)
    with seeded(random.Random(1)), open_ledger(folder / "data") as ledger:
        identity = enrolled(ledger)
        for name in (RESIDENT, OTHER):
            residents.add(ledger, name)
        residents.set_tail(ledger, RESIDENT, tail)
        issued = [tickets.issue(ledger, name, SITE) for name in (RESIDENT, OTHER)]
    v = derivation.tail(derivation.ticket_key(identity.ticket_secret, 0), identity.site_id, issued[1].serial)
    assert v >= NO_TAIL, "she has chosen none"

    def bring(run: Run) -> None:
        for place, one in enumerate(issued):
            send(run.world, courier(run.world, one.number, "11"[place]), 7_000 + 20_000 * place)

    with Run(folder, 1, START_NS) as run:
        run.live(identity, bring, UNTIL_DEPOSITED_MS)
    letters = [
        what["text"].split(": ", 1)[1].split(" · ") for _, sense, what in run.seen if sense == "letter"
    ]
    told = [(int(door.removeprefix("door ")), digits.replace(" ", "")) for door, digits, *_ in letters]
    assert [door for door, _ in told] == [first, second], "chance was to choose the same doors"
    code, other = (digits for _, digits in told)
    assert code == f"{usual[:6]}{(int(tail) + 1) % 100:02}"
    slip = f"{9 - int(other[0])}{other[1:]}"
    return Edge(
        folder,
        identity,
        [(first, code), (second, slip)],
        {0: code[:6] + tail, 1: other[:6] + f"{v % 100:02}"},
    )
