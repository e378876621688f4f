"""Tries all mutants of the core, or those of some files,
and names the survivors that tests/mutants/README.md does not judge.
"""

import hashlib
import json
import sys
from pathlib import Path

import click

from tests.mutants import CORE, REPOSITORY, TESTS
from tests.mutants.judged import ANYTHING, Judged, judged
from tests.mutants.making import Mutant, mutants_of
from tests.mutants.trying import Trial

NAMES = sorted(path.name for path in CORE.glob("*.py") if path.stat().st_size > 100)
RESULTS = REPOSITORY / "build" / "mutants.json"


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]


class Results:
    """What became of each mutant, kept from run to run.

    A mutant that was killed stays so until the code around it changes; a survivor is tried again when
    anything in the core or its tests has changed.
    """

    def __init__(self, path: Path, properties: bool) -> None:
        self._path = path
        self._of = json.loads(path.read_text()) if path.exists() else {}
        files = sorted([*CORE.glob("*.py"), *TESTS.glob("*.py")])
        self._world = digest(str(properties), *(file.read_text() for file in files))

    def get(self, mutant: Mutant) -> str | None:
        """What killed it, "" when nothing did, None when it must be tried."""
        killer, world = self._of.get(digest(*mutant[:-1]), ("", ""))
        return killer if killer or world == self._world else None

    def put(self, mutant: Mutant, killer: str) -> None:
        self._of[digest(*mutant[:-1])] = (killer, self._world)

    def save(self) -> None:
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(json.dumps(self._of))


def survivors_of(name: str, trial: Trial, results: Results) -> tuple[int, list[Judged]]:
    """How many mutants of a file there are, and which survive."""
    count = 0
    survivors = []
    for mutant in mutants_of(CORE / name):
        count += 1
        killer = results.get(mutant)
        if killer is None:
            killer = trial.killer(mutant.file, mutant.code)
            results.put(mutant, killer)
        if not killer:
            survivors.append(Judged(*mutant[:4]))
        if count % 50 == 0:
            results.save()
    results.save()
    return count, survivors


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--properties",
    is_flag=True,
    help="Run the properties too on what the examples do not notice: half a minute each.",
)
@click.option("--fresh", is_flag=True, help="Forget what earlier runs have found.")
def run(names: tuple[str, ...], properties: bool, fresh: bool) -> None:
    """Change the core in one place at a time, and see whether a test notices.

    What was found is kept in build/mutants.json,
    so that a run goes on where one was ended and a later one tries only what has changed.

    \b
    Example: python -m tests.mutants door.py entry.py
    """
    if fresh:
        RESULTS.unlink(missing_ok=True)
    trial = Trial(properties)
    results = Results(RESULTS, properties)
    killer = trial.killer(NAMES[0], (CORE / NAMES[0]).read_text())
    if killer:
        raise click.ClickException(f"{killer} fails on the code as it is.")
    found: list[Judged] = []
    total = 0
    for name in names or NAMES:
        count, survivors = survivors_of(name, trial, results)
        click.echo(f"{name:12} {count:5} mutants {len(survivors):4} survive", err=True)
        total += count
        found += survivors
    known = {one for one in judged() if one.file in (names or NAMES)}
    new = [one for one in found if not known & {one, one._replace(after=ANYTHING)}]
    gone = known - set(found) - {one._replace(after=ANYTHING) for one in found}
    click.echo(
        f"{total} mutants: {total - len(found)} killed, {len(found) - len(new)} survive as judged, "
        f"{len(new)} survive otherwise"
    )
    for what, some in (("not judged", new), ("judged, but is killed", sorted(gone))):
        for one in some:
            click.echo(f"{what}: {one.file} {one.place}: {one.before}\n    {one.after}")
    sys.exit(bool(new or gone))


if __name__ == "__main__":
    run(prog_name="python -m tests.mutants")
