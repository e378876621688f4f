"""The `ansim` command: one module of this package per sub-command, imported only when it is called."""

import importlib
import pkgutil
import sys

import click

from host_tools import __version__
from host_tools.errors import Complaint


class _Commands(click.Group):
    """Finds `ansim NAME` in the module NAME of this package, as its object `command`. Modules with a leading _ are helpers."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return importlib.import_module(f"{__name__}.{cmd_name}").command


@click.command(cls=_Commands)
@click.version_option(__version__, prog_name="ansim")
def ansim() -> None:
    """Flash, provision, test, serve and simulate parcel lockers.

    \b
    Example: ansim boards list
    """


def main() -> None:
    """The console script: a Complaint becomes one sentence on stderr, and nothing ever a traceback for a user's mistake."""
    try:
        ansim(standalone_mode=True)
    except Complaint as complaint:
        click.echo(f"ansim: {complaint}", err=True)
        sys.exit(complaint.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
