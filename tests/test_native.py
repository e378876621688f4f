"""Tests that both interpreters share run wherever the checkout lies."""

from pathlib import Path

from tests.native import run_function


def test_a_shared_test_runs_in_a_checkout_of_any_depth(tmp_path: Path) -> None:
    deep = [tmp_path / f"{'deep' * 25}{number}" for number in range(5)]
    for folder in deep:
        folder.mkdir()
    (deep[-1] / "shared.py").write_text("def function():\n    print('ran')\n")
    ended = run_function(map(str, deep), "shared", "function", "1m")
    assert (ended.returncode, ended.stdout) == (0, "ran\n"), ended.stderr
