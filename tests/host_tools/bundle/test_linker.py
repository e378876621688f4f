"""The linked firmware does what its sources do, in fewer names."""

import ast
import re
import sys
from pathlib import Path

import pytest

from host_tools.bundle.explain import explained
from host_tools.bundle.linker.link import Linked, link, relinked
from host_tools.bundle.linker.private import with_short_private_names
from host_tools.bundle.making import _sources, linked
from host_tools.errors import UserError
from host_tools.sources import locker_folder

ROOT = Path(__file__).parents[3]
CHIP_MODULES = ("machine", "esp32", "network", "socket", "select", "cryptolib", "micropython", "time", "os")


def linked_from(caller: str, **files: str) -> Linked:
    """`files` by the names of their modules, with _ for dots: core_door is locker/core/door.py."""
    texts = {f"locker/{name.replace('_', '/')}.py": text.encode() for name, text in files.items()}
    return link(texts, {"main.py": caller.encode()}, {})


def result(caller: str, **files: str) -> object:
    """What the linked program leaves in `result`, and the same of the sources run as they are."""
    made = linked_from(caller, **files)
    return run(
        relinked(caller.encode(), made.homes).decode(),
        {path: text.decode() for path, text in made.files.items()},
    )


def run(caller: str, files: dict[str, str]) -> object:
    """Runs a program against modules that come from texts; the modules are gone afterwards."""
    import types

    before = dict(sys.modules)
    waiting = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): text
        for path, text in files.items()
    }
    for name in {
        part
        for whole in ("locker", *waiting)
        for part in [whole, *(whole[: found.start()] for found in re.finditer(r"\.", whole))]
    }:
        module = types.ModuleType(name)
        module.__path__ = []
        sys.modules[name] = module
    names: dict[str, object] = {}
    try:
        for name in waiting:
            exec(waiting[name], sys.modules[name].__dict__)
        exec(caller, names)
    finally:
        sys.modules.clear()
        sys.modules.update(before)
    return names["result"]


COMPAT = "def const(value):\n    return value\n"


def test_two_files_of_a_package_become_one_module_that_imports_nothing() -> None:
    made = linked_from(
        "from locker.core.door import step",
        core_table="from locker.compat import const\n\nSTEP = const(3)\n\n\ndef rows(count):\n"
        "    return [STEP] * count\n",
        core_door="from locker.core import table\n\n\ndef step():\n    return table.rows(2) + [table.STEP]\n",
        compat="from micropython import const\n",
    )
    assert set(made.files) == {"locker/core.py", "locker/__init__.py"}
    assert b"import" not in made.files["locker/core.py"]
    assert made.homes["locker.core.table"] == "locker.core"
    caller = "from locker.core.door import step\nresult = step()"
    files = {
        "core_table": "def rows(count):\n    return [3] * count\n",
        "core_door": "from locker.core import table\n\n\ndef step():\n    return table.rows(2) + [4]\n",
    }
    assert result(caller, **files) == [3, 3, 4]


def test_a_constant_of_another_file_becomes_its_number_and_disappears() -> None:
    made = linked_from(
        "from locker.b import f",
        compat=COMPAT,
        a="from locker.compat import const\n\nFIRST = const(4)\nSECOND = const(FIRST * 2)\n",
        b="from locker import a\nfrom locker.a import FIRST\n\n\ndef f():\n    return a.SECOND + FIRST\n",
    )
    assert "return 8 + 4" in made.files["locker/__init__.py"].decode()
    assert "FIRST" not in made.files["locker/__init__.py"].decode()


def test_what_is_not_loaded_at_the_start_stays_a_module_of_its_own() -> None:
    made = linked_from(
        "from locker.hal.chip import start",
        hal_chip="def start():\n    from locker.hal.radio import Radio\n\n    return Radio().waves\n",
        hal_radio="from locker.core.door import SHUT\n\n\nclass Radio:\n    def __init__(self):\n"
        "        self.waves = SHUT()\n",
        core_door="def SHUT():\n    return 5\n",
    )
    assert "locker/radio.py" in made.files
    caller = "from locker.hal.chip import start\nresult = start()"
    files = {
        "core_door": "def shut():\n    return 5\n",
        "hal_chip": "def start():\n    from locker.hal.radio import Radio\n\n    return Radio().waves\n",
        "hal_radio": (
            "from locker.core.door import shut\n\n\nclass Radio:\n    def __init__(self):\n"
            "        self.waves = shut()\n"
        ),
    }
    assert result(caller, **files) == 5


