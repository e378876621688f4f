"""The drawing of a cabinet for a terminal: doors, parcels, screen, lamp and what has happened."""

from collections.abc import Sequence
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_DOOR_WIDTH = 12
_LOG_LINES = 14

HELP = (
    "0-9 * # A-D  the keypad    n  a new ticket    p  put a parcel in    t  take it out    c  close the door    b  the help button\n"
    "o  pull the door open      x  block / free the door           d  night / day     !  power off / on            q  quit"
)


def _door(door: dict[str, Any], chosen: bool) -> Panel:
    shut = door["position"] == "shut"
    inside = "" if shut else ("[ parcel ]" if door["parcel"] else "(empty)")
    state = "locked" if door["latch"] == "latched" else "open" if not shut else "unlatched"
    if door["coil"] == "on":
        state = "* pulse *"
    if door["blocked"]:
        state += " !"
    style = "green" if shut and door["latch"] == "latched" else "bold yellow"
    if door["coil"] == "burnt":
        style = "bold red"
    text = Text(f"{inside:^10}\n{state:^10}", style=style)
    title = f"{door['number']:02d}" + ("<" if chosen else "")
    return Panel(text, title=title, width=_DOOR_WIDTH + 2, border_style=style)


def _front(state: dict[str, Any]) -> RenderableType:
    """Screen, lamp, beeper and bell."""
    lines = state["screen"] or ["(this cabinet has no screen)"]
    screen = Panel(Text("\n".join(f"{line:<20}" for line in lines), style="bold black on green"), title="screen", width=26)
    lamp = {True: "[bold yellow]lit[/]", False: "dark", None: "none"}[state["lamp"]]
    beeper = f"[bold]{state['beeper']} Hz[/]" if state["beeper"] else "silent"
    lights = f"lamp    {lamp}\nbeeper  {beeper}\npower   {state['power']}\nsupply  {state['supply']} %"
    return Columns([screen, Panel(lights, title="cabinet", width=24)])


def drawing(state: dict[str, Any], log: Sequence[str], chosen: int | None) -> RenderableType:
    """Everything in one picture; `chosen` is the door that the keys p, t, c, o and x act on."""
    doors = Columns([_door(door, door["number"] == chosen) for door in state["doors"]])
    happened = Panel(Text("\n".join(log[-_LOG_LINES:])), title="what happens", height=_LOG_LINES + 2)
    table = Table.grid(expand=True)
    table.add_row(Group(_front(state), doors))
    table.add_row(happened)
    table.add_row(Text(HELP, style="dim"))
    return table
