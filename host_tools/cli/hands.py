"""`ansim hands`: what people do at the cabinet of a virtual board."""

from pathlib import Path

import click

from host_tools.cli._fault import fault
from host_tools.cli._output import json_line, json_option, print_json, say

_LOOKS = "ansim.hands.looks"  # whether somebody asks for help only


class _Hands(click.Group):
    """A group whose commands tell how they are used without --port."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_LOOKS] = "--help" in args
        return super().parse_args(ctx, args)


def _port(ctx: click.Context, parameter: click.Parameter, port: Path | None) -> Path | None:
    if port is None and not ctx.meta.get(_LOOKS) and not ctx.resilient_parsing:
        raise click.MissingParameter(ctx=ctx, param=parameter)
    return port


@click.group(cls=_Hands)
@click.option(
    "--port",
    type=click.Path(path_type=Path),
    callback=_port,
    help="The port of the virtual board, as given to `ansim virtual`.  [required]",
)
@click.pass_context
def command(ctx: click.Context, port: Path) -> None:
    """Act on the cabinet of a virtual board. Each act returns when it is done.

    \b
    Example: ansim hands --port /tmp/wall keys 0773910462#
             ansim hands --port /tmp/wall take 7
             ansim hands --port /tmp/wall state
    """
    ctx.obj = port


command.add_command(fault)


def _act(port: Path, act: str, *arguments: object) -> None:
    from host_tools.simulator.virtual_board.control import HandsClient

    with HandsClient(port) as hands:
        hands.ask(act, *arguments)


def _door_act(name: str, help_text: str) -> None:
    @command.command(name, help=f"{help_text}\n\n\b\nExample: ansim hands --port /tmp/wall {name} 7")
    @click.argument("door", type=int)
    @click.pass_obj
    def act(port: Path, door: int) -> None:
        _act(port, name, door)


_door_act("put", "Put a parcel into an open compartment.")
_door_act("take", "Take the parcel out of an open compartment.")
_door_act("open", "Pull a door open; a latched one resists.")
_door_act("push", "Push a door: shut if it was open, else to ease its latch.")
_door_act("close", "Shut a door.")
_door_act("force", "Open a door with a crowbar, latched or not.")
_door_act("block", "Put something in the way of a door.")
_door_act("unblock", "Take it away again.")


@command.command()
@click.argument("keys")
@click.pass_obj
def keys(port: Path, keys: str) -> None:
    """Type keys on the keypad, at the speed of people.

    \b
    Example: ansim hands --port /tmp/wall keys 0773910462#
    """
    _act(port, "keys", keys)


@command.command()
@click.pass_obj
def bell(port: Path) -> None:
    """Press the help button.

    \b
    Example: ansim hands --port /tmp/wall bell
    """
    _act(port, "bell")


@command.command()
@click.argument("cover", type=click.Choice(["open", "shut"]), default="open")
@click.pass_obj
def tamper(port: Path, cover: str) -> None:
    """Open the cover over the cabinet's inside (the default), or shut it: the tamper loop runs through it.

    \b
    Example: ansim hands --port /tmp/wall tamper
    """
    _act(port, "tamper", cover == "open")


@command.command()
@click.argument("light", type=click.Choice(["on", "off"]), default="on")
@click.pass_obj
def dark(port: Path, light: str) -> None:
    """Let night fall at the site (on, the default) or end (off).

    \b
    Example: ansim hands --port /tmp/wall dark
    """
    _act(port, "dark", light == "on")


@command.command()
@click.argument("mains", type=click.Choice(["cut", "on"]))
@click.pass_obj
def power(port: Path, mains: str) -> None:
    """Cut the mains of the cabinet, or bring them back.

    \b
    Example: ansim hands --port /tmp/wall power cut
    """
    _act(port, "power", mains)


@command.command()
@click.argument("percent", type=int)
@click.pass_obj
def supply(port: Path, percent: int) -> None:
    """Let the supply sag to so many percent of its voltage; 100 mends it.

    \b
    Example: ansim hands --port /tmp/wall supply 70
    """
    _act(port, "supply", percent)


@command.command()
@click.option("--follow", is_flag=True, help="Go on with a line of JSON at each change.")
@json_option
@click.pass_obj
def state(port: Path, follow: bool, as_json: bool) -> None:
    """Show what there is to see at the cabinet.

    \b
    Example: ansim hands --port /tmp/wall state --json
    """
    from host_tools.simulator.virtual_board.control import HandsClient

    with HandsClient(port) as hands:
        if follow:
            for one in hands.follow():
                say(json_line(one))
            return
        now = hands.ask("state")
    if as_json:
        print_json(now)
        return
    say(f"power {now['power']}, {now['time_ms'] / 1000:.1f} s")
    for line in now["screen"] or ():
        say(f"  | {line:<20} |")
    for door in now["doors"]:
        inside = "parcel" if door["parcel"] else "empty"
        say(
            f"  {door['number']:02}  {door['position']:<8} {door['latch']:<9} {inside:<7}"
            + (f" coil {door['coil']}" if door["coil"] else "")
        )
    for one in now["faults"]:
        say(f"  fault: {one}")
    for sentence in now["violations"]:
        say(f"  ! {sentence}")
