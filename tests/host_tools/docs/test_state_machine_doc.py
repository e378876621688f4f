"""docs/state-machines.md says what the tables say."""

from host_tools.docs import state_machines
from locker.core import door, keypad


def test_every_row_of_the_tables_is_on_the_page() -> None:
    for name, module in (("door", door), ("keypad", keypad)):
        rows = state_machines.transitions(state_machines.read_source(name))
        assert len(rows) == len(module.TRANSITIONS)
    assert state_machines.page().count("| shut | want | wanted |") == 1


def test_every_action_says_what_it_does() -> None:
    for line in state_machines.page().splitlines():
        if line.startswith("| ") and line.count("|") == 5 and not line.startswith("| state"):
            state, event, after, done = (cell.strip() for cell in line.strip("|").split("|"))
            assert done or (after == "idle" and event == "done") or event == "larger", (state, event)
