"""The console's sites, doors, parcels and residents in a real browser, against what the ledger proves."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Page
from sqlalchemy import func, insert, select

from host_tools.host.accounts import sight
from host_tools.host.kinds import KINDS
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels.door_states import states
from host_tools.host.people import residents
from host_tools.host.web.app import Pages, app
from host_tools.host.web.console import story
from host_tools.host.web.console.door import ACTS
from host_tools.host.web.console.picture import picture_of
from host_tools.host.web.look.words import languages
from host_tools.host.web.sessions import Sessions
from locker.contract import records
from locker.contract.records import Record
from tests.kit.browser import LANGUAGES, THEMES, browser, page_of, violations
from tests.kit.stay_site import HOUR_MS, START_MS, StaySite
from tests.kit.web_site import Served, raising

NOW_MS = START_MS + 60 * HOUR_MS
EVIL = "<b>김</b>\u05d0\u05d1" + "W" * 53  # markup, Hebrew, 64 characters
FORMULA = "=1+2"
HERS = "Yun"
SITE = "/console/sites/mapo-3"
#: By cabinet and door: what the story below leaves there.
TRUTH = {(1, 1): "parcel", (1, 2): "open", (1, 3): "stuck", (1, 4): "forced", (1, 5): "out", (1, 6): "parcel"}


def tell(site: StaySite) -> None:
    """Cabinet 1 is there, cabinet 2 has gone away; Yun has collected under duress at door 7."""
    one, two = site.cabins
    names = (EVIL, FORMULA, HERS, HERS)
    for name in dict.fromkeys(names):
        site.resident(name)
    serials = [site.serial(name) for name in names]
    site.link(START_MS, one, two)
    for door, serial in zip((1, 6, 7), serials, strict=False):
        one.deposit(START_MS + HOUR_MS, door, serial)
    two.deposit(START_MS + HOUR_MS, 9, serials[3])
    at_ms = START_MS + 2 * HOUR_MS
    one.add(at_ms, records.CODE_TRIED, 7, 1, 1)
    one.add(at_ms, records.PICKUP_OPENED, 7, records.BY_DURESS, 1)
    one.add(at_ms, records.PULSED, 7, 1, 1)
    one.add(at_ms + 1000, records.DOOR_OPENED, 7, 0, 1)
    one.add(at_ms + 9000, records.DOOR_CLOSED, 7, 0, 1)
    one.add(at_ms + 9000, records.COLLECTED, 7, serials[2], 1)
    one.add(at_ms, records.DOOR_OPENED, 2)
    one.add(at_ms, records.PULSED, 3, 1)
    one.add(at_ms, records.DOOR_JAMMED, 3)
    one.add(at_ms, records.DOOR_FORCED, 4)
    one.add(at_ms, records.OUT_OF_SERVICE, 5, 1)
    one.add(at_ms, records.DOOR_FORCED, 8)
    one.add(at_ms, records.DOOR_CLOSED, 8)
    for cabin in (one, two):
        site.hear(at_ms + HOUR_MS, cabin)
    site.link(at_ms + HOUR_MS, two, up=False)
    site.presence.beat(NOW_MS, {})


class Stand(NamedTuple):
    """The pages of a ledger, and the cookies of whoever works there."""

    data: Path
    base: str
    cookies: dict[str, str]
    reasons: dict[str, str]  # the cookies of those who have said why they look

    @contextmanager
    def as_(self, chromium: Any, name: str, **look: Any) -> Iterator[Page]:
        """A browser in which she is signed in and has said why she looks."""
        with page_of(chromium, self.base, **look) as page:
            page.context.add_cookies([{"name": "session", "value": self.cookies[name], "url": self.base}])
            if name not in self.reasons:
                page.goto("/console/parcels")
                page.locator("main button").last.press("Enter")
                page.get_by_role("search").wait_for()
                said = page.context.cookies(f"{self.base}/console")
                found = {one.get("name"): one.get("value", "") for one in said}
                self.reasons[name] = found["why"]
            page.context.add_cookies(
                [{"name": "why", "value": self.reasons[name], "url": f"{self.base}/console"}]
            )
            yield page

    def client(self, name: str) -> httpx.Client:
        return httpx.Client(base_url=self.base, cookies={"session": self.cookies[name]}, timeout=30)

    def counts(self) -> dict[str, Any]:
        """What acts would change."""
        with open_ledger(self.data) as ledger, ledger.reading() as connection:
            found: dict[str, Any] = {
                table.name: connection.scalar(select(func.count()).select_from(table))
                for table in (tables.command, tables.resident, tables.outbox)
            }
            found["names"] = sorted(connection.scalars(select(tables.resident.c.name)))
            return found


def accounts(ledger: Ledger) -> dict[str, int]:
    rows = {"Han": "operator", "Lee": "staff", "Seo": "operator dispatcher staff auditor"}
    with ledger.writing() as connection:
        for name, roles in rows.items():
            values = {"name": name, "roles": roles, "contact": "", "since_ms": START_MS}
            connection.execute(insert(tables.account).values(**values))
        found = connection.execute(select(tables.account.c.name, tables.account.c.id)).all()
    return {row.name: row.id for row in found}


@contextmanager
def opened(data: Path, *, is_empty: bool = False) -> Iterator[Stand]:
    with open_ledger(data) as ledger:
        if not is_empty:
            tell(StaySite(ledger, 2))
        ids = accounts(ledger)
        if not is_empty:
            with ledger.writing() as connection:
                hers = residents.find(connection, HERS).id
                sight.relate(connection, ids["Seo"], hers, "barred", START_MS)
    sessions = Sessions(data)
    cookies = {name: sessions.begin(number, NOW_MS).token for name, number in ids.items()}
    pages = Pages(data, "none", clock=lambda: NOW_MS)
    with Served(app(pages, (), raising)) as served:
        yield Stand(data, str(served.client.base_url), cookies, {})
    pages.close()


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with opened(tmp_path_factory.mktemp("console") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def test_each_door_is_shown_as_the_ledger_proves_and_none_is_known_of_a_cabinet_that_is_away(
    stand: Stand, chromium: Any
) -> None:
    with open_ledger(stand.data) as ledger:
        proved = {
            (one.number, door.door): door for one in states(ledger, "mapo-3", NOW_MS) for door in one.doors
        }
    known = {place: door.word for place, door in proved.items() if place[0] == 1}
    assert known == {(1, door): TRUTH.get((1, door), "free") for door in range(1, 13)}
    assert {door.word for place, door in proved.items() if place[0] == 2} == {"unknown"}
    assert proved[2, 9].was == "parcel"
    with stand.as_(chromium, "Han") as page:
        page.goto(SITE)
        for cabinet in (1, 2):
            for kind in (".cabinet", ".doors"):
                shown = page.locator(f"[data-cabinet='{cabinet}'] {kind} [data-door]")
                said = shown.evaluate_all(
                    "all => all.map(one => [+one.dataset.door, one.dataset.word, one.ariaLabel])"
                )
                assert {(cabinet, door): word for door, word, _ in said} == {
                    place: door.word for place, door in proved.items() if place[0] == cabinet
                }
                names = {door: name for door, _, name in said}
                if kind == ".doors":
                    assert shown.first.inner_text().split()[:2] == ["Door", "01"]
                elif cabinet == 1:
                    assert names[1] == "Door 01, Parcel, 2 days"
                    assert names[3] == "Door 03, Stuck"
                else:
                    assert names[9] == "Door 09, Not known, last heard: Parcel, 2 days"
        wide = page.locator(".cabinet rect").evaluate_all("all => all.map(one => one.getBBox().width)")
        assert set(wide[1:13]) == {380}, "to scale"
        page.locator(".cabinet a").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/mapo-3/1/2")
        assert page.get_by_role("heading", name="Door 02").is_visible()


def test_a_picture_has_each_door_of_each_board_once_and_none_over_another() -> None:
    for board, columns in (("wall_12", 3), ("tower_24", 4), ("row_8", 2), ("devkit_4", 1)):
        picture = picture_of(board)
        assert picture is not None
        assert len({panel.x for panel in picture.panels}) == columns
        for one in picture.panels:
            assert one.x + one.width <= picture.width
            assert one.y + one.height <= picture.height
            for other in picture.panels:
                apart = one.x != other.x or one.y + one.height <= other.y or other.y + other.height <= one.y
                assert one is other or apart, (board, one, other)
    assert picture_of("no such board") is None


def test_a_story_says_each_fact_with_its_time_and_duress_is_her_code(stand: Stand, chromium: Any) -> None:
    with stand.as_(chromium, "Han") as page:
        page.goto(f"{SITE}/1/7")
        kinds = page.locator(".story li").evaluate_all("all => all.map(one => one.dataset.kind)")
        assert kinds[:6] == [
            "collected", "door-closed", "door-opened", "pulsed", "pickup-opened", "code-tried",
        ]  # fmt: skip
        said = page.locator(".story").inner_text()
        assert "The resident's code was right." in said
        assert "2023-11-1" in page.locator(".story time").first.inner_text()
        page.goto(f"{SITE}/1/3")
        assert "did not open" in page.locator(".story").inner_text()
        assert "The door opened" not in page.locator("main").inner_text(), "no word of it before it moved"
    for words in languages().values():
        for kind in KINDS:
            same = [story.said(words, Record(kind, 7, 1, 1, 0, a, 0)) for a in (0, 1, 2)]
            assert all(same)
            if kind == records.PICKUP_OPENED:
                assert same[records.BY_CODE] == same[records.BY_DURESS] != same[records.BY_RECALL]
        assert story.said(words, Record(99, 7, 1, 1, 0, 0, 0))


def test_an_act_has_its_reason_asks_first_where_it_arms_and_is_in_the_story(
    stand: Stand, chromium: Any
) -> None:
    with stand.as_(chromium, "Han") as page:
        page.goto(f"{SITE}/1/1")
        page.locator("summary", has_text="New code").press("Enter")
        page.locator("#reissue-reason").select_option("caller")
        before = stand.counts()
        page.locator("details[open] button").press("Enter")
        page.get_by_role("button", name="Yes, order it").wait_for()
        assert stand.counts() == before, "nothing is ordered by asking"
        page.get_by_role("button", name="Yes, order it").press("Enter")
        page.wait_for_url("**/1/1?done=reissue")
        said = page.locator(".story li[data-kind=act]").first.inner_text()
        assert "new code" in said
        assert "Somebody called who could not collect" in said
        assert "Han" in said
    assert stand.counts()["command"] == before["command"] + 1
    with open_ledger(stand.data) as ledger, ledger.reading() as connection:
        row = connection.execute(select(tables.audit).where(tables.audit.c.act == "parcel reissue")).one()
        assert (row.reason, row.site, row.cabinet, row.door) == ("caller", "mapo-3", 1, 1)
        looks = connection.scalars(select(tables.audit.c.reason).where(tables.audit.c.act == "events")).all()
        assert set(looks) == {"duty"}


def test_each_form_is_refused_without_its_token_and_to_whom_it_is_not_for(
    stand: Stand, chromium: Any
) -> None:
    paths = [f"{SITE}/1/1/{act.name}" for act in ACTS]
    paths += [f"/console/residents/{path}" for path in ("add/enter", "import/try", "import/enter")]
    paths += [f"/console/residents/1/{path}" for path in ("rename", "erase")]
    paths += ["/console/why", "/console/parcels/search", "/console/residents/search"]
    before = stand.counts()
    fields = {"sure": "yes", "reason": "request", "name": "Cho", "resident": HERS, "rows": "bmFtZQpDaG8K"}
    with stand.client("Han") as client:
        for path in paths:
            for forged in ({}, {"form": "x" * 43}):
                assert client.post(path, data={**fields, **forged}).status_code == 403, path
            assert client.post(path, files={"file": b"name\nCho\n"}).status_code == 403, path
    with stand.client("Lee") as client, stand.as_(chromium, "Lee") as page:
        page.goto(f"{SITE}/1/1")
        form = page.locator("input[name=form]").first.input_value()
        offered = page.locator("summary").all_inner_texts()
        assert "New code" not in offered
        assert "Let staff take it out" in offered
        assert client.get("/console/residents").status_code == 403
        for path in paths[:1] + paths[9:14]:
            assert client.post(path, data={**fields, "form": form}).status_code == 403, path
    with stand.client("Han") as client, stand.as_(chromium, "Han") as page:
        page.goto("/console/sites")
        form = page.locator("input[name=form]").first.input_value()
        answer = client.post(f"{SITE}/1/1/reissue", data={**fields, "form": form, "reason": "duty"})
        assert answer.status_code == 409, "a reason of another act is none"
    assert stand.counts() == before


def test_who_is_related_to_her_sees_nothing_of_hers(stand: Stand, chromium: Any) -> None:
    with stand.as_(chromium, "Seo") as page:
        for path in ("/console/parcels", "/console/parcels?state=gone", "/console/residents"):
            page.goto(path)
            assert HERS not in page.locator("main").inner_text()
        page.goto(SITE)
        assert page.locator(".cabinet [data-door='9']").last.get_attribute("aria-label") == (
            "Door 09, Not known, last heard: Free"
        )
        page.goto(f"{SITE}/1/7")
        assert page.locator(".story li").count() == 0


def test_parcels_and_residents_are_found_by_a_form_and_names_do_no_harm(stand: Stand, chromium: Any) -> None:
    with stand.as_(chromium, "Han", width=320) as page:
        page.goto("/console/parcels?state=overdue")
        assert page.locator("tbody tr").count() == 0, "no clock runs before she was told"
        page.goto("/console/parcels?state=untold")
        assert page.locator("tbody tr").count() == 3
        page.locator("input[name=q]").fill("1+2")
        page.locator("input[name=q]").press("Enter")
        page.wait_for_url("**/search")
        assert FORMULA in page.locator("tbody").inner_text()
        assert page.locator("tbody tr").count() == 1
        for path in ("/console/parcels", "/console/residents", f"{SITE}/1/1", SITE):
            page.goto(path)
            assert page.locator("main b").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.goto("/console/residents")
        assert EVIL in page.locator("tbody").inner_text()


def test_a_file_of_200_rows_with_3_bad_ones_names_these_and_enters_the_others_once(
    stand: Stand, chromium: Any, tmp_path: Path
) -> None:
    rows = [f"Resident {number:03},{number},r{number}@example.org" for number in range(2, 202)]
    rows[10] = "Kang,1,not an address"
    rows[100] = ",7,"
    rows[150] = rows[149]
    table = tmp_path / "<i>house.csv"
    table.write_text("name,unit,contact\n" + "\n".join(rows) + "\n")
    with stand.as_(chromium, "Han") as page:
        for entered in (197, 0):
            page.goto("/console/residents/import")
            page.locator("#file").set_input_files(table)
            before = stand.counts()["resident"]
            page.locator("main button").first.click()
            page.locator("[data-row]").first.wait_for()
            named = page.locator("[data-row]").evaluate_all("all => all.map(one => +one.dataset.row)")
            assert named == [12, 102, 152]
            assert stand.counts()["resident"] == before, "a trial enters nobody"
            button = page.get_by_role("button", name=f"Enter these {entered}")
            assert button.count() == bool(entered)
            if entered:
                began_s = time.monotonic()
                button.click()
                page.get_by_text("197 residents are entered").wait_for()
                print(f"197 of 200 rows are entered in {time.monotonic() - began_s:.1f} s")
                assert stand.counts()["resident"] == before + 197
        page.goto("/console/residents?page=2")
        assert page.locator("tbody tr").count() == 50
        page.locator("input[name=q]").fill("resident-15")
        page.locator("input[name=q]").press("Enter")
        page.wait_for_url("**/search")
        assert page.locator("tbody tr").count() == 9
        page.get_by_role("link", name="Resident 150").click()
        page.fill("#name", "Ma Ri")
        page.get_by_role("button", name="Change name or unit").press("Enter")
        page.wait_for_url("**/residents?done=renamed")
        assert "Ma Ri" in stand.counts()["names"]


def test_erasing_is_refused_while_a_parcel_waits_and_asks_the_server_with_a_code(
    stand: Stand, chromium: Any
) -> None:
    with open_ledger(stand.data) as ledger, ledger.reading() as connection:
        number = residents.find(connection, HERS).id
    before = stand.counts()
    with stand.client("Han") as client, stand.as_(chromium, "Han") as page:
        page.goto(f"/console/residents/{number}")
        form = page.locator("input[name=form]").first.input_value()
        client.cookies.set("why", stand.reasons["Han"])
        answer = client.post(
            f"/console/residents/{number}/erase", data={"form": form, "reason": "moved", "code": "000000"}
        )
        assert answer.status_code == 409
        assert re.search("waits|open", answer.text)
    assert stand.counts() == before


@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.soak)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_is_for_everybody_full_and_empty(
    stand: Stand, chromium: Any, language: str, is_whole: bool, tmp_path: Path
) -> None:
    """Each view once a language, in turn in each look; in all looks when it is looked at whole."""
    full = ["/console/sites", SITE, f"{SITE}/1/1", "/console/parcels", "/console/residents"]
    full += [f"/console/residents/{path}" for path in ("1", "add", "import")]
    with opened(tmp_path / "data", is_empty=True) as empty:
        first = LANGUAGES.index(language)
        views = [
            (theme, stand, full if is_whole else full[(turn + first) % len(THEMES) :: len(THEMES)])
            for turn, theme in enumerate(THEMES)
        ]
        views.append((THEMES[2 - first], empty, [full[0], *full[3:5]]))
        for theme, where, paths in views:
            with where.as_(chromium, "Han", language=language, theme=theme) as page:
                for path in paths:
                    page.goto(path)
                    assert violations(page) == [], (theme, path)
    with stand.client("Han") as client:
        assert client.get("/console/sites/none").status_code == 404
        assert "/console/why" in client.get(f"{SITE}/1/1").text, "first one says why"
