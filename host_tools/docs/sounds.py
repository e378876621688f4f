"""The table of sounds in docs/operations.md, made from the tunes of the beeper.

The tunes are read from the firmware's source, where the comment behind each is its name.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from host_tools.sources import locker_folder

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
#: What each sound tells whoever stands at the cabinet.
WHEN = {
    "KEY": "a key was taken",
    "GOOD": "yes: a ticket or a code is right and the door opens, or the parcel is deposited",
    "BAD": (
        "no, and the screen says what to do: a number that is not right, "
        "or no parcel seen behind the closed door"
    ),
    "ATTENTION": (
        "please act: the door is still open, or it did not open and the screen names the help number"
    ),
    "ALARM": "the help button, a door opened with no cause, or somebody at the cabinet's inside",
}
_BLOCK = re.compile(r"(<!-- made from the code: sounds -->\n).*?(<!-- end -->)", re.DOTALL)
_NAME = re.compile(r"# (\w+)")


class Tune(NamedTuple):
    """One sound: its name, and its notes as (pitch in Hz, 0 for silence; length in ms),
    played so many times.
    """

    name: str
    notes: tuple[tuple[int, int], ...]
    times: int


def tunes() -> list[Tune]:
    """The sounds of `locker/drivers/beeper.py`, in the order of their numbers from 1."""
    text = (locker_folder() / "drivers" / "beeper.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id="_TUNES"), value=ast.Tuple(elts=rows)):
                return [_tune(lines[row.lineno - 1], *ast.literal_eval(row)) for row in rows[1:]]
    raise KeyError("_TUNES")


def _tune(line: str, count: int, flat: tuple[int, ...]) -> Tune:
    named = _NAME.search(line)
    if not named:
        raise ValueError(f"no name behind {line.strip()}")
    notes = tuple(zip(flat[::2], flat[1::2], strict=True))
    return Tune(named[1], notes, count // len(notes))


def rhythm(tune: Tune) -> list[int]:
    """What is left of a sound without its pitch: ms of sound, silence, sound and so on."""
    lengths: list[int] = []
    sounding = False
    for hz, ms in tune.notes * tune.times:
        if lengths and sounding == bool(hz):
            lengths[-1] += ms
        else:
            lengths.append(ms)
        sounding = bool(hz)
    return lengths if sounding else lengths[:-1]


def table() -> str:
    """The table of the page."""
    lines = ["| sound | when | notes | rhythm alone, in ms |", "|---|---|---|---|"]
    for tune in tunes():
        notes = ", ".join(f"{hz} Hz for {ms} ms" if hz else f"silence for {ms} ms" for hz, ms in tune.notes)
        times = f", {tune.times} times" if tune.times > 1 else ""
        beats = " ".join(f"({ms})" if at % 2 else f"**{ms}**" for at, ms in enumerate(rhythm(tune)))
        lines.append(f"| {tune.name.lower()} | {WHEN[tune.name]} | {notes}{times} | {beats} |")
    return "\n".join(lines)


def made(text: str) -> str:
    """The page with its table made anew."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{table()}\n\n{block[2]}", text)


def pages() -> dict[Path, str]:
    """What each of the pages should say."""
    return {PAGE: made(PAGE.read_text(encoding="utf-8"))}
