"""The virtual chip's non-volatile storage: what was set is there after any end, whole."""

import errno
from pathlib import Path

import pytest

from host_tools.simulator.chip.chip import PowerLost
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.nvs import Namespace, Nvs

BLOB, NUMBER = 2, 1


def test_values_are_kept_by_namespace_key_and_kind(tmp_path: Path) -> None:
    with FlashImage(tmp_path / "flash", flash_mb=4) as image:
        nvs = Nvs(image)
        assert nvs.set("counts", "boot", NUMBER, b"\1\0\0\0")
        assert nvs.set("counts", "boot", BLOB, b"blob")
        assert nvs.set("other", "boot", NUMBER, b"\2\0\0\0")
        assert nvs.erase("other", "boot")
        assert not nvs.erase("other", "boot")
    with FlashImage(tmp_path / "flash") as image:
        nvs = Nvs(image)
        assert nvs.get("counts", "boot", NUMBER) == b"\1\0\0\0"
        assert nvs.get("counts", "boot", BLOB) == b"blob"
        assert nvs.get("other", "boot", NUMBER) is None


def test_a_full_storage_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    with FlashImage(tmp_path / "flash", flash_mb=4) as image:
        nvs = Nvs(image)
        fit = 0
        while nvs.set("n", str(fit), BLOB, bytes([fit]) * 1000):
            fit += 1
        assert fit == 6  # of 2,000 hexadecimal digits each, in a copy of 12 KiB
        again = Nvs(image)
        assert [again.get("n", str(key), BLOB) for key in range(fit + 1)] == [
            bytes([key]) * 1000 for key in range(fit)
        ] + [None]


def test_a_namespace_has_the_protocol_of_micropythons_nvs(tmp_path: Path) -> None:
    with FlashImage(tmp_path / "flash", flash_mb=4) as image:
        marks = Namespace(image, "ansim")
        buffer = bytearray(4)
        with pytest.raises(OSError, match="has no boot") as error:
            marks.get_blob("boot", buffer)
        assert error.value.errno == errno.ENOENT
        marks.set_blob("boot", b"abc")
        marks.commit()
        assert (marks.get_blob("boot", buffer), buffer) == (3, b"abc\0")
        with pytest.raises(ValueError, match="buffer"):
            marks.get_blob("boot", bytearray(2))
        assert Nvs(image).get("ansim", "boot", BLOB) == b"abc"
        with pytest.raises(OSError, match="full") as error:
            marks.set_blob("boot", bytes(10_000))
        assert error.value.errno == errno.ENOSPC


@pytest.mark.parametrize("length", [40, 3000])  # of the value: in one sector, and in two
def test_a_power_cut_in_the_middle_of_setting_leaves_the_old_values_or_the_new(
    tmp_path: Path, length: int
) -> None:
    old, new = b"\x0f" * length, b"\xf0" * length
    seen = set()
    for seed in range(12):
        path = tmp_path / str(seed)
        with FlashImage(path, flash_mb=4) as image:
            for value in (b"older", old):
                Nvs(image).set("n", "key", BLOB, value)
        operations = 0
        whole = False
        while not whole:
            with FlashImage(path, seed) as image:
                before = Nvs(image).get("n", "key", BLOB)
                image.cut_after(operations, lambda: None)
                try:
                    Nvs(image).set("n", "key", BLOB, new)
                    whole = True
                except PowerLost:
                    pass
                after = Nvs(image).get("n", "key", BLOB)
                assert after in (before, new)
                seen.add(after)
            operations += 1
        assert after == new
    assert seen == {old, new}
