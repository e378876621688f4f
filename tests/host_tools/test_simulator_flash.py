"""NOR flash in a file: what it keeps, what it tears, what it counts."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.errors import Complaint
from host_tools.partitions import TABLE_OFFSET, Partition, load, table_path
from host_tools.simulator.chip import PowerLost
from host_tools.simulator.flash import PAGE_BYTES, SECTOR_BYTES, FlashImage, create

SMALL = [Partition("nvs", 1, 2, 0x9000, 0x1000), Partition("journal", 1, 6, 0xA000, 0x4000), Partition("vfs", 1, 0x83, 0xE000, 0x2000)]
SIZE = 0x10000
BASE = 0xA000
FAST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[FlashImage]:
    path = tmp_path / "flash.bin"
    create(path, SMALL, SIZE)
    with FlashImage(path) as image:
        yield image


def never() -> None:
    raise AssertionError("no cut was asked for")


def test_a_new_flash_is_erased_but_for_its_partition_table(image: FlashImage) -> None:
    assert image.partitions == SMALL
    assert image.size == SIZE
    journal = image.partition("journal")
    assert journal is not None
    assert (journal.block_count, journal.block_bytes) == (4, 4096)
    assert journal.dump() == b"\xff" * 0x4000
    assert image.partition("ota") is None


def test_the_tables_of_the_repository_make_images(tmp_path: Path) -> None:
    partitions = load(table_path(4))
    create(tmp_path / "real.bin", partitions, 4 << 20)
    with FlashImage(tmp_path / "real.bin") as image:
        journal = image.partition("journal")
        assert journal is not None
        assert journal.block_count == 128


@FAST
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3 * SECTOR_BYTES), st.binary(min_size=1, max_size=600)), max_size=12))
def test_writing_clears_bits_and_only_erasing_sets_them(image: FlashImage, acts: list[tuple[bool, int, bytes]]) -> None:
    """Law: a model of cells, `old & new` for writes and 0xFF for erases, reads the same."""
    journal = image.partition("journal")
    assert journal is not None
    for block in range(journal.block_count):
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
    assert journal.dump() == model


def test_what_was_written_is_in_the_file_at_once_and_after_closing(tmp_path: Path) -> None:
    create(tmp_path / "flash.bin", SMALL, SIZE)
    with FlashImage(tmp_path / "flash.bin") as image:
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


def test_nothing_reaches_out_of_its_partition(image: FlashImage) -> None:
    journal = image.partition("journal")
    assert journal is not None
    for act in (
        lambda: journal.write(3, SECTOR_BYTES - 1, b"\x00\x00"),
        lambda: journal.read(4, 0, bytearray(1)),
        lambda: journal.erase(4),
        lambda: journal.erase(-1),
        lambda: image.erase(BASE + 1),
        lambda: image.read(SIZE, 1),
    ):
        with pytest.raises(OSError, match=r"outside|multiple") as error:
            act()
        assert error.value.errno == errno.EINVAL
    assert image.operations == 0


@FAST
@given(st.integers(0, 5), st.binary(min_size=1, max_size=3 * PAGE_BYTES))
def test_a_cut_tears_one_operation_and_what_stands_before_it_is_whole(image: FlashImage, whole: int, data: bytes) -> None:
    """Law: operations before the cut are complete, the torn one lies bitwise between old and new, nothing after it happens."""
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


def test_torn_writes_stop_in_the_middle_of_bytes_and_torn_erases_in_the_middle_of_a_sector(image: FlashImage) -> None:
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
    with pytest.raises(Complaint, match="in use by another virtual board"):
        FlashImage(image.path)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * SIZE, bytes(SIZE)])
def test_a_file_without_an_intact_partition_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(Complaint, match=r"no flash image"):
        FlashImage(path)


def test_a_flash_that_is_there_is_never_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    create(path, SMALL, SIZE)
    with FlashImage(path) as image:
        image.write(BASE, b"mine")
    with pytest.raises(Complaint, match="exists already"):
        create(path, SMALL, SIZE)
    assert path.read_bytes()[BASE : BASE + 4] == b"mine"
    with pytest.raises(Complaint, match="Cannot make"):
        create(tmp_path / "no" / "such" / "folder.bin", SMALL, SIZE)
    with pytest.raises(Complaint, match="Cannot open"):
        FlashImage(tmp_path / "missing.bin")


def test_one_byte_of_the_table_gone_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    create(path, SMALL, SIZE)
    cells = bytearray(path.read_bytes())
    cells[TABLE_OFFSET + 5] ^= 1
    path.write_bytes(cells)
    with pytest.raises(Complaint, match="partition table"):
        FlashImage(path)
