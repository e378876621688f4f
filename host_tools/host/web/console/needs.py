"""Needs a person: alarms, then cases, the oldest unanswered first; for dispatchers silent alarms too."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Row, select
from starlette.responses import Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.accounts.rights import right_of
from host_tools.host.care import cases, kinds, paging
from host_tools.host.connections import reach
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import silent
from host_tools.host.notify.wording.texts import BUILT_IN
from host_tools.host.parcels import bells
from host_tools.host.web.console import clock, desk
from host_tools.host.web.console.part import FORM, Drawn, Part, Piece
from host_tools.host.web.look.refusals import is_told
from host_tools.host.web.look.views import Reader, rendered

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

SHOWN_MAX = 100
SHELVED_H = (1, 8, 24, 72, 168)
SILENT = "silent"
HELD = "held"  # what a screen shows: nothing reaches its cabinet now
_QUARTER_MS = 900_000
_DIGITS_MAX = 10  # of a number of a case


class Said(NamedTuple):
    """A note of a person's."""

    by: str
    at_ms: int
    words: str


class Card(NamedTuple):
    """What needs a person. Times in ms since 1970; `screen`: what a cabinet shows of a taken call."""

    id: str
    kind: str
    is_alarm: bool
    site: str
    zone: str
    cabinet: int
    door: int
    moment: Moment
    times: int
    last_ms: int
    state: str
    taken_by: str
    taken_ms: int
    until_ms: int
    outcomes: tuple[str, ...]
    is_untold: bool = False
    why: tuple[str, ...] = ()
    screen: str = ""
    notes: tuple[Said, ...] = ()

    @property
    def is_call(self) -> bool:
        """Whether it is an alarm that nobody has taken."""
        return self.is_alarm and self.state == cases.OPEN


class Facts(NamedTuple):
    """All of them, by about when they were looked up (ms since 1970); `more`: not all are shown."""

    near_ms: int
    cards: tuple[Card, ...]
    silent: tuple[silent.Silent, ...]
    more: bool


def routes(pages: "Pages") -> list[Route]:
    """Its paths."""
    return [desk.route(pages, "/console", "case list", _view)]


async def _view(pages: "Pages", asked: desk.Asked) -> Response:
    told = await pages.seen(lambda ledger: _told(ledger, asked), asked.signed.actor)
    return await desk.live(pages, asked, PART, "console/needs.html", {"here": "needs", "told": told})


def look(ledger: Ledger, at_ms: int) -> Facts:
    """Looks them up, as far as whoever acts on the ledger sees them. Raises UserError."""
    with ledger.reading() as connection:
        found = cases.listing(connection, last=SHOWN_MAX + 1)
        quiet = tuple(silent.listing(connection, ledger, at_ms))
        zones = {row.name: row.zone for row in connection.execute(select(tables.site))}
        notes = _notes(connection, found)
        cards = [_of_case(connection, row, zones, notes.get(row.id, ())) for row in found[:SHOWN_MAX]]
    for at, card in enumerate(cards):
        if card.screen == bells.WAITS and reach.hindrance(ledger, card.site, card.cabinet):
            cards[at] = card._replace(screen=HELD)
    if quiet:
        alarms = [*(card for card in cards if card.is_alarm), *(_of_silent(one, zones) for one in quiet)]
        alarms.sort(key=lambda card: (card.state != cases.OPEN, card.moment.heard_ms))
        cards = [*alarms, *(card for card in cards if not card.is_alarm)]
    return Facts(at_ms - at_ms % _QUARTER_MS, tuple(cards), quiet, len(found) > SHOWN_MAX)


def draw(facts: Facts, reader: Reader, roles: frozenset[str]) -> Drawn:
    """Their cards."""
    may = {act: bool(right_of(f"case {act}").roles & roles) for act in ("take", "close", "give-back", "note")}
    pieces = [
        Piece(rendered(reader, "console/needs_head.html", {"is_empty": not facts.cards, "more": facts.more}))
    ]
    for card in facts.cards:
        about = {"card": card, "may": may, "hours": SHELVED_H, "form": FORM} | _words(
            card, reader, facts.near_ms
        )
        texts = [rendered(reader, "console/card.html", about | {"is_mine": mine}) for mine in (False, True)]
        pieces.append(Piece(texts[0], card.taken_by, texts[1]) if card.taken_by else Piece(texts[0]))
    calls = [f"{card.id}/{card.times}" for card in facts.cards if card.is_call]
    return Drawn("needs", pieces, calls, facts.silent)


PART = Part("needs", look, draw)