PROGRAM = '''
from collections import namedtuple

Meal = namedtuple("Meal", ("rice", "soup"))
LAYOUT = "<%d>"
_count = 0


class Base:
    kind = "base"

    def __init__(self, waiting):
        self._waiting = waiting
        self.never_read = 0

    def both(self, other):
        return self._waiting + other, self.kind

    def nobody_asks(self):
        return 1


class Derived(Base):
    def both(self, *rest, named=3):
        global _count
        _count += 1
        try:
            raise ValueError(named)
        except ValueError as error:
            found = error
        return super().both(rest[0]) + (found.args[0], _count, len([rest for rest in range(4)]))


def count(rice):
    """A parameter that is also a field, and an inner function that hides it."""
    def inner(soup):
        rice = 7
        return (lambda third: 100 * rice + 10 * soup + third)(3)

    return inner(2) + rice


result = (
    Derived(1).both(2, named=5), Derived(1).both(4), count(1000), Meal(rice=1, soup=2).soup,
    Meal(1, 2)._fields, LAYOUT % 4,
    {"rice": 1}["rice"], [kind for kind in "ab"], sorted([3, 1], key=lambda value: -value),
)
'''  # fmt: skip


def test_a_program_with_every_kind_of_name_does_the_same() -> None:
    plain: dict[str, object] = {}
    exec(PROGRAM, plain)
    assert result("from locker.core.all import result", core_all=PROGRAM) == plain["result"]


def test_what_nothing_mentions_is_left_out() -> None:
    made = (
        linked_from("from locker.core.all import result", core_all=PROGRAM).files["locker/core.py"].decode()
    )
    assert "return 1\n" not in made
    assert len(ast.parse(made).body) < len(ast.parse(PROGRAM).body) + 1
    assert made.count("self.") == 3  # what is assigned and never read went


def test_an_assertion_stays_in_another_form() -> None:
    made = (
        linked_from("from locker.core.a import f", core_a="def f(x):\n    assert x > 1\n    return x\n")
        .files["locker/core.py"]
        .decode()
    )
    assert "raise AssertionError" in made


def test_names_that_a_dict_a_text_or_a_chip_says_stay() -> None:
    files = {
        "board": "from collections import namedtuple\n\n"
        'Board = namedtuple("Board", ("first", "second"))\n\n\n'
        "def made(data):\n    return Board(**data).first\n",
        "hal_chip": "from machine import Pin\n\n\nclass Chip:\n    def __init__(self):\n"
        "        self.deinit = 1\n"
        "        self.mine = Pin().deinit()\n\n    def told(self):\n        return self.mine, self.deinit\n",
    }
    made = linked_from(
        "from locker.hal.chip import Chip\nfrom locker.board import made\nChip().told()", **files
    )
    assert b"'first second'" in made.files["locker/__init__.py"]
    assert b".deinit" in made.files["locker/hal.py"]
    assert b".mine" not in made.files["locker/hal.py"]


PAIR = """from collections import namedtuple

Pair = namedtuple("Pair", ("one", "two"))


def pair(x):
    return Pair(x, Pair(x + 1, x + 2))


def told(x):
    return {}
"""


@pytest.mark.parametrize(
    ("use", "plain"),
    [
        ("len(pair(x)), pair(x)[1][0]", True),
        ("pair(x).two[1], 0", False),
        ("len(Pair(two=x, one=1)), Pair(x, 2)[0]", False),
        ("len(Pair(*pair(x))), pair(x)[0]", False),
        ("isinstance(pair(x), Pair), 2", False),
    ],
)
def test_a_namedtuple_is_a_plain_one_when_nobody_asks_it_for_a_field_by_name(use: str, plain: bool) -> None:
    text = PAIR.format(use)
    caller = "from locker.core.a import told\nresult = told(5)"
    assert (b"namedtuple" not in linked_from(caller, core_a=text).files["locker/core.py"]) == plain
    expected: dict = {}
    exec(text, expected)
    assert result(caller, core_a=text) == expected["told"](5)


def test_errands_are_linked_with_the_firmware_and_keep_the_names_of_their_functions() -> None:
    texts = {"locker/core/a.py": b"class Store:\n    def __init__(self):\n        self.records = 3\n"}
    errand = (
        b"from locker.core.a import Store\n\nstore = None\n\n\ndef begin():\n    global store\n"
        b"    store = Store()\n"
    )
    errand += b"    return store.records\n"
    made = link(texts, {"main.py": b"from locker.core.a import Store"}, {}, {"errands/look.py": errand})
    text = made.files["errands/look.py"].decode()
    assert "def begin()" in text
    assert "from locker.core import Store" in text
    assert "records" not in text + made.files["locker/core.py"].decode()


