"""The words of the English catalogue, for tests that read the screen."""

_FILE = __file__.replace("\\", "/").rsplit("/tests/", 1)[0] + "/firmware/locker/texts/en.txt"


def catalogue():
    """The lines of the catalogue, in the order of their numbers."""
    with open(_FILE) as file:
        return file.read().split("\n")[:-1]


def lines(text, arguments=()):
    """The rows of a text with its arguments filled in."""
    return tuple((catalogue()[text] % arguments).split("|"))
