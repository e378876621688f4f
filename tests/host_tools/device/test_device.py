"""What travels to a board, and what the user reads when something is wrong with it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.bench.flash import Flashed, plan, verdict
from host_tools.bundle.ready import errand
from host_tools.device.install import OnBoard, _check_room, fingerprint
from host_tools.device.port import BoardError, Device, Facts
from host_tools.device.programs import literal, strip
from host_tools.errors import UserError
from host_tools.sources import errands_folder

ESP32 = Facts("micropython", (1, 29, 0), 6, "esp32", "Generic ESP32S3 module with ESP32S3", b"123456", True)


@given(st.binary())
@settings(max_examples=300)
def test_bytes_survive_as_a_literal_and_none_of_them_means_anything_to_a_raw_repl(data: bytes) -> None:
    source = literal(data)
    assert ast.literal_eval(source[1:].decode("latin-1")).encode("latin-1") == data
    assert not set(source) & set(b"\x00\x01\x02\x03\x04\x05\n\r")


def test_micropython_reads_every_byte_of_a_literal(tmp_path: Path) -> None:
    everything = bytes(range(256)) + bytes(range(255, -1, -1)) + b"\x00" + b"0\x017\x0499\\'" * 2
    (tmp_path / "literal.py").write_bytes(b"print(list(" + literal(everything) + b"))")
    micropython = Path(sys.executable).parent / "micropython"
    told = subprocess.run(
        [micropython, tmp_path / "literal.py"], capture_output=True, text=True, check=True
    ).stdout
    assert bytes(ast.literal_eval(told)) == everything


def test_random_bytes_grow_by_a_twentieth_at_most() -> None:
    assert len(literal(bytes(range(256)) * 16)) < 1.05 * 4096


@pytest.mark.parametrize("path", sorted(errands_folder().glob("*.py")), ids=lambda path: path.stem)
def test_what_runs_on_the_board_travels_without_its_comments_and_is_the_same_program(path: Path) -> None:
    source = path.read_text()
    stripped = strip(source)
    assert "#" not in stripped
    assert '"""' not in stripped
    assert strip(stripped) == stripped
    names = [
        {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        for text in (source, stripped)
    ]
    assert names[0] == names[1]


def test_a_docstring_alone_leaves_a_body() -> None:
    assert strip('def f():\n    """Only words."""\n') == "def f():\n    pass"


def refused(facts: Facts) -> str:
    device = Device("/dev/ttyUSB0", errand)
    device.facts = facts
    with pytest.raises(UserError) as caught:
        device._refuse_strangers()
    return str(caught.value)


def test_another_implementation_and_another_mpy_version_are_refused() -> None:
    assert "circuitpython answers on /dev/ttyUSB0" in refused(ESP32._replace(implementation="circuitpython"))
    assert "MicroPython 1.19.0 on /dev/ttyUSB0 reads .mpy version 5" in refused(
        ESP32._replace(version=(1, 19, 0), mpy=5)
    )


def test_the_chip_is_named_as_board_definitions_name_it() -> None:
    for machine, chip in (
        ("ESP32 module with ESP32", "esp32"),
        ("Generic ESP32C6 module with ESP32-C6", "esp32c6"),
    ):
        assert ESP32._replace(machine=machine).chip == chip


def test_the_boards_own_errors_become_advice() -> None:
    assert "flash is full" in str(BoardError("OSError", "28"))
    assert "not enough memory" in str(
        BoardError("MemoryError", "memory allocation failed, allocating 512 bytes")
    )
    assert str(BoardError("ValueError", "x")) == "The board reported ValueError: x."


TRACEBACK = """Traceback (most recent call last):\r
  File "main.py", line 1, in <module>\r
ImportError: no module named 'locker'\r
MicroPython v1.29.0\r
>>> """


def test_what_a_boot_says_is_understood() -> None:
    assert verdict("rst:0x1\r\nboot: ESP-IDF\r\nIn service\r\n") == ""
    assert verdict(None) == ""
    assert (
        verdict("Not in service: [Errno 19] ENODEV\r\nMicroPython v1.29\r\n>>> ")
        == "Not in service: [Errno 19] ENODEV"
    )
    assert "no word" in verdict("rst:0x1\r\n")
    with pytest.raises(UserError, match="ended at once with ImportError: no module named 'locker'"):
        verdict(TRACEBACK)


names = st.sampled_from(
    ["/locker/a.mpy", "/locker/b/c.mpy", "/locker/b/d.py", "/lib/adafruit_bus_device/x.mpy", "/boot.py"]
)
sets = st.dictionaries(names, st.binary(max_size=3))


@given(sets, sets)
def test_a_plan_turns_what_is_there_into_what_is_wanted_and_touches_nothing_else(
    there: dict[str, bytes], wanted: dict[str, bytes]
) -> None:
    """added | changed | unchanged = wanted; what is removed is owned and not wanted."""
    folders = sorted(
        {path[:end] for path in there for end in range(1, len(path)) if path[end] == "/"} - {"/lib"}
    )
    found = OnBoard({path: fingerprint(content) for path, content in there.items()}, folders, 1 << 20, 4096)
    report = Flashed("1.29.0", "ESP32")
    plan(report, found, wanted)
    assert set(report.added) == set(wanted) - set(there)
    assert set(report.changed) == {path for path in set(wanted) & set(there) if wanted[path] != there[path]}
    assert len(report.added) + len(report.changed) + report.unchanged == len(wanted)
    files = [path for path in report.removed if path in there]
    assert set(files) == set(there) - set(wanted) - {"/boot.py"}
    left = (set(there) | set(wanted)) - set(files)
    for index, folder in enumerate(report.removed):
        if folder in folders:
            assert not any(path.startswith(folder + "/") for path in left)
            assert not any(later.startswith(folder + "/") for later in report.removed[index:])


@given(st.integers(0, 200), st.dictionaries(names, st.binary(max_size=9000)))
def test_an_update_is_refused_when_it_could_not_lie_beside_the_old_one(
    blocks: int, files: dict[str, bytes]
) -> None:
    found = OnBoard({}, [], blocks * 4096, 4096)
    needed = sum(map(len, files.values())) * 2
    try:
        _check_room(found, files)
    except UserError as user_error:
        assert "flash is full" in str(user_error)
    else:
        assert needed < blocks * 4096
