"""What residents, staff and dispatchers are told, in words and in their language.

The words are in a file for each language (`en.toml`, `ko.toml`); a host may change them (`texts.py`).
Each text holds whatever a dead contact may have reported, says what to do next,
and sends nobody to the cabinet alone.
"""

import shlex
from collections.abc import Callable, Mapping
from typing import NamedTuple

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Identity
from host_tools.host.notify.wording import codes, times
from host_tools.host.notify.wording.codes import Matter
from host_tools.host.notify.wording.entries import (
    DISPATCHERS,
    RESIDENT,
    STAFF,
    TEXT,
    TITLE,
    WITHOUT_CODE,
    WITHOUT_TIME,
    WRITTEN,
)
from host_tools.host.notify.wording.templates import fill, plain
from host_tools.host.notify.wording.texts import BUILT_IN, ENGLISH, Book, Texts

__all__ = ["DISPATCHERS", "RESIDENT", "STAFF", "Facts", "Letter", "Matter", "Reader", "Where"]


class Letter(NamedTuple):
    """A text, and its title, which may be seen on a locked screen."""

    title: str
    text: str


class Reader(NamedTuple):
    """How a resident wishes to be told: her language (empty: her site's), and whether codes are left out."""

    language: str = ""
    code_left_out: bool = False


class Facts(NamedTuple):
    """What a letter tells beyond what the outbox holds; what is not known is left out of the text.

    Times are in ms since 1970, `paused_ms` is a length; `first` is when what is told again happened
    first; `cause` is a name of `[causes]`, `what` of `[cases]`; `fee`, `digits`,
    `number`, `take` (a command) and `link` are said as they are.
    """

    since_ms: int | None = None  # the parcel waits
    until_ms: int | None = None  # it may wait, or something takes effect
    recall_ms: int | None = None  # from which on staff take it out
    paused_ms: int | None = None  # for so long its time stood still
    first: Moment | None = None
    cause: str = ""
    what: str = ""
    fee: str = ""
    digits: str = ""
    number: str = ""
    take: str = ""
    link: str = ""


class Where(NamedTuple):
    """A site, a cabinet of it, a door of that, or several up to `last`; 0 where it is about none."""

    site: str
    cabinet: int = 0
    door: int = 0
    last: int = 0


def letter(
    matter: Matter,
    identity: Identity,
    reader: Reader = Reader(),  # noqa: B008 - a constant
    facts: Facts = Facts(),  # noqa: B008
    texts: Texts = BUILT_IN,
) -> Letter:
    """The letter about a matter at the cabinet with that identity.

    Staff are told in the language of the site. Raises KeyError for a kind of which there are no words, and
    ValueError where it lacks what it is about.
    """
    cabinet = identity.cabinet
    where = Where(cabinet.site, cabinet.number, matter.door)
    if not matter.for_resident:
        book = texts.book(identity.language, cabinet.site, identity.zone)
        values = {
            "code": codes.spoken_staff_code(matter, identity) if matter.kind in codes.STAFF_CODES else "",
            "number": facts.number or str(matter.counter),
            "count": "",
            "answer": bell_answer(cabinet.site, cabinet.number, matter.counter),
        }
        return _letter(book, STAFF, matter.kind, where, matter.moment, facts, values)
    book = texts.book(reader.language or identity.language, cabinet.site, identity.zone)
    part = TEXT
    if reader.code_left_out and matter.kind in codes.WITH_CODE | {"reminder", "last reminder"}:
        part = WITHOUT_CODE
    values = _whom_to_call(book, identity)
    if part == TEXT and matter.kind in codes.WITH_CODE:
        values["code"] = codes.spoken_code(matter, identity, book.phrase)
    return _letter(book, RESIDENT, matter.kind, where, matter.moment, facts, values, part)


def notice(
    section: str,
    kind: str,
    where: Where,
    moment: Moment,
    language: str = "",
    *,
    zone: str = "",
    facts: Facts = Facts(),  # noqa: B008 - a constant
    count: int = 1,
    texts: Texts = BUILT_IN,
) -> Letter:
    """A letter to STAFF or DISPATCHERS that needs no secret of a board.

    Raises KeyError, ValueError as `letter`.
    """
    book = texts.book(language, where.site, zone)
    many = str(count) if section == DISPATCHERS or count > 1 else ""
    return _letter(book, section, kind, where, moment, facts, {"count": many, "number": facts.number})


