"""`ansim hands fault`: a sub-command for each kind of the fault plan."""

from pathlib import Path
from typing import Any

import click

from host_tools.cli._output import json_option, print_json, say


class _Kinds(click.Group):
    """The kinds of the table in host_tools.simulator.faults.plan,
    which is loaded only when it is asked for, beside `list` and `clear`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        from host_tools.simulator.faults.plan import KINDS

        return [*KINDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from host_tools.simulator.faults.plan import KINDS

        kind = KINDS.get(cmd_name)
        return _command(cmd_name, kind) if kind else super().get_command(ctx, cmd_name)


def _command(name: str, kind: Any) -> click.Command:
    examples = "\n".join(f"ansim hands --port /tmp/wall fault {example}" for example in kind.examples)

    @click.command(name, help=f"{kind.does}\n\n\b\nExample: " + examples.replace("\n", "\n         "))
    @click.argument("words", nargs=-1, metavar=kind.words)
    @click.pass_obj
    def inject(port: Path, words: tuple[str, ...]) -> None:
        _ask(port, "fault", " ".join((name, *words)))

    return inject


def _ask(port: Path, act: str, text: str) -> None:
    from host_tools.simulator.virtual_board.control import HandsClient

    with HandsClient(port) as hands:
        hands.ask(act, text)


@click.group(cls=_Kinds)
def fault() -> None:
    """Break something in the cabinet of a virtual board: people and tests can try what becomes of it.

    \b
    Example: ansim hands --port /tmp/wall fault coil 3
             ansim hands --port /tmp/wall fault swap coils 1 2
             ansim hands --port /tmp/wall fault expander 0x21 dip 5
             ansim hands --port /tmp/wall fault list
             ansim hands --port /tmp/wall fault clear key 5 stuck
    """


@fault.command("list")
@json_option
@click.pass_obj
def list_them(port: Path, as_json: bool) -> None:
    """Show the faults that are there now.

    \b
    Example: ansim hands --port /tmp/wall fault list
    """
    from host_tools.simulator.virtual_board.control import HandsClient

    with HandsClient(port) as hands:
        active = hands.ask("state")["faults"]
    if as_json:
        print_json(active)
    else:
        say("\n".join(active) or "no faults")


@fault.command("clear")
@click.argument("words", nargs=-1, metavar="[FAULT]")
@click.pass_obj
def clear(port: Path, words: tuple[str, ...]) -> None:
    """Mend a fault, named in the words that made it; without words, all.

    \b
    Example: ansim hands --port /tmp/wall fault clear
             ansim hands --port /tmp/wall fault clear key 5 stuck
    """
    _ask(port, "clear", " ".join(words))