HANDED = "from locker.core import b\n\n\ndef f():\n    return b\n"
MISSING = "from locker.core.b import y\n\n\ndef f():\n    return y\n"
CIRCLE = "from locker.core import {0}\n\n\ndef f():\n    return {0}.f()\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"core_a": "def f(x):\n    return f'{x}'\n"}, r"core/a\.py holds an f-string"),
        ({"core_a": HANDED, "core_b": "x = 1\n"}, r"core/a\.py hands the module locker\.core\.b about"),
        ({"core_a": MISSING, "core_b": "x = 1\n"}, r"for y, which is not there"),
        ({"core_a": CIRCLE.format("b"), "core_b": CIRCLE.format("a")}, "in a circle"),
    ],
)
def test_what_cannot_be_linked_is_refused_with_its_file(files: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        linked_from("from locker.core.a import f", **files)


def test_the_same_sources_give_the_same_files() -> None:
    first = linked().files
    linked.cache_clear()
    assert linked().files == first


def test_no_renamed_member_is_one_that_a_chip_has() -> None:
    """What the ESP32 stubs list is asked of a chip's objects:
    whatever the files that talk to one ask for is asked by its own name.
    """
    stubs = ROOT / ".venv" / "esp32-stubs"
    has = set()
    for module in CHIP_MODULES:
        for path in [
            *stubs.glob(f"{module}.pyi"),
            *stubs.glob(f"{module}/*.pyi"),
            *stubs.glob(f"stdlib/{module}.pyi"),
        ]:
            tree = ast.parse(path.read_text())
            has |= {
                node.name
                for part in tree.body
                if isinstance(part, ast.ClassDef)
                for node in part.body
                if isinstance(node, ast.FunctionDef)
            }
    assert len(has) > 50
    chip_files = [
        path
        for path, text in _sources(locker_folder(), "locker").items()
        if b"import machine" in text or b"from machine import" in text or b"import network" in text
    ]
    assert len(chip_files) == 4
    carriers = [f"locker/{name}.py" for name in ("esp32_tcp", "esp32_serial", "esp32_rs485")]
    text = "".join(linked().files[path].decode() for path in ("locker/hal.py", *carriers))
    sources = [ast.parse((locker_folder().parent / path).read_text()) for path in chip_files]
    asked = {
        node.attr
        for tree in sources
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "self"
    }
    for name in asked & has:
        assert re.search(rf"\b{name}\b", text), name


def test_a_traceback_gets_the_names_of_the_sources_back() -> None:
    symbols = linked().symbols["locker.core"]
    short = next(
        name
        for name, whole in symbols.items()
        if any(one.endswith(" submit") and one.startswith("locker/core/keypad.py:") for one in whole)
    )
    frames = f'  File "main.py", line 3, in <module>\n  File "locker.core", line 1, in {short}\n'
    console = f"Traceback (most recent call last):\n{frames}ValueError: 7\n"
    told = explained(console, linked().symbols)
    # A short name may stand for a function and for methods.
    assert f"locker.core: {' or '.join(symbols[short])}\n" in told
    assert 'File "main.py", line 3, in <module>' in told
    assert told.endswith("ValueError: 7\n")


def test_modules_with_unknown_callers_keep_all_but_their_private_names() -> None:
    source = (
        b"import _chip\n\ndef public(width):\n    return _chip.ask(_private(width))\n\ndef _private(width):\n"
        b"    return width\n"
    )
    made = with_short_private_names(
        {"machine.py": source, "_chip.py": b"def ask(width):\n    return width\n"}
    )["machine.py"]
    assert made.replace(b"_a", b"_private") == source


OWN_MEMBERS = """
class One:
    def __init__(self):
        self._left = 1
        self.open = 2

    def _both(self):
        return self._left + self.open

    def both(self):
        return self._both()


class Two:
    def __init__(self, one):
        self._right = 4
        self._one = one

    def _both(self):
        return self._right + self._one.open

    def both(self):
        return self._both()


def sums():
    one = One()
    return one.both(), Two(one).both()
"""


def test_what_a_class_asks_only_of_itself_has_the_same_names_in_every_class() -> None:
    caller = "from locker.core.sums import sums\nresult = sums()\n"
    assert result(caller, core_sums=OWN_MEMBERS) == (3, 6)
    tree = ast.parse(linked_from(caller, core_sums=OWN_MEMBERS).files["locker/core.py"])
    own, others = (
        {
            node.attr
            for node in ast.walk(part)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
        }
        for part in tree.body
        if isinstance(part, ast.ClassDef)
    )
    assert len(own) == len(others) == 3
    assert len(own & others) == 2  # all but `open`, which another asks for too, and the second class's third