def words(
    matter: Matter,
    identity: Identity,
    reader: Reader = Reader(),  # noqa: B008 - a constant
    facts: Facts = Facts(),  # noqa: B008
    texts: Texts = BUILT_IN,
) -> str:
    """The text of `letter`. Raises KeyError, ValueError likewise."""
    return letter(matter, identity, reader, facts, texts).text


def letter_of_many(matter: Matter, identity: Identity, count: int, texts: Texts = BUILT_IN) -> Letter:
    """The letter to staff about so many alarms of one kind at one door, the matter being the first of them.

    Raises KeyError, ValueError as `letter`.
    """
    many = texts.book(identity.language, identity.cabinet.site).phrase("many", count=count)
    one = letter(matter, identity, texts=texts)
    return one._replace(text=f"{many} {one.text}")


def bell_answer(site: str, cabinet: int, call: int) -> str:
    """The command that answers a call, as it is typed."""
    return f"ansim bell ack --site {shlex.quote(site)} --cabinet {cabinet} --call {call}"


def in_words(moment: Moment, language: str = ENGLISH, texts: Texts = BUILT_IN) -> str:
    """` (happened 2026-11-29 14:03 KST, heard 14:03)`, in the time zone of the host."""
    book = texts.book(language)
    return " " + times.happened(moment, book.zone, book.phrase)


def _letter(
    book: Book,
    section: str,
    kind: str,
    where: Where,
    moment: Moment,
    facts: Facts,
    more: dict[str, str],
    part: str = TEXT,
) -> Letter:
    if kind in ("digits", "page digits") and not facts.digits:
        raise ValueError("a letter with digits has none")
    phrase = book.phrase
    values = _Values(
        {
            "site": lambda: where.site,
            "place": lambda: (
                phrase("place", site=where.site, cabinet=where.cabinet) if where.cabinet else where.site
            ),
            "door": lambda: f"{where.door:02d}",
            "where": lambda: phrase("door", door=f"{where.door:02d}") if where.door else "",
            "doors": lambda: _doors(book, where),
            "cause": lambda: book.named("causes", facts.cause),
            "what": lambda: book.named("cases", facts.what),
            "todo": lambda: book.named("todo", facts.what),
            "paused": lambda: "" if facts.paused_ms is None else times.lasting(facts.paused_ms, phrase),
            "since": lambda: _at(book, facts.since_ms),
            "until": lambda: _at(book, facts.until_ms),
            "recall": lambda: _at(book, facts.recall_ms),
            "first": lambda: times.happened(facts.first, book.zone, phrase) if facts.first else "",
            "when": lambda: _when(book, section, kind, moment),
        },
        {name: plain(getattr(facts, name)) for name in ("fee", "digits", "take", "link")}
        | {name: plain(value) for name, value in more.items()},
    )
    said = [_late(book, moment) if section == STAFF else ""]
    said.append(fill(book.template(section, kind, part), values))
    said.append("" if "when" in values else values["when"])
    return Letter(fill(book.template(section, kind, TITLE), {}), " ".join(one for one in said if one))


class _Values(dict[str, str]):
    """The values of fields, each made when a text has it."""

    def __init__(self, makers: Mapping[str, Callable[[], str]], known: Mapping[str, str]) -> None:
        super().__init__(known)
        self._makers = makers

    def __missing__(self, name: str) -> str:
        made = self[name] = plain(self._makers[name]())
        return made


def _at(book: Book, at_ms: int | None) -> str:
    return "" if at_ms is None else times.full(at_ms, book.zone, book.phrase)


def _when(book: Book, section: str, kind: str, moment: Moment) -> str:
    if (section, kind) in WITHOUT_TIME:
        return ""
    if (section, kind) in WRITTEN:
        return book.phrase("written", heard=times.full(moment.heard_ms, book.zone, book.phrase))
    return times.happened(moment, book.zone, book.phrase)


def _late(book: Book, moment: Moment) -> str:
    if moment.heard_ms - moment.latest_ms > times.LATE_MS:
        return book.phrase("late")
    return book.phrase("perhaps_late") if moment.heard_ms - moment.earliest_ms > times.LATE_MS else ""


def _doors(book: Book, where: Where) -> str:
    door = f"{where.door:02d}"
    if where.last <= where.door:
        return book.phrase("door", door=door)
    return book.phrase("doors", door=door, last=f"{where.last:02d}")


def _whom_to_call(book: Book, identity: Identity) -> dict[str, str]:
    number = identity.help_number
    call = book.phrase("call", help=number) if number else book.phrase("ask")
    return {"help": number, "call": call, "Call": call[:1].upper() + call[1:]}
