"""The courier's page: what somebody without an account learns of a site, and what he does not."""

import asyncio
import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest
from starlette.routing import Router

from host_tools.host import answers
from host_tools.host.couriers import codes, room, stuck
from host_tools.host.couriers.desk import SLIPS_FREE
from host_tools.host.ledger import bounds, tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.site_settings import change
from host_tools.host.parcels import parcels, tickets
from host_tools.host.web.app import Pages
from host_tools.host.web.courier import pages as courier
from host_tools.host.web.guard import Guard
from host_tools.host.web.look import assets, views
from host_tools.host.web.questions import Answer, Question, Questions
from locker.contract import records
from locker.contract.codes import receipt_code
from locker.contract.keys import epoch_keys
from locker.contract.tickets import recorded
from tests.kit.browser import LANGUAGES, THEMES, browser, page_of, violations
from tests.kit.host_board import enrol
from tests.kit.stay_site import START_MS, Cabin, StaySite
from tests.kit.web_site import Served, raising

QUARTER_MS = room.QUARTER_MS
NOON_MS = room.quarter(START_MS) + QUARTER_MS
HELP = "02-123-4567"
SMALL = [door for door, size in room.sizes_of("wall_12").items() if size == "S"]
MEDIUM = [door for door, size in room.sizes_of("wall_12").items() if size == "M"]
LARGE = [door for door, size in room.sizes_of("wall_12").items() if size == "L"]


