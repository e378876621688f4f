"""What keeping an event costs the flash:
the journal's ring beside a file that LittleFS appends to, on the same NOR cells.
"""

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from host_tools.simulator.people.people import send
from locker.contract import records
from locker.shell.journal import Journal
from tests.bench import FIRMWARE, REPOSITORY, SCRIPTS, Table
from tests.bench.micropython import output
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.test_parcel_life import life_in

_SCRIPT = SCRIPTS / "journal_flash.py"
_PATHS = (FIRMWARE, REPOSITORY / "tests" / "shell")
_BEFORE = {"ring": 20_400, "littlefs": 8_000}  # events: the ring has gone round, a file has been put away
_EVENTS = {"ring": 16_320, "littlefs": 2_000}


class Cost(NamedTuple):
    """What one event costs: erases of a block of 4,096 bytes,
    programs of a page, and the bytes programmed.
    """

    erases: float
    programs: float
    bytes_written: float


def costs() -> dict[str, Cost]:
    """Of our ring and of LittleFS, each on its own flash once it is in its steady state.

    The ring's carries all that it needs: its headers, the acknowledgements,
    what it says again of a parcel that stays.
    """
    told = json.dumps(_life())
    return {kind: _cost(kind, *([told] if kind == "ring" else [])) for kind in _BEFORE}


def _cost(kind: str, *life: str) -> Cost:
    events, *counts = json.loads(output(_SCRIPT, kind, _BEFORE[kind], _EVENTS[kind], *life, paths=_PATHS))
    return Cost(*(count / events for count in counts))


def _life() -> list[tuple[int, int]]:
    """What the whole firmware writes, its host connected, while a parcel comes, its code is mistyped once and
    it is collected: kind and a of each record, of an acknowledgement how many events it leaves out.
    """
    written: list[records.Record] = []
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder, contextlib.redirect_stdout(sys.stderr):
        make_flash(Path(folder, "flash"))
        with Cabinet(Path(folder, "flash")) as cabinet:
            TestHost(cabinet.world)
            send(cabinet.world, life_in(cabinet.world), 6_000)
            cabinet.run_until(80_000)
            Journal(cabinet.flash.partition("journal"), written.append, None)
    first = next(i for i, record in enumerate(written) if record.kind == records.DEPOSIT_STARTED)
    return [
        (record.kind, record.number - record.a if record.kind == records.ACKNOWLEDGED else record.a)
        for record in written[first:]
    ]


def run() -> list[Table]:
    found = costs()
    names = {"ring": "ansim's ring", "littlefs": "LittleFS, append and flush"}
    rows = [(names[kind], *(round(value, 4) for value in cost)) for kind, cost in found.items()]
    note = (
        "An event takes 24 bytes in both. The ring's costs carry everything: headers, what the host has "
        "acknowledged, what is said again of a parcel that stays. LittleFS erases "
        f"{found['littlefs'].erases / found['ring'].erases:.0f} times as often."
    )
    return [
        Table("Flash for one event of the journal", ("journal", "erases", "programs", "bytes"), rows, note)
    ]
