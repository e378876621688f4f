"""Runs the benches and prints their tables."""

import importlib
import json
import pkgutil
import sys

import click
from rich.console import Console
from rich.table import Table as Drawn

from host_tools.errors import UserError
from tests.bench import Table, benches

NAMES = sorted(module.name for module in pkgutil.iter_modules(benches.__path__))


def drawn(table: Table) -> Drawn:
    """A table for people: numbers to the right, thousands apart."""
    result = Drawn(title=table.title, caption=table.note, title_justify="left", caption_justify="left")
    for i, column in enumerate(table.columns):
        result.add_column(column, justify="left" if i == 0 else "right")
    for row in table.rows:
        result.add_row(*(f"{cell:,}" if isinstance(cell, int | float) else str(cell) for cell in row))
    return result


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else on stdout.")
def bench(names: tuple[str, ...], as_json: bool) -> None:
    """Measure, and print tables: all benches or those named.

    \b
    Example: python -m tests.bench keypad --json
    """
    found: dict[str, list[Table]] = {}
    for name in names or NAMES:
        click.echo(f"measuring {name} ...", err=True)
        found[name] = importlib.import_module(f"{benches.__name__}.{name}").run()
    if as_json:
        click.echo(
            json.dumps(
                {name: [table._asdict() for table in tables] for name, tables in found.items()}, indent=2
            )
        )
        return
    console = Console(highlight=False)
    for table in (table for tables in found.values() for table in tables):
        console.print(drawn(table), "")


if __name__ == "__main__":
    try:
        bench(prog_name="python -m tests.bench")
    except UserError as user_error:
        click.echo(f"bench: {user_error}", err=True)
        sys.exit(user_error.exit_code)
