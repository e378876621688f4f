"""Each mend is there, names tests that exist, and can be taken back;
that its tests then fail, the soak sees.
"""

import ast
import shutil
from pathlib import Path

import pytest

from tests.mends import REPOSITORY
from tests.mends.mend import Mend, mends
from tests.mends.page import is_current
from tests.mends.trying import outcome

ALL = mends()


def named(mend: Mend) -> str:
    return mend.name


@pytest.mark.parametrize("mend", ALL, ids=named)
def test_a_mend_can_be_taken_back_and_leaves_code_that_compiles(mend: Mend, tmp_path: Path) -> None:
    assert mend.reversals
    for one in mend.reversals:
        (tmp_path / one.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / one.file, tmp_path / one.file)
    mend.put_back(tmp_path)
    for one in mend.reversals:
        if one.file.endswith(".py"):
            ast.parse((tmp_path / one.file).read_text())


@pytest.mark.parametrize("mend", ALL, ids=named)
def test_a_mend_is_held_by_tests_that_exist(mend: Mend) -> None:
    assert mend.tests
    for test in mend.tests:
        path, _, name = test.partition("::")
        assert (REPOSITORY / path).exists(), test
        if name:
            nodes = ast.walk(ast.parse((REPOSITORY / path).read_text()))
            found = {
                node.name
                for node in nodes
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            }
            assert name.split("::")[-1].split("[")[0] in found, test


def test_the_page_of_faults_is_current() -> None:
    assert is_current()


@pytest.mark.soak
@pytest.mark.parametrize("mend", ALL, ids=named)
def test_a_fault_that_comes_back_is_noticed(mend: Mend) -> None:
    assert outcome(mend) == ""
