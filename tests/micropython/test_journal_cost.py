"""An erase stalls the whole chip for 50 ms and wears it out:
the journal, which is written at each step of each parcel, needs few.
"""

from tests.bench.benches.journal import costs

ERASES_OF_LITTLEFS = 1 / 100  # of one event, counted in the same run; `make bench` tells the rest


def test_an_event_takes_at_most_a_hundredth_of_the_erases_of_littlefs() -> None:
    found = costs()
    assert found["ring"].erases <= ERASES_OF_LITTLEFS * found["littlefs"].erases
