"""Where a resident is reached: an e-mail address or a telephone number,
checked for its form when it is entered.

The form is all that can be known here; whether somebody answers is what a channel finds out.
See docs/decisions/0170.
"""

import re
import unicodedata

from host_tools.errors import UserError

CHARACTERS_MAX = 254
_LOCAL_MAX = 64
_DIGITS = range(8, 16)  # of a number with its country's code (ITU-T E.164 has at most 15)
_NATIONAL = range(8, 13)  # of one that begins with 0
_PHONE = re.compile(r"\+?\(?[0-9][0-9 ().\-]*")
_LOCAL = re.compile(r"[^\s()<>\[\]:;@\\,\"]+", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def checked_contact(contact: str) -> str:
    """The contact as it is kept: a number as its digits with or without +,
    an address as it is, empty as empty. Raises UserError.
    """
    contact = unicodedata.normalize("NFC", contact.strip())
    if not contact:
        return ""
    kept = _phone(contact) or _address(contact)
    if not kept:
        raise UserError(
            "A contact is an e-mail address or a telephone number: "
            "seo-yeon@example.org, +82 10 1234 5678, 010-1234-5678.",
            2,
        )
    return kept


def _phone(contact: str) -> str:
    if not _PHONE.fullmatch(contact):
        return ""
    digits = re.sub(r"[^0-9]", "", contact)
    if contact.startswith("+"):
        return f"+{digits}" if len(digits) in _DIGITS and digits[0] != "0" else ""
    return digits if digits[0] == "0" and len(digits) in _NATIONAL else ""


def _address(contact: str) -> str:
    local, at, domain = contact.rpartition("@")
    if not at or len(contact) > CHARACTERS_MAX or len(local) > _LOCAL_MAX or not contact.isprintable():
        return ""
    if not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        return ""
    try:
        labels = domain.encode("idna").decode().split(".")
    except UnicodeError:
        return ""
    whole = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return contact if whole else ""
