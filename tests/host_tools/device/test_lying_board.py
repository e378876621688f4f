"""Whatever a board answers, a person reads a sentence:
never a traceback, never a colour or a cursor that moves.
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.bench import commission, provision
from host_tools.bench.bench import Bench
from host_tools.bench.commission import Commissioning
from host_tools.bench.report import Phase
from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import errand
from host_tools.cli import test as command
from host_tools.device import install, port
from host_tools.device.answers import SHAPES, parsed
from host_tools.device.port import Device, Facts
from host_tools.errors import UserError
from host_tools.showing import shown
from locker.board import from_json

ON_BOARD = Path(port.__file__).parent / "errands"
WALL = json.loads(json.dumps(to_board_json(load_board("wall_12"))))
DOORS = tuple(door.number for door in from_json(WALL).doors)
RIGHT: dict[str, Any] = {
    "probe": (
        "micropython",
        (1, 27, 0),
        6,
        "esp32",
        "Generic ESP32 module with ESP32",
        b"\x24\x6f\x28\x00\x00\x01",
        True,
    ),
    "who": ("00112233445566aa", 7),
    "journal": (7, 12, 11, 9),
    "waiting": [],
    "survey": (100_000, 4096, ":\n" + "MDEyMzQ1board.json"),
    "digest": "ab12",
    "has_journal": True,
    "begin": (WALL, {"serial": True}, 60_000, 7),
    "answering": [0x20, 0x21, 0x27],
    "connect": DOORS,
    "settle": [(number, True, False) for number in DOORS],
    "await_rest": [(number, True, False) for number in DOORS],
    "pulse": (40, [], 1000, 1000),
    "await_closed": True,
    "await_occupied": 1,
    "await_bell": True,
    "await_tamper": True,
    "keys_down": ("", []),
    "press": "123456789*0#ABCD",
    "answer": "1",
    "signals": (False, False),
    "analogue": (1500, 10),
    "lamp": True,
    "line": (100, 0, None),
}
LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=8,
)


class Liar(Device):
    """A board that answers as it likes; `draw` decides."""

    def __init__(self, draw: st.DataObject) -> None:
        super().__init__("/dev/liar", errand)
        self._draw = draw
        self.facts = Facts(*RIGHT["probe"])

    def __enter__(self) -> "Liar":
        self.facts = Facts(*self.call("probe", "probe", 1, packed=False))
        return self

    def _run(self, source: bytes, timeout_s: int, hear: Any) -> None:
        asked = re.match(rb"print\('\\x05'\+repr\((\w+)\(", source)
        if asked is None:
            return
        for line in self._draw.draw(lies(asked[1].decode()), label=asked[1].decode()):
            hear(line)


def twisted(value: Any) -> st.SearchStrategy[Any]:
    """A right answer, or one that is wrong in one place."""
    choices = [st.just(value), LITERALS]
    if isinstance(value, list | tuple) and value:
        at = st.integers(0, len(value) - 1)
        choices.append(
            at.flatmap(
                lambda place: twisted(value[place]).map(
                    lambda new: type(value)([*value[:place], new, *value[place + 1 :]])
                )
            )
        )
    return st.one_of(choices)


def lies(function: str) -> st.SearchStrategy[list[str]]:
    """The lines that a board prints when that function is asked for."""
    answer = twisted(RIGHT.get(function)).map(lambda value: [f"\x05{value!r}"])
    odd = st.lists(st.text(max_size=30).map(lambda line: f"\x05{line}") | st.text(max_size=30), max_size=3)
    deep = st.sampled_from(
        [
            "\x05" + "(" * 500,
            "\x05" + "9" * 5000,
            "\x05" + "-" * 5000 + "1",
            "\x05[1]*9",
            "\x05\x00",
            "\x05" + "{" * 99,
        ]
    )
    return st.one_of(answer, answer, answer, odd, deep.map(lambda line: [line]))


def ends(action: Any) -> None:
    """Done, or told in a sentence."""
    try:
        action()
    except UserError as user_error:
        assert str(user_error)
        assert shown(user_error).isprintable()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_bench_test_of_a_board_that_lies_ends_in_a_report_or_in_a_sentence(draw: st.DataObject) -> None:
    told: list[Phase] = []

    def run() -> None:
        with_lies = Liar(draw)
        with_lies.__enter__()
        bench = Bench(with_lies, lambda text: None, 0, True, draw.draw(st.booleans()))
        report = Commissioning(bench, told.append).run()
        assert report.as_json()["outcome"] in ("PASS", "FAIL", "ERROR", "SKIP")

    ends(run)
    for phase in told:
        command._tell(phase, False)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_provisioning_and_flashing_a_board_that_lies_end_in_a_sentence(draw: st.DataObject) -> None:
    ends(lambda: Liar(draw).__enter__())
    ends(lambda: install.survey(Liar(draw), ("locker",), ("board.json",), {"/locker/core.mpy": b"x"}))
    ends(lambda: provision._look(Liar(draw), None))


def test_every_function_that_a_board_is_asked_for_has_its_shape() -> None:
    missing = set()
    for path in (Path(port.__file__).parent).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("call", "_call")
            ):
                words = [
                    argument.value
                    for argument in node.args
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                ]
                if path.name.startswith("bench") and words[:1] not in (
                    ["bench"],
                    ["service"],
                    ["parcels"],
                    ["probe"],
                ):
                    words.insert(0, "bench")
                if (
                    len(words) > 1
                    and (ON_BOARD / f"{words[0]}.py").exists()
                    and (words[0], words[1]) not in SHAPES
                ):
                    missing.add((words[0], words[1]))
    assert missing == set()
    known = set(SHAPES) - {("files", "finish_update")}  # of update.py
    assert all(f"def {function}(" in (ON_BOARD / f"{script}.py").read_text() for script, function in known)


def test_a_right_answer_has_its_shape() -> None:
    for script, function in SHAPES:
        if (function in RIGHT and script != "service") or function in ("who", "journal", "waiting"):
            assert parsed(script, function, [repr(RIGHT.get(function))]) == (True, RIGHT.get(function)), (
                function
            )
    assert commission.PASS
