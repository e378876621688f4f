"""What the answer to a number costs: a wrong one beside the usual check of one-time codes,
and one kind of number beside the others.
"""

from tests.bench import FIRMWARE, REPOSITORY, SCRIPTS, Table
from tests.bench.micropython import stretches

ENTRIES = {
    "right": "right code",
    "wrong": "wrong code, by its last digit",
    "wrong_at_once": "wrong code, by its first digit",
    "duress": "duress code",
    "empty": "empty door, code that a parcel would have",
    "empty_wrong": "empty door, wrong code",
}
_NO_DOOR = {"no_door": "number of no door"}  # everybody sees which doors there are
_DOORS = (12, 24)


def ours(stage: str, doors: int, *entries: str) -> dict[str, int]:
    """Instructions for each kind of 10 digits and `#` at a cabinet of so many doors with one parcel.

    `stage` is "asked" (the `#` is handled), "decided" (the answer tick, up to the first thing that is done
    about it) or "answered" (all of the answer tick). `entries` are keys of ENTRIES.
    """
    counts = stretches(
        SCRIPTS / "answer.py",
        stage,
        doors,
        entries[0],
        *entries,
        paths=(FIRMWARE, REPOSITORY / "tests" / "core"),
    )
    return {entry: count - counts[0] for entry, count in zip(entries, counts[2:], strict=True)}


def hotp(*doors: int) -> dict[int, int]:
    """Instructions of the usual check of a wrong one-time code, by how many doors hold a parcel:
    see scripts/hotp.py for what it is.
    """
    counts = stretches(SCRIPTS / "hotp.py", *doors, paths=())
    return {number: count - counts[0] for number, count in zip(doors, counts[1:], strict=True)}


def spread(counts: dict[str, int]) -> float:
    """By what part of the smallest count the largest one is larger."""
    return max(counts.values()) / min(counts.values()) - 1


def run() -> list[Table]:
    return [_wrong_code(), _equal_answers()]


def _wrong_code() -> Table:
    asked, answered = (
        [ours(stage, doors, "wrong")["wrong"] for doors in _DOORS] for stage in ("asked", "answered")
    )
    usual = list(hotp(*_DOORS).values())
    rows = [
        ("ansim, at the answer tick", *answered),
        ("ansim, # and answer tick", *(map(sum, zip(asked, answered, strict=True)))),
        ("HOTP, window of one to both sides", *usual),
    ]
    times = " and ".join(f"{theirs / own:.0f}" for theirs, own in zip(usual, answered, strict=True))
    note = (
        "Instructions by callgrind on the unix MicroPython. Ours is all that the core does, for a door with "
        "a parcel; HOTP has no number of a door, so it tries all: "
        f"{times} times as many as at the answer tick."
    )
    return Table("A wrong code refused", ("check", *(f"{doors} doors" for doors in _DOORS)), rows, note)


def _equal_answers() -> Table:
    entries = ENTRIES | _NO_DOOR
    decided, answered = (ours(stage, _DOORS[1], *entries) for stage in ("decided", "answered"))
    rows = [(text, decided[entry], answered[entry]) for entry, text in entries.items()]
    parts = [f"{spread({entry: counts[entry] for entry in ENTRIES}):.2%}" for counts in (decided, answered)]
    note = (
        f"Instructions from the answer tick, {_DOORS[1]} doors. Without the last row the largest is above "
        f"the smallest by {parts[0]} until it is decided, and by {parts[1]} with what is done about it: "
        "a record and a pulse, or a text."
    )
    return Table("Answers to numbers of each kind", ("entry", "decided", "answered"), rows, note)
