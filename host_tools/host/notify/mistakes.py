"""What is wrong with the table of a channel in channels.toml: a sentence for each mistake, with its cure,
in the words of who writes the file. None repeats what a setting says, for it may be a password.
"""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

#: By what pydantic calls a mistake: what is to be done.
_CURES = {
    "int_type": "write a whole number, without quotation marks",
    "int_parsing": "write a whole number, without quotation marks",
    "int_from_float": "write a whole number",
    "float_type": "write a number, without quotation marks",
    "float_parsing": "write a number, without quotation marks",
    "bool_type": "write true or false, without quotation marks",
    "bool_parsing": "write true or false, without quotation marks",
    "string_type": "write a text, in quotation marks",
    "list_type": "write a list, in square brackets",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "string_too_short": "write something",
    "string_too_long": "write at most {max_length} characters",
    "too_short": "write at least {min_length} thing",
    "literal_error": "choose {expected}",
}
#: Of settings whose form is checked: what they are like.
_FORMS = {"sender": "write an e-mail address, such as ansim@example.org"}
_EXAMPLES = {
    "host": '"mail.example.org"',
    "sender": '"ansim@example.org"',
    "url": '"https://..."',
    "secret": '"whsec_..."',
    "command": '["/usr/local/bin/..."]',
}


def in_words(name: str, model: "type[BaseModel]", error: "ValidationError") -> list[str]:
    """What is wrong with the table of the channel of that name, which is to hold what `model` does."""
    known = [field.alias or own for own, field in model.model_fields.items()]
    return [
        f"[{name}] {_sentence(one, known)}" for one in error.errors(include_url=False, include_input=False)
    ]


def _sentence(mistake: Any, known: list[str]) -> str:
    setting = str(mistake["loc"][0]) if mistake["loc"] else ""
    kind, facts = mistake["type"], mistake.get("ctx", {})
    if kind == "missing":
        return f"{setting} is missing: add {setting} = {_EXAMPLES.get(setting, '...')}"
    if kind == "extra_forbidden":
        near = get_close_matches(setting, known, 1)
        cure = f"is it {near[0]}?" if near else f"take it out, for there are {', '.join(known)}"
        return f"{setting} is no setting of this kind of channel: {cure}"
    if kind == "value_error":
        words = mistake["msg"].removeprefix("Value error, ")
        return f"{setting}: {words}" if setting else words
    cure = _FORMS.get(setting, "write one line") if kind == "string_pattern_mismatch" else _CURES.get(kind)
    return f"{setting} cannot be used: {(cure or 'see docs/operations.md').format(**facts)}"
