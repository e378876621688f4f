"""What a file of texts may hold: its entries, and the fields that are filled in for each.

An entry is named by its place in the file: `resident.deposited.text`, `phrases.place`.
"""

from typing import NamedTuple

from host_tools.host.notify.wording.codes import STAFF_CODES, WITH_CODE
from host_tools.host.notify.wording.templates import Template
from host_tools.host.people.notices import CHANGES

RESIDENT, STAFF, DISPATCHERS = "resident", "staff", "dispatchers"
PHRASES, CAUSES, CASES, TO_DO = "phrases", "causes", "cases", "todo"
LETTERS = (RESIDENT, STAFF, DISPATCHERS)
TITLE, TEXT, WITHOUT_CODE = "title", "text", "without_code"

#: The place of an entry in a file, such as ("resident", "deposited", "text").
Key = tuple[str, ...]

# Fields that are always filled, and those that may be empty: these stand within brackets only.
_FILLED = {
    RESIDENT: {"place", "site", "door", "call", "Call", "when"},
    STAFF: {"place", "site", "door", "when"},
    DISPATCHERS: {"place", "site", "door", "doors", "count", "when"},
}
_OPTIONAL = {
    RESIDENT: {"help", "where", "link", "since", "until", "recall", "paused", "fee", "cause"},
    STAFF: {"where", "what", "todo", "count", "first", "number", "link", "take", "since", "until"},
    DISPATCHERS: {"where", "number", "link", "take"},
}
# More that are filled always, by section and kind.
_MORE = {
    (RESIDENT, "digits"): {"digits"},
    (RESIDENT, "page digits"): {"digits"},
    (STAFF, "bell"): {"number", "answer"},
    (STAFF, "page bell"): {"number"},
    (STAFF, "page alarm"): {"number"},
    (STAFF, "page loss"): {"number"},
    **{(RESIDENT, kind): {"code"} for kind in WITH_CODE},
    **{(STAFF, kind): {"code"} for kind in STAFF_CODES},
}
_PHRASES = {
    "place": {"site", "cabinet"},
    "code": {"door", "first", "second", "extra"},
    "call": {"help"},
    "ask": set[str](),
    "date": {"year", "month", "day", "hour", "minute", "zone"},
    "hour": {"hour", "minute"},
    "between": {"earliest", "latest"},
    "happened": {"happened", "heard"},
    "written": {"heard"},
    "late": set[str](),
    "perhaps_late": set[str](),
    "many": {"count"},
    "minutes": {"minutes"},
    "hours": {"hours"},
    "hours_and_minutes": {"hours", "minutes"},
    "door": {"door"},
    "doors": {"door", "last"},
}
_MAY_LEAVE_OUT = {"place": {"site"}, "date": {"year", "zone"}}
_PRIVATE = {"place", "site", "door", "where", "link"}  # which a contact that is not confirmed never reads
_HELP = {"help", "call", "Call"}  # any of them says whom she can call

#: Letters of what the host does, not of what has happened at a cabinet: they say when they were written.
WRITTEN = {
    (RESIDENT, kind)
    for kind in (
        "reminder",
        "last reminder",
        "overdue",
        "extended",
        "paused",
        "resumed",
        "recalled",
        "contact changed",
        "wishes changed",
        "asked to open",
        "digits",
        "page digits",
    )
} | {
    (STAFF, kind)
    for kind in (
        "wording",
        "not told",
        "no contact",
        "overdue",
        "recall",
        "channel",
        "nobody on call",
        "page loss",
        "test page",
        "channel test",
    )
}
WITHOUT_TIME = {(RESIDENT, "look")}  # a further contact learns nothing, not even when


class Fields(NamedTuple):
    """What may stand in an entry: `filled` anywhere, `optional` within brackets."""

    filled: frozenset[str]
    optional: frozenset[str]


def fields_of(key: Key) -> Fields:
    """The fields of an entry of a file; none for a title, which holds nothing that is about anybody."""
    if key[0] == PHRASES:
        return Fields(frozenset(_PHRASES.get(key[1], ())), frozenset())
    if key[0] not in LETTERS or key[-1] == TITLE:
        return Fields(frozenset(), frozenset())
    section, kind, part = key
    filled = _FILLED[section] | _MORE.get((section, kind), set())
    filled -= {"code"} if part == WITHOUT_CODE else set()
    private = _PRIVATE if section == RESIDENT and kind in CHANGES else set[str]()
    return Fields(frozenset(filled - private), frozenset(_OPTIONAL[section] - filled - private))


def wrong_fields(key: Key, template: Template) -> list[str]:
    """A sentence for each field of a text that is not filled in, or may be empty where it stands."""
    fields = fields_of(key)
    known = fields.filled | fields.optional
    names = ", ".join(f"{{{name}}}" for name in sorted(known, key=str.lower)) or "none"
    wrong = [
        f"{{{name}}} is not filled in here: the fields are {names}"
        for name in sorted(template.fields - known)
    ]
    return wrong + [
        f"{{{name}}} may be empty: write it with what belongs to it in brackets, as in [ ... {{{name}}}.]"
        for name in sorted(template.bare & fields.optional)
    ]


def missing_fields(key: Key, template: Template, built_in: Template) -> list[str]:
    """A sentence for each field that the text in use must not lose: those that it always has in English,
    and of a parcel that has come also until when it waits and whom she can call.
    """
    if key[-1] == TITLE or key[0] in (CAUSES, CASES, TO_DO):
        return []
    needed = built_in.bare - (_MAY_LEAVE_OUT.get(key[1], set()) if key[0] == PHRASES else set())
    if key[:2] == (RESIDENT, "deposited"):
        needed |= {"until", "help"}
    if key[0] == RESIDENT and needed & _HELP:
        needed -= _HELP
        if not template.fields & _HELP:
            return [f"{{{name}}} is missing" for name in sorted(needed - template.fields)] + [
                "whom she can call is missing: {call}, or {help} in brackets"
            ]
    return [f"{{{name}}} is missing" for name in sorted(needed - template.fields)]
