"""A stranger plays the demonstration at a terminal of 80 x 24 characters,
and does only what its lines say.
"""

import re
from pathlib import Path

from .terminal import HEIGHT, Terminal

README = Path(__file__).parents[2] / "README.md"


def picture(lines: list[str]) -> str:
    """A picture without the times, codes and doors that chance and the machine decide,
    wherever its lines are folded.
    """
    words = re.sub(r"\(happened [^)]*\)", "", " ".join(" ".join(lines).split()))
    words = re.sub(r"(?<=\d\d) [A-Z]{3,4}\b", "", words)  # the zone of the machine
    plain = re.sub(r"\[parcel]|[-> ]+", " ", re.sub(r"\d", "0", words)).replace("lamp lit", "lamp dark")
    return " ".join(plain.split())


def guide(terminal: Terminal) -> str:
    """What the demonstration says can be done next."""
    rules = [at for at, line in enumerate(terminal.screen.lines) if line.startswith("-" * 70)]
    rule = max(rules, default=len(terminal.screen.lines))  # none yet on a screen that is half drawn
    return " ".join(terminal.screen.lines[rule + 1 : HEIGHT - 3])


def type_what_is_asked(terminal: Terminal, words: str) -> str:
    """Waits for a guide with these words and types the number it shows."""
    terminal.until(
        lambda: words in guide(terminal) and bool(re.search(r"\d{9,}#", guide(terminal))),
        f"the guide says {words!r}",
    )
    number = re.search(r"\d{9,}#", guide(terminal))
    assert number
    terminal.type(number[0])
    return number[0]


def follow(terminal: Terminal, words: str, keys: str) -> None:
    terminal.until(lambda: words in guide(terminal), f"the guide says {words!r}")
    terminal.type(keys)


def test_a_stranger_plays_a_parcels_life_a_burglary_and_a_call_for_help() -> None:
    with Terminal("demo") as terminal:
        terminal.shows("Welcome. Type ticket")
        follow(terminal, "Type n", "n")
        type_what_is_asked(terminal, "You are the courier")
        follow(terminal, "type 1, 2 or 3", "1")
        follow(terminal, "type p to put", "p")
        terminal.shows("[parcel]")
        follow(terminal, "type c to close", "c")
        terminal.shows("A parcel waits for you")
        assert "[parcel]" in terminal.screen.text  # a door that is shut shows what lies behind it
        block = README.read_text().split("<!-- picture -->\n```\n")[1].split("```")[0]
        terminal.until(
            lambda: picture(block.splitlines()) == picture(terminal.screen.lines), "it looks as in the README"
        )
        code = type_what_is_asked(terminal, "You are Minji")
        follow(terminal, "t to take the parcel out", "t")
        terminal.until(lambda: "[parcel]" not in terminal.screen.text, "the parcel is out")
        follow(terminal, "type c to close", "c")
        terminal.shows("collected")
        follow(terminal, "Type n", "f")  # a crowbar, at the door in hand
        terminal.shows(f"door {code[:2]} ALARM: forced")
        follow(terminal, "type c to close", "c")
        terminal.until(lambda: "open" not in guide(terminal), "the door is shut")
        terminal.type("b")
        terminal.shows("ALARM: bell")
        follow(terminal, "type a to answer", "a")
        terminal.shows("You have answered the bell")
        terminal.type("!")
        follow(terminal, "no power", "!")
        terminal.shows("booted")
        assert terminal.screen.faults == []
        terminal.type("q")
        terminal.until(lambda: terminal.ended is not None, "the program ends")
        assert terminal.ended == 0
