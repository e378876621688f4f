"""What every sub-command shares: --json, and a console that draws only on a terminal."""

import json
from typing import Any

import click
from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else on stdout.")

#: Progress and notices go to stderr; stdout is for what was asked for.
notices = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout; keys keep their order, non-ASCII stays readable."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=None if isinstance(value, list) and not value else 2))
