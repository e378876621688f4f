"""The flash is divided as the firmware needs it, in the bytes that the chip's boot loader reads."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.boards import partitions
from host_tools.boards.partitions import Partition
from host_tools.errors import UserError

GOOD = """nvs,data,nvs,0x9000,0x6000
factory,app,factory,0x10000,1M
journal,data,undefined,0x110000,512K
vfs,data,fat,0x190000,1M
"""


def user_error(folder: Path, text: str, flash_bytes: int | None = None) -> str:
    path = folder / "table.csv"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        partitions.load(path, flash_bytes)
    return str(caught.value)


@pytest.mark.parametrize("megabytes", partitions.FLASH_SIZES_MB)
def test_every_flash_size_has_a_raw_journal_of_128_blocks_and_a_file_system_to_the_end(
    megabytes: int,
) -> None:
    table = partitions.load(partitions.table_path(megabytes), megabytes << 20)
    assert [one.label for one in table] == ["nvs", "phy_init", "factory", "journal", "vfs"]
    journal, vfs = partitions.find(table, "journal"), partitions.find(table, "vfs")
    assert journal.size == 128 * 4096
    assert (journal.type, vfs.type) == (1, 1)
    assert vfs.end == megabytes << 20
    assert all(before.end == after.offset for before, after in itertools.pairwise(table))


def test_the_bytes_are_those_of_the_table_that_esp_idf_describes() -> None:
    table = [
        Partition("nvs", 1, 2, 0x9000, 0x6000),
        Partition("phy_init", 1, 1, 0xF000, 0x1000),
        Partition("factory", 0, 0, 0x10000, 0x100000),
    ]
    rows = (
        "aa50010200900000006000006e767300000000000000000000000000 00000000"
        "aa50010100f00000001000007068795f696e69740000000000000000 00000000"
        "aa500000000001000000 1000666163746f7279000000000000000000 00000000"
    )
    made = partitions.binary(table)
    assert made[:96] == bytes.fromhex(rows.replace(" ", ""))
    assert made[96:112] == b"\xeb\xeb" + b"\xff" * 14
    assert made[112:128].hex() == "f4ad4f4538564b5d7435b62c75b69524"  # md5sum of the three rows above
    assert made[128:] == b"\xff" * (0xC00 - 128)


def test_numbers_may_be_written_in_hex_kilobytes_or_megabytes(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(GOOD)
    table = partitions.load(tmp_path / "table.csv")
    assert [(one.offset, one.size) for one in table] == [
        (0x9000, 0x6000),
        (0x10000, 0x100000),
        (0x110000, 0x80000),
        (0x190000, 0x100000),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0x190000,1M", "0x180000,1M", "vfs begins at 0x180000, inside journal: move it to 0x190000"),
        ("0x110000,512K", "0x110800,512K", "journal begins at 0x110800: begin it at a multiple of 0x1000"),
        (
            "factory,app,factory,0x10000,1M",
            "factory,app,factory,0x11000,64K",
            "factory begins at 0x11000: begin it at a multiple of 0x10000",
        ),
        ("0x9000,0x6000", "0x8000,0x6000", "nvs begins at 0x8000, over the boot loader or this table"),
        ("512K", "256K", "journal has 0x40000 bytes: give it at least 0x80000"),
        ("journal,data", "jurnal,data", "no partition labelled journal"),
        ("vfs,data,fat", "fs,data,fat", "no partition labelled vfs"),
        ("factory,app,factory,0x10000,1M\n", "", "no partition of type app"),
        ("nvs,data,nvs", "vfs,data,nvs", "vfs is there twice"),
        ("0x190000,1M", "0x190000,0x100001", "vfs has 0x100001 bytes: give it whole sectors"),
        ("nvs,data,nvs", "a_label_of_17_char,data,nvs", "must be 1 to 16 ASCII characters"),
        ("data,nvs", "date,nvs", "line 1: type 'date' is unknown: use a number or one of app, data"),
        ("data,fat", "data,fatt", "line 4: subtype 'fatt' is unknown"),
        ("0x190000,1M", "0x190000,1G", "line 4: size '1G' is no number"),
        ("0x190000,1M", ",1M", "line 4: vfs has no offset"),
        ("0x190000,1M", "0x190000", "line 4: 4 columns"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_cure(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert said in user_error(tmp_path, GOOD.replace(old, new))


def test_all_faults_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    words = user_error(tmp_path, GOOD.replace("0x190000,1M", "0x180000,4M").replace("512K", "256K"), 4 << 20)
    assert "journal has" in words
    assert "behind the flash" in words


def test_a_table_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Cannot read"):
        partitions.load(tmp_path / "none.csv")
    with pytest.raises(UserError, match="No partition table for 2 MiB"):
        partitions.table_path(2)


@given(st.data())
def test_two_partitions_that_share_a_byte_are_always_reported(data: st.DataObject) -> None:
    """For any layout of sectors: `faults` speaks of an overlap exactly when two partitions share a sector."""
    sectors = st.integers(0x9, 0x300)
    table = [
        Partition(f"p{index}", 1, 6, data.draw(sectors) * 0x1000, data.draw(st.integers(1, 0x80)) * 0x1000)
        for index in range(data.draw(st.integers(2, 8)))
    ]
    taken = [sector for one in table for sector in range(one.offset, one.end, 0x1000)]
    assert any("inside" in fault for fault in partitions.faults(table)) == (len(taken) != len(set(taken)))


_LABELS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=16)
_BYTE = st.integers(0, 0xFE)
_WORD = st.integers(0, 0xFFFF_FFFF)


@given(
    st.lists(st.builds(Partition, _LABELS, _BYTE, _BYTE, _WORD, _WORD, st.integers(0, 3)), max_size=20),
    st.integers(0, 95),
    st.integers(0, 7),
)
def test_a_table_survives_its_bytes_and_a_flipped_bit_is_noticed(
    table: list[Partition], row: int, bit: int
) -> None:
    made = partitions.binary(table)
    assert partitions.parse_binary(made) == table
    torn = bytearray(made)
    torn[row * len(table) * 32 // 96] ^= 1 << bit
    with pytest.raises(ValueError, match="no intact partition table"):
        partitions.parse_binary(bytes(torn))
