"""What was flashed lately is known again by its fingerprint,
and the cache may be read-only, damaged or gone.
"""

from pathlib import Path

import pytest

from host_tools.device.install import OnBoard, fingerprint
from host_tools.device.known_files import recall, remember


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def board(**files: bytes) -> OnBoard:
    return OnBoard({f"/{name}": fingerprint(content) for name, content in files.items()}, [], 0, 4096)


def test_what_was_flashed_is_known_again_and_nothing_else() -> None:
    remember({"/a": b"first", "/b": b"second"})
    assert recall(board(a=b"second", c=b"third"), ["/a", "/c", "/d"]) == {"/a": b"second"}


def test_a_damaged_file_of_the_cache_is_not_taken(own_cache: Path) -> None:
    remember({"/a": b"first"})
    next((own_cache / "ansim" / "flashed").iterdir()).write_bytes(b"something else")
    assert recall(board(a=b"first"), ["/a"]) == {}


def test_a_cache_that_cannot_be_written_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    remember({"/a": b"first"})
    assert recall(board(a=b"first"), ["/a"]) == {}


def test_the_oldest_go(own_cache: Path) -> None:
    for number in range(3):
        remember({f"/{at}": b"%d %d" % (number, at) for at in range(100)})
    assert len(list((own_cache / "ansim" / "flashed").iterdir())) == 200
    assert recall(board(a=b"2 99"), ["/a"])
