"""`python -m host_tools.docs`: writes what is generated of docs/ and boards/README.md;
`--check` only compares.
"""

import sys
from pathlib import Path

import click

from host_tools.docs import boards, protocol, sounds, state_machines

_MAKERS = (boards, protocol, sounds, state_machines)


def stale() -> dict[Path, str]:
    """The pages that say something else than what they are made from, each with what it should say;
    a page that is not there is one.
    """
    wanted = {page: text for maker in _MAKERS for page, text in maker.pages().items()}
    return {
        page: text
        for page, text in wanted.items()
        if not page.is_file() or page.read_text(encoding="utf-8") != text
    }


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a page is out of date.")
def command(check: bool) -> None:
    """Write the generated parts of docs/ and boards/README.md.

    \b
    Example: python -m host_tools.docs --check
    """
    found = stale()
    for page, text in found.items():
        if check:
            click.echo(f"{page.name} is out of date: run `python -m host_tools.docs`.", err=True)
        else:
            page.write_text(text, encoding="utf-8")
    sys.exit(int(check and bool(found)))


if __name__ == "__main__":
    command()
