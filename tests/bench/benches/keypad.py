"""What an untouched keypad costs: instructions and bytes of one scan,
beside other drivers on the same pins.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench import FIRMWARE, SCRIPTS, Table, peers
from tests.bench.micropython import instructions_each, output

_SCRIPT = SCRIPTS / "keypad_scan.py"
_SHIM = SCRIPTS / "shim"
_SCANS = 1000
_AT_ONCE = 2
_CARE = {  # debounced, refuses ghosts: by reading their code
    "ansim": ("yes", "yes"),
    "micro-keypad": ("no", "no"),
    "micropython-keypad": ("no", "no"),
    "micropython-simple-keypad": ("no", "no"),
    "adafruit-circuitpython-matrixkeypad": ("no", "no"),
    "chumicro-buttons": ("yes", "no"),
}


def run() -> list[Table]:
    fetched = peers.folders()
    folders = {name: fetched.get(name, FIRMWARE) for name in _CARE}
    calls = {name: _calls(name, folder) for name, folder in folders.items()}
    things = sorted({"nothing", "loop"}.union(*calls.values()))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        costs = dict(zip(things, pool.map(lambda thing: _cost(thing, FIRMWARE), things), strict=True))
        totals = dict(zip(folders, pool.map(_cost, folders, folders.values()), strict=True))
    rows = []
    for name, folder in folders.items():
        shim = sum(count * (costs[thing] - costs["loop"]) for thing, count in calls[name].items())
        allocated = int(output(_SCRIPT, _function(name), "bytes", _SCANS, paths=(_SHIM, folder))) / _SCANS
        net = totals[name] - costs["nothing"] - shim
        rows.append((name, round(net), round(totals[name]), round(allocated), *_CARE[name]))
    rows.sort(key=lambda row: row[1])
    cheapest = min(row[1] for row in rows if not row[0].startswith("ansim"))
    ours = next(row[1] for row in rows if row[0] == "ansim")
    note = (
        "Instructions by callgrind on the unix MicroPython, and bytes of heap. Net of the call of a scan "
        "and of what the pins themselves cost. "
        f"The cheapest peer takes {cheapest / ours:.1f} times as many as ansim."
    )
    return [
        Table(
            "One scan of an untouched 4x4 keypad",
            ("driver", "net", "with pins", "bytes", "debounced", "no ghosts"),
            rows,
            note,
        )
    ]


def _function(name: str) -> str:
    return name.replace("-", "_")


def _calls(name: str, folder: Path) -> dict[str, float]:
    """What one scan does to pins, by kind."""
    counts = json.loads(output(_SCRIPT, _function(name), "calls", _SCANS, paths=(_SHIM, folder)))
    return {thing: count / _SCANS for thing, count in counts.items()}


def _cost(name: str, folder: Path) -> float:
    return instructions_each(_SCRIPT, _function(name), paths=(_SHIM, folder))