class Place:
    """A site of two cabinets and one near by, with its pages; the time is what a test says."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.at_ms = NOON_MS
        self.slept: list[float] = []
        self.is_quick = False  # half a second is none
        self.site = StaySite(ledger, cabinets=2)
        self.site.resident("Kim")
        with ledger.writing() as connection:
            connection.execute(tables.site.update().values(help_number=HELP, zone="Asia/Seoul"))
            self.code = codes.code_of(
                connection.scalars(tables.site.select().with_only_columns(tables.site.c.site_id)).one()
            )
        self.questions = Questions(self._answer)
        self._find = answers.finder(ledger, lambda: self.at_ms)
        self.pages = Pages(ledger.data, "none", lambda: self.at_ms, questions=self.questions)
        routes = [*assets.ROUTES, *views.ROUTES, *courier.routes(self.pages, self._sleep)]
        self.app = Guard(Router(routes, redirect_slashes=False), (), raising)

    def _answer(self, line: bytes) -> None:
        """As the server does, in no time."""
        question = Question.of(line)
        try:
            answer = Answer(question.number, dict(self._find(question.what, question.given)))
        except answers.UserError as error:
            answer = Answer(question.number, None, str(error), error.code)
        self.questions.hear(answer.line())

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds >= 5:
            self.at_ms += round(seconds * 1000)
        elif not self.is_quick:
            await asyncio.sleep(seconds)

    def looks(self, at_ms: int) -> None:
        """The server looks at the room, having heard all that boards tell."""
        for cabin in self.site.cabins:
            if cabin.is_up:
                self.site.hear(at_ms, cabin)
        self.site.presence.beat(at_ms, {})
        room.look(self.ledger, at_ms)
        self.at_ms = at_ms

    def receipt_of(self, number: str, cabinet: int, door: int, counter: int) -> str:
        """What the screen of a cabinet without a link showed its courier."""
        identity = self.ledger.identity_of(cabinet)
        board_id = identity.cabinet.board_id
        key = epoch_keys(identity.master_secret, identity.nonce_host, identity.nonce_board, board_id, 1, 0)[1]
        serial = recorded(int(number[:5]), 0)
        return f"{door:02d} {counter:04d} {receipt_code(key, board_id, 1, door, counter, serial, 0)}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_ledger(tmp_path / "data") as ledger:
        made = Place(ledger)
        yield made
        made.pages.close()


def levels(text: str) -> list[str]:
    return re.findall(r'class="level is-(\w+)"', text)


def test_room_is_told_by_size_at_each_quarter_hour_and_in_between_nothing_changes(place: Place) -> None:
    first, _ = place.site.cabins
    with Served(place.app) as served:

        def shown() -> list[str]:
            return levels(served.client.get(f"/c/{place.code}/room").text)

        assert shown() == ["unknown"] * 3, "nobody has looked yet"
        place.site.link(NOON_MS, first)
        for door in LARGE:
            first.deposit(NOON_MS, door, place.site.serial("Kim"))
        for door in MEDIUM:
            first.add(NOON_MS, records.OUT_OF_SERVICE, door, 1)
        jammed, *others = SMALL
        first.add(NOON_MS, records.DOOR_JAMMED, jammed, 0, 1)
        for door in others[2:]:
            first.deposit(NOON_MS, door, place.site.serial("Kim"))
        place.looks(NOON_MS + 5_000)
        text = served.client.get(f"/c/{place.code}").text
        assert levels(text) == ["little", "none", "none"], "neither taken, jammed nor out doors are room"
        assert "Cabinet 2: not known yet" in text
        assert "07:15</time>" in text, "as clocks there say"
        first.collect(NOON_MS + 60_000, LARGE[0], 1)
        first.add(NOON_MS + 60_000, records.DOOR_OPENED, jammed, 0, 1)
        for minutes in (2, 7, 14):
            place.looks(NOON_MS + minutes * 60_000)
            assert shown() == ["little", "none", "none"], "who looks again learns nothing before the quarter"
        place.looks(NOON_MS + QUARTER_MS)
        assert shown() == ["room", "little", "little"], "a larger door takes a smaller parcel"
        place.site.link(NOON_MS + QUARTER_MS + 1, first, up=False)
        place.looks(NOON_MS + 2 * QUARTER_MS + 5_000)
        assert shown() == ["room", "little", "little"], "the board may tell the last of it within a minute"
        place.looks(NOON_MS + 2 * QUARTER_MS + 61_000)
        text = served.client.get(f"/c/{place.code}/room").text
        assert levels(text) == ["unknown"] * 3, "what is old is not shown as true"
        assert "Cabinet 1: not known since" in text


def test_whoever_finds_no_room_is_shown_the_nearest_sites_with_some(place: Place) -> None:
    names = ["near-1", "full-2", "far-9"]
    for number, name in enumerate(names):
        cabinet = place.ledger.enrolled(enrol(place.ledger, b"near-%d" % number, name).uid)
        place.site.cabins.append(Cabin(cabinet.id, 70 + number))
        for door in room.sizes_of("wall_12") if name == "full-2" else ():
            place.site.cabins[-1].deposit(NOON_MS, door, 1)
    change(place.ledger, "mapo-3", near=names)
    place.site.link(NOON_MS, *place.site.cabins)
    place.looks(NOON_MS)
    with Served(place.app) as served:
        text = served.client.get(f"/c/{place.code}").text
        near = re.findall(r'<h3><a href="(/c/\w+)"><bdi>(.*?)</bdi>', text)
        assert [name for _, name in near] == ["near-1", "far-9"], "in that order, without the full one"
        assert "near-1" in served.client.get(near[0][0]).text
        unknown = served.client.get("/c/AAAAAAAAAA"), served.client.get("/c/1"), served.client.get("/c/%00")
        assert {answer.status_code for answer in unknown} == {404}
        assert "This page is not here" in unknown[0].text
        assert len({answer.text.replace(answer.url.path, "") for answer in unknown[:2]}) == 1


def asked(client: httpx.Client, code: str, what: str, **form: str) -> str:
    """The title of the answer."""
    answer = client.post(f"/c/{code}/{what}", data=form, follow_redirects=True)
    return re.findall(r"<title>(.*?)</title>", answer.text)[0]


def test_unknown_used_and_revoked_tickets_are_one_answer_and_a_hold_does_not_show(place: Place) -> None:
    issued = [tickets.issue(place.ledger, "Kim", "mapo-3").number for _ in range(4)]
    good, used, revoked, held = issued
    tickets.revoke(place.ledger, revoked, "mapo-3")
    cabin = place.site.cabins[0]
    place.site.link(NOON_MS, cabin)
    cabin.deposit(NOON_MS, 1, int(used[:5]))
    place.looks(NOON_MS)
    unknown = f"{good[:5]}{(int(good[5:]) + 1) % 10_000:04d}"
    with Served(place.app) as served:
        told: dict[str, tuple[str, float]] = {}
        for number in (good, used, revoked, unknown):
            began_s = time.monotonic()
            told[number] = (
                asked(served.client, place.code, "ticket", ticket=number),
                time.monotonic() - began_s,
            )
        assert told[good][0] == "This ticket is good"
        assert {told[number][0] for number in (used, revoked, unknown)} == {"This ticket is not good here"}
        assert all(took_s >= 0.5 for _, took_s in told.values()), "each takes the same time"
        with place.ledger.writing() as connection:
            hold = tables.resident.update().values(hold_until_ms=NOON_MS * 2)
            connection.execute(hold)
        assert asked(served.client, place.code, "ticket", ticket=held) == "This ticket is good", (
            "that somebody is away is nothing that a label tells"
        )
        assert served.client.post(f"/c/{place.code}/ticket", data={"ticket": "12"}).status_code == 400


def test_who_tries_tickets_is_slowed_at_that_site_and_staff_are_told_once(place: Place) -> None:
    good = tickets.issue(place.ledger, "Kim", "mapo-3").number
    place.is_quick = True
    with Served(place.app) as served:
        for guess in range(SLIPS_FREE + 2):
            served.client.headers["x-forwarded-for"] = f"203.0.113.{guess}"
            asked(served.client, place.code, "ticket", ticket=f"{guess:09d}")
        assert [round(slept) for slept in place.slept if slept > 1] == [15, 15, 15]
        assert asked(served.client, place.code, "ticket", ticket=good) == "This ticket is good"
        assert [round(slept) for slept in place.slept if slept > 1] == [15] * 4, "slowed, and not refused"
    with place.ledger.reading() as connection:
        kinds = list(connection.scalars(tables.alarm.select().with_only_columns(tables.alarm.c.kind)))
    assert kinds == [bounds.REFUSALS]


def test_a_receipt_brings_the_deposit_in_and_a_wrong_one_takes_a_quarter_of_a_minute(place: Place) -> None:
    number = tickets.issue(place.ledger, "Kim", "mapo-3").number
    receipt = place.receipt_of(number, place.site.cabins[0].id, 7, 1)
    with Served(place.app) as served:
        wrong = receipt[:-1] + str((int(receipt[-1]) + 1) % 10)
        told = asked(served.client, place.code, "receipt", ticket=number, receipt=wrong)
        assert (told, place.slept) == ("Ticket and receipt do not belong together here", [15.0])
        assert parcels.listing(place.ledger) == []
        told = asked(served.client, place.code, "receipt", ticket=number, receipt=receipt)
        assert (told, place.slept) == ("The receipt is entered", [15.0, 0.0])
        (parcel,) = parcels.listing(place.ledger)
        assert (parcel.door, parcel.state) == (7, "waiting")
        assert asked(served.client, place.code, "receipt", ticket=number, receipt="1") == "Enter a receipt"


def test_a_stuck_door_is_one_case_an_hour_and_neither_a_network_nor_a_site_makes_many(place: Place) -> None:
    def told(door: int, network: int, cabinet: int = 1) -> str:
        served.client.headers["x-forwarded-for"] = f"203.0.113.{network}"
        return asked(served.client, place.code, "stuck", cabinet=str(cabinet), door=str(door))

    def cases() -> list[tuple[str, int]]:
        with place.ledger.reading() as connection:
            return [(row.kind, row.door) for row in connection.execute(tables.alarm.select())]

    with Served(place.app) as served:
        assert [told(7, 1), told(7, 2)] == ["Thank you, staff are told"] * 2
        assert cases() == [(stuck.SAID_STUCK, 7)]
        assert told(99, 3) == told(7, 3, cabinet=9) == "A door is stuck"
        for door in range(1, stuck.OF_SITE_MAX):
            told(door, 4)
        assert told(8, 5) == "Staff were told of several doors here"
        assert len(cases()) == stuck.OF_SITE_MAX
        place.at_ms += 3_600_000
        assert told(7, 6) == "Thank you, staff are told"
        assert len(cases()) == stuck.OF_SITE_MAX + 1
        assert [told(7, 7) for _ in range(13)][-1] == "That is too often"
        assert told(7, 8) == "Thank you, staff are told", "others may"


def test_the_page_is_for_everybody_says_room_at_a_glance_and_shows_nothing_old(place: Place) -> None:
    number = tickets.issue(place.ledger, "Kim", "mapo-3").number
    place.site.link(NOON_MS, place.site.cabins[0])
    place.looks(NOON_MS)
    first = f"/c/{place.code}"
    with Served(place.app) as served, browser() as chromium:
        base = str(served.client.base_url)
        paths = ("", "/stuck", "/receipt", "", "", "/ticket")  # in each theme the first one, too
        for (theme, language), path in zip(product(THEMES, LANGUAGES), paths, strict=True):
            with page_of(chromium, base, theme=theme, language=language, width=320) as page:
                page.goto(first + path)
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= 320
        with page_of(chromium, base, language="ko", width=320, java_script_enabled=False) as page:
            page.goto(first)
            assert page.locator(".level").last.bounding_box()["y"] < 500, "the first thing that is seen"
            page.get_by_role("link", name="접수번호를 쓸 수 있나요?").click()
            page.get_by_label("접수번호").fill(f"{number[:3]} {number[3:]}")
            page.get_by_role("button", name="확인하기").click()
            assert page.get_by_role("heading").inner_text() == "쓸 수 있는 접수번호입니다"
            assert number not in page.content()
        context = chromium.new_context(base_url=base, locale="en")  # its console may say that nobody answers
        page = context.new_page()
        page.clock.install(time=NOON_MS / 1000)
        page.goto(first)
        assert page.locator(".level").first.inner_text().split() == ["S", "room"]
        for door in room.sizes_of("wall_12"):
            place.site.cabins[0].deposit(NOON_MS, door, 1)
        place.looks(NOON_MS + QUARTER_MS)
        page.clock.run_for(60_000)
        page.locator(".level.is-none").first.wait_for()
        page.route("**/room", lambda route: route.abort())
        page.clock.run_for(60_000)
        page.get_by_role("alert").wait_for()
        assert not page.locator(".level").first.is_visible(), "what may be old is not shown as true"
        page.unroute("**/room")
        page.clock.run_for(60_000)
        page.locator(".level.is-none").first.wait_for()
        assert not page.get_by_role("alert").is_visible()
        context.close()
