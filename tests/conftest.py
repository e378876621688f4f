"""One test file, two interpreters: plain test files of the shared folders also run on the real MicroPython.

In tests/contract, tests/core, tests/wire, tests/drivers and tests/shell every `test_*.py` runs on both,
except `*_properties.py` (hypothesis) and `*_simulated.py` (the simulator is CPython's). Such a file imports
`locker`, `host_tools.link` and the plain modules beside it, no pytest, and asserts bare.
"""

import gc
import importlib.util
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.native import run_function

TESTS = Path(__file__).parent
FIRMWARE = TESTS.parent / "firmware"
SHARED_FOLDERS = ("contract", "core", "wire", "drivers", "shell")
ON_CPYTHON_ONLY = ("_properties.py", "_simulated.py")
LIBRARIES = ("adafruit_bus_device",)  # what the board has under /lib
LIBRARIES_FOLDER = pytest.StashKey[str]()
# What the loop of a change leaves out (`make quick`): whole cabinets, real boards' ports, real database
# servers, properties, and files of which a run takes more than a few seconds.
LONG_FOLDERS = ("bench", "link", "mends", "micropython", "model", "simulation", "system")
LONG_FILES = (
    "_properties.py",
    *(
        f"test_{name}.py"
        for name in ("served_bus", "crowd", "ticket_generations", "kill", "key", "postgres", "server")
    ),
    *(
        f"test_{name}.py"
        for name in (
            "backlog",
            "bench",
            "boards_command",
            "bounds",
            "branches",
            "bundle",
            "cli_ending",
            "core_coverage",
        )
    ),
    *(
        f"test_{name}.py"
        for name in (
            "adding",
            "damage",
            "demo_drawing",
            "flash_power_cuts",
            "fuzzed_board",
            "garbage",
            "json_page",
        )
    ),
    *(
        f"test_{name}.py"
        for name in ("jumping_boards", "keypad", "link_command", "linker", "lying_board", "order_outcomes")
    ),
    *(
        f"test_{name}.py"
        for name in ("outages", "port", "showing", "staff_orders", "store", "bus_master", "wireshark")
    ),
)
# What takes longest, begun first.
LONG_FIRST = (
    "test_duress_properties.py",
    "test_power_cut_sweep.py",
    "test_types.py",
    "test_replication.py",
    "test_false_opening_properties.py",
    "test_two_logs_properties.py",
    "test_flash_put_back_properties.py",
    "test_coil_laws.py",
)
# Of the other interpreter, which looks for room from one end of its heap to the other:
# the smaller, the faster.
HEAP, LARGE_HEAP = "3m", "24m"
ON_LARGE_HEAP = (
    "test_generations.py",
    "test_journal.py",
    "test_random.py",
    "test_refusals.py",
    "test_second_copy.py",
    "test_summaries.py",
)
_ENDED = itertools.count(1)  # tests of this process


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long sweeps too")
    parser.addoption("--quick", action="store_true", help="run what takes seconds only")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: a long sweep, run by `make soak`")
    # How long an example takes says nothing of it: these machines have other work.
    settings.register_profile("ansim", settings.default, deadline=None)
    settings.load_profile("ansim")
    for name in [name for name in os.environ if name.startswith("ANSIM_")]:
        del os.environ[name]  # of a real host on this machine
    for folder in SHARED_FOLDERS:
        sys.path.insert(0, str(TESTS / folder))
    # Of the packages of CPython the other interpreter may see these only.
    libraries = tempfile.TemporaryDirectory(prefix="ansim-lib-")
    config.add_cleanup(libraries.cleanup)
    config.stash[LIBRARIES_FOLDER] = libraries.name
    for name in LIBRARIES:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        (Path(libraries.name) / name).symlink_to(Path(found.origin).parent)


