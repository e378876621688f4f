"""What lands on a board: whole, the same each time, and small."""

import importlib.util
import zlib
from pathlib import Path

import pytest

from host_tools import bundle as bundles
from host_tools.bundle import MPY_VERSION, OWNED_FOLDERS, bundle, compile_source, digest
from host_tools.carried import locker_folder
from host_tools.device import WINDOW_BITS, deflated
from host_tools.errors import Complaint


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_every_module_of_the_firmware_and_of_its_library_is_there_and_nothing_else() -> None:
    """A folder is a package on MicroPython without its empty __init__; what is for CPython or for the host stays at home."""
    found = set(bundle())
    spec = importlib.util.find_spec("adafruit_bus_device")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    library = Path(spec.submodule_search_locations[0])
    sources = {f"/locker/{path.relative_to(locker_folder())}" for path in locker_folder().rglob("*.py")}
    sources |= {f"/lib/adafruit_bus_device/{path.name}" for path in library.glob("*.py")}
    sources -= {"/locker/cpython.py", "/locker/wire/host_messages.py", "/locker/wire/host_session.py"}
    modules = {path.removesuffix(".py") + ".mpy" for path in sources if not path.endswith("/__init__.py")}
    assert found == modules | {"/boot.py", "/main.py", "/update.py"}


def test_everything_but_the_start_files_lies_in_a_folder_that_the_firmware_owns() -> None:
    outside = [path for path in bundle() if not path.startswith(tuple(f"{folder}/" for folder in OWNED_FOLDERS))]
    assert outside == ["/update.py", "/boot.py", "/main.py"]


def test_what_can_carry_an_update_on_comes_first_and_what_starts_the_application_last() -> None:
    order = list(bundle())
    assert order[:2] == ["/update.py", "/boot.py"]
    assert order[-1] == "/main.py"


def test_the_same_sources_give_the_same_bytes_with_and_without_the_cache(own_cache: Path) -> None:
    fresh = bundle()
    assert any(own_cache.rglob("*"))
    assert bundle() == fresh
    for file in (own_cache / "ansim" / "mpy").iterdir():
        file.unlink()
    assert list(bundle().items()) == list(fresh.items())


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bundle()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert bundle() == expected


def test_mpy_files_are_of_the_version_that_boards_are_asked_for() -> None:
    for path, content in bundle().items():
        if path.endswith(".mpy"):
            assert content[:2] == bytes((ord("M"), MPY_VERSION)), path


def test_a_source_that_does_not_compile_is_named() -> None:
    with pytest.raises(Complaint, match=r"locker/broken\.py does not compile: SyntaxError"):
        compile_source("locker/broken.py", b"def (:\n")


def test_the_digest_tells_paths_and_contents_apart() -> None:
    files = {"/a": b"1", "/b": b"2"}
    others = [{"/a": b"2", "/b": b"1"}, {"/a": b"1"}, {"/a": b"1", "/c": b"2"}, {}]
    assert digest(files) == digest(dict(reversed(files.items())))
    assert digest(files) not in [digest(other) for other in others]


def test_what_is_sent_unpacks_within_the_boards_window() -> None:
    whole = b"".join(bundle().values())
    assert zlib.decompress(deflated(whole), -WINDOW_BITS) == whole
    assert len(deflated(whole)) < 0.7 * len(whole)


def test_another_mpy_cross_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MPY_VERSION", 5)
    bundles._compiler.cache_clear()
    with pytest.raises(Complaint, match=r"does not write \.mpy version 5"):
        bundle()
    bundles._compiler.cache_clear()
