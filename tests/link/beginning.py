"""Where the stories begin: a ledger with a site, a resident with tickets and an enrolled board.

Each story has a copy of its own.
"""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from tests.kit.host_board import enrol

TICKETS = 40


class Beginning(NamedTuple):
    """An open ledger, the serials of the tickets, and what the board was given."""

    ledger: Ledger
    serials: list[int]
    enrolled: Enrolment


@cache
def _made() -> tuple[TemporaryDirectory[str], list[int], Enrolment]:
    """The ledger of this process, closed: to make it takes as long as a short story."""
    folder = TemporaryDirectory(prefix="ansim-test-")
    with open_ledger(Path(folder.name, "data")) as ledger:
        ledger.site("mapo-3")
        residents.add(ledger, "Kim")
        serials = [ticket.serial for ticket in (tickets.issue(ledger, "Kim") for _ in range(TICKETS))]
        return folder, serials, enrol(ledger)


def begin(data: Path) -> Beginning:
    """A copy of it, as the data folder of a story."""
    folder, serials, enrolled = _made()
    shutil.copytree(Path(folder.name, "data"), data)
    return Beginning(open_ledger(data), list(serials), enrolled)
