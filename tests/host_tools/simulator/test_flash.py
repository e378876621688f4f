"""NOR flash in a file: what it keeps, what it tears, what it counts."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.boards.partitions import FLASH_SIZES_MB, TABLE_OFFSET, load, table_path
from host_tools.errors import UserError
from host_tools.simulator.chip.chip import PowerLost
from host_tools.simulator.chip.flash import PAGE_BYTES, SECTOR_BYTES, FlashImage

SIZE = 4 << 20
BASE = 0x200000  # of the journal
BLOCKS = 128
FAST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[FlashImage]:
    with FlashImage(tmp_path / "flash.bin", flash_mb=4) as image:
        yield image


def never() -> None:
    raise AssertionError("no cut was asked for")


@pytest.mark.parametrize("flash_mb", FLASH_SIZES_MB)
def test_a_missing_or_empty_file_is_made_an_erased_flash_with_its_partition_table(
    tmp_path: Path, flash_mb: int
) -> None:
    (tmp_path / "empty.bin").touch()
    for name in ("missing.bin", "empty.bin"):
        path = tmp_path / name
        with FlashImage(path, flash_mb=flash_mb) as image:
            assert image.partitions == load(table_path(flash_mb))
            assert image.size == flash_mb << 20
            assert path.read_bytes().count(b"\xff") > image.size - 0x200
            journal = image.partition("journal")
            assert journal is not None
            assert (journal.block_count, journal.block_bytes) == (BLOCKS, 4096)
            assert journal.dump() == b"\xff" * 0x80000
            assert image.partition("ota") is None
            assert path.stat().st_mode & 0o777 == 0o600  # it will hold keys
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.bin", "missing.bin"]


def test_an_image_behind_a_link_is_made_where_the_link_points(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "image")
    with FlashImage(tmp_path / "link", flash_mb=4), pytest.raises(UserError, match="Another virtual board"):
        FlashImage(tmp_path / "image")
    assert (tmp_path / "link").is_symlink()


@FAST
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 3 * SECTOR_BYTES), st.binary(min_size=1, max_size=600)),
        max_size=12,
    )
)
def test_writing_clears_bits_and_only_erasing_sets_them(
    image: FlashImage, acts: list[tuple[bool, int, bytes]]
) -> None:
    """Law: a model of cells, `old & new` for writes and 0xFF for erases, reads the same."""
    journal = image.partition("journal")
    assert journal is not None
    for block in range(4):
        journal.erase(block)
    model = bytearray(b"\xff" * 0x4000)
    for erase, at, data in acts:
        if erase:
            block = at // SECTOR_BYTES
            journal.erase(block)
            model[block * SECTOR_BYTES : (block + 1) * SECTOR_BYTES] = b"\xff" * SECTOR_BYTES
        else:
            journal.write(at // SECTOR_BYTES, at % SECTOR_BYTES, data)
            for index, byte in enumerate(data):
                model[at + index] &= byte
    assert image.read(BASE, len(model)) == model


def test_what_was_written_is_in_the_file_at_once_and_after_closing(tmp_path: Path) -> None:
    with FlashImage(tmp_path / "flash.bin", flash_mb=4) as image:
        image.write(BASE, b"kept")
        assert (tmp_path / "flash.bin").read_bytes()[BASE : BASE + 4] == b"kept"
    with FlashImage(tmp_path / "flash.bin") as image:
        assert image.read(BASE, 4) == b"kept"


def test_programs_are_counted_by_the_page_and_erases_by_the_sector(image: FlashImage) -> None:
    image.write(BASE + PAGE_BYTES - 1, b"\x00\x00")
    assert (image.programs, image.bytes_written) == (2, 2)
    image.erase(BASE)
    image.erase(BASE)
    assert image.erases == 2
    assert image.wear == {BASE // SECTOR_BYTES: 2}
    assert image.worn_out() == []


@FAST
@given(st.integers(0, 3), st.binary(max_size=2 * SECTOR_BYTES + 1))
def test_replacing_writes_whatever_was_there_before_and_spares_the_sectors_behind(
    image: FlashImage, block: int, data: bytes
) -> None:
    at = BASE + block * SECTOR_BYTES
    image.replace(BASE, bytes(8 * SECTOR_BYTES))
    image.replace(at, data)
    sectors = -(-len(data) // SECTOR_BYTES)
    assert image.read(at, sectors * SECTOR_BYTES) == data.ljust(sectors * SECTOR_BYTES, b"\xff")
    assert image.read(BASE, block * SECTOR_BYTES) == bytes(block * SECTOR_BYTES)
    behind = (8 - block - sectors) * SECTOR_BYTES
    assert image.read(at + sectors * SECTOR_BYTES, behind) == bytes(behind)


def test_nothing_reaches_out_of_its_partition(image: FlashImage) -> None:
    journal = image.partition("journal")
    assert journal is not None
    for act in (
        lambda: journal.write(BLOCKS - 1, SECTOR_BYTES - 1, b"\x00\x00"),
        lambda: journal.read(BLOCKS, 0, bytearray(1)),
        lambda: journal.erase(BLOCKS),
        lambda: journal.erase(-1),
        lambda: image.erase(BASE + 1),
        lambda: image.read(SIZE, 1),
        lambda: image.replace(SIZE - SECTOR_BYTES, bytes(SECTOR_BYTES + 1)),
    ):
        with pytest.raises(OSError, match=r"outside|multiple") as error:
            act()
        assert error.value.errno == errno.EINVAL
    assert image.operations == 0


@FAST
@given(st.integers(0, 5), st.binary(min_size=1, max_size=3 * PAGE_BYTES))
def test_a_cut_tears_one_operation_and_what_stands_before_it_is_whole(
    image: FlashImage, whole: int, data: bytes
) -> None:
    """Law: operations before the cut are complete, the torn one lies bitwise between old and new,
    nothing after it happens.
    """
    image.erase(BASE)
    cuts: list[int] = []
    image.cut_after(whole, lambda: cuts.append(1))
    pages = -(-len(data) // PAGE_BYTES)
    if whole >= pages:
        image.write(BASE, data)
        assert cuts == []
        assert image.read(BASE, len(data)) == data
        image.cut_after(1 << 30, never)
        return
    with pytest.raises(PowerLost):
        image.write(BASE, data)
    assert cuts == [1]
    now = image.read(BASE, len(data))
    assert now[: whole * PAGE_BYTES] == data[: whole * PAGE_BYTES]
    assert all(cell | wanted == cell for cell, wanted in zip(now, data, strict=True))
    assert now[(whole + 1) * PAGE_BYTES :] == b"\xff" * len(now[(whole + 1) * PAGE_BYTES :])


def test_torn_writes_stop_in_the_middle_of_bytes_and_torn_erases_in_the_middle_of_a_sector(
    image: FlashImage,
) -> None:
    torn_bytes = 0
    for _ in range(30):
        image.erase(BASE)
        image.cut_after(0, lambda: None)
        with pytest.raises(PowerLost):
            image.write(BASE, bytes(64))
        torn_bytes += any(cell not in (0, 0xFF) for cell in image.read(BASE, 64))
    assert torn_bytes > 10
    image.write(BASE, bytes(SECTOR_BYTES))
    image.cut_after(0, lambda: None)
    with pytest.raises(PowerLost):
        image.erase(BASE)
    ones = sum(cell.bit_count() for cell in image.read(BASE, SECTOR_BYTES))
    assert 0 < ones < 8 * SECTOR_BYTES


def test_two_boards_cannot_share_one_flash(image: FlashImage) -> None:
    for flash_mb in (None, 4):
        with pytest.raises(UserError, match="Another virtual board is running from") as refused:
            FlashImage(image.path, flash_mb=flash_mb)
        assert refused.value.exit_code == 1


OPEN_AND_SAY = """
import sys
from pathlib import Path
from host_tools.errors import UserError
from host_tools.simulator.chip.flash import FlashImage
sys.stdin.readline()
try:
    image = FlashImage(Path(sys.argv[1]), flash_mb=4)
