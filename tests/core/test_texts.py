"""Every text fits the screen with the longest arguments, and says no code and no name."""

import english

from locker.core import texts

WIDEST = {  # texts with arguments: the widest ones
    texts.ENTRY: ("." * 14 + "9",),
    texts.LARGER: ("S", "M"),
    texts.NO_SIZE: ("L",),
    texts.PUT: (99,),
    texts.PUSH: (99,),
    texts.CLOSE: (99,),
    texts.NO_PARCEL: (99,),
    texts.CHANGE: (99,),
    texts.STUCK: (99,),
    texts.DEPOSITED: (99,),
    texts.RECEIPT: (99, 9999, "99999999", "999999999", 9999999),
    texts.TAKE: (99,),
    texts.COLLECTED: (99,),
    texts.STILL_INSIDE: (99,),
    texts.JAMMED: (99,),
    texts.CONFIRM: (99,),
    texts.SERVICE: (99,),
    texts.TESTED: (99,),
    texts.NOT_TESTED: (99,),
    texts.HELP: (99,),
    texts.HELP_NUMBER: (9999,),
}
COUNT = 32


def test_every_text_fits_four_lines_of_twenty_characters():
    for text in range(COUNT):
        lines = english.lines(text, WIDEST.get(text, ()))
        assert 1 <= len(lines) <= 4
        for line in lines:
            assert 1 <= len(line) <= 20, line
            assert all(" " <= character <= "~" for character in line), line  # what a character screen can show


def test_the_catalogue_has_a_line_for_each_number():
    assert len(english.catalogue()) == COUNT


def test_the_numbers_of_the_texts_are_all_different():
    numbers = [getattr(texts, name) for name in dir(texts) if name.isupper() and name[0] != "_"]
    assert sorted(numbers) == list(range(COUNT))


def test_offline_the_bell_says_whom_to_call():
    assert english.lines(texts.OFFLINE, ()) == ("No connection.", "Call 112/119.")
