"""A look of staff ends the program, not the boot: the next program goes on with its number and its uptime."""

from locker.shell.pause import pause, resume

SIGNED = b"L"


class Chip:
    """A clock and a few bytes that outlive resets."""

    def __init__(self):
        self.kept = b""
        self.now_ms = 1000

    def clock_ms(self):
        return self.now_ms

    def scratch(self, data=None):
        if data is not None:
            self.kept = data
        return self.kept


class Journal:
    """A Journal as it is opened: `boot` is one more than the last that it holds."""

    def __init__(self, boot):
        self.boot = boot
        self.since = 0


def looked_at(said, away_ms=3000, lasted_ms=60000, signed=True):
    """The chip, and the journal of the next program, after a look at a board in its boot 7."""
    chip = Chip()
    pause(chip, Journal(7), said, lasted_ms)
    if signed:
        chip.kept = SIGNED + chip.kept[1:]
    chip.now_ms += away_ms
    return chip, Journal(8 if said else 7)


def test_the_boot_and_its_uptime_go_on_after_a_look():
    for said in (True, False):
        chip, journal = looked_at(said)
        assert resume(chip, journal) == said
        assert (journal.boot, journal.since) == (7, 630)


def test_the_uptime_of_several_looks_adds_up():
    chip, journal = looked_at(True)
    resume(chip, journal)
    pause(chip, journal, True, 10000)
    chip.kept = SIGNED + chip.kept[1:]
    chip.now_ms += 2000
    again = Journal(8)
    assert resume(chip, again) == 1
    assert (again.boot, again.since) == (7, 630 + 100 + 20)


def test_what_nobody_has_signed_is_a_boot_of_its_own():
    chip, journal = looked_at(True, signed=False)
    assert resume(chip, journal) is None
    assert (journal.boot, journal.since) == (8, 0)


def test_a_note_of_another_boot_another_day_or_another_firmware_is_passed_over():
    for away_ms in (-1, 900000, 10**12):
        chip, journal = looked_at(True, away_ms)
        assert resume(chip, journal) is None, away_ms
    for boot in (1, 7, 9, 65535):
        chip, _ = looked_at(True)
        journal = Journal(boot)
        assert resume(chip, journal) is None, boot
        assert journal.boot == boot
    for note in (b"", b"L", b"L" * 15, b"L" * 17, b"\xff" * 16):
        chip, journal = looked_at(True)
        chip.kept = note
        assert resume(chip, journal) is None, note
