"""Texts that anybody may have written, and values that anybody may have typed: neither does anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.host.notify.wording.templates import TemplateError, fill, parse, plain

FIELDS = ("place", "door", "call", "until")
VALUES = {"place": "mapo-3", "door": "07", "call": "call 02", "until": ""}
#: What users write: our own marks, Python's, the shell's, a spreadsheet's, and letters of all kinds.
PIECES = st.sampled_from(
    ["{", "}", "{{", "}}", "[", "]", "[[", "]]", "{place}", "{until}", "{call.__class__}", "{0}", "{}"]
    + [
        "{place!r}",
        "{place:>999999999}",
        "{place[0]}",
        "%s",
        "$(id)",
        "=cmd|' /C calc'!A0",
        "\n",
        " ",
        "한글",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)


@given(TEXTS)
def test_a_text_is_refused_in_one_sentence_or_only_its_named_fields_are_filled(text: str) -> None:
    try:
        template = parse(text)
    except TemplateError as error:
        assert "\n" not in str(error)
        return
    assert all(name.replace("_", "").isalpha() for name in template.fields)
    filled = fill(template, dict.fromkeys(template.fields, "VALUE"))
    assert len(filled) <= len(text) + len("VALUE") * text.count("{")
    assert "\n" not in filled


@given(TEXTS)
def test_a_text_that_is_exported_is_read_back_as_the_same_letter(text: str) -> None:
    try:
        template = parse(text)
    except TemplateError:
        return
    values = {name: f"<{name}>" for name in template.fields}
    assert fill(parse(str(template)), values) == fill(template, values)


@given(st.text() | TEXTS)
def test_a_value_is_one_line_of_plain_text_and_is_never_read_again(value: str) -> None:
    shown = plain(value)
    assert fill(parse("at {place}."), {"place": shown}) == f"at {shown}."
    assert not [one for one in shown if not one.isprintable() and one not in "\u200c\u200d"]


@pytest.mark.parametrize(
    "text",
    [
        "{call.__class__}",
        "{call[0]}",
        "{0}",
        "{}",
        "{place!r}",
        "{place:>99999999}",
        "{ place}",
        "{place",
        "place}",
    ]
    + [
        "[ no field ]",
        "[{place}",
        "{place}]",
        "[[{place}]",
        "[{place} [{door}]]",
        "{__class__}",
        "{pl{door}ace}",
    ],
)
def test_what_is_more_than_a_name_or_does_not_close_is_no_text(text: str) -> None:
    with pytest.raises(TemplateError):
        parse(text)


def test_a_part_in_brackets_goes_with_what_is_empty_in_it() -> None:
    template = parse("At {place}[, door {door}].[ It waits until {until}.] {{[[{call}]]}}")
    assert fill(template, VALUES) == "At mapo-3, door 07. {[call 02]}"
    assert fill(template, VALUES | {"until": "8"}) == "At mapo-3, door 07. It waits until 8. {[call 02]}"


def test_a_direction_mark_and_a_line_end_in_a_name_move_nothing() -> None:
    assert plain("Kim\u202e\r\nnow: {code} [x] <b>") == "Kim? now: {code} [x] <b>"
