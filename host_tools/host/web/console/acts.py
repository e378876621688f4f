"""What somebody does about a case at the console: what `ansim case` and `alarm` do, with their rights.

Each is one transaction with its audit row, under the account that is signed in. Whoever comes second hears
who was first.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.care import cases
from host_tools.host.ledger.event_time import moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import silent
from host_tools.host.parcels import bells, closing
from host_tools.host.web.console import desk
from host_tools.host.web.console.needs import SHELVED_H

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

_NUMBER_MAX = 2**31 - 1
_HOUR_MS = 3_600_000

#: Does it, within a transaction, at a time (ms since 1970), with what a form holds; which text tells of it.
_Act = Callable[[Connection, Ledger, str, int, Mapping[str, str]], str]


def routes(pages: "Pages") -> list[Route]:
    """A path for each act."""
    return [
        desk.route(pages, f"/console/{what}/{{id}}/{path}", act, partial(_acted, work), posts=True)
        for what, path, act, work in _ACTS
    ]


async def _acted(work: _Act, pages: "Pages", asked: desk.Asked) -> Response:
    name, at_ms = str(asked.path["id"]), pages.clock()

    def done(ledger: Ledger) -> str:
        try:
            with ledger.writing() as connection:
                return work(connection, ledger, name, at_ms, asked.form)
        except UserError as refused:
            return f"{'refused' if refused.exit_code == 2 else 'second'}&why={refused.page}"

    told = await pages.written(done, asked.signed.actor)
    its = quote(name, safe="")
    of = "message" if asked.request.url.path.startswith("/console/messages/") else "case"
    return RedirectResponse(f"/console?told={told}&{of}={its}#case-{its}", 303)


def _take(connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]) -> str:
    bells.take(connection, ledger, _number(name), at_ms, anyway=_is_anyway(form))
    return "taken"


def _give_back(connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]) -> str:
    row = bells.find(connection, ledger, _number(name))
    cases.give_back(connection, row.id, bells.name_of(ledger), at_ms, anyway=_is_anyway(form))
    bells.noted(connection, ledger, "case give-back", row, at_ms)
    return "given_back"


def _close(connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]) -> str:
    its = (_number(name), form.get("outcome", ""), at_ms, form.get("words", ""))
    closed = closing.close(connection, ledger, "case close", *its, anyway=_is_anyway(form))
    return "gone" if closed.words else "closed"


def _shelve(connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]) -> str:
    hours = form.get("hours", "")
    if hours not in map(str, SHELVED_H):
        raise UserError("Say for how long.", 2, page="how_long")
    row, until_ms = bells.find(connection, ledger, _number(name)), at_ms + int(hours) * _HOUR_MS
    its = (until_ms, form.get("words", ""), at_ms)
    cases.shelve(connection, row.id, bells.name_of(ledger), *its, anyway=_is_anyway(form))
    bells.noted(connection, ledger, "case shelve", row, at_ms, f"until {moment(until_ms)}")
    return "shelved"


def _note(connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]) -> str:
    row = bells.find(connection, ledger, _number(name))
    cases.note(connection, row.id, bells.name_of(ledger), form.get("words", ""), at_ms)
    bells.note(connection, ledger, "case note", row)
    return "noted"


def _take_silent(
    connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]
) -> str:
    silent.take(connection, ledger, name, bells.name_of(ledger), at_ms, anyway=_is_anyway(form))
    return "quiet_taken"


def _close_silent(
    connection: Connection, ledger: Ledger, name: str, at_ms: int, form: Mapping[str, str]
) -> str:
    words, by = cases.checked_words(form.get("words", "")), bells.name_of(ledger)
    its = (by, form.get("outcome", ""), at_ms, words)
    silent.close(connection, ledger, name, *its, anyway=_is_anyway(form))
    return "closed"


def _is_anyway(form: Mapping[str, str]) -> bool:
    return form.get("anyway") == "yes"


def _number(name: str) -> int:
    """The number of a case. Raises UserError for what is none."""
    if not (name.isdecimal() and name.isascii()) or len(name) > len(str(_NUMBER_MAX)):
        raise UserError("There is no such case.", 2, page="no_case")
    return min(int(name), _NUMBER_MAX)


_ACTS: tuple[tuple[str, str, str, _Act], ...] = (
    ("cases", "take", "case take", _take),
    ("cases", "give-back", "case give-back", _give_back),
    ("cases", "close", "case close", _close),
    ("cases", "shelve", "case shelve", _shelve),
    ("cases", "note", "case note", _note),
    ("messages", "take", "alarm take", _take_silent),
    ("messages", "close", "alarm close", _close_silent),
)
