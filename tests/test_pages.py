"""What the pages name is there: an attribute of a class, a module or a record, and each file of Python;
decisions say when and whether.
"""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
_NAME = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)+)(?:\(.*?\))?`")
# Of files that are made.
_FILE_ENDINGS = {"db", "json", "jsonl", "key", "lock", "lua", "md", "toml", "tsv", "txt", "url"}
# MicroPython's, Python's and others'
_FOREIGN = {"WLAN", "binascii", "gc", "machine", "os", "scrypt", "typing"}
_STATUS = re.compile(r"\*Accepted \d{4}-\d\d-\d\d(?:; superseded by \[(\d{4})\]\((\S+\.md)\))?\.\*")


def assigned(node: ast.AST) -> set[str]:
    """The names that an assignment makes: of attributes of self too."""
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    found = set()
    for target in targets:
        for one in ast.walk(target):
            if isinstance(one, ast.Name):
                found.add(one.id)
            elif (
                isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "self"
            ):
                found.add(one.attr)
    return found


def fields(node: ast.AST) -> set[str]:
    """The fields of a NamedTuple(...) or namedtuple that an assignment makes."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.value.args) > 1):
        return set()
    return {
        one.value
        for one in ast.walk(node.value.args[1])
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


@functools.cache
def known() -> dict[str, set[str]]:
    """What belongs to each module and class, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (
        path
        for folder in ("firmware", "host_tools", "tests")
        for path in (ROOT / folder).rglob("*.py*")
        if "c" not in path.suffix
    ):
        tree = ast.parse(path.read_text())
        found[path.parent.name].add(path.stem)
        found[path.parent.parent.name].add(path.parent.name)
        for node in tree.body:
            names = (
                {node.name}
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                else assigned(node)
            )
            found[path.stem] |= names
            for name in names:
                found[name] |= fields(node)
        for node in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
            for one in ast.walk(node):
                found[node.name] |= (
                    {one.name} if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) else assigned(one)
                )
    return found


@functools.cache
def files() -> set[str]:
    """The names of all files of Python."""
    return {
        path.name
        for folder in ("firmware", "host_tools", "tests", ".")
        for path in (ROOT / folder).glob("**/*.py" if folder != "." else "*.py")
    }


def is_there(name: str) -> bool:
    """Whether the tree has what a page calls so."""
    parts = name.split(".")
    if parts[-1] == "py":
        return name in files()
    if parts[-1] in _FILE_ENDINGS or parts[0] in _FOREIGN:
        return True
    if parts[0].isupper() and parts[0] in known()["records"]:
        return parts[1:] in (["a"], ["b"], ["door"])
    return all(inner in known()[outer] for outer, inner in zip(parts[-2:], parts[-1:], strict=False))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert [name for name in _NAME.findall(page.read_text()) if not is_there(name)] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_says_when_it_was_accepted_and_what_has_superseded_it(page: Path) -> None:
    title, _, status, *_ = page.read_text().split("\n")
    assert title.startswith(f"# {page.name[:4]} ")
    found = _STATUS.fullmatch(status)
    assert found
    assert not found[2] or (page.parent / found[2]).is_file()


def test_a_name_that_is_nowhere_is_noticed() -> None:
    assert is_there("Cabinet.pressed")
    assert is_there("records.MINOR")
    assert is_there("DOOR_STATE.a")
    assert not is_there("Door.share")
    assert not is_there("bench_causes.py")
    assert not is_there("BOOTED.c")


GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
_TERM = re.compile(r"^\| ([\w -]+) \| .+ \| `([\w/.]+)` \|$", re.MULTILINE)


def test_the_words_of_the_glossary_stand_in_order_and_each_has_a_home() -> None:
    terms = _TERM.findall(GLOSSARY)
    assert len(terms) == GLOSSARY.count("\n| ") - 1, "a row is a word, its meaning and a file"
    words = [word.lower() for word, _ in terms]
    assert words == sorted(set(words))
    assert [file for _, file in terms if not (ROOT / file).is_file()] == []


def test_the_reading_order_leads_to_every_page() -> None:
    order = (ROOT / "docs" / "README.md").read_text()
    missing = (
        {path.name for path in (ROOT / "docs").glob("*.md")}
        - set(re.findall(r"\]\(([\w-]+\.md)\)", order))
        - {"README.md"}
    )
    assert missing == set()
