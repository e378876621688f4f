"""A case as messages of the Common Alerting Protocol (OASIS CAP 1.2), for those who take it over.

Each thing that changed a case is one message. The first that is handed out is an Alert, whatever it says, for
whoever gets it knows of nothing that could be updated or cancelled; those behind it are Updates, and a Cancel
when the case was closed, which name those that were handed out before. It is a function of the case and its
notes, so a message has the same identifier and the same words whenever it is made. It holds no name,
contact, code or note of a person.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from xml.etree import ElementTree

from sqlalchemy import Row

from host_tools.errors import UserError
from host_tools.host.care import kinds

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
ACTUAL, EXERCISE, TEST = "Actual", "Exercise", "Test"
STATUSES = (ACTUAL, EXERCISE, TEST)
HANDED_OUT = "handed out"  # a note: a message was; its words are `handed_out`
SENDER_MAX = 100  # characters
_OTHERS = ("again", "taken", "given back", "shelved", "unshelved", "unanswered")
#: The notes of a case that are messages.
STEPS = ("opened", "closed", *_OTHERS)
_WHAT = {
    "opened": "",
    "again": " It has happened again.",
    "taken": " Somebody of the operator's has taken it.",
    "given back": " Nobody has it at present.",
    "unanswered": " Its screen never showed an answer, and nobody has it at present.",
    "shelved": " It waits.",
    "unshelved": " It is open again.",
    "closed": " It is closed",
}
_RESTRICTION = "For the operator of the site and those whom it asks for help."


class Words(NamedTuple):
    """What people read, in the language of the site (an RFC 3066 tag; empty: English)."""

    language: str
    headline: str
    sender: str  # such as ansim.example.org: unique in the world, as CAP asks
    addresses: str = ""  # to whom alone it goes; empty: whoever the operator hands it to


def message(case: Row, notes: Sequence[Row], words: Words, zone: tzinfo, status: str = ACTUAL) -> bytes:
    """The newest message about a case (a row of cases.listing), as XML.

    Raises UserError for a bell that is not to be ACTUAL: whoever pressed it may be in danger.
    """
    if case.kind == kinds.BELL and status != ACTUAL:
        raise UserError("A bell that a person pressed is always Actual: leave the status out.", 2)
    if words.sender != "".join(words.sender.split()) or set(words.sender) & set(",<&"):
        raise UserError("A sender holds no blanks, commas, < or &: say one such as ansim.example.org.", 2)
    if len(words.sender) > SENDER_MAX:
        raise UserError(f"A sender has at most {SENDER_MAX} characters: say a shorter one.", 2)
    newest = step_of(notes)
    given = {note.words for note in notes if note.what == HANDED_OUT}
    before = [note for note in notes if note.what in STEPS and note.id < newest.id]
    earlier = [note for note in before if handed_out(note, words.sender) in given]
    alert = ElementTree.Element("alert", xmlns=NAMESPACE)
    _add(alert, "identifier", _identifier(case, newest))
    _add(alert, "sender", words.sender)
    _add(alert, "sent", _time(newest.at_ms, zone))
    _add(alert, "status", status)
    later = "Cancel" if newest.what == "closed" else "Update"
    _add(alert, "msgType", later if earlier else "Alert")
    _add(alert, "source", "ansim")
    _add(alert, "scope", "Private" if words.addresses else "Restricted")
    if words.addresses:
        _add(alert, "addresses", words.addresses)
    else:
        _add(alert, "restriction", _RESTRICTION)
    named = [f"{words.sender},{_identifier(case, one)},{_time(one.at_ms, zone)}" for one in earlier]
    if named:
        _add(alert, "references", " ".join(named))
    _add(alert, "incidents", f"ansim-case-{case.id}")
    _info(alert, case, newest, words, zone)
    ElementTree.indent(alert)
    return ElementTree.tostring(alert, "utf-8", xml_declaration=True) + b"\n"


def step_of(notes: Sequence[Row]) -> Row:
    """The newest thing that changed a case, which its newest message is about."""
    return next(note for note in reversed(notes) if note.what in STEPS)


def handed_out(step: Row, sender: str) -> str:
    """The words of the note that the message about a step was handed out, as that sender's."""
    return f"CAP 1.2 as {sender}, step {step.id}"


def _info(alert: ElementTree.Element, case: Row, newest: Row, words: Words, zone: tzinfo) -> None:
    kind = kinds.kind_of(case.kind)
    info = ElementTree.SubElement(alert, "info")
    if words.language:
        _add(info, "language", words.language)
    _add(info, "category", kind.category)
    _add(info, "event", case.kind)
    is_over = newest.what == "closed"
    _add(info, "responseType", "AllClear" if is_over else "Assess")
    _add(info, "urgency", "Past" if is_over else kind.urgency)
    _add(info, "severity", kind.severity)
    _add(info, "certainty", kind.certainty)
    _add(info, "effective", _time(case.earliest_ms, zone))
    _add(info, "onset", _time(case.earliest_ms, zone))
    _add(info, "senderName", "Ansim, parcel lockers")
    _add(info, "headline", words.headline)
    outcome = f": {case.outcome}." if is_over else ""
    times = f" {case.times} times by now." if case.times > 1 else ""
    _add(info, "description", f"{_sentence(kind.title)}.{times}{_WHAT[newest.what]}{outcome}")
    for name, ms in (
        ("happened-from", case.earliest_ms),
        ("happened-until", case.latest_ms),
        ("heard", case.heard_ms),
    ):
        parameter = ElementTree.SubElement(info, "parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", _time(ms, zone))
    area = ElementTree.SubElement(info, "area")
    cabinet = f", cabinet {case.cabinet_number}" if case.cabinet_number else ""
    door = f", door {case.door:02d}" if case.door else ""
    _add(area, "areaDesc", f"{case.site_name or 'all sites'}{cabinet}{door}")


def _identifier(case: Row, note: Row) -> str:
    return f"ansim-{case.opened_ms}-{case.id}-{note.id}"


def _time(ms: int, zone: tzinfo) -> str:
    """As CAP wants it: seconds and an offset, which for UTC is -00:00."""
    shown = datetime.fromtimestamp(ms // 1000, zone or UTC).isoformat(timespec="seconds")
    return shown.removesuffix("+00:00") + "-00:00" if shown.endswith("+00:00") else shown


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
