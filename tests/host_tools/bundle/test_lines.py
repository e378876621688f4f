"""A traceback of linked firmware with line numbers says, translated, what one of its sources says."""

import re
import subprocess
import sys
from pathlib import Path

from host_tools.bundle.contents import module_of
from host_tools.bundle.explain import explained, has_lines
from host_tools.bundle.linker.link import Linked, link, relinked
from host_tools.bundle.making import OPTIONS_DEBUG, compile_source, linked
from host_tools.bundle.ready import build, ready, ready_to_debug
from host_tools.sources import locker_folder
from tests.native import micropython

FRAME = re.compile(r'File "(.+)", line (\d+), in (\S+)')

COMPAT = """TYPE_CHECKING = False


def const(value):
    return value


def half(number):
    return 1 // number
"""
#: Each way for a statement to be written otherwise on its way to a board; `half(0)` raises.
FLOOR = '''"""A docstring.

Of three lines.
"""

from locker.compat import TYPE_CHECKING, const, half

if TYPE_CHECKING:
    from typing import Any

_NOUGHT = const(0)
TEXT = "used at one place"


def unused():
    return 1


def plain(way: "Any"):
    """Says something."""
    assert way, "an assertion"
    if way == 1:
        return half(_NOUGHT)
    elif way == half(way - 2):
        return 2
    else:
        for place in range(half(way - 3)):
            pass
    with Door(way) as door:
        found: int = door.open(half(way - 4))
    try:
        return half((way - 5) * (way - 6))
    except (ZeroDivisionError if way != 6 else half(0)):
        raise ValueError(TEXT)
    finally:
        found += half(way - 7)


class Door:
    size = 1

    def __init__(self, way: int):
        self._way = way
        if way == 8:

            half(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        half(self._way - 9)

    def open(self, number):
        def inner(left, right=half(self._way - 10)):
            # A comment, then nothing.

            return (lambda given: half(given - 11))(left)

        while half(self._way - 12) > 1:
            pass
        return inner(self._way) + sum(half(one - 13) for one in (self._way,))
'''
WAYS = range(14)
CALLER = "from locker.core.floor import plain\n"


def frames_in(text: str) -> list[tuple[str, int, str]]:
    return [(file, int(line), name) for file, line, name in FRAME.findall(text) if file.startswith("locker/")]


SOURCES = {"locker/compat.py": COMPAT.encode(), "locker/core/floor.py": FLOOR.encode()}
#: What both interpreters run, each with its own way to show an error.
LOOP = f"""for way in {list(WAYS)}:
    print('way', way)
    try:
        plain(way)
    except Exception as error:
        """
ON_CPYTHON = """at = error.__traceback__
        while at:
            code = at.tb_frame.f_code
            name = code.co_qualname.replace(".<locals>", "")
            place = code.co_filename.rpartition("/locker/")[2], at.tb_lineno, name
            print('File "locker/%s", line %d, in %s' % place if code.co_name != "<module>" else "")
            at = at.tb_next
"""


def of_the_sources(folder: Path) -> dict[int, list[tuple[str, int, str]]]:
    """The frames of each way, of the sources as they are:
    lines as MicroPython counts them, names of CPython.
    """
    for path, text in ({"locker/__init__.py": b"", "locker/core/__init__.py": b""} | SOURCES).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    script = folder / "caller.py"
    script.write_text(CALLER + LOOP + ON_CPYTHON)
    said = subprocess.run(
        [sys.executable, "-B", str(script)], capture_output=True, text=True, check=True
    ).stdout
    named = [frames_in(text) for _, text in by_way(said)]
    script.write_text("import sys\n" + CALLER + LOOP + "sys.print_exception(error)\n")
    lined = [frames_in(text.replace(f"{folder}/", "")) for _, text in by_way(ran(script, folder))]
    both = [
        [(file, line, name) for (file, line, _), (*_, name) in zip(here, there, strict=True)]
        for here, there in zip(lined, named, strict=True)
    ]
    return {way: frames for way, frames in enumerate(both) if frames}


def by_way(said: str) -> list[tuple[int, str]]:
    parts = re.split(r"^way (\d+)\n", said, flags=re.MULTILINE)[1:]
    return [(int(way), text) for way, text in zip(parts[::2], parts[1::2], strict=True)]


def on_micropython(folder: Path, made: Linked) -> dict[int, list[tuple[str, int, str]]]:
    """The same of the linked firmware, compiled with line numbers, on the real interpreter."""
    for path, text in made.files.items():
        mpy = (folder / path).with_suffix(".mpy")
        mpy.parent.mkdir(parents=True, exist_ok=True)
        mpy.write_bytes(compile_source(path, text, OPTIONS_DEBUG))
    script = folder / "caller.py"
    script.write_text(
        "import sys\n"
        + relinked(CALLER.encode(), made.homes).decode()
        + LOOP
        + "sys.print_exception(error)\n"
    )
    told = [(way, explained(text, made.symbols, made.lines)) for way, text in by_way(ran(script, folder))]
    return {way: frames_in(text) for way, text in told if "Traceback" in text}


