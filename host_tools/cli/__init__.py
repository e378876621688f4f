"""The `ansim` command: one module of this package per sub-command, imported only when it is called."""

import ast
import importlib
import sys
from pathlib import Path

import click

from host_tools import __version__
from host_tools.cli._ending import run
from host_tools.cli._output import say

#: Raised when a field of a JSON document goes away or changes its meaning: docs/json.md.
JSON_VERSION = 1
_HELP_CHARACTERS_MAX = 60


class _Commands(click.Group):
    """Finds `ansim NAME` in the module NAME of this package, as its object `command`.

    Modules with a leading _ are helpers.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return importlib.import_module(f"{__name__}.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands by what their sources say, since to import them all takes a second."""
        rows = [(name, _first_sentence(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _first_sentence(name: str) -> str:
    """The first sentence of a command's help, from the docstring of its function `command`,
    as far as a line has room.
    """
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_bytes())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "command"]
    text = (ast.get_docstring(found[0]) if found else None) or ""
    return click.Command(name, help=text).get_short_help_str(_HELP_CHARACTERS_MAX)


def _print_json_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        say(JSON_VERSION)
        ctx.exit()


@click.command(cls=_Commands)
@click.version_option(__version__, prog_name="ansim")
@click.option(
    "--json-version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_json_version,
    help="Show the version of the documents that --json prints, and exit.",
)
def ansim() -> None:
    """Flash, provision, test, serve and simulate parcel lockers.

    \b
    Example: ansim boards list
    """


def main() -> None:
    """The console script."""
    sys.exit(run(ansim, sys.argv[1:]))
