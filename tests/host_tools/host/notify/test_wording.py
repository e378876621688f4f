"""What people are told, in every language: complete, within bounds, and nothing that harms who reads it."""

import re
from itertools import product

import pytest

from host_tools.host.care import kinds as care
from host_tools.host.ledger import tables
from host_tools.host.notify.wording import DISPATCHERS, Reader, preview
from host_tools.host.notify.wording.checking import TITLE_MAX
from host_tools.host.notify.wording.codes import WITH_CODE
from host_tools.host.notify.wording.entries import RESIDENT, TITLE, missing_fields, wrong_fields
from host_tools.host.notify.wording.quiet import CAN_WAIT
from host_tools.host.notify.wording.texts import BUILT_IN, ENGLISH, built_in, built_in_languages
from host_tools.host.stays import clock
from tests.kit.letter_texts import letter_texts

LANGUAGES = built_in_languages()
AT_MS = 1_795_990_000_000
SMS_MAX = 7  # in one: networks join more only at their pleasure
#: Letters that tell of something that may be done against her, or of a door that did what it should not.
SAFETY = (
    "used label",
    "label used twice",
    "odd new code",
    "opened",
    "opened at last",
    "stuck",
    "opened by staff",
    "forced",
    "unknown",
    "silenced",
    "gone",
    "contact changed",
    "wishes changed",
    "asked to open",
    "digits",
)
#: What no text says to somebody who may be in danger.
NEVER = {
    "en": ("stay here", "stay near", "stay where", "wait there", "wait here", "wait at", "go and look"),
    "ko": ("기다리", "그 자리에", "머무르", "가서 확인", "직접 가", "살펴보러 가십시오"),
}


def shown(language: str, name: str = "") -> list[preview.Preview]:
    return list(preview.previews(name, language, "", AT_MS, BUILT_IN))


def same(fields: set[str]) -> set[str]:
    """{Call} is {call} where a sentence begins with it."""
    return {"call" if name == "Call" else name for name in fields}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_entry_with_the_fields_that_english_has(language: str) -> None:
    english, texts = built_in()[ENGLISH], built_in()[language]
    assert list(texts) == list(english)
    for key, text in texts.items():
        assert same(text.fields) == same(english[key].fields), key
        assert same(text.bare) == same(english[key].bare), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_no_field_that_is_not_filled_and_lacks_none_that_it_must_have(language: str) -> None:
    for key, text in built_in()[language].items():
        assert wrong_fields(key, text) == [], key
        assert missing_fields(key, text, built_in()[ENGLISH][key]) == [], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_can_be_made_and_fits(language: str) -> None:
    for one in shown(language):
        assert one.letter.text
        assert "{" not in one.letter.text + one.letter.title, one.kind
        assert one.sms.parts <= SMS_MAX, (one.kind, one.sms)
        assert "\n" not in one.letter.text + one.letter.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_says_neither_whose_it_is_nor_where_nor_a_code(language: str) -> None:
    for one in shown(language):
        title = one.letter.title
        assert 0 < len(title) <= TITLE_MAX
        assert not re.search(r"\d", title), title
        assert preview.SITE not in title
        assert not built_in()[language][one.section, one.kind, TITLE].fields


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_pages_a_dispatcher_of_a_silent_alarm_could_be_of_anything(language: str) -> None:
    (page,) = shown(language, "page duress")
    assert page.section == DISPATCHERS
    told = f"{page.letter.title} {page.letter.text}".lower()
    for word in (preview.SITE, "door", "duress", "alarm", "help", "칸", "협박", "경보", "보관함", "도움"):
        assert word not in told
    for kind in ("duress", "duress again"):
        (silent,) = shown(language, kind)
        assert not [
            word for word in ("alarm", "duress", "경보", "협박") if word in silent.letter.title.lower()
        ]


@pytest.mark.parametrize(("language", "kind"), [*product(LANGUAGES, SAFETY)])
def test_every_letter_about_trouble_names_somebody_to_call(language: str, kind: str) -> None:
    for one in shown(language, f"resident.{kind}"):
        assert preview.HELP in one.letter.text or "112" in one.letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_asks_anybody_in_danger_to_stay_or_to_go_and_look(language: str) -> None:
    assert language in NEVER, "say here what its texts must never say"
    for one in shown(language, ""):
        if one.section == RESIDENT:
            assert not [word for word in NEVER[language] if word in one.letter.text.lower()], one.kind


def test_a_letter_whose_code_is_left_out_has_none_and_says_how_to_get_it() -> None:
    for language, kind in product(LANGUAGES, sorted(WITH_CODE)):
        with_code, without = shown(language, f"resident.{kind}")
        code = re.search(r"(\d{4}) (\d{4}) · \S+ (\d{4})", with_code.letter.text)
        assert code is not None
        digits = re.sub(r"\D", "", without.letter.text)
        assert not [
            part for part in (code[0], code[1] + code[2]) if part in without.letter.text or part in digits
        ]
        assert preview.HELP in without.letter.text


def test_every_code_left_out_is_left_out_of_whatever_english_has_it_in() -> None:
    for section, kind, part in (key for key in built_in()[ENGLISH] if len(key) > 2):
        has_code = section == RESIDENT and "code" in built_in()[ENGLISH][section, kind, part].fields
        assert not has_code or (section, kind, "without_code") in built_in()[ENGLISH]
    assert Reader().code_left_out is False


def test_korean_letters_are_in_korean() -> None:
    allowed = {"ansim", "utc", "kst", "sms", "krw", "https", preview.SITE}
    for one in shown("ko"):
        text = re.sub(r"`[^`]*`|https://\S+", "", f"{one.letter.title} {one.letter.text}")
        for word in re.findall(r"[A-Za-z][A-Za-z-]*", text):
            assert word.lower() in allowed or re.fullmatch(r"[A-Z]{3,5}", word), (one.kind, word)
    for section in ("phrases", "causes", "cases", "todo"):
        for key, text in built_in()["ko"].items():
            if key[0] == section:
                assert not re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}|`[^`]*`", "", str(text))), key


def test_korean_letters_are_polite_to_the_end() -> None:
    for kind, text in letter_texts(RESIDENT, "ko").items():
        for sentence in re.split(r"(?<=[.?])\s+", re.sub(r"\[[^\]]*\]", "", text)):
            end = sentence.strip().rstrip(".?")
            assert end.endswith(("니다", "십시오", "니까", "{call}", "{code}", "{digits}")), (kind, sentence)


def test_a_kind_fits_into_the_outbox_and_quiet_hours_know_each_that_a_resident_gets() -> None:
    most = tables.outbox.c.kind.type.length
    assert all(len(kind) <= most for _, kind in preview.kinds())
    assert set(CAN_WAIT) == {kind for section, kind in preview.kinds() if section == RESIDENT}
    assert not [kind for kind in (*SAFETY, *WITH_CODE, "look") if CAN_WAIT[kind]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_case_and_every_cause_of_a_pause_has_its_words(language: str) -> None:
    book = BUILT_IN.book(language)
    assert all(book.named("cases", kind) for kind in care.KINDS)
    assert all(book.named("todo", kind) for kind, row in care.KINDS.items() if row.pages)
    assert all(book.named("causes", cause) for cause in clock.CAUSES)
    assert book.named("causes", "nothing of the kind") == ""


def test_a_language_that_is_not_there_is_its_next_kin_or_english() -> None:
    assert BUILT_IN.book("ko-KR").language == "ko"
    for language in ("", "xx", "../ko", "k"):
        assert BUILT_IN.book(language).language == ENGLISH
