"""A flood of the line takes little of a step: the keypad is scanned again soon."""

import pytest

from tests.bench.benches.flood import Cost, costs

# From one scan of the keypad to the next: 19 ms at 160 MHz (about 1.2 ms for 100,000). The cabinet with the
# most expanders pays 220,000 of them for reading with the levels whether each chip still has its
# configuration.
INSTRUCTIONS_MAX = 1_572_000
KINDS = ("long_welcomes", "long_seals", "short_frames")


@pytest.fixture(scope="module")
def found() -> dict[str, Cost]:
    """The dearest flood of each sort, at the dearest cabinet; `make bench` tells the others."""
    return costs("tower_24", *KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_worst_step_of_a_flood_is_short(kind: str, found: dict[str, Cost]) -> None:
    assert found[kind].others <= INSTRUCTIONS_MAX
    assert found[kind].typed <= INSTRUCTIONS_MAX  # what was typed is shown, too
