"""The console in a real browser: what needs a person, heard at once, taken, and never stale."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from host_tools.host.accounts import people
from host_tools.host.accounts.people import Change
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.web.console import stream
from host_tools.host.web.sessions import Session
from locker.contract import commands, records
from tests.kit.browser import LANGUAGES, THEMES, browser, violations
from tests.kit.cared_site import HOUR_MS, MINUTE_MS
from tests.kit.console_desk import cookie, desk, desk_of, signed
from tests.kit.host_board import Board, Host, enrol

OPERATOR = Change(("operator",), None, "root", None)
ODD = "<b>\u202e" + "漢" * 50  # markup, a turned direction, wide characters


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def test_a_bell_is_red_at_once_is_taken_by_keyboard_and_its_cabinet_is_told(
    tmp_path: Path, chromium: Browser
) -> None:
    with open_ledger(tmp_path) as ledger:
        people.add(ledger, "Han", OPERATOR, now_ms())
        people.add(ledger, "Lee", Change(("staff",), None, None, None), now_ms())
        enrolled = enrol(ledger)
    han, lee = (signed(tmp_path, account, now_ms()) for account in (1, 2))
    with Host(tmp_path, "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0") as host, Board(enrolled) as board:
        base = f"http://127.0.0.1:{host.wait_for('web listening')['port']}"
        board.connect(host.address)
        board.meet()
        with desk_of(chromium, base, han) as page, desk_of(chromium, base, lee) as other:
            page.goto("/console")
            other.goto("/console")
            page.get_by_role("button", name="Sound on").click()
            expect(page.get_by_role("button", name="Sound off")).to_be_visible()
            board.journal.add(records.BELL_RUNG, 0, 1)
            board.send_all()
            expect(page.locator("#part-bar .bar")).to_contain_text("Somebody pressed")
            expect(page).to_have_title("(1) Needs a person")
            expect(page.locator("body[data-rings]")).to_be_attached()
            card = page.locator(".card.is-alarm")
            case = card.get_attribute("id")
            number = str(case).removeprefix("case-")
            take = page.locator(f"#take-{number}")
            take.focus()
            page.keyboard.press("Enter")
            expect(page.locator(f"#{case}")).to_contain_text("You have it since")
            expect(page.locator(f"#{case}")).to_contain_text(
                "screen will say that a person has seen the call"
            )
            order = board.order()
            assert order.kind == commands.ANSWER_BELL
            is_second(other, base, number, lee)
            board.carry_out(order)
            board.send_all()
            expect(page.locator(f"#{case}")).to_contain_text("The cabinet's screen has said")
            page.locator(f"#close-{number} summary").focus()
            page.keyboard.press("Enter")
            page.locator(f"#outcome-{number}").focus()
            page.keyboard.type("helped")
            page.locator(f"#closing-{number}").focus()
            page.keyboard.type("she is at home")
            page.keyboard.press("Enter")
            expect(page.locator(".notice.is-success")).to_contain_text("It is closed.")
            expect(page.locator(f"#{case}")).to_have_count(0)
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/sign-in**")
            page.go_back()
            page.wait_for_url("**/sign-in**")
            assert "Needs a person" not in page.content()
    with open_ledger(tmp_path) as ledger, ledger.reading() as connection:
        acts = connection.execute(select(tables.audit.c.act, tables.audit.c.account)).all()
    assert [tuple(act) for act in acts if act.act.startswith("case")] == [("case take", 1), ("case close", 1)]


def test_a_host_that_is_gone_is_said_within_5_s_and_the_page_comes_back_by_itself(
    tmp_path: Path, chromium: Browser
) -> None:
    with open_ledger(tmp_path) as ledger:
        people.add(ledger, "Han", OPERATOR, now_ms())
    session, arguments = signed(tmp_path, 1, now_ms()), ["--listen", "127.0.0.1:0", "--web"]
    context = chromium.new_context()
    with Host(tmp_path, *arguments, "127.0.0.1:0") as host:
        port = host.wait_for("web listening")["port"]
        base = f"http://127.0.0.1:{port}"
        context.add_cookies([{"name": "session", "value": session.token, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/console/alive")
        expect(page.locator("#part-alive[data-shown]")).to_be_attached()
        host.end()
        expect(page.locator("#gone")).to_contain_text(re.compile(r"true at \d\d:\d\d:\d\d"))
        expect(page.locator("body.is-gone")).to_be_attached()
    with Host(tmp_path, *arguments, f"127.0.0.1:{port}") as host:
        host.wait_for("web listening")
        expect(page.locator("#gone")).to_be_hidden()
        expect(page.locator("#part-alive")).to_contain_text("runs")
    context.close()


def is_second(other: Page, base: str, number: str, session: Session) -> None:
    """Somebody whose page was not told yet takes what Han has, and hears that he was first."""
    path, form = f"{base}/console/cases/{number}/take", {"form": session.form_token}
    second = httpx.post(path, data=form, headers=cookie(session))
    other.goto(second.headers["location"])
    expect(other.locator(".notice.is-warning")).to_contain_text("Han has it since")
    expect(other.locator(f"#take-{number}")).to_have_count(0)
    expect(other.locator("#part-bar .bar")).to_have_count(0)


def test_the_views_are_for_everybody_in_every_look_and_language(tmp_path: Path, chromium: Browser) -> None:
    at_ms: list[int] = []
    with desk(tmp_path, at_ms) as (site, served):
        base = str(served.client.base_url)
        session = signed(tmp_path, site.hires("Han", "operator dispatcher"), site.at_ms)
        looks = [(theme, language) for theme in THEMES for language in LANGUAGES]

        def look(chosen: list[tuple[str, str]], *paths: str) -> None:
            for theme, language in chosen:
                with desk_of(chromium, base, session, theme=theme, language=language, width=320) as page:
                    for path in paths:
                        page.goto(path)
                        page.locator("#part-bar[data-shown]").wait_for(state="attached")
                        for one in page.locator("summary").all():
                            one.click()
                        assert violations(page) == [], (theme, language, path)
                        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path

        look(looks[::3] + looks[2:3], "/console", "/console/alive")
        site.boards[1].add(records.BELL_RUNG, 0, 1)
        site.boards[1].uptime += 6000
        site.at_ms += 10 * MINUTE_MS
        at_ms.append(site.at_ms)
        site.hears()
        site.tells(records.TAMPERED, cabinet=2)
        site.takes_in()
        with site.ledger.writing() as connection:
            connection.execute(tables.site.update().values(zone="Asia/Seoul"))
            connection.execute(
                tables.case.update()
                .where(tables.case.c.id == 2)
                .values(state="taken", taken_by=ODD, taken_ms=at_ms[-1])
            )
        look(looks, "/console")
        with desk_of(chromium, base, session) as page:
            page.goto("/console")
            expect(page.locator("#case-1")).to_contain_text(
                re.compile(r"Rung \d\d:\d\d, heard \d\d:\d\d KST")
            )
            assert page.locator("#case-2 bdi", has_text="<b>").inner_text() == ODD
            expect(page.locator("#anyway-2")).to_be_hidden()


def events(client: httpx.Client, session: Session, part: str, count: int) -> list[str]:
    """The first events of a stream, without what is of its session alone."""
    found = []
    with client.stream("GET", f"/console/stream?part={part}", headers=cookie(session)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(line.replace(session.form_token, "FORM"))
            if len(found) == count:
                return found
    raise AssertionError("the stream has ended")


#: All that shows anything of a pickup.
VIEWS = (
    *("/console", "/console/alive", "/console/sites", "/console/sites/mapo-3", "/console/sites/mapo-3/1/4"),
    *("/console/parcels", "/console/parcels?state=gone", "/console/residents"),
)


def test_whoever_may_not_hear_of_a_silent_alarm_is_shown_an_ordinary_pickup(tmp_path: Path) -> None:
    shown = []
    for duress in (0, 1):
        at_ms: list[int] = []
        with desk(tmp_path / str(duress), at_ms) as (site, served):
            staff, dispatcher = (
                site.hires(name, role) for name, role in (("Min", "operator staff"), ("Jun", "dispatcher"))
            )
            session, its = (signed(site.ledger.data, one, site.at_ms) for one in (staff, dispatcher))
            site.deposits(4)
            with site.ledger.reading() as connection:
                serial = connection.scalar(select(tables.parcel.c.serial))
            site.boards[1].pickup(4, serial, 1, duress)
            site.at_ms += HOUR_MS // 2
            at_ms.append(site.at_ms)
            site.hears()
            site.rings(2)
            site.takes_in()
            seen = [events(served.client, session, part, 2) for part in ("needs", "alive", "site:mapo-3")]
            why = {"form": session.form_token, "reason": "duty"}
            said = served.client.post("/console/why", data=why, headers=cookie(session)).cookies["why"]
            for path in VIEWS:
                kept = {"Cookie": f"session={session.token}; why={said}"}
                answer = served.client.get(path, headers=kept)
                assert answer.status_code == 200, path
                headers = sorted((name, text) for name, text in answer.headers.items() if name != "date")
                seen.append([answer.text.replace(session.form_token, "FORM"), str(headers)])
            desk_sees = "".join(events(served.client, its, "needs", 2))
            assert ("A message for the desk" in desk_sees) == bool(duress)
            chain = select(tables.audit.c.act).where(tables.audit.c.chain == "duress")
            with site.ledger.reading() as connection:
                assert (connection.scalar(chain) == "alarm list") == bool(duress), (
                    "that she was shown it is noted"
                )
            shown.append(seen)
    assert shown[0] == shown[1]
    assert "/1" in shown[0][0][0], "and both were told of the bell"
    assert "The resident's code was right." in html.unescape(str(shown[0]))


def test_streams_have_a_cap_and_end_with_their_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAMS_OF_ONE_MAX", 1)
    monkeypatch.setattr(stream, "CHECK_S", 0.0)
    monkeypatch.setattr(stream, "BEAT_S", 0.1)
    at_ms: list[int] = []
    with desk(tmp_path, at_ms) as (site, served):
        session = signed(tmp_path, site.hires("Han"), site.at_ms)
        kept = cookie(session)
        assert served.client.get("/console/stream").status_code == 401
        with served.client.stream("GET", "/console/stream", headers=kept) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: part"
            assert served.client.get("/console/stream", headers=kept).status_code == 503, "asks by itself"
            served.client.post("/sign-out", data={"form": session.form_token}, headers=kept)
            assert "event: ended" in list(lines)
        assert served.client.get("/console/stream", headers=kept).status_code == 401
        forged = served.client.post("/console/cases/1/take", data={"form": "forged"}, headers=kept)
        assert forged.headers["location"].startswith("/sign-in")
