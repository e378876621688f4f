"""Names of people and places, the same however they were typed.

A letter with a mark may arrive as one character or as two (Unicode's composed and decomposed forms); both are
one name. U+200C and U+200D stand within words of several scripts and are kept. Everything else that is not to
be seen is refused.
"""

import unicodedata

from host_tools.errors import UserError
from host_tools.showing import JOINERS

CHARACTERS_MAX = 64
UNIT_CHARACTERS_MAX = 32
_BETWEEN = {"Pd", "Zs"}  # Unicode's categories of dashes and blanks
_LOOKALIKES = str.maketrans(
    "авекмнорстухѕіјһ" + "αβεζηικμνορτυχ",
    "abekmhopctyxsijh" + "abezhikmnoptyx",
)


def normal(text: str) -> str:
    """The one form of a name: Unicode's NFC, with plain blanks."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in composed)


def likeness(text: str) -> str:
    """What is the same of two names that people take for one: letters without their case and form,
    Cyrillic and Greek ones as the Latin ones that they look like, and neither blanks nor dashes.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    letters = folded.translate(_LOOKALIKES)
    return "".join(one for one in letters if unicodedata.category(one) not in _BETWEEN and one not in JOINERS)


def checked_name(what: str, name: str) -> str:
    """The normal form of a name that is to be kept;
    raises UserError for one that no screen or message could carry.
    """
    name = normal(name)
    if not _is_fit(name) or len(name) > CHARACTERS_MAX:
        raise UserError(
            f"A {what}'s name has 1 to {CHARACTERS_MAX} printable characters and no blanks around it.",
            2,
            page="name",
        )
    return name


def checked_unit(unit: str) -> str:
    """The normal form of a unit, such as a flat's number; it may be empty. Raises UserError."""
    unit = normal(unit)
    if (unit and not _is_fit(unit)) or len(unit) > UNIT_CHARACTERS_MAX:
        raise UserError(
            f"A unit has at most {UNIT_CHARACTERS_MAX} printable characters and no blanks around it.",
            2,
            page="unit",
        )
    return unit


def _is_fit(name: str) -> bool:
    letters = name.translate(dict.fromkeys(map(ord, JOINERS)))
    return bool(letters.strip()) and name == name.strip(f" {JOINERS}") and letters.isprintable()
