"""Small wrong changes to the core, each of which a test must notice: `python -m tests.mutants`.

`operators` says what is changed, `making` makes the mutants,
`trying` runs the tests of the core on one, `judged` reads README.md.
"""

from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
FIRMWARE = REPOSITORY / "firmware"
CORE = FIRMWARE / "locker" / "core"
TESTS = REPOSITORY / "tests" / "core"
JUDGED = REPOSITORY / "tests" / "mutants" / "README.md"