@pytest.fixture(scope="session", autouse=True)
def _new_ledgers_are_made_alike() -> Iterator[None]:
    """Only where a test may make one: what the host keeps takes long to import."""
    if "host_tools.host.ledger.database" not in sys.modules:
        yield
        return
    from tests.fresh_ledgers import made_alike

    with made_alike():
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the long sweeps unless asked for, and all that is long when asked;
    they are listed as deselected, never as skipped.
    """
    if config.getoption("--quick"):
        _deselect(config, items, is_long)
    if not config.getoption("--soak"):
        _deselect(config, items, lambda item: item.get_closest_marker("soak") is not None)
    items[:] = waiting_beside_working(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The collector passes over the tests themselves:
    the firmware calls it at each boot, and tests do where a world has ended.
    """
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """While a test runs, the collector passes over what earlier tests have left.

    A test's own garbage goes when it ends, that of fixtures shared by a module after each 200 tests.
    """
    gc.freeze()
    result = yield
    if next(_ENDED) % 200 == 0:
        gc.unfreeze()
    gc.collect()
    return result


def waiting_beside_working(items: list[pytest.Item]) -> list[pytest.Item]:
    """The same tests in the order in which six workers keep two processors busy.

    pytest-xdist gives each worker a sixth of the list, and what one has not begun to another that is done.
    The longest begin the first three parts, so that none is left over at the end; what mostly waits, for real
    boards' ports in real time, begins the other three, so that three workers wait while three compute.
    """
    of_file: dict[Path, list[pytest.Item]] = {}
    for item in items:
        of_file.setdefault(item.path, []).append(item)
    long = [path for path in of_file if path.name in LONG_FIRST]
    waiting = [path for path in of_file if TESTS / "system" in path.parents and path not in long]
    rest = [item for path, found in of_file.items() if path not in {*long, *waiting} for item in found]
    parts = [paths[start::3] for paths in (long, waiting) for start in range(3)]
    begun = [[item for path in paths for item in of_file[path]] for paths in parts]
    sizes = [max(0, len(items) // len(begun) - len(first)) for first in begun[:-1]]
    ordered: list[pytest.Item] = []
    for first, size in zip(begun, [*sizes, len(rest)], strict=True):
        ordered += first + rest[:size]
        rest = rest[size:]
    return ordered


def is_long(item: pytest.Item) -> bool:
    """Whether the loop of a change leaves it out."""
    folder = item.path.relative_to(TESTS).parts[0]
    return folder in LONG_FOLDERS or item.path.name.endswith(LONG_FILES) or "[postgresql" in item.name


def _deselect(
    config: pytest.Config, items: list[pytest.Item], left_out: Callable[[pytest.Item], bool]
) -> None:
    config.hook.pytest_deselected(items=[item for item in items if left_out(item)])
    items[:] = [item for item in items if not left_out(item)]


class OnMicroPython(pytest.Item):
    """One test function in a fresh interpreter."""

    def runtest(self) -> None:
        beside = [TESTS / folder for folder in SHARED_FOLDERS]
        folders = [
            FIRMWARE,
            self.path.parent,
            *beside,
            TESTS.parent,
            TESTS,
            self.config.stash[LIBRARIES_FOLDER],
        ]
        heap = LARGE_HEAP if self.path.name in ON_LARGE_HEAP else HEAP
        ended = run_function(map(str, folders), self.path.stem, self.originalname, heap)
        if ended.returncode:
            raise AssertionError(ended.stdout + ended.stderr)

    originalname = ""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


class SharedModule(pytest.Module):
    """A test file for both interpreters."""

    def collect(self):
        for item in super().collect():
            yield item
            if isinstance(item, pytest.Function):
                twin = OnMicroPython.from_parent(self, name=f"{item.name}[micropython]")
                twin.originalname = item.originalname
                yield twin


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if (
        module_path.parent.name in SHARED_FOLDERS
        and module_path.parent.parent == TESTS
        and not module_path.name.endswith(ON_CPYTHON_ONLY)
    ):
        return SharedModule.from_parent(parent, path=module_path)
    return None
