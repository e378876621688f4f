"""What mutants/README.md says of the core is of the core as it is.

Whether the mutants it lists still survive, `make mutants` tells.
"""

from tests.mutants.judged import code_of, judged


def test_each_judged_mutant_is_a_change_of_code_that_is_there() -> None:
    for one in judged():
        assert one.before in code_of(one.file, one.place), f"{one.file} {one.place} has no more: {one.before}"
        assert one.after != one.before


def test_no_mutant_is_judged_twice() -> None:
    lines = judged()
    assert lines
    assert len(set(lines)) == len(lines)