def draw_bar(facts: Facts, reader: Reader, _roles: frozenset[str]) -> Drawn:
    """The bar above each view while an alarm is there that nobody has taken."""
    calls = [card for card in facts.cards if card.is_call]
    words = _words(calls[0], reader, facts.near_ms) if calls else {}
    about = {"calls": calls, "untold": any(card.is_untold for card in calls), **words}
    text = rendered(reader, "console/bar.html", about)
    return Drawn("bar", [Piece(text)], [f"{card.id}/{card.times}" for card in calls], facts.silent)


BAR = Part("bar", look, draw_bar)


def title_of(kind: str, language: str) -> str:
    """What a kind of case is, in a sentence without its full stop."""
    book = BUILT_IN.book(language)
    return book.named("cases", kind) or book.named("cases", kinds.OTHER)


def _words(card: Card, reader: Reader, near_ms: int) -> dict[str, object]:
    """What its template shows of it in words."""
    is_silent, is_bell = card.kind == SILENT, card.kind == kinds.BELL
    title = reader.words("console.needs.silent") if is_silent else title_of(card.kind, reader.words.language)
    known = card.kind if is_silent or card.kind in kinds.KINDS else kinds.OTHER

    def at(ms: int) -> str:
        return clock.clock(ms, card.zone, near_ms)

    return {
        "title": title[:1].upper() + title[1:],
        "todo": reader.words(f"console.todo.{known}"),
        "when": clock.told(
            reader.words,
            f"console.needs.{'rung' if is_bell else 'happened'}",
            card.moment,
            card.zone,
            near_ms,
        ),
        "clock": at,
    }


def _of_case(connection: Connection, row: Row, zones: Mapping[str, str], notes: Sequence[Said]) -> Card:
    is_answered = row.kind == kinds.BELL and row.state == cases.TAKEN and row.number is not None
    return Card(
        str(row.id),
        row.kind,
        row.pages,
        row.site_name or "",
        zones.get(row.site_name, ""),
        row.cabinet_number or 0,
        row.door,
        Moment(row.earliest_ms, row.latest_ms, row.heard_ms),
        row.times,
        row.last_ms,
        row.state,
        row.taken_by or "",
        row.taken_ms or 0,
        row.shelved_until_ms or 0,
        kinds.kind_of(row.kind).outcomes,
        bool(row.nobody_told),
        tuple(paging.why_failed(connection, row.id)) if row.nobody_told else (),
        bells.screen_of(connection, row) if is_answered else "",
        tuple(notes),
    )


def _of_silent(one: silent.Silent, zones: Mapping[str, str]) -> Card:
    return Card(
        one.id[: silent.ID_DIGITS],
        SILENT,
        True,
        one.site,
        zones.get(one.site, ""),
        one.cabinet,
        one.door,
        one.moment,
        1,
        one.moment.heard_ms,
        one.state,
        one.taken_by or "",
        one.taken_ms or 0,
        0,
        silent.OUTCOMES,
    )


def _notes(connection: Connection, found: Sequence[Row]) -> dict[int, list[Said]]:
    table = tables.case_note.c
    its = table.case_id.in_([row.id for row in found]) & (table.what == "noted")
    notes: dict[int, list[Said]] = {}
    for row in connection.execute(select(tables.case_note).where(its).order_by(table.id)):
        notes.setdefault(row.case_id, []).append(Said(row.by, row.at_ms, row.words))
    return notes


def _told(ledger: Ledger, asked: desk.Asked) -> dict[str, object] | None:
    """What came of the act that led here, read anew: an address says nothing that is not so."""
    given = asked.request.query_params
    what, name = given.get("told", ""), given.get("case", "")
    if what not in TOLD:
        return None
    at_ms = now_ms()
    why = given.get("why", "")
    facts: dict[str, object] = {"what": what, "case": "", "who": "", "at": "", "outcome": ""}
    facts["why"] = why if is_told(asked.reader.words, why) else ""
    if name.isdecimal() and name.isascii() and len(name) < _DIGITS_MAX:
        with ledger.reading() as connection:
            try:
                row = cases.find(connection, int(name))
            except UserError:
                return facts | {"what": "refused"}
            zone = connection.scalar(select(tables.site.c.zone).where(tables.site.c.id == row.site)) or ""
        ms = row.closed_ms if row.state == cases.CLOSED else row.taken_ms
        who = (row.closed_by if row.state == cases.CLOSED else row.taken_by) or ""
        facts |= {"case": row.id, "who": who, "outcome": row.outcome or ""}
        facts["at"] = clock.clock(ms, zone, at_ms) if ms else ""
        if what == "second":
            facts["what"] = "closed_before" if row.state == cases.CLOSED else "held" if who else "refused"
    return facts | ({"what": "refused"} if facts["what"] == "second" else {})


#: What the view may be asked to tell of an act: keys of console.told.
TOLD = ("taken", "given_back", "closed", "gone", "shelved", "noted", "second", "refused", "quiet_taken")
