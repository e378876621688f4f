"""Korean in Latin letters, by the rules of the Revised Romanization (National Institute
of Korean Language, proclamation 2000-8).

What is written is how a word sounds: a final consonant moves to a vowel that follows it, and neighbours
become alike. As the rules say, tense sounds that come of a neighbour are not written. Aspiration is, as in
verbs; the texts have no noun in which it would differ.
"""

_INITIALS = (
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h",
)  # fmt: skip
_VOWELS = (
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu",
    "eu", "ui", "i",
)  # fmt: skip
# The finals as pairs: what stays when a vowel follows, and the initial that moves over to it.
_FINALS = (
    ("", ""), ("", "g"), ("", "kk"), ("g", "s"), ("", "n"), ("n", "j"), ("n", "h"), ("", "d"), ("", "r"),
    ("r", "g"), ("r", "m"), ("r", "b"), ("r", "s"), ("r", "t"), ("r", "p"), ("r", "h"), ("", "m"), ("", "b"),
    ("b", "s"), ("", "s"), ("", "ss"), ("ng", ""), ("", "j"), ("", "ch"), ("", "k"), ("", "t"), ("", "p"),
    ("", "h"),
)  # fmt: skip
# What a final says at the end of a word, where it is closed.
_CLOSED = (
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t",
    "ng", "t", "t", "k", "t", "p", "t",
)  # fmt: skip
_ASPIRATED = {"g": "k", "d": "t", "b": "p", "j": "ch"}
_NASAL = {"k": "ng", "t": "n", "p": "m"}
_PALATAL = {"d": "j", "t": "ch"}  # before i and y
_STAYING = {"g": "k", "b": "p", "r": "l"}


def _syllable(character):
    """(initial, vowel, final) of a syllable as indices; None for any other character."""
    index = ord(character) - 0xAC00
    return (index // 588, index // 28 % 21, index % 28) if 0 <= index < 11172 else None


def _meet(final, initial, vowel):
    """What is heard where a final (its index) meets the next initial and vowel (their letters)."""
    stays, moves = _FINALS[final]
    closed = _CLOSED[final]
    soft = vowel[0] in "iy"
    if not initial:
        if moves == "h":
            return stays
        return _STAYING.get(stays, stays) + (_PALATAL.get(moves, moves) if vowel == "i" else moves)
    if moves == "h" and initial in _ASPIRATED:
        return _STAYING.get(stays, stays) + _ASPIRATED[initial]
    if initial == "h" and moves in _ASPIRATED:
        return _STAYING.get(stays, stays) + ("ch" if moves == "d" and soft else _ASPIRATED[moves])
    if initial in ("n", "r") and closed == "l":
        return "ll"
    if initial == "n" or initial == "m":
        return _NASAL.get(closed, closed) + initial
    if initial == "r" and closed:
        return "ll" if closed == "n" else _NASAL.get(closed, closed) + "n"
    return closed + initial


def romanised(text):
    """A text with each word of Hangul written as it sounds; everything else stays as it is."""
    out = ""
    final = None  # of the syllable before, while a word lasts
    for character in text + "\0":
        syllable = _syllable(character)
        if syllable is None:
            out += _CLOSED[final] if final is not None else ""
            out += character
            final = None
        else:
            initial = _INITIALS[syllable[0]]
            vowel = _VOWELS[syllable[1]]
            out += (initial if final is None else _meet(final, initial, vowel)) + vowel
            final = syllable[2]
    return out[:-1]
