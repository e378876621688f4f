"""What a docstring says beyond its form, which the linter sees to: what is raised, and in which unit.

And words are spelt right.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Folders whose functions implement an interface that is described elsewhere, or talk to people:
#: the help of a command.
ELSEWHERE = ("injected", "errands", "versions", "cpython_board", "cli", "docs", "linker")
SOURCES = sorted(
    path
    for folder in ("firmware", "host_tools")
    for path in (ROOT / folder).rglob("*.py")
    if not set(ELSEWHERE) & set(path.parts)
)
_WITHOUT_UNIT = re.compile(r"(^|_)(timeout|delay|interval|period|duration|wait|age)$")
_WORDS_OF_OURS = "jurnal,wel,convertor,convertors"  # two that are wrong on purpose, and Starlette's
PAGES = [path for path in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(path.parts)]


def functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """The public functions of a module, each with the docstrings that are about it:
    its own, its class's, the module's.
    """
    about = ast.get_docstring(tree) or ""
    for node in tree.body:
        holders = (
            [(one, f"{about} {ast.get_docstring(node) or ''}") for one in node.body]
            if isinstance(node, ast.ClassDef)
            else [(node, about)]
        )
        for one, around in holders:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and not one.name.startswith("_"):
                yield one, f"{around} {ast.get_docstring(one) or ''}"


def raised(function: ast.AST) -> set[str]:
    """The exceptions that a function raises itself, but those of broken code."""
    nodes = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise) and node.exc]
    made = [node.func if isinstance(node, ast.Call) else node for node in nodes]
    named = {node.id for node in made if isinstance(node, ast.Name) and node.id[0].isupper()}
    handlers = [node.type for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.type]
    caught = {node.id for handler in handlers for node in ast.walk(handler) if isinstance(node, ast.Name)}
    return named - caught - {"AssertionError", "NotImplementedError"}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_docstring_names_what_its_function_raises(path: Path) -> None:
    for function, docstring in functions(ast.parse(path.read_text())):
        assert not {name for name in raised(function) if name not in docstring}, (
            f"{path}:{function.lineno} {function.name}"
        )


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_parameter_that_is_a_time_has_its_unit_in_its_name(path: Path) -> None:
    for function, _ in functions(ast.parse(path.read_text())):
        arguments = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        assert not [name for name in arguments if _WITHOUT_UNIT.search(name)], (
            f"{path}:{function.lineno} {function.name}"
        )


def test_words_are_spelt_right() -> None:
    files = [
        *SOURCES,
        *(ROOT / "tests").rglob("*.py"),
        *PAGES,
        *(ROOT / "boards").glob("*.toml"),
        *(ROOT / "tests" / "mends").glob("*.toml"),
    ]
    command = [sys.executable, "-m", "codespell_lib", "--ignore-words-list", _WORDS_OF_OURS, *map(str, files)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