except UserError:
    print("refused", flush=True)
else:
    print("has it", flush=True)
sys.stdin.readline()
"""


def test_of_boards_that_make_a_flash_at_the_same_time_one_gets_it(tmp_path: Path) -> None:
    for turn in range(5):
        command = [sys.executable, "-c", OPEN_AND_SAY, str(tmp_path / f"{turn}.bin")]
        boards = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        try:
            for board in boards:
                assert board.stdin
                board.stdin.write("go\n")
                board.stdin.flush()
            said = sorted(board.stdout.readline().strip() for board in boards if board.stdout)
        finally:
            for board in boards:
                board.communicate("end\n", timeout=60)
        assert said == ["has it", "refused", "refused", "refused"]
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize(
    ("content", "flash_mb", "sentence"),
    [
        (b"", None, "has 0 bytes, but the flash of this board has 4 or 8 or 16 MiB"),
        (b"short", None, "has 5 bytes"),
        (b"short", 4, "has 5 bytes, but the flash of this board has 4 MiB"),
        (bytes(SIZE), 8, "has 4,194,304 bytes, but the flash of this board has 8 MiB"),
        (b"\xff" * SIZE, None, "is no flash image: the flash holds no intact partition table"),
        (bytes(SIZE), 4, "is no flash image: the flash holds no intact partition table"),
    ],
    ids=["empty", "short", "short_4", "4_for_8", "erased", "zeros"],
)
def test_a_file_that_is_no_flash_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes, flash_mb: int | None, sentence: str
) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(UserError, match=sentence) as refused:
        FlashImage(path, flash_mb=flash_mb)
    assert refused.value.exit_code == 2
    assert path.read_bytes() == content


def test_a_flash_that_is_there_is_never_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    for _ in range(2):
        with FlashImage(path, flash_mb=4) as image:
            image.write(BASE, b"mine")
    assert path.read_bytes()[BASE : BASE + 4] == b"mine"


def test_what_cannot_be_opened_or_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no flash image"):
        FlashImage(tmp_path / "missing.bin")
    assert not (tmp_path / "missing.bin").exists()
    with pytest.raises(UserError, match=r"Cannot make the flash image .*No such file or directory"):
        FlashImage(tmp_path / "no" / "such" / "folder.bin", flash_mb=4)
    with pytest.raises(UserError, match=r"Cannot open the flash image .*directory"):
        FlashImage(tmp_path, flash_mb=4)
    with pytest.raises(UserError, match="/dev/null is no file"):
        FlashImage(Path("/dev/null"), flash_mb=4)


def test_one_byte_of_the_table_gone_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    with FlashImage(path, flash_mb=4):
        pass  # made
    cells = bytearray(path.read_bytes())
    cells[TABLE_OFFSET + 5] ^= 1
    path.write_bytes(cells)
    with pytest.raises(UserError, match="partition table"):
        FlashImage(path)
