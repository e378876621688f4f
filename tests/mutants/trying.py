"""Runs the tests of the core on a mutant, in a process forked for it:
the tests take a third of a second, an interpreter as long again.
"""

import ast
import contextlib
import importlib
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
from types import CodeType, SimpleNamespace

import hypothesis
import pytest

from tests.mutants import CORE, FIRMWARE, REPOSITORY, TESTS

MEMORY_BYTES_MAX = 2 << 30  # a loop without an end would take all there is before its time is up
EXAMPLES_S_MAX = 6  # of processor time, 15 times what they take
PROPERTIES_S_MAX = 240
# Half the time of all properties, and mostly about arithmetic of its own.
SLOW = "test_false_opening_properties.py"


class _Loader(importlib.machinery.SourceFileLoader):
    """Gives a module another code than its file has."""

    code = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.code, self.path, "exec")


def examples() -> list[tuple[str, str]]:
    """The example tests of the core: module and function."""
    found = []
    for path in sorted(TESTS.glob("test_*.py")):
        if not path.stem.endswith("_properties"):
            names = [
                node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
            ]
            found += [(path.stem, name) for name in names if name.startswith("test_")]
    return found


def _replace(file: str, code: str) -> None:
    """From now on the module in that file of the core has this code."""
    name = "locker.core." + file.removesuffix(".py")
    loader = _Loader(name, str(CORE / file))
    loader.code = code
    spec = importlib.util.spec_from_file_location(name, CORE / file, loader=loader)
    sys.meta_path.insert(
        0,
        SimpleNamespace(
            find_spec=lambda fullname, path=None, target=None: spec if fullname == name else None
        ),
    )


def _run_examples(order: list[tuple[str, str]]) -> str:
    """The first test that fails, "" when none does."""
    for module, name in order:
        try:
            getattr(importlib.import_module(module), name)()
        except BaseException:
            return f"{module}.{name}"
    return ""


def _run_properties() -> str:
    """The same for the properties, each with the same examples every time and
    no search for the smallest one that fails.
    """
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, database=None, phases=phases, deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    files = [str(path) for path in sorted(TESTS.glob("test_*_properties.py")) if path.name != SLOW]
    # Hypothesis is here already.
    quiet = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return "properties" if pytest.main(["-x", *quiet, *files]) else ""


def _live(file: str, code: str, order: list[tuple[str, str]], properties: bool) -> str:
    """In the child: what kills the mutant, "" for nothing."""
    signal.setitimer(signal.ITIMER_PROF, EXAMPLES_S_MAX)  # its signal ends the process
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    os.chdir(REPOSITORY)
    sys.path[:0] = [str(TESTS), str(FIRMWARE)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _replace(file, code)
    killer = _run_examples(order)
    if properties and not killer:
        signal.setitimer(signal.ITIMER_PROF, PROPERTIES_S_MAX)
        killer = _run_properties()
    return killer


class Trial:
    """Tries mutants one after another; the tests that killed most lately are run first."""

    def __init__(self, properties: bool) -> None:
        self.properties = properties
        self.order = examples()

    def killer(self, file: str, code: str) -> str:
        """The test that fails when that file of the core has this code,
        "time" when none ends in time, "" when all pass.
        """
        read, write = os.pipe()
        child = os.fork()
        if not child:
            status = 1
            with contextlib.suppress(BaseException):
                os.write(write, _live(file, code, self.order, self.properties).encode())
                status = 0
            os._exit(status)
        os.close(write)
        with os.fdopen(read) as answer:
            killer = answer.read()
        _, status = os.waitpid(child, 0)
        if status:
            return "time"
        name = tuple(killer.split("."))
        if name in self.order:
            self.order.remove(name)
            self.order.insert(0, name)
        return killer
