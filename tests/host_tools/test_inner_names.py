"""Only what nobody outside a package can ask for loses its name."""

import ast

import pytest

from host_tools.inner_names import inner_names
from host_tools.shrink import shrunk

DOOR = """\
from collections import namedtuple

Visit = namedtuple("Visit", ("courier", "b"))


class Door:
    def __init__(self, number):
        self.tries = number

    def give_way(self):
        return Visit(self.tries, 2).courier
"""


def inner(door: str, *, other: str = "", caller: str = "", beside: str = "") -> set[str]:
    files = {"locker/core/door.py": door, "locker/core/beside.py": beside, "locker/shell/other.py": other}
    trees = {path: ast.parse(source) for path, source in files.items()}
    return set(inner_names(trees, [ast.parse(caller)])["locker/core/door.py"])


def test_methods_attributes_and_fields_of_one_package_are_inner() -> None:
    assert inner(DOOR) == {"tries", "give_way", "courier"}
    assert inner(DOOR, beside="def f(door):\n    return door.tries\n") == {"tries", "give_way", "courier"}


@pytest.mark.parametrize(
    "said",
    [
        "x.tries",
        "tries = 1",
        "'tries'",
        "f(tries=1)",
        "def tries(): pass",
        "class tries: pass",
        "f = lambda tries: 1",
        "from other import tries",
    ],
)
def test_what_another_package_or_a_caller_says_is_not(said: str) -> None:
    assert inner(DOOR, other=said) == {"give_way", "courier"}
    assert inner(DOOR, caller=said) == {"give_way", "courier"}


@pytest.mark.parametrize(
    "said",
    ["getattr(x, 'tries')", "f(tries=1)", "from locker.core.beside import tries", "import gc as tries", "import gc\n\ngc.tries()",
     "def f():\n    global tries", "try:\n    f()\nexcept OSError as tries:\n    raise"],
)  # fmt: skip
def test_what_its_own_package_says_in_another_way_is_not(said: str) -> None:
    assert inner(DOOR, beside=said) == {"give_way", "courier"}


@pytest.mark.parametrize("name", ["append", "format", "digest", "readline", "isoformat"])
def test_what_pythons_own_things_are_asked_for_is_not(name: str) -> None:
    assert inner(f"import datetime\n\n\ndef {name}(): pass\n\n\ndef answered(): pass\n") == {"answered"}


def test_a_package_that_talks_to_the_chip_keeps_all_its_names() -> None:
    assert inner(DOOR, beside="from machine import Pin\n") == set()


def test_files_of_no_package_keep_theirs() -> None:
    tree = ast.parse(DOOR)
    assert inner_names({"locker/door.py": tree}, []) == {"locker/door.py": {}}


def test_constants_classes_modules_and_private_names_are_left_to_others() -> None:
    assert inner("LIMIT = const(4)\n_limit = f()\nclass Thing: pass\ndef door(): pass\ndef beside(): pass\nlimits = (1, 2)\n") == {"limits"}


def test_a_new_name_is_nobody_elses_in_the_package() -> None:
    trees = {f"locker/core/{name}.py": ast.parse(source) for name, source in (("door", DOOR), ("beside", "a_ = 1\nb_ = 2\n"))}
    short = inner_names(trees, [])["locker/core/door.py"]
    assert len(set(short.values())) == 3
    assert not {"a_", "b_"} & set(short.values())


def test_the_program_does_the_same_with_them() -> None:
    use = (
        "from locker.core.door import Door\n\n\ndef used(courier):\n    tries = Door(courier)\n    return tries.give_way() + tries.tries\n"
    )
    sources = {"locker/core/door.py": DOOR.encode(), "locker/core/use.py": use.encode()}
    result = shrunk(sources, {"caller": b"from locker.core.use import used"})
    program = "\n".join(source.decode() for source in result.values()).replace("from locker.core.door import Door", "")
    assert "give_way" not in program
    assert "tries" not in program
    names: dict[str, object] = {}
    exec(program, names)
    assert eval("used(3)", names) == 6
