"""Letters with made-up values, to be looked at before anybody gets one. No code in them opens a door."""

from collections.abc import Iterator
from typing import NamedTuple

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import ENROLLED, Cabinet, Identity
from host_tools.host.notify.wording import Facts, Letter, Matter, Reader, Where, letter, notice
from host_tools.host.notify.wording.entries import DISPATCHERS, LETTERS, RESIDENT, TITLE, WITHOUT_CODE
from host_tools.host.notify.wording.templates import fill
from host_tools.host.notify.wording.texts import ENGLISH, Book, Texts, built_in

SITE, CABINET, DOOR, HELP = "example-site", 12, 7, "02-123-4567"
SMS_GSM, SMS_UNICODE = 160, 70  # characters of one message; in several, each holds 7 or 3 fewer

_HOUR_MS = 3_600_000
_WAITS_MS = 48 * _HOUR_MS
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")


class Sms(NamedTuple):
    """What a text comes to where it goes out as SMS (3GPP TS 23.038)."""

    characters: int  # that it counts
    holds: int  # characters that one message of its kind holds
    parts: int


class Preview(NamedTuple):
    """A letter with made-up values; `part` is "text" or "without_code"."""

    section: str
    kind: str
    part: str
    letter: Letter
    sms: Sms


def kinds(name: str = "") -> list[tuple[str, str]]:
    """The letters there are, as section and kind: all, or those of a name, `forced` or `staff.forced`."""
    found = dict.fromkeys((key[0], key[1]) for key in built_in()[ENGLISH] if key[0] in LETTERS)
    return [one for one in found if not name or name in (one[1], ".".join(one))]


def previews(
    name: str, language: str, site: str, at_ms: int, texts: Texts, zone: str = ""
) -> Iterator[Preview]:
    """The letters of that name in a language, as of `at_ms` since 1970; `site` may be empty,
    and `zone` for the host's own.
    """
    for section, kind in kinds(name):
        parts = ["text"]
        if (section, kind, WITHOUT_CODE) in built_in()[ENGLISH]:
            parts.append(WITHOUT_CODE)
        for part in parts:
            made = _made(section, kind, part, language, site or SITE, at_ms, texts, zone)
            yield Preview(section, kind, part, made, sms(made.text))


def title_of(book: Book, section: str, kind: str) -> str:
    """The title of a letter."""
    return fill(book.template(section, kind, TITLE), {})


def sms(text: str) -> Sms:
    """How many messages a text makes."""
    if set(text) <= _GSM | _GSM_TWICE:
        count = len(text) + sum(one in _GSM_TWICE for one in text)
        return Sms(count, SMS_GSM, 1 if count <= SMS_GSM else -(-count // (SMS_GSM - 7)))
    count = len(text.encode("utf-16-le")) // 2
    return Sms(count, SMS_UNICODE, 1 if count <= SMS_UNICODE else -(-count // (SMS_UNICODE - 3)))


def _made(
    section: str, kind: str, part: str, language: str, site: str, at_ms: int, texts: Texts, zone: str
) -> Letter:
    moment = Moment(at_ms, at_ms, at_ms)
    facts = Facts(
        since_ms=at_ms - _WAITS_MS // 2,
        until_ms=at_ms + _WAITS_MS // 2,
        recall_ms=at_ms + _WAITS_MS,
        paused_ms=5 * _HOUR_MS + 20 * 60_000,
        first=moment,
        cause="door jammed",
        what="bell" if "bell" in kind else "tamper",
        fee="1,000 KRW",
        digits="123456",
        number="1234",
        take="ansim case take 1234",
        link="https://example.org/x",
    )
    if section == DISPATCHERS:
        where = Where(site, CABINET, DOOR)
        return notice(section, kind, where, moment, language, zone=zone, facts=facts, count=3, texts=texts)
    matter = Matter(kind, section == RESIDENT, 1, DOOR, 3, 0, moment, 5, 0)
    reader = Reader(language, part == WITHOUT_CODE)
    return letter(matter, _nobodys(site, language, zone), reader, facts, texts)


def _nobodys(site: str, language: str, zone: str) -> Identity:
    """The identity of a cabinet that is not: its secrets are zeros, so its codes are nobody's."""
    cabinet = Cabinet(0, site, CABINET, bytes(8), bytes(4), bytes(6), "", 1, ENROLLED)
    return Identity(
        cabinet, bytes(8), bytes(32), bytes(8), bytes(8), bytes(32), False, {}, {1: 1}, HELP, language, zone
    )
