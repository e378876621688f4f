"""Faults that people met and that were mended, one TOML file each, with the tests that hold the mend:
`python -m tests.mends`.

A file says in one sentence what was wrong (`fault`) and what is right (`right`), which faults of its kind
were found beside it (`siblings`), which tests hold it (`tests`), and how the fault comes back into a copy of
the tree (`revert`: a file, what to find in it, what to put there).
"""

from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
MENDS = Path(__file__).parent
PAGE = REPOSITORY / "docs" / "faults.md"
