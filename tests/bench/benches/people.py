"""What it costs to enter residents from a spreadsheet and to erase one of them."""

import tempfile
import time
from itertools import pairwise
from pathlib import Path

from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.people.erasure import erase
from host_tools.host.people.imports import import_residents
from tests.bench import Table

SIZES = (200, 20_000)
_LIMITS_S = {200: 2, 20_000: 60}


def measure(count: int) -> tuple[float, float, float]:
    """Seconds to enter so many residents of a file, to see that all are there, and to erase one of them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "residents.csv"
        rows = (f"Kim,{number},kim{number}@example.org\n" for number in range(count))
        file.write_text("name,unit,contact\n" + "".join(rows))
        with open_ledger(Path(folder) / "data") as ledger:
            times = [time.perf_counter()]
            for job in (
                lambda: import_residents(ledger, file, now_ms()),
                lambda: import_residents(ledger, file, now_ms()),
                lambda: erase(ledger, "Kim", "7", now_ms(), files=()),
            ):
                job()
                times.append(time.perf_counter())
    entered, again, erased = (after - before for before, after in pairwise(times))
    return entered, again, erased


def run() -> list[Table]:
    found = [measure(size) for size in SIZES]
    columns = ("", *(f"{size:,} residents" for size in SIZES))
    names = ("s to enter them from a file", "s to find all of them there", "s to erase one")
    rows = [(name, *(round(times[at], 2) for times in found)) for at, name in enumerate(names)]
    rows.append(("s at most", *(_LIMITS_S[size] for size in SIZES)))
    return [Table("Residents", columns, rows, "SQLite; in PostgreSQL an erasure writes its tables anew.")]
