"""`python -m tests.simulation.cuts STORY` lives one story again;
without a story, all of `make test`, and tells how many there were.
"""

import sys
from collections.abc import Iterator

from tests.simulation.cuts.laws import LawBroken
from tests.simulation.cuts.story import Story, live, parse
from tests.simulation.cuts.sweep import BUSY, DOUBLES, double, single, uncut
from tests.simulation.cuts.transactions import TRANSACTIONS


def told(title: str, stories: Iterator[Story]) -> list[str]:
    """Lives them all and prints a line; of each law the first story that broke it."""
    count = cuts = violations = 0
    broken: dict[str, str] = {}
    for story in stories:
        count += 1
        try:
            cuts += live(story).cuts
        except LawBroken as error:
            violations += 1
            broken.setdefault(str(error).split("(", 1)[0], str(error))
    print(f"{title:36} {count:6,} stories {cuts:6,} power cuts {violations:5,} violations", flush=True)
    return list(broken.values())


def main() -> int:
    if len(sys.argv) > 1:
        print(live(parse(sys.argv[1])))
        return 0
    broken = []
    for name in BUSY:
        try:
            operations = " + ".join(
                str(uncut(name, online).operations) for online in TRANSACTIONS[name].links
            )
        except LawBroken as error:
            broken.append(str(error))  # even without a power cut
        else:
            broken += told(f"{name} ({operations} operations)", single(name))
    if not broken:  # else they would say the same again
        broken += told("two or three cuts", double(range(DOUBLES)))
    print(*broken, sep="\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
