"""No number that must never come twice comes twice, whatever the chip's own generator does."""

import struct
import sys

from nor_flash import NorFlash, Nvs

from locker.shell.random import NAME, Random

SECRET = bytes(range(32))
UID = b"\x24\x6f\x28\1\2\3"
BOOTS = 100000 if sys.implementation.name == "cpython" else 2000
DRAWN = 3  # nonces a boot


def constant(count):
    return bytes(count)


def broken(count):
    raise OSError(5)


class Chip:
    """A chip whose generator gives the same bytes for ever; `planted`: the host has given it a seed."""

    def __init__(self, planted, uid=UID, noise=constant):
        self.nvs = Nvs(NorFlash())
        self.uid = uid
        self.noise = noise
        if planted:
            self.nvs.set_blob(NAME, b"\x5e" * 32 + bytes(8))

    def boot(self, journal=b"1 1"):
        """The numbers of one boot; the journal says nothing new, as from the tenth boot on."""
        numbers = Random(self.nvs, SECRET, self.uid + journal, self.noise)
        return [numbers.draw(8) for _ in range(DRAWN)]


def test_with_a_generator_that_is_constant_no_nonce_comes_twice_in_a_hundred_thousand_boots():
    chip = Chip(True)
    seen = set()
    for _ in range(BOOTS):
        seen.update(chip.boot())
    assert len(seen) == DRAWN * BOOTS
    assert int.from_bytes(chip.nvs.values[NAME][32:], "big") == BOOTS


def test_the_count_of_boots_goes_on_behind_what_a_journal_can_hold():
    chip = Chip(True)
    for boots in (65534, 65535, 65536, 0xFFFFFFFF, 0x100000000):
        seed = chip.nvs.values[NAME][:32]
        chip.nvs.set_blob(NAME, seed + struct.pack(">Q", boots))
        chip.boot(b"65535 9")
        assert struct.unpack(">Q", chip.nvs.values[NAME][32:]) == (boots + 1,)


def test_a_board_from_before_there_were_seeds_makes_one():
    chip = Chip(False)
    seen = set()
    for _ in range(1000):
        seen.update(chip.boot())
    assert len(seen) == DRAWN * 1000


def test_a_generator_that_fails_costs_nothing():
    chip = Chip(True, noise=broken)
    assert chip.boot() != chip.boot()


def test_the_seed_is_counted_on_before_the_first_number_is_drawn():
    chip = Chip(True)
    before = chip.nvs.values[NAME]
    numbers = Random(chip.nvs, SECRET, UID, constant)
    assert chip.nvs.values[NAME] != before  # a power cut from here on repeats nothing
    assert numbers.kept
    after = chip.nvs.values[NAME]
    numbers.draw(8)
    assert chip.nvs.values[NAME] == after


def test_a_copy_of_the_flash_on_another_chip_draws_other_numbers():
    mine, copy = Chip(True), Chip(True, uid=b"\x24\x6f\x28\1\2\4")
    assert not set(mine.boot()) & set(copy.boot())


def test_a_storage_that_cannot_be_written_leaves_it_to_the_journal_to_tell_boots_apart():
    chip = Chip(True)
    chip.nvs.worn = True
    assert not Random(chip.nvs, SECRET, UID, constant).kept
    assert chip.boot(b"9 100") != chip.boot(b"10 101")  # the boot is journaled then, see locker.shell.app


def test_the_numbers_are_spread_over_what_was_asked_for():
    numbers = Random(Nvs(NorFlash()), SECRET, UID, constant)
    seen = set()
    for _ in range(200):
        number = numbers.below(10)
        assert 0 <= number < 10
        seen.add(number)
    assert len(seen) == 10
    assert len(numbers.draw(32)) == 32
