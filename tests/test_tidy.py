"""The house stays tidy: who may import whom, and how long anything may get."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from host_tools.cli import ansim
from host_tools.host.accounts.rights import RIGHTS
from tests.kit.command_tree import commands, has

ROOT = Path(__file__).parent.parent
FIRMWARE = ROOT / "firmware"
LINES_IN_A_FILE_MAX = 400
LINES_IN_A_FUNCTION_MAX = 60
COLUMNS_OF_A_PAGE = 100

PLAIN = {"collections", "struct", "binascii", "hashlib", "locker.compat"}
ALLOWED = {  # package: what it may import
    "locker.contract": PLAIN | {"locker.contract"},
    "locker.core": PLAIN | {"locker.contract", "locker.core"},
    "locker.wire": PLAIN | {"locker.contract", "locker.wire"},
    "locker.drivers": {"locker.compat", "locker.drivers", "adafruit_bus_device"},
    "locker.locks": {"locker.compat", "locker.drivers", "adafruit_bus_device"},
    "locker.shell": PLAIN
    | {"locker.contract", "locker.core", "locker.wire", "locker.drivers", "locker.shell", "locker.board"}
    | {"asyncio", "os", "gc", "sys", "json"},
    "locker.hal": None,
}
HOST_MAY_IMPORT = {"locker.board", "locker.contract", "locker.wire"}
LINK_MAY_IMPORT = HOST_MAY_IMPORT | {"locker.compat", "host_tools.link"}  # it runs on both interpreters
# The rooms of host_tools from the ground up, and which of those below each imports.
# The command line, `cli`, imports from all of them.
ROOMS = {
    "errors": "",
    "extras": "errors",
    "showing": "",
    "cache": "",
    "sources": "",
    "boards": "errors showing sources",
    "device": "errors cache sources",
    "bundle": "errors cache sources device",
    "link": "",
    "host": "errors showing boards link",
    "bench": "errors boards device bundle host",
    "capture": "link",
    "simulator": "errors extras cache sources boards bundle",
    "demo": "errors showing boards host simulator",
    "docs": "sources boards link host",
    "cli": "errors extras showing boards device bundle host bench capture simulator demo",
}
ROOMS_OF_HOST = {
    "fields": "",
    "kinds": "fields",
    "ledger": "fields",
    "accounts": "ledger",
    "care": "ledger accounts",
    "stays": "ledger care accounts",
    "people": "ledger accounts",
    "notify": "fields kinds ledger accounts care stays people",
    "fleet": "fields kinds ledger accounts notify",
    "connections": "ledger accounts notify fleet",
    "parcels": "kinds ledger accounts care stays people notify fleet connections",
    "couriers": "ledger parcels stays",
    "postman": "ledger notify",
    "pager": "care ledger notify",
    "systemd": "",
    "upkeep": "ledger accounts people notify",
    "figures": "ledger care notify connections",
    "news": "ledger care",
    "web": "ledger accounts care notify connections parcels couriers figures news fields kinds stays people "
    "fleet",
    "answers": "ledger accounts parcels couriers people notify",
    "doctor": "ledger people care stays notify connections web",
    "server": "ledger stays notify fleet connections couriers postman pager systemd upkeep web answers",
}
ROOMS_OF_SIMULATOR = {
    "clock": "",
    "noise": "",
    "trace": "clock",
    "cabinet": "clock noise trace",
    "chip": "clock noise trace cabinet",
    "faults": "noise chip",
    "hands": "cabinet",
    "world": "clock noise trace cabinet chip faults hands",
    "people": "trace cabinet world",
    "cpython_board": "clock chip world",
    "virtual_board": "clock chip world people hands cpython_board",
}
#: Rooms whose files are loaded by name, a kind of lock each: what those may import.
LOADED_BY_NAME = {"locks": "clock noise trace cabinet chip"}
SOURCES = sorted(
    path for folder in ("firmware", "host_tools", "tests") for path in (ROOT / folder).rglob("*.py")
)


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports, `from a import b` as both a and a.b."""
    names = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []  # only annotations name it
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(FIRMWARE).with_suffix("").parts)


@pytest.mark.parametrize("path", sorted((FIRMWARE / "locker").rglob("*.py")), ids=str)
def test_a_firmware_file_imports_only_what_its_package_may(path: Path) -> None:
    module = module_name(path)
    allowed = next((allowed for package, allowed in ALLOWED.items() if within(module, package)), PLAIN)
    if allowed is None or module in ("locker.compat", "locker.cpython"):
        return
    strangers = {name for name in imported(path) if not any(within(name, package) for package in allowed)}
    assert not strangers


