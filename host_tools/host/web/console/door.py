"""A door: what it is now, its story, and what can be ordered there."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.accounts.door_acts import DoorAct, at_door
from host_tools.host.accounts.rights import right_of
from host_tools.host.fleet import doors, events
from host_tools.host.fleet.events import Recorded
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.lookups import doors_out
from host_tools.host.ledger.names import normal
from host_tools.host.ledger.places import Place, boards_at, cabinet_at
from host_tools.host.parcels import support
from host_tools.host.parcels.door_states import DoorState, states
from host_tools.host.people import residents
from host_tools.host.stays import acts as stays
from host_tools.host.web.console import desk, looking, sites
from host_tools.host.web.console.story import story
from host_tools.host.web.console.times import Clock
from host_tools.host.web.look.refusals import refusal

if TYPE_CHECKING:
    from host_tools.host.web.app import Pages

_PATH = "/console/sites/{site:path}/{cabinet:number}/{door:number}"


class Behind(NamedTuple):
    """What is known of a door beside its events. `resident`: whose parcel waits there, as lists name her."""

    clock: Clock
    state: DoorState
    is_out: bool
    is_flagged: bool
    is_nobodys: bool
    resident: str
    happenings: list[Recorded]
    acts: list[DoorAct]


class Act(NamedTuple):
    """What can be ordered at a door: `sure` is asked first where it opens or arms something."""

    name: str
    right: str
    icon: str
    sure: bool
    work: Callable[[Ledger, Place, Mapping[str, str]], Any]
    applies: Callable[[Behind], bool]


def _waits(behind: Behind) -> bool:
    return behind.state.parcel_ms is not None


def _assign(ledger: Ledger, place: Place, form: Mapping[str, str]) -> None:
    support.assign(ledger, place, form.get("resident", ""), form.get("unit") or None)


ACTS = (
    Act(
        "reissue", "parcel reissue", "letter", True, lambda ledger, at, _: support.reissue(ledger, at), _waits
    ),
    Act("recall", "parcel recall", "key", True, lambda ledger, at, _: support.recall(ledger, at), _waits),
    Act("extend", "stay extend", "clock", False, lambda ledger, at, _: stays.extend(ledger, at), _waits),
    Act("assign", "parcel assign", "person", True, _assign, lambda one: _waits(one) and one.is_nobodys),
    Act(
        "vouch",
        "parcel vouch",
        "check",
        False,
        lambda ledger, at, _: support.vouch(ledger, at),
        lambda one: one.is_flagged and not one.is_nobodys,
    ),
    Act(
        "service",
        "door service",
        "key",
        True,
        lambda ledger, at, _: doors.arm_service(ledger, at),
        lambda one: True,
    ),
    Act(
        "disarm",
        "door disarm",
        "cross",
        False,
        lambda ledger, at, _: doors.disarm(ledger, at),
        lambda one: True,
    ),
    Act(
        "out",
        "door out",
        "out",
        False,
        lambda ledger, at, _: doors.set_out(ledger, at, is_out=True),
        lambda one: not one.is_out,
    ),
    Act(
        "in",
        "door in",
        "door",
        False,
        lambda ledger, at, _: doors.set_out(ledger, at, is_out=False),
        lambda one: one.is_out,
    ),
)


def routes(pages: "Pages") -> list[Route]:
    """Its paths: the page, and one for each act."""
    ordered = [
        desk.route(pages, f"{_PATH}/{act.name}", act.right, _ordering(act), posts=True) for act in ACTS
    ]
    return [*ordered, looking.route(pages, _PATH, "events", _door)]


async def _door(pages: "Pages", asked: desk.Asked) -> Response:
    place = _place(asked)
    try:
        found = await looking.look(
            pages,
            asked,
            "events",
            lambda ledger: _behind(ledger, asked, place, pages.clock()),
            **place.named(),
            resident=None,
        )
    except UserError:
        found = None
    if found is None:
        return desk.shown(asked, "console/nothing.html", {"here": "sites"}, 404)
    return desk.shown(asked, "console/door.html", _facts(asked, place, found))


def _facts(asked: desk.Asked, place: Place, behind: Behind) -> dict[str, Any]:
    done = asked.request.query_params.get("done", "")
    return {
        "here": "sites",
        "place": place,
        "site_path": sites.path_of(place.site),
        "door": sites.shown_of(place.site, place.cabinet, behind.state, behind.clock),
        "behind": behind if asked.may("parcel list") else behind._replace(resident=""),
        "lines": story(behind.happenings, behind.acts, behind.clock),
        "acts": [act for act in ACTS if asked.may(act.right) and act.applies(behind)],
        "reasons": {act.name: right_of(act.right).reasons for act in ACTS},
        "done": done if done in [act.name for act in ACTS] else "",
    }


def _place(asked: desk.Asked) -> Place:
    return Place(normal(asked.path["site"]), asked.path["cabinet"], asked.path["door"])


def _behind(ledger: Ledger, asked: desk.Asked, place: Place, at_ms: int) -> Behind | None:
    clock = sites.clock_of(ledger, asked.reader.words, place.site, at_ms)
    if clock is None or not place.door:
        return None
    cabinet = next((one for one in states(ledger, place.site, at_ms) if one.number == place.cabinet), None)
    state = next((one for one in cabinet.doors if one.door == place.door), None) if cabinet else None
    if state is None:
        return None
    parcel = tables.parcel.c
    with ledger.reading() as connection:
        row = cabinet_at(connection, place)
        is_out = doors_out(connection, row.id, row.incarnation or 0).get(place.door, False)
        its = (parcel.door == place.door) & (parcel.state == "waiting")
        its &= parcel.cabinet.in_(boards_at(connection, row))
        its &= sight.sees_resident(connection, parcel.resident)
        waits = connection.execute(select(tables.parcel).where(its).order_by(parcel.id.desc())).first()
    label = ""
    if waits is not None and waits.resident is not None:
        label = residents.labels(ledger, [waits.resident]).get(waits.resident, "")
    return Behind(
        clock,
        state,
        is_out,
        waits is not None and waits.flagged,
        waits is not None and waits.resident is None,
        label,
        events.recorded(ledger, place),
        at_door(ledger, *place),
    )


def _ordering(act: Act) -> desk.View:
    """The view that takes the form of an act."""

    async def order(pages: "Pages", asked: desk.Asked) -> Response:
        place, reasons = _place(asked), right_of(act.right).reasons
        about = {"here": "sites", "act": act, "place": place, "fields": asked.form, "reasons": reasons}
        about["path"] = path = sites.path_of(*place)
        if act.sure and asked.form.get("sure") != "yes":
            return desk.shown(asked, "console/sure.html", about)
        reason, more = asked.form.get("reason", ""), asked.form.get("more", "").strip()
        actor = asked.signed.actor._replace(reason=reason if reasons else "", text=more)

        def work(ledger: Ledger) -> None:
            looking.check(ledger, act.right, place.site, actor)
            act.work(ledger, place, asked.form)

        try:
            await pages.written(work, actor)
        except UserError as error:
            return desk.shown(
                asked, "console/undone.html", {**about, "error": refusal(asked.reader.words, error)}, 409
            )
        return RedirectResponse(f"{path}?done={act.name}", 303)

    return order
