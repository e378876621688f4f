"""In every language each text fits the screen with the longest arguments,
and what it is filled with stands in the same order.
"""

import english
from romanisation import romanised

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
    texts.RESUMED: (99,),
    texts.KEYS_LEFT_OUT: ("12457890+",),
    texts.CODE_SPENT: (99,),
    texts.NO_PARCEL_AGAIN: (99,),
}
COUNT = len([name for name in dir(texts) if name.isupper() and name[0] != "_"])
HELP = "02-1234-567890"[:14]  # the longest help number
NAMES_HELP = (texts.JAMMED, texts.BELL, texts.OFFLINE, texts.ANSWERED, texts.KEYS_LEFT_OUT)
# From the proclamation, chapters 2 and 3, and what the texts need beside it.
EXAMPLES = {
    "구미": "gumi", "옥천": "okcheon", "합덕": "hapdeok", "호법": "hobeop", "월곶": "wolgot",
    "벚꽃": "beotkkot", "한밭": "hanbat",
    "설악": "seorak", "칠곡": "chilgok", "임실": "imsil", "울릉": "ulleung", "대관령": "daegwallyeong",
    "백마": "baengma", "종로": "jongno", "왕십리": "wangsimni", "별내": "byeollae", "신라": "silla",
    "독립문": "dongnimmun",
    "해돋이": "haedoji", "같이": "gachi", "굳히다": "guchida", "좋고": "joko", "놓다": "nota",
    "잡혀": "japyeo", "낳지": "nachi",
    "압구정": "apgujeong", "낙성대": "nakseongdae", "없어요": "eopseoyo", "닫혀": "dachyeo", "많이": "mani",
}  # fmt: skip


LANGUAGES = english.languages()


def conversions(line):
    """The `%02d`, `%s` and so on of a text."""
    found = []
    for part in line.split("%")[1:]:
        end = min(part.find(letter) for letter in "sd" if letter in part)
        found.append(part[: end + 1])
    return found


def test_every_text_fits_four_lines_of_twenty_characters():
    for language in LANGUAGES:
        for text, line in enumerate(english.read(language)):
            rows = (line % WIDEST.get(text, ())).replace("@", HELP).split("|")
            assert 1 <= len(rows) <= 4, line
            for row in rows:
                assert 1 <= len(row) <= 20, row
                # What a character screen can show.
                assert all(" " <= character <= "~" for character in row), row


def test_every_catalogue_has_a_line_for_each_number():
    assert "en" in LANGUAGES  # which is there where nobody has named another
    for language in LANGUAGES:
        assert len(english.read(language)) == COUNT, language


def test_the_fourth_row_of_each_welcome_is_the_key_for_the_language_and_what_it_is_called():
    names = [english.read(language)[texts.WELCOME].split("|")[3] for language in LANGUAGES]
    assert len(set(names)) == len(LANGUAGES), names
    for name in names:
        assert name[:2] == "A ", name


def test_a_text_is_filled_with_the_same_things_in_every_language():
    sources = english.catalogue()
    for language in LANGUAGES:
        for text, line in enumerate(english.read(language)):
            assert conversions(line) == conversions(sources[text]), line


def test_the_numbers_of_the_texts_are_all_different():
    numbers = [getattr(texts, name) for name in dir(texts) if name.isupper() and name[0] != "_"]
    assert sorted(numbers) == list(range(COUNT))


def test_what_speaks_of_help_names_the_number_and_so_does_nothing_else():
    for language in LANGUAGES:
        named = [text for text, line in enumerate(english.read(language)) if "@" in line]
        assert sorted(named) == sorted(NAMES_HELP)
        for text in named:
            # The row that is left out where there is none.
            assert "@" in english.read(language)[text].split("|")[-1]


def test_whoever_is_afraid_is_led_to_people_and_to_the_police_and_never_told_to_stay():
    for text in (texts.BELL, texts.OFFLINE, texts.ANSWERED):
        words = " ".join(english.lines(text, ()))
        assert "o where people are" in words
        assert "112 / 119" in words
        assert "stay" not in words
        for language in LANGUAGES:
            assert "112 / 119" in english.read(language)[text].replace("|", " "), language
        assert (
            "saram maneun goseuro gaseyo. 112 / 119" in english.read("ko")[text].replace("|", " ").lower()
            or text == texts.OFFLINE
        )


def test_the_rules_of_romanisation_give_the_examples_of_the_proclamation():
    for hangul, latin in EXAMPLES.items():
        assert romanised(hangul) == latin, latin


def test_each_korean_text_is_its_hangul_in_latin_letters():
    sources = english.read("hangul/ko")
    assert len(sources) == COUNT
    for text, line in enumerate(english.read("ko")):
        assert line.lower() == romanised(sources[text]).lower(), line