def ran(script: Path, folder: Path) -> str:
    command = [micropython(), str(script)]
    return subprocess.run(
        command, env={"MICROPYPATH": f"{folder}:{folder}/lib"}, capture_output=True, text=True, check=True
    ).stdout


def test_each_frame_of_a_linked_program_is_translated_to_what_it_is_in_the_sources(tmp_path: Path) -> None:
    expected = of_the_sources(tmp_path / "sources")
    assert len(expected) == len(WAYS)
    found = on_micropython(tmp_path / "linked", link(SOURCES, {"main.py": CALLER.encode()}, {}))
    assert found == expected


def test_a_statement_of_several_lines_is_told_by_its_first() -> None:
    text = "def f(x):\n    return max(\n        x,\n        1 // x,\n    )\n"
    made = link({"locker/core/a.py": text.encode()}, {"main.py": b"from locker.core.a import f"}, {})
    assert made.lines["locker.core"][-2:] == ["locker/core/a.py:1 <module>", "locker/core/a.py:2 f"]


def test_each_line_of_the_firmware_that_does_something_has_its_place() -> None:
    """Imports of the linker's own, and words that do nothing, have none; what a place names is there."""
    whole = {
        path.relative_to(locker_folder().parent).as_posix(): path.read_text().splitlines()
        for path in locker_folder().rglob("*.py")
    }
    count = 0
    for path, text in linked().files.items():
        for line, place in zip(text.decode().splitlines(), linked().lines[module_of(path)], strict=True):
            if not place:
                assert line.strip() in ("", "else:", "finally:", "pass") or re.match(
                    r"(from \S+ )?import ", line
                ), (path, line)
            elif place.startswith("locker/"):
                source, number, _ = re.split("[: ]", place, maxsplit=2)
                assert whole[source][int(number) - 1].strip(), place
                count += 1
    assert count > 2_500


def test_a_board_for_debugging_has_the_same_files_and_names_in_another_build() -> None:
    plain, debug = ready(), ready_to_debug()
    assert list(debug.files) == list(plain.files)
    assert (debug.errands, debug.symbols) == (plain.errands, plain.symbols)
    assert debug.build != plain.build
    assert debug.build & 0xFF == plain.build & 0xFF
    assert (plain.lines, plain.linked) == ({}, {})
    assert {path: len(text.splitlines()) for path, text in debug.linked.items()} == {
        path: len(debug.lines[module_of(path)]) for path in debug.linked
    }


STARTING = """import sys
from locker.shell import start
try:
    start(lambda: 1 // 0)
except ZeroDivisionError as error:
    sys.print_exception(error)
"""


def start_that_raises(folder: Path, files: dict[str, bytes]) -> str:
    """What the console shows when the hardware cannot be opened."""
    for path, content in files.items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_bytes(content)
    script = folder / "caller.py"
    script.write_text(STARTING)
    return ran(script, folder)


def test_with_line_numbers_it_is_told_where_it_was_and_without_where_its_function_begins(
    tmp_path: Path,
) -> None:
    text = (locker_folder() / "shell" / "start.py").read_text().splitlines()
    begins = next(number for number, line in enumerate(text, 1) if line.startswith("def start("))
    opens = next(number for number, line in enumerate(text, 1) if line.strip() == "hal = open_hal()")
    plain = start_that_raises(tmp_path / "plain", ready().files)
    assert not has_lines(plain)
    assert f"locker.shell: locker/shell/start.py:{begins} start" in explained(plain, ready().symbols)
    debug = start_that_raises(tmp_path / "debug", ready_to_debug().files)
    assert has_lines(debug)
    assert frames_in(explained(debug, ready().symbols, ready_to_debug().lines)) == [
        ("locker/shell/start.py", opens, "start")
    ]


def test_each_frame_of_a_console_is_explained_as_one_of_the_build_that_was_said_before_it() -> None:
    debug = ready_to_debug()
    number, place = next(
        (number, place)
        for number, place in enumerate(debug.lines["locker.core"], 1)
        if place.endswith(" submit")
    )
    short = next(
        name
        for name, whole in debug.symbols["locker.core"].items()
        if any(one.endswith(" submit") for one in whole)
    )
    frame = 'Traceback (most recent call last):\n  File "locker.core", line {}, in {}\nValueError: 7\n'
    console = (
        f"Build {build():x}\n{frame.format(1, short)}Build {debug.build:x}\n{frame.format(number, short)}"
    )
    told = explained(console, debug.symbols, debug.lines, debug.build)
    where, function = place.split(" ")
    assert f"locker.core: {' or '.join(debug.symbols['locker.core'][short])}\n" in told
    assert f'File "{where.partition(":")[0]}", line {where.partition(":")[2]}, in {function}\n' in told


def test_modules_right_under_locker_are_explained_too() -> None:
    """A board calls that file `locker.__init__`."""
    assert "locker.__init__" in linked().symbols
    assert "locker" not in linked().symbols
