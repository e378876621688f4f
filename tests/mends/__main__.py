"""Puts each fault, or those that are named, back into a copy of the tree and sees their tests fail."""

import sys
from concurrent.futures import ThreadPoolExecutor

import click

from tests.mends import PAGE
from tests.mends.mend import mends
from tests.mends.page import is_current, page
from tests.mends.trying import outcome


@click.command(epilog="Example: python -m tests.mends A1 C3")
@click.argument("names", nargs=-1)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="How many faults are tried at a time.",
)
@click.option("--write", is_flag=True, help="Write docs/faults.md and try nothing.")
@click.option("--check", is_flag=True, help="Say whether docs/faults.md is current and try nothing.")
def main(names: tuple[str, ...], jobs: int, write: bool, check: bool) -> None:
    """Puts faults back and sees the tests that hold their mends fail; all of them, or those named."""
    if write:
        PAGE.write_text(page())
        return
    if check:
        sys.exit(0 if is_current() else "docs/faults.md is not current: python -m tests.mends --write")
    chosen = [mend for mend in mends() if not names or mend.name in names]
    unknown = set(names) - {mend.name for mend in chosen}
    if unknown:
        raise click.UsageError(
            f"There is no mend {', '.join(sorted(unknown))}: tests/mends has one file for each."
        )
    missed = 0
    with ThreadPoolExecutor(jobs) as pool:
        for mend, reason in zip(chosen, pool.map(outcome, chosen), strict=True):
            click.echo(f"{mend.name:5} {'noticed' if not reason else 'NOT NOTICED: ' + reason}")
            missed += bool(reason)
    click.echo(
        f"{len(chosen) - missed} of {len(chosen)} faults are noticed by the tests that hold their mends."
    )
    sys.exit(1 if missed else 0)


main()
