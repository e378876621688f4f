"""The drawing of a cabinet for a terminal of 80 x 24 characters or more:
screen, doors, what happens, what can be done next, the keys.

Nothing is cut off: what is told is folded to the width,
and where there is not room for all of it the newest lines stay.
"""

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from host_tools.showing import shown

WIDTH_MIN = 80
HEIGHT_MIN = 24
_SCREEN_WIDTH = 24  # with its border
_DOOR_WIDTH = 9
_GAP = 2

HELP = (
    "n a courier comes   0-9 * # A-D the keypad   left, right: choose a door",
    "o pull it open  p put a parcel in  t take it out  c close it  f force it",
    "b help button  a answer it  x block, free  d night, day  ! power  q quit",
)


def _screen(state: dict[str, Any]) -> list[Text]:
    """The cabinet's own screen, as a box."""
    lines = state["screen"] or ["", "this cabinet has no", "screen", ""]
    inside = [shown(line)[:20].ljust(20) for line in [*lines, "", "", "", ""][:4]]
    border = "dim" if not state.get("backlight") else "bold green"
    style = "bold black on green" if state["power"] == "on" else "dim"
    box = [Text("+" + "-" * 22 + "+", style=border)]
    for line in inside:
        box.append(Text.assemble(("| ", border), (line, style), (" |", border)))
    return [*box, Text("+" + "-" * 22 + "+", style=border)]


def _panel(state: dict[str, Any]) -> Text:
    """Lamp, beeper, supply and daylight in one line."""
    lamp = {True: "lamp lit", False: "lamp dark", None: "no lamp"}[state["lamp"]]
    beeper = f"beeper {state['beeper']} Hz" if state["beeper"] else "beeper silent"
    tamper = "  cover open" if state.get("tamper") else ""
    words = f"power {state['power']}  {lamp}  {beeper}  {'night' if state['dark'] else 'day'}{tamper}"
    return Text(words, style="bold yellow" if state["lamp"] or state["beeper"] else "")


def _door(door: dict[str, Any], chosen: bool) -> tuple[Text, Text]:
    """Two lines: how its leaf is, and what lies behind it."""
    if door["coil"] == "burnt":
        word, style = "burnt", "bold red"
    elif door["coil"] == "on":
        word, style = "pulse", "bold yellow"
    elif door["position"] != "shut":
        word, style = "OPEN", "bold yellow"
    elif door["latch"] == "released":
        word, style = "loose", "bold yellow"
    else:
        word, style = "shut", "green"
    word += "!" if door["blocked"] else ""
    head = f"{'>' if chosen else ' '}{door['number']:02d} {word}"
    inside = " [parcel]" if door["parcel"] else "    -"
    full = "bold cyan" if door["parcel"] else "dim"
    return Text(head.ljust(_DOOR_WIDTH), style=f"reverse {style}" if chosen else style), Text(
        inside.ljust(_DOOR_WIDTH), style=full
    )


def _doors(state: dict[str, Any], chosen: int | None, width: int) -> list[Text]:
    """The doors in rows, each with what lies behind it."""
    in_a_row = max(1, width // _DOOR_WIDTH)
    lines = []
    doors = state["doors"]
    for at in range(0, len(doors), in_a_row):
        cells = [_door(door, door["number"] == chosen) for door in doors[at : at + in_a_row]]
        lines += [Text.assemble(*(cell[part] for cell in cells)) for part in (0, 1)]
    return lines


def _beside(left: Sequence[Text], right: Sequence[Text]) -> list[Text]:
    lines = []
    for at in range(max(len(left), len(right))):
        one = left[at] if at < len(left) else Text(" " * _SCREEN_WIDTH)
        other = right[at] if at < len(right) else Text("")
        lines.append(Text.assemble(one, " " * _GAP, other))
    return lines


def folded(line: str, width: int) -> list[str]:
    """A line of what happens in as many lines as it takes, the later ones indented;
    by words where that goes.
    """
    lines = []
    rest = shown(line)
    while cell_len(rest) > width:
        fits = next(at for at in range(len(rest), 0, -1) if cell_len(rest[:at]) <= width)
        cut = rest.rfind(" ", 0, fits + 1)
        cut = cut if cut > width // 2 else fits
        lines.append(rest[:cut].rstrip())
        rest = "   " + rest[cut:].lstrip()
    return [*lines, rest]


def frame(
    state: dict[str, Any], log: Sequence[str], guide: str, chosen: int | None, width: int, height: int
) -> list[Text]:
    """Everything as `height` lines of at most `width` columns;
    `chosen` is the door that the keys o, p, t, c, f and x act on.
    """
    if width < WIDTH_MIN or height < HEIGHT_MIN:
        words = (
            f"This terminal has {width} x {height} characters: "
            f"make it {WIDTH_MIN} x {HEIGHT_MIN} or larger, or type q."
        )
        lines = [Text(line) for line in folded(words, max(width, 8))][:height]
        return lines + [Text("")] * (height - len(lines))
    top = _beside(_screen(state), [*_doors(state, chosen, width - _SCREEN_WIDTH - _GAP), _panel(state)])
    next_lines = [Text(line, style="bold") for line in folded(guide, width)][:2]
    bottom = [Text("-" * width, style="dim"), *next_lines, *(Text(line, style="dim") for line in HELP)]
    room = height - len(top) - len(bottom) - 1
    told = [part for line in log[-room:] for part in folded(line, width)][-room:] if room > 0 else []
    middle = [Text("-" * width, style="dim"), *(Text(line) for line in told)]
    middle += [Text("")] * (height - len(top) - len(bottom) - len(middle))
    return [*top, *middle, *bottom][:height]
