"""The words of the English catalogue, for tests that read the screen."""

import os

_FOLDER = __file__.replace("\\", "/").rsplit("/tests/", 1)[0] + "/firmware/locker/texts/"
_known = {}


def read(name):
    """The lines of a file of texts, in the order of their numbers.

    A story reads them at each text that it shows.
    """
    if name not in _known:
        with open(_FOLDER + name + ".txt") as file:
            _known[name] = file.read().split("\n")[:-1]
    return _known[name]


def languages():
    """The languages that there are catalogues for."""
    return sorted([name[:-4] for name in os.listdir(_FOLDER) if name.endswith(".txt")])


def catalogue():
    """The lines of the English catalogue."""
    return read("en")


def lines(text, arguments=()):
    """The rows of a text with its arguments filled in."""
    return tuple((catalogue()[text] % arguments).split("|"))
