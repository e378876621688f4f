"""A MicroPython image is looked at before anything is erased."""

from pathlib import Path

import pytest

from host_tools.bench.image import put_together
from host_tools.boards import partitions
from host_tools.errors import UserError
from tests.images import made_image, official_image, program, stock_table

GOOD = made_image("esp32")
APP = 0x10000 - 0x1000


def refusal(folder: Path, content: bytes, chip: str = "esp32", flash_mb: int = 4) -> str:
    path = folder / "image.bin"
    path.write_bytes(content)
    with pytest.raises(UserError) as told:
        put_together(path, chip, flash_mb)
    assert told.value.exit_code == 2
    assert told.value.code == "image"
    return str(told.value)


def test_an_image_for_another_chip_is_refused_by_its_twelfth_byte(tmp_path: Path) -> None:
    assert "is MicroPython for an esp32, and the board has an esp32s3" in refusal(
        tmp_path, GOOD, "esp32s3", 8
    )
    assert "is MicroPython for an esp32s3, and the board has an esp32:" in refusal(
        tmp_path, made_image("esp32s3")
    )
    assert "its parts are for different chips, esp32 and esp32s3" in refusal(
        tmp_path, made_image("esp32", app_chip="esp32s3")
    )


@pytest.mark.parametrize("content", [b"", b"\xe9", b"<html>not found</html>" * 100, b"UF2\n" * 200])
def test_what_is_no_image_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "is not a firmware image for an ESP32" in refusal(tmp_path, content)


def test_an_application_without_boot_loader_and_table_is_named(tmp_path: Path) -> None:
    assert "it has no partition table, as an .app-bin has none" in refusal(
        tmp_path, program("esp32", b"x" * 100_000)
    )
    assert "it has no partition table" in refusal(tmp_path, made_image("esp32", table=b"\xff" * 3072))


def test_a_download_that_was_cut_off_is_refused_wherever_that_was(tmp_path: Path) -> None:
    for end in (100, 5000, 0x7000, 0x7800, APP - 1, APP + 10, APP + 30_000, len(GOOD) - 40, len(GOOD) - 1):
        assert "download" in refusal(tmp_path, GOOD[:end]), end


def test_a_damaged_byte_is_noticed_in_loader_table_and_application(tmp_path: Path) -> None:
    for at in (40, 4000, 0x7000 + 5, APP + 200, APP + 30_000, len(GOOD) - 5):
        damaged = bytearray(GOOD)
        damaged[at] ^= 0x10
        assert "download it again" in refusal(tmp_path, bytes(damaged)), at


def test_an_image_that_does_not_fit_our_table_is_refused(tmp_path: Path) -> None:
    assert "it has MicroPython elsewhere than at 0x10000" in refusal(
        tmp_path, made_image("esp32", app_offset=0x20000)
    )
    app = next(
        one for one in partitions.load(partitions.table_path(4)) if one.type == partitions.TYPES["app"]
    )
    assert "reaches to " in refusal(tmp_path, made_image("esp32", app_bytes=app.size))
    assert "its boot loader is damaged" in refusal(
        tmp_path, program("esp32", b"y" * 0x7100)[:0x7000] + GOOD[0x7000:]
    )


@pytest.mark.parametrize("flash_mb", partitions.FLASH_SIZES_MB)
def test_the_table_and_the_size_of_the_flash_are_the_boards_and_the_rest_is_the_releases(
    flash_mb: int, tmp_path: Path
) -> None:
    """Without that size a boot loader refuses partitions behind the end of the flash that it was made for."""
    release = official_image().read_bytes()
    whole = put_together(official_image(), "esp32", flash_mb)
    assert len(whole) == len(release)
    assert partitions.parse_binary(whole[0x7000:]) == partitions.load(partitions.table_path(flash_mb))
    assert whole[3] == release[3] & 0x0F | {4: 0x20, 8: 0x30, 16: 0x40}[flash_mb]
    assert whole[0x8000:] == release[0x8000:]
    differing = [at for at in range(0x7000) if whole[at] != release[at]]
    assert (flash_mb == 4) == (not differing)
    assert all(at == 3 or differing[-1] - 32 < at <= differing[-1] for at in differing)


def test_the_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Cannot read .*nothing"):
        put_together(tmp_path / "nothing", "esp32", 4)


def test_the_stock_table_is_a_table() -> None:
    assert partitions.parse_binary(partitions.binary(stock_table())) == stock_table()
