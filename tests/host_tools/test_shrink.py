"""The shortened firmware does what its source does, in fewer names, and its tracebacks still point at the right lines."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.errors import Complaint
from host_tools.shrink import shrunk, with_short_private_names

ROOT = Path(__file__).parents[2]
LIFE = """
import builtins, hashlib, sys
builtins.const = lambda value: value  # MicroPython's compiler knows it
from pathlib import Path
import locker
from tests.simulation.test_parcel_life import journal_of_a_life
assert locker.__file__.startswith(sys.argv[1]), locker.__file__
print(hashlib.sha256(journal_of_a_life(Path(sys.argv[2]), 1)).hexdigest())
"""


def files(folder: Path, under: Path) -> dict[str, bytes]:
    return {path.relative_to(under).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}


def firmware() -> dict[str, bytes]:
    return files(ROOT / "firmware" / "locker", ROOT / "firmware")


def run(sources: dict[str, bytes], call: str) -> object:
    """What an expression gives after the shortened files have been run as one program, in order."""
    names: dict[str, object] = {"const": lambda value: value}
    for source in shrunk(sources, {"caller": call.encode()}).values():
        exec(source, names)
    return eval(call, names)


def journal_with(folder: Path, flash: Path) -> str:
    environment = os.environ | {"PYTHONPATH": f"{folder}:{ROOT}"}
    command = [sys.executable, "-c", LIFE, str(folder), str(flash)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_parcels_life_leaves_the_same_journal_with_short_names(tmp_path: Path) -> None:
    callers = files(ROOT / "host_tools", ROOT) | files(ROOT / "tests" / "simulation", ROOT)
    for path, source in shrunk(firmware(), callers).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(source)
    assert journal_with(tmp_path, tmp_path / "short.flash") == journal_with(ROOT / "firmware", tmp_path / "long.flash")


def test_every_line_keeps_its_number() -> None:
    sources = firmware()
    for path, source in shrunk(sources, {}).items():
        assert source.count(b"\n") == sources[path].count(b"\n"), path


def test_the_same_sources_give_the_same_bytes() -> None:
    digests = {hashlib.sha256(b"".join(shrunk(firmware(), {}).values())).hexdigest() for _ in range(3)}
    assert len(digests) == 1


def test_a_change_in_one_file_leaves_the_others_as_they_are() -> None:
    before = shrunk(firmware(), {})
    changed = firmware()
    changed["locker/shell/store.py"] += b"\n\ndef _another_private_function(argument):\n    return argument\n"
    after = shrunk(changed, {})
    assert [path for path in before if before[path] != after[path]] == ["locker/shell/store.py"]


def test_a_constant_of_another_module_becomes_its_number() -> None:
    sources = {
        "locker/a.py": b"FIRST = const(4)\nSECOND = const(FIRST * 2)\n",
        "locker/b.py": b"from locker import a\nfrom locker.a import (\n    FIRST,\n)\n\n\ndef f():\n    return a.SECOND + FIRST\n",
    }
    result = shrunk(sources, {"caller": b"from locker.b import f\n"})
    assert result["locker/a.py"] == b"_FIRST = const(4)\n_SECOND = const(_FIRST * 2)\n"
    assert b"return 8 + 4" in result["locker/b.py"]


def test_an_import_of_which_only_numbers_were_left_goes() -> None:
    sources = {
        "locker/compat.py": b"from micropython import const\n",
        "locker/a.py": b"from locker.compat import const\n\nFIRST = const(4)\n",
        "locker/b.py": b"import time\n\nfrom locker import a\nfrom locker.compat import const\n\n_SECOND = const(5)\n\n\n"
        b"def f():\n    return a.FIRST + _SECOND\n",
        "locker/c.py": b"from locker import a, b\n\n\ndef g():\n    return b.f() + b.a.FIRST\n",
    }
    result = shrunk(sources, {"caller": b"from locker.c import g\n"})
    assert result["locker/compat.py"] == sources["locker/compat.py"]
    assert result["locker/a.py"] == b"pass\n\n_FIRST = const(4)\n"
    assert result["locker/b.py"].startswith(b"import time\n\nfrom locker import a\npass\n")  # c takes `a` from it
    assert result["locker/c.py"].startswith(b"from locker import b\n")


def test_names_that_a_caller_uses_stay() -> None:
    sources = {"locker/a.py": b"LIMIT = const(4)\n\n\ndef f(given, named):\n    return given * named + LIMIT\n"}
    result = shrunk(sources, {"caller": b"from locker.a import LIMIT, f\nf(1, named=2)\n"})["locker/a.py"]
    assert result == b"LIMIT = const(4)\n\n\ndef f(_0, named):\n    return _0 * named + LIMIT\n"


def test_parameters_of_inner_functions_do_not_hide_the_outer_ones() -> None:
    source = b"def outer(first):\n    def inner(second):\n        return (lambda third: 100 * first + 10 * second + third)(3)\n"
    source += b"    return inner(2)\n"
    assert run({"locker/a.py": source}, "outer(1)") == 123


def test_an_inner_name_that_hides_a_parameter_stays_its_own() -> None:
    source = b"def outer(first):\n    def inner():\n        first = 7\n        return first\n    return inner() * 10 + first\n"
    assert run({"locker/a.py": source}, "outer(1)") == 71


def test_a_class_and_its_base_in_another_file_never_share_a_short_name_for_two_things() -> None:
    base = b"class Base:\n    def __init__(self):\n        self._one_thing = 1\n\n    def both(self):\n        return self._one_thing\n"
    derived = b"from locker.a import Base\n\n\nclass Derived(Base):\n"
    derived += b"    def set(self):\n        self._other_thing = 2\n        return self.both()\n"
    result = shrunk({"locker/a.py": base, "locker/b.py": derived}, {"caller": b"Derived().set()\n"})
    one = result["locker/a.py"].split(b"self.")[1].split(b" ")[0]
    other = result["locker/b.py"].split(b"self.")[1].split(b" ")[0]
    assert one != other


def test_what_nothing_on_the_board_mentions_is_left_out() -> None:
    source = b"def used():\n    return 1\n\n\ndef for_the_host_only():\n    return 2\n\n\nprint(used())\n"
    result = shrunk({"locker/a.py": source}, {})["locker/a.py"]
    assert b"for_the_host_only" not in result
    assert result.count(b"\n") == source.count(b"\n")


def test_the_fields_of_a_namedtuple_become_one_string_and_stay_what_they_are() -> None:
    source = b'from collections import namedtuple\n\nMeal = namedtuple(\n    "Meal",\n    (\n        "rice",  # bowls\n'
    source += b'        "soup",\n    ),\n)\nNothing = namedtuple("Nothing", ())\nlast = 1\n'
    result = shrunk({"locker/a.py": source}, {})["locker/a.py"]
    assert b'"rice soup"' in result
    assert result.count(b"\n") == source.count(b"\n")
    assert run({"locker/a.py": source}, "(Meal(rice=2, soup=1)._fields, Nothing()._fields)") == (("rice", "soup"), ())


def test_a_private_name_of_another_file_is_refused() -> None:
    sources = {
        "locker/a.py": b"class A:\n    def __init__(self):\n        self._own = 1\n",
        "locker/b.py": b"def f(a):\n    return a._own\n",
    }
    with pytest.raises(Complaint, match=r"locker/b\.py uses _own"):
        shrunk(sources, {"caller": b"f(A())\n"})


def test_modules_with_unknown_callers_keep_their_parameters_and_functions() -> None:
    source = b"import _chip\n\n\ndef public(width):\n    return _chip.ask(_private(width))\n\n\ndef _private(width):\n    return width\n"
    result = with_short_private_names({"machine.py": source})["machine.py"]
    assert result == source.replace(b"_private", b"_a")


def test_global_names_and_imported_ones_stay() -> None:
    source = b"import time as _time\n\n_count = 0\n\n\ndef f():\n    global _count\n    _count += 1\n    return _time.time() * 0 + _count\n"
    assert run({"locker/a.py": source}, "f() + f()") == 3


def test_an_f_string_is_refused_with_its_file() -> None:
    with pytest.raises(Complaint, match=r"locker/a\.py"):
        shrunk({"locker/a.py": b'def f(x):\n    return f"{x}"\n'}, {})