def test_only_the_hardware_layer_knows_the_chip_and_only_one_file_of_it_the_network() -> None:
    chip, network = {"machine", "esp32", "network", "vfs"}, {"network", "socket", "select"}
    for path in sorted((FIRMWARE / "locker").rglob("*.py")):
        names = {name.partition(".")[0] for name in imported(path)}
        assert not names & chip or path.parent.name == "hal", path
        assert not names & network or path.name == "esp32_tcp.py", path


@pytest.mark.parametrize("path", sorted((ROOT / "host_tools").rglob("*.py")), ids=str)
def test_host_tools_share_only_the_agreed_part_of_the_firmware(path: Path) -> None:
    if "errands" in path.parts:  # runs on the board, beside the firmware
        return
    if path.parts[-2:] == ("docs", "protocol.py"):  # makes a page of what both ends do, and looks at both
        return
    if "simulator" in path.parts:
        assert not {name for name in imported(path) if within(name, "locker.hal.esp32")}
        return
    is_link = path.parent.name == "link"
    allowed = LINK_MAY_IMPORT if is_link else HOST_MAY_IMPORT
    ours = {
        name for name in imported(path) if within(name, "locker") or (is_link and within(name, "host_tools"))
    }
    assert {name for name in ours if not any(within(name, package) for package in allowed)} <= {"locker"}


def room(name: str, house: str) -> str:
    """The room of a house in which a module is; "" for one elsewhere."""
    return name[len(house) + 1 :].partition(".")[0] if within(name, house) else ""


@pytest.mark.parametrize(
    ("house", "rooms"),
    [("host_tools", ROOMS), ("host_tools.host", ROOMS_OF_HOST), ("host_tools.simulator", ROOMS_OF_SIMULATOR)],
    ids=("host_tools", "host", "simulator"),
)
def test_a_room_imports_only_from_rooms_below_it(house: str, rooms: dict[str, str]) -> None:
    folder = ROOT / house.replace(".", "/")
    found: dict[str, set[str]] = {name: set() for name in rooms}
    for path in sorted(folder.rglob("*.py")):
        name = room(".".join(path.relative_to(ROOT).with_suffix("").parts), house)
        if name not in ("__init__", "__main__") and "injected" not in path.parts:
            into = found[name] if name in rooms else set[str]()
            into |= {room(one, house) for one in imported(path)} - {name, "", "__version__"}
            assert name in rooms or into <= set(LOADED_BY_NAME[name].split())
    assert found == {name: set(allowed.split()) for name, allowed in rooms.items()}
    assert all(
        list(rooms).index(below) < list(rooms).index(name)
        for name, allowed in rooms.items()
        for below in allowed.split()
    )


def test_the_floors_are_drawn_as_they_are() -> None:
    floors: dict[str, int] = {}
    for name, allowed in ROOMS.items():
        floors[name] = 1 + max((floors[below] for below in allowed.split()), default=0)
    drawn = re.findall(r"^(\d)  ([a-z ]+)$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    assert {name: int(floor) for floor, names in drawn for name in names.split()} == floors


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_has_one_noun_and_a_function_fits_a_screen(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_IN_A_FILE_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LINES_IN_A_FUNCTION_MAX, f"{node.name} is too long"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "host_tools" / "cli").glob("*.py")), ids=lambda path: path.name
)
def test_commands_open_the_ledger_where_it_is_asked_who_gives_them(path: Path) -> None:
    if path.name != "_acting.py":
        message = "import open_ledger from host_tools.cli._acting"
        assert "host_tools.host.ledger.ledger.open_ledger" not in imported(path), message


def test_every_command_has_a_row_in_the_table_of_rights_and_every_row_a_command() -> None:
    tree = dict(commands(ansim))
    groups = {name for name, found in tree.items() if isinstance(found, click.Group)} - {"link"}
    acts = {name for name in tree if name not in groups and not name.startswith("hands ")} | {"hands"}
    assert acts == set(RIGHTS), "host_tools/host/accounts/rights.py"
    asked = {name for name, found in tree.items() if has(found, "--reason")}
    assert asked == {act for act, right in RIGHTS.items() if right.reasons}, (
        "reason_option(act) in cli/_acting.py"
    )


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "boards").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_line_of_a_page_has_at_most_100_columns_but_for_tables_and_code(page: Path) -> None:
    is_code = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        is_code ^= line.startswith("```")
        if not (is_code or line.startswith(("|", "    ", "```"))):
            assert len(line) <= COLUMNS_OF_A_PAGE, f"{page.name}:{number}"


def test_the_linter_and_the_formatter_are_content() -> None:
    for arguments in (["check"], ["format", "--check"]):
        ended = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "firmware", "host_tools", "tests", "docs"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
