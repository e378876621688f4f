"""How doors and the screen are drawn: each door by how it stands, by what lies behind it, and by what a click
on it does.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from host_tools.demo.guide import AT_DOOR, Step
from host_tools.demo.web.visit import Seen
from host_tools.errors import UserError
from host_tools.host.web.console.picture import picture_of

COLUMNS, ROWS = 20, 4  # of a screen
#: Who does a step: a key of demo.who.
WHO = {
    "power": "operator",
    "free": "operator",
    "bell": "desk",
    "ticket": "courier",
    "size": "courier",
    "put": "courier",
    "take": "resident",
    "code": "resident",
}


class Leaf(NamedTuple):
    """A door. `word` is a key of demo.doors, `act` what a click on it does, a key of demo.acts."""

    number: int
    word: str
    place: str  # shut, ajar or open
    has_parcel: bool
    is_blocked: bool
    act: str
    is_chosen: bool


def leaves(seen: Seen) -> list[Leaf]:
    """All doors."""
    return [_leaf(door, seen) for door in seen.state["doors"]]


def _leaf(door: Mapping[str, Any], seen: Seen) -> Leaf:
    return Leaf(
        door["number"],
        _word(door),
        door["position"],
        door["parcel"],
        door["blocked"],
        obvious(door, seen.step),
        door["number"] == seen.chosen,
    )


def _word(door: Mapping[str, Any]) -> str:
    if door["coil"] == "burnt":
        return "burnt"
    if door["coil"] == "on":
        return "pulse"
    if door["position"] != "shut":
        return "open"
    if door["blocked"]:
        return "wedged"
    return "parcel" if door["parcel"] else "loose" if door["latch"] == "released" else "shut"


def obvious(door: Mapping[str, Any], step: Step) -> str:
    """What a click on a door does: a shut one is taken in hand."""
    if door["position"] == "shut":
        return "choose"
    if step.door == door["number"] and step.what in AT_DOOR:
        return "unblock" if step.what == "free" else step.what
    return "take" if door["parcel"] else "close"


def acts_at(leaf: Leaf) -> list[str]:
    """What can be done at a door, the most likely first."""
    if leaf.place == "shut":
        return ["push", "unblock" if leaf.is_blocked else "block", "force"]
    return ["take" if leaf.has_parcel else "put", "close", "unblock" if leaf.is_blocked else "block"]


def screen(state: Mapping[str, Any]) -> list[str] | None:
    """What stands on the glass, line by line; None where there is none."""
    lines = state["screen"]
    return None if lines is None else [line[:COLUMNS] for line in [*lines, *[""] * ROWS][:ROWS]]


def do_of(seen: Seen, call: str) -> str:
    """What the button of the step does, as `act value`; empty where nothing is to be done but wait."""
    step = seen.step
    if step.what in ("ticket", "code"):
        return f"keys {step.keys}"
    if step.what in AT_DOOR:
        return f"{'unblock' if step.what == 'free' else step.what} {step.door}"
    return {"power": "power", "bell": f"answer {call}", "courier": "courier"}.get(step.what, "")


def layout(board: str) -> str:
    """A style sheet with the place of each door, to scale. Raises UserError for a board that is not there."""
    picture = picture_of(board)
    if picture is None:
        raise UserError(f"There is no board {board}: `ansim boards list` has them.", 2)
    scale = f"{picture.width} / {picture.height}"
    rules = [f".bays {{ aspect-ratio: {scale}; max-width: calc(var(--high) * {scale}); }}"]
    for panel in picture.panels:
        across, down = (100 / picture.width, 100 / picture.height)
        at = {"left": panel.x * across, "top": panel.y * down}
        at |= {"width": panel.width * across, "height": panel.height * down}
        places = " ".join(f"{name}: {value:.3f}%;" for name, value in at.items())
        rules.append(f"#bay-{panel.door} {{ {places} }}")
    return "\n".join(rules) + "\n"
