"""What every sub-command shares: --json, and the only way to stdout and stderr,
through which nothing from outside is more than text.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from host_tools.showing import shown_json, shown_lines

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else on stdout."
)


def log_options(command: Callable[..., object]) -> Callable[..., object]:
    """`--log json`, and `--json`, which is the same: the command gets `as_json`."""

    @wraps(command)
    def given(log: str | None, as_json: bool, **others: Any) -> object:
        if as_json and log == "lines":
            raise click.UsageError("--json and --log lines ask for two things: leave one out.")
        return command(as_json=as_json or log == "json", **others)

    return click.option(
        "--log",
        type=click.Choice(["lines", "json"]),
        help="How what happens is printed: a line for people, or a JSON object a line, as with --json.  "
        "[default: lines]",
    )(json_option(given))


dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")


def say(text: object, *, err: bool = False) -> None:
    """A line, or several, for a person. What a terminal would act on is shown as question marks."""
    click.echo(shown_lines(text), err=err)


def json_line(value: Any) -> str:
    """A JSON document in one line; keys keep their order, non-ASCII stays readable."""
    return shown_json(json.dumps(value, ensure_ascii=False))


def print_json(value: Any) -> None:
    """One JSON document on stdout; keys keep their order, non-ASCII stays readable."""
    click.echo(
        shown_json(
            json.dumps(value, ensure_ascii=False, indent=None if isinstance(value, list) and not value else 2)
        )
    )
