"""`ansim test --report FILE`: what may lie under that name,
and what becomes of a result whose file cannot be written.
"""

import json
import os
import resource
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_tools.bench.report import BenchReport
from host_tools.cli import test as cli


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ports of the cabinets that were tested: each is sound."""
    ports: list[str] = []

    def sound(port: str, **_: object) -> BenchReport:
        ports.append(port)
        return BenchReport("wall_12", 1, "0badcafe", "1.29.0", "2026-01-01T00:00:00+00:00")

    monkeypatch.setattr("host_tools.bench.commission.bench_test", sound)
    monkeypatch.setattr(cli, "look_at", lambda port: None)
    return ports


def run(report: Path, *more: str) -> Result:
    return CliRunner().invoke(cli.command, ["--port", "/dev/none", "--report", str(report), *more])


def test_a_report_goes_into_the_file_behind_a_link(tmp_path: Path, asked: list[str]) -> None:
    file, link = tmp_path / "wall-07.json", tmp_path / "latest.json"
    link.symlink_to(file)
    assert run(link).exit_code == 0
    assert link.is_symlink()
    assert json.loads(file.read_text())["board"] == "wall_12"
    assert sorted(tmp_path.iterdir()) == sorted((file, link))
    assert asked


def test_what_is_no_ordinary_file_is_left_alone_and_no_door_moves(tmp_path: Path, asked: list[str]) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for place in (fifo, tmp_path / "none" / "report.json"):
        assert getattr(run(place).exception, "exit_code", None) == 2, place
    assert fifo.is_fifo()
    assert asked == []


def test_a_result_outlives_a_disk_that_has_no_room_for_its_report(tmp_path: Path, asked: list[str]) -> None:
    report = tmp_path / "report.json"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        plain, as_json = run(report), run(report, "--json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (plain.exit_code, as_json.exit_code) == (1, 1)
    assert "PASS: wall_12" in plain.stdout
    assert "cannot be written" in plain.stderr
    told = json.loads(as_json.stdout)
    assert (told["outcome"], told["error"]["code"]) == ("PASS", "disk_full")
    assert list(tmp_path.iterdir()) == []
    assert len(asked) == 2
