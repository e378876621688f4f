"""A text is read from the catalogue by its number, and a catalogue that cannot give it stops nobody."""

from io import BytesIO

from locker.shell.catalogue import rows

LINES = ("First|row %02d", "Second", "Third %s|of %d")
WHOLE = b"".join(line.encode() + b" " * (95 - len(line)) + b"\n" for line in LINES)


class File:
    """An open file of a file system that may fail."""

    def __init__(self, content):
        self.file = BytesIO(content)
        self.closed = False

    def __enter__(self):
        return self.file

    def __exit__(self, *_):
        self.closed = True


class Hal:
    def __init__(self, content):
        self.content = content

    def catalogue(self, language):
        if self.content is None:
            raise OSError(2)
        self.file = File(self.content)
        return self.file


def test_a_text_is_found_by_its_number_and_filled_in():
    hal = Hal(WHOLE)
    assert rows(hal, "en", 0, (7,), "") == ["First", "row 07"]
    assert rows(hal, "en", 1, (), "") == ["Second"]
    assert rows(hal, "en", 2, ("a", 3), "") == ["Third a", "of 3"]
    assert hal.file.closed


def test_the_help_number_has_its_place_in_the_last_row_which_is_left_out_where_there_is_none():
    hal = Hal(b"Door %02d is stuck.|Help: @" + b" " * 68 + b"\n")
    assert rows(hal, "en", 0, (7,), "02-123-4567") == ["Door 07 is stuck.", "Help: 02-123-4567"]
    assert rows(hal, "en", 0, (7,), "") == ["Door 07 is stuck."]


def test_a_missing_short_or_damaged_catalogue_gives_the_number():
    for content in (None, b"", WHOLE[:100], b"\xff" * 300):
        assert rows(Hal(content), "en", 2, (7, 8), "")[0][:2] == "2 "
