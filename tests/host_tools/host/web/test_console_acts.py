"""What somebody does about a case at the console, by its forms, with a script and without; and a page that
may not listen asks by itself.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from host_tools.host.ledger import tables
from host_tools.host.notify import untold
from host_tools.host.web.app import Pages, app
from host_tools.host.web.console import stream
from locker.contract import records
from tests.kit.browser import browser
from tests.kit.cared_site import HOUR_MS, CaredSite
from tests.kit.console_desk import desk, desk_of, signed
from tests.kit.town import Moody, Paper, Town
from tests.kit.web_site import Served, raising

SHY = "<i>she</i> \u202e is well"  # markup and a turned direction in a note


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def told(page: Page, words: str, kind: str = "success") -> None:
    expect(page.locator(f".notice.is-{kind}").first).to_contain_text(words)


def chain(site: CaredSite, name: str) -> list[str]:
    """The acts in one of the chains of the audit."""
    with site.ledger.reading() as connection:
        its = select(tables.audit.c.act).where(tables.audit.c.chain == name).order_by(tables.audit.c.number)
        return [act for act in connection.scalars(its) if act.split()[0] in ("case", "alarm")]


def test_a_case_is_taken_over_given_back_noted_and_put_away_without_a_script(
    tmp_path: Path, chromium: Browser
) -> None:
    at_ms: list[int] = []
    with desk(tmp_path, at_ms) as (site, served):
        base = str(served.client.base_url)
        han, lee = (signed(tmp_path, site.hires(name, "operator"), site.at_ms) for name in ("Han", "Lee"))
        site.rings()
        site.tells(records.DOOR_JAMMED, 4, cabinet=2)
        site.takes_in()
        number = {row.kind: row.id for row in site.cases()}
        bell, jam = number["bell"], number["jammed"]
        plain = {"java_script_enabled": False}
        with desk_of(chromium, base, han, **plain) as page, desk_of(chromium, base, lee, **plain) as other:
            page.goto("/console")
            expect(page.locator("#anew")).to_be_visible()
            expect(page.locator("#gone")).to_be_hidden()
            expect(page.get_by_role("button", name="Sound on")).to_be_hidden()
            page.locator(f"#take-{bell}").press("Enter")
            told(page, f"Case {bell} is yours.")
            other.goto("/console")
            expect(other.locator(f"#case-{bell}")).to_contain_text("Han has it since")
            other.locator(f"#over-{bell} summary").press("Enter")
            other.locator(f"#anyway-{bell}").press("Enter")
            told(other, f"Case {bell} is yours.")
            page.locator("#anew").press("Enter")
            expect(page.locator(f"#case-{bell}")).to_contain_text("Lee has it since")
            expect(page.locator(f"#back-{bell}")).to_have_count(0)
            other.locator(f"#back-{bell}").press("Enter")
            told(other, f"Case {bell} is open again.")
            expect(other.locator("#part-bar .bar")).to_contain_text("Nobody has taken it yet.")
            noted(page, jam)
            shelved(page, jam)
        assert [row.state for row in site.cases()].count("shelved") == 1
        acts = ["case take", "case take", "case give-back", "case note", "case shelve"]
        assert chain(site, "acts") == acts
        at_ms.append(site.at_ms + 25 * HOUR_MS)
        site.at_ms = at_ms[-1]
        site.looks(watches=True)
        with desk_of(chromium, base, signed(tmp_path, 1, site.at_ms), **plain) as page:
            page.goto("/console")
            expect(page.locator(f"#case-{jam}")).to_contain_text("nobody has it")


def noted(page: Page, case: int) -> None:
    page.goto("/console")
    page.locator(f"#more-{case} summary").press("Enter")
    page.locator(f"#noting-{case}").fill(SHY)
    page.locator(f"#noted-{case}").press("Enter")
    told(page, f"Your note is with case {case}.")
    assert page.locator(f"#case-{case} .story bdi").first.inner_text() == SHY
    assert page.locator("main i").count() == 0


def shelved(page: Page, case: int) -> None:
    page.locator(f"#more-{case} summary").press("Enter")
    page.locator(f"#hours-{case}").select_option("24")
    page.locator(f"#shelved-{case}").press("Enter")
    expect(page.locator(f"#why-{case}:invalid:focus")).to_be_visible()  # a reason must be typed
    page.locator(f"#why-{case}").fill("the locksmith comes tomorrow")
    page.locator(f"#shelved-{case}").press("Enter")
    told(page, f"Case {case} is put away.")
    expect(page.locator(f"#case-{case}")).to_contain_text("put away until")


def test_who_takes_no_bell_in_time_is_followed_by_the_next_until_it_is_taken_here(
    tmp_path: Path, chromium: Browser
) -> None:
    at_ms: list[int] = []
    with desk(tmp_path, at_ms) as (site, served):
        han, lee = site.hires("Han"), site.hires("Lee")
        site.puts_on_call(han, lee)
        site.rings()
        assert [(second, name) for second, name, _ in site.pages_for(70)] == [(0, "Han"), (60, "Lee")]
        at_ms.append(site.at_ms)
        session = signed(tmp_path, lee, site.at_ms)
        with desk_of(chromium, str(served.client.base_url), session) as page:
            page.goto("/console")
            page.locator(".card.is-alarm .button.is-main").first.press("Enter")
            told(page, "is yours.")
            expect(page.locator("#part-bar .bar")).to_have_count(0)
        assert site.pages_for(600) == [], "nobody else is called"


def test_a_silent_alarm_is_taken_and_closed_by_dispatchers_and_is_nothing_to_others(
    tmp_path: Path, chromium: Browser
) -> None:
    at_ms: list[int] = []
    with desk(tmp_path, at_ms) as (site, served):
        base = str(served.client.base_url)
        jun, min_ = (
            signed(tmp_path, site.hires(name, role), site.at_ms)
            for name, role in (("Jun", "dispatcher"), ("Min", "operator staff auditor"))
        )
        with desk_of(chromium, base, jun) as page, desk_of(chromium, base, min_) as other:
            page.goto("/console")
            other.goto("/console")
            other.locator("#part-needs[data-shown]").wait_for(state="attached")
            shown = other.locator("body").inner_html()
            site.deposits(4)
            with site.ledger.reading() as connection:
                serial = connection.scalar(select(tables.parcel.c.serial))
            site.boards[1].pickup(4, serial, 1, records.BY_DURESS)
            site.hears()
            alarm = page.locator(".card.is-alarm")
            expect(alarm).to_contain_text("A message for the desk")
            expect(alarm).to_contain_text("Do not call the resident")
            expect(page).to_have_title("(1) Needs a person")
            name = str(alarm.get_attribute("id")).removeprefix("case-")
            assert other.locator("body").inner_html() == shown
            page.locator(f"#take-{name}").press("Enter")
            told(page, "It is yours. Send help; do not call the resident.")
            page.locator(f"#close-{name} summary").press("Enter")
            page.locator(f"#outcome-{name}").select_option("handed to police")
            page.locator(f"#closed-{name}").press("Enter")
            told(page, "It is closed.")
            expect(page.locator(".card.is-alarm")).to_have_count(0)
            assert other.locator("body").inner_html() == shown
            for no in (name, "0" * len(name)):
                refused = other.request.post(f"/console/messages/{no}/take", form={"form": min_.form_token})
                assert "told=refused" in refused.url, "as of one that never was"
        assert chain(site, "acts") == []
        noted = chain(site, "duress")
        assert noted[:2] == ["alarm list", "alarm take"]
        assert [act for act in noted if act != "alarm list"] == ["alarm take", "alarm close"]


def test_a_page_beyond_the_cap_of_streams_asks_by_itself(
    tmp_path: Path, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAMS_MAX", 0)
    at_ms: list[int] = []
    with desk(tmp_path, at_ms) as (site, served):
        base = str(served.client.base_url)
        session = signed(tmp_path, site.hires("Han"), site.at_ms)
        context = chromium.new_context(base_url=base)  # its console tells of each answer that is no stream
        context.add_cookies([{"name": "session", "value": session.token, "url": base}])
        page = context.new_page()
        page.clock.install()
        page.goto("/console")
        site.rings()
        site.takes_in()
        page.clock.run_for(8_000)
        expect(page.locator("#part-bar .bar")).to_contain_text("Nobody has taken it yet.")
        expect(page).to_have_title("(1) Needs a person")
        expect(page.locator("body[data-rings]")).to_be_attached()
        expect(page.locator("#gone")).to_be_hidden()
        served.client.post(
            "/sign-out", data={"form": session.form_token}, headers={"Cookie": f"session={session.token}"}
        )
        page.clock.run_for(8_000)
        page.wait_for_url("**/sign-in**")
        context.close()


def test_while_mail_is_dead_her_parcel_is_listed_as_not_told_and_her_second_contact_is_asked(
    tmp_path: Path, chromium: Browser
) -> None:
    sms = Paper()
    town = Town(tmp_path, Moody("away"), sms)
    town.deposit()
    with ThreadPoolExecutor(1) as apart:  # from the loop that has the browser
        apart.submit(town.pass_time, 16).result()
    untold.look(town.ledger, town.at_ms)
    assert [message.kind for message in sms.messages] == ["look"], "all that an unconfirmed contact may hear"
    seen(town, chromium, tmp_path, is_untold=True)
    town.ledger.close()


def seen(town: Town, chromium: Browser, data: Path, *, is_untold: bool) -> None:
    """What the console says of her parcel, and why nothing goes out."""
    with town.ledger.writing() as connection:
        values = {"name": "Han", "roles": "operator", "contact": "", "since_ms": town.at_ms}
        connection.execute(tables.account.insert().values(**values))
    pages = Pages(data, "none", clock=lambda: town.at_ms, is_plain=True)
    session = signed(data, 1, town.at_ms)
    served = Served(app(pages, (), raising))
    with served, desk_of(chromium, str(served.client.base_url), session) as page:
        page.goto("/console")
        expect(page.locator(".card")).to_contain_text("or reach her another way")
        page.goto("/console/parcels?state=untold")
        page.get_by_role("button", name="Look", exact=True).click()
        expect(page.locator("tbody tr")).to_have_count(int(is_untold))
        expect(page.locator("tbody tr")).to_contain_text("Not told")
        page.goto("/console/alive")
        expect(page.locator("main")).to_contain_text("1 wait.")
    pages.close()
