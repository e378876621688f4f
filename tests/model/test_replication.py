"""spin tries every order of every step of tests/model/replication.pml:
nothing is lost, nothing is done twice, and all arrives in the end.

A model that finds nothing proves little, so it is given faults too,
each of which an engineer could make, and has to find them.
"""

import re
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).parent / "replication.pml"
ROOT = Path(__file__).parent.parent.parent

SMALL = {"DEPOSITS": 1, "COMMANDS": 2, "UP": 1, "DOWN": 1, "RESTORE": 0, "CALM": 0}
SAFE = {
    "two messages up": {"UP": 2},
    "two messages down": {"DOWN": 2},
    "an old ledger and a roll": {"RESTORE": 1, "COMMANDS": 1},
    "an old ledger and its orders": {"RESTORE": 1, "COMMANDS": 3, "DEPOSITS": 0},
}
LIVE = {
    "a roll and a deposit": {"CALM": 1},
    "an old ledger and a roll": {"CALM": 1, "RESTORE": 1, "COMMANDS": 1},
}
SAFE_FOR_LONG = {
    "two messages each way": {"UP": 2, "DOWN": 2},
    "two deposits": {"DEPOSITS": 2},
    "three orders": {"COMMANDS": 3},
    "an old ledger, a roll and orders": {"RESTORE": 1},
}
LIVE_FOR_LONG = {
    "two messages up": {"CALM": 1, "UP": 2},
    "an old ledger and its orders": {"CALM": 1, "RESTORE": 1, "COMMANDS": 2, "DEPOSITS": 0},
}

LOST = "x<=ledger.applied"
NOT_ONCE = "ledger.entered==ledger.applied"
ANOTHER_EPOCH = "ledger.parcel_epoch==journal[n].judged"
EFFECT_TWICE = "!(changed[doing])"
NOT_DONE = "k==journal[n].judged"
STUCK = "acceptance cycle"
FAULTS = {  # what is done wrong: with which bounds it shows, and as what
    "ACK_FIRST": ({}, LOST),
    "EVENT_UNNUMBERED": ({}, NOT_ONCE),
    "COMMAND_UNNUMBERED": ({"COMMANDS": 3, "DEPOSITS": 0, "DOWN": 2}, EFFECT_TWICE),
    "NUMBER_FIRST": ({}, NOT_DONE),
    "EFFECT_AGAIN": ({}, EFFECT_TWICE),
    "EPOCH_FROM_COMMAND": ({}, ANOTHER_EPOCH),
    "EPOCH_AT_DEPOSITED": ({}, ANOTHER_EPOCH),
    "NUMBERED_BLINDLY": ({"RESTORE": 1, "DEPOSITS": 0}, NOT_DONE),
    "NUMBERED_WHEN_GIVEN": ({"RESTORE": 1, "DEPOSITS": 0}, NOT_DONE),
    "SAID_ONCE": ({"CALM": 1}, STUCK),
    "HELD_IGNORED": ({"CALM": 1, "RESTORE": 1, "COMMANDS": 1}, STUCK),
}


def checked(folder: Path, bounds: dict[str, int], fault: str = "NONE") -> str:
    """What spin's checker says of the model; with CALM it looks for liveness, without for safety."""
    values = SMALL | bounds
    live = values["CALM"] == 1
    made = [f"-D{name}={value}" for name, value in (values | {"FAULT": fault}).items()]
    subprocess.run(["spin", "-a", *made, str(MODEL)], cwd=folder, check=True, capture_output=True)
    how = ["-DNOFAIR"] if live else ["-DSAFETY", "-DNOCLAIM"]
    # Of a compiler's thoughts these pay: a fault is found in no time,
    # and with -O2 it thinks for longer than a whole search saves.
    thoughts = "-O1" if fault == "NONE" else "-O0"
    subprocess.run(
        ["gcc", thoughts, "-w", *how, "-DNOREDUCE", "-DVECTORSZ=512", "-DMEMLIM=4000", "-o", "pan", "pan.c"],
        cwd=folder,
        check=True,
    )
    run = ["./pan", "-m10000", "-w22", *(["-a"] if live else [])]
    return subprocess.run(run, cwd=folder, check=True, capture_output=True, text=True).stdout


def is_whole(said: str) -> bool:
    """The search came to its end: nothing was cut off at a bound of the checker."""
    return "Search not completed" not in said and "max search depth too small" not in said


def holds(folder: Path, bounds: dict[str, int]) -> None:
    said = checked(folder, bounds)
    print(re.findall(r"\d[\d.e+]* states, stored|elapsed time .*", said))
    assert "errors: 0" in said, said
    assert is_whole(said), said


@pytest.mark.parametrize("case", SAFE)
def test_whatever_is_lost_and_whoever_crashes_nothing_is_lost_doubled_or_under_another_epoch(
    tmp_path: Path, case: str
) -> None:
    holds(tmp_path, SAFE[case])


@pytest.mark.parametrize("case", LIVE)
def test_when_the_trouble_ends_everything_arrives_and_both_ends_agree(tmp_path: Path, case: str) -> None:
    holds(tmp_path, LIVE[case])


@pytest.mark.soak
@pytest.mark.parametrize("case", SAFE_FOR_LONG)
def test_no_more_messages_parcels_or_orders_change_that(tmp_path: Path, case: str) -> None:
    holds(tmp_path, SAFE_FOR_LONG[case])


@pytest.mark.soak
@pytest.mark.parametrize("case", LIVE_FOR_LONG)
def test_when_the_trouble_of_more_messages_and_orders_ends_everything_arrives(
    tmp_path: Path, case: str
) -> None:
    holds(tmp_path, LIVE_FOR_LONG[case])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_design_is_found(tmp_path: Path, fault: str) -> None:
    bounds, shows_as = FAULTS[fault]
    said = checked(tmp_path, bounds, fault)
    (error,) = re.findall(r"^pan:1: (.*)$", said, re.MULTILINE)
    assert shows_as in error, said


def test_every_fault_that_the_model_knows_is_tried() -> None:
    (names,) = re.findall(r"mtype = \{ NONE, ([^}]*) \}", MODEL.read_text())
    assert sorted(re.split(r",\s+", names)) == sorted(FAULTS)


def test_the_code_that_the_model_mirrors_is_where_it_says() -> None:
    rows = re.findall(
        r"^ \*   [\w: ,]+?   +(\w+/[\w/]+\.py)(?:, (.*?))?(?:;|$)", MODEL.read_text(), re.MULTILINE
    )
    assert len(rows) == 7
    for path, names in rows:
        source = (ROOT / path).read_text()
        for name in re.split(r" and |\.", names):
            assert not name or re.search(rf"^\s*(?:def|class) {name}\b", source, re.MULTILINE), (path, name)
