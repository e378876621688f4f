"""Residents: a list to search, entering one or a whole file, another name, and erasing for good."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.accounts.rights import right_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.site_settings import checked_language
from host_tools.host.notify.wording.changed import texts_of
from host_tools.host.people import erasure, residents
from host_tools.host.people.changes import Wishes
from host_tools.host.people.imports import import_sound
from host_tools.host.web.console import desk, looking
from host_tools.host.web.console.paging import ROWS, Part, found, looked_up, part_of, searched
from host_tools.host.web.forms import Sent, file_of
from host_tools.host.web.look.refusals import Refusal, refusal
from host_tools.host.web.look.words import languages

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

_PATH = "/console/residents"
FILE_BYTES_MAX = 45_000  # within a request's body, in base 64
DONE = ("added", "renamed", "erased")


class Line(NamedTuple):
    """A resident in the list."""

    id: int
    name: str
    unit: str
    language: str
    has_contact: bool


def routes(pages: "Pages") -> list[Route]:
    """Its paths; what is searched for comes with a form."""
    one = f"{_PATH}/{{id:number}}"
    return [
        looking.route(pages, _PATH, "resident list", _list),
        looking.route(pages, f"{_PATH}/search", "resident list", _list, posts=True),
        desk.route(pages, f"{_PATH}/import", "resident import", _file),
        desk.route(pages, f"{_PATH}/import/try", "resident import", _try, posts=True),
        desk.route(pages, f"{_PATH}/import/enter", "resident import", _enter, posts=True),
        desk.route(pages, f"{_PATH}/add", "resident add", _new),
        desk.route(pages, f"{_PATH}/add/enter", "resident add", _add, posts=True),
        looking.route(pages, one, "resident list", _one),
        desk.route(pages, f"{one}/rename", "resident rename", _rename, posts=True),
        desk.route(pages, f"{one}/erase", "resident erase", _erase, posts=True),
    ]


async def _list(pages: "Pages", asked: desk.Asked) -> Response:
    wishes = asked.form or asked.request.query_params
    wish = searched(wishes)

    def look(ledger: Ledger) -> Part:
        if wish:  # however it is typed: every name is compared
            return part_of(found(_lines(ledger), wish, "name", "unit"), wishes)
        return looked_up(_count(ledger), lambda first: _lines(ledger, first=first, most=ROWS), wishes)

    part = await looking.look(pages, asked, "resident list", look)
    done = asked.request.query_params.get("done", "")
    facts = {"here": "residents", "found": part, "q": wish, "done": done if done in DONE else ""}
    return desk.shown(asked, "console/residents.html", facts | _may(asked))


def _may(asked: desk.Asked) -> dict[str, Any]:
    return {"may": {act: asked.may(f"resident {act}") for act in ("add", "import", "rename", "erase")}}


def _lines(
    ledger: Ledger, number: int | None = None, *, first: int = 0, most: int | None = None
) -> list[Line]:
    """Those whom she sees by name, or the one of a number; `most` of them from `first` on."""
    its = tables.resident.c
    with ledger.reading() as connection:
        wanted = select(its.id, its.name, its.unit, its.language, its.contact != "")
        wanted = wanted.where(_seen(connection)).order_by(its.name, its.unit, its.id)
        if number is not None:
            wanted = wanted.where(its.id == number)
        return [Line(*row) for row in connection.execute(wanted.offset(first).limit(most))]


def _count(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return connection.scalar(select(func.count(tables.resident.c.id)).where(_seen(connection))) or 0


def _seen(connection: Connection) -> ColumnElement[bool]:
    its = tables.resident.c
    return and_(sight.sees_resident(connection, its.id), its.erased_ms.is_(None))


async def _file(_pages: "Pages", asked: desk.Asked) -> Response:
    return desk.shown(asked, "console/import.html", {"here": "residents", "error": ""})


async def _try(pages: "Pages", asked: desk.Asked) -> Response:
    """Says what a file would come to, row by row, and enters nobody."""
    sent = await file_of(asked.request, "file")
    if sent is None or not 0 < len(sent.raw) <= FILE_BYTES_MAX:
        words = asked.reader.words("residents.file_size", count=FILE_BYTES_MAX // 1000)
        return desk.shown(asked, "console/import.html", {"here": "residents", "error": words}, 400)
    return await _import(pages, asked, sent, is_trial=True)


async def _enter(pages: "Pages", asked: desk.Asked) -> Response:
    try:
        raw = base64.b64decode(asked.form.get("rows", ""), validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    return await _import(pages, asked, Sent(asked.form.get("name", ""), raw), is_trial=False)


async def _import(pages: "Pages", asked: desk.Asked, sent: Sent, *, is_trial: bool) -> Response:
    name = Path(Path(sent.name).name or "file")

    def work(ledger: Ledger) -> Any:
        looking.check(ledger, "resident import", "", asked.signed.actor)
        known = texts_of(ledger.data).languages
        return import_sound(ledger, name, sent.raw, pages.clock(), languages=known, dry_run=is_trial)

    try:
        done, faults = await pages.written(work, asked.signed.actor)
    except UserError as error:
        facts = {"here": "residents", "error": error.message}
        return desk.shown(asked, "console/import.html", facts, 400)
    facts = {"here": "residents", "done": done, "faults": faults, "is_trial": is_trial, "name": str(name)}
    facts["rows"] = base64.b64encode(sent.raw).decode() if is_trial else ""
    return desk.shown(asked, "console/imported.html", facts)


async def _new(_pages: "Pages", asked: desk.Asked) -> Response:
    return _form_of_new(asked)


def _form_of_new(asked: desk.Asked, error: Refusal | None = None) -> Response:
    facts = {"here": "residents", "fields": asked.form, "error": error, "spoken": _spoken()}
    return desk.shown(asked, "console/new_resident.html", facts, 400 if error else 200)


def _spoken() -> list[tuple[str, str]]:
    return [(code, words.name) for code, words in languages().items()]


async def _add(pages: "Pages", asked: desk.Asked) -> Response:
    form = asked.form

    def work(ledger: Ledger) -> None:
        looking.check(ledger, "resident add", "", asked.signed.actor)
        wishes = Wishes(checked_language(ledger, form.get("language", "")), False, False)
        alike = form.get("alike") == "yes"
        residents.add(
            ledger,
            form.get("name", ""),
            form.get("contact", ""),
            form.get("unit", ""),
            wishes=wishes,
            alike=alike,
        )

    try:
        await pages.written(work, asked.signed.actor)
    except UserError as error:
        return _form_of_new(asked, refusal(asked.reader.words, error))
    return RedirectResponse(f"{_PATH}?done=added", 303)


async def _one(pages: "Pages", asked: desk.Asked) -> Response:
    return await _shown(pages, asked)


async def _shown(pages: "Pages", asked: desk.Asked, error: Refusal | None = None) -> Response:
    number = asked.path["id"]
    if not looking.reason_of(asked):
        return looking.ask(asked, f"{_PATH}/{number}")
    line = await looking.look(
        pages, asked, "resident list", lambda ledger: _line(ledger, number), resident=number
    )
    if line is None:
        return desk.shown(asked, "console/nothing.html", {"here": "residents"}, 404)
    facts = {"here": "residents", "one": line, "error": error, "fields": asked.form}
    facts["reasons"] = {act: right_of(f"resident {act}").reasons for act in ("rename", "erase")}
    return desk.shown(asked, "console/resident.html", facts | _may(asked), 409 if error else 200)


def _line(ledger: Ledger, number: int) -> Line | None:
    return next(iter(_lines(ledger, number)), None)


async def _rename(pages: "Pages", asked: desk.Asked) -> Response:
    form = asked.form
    actor = asked.signed.actor._replace(reason=form.get("reason", ""))

    def work(ledger: Ledger) -> None:
        looking.check(ledger, "resident rename", "", actor)
        line = _line(ledger, asked.path["id"])
        if line is None:
            raise UserError("There is no such resident.", page="no_resident")
        names = (form.get("name", ""), form.get("unit", ""))
        residents.rename(ledger, line.name, line.unit, *names, alike=form.get("alike") == "yes")

    return await _done(pages, asked, pages.written(work, actor), "renamed")


async def _erase(pages: "Pages", asked: desk.Asked) -> Response:
    """Erasing takes the host key, so the server does it, by a code of the phone of whoever asks."""
    form, me = asked.form, asked.signed.actor
    actor = me._replace(reason=form.get("reason", ""))

    def work(ledger: Ledger) -> Line:
        looking.check(ledger, "resident erase", "", actor)
        line = _line(ledger, asked.path["id"])
        if line is None:
            raise UserError("There is no such resident.", page="no_resident")
        erasure.erase(ledger, line.name, line.unit, pages.clock(), files=(), dry_run=True)
        return line

    async def erased() -> None:
        line = await pages.written(work, actor)
        given = {"name": line.name, "unit": line.unit, "reason": actor.reason}
        try:
            await pages.questions.ask(
                "erase resident", account=me.account, code=form.get("code", ""), **given
            )
        except UserError as error:
            if error.code == "forbidden":
                raise UserError(error.message, code=error.code, page="factor") from error
            raise

    return await _done(pages, asked, erased(), "erased")


async def _done(pages: "Pages", asked: desk.Asked, doing: Any, done: str) -> Response:
    try:
        await doing
    except UserError as error:
        return await _shown(pages, asked, refusal(asked.reader.words, error))
    return RedirectResponse(f"{_PATH}?done={done}", 303)
