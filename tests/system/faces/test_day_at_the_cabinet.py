"""A day at a cabinet on the real interpreter: what console, resident's page and courier's page show of it is
what happens there.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from host_tools.demo.stage import SITE
from host_tools.host.couriers.codes import code_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from tests.kit.browser import browser, violations
from tests.kit.host_board import Board, Journal, enrol
from tests.system.faces.caller import Caller, a_minute_passes
from tests.system.faces.street import DISPATCHER, NAME, OPERATOR, STAFF, TAIL, Street
from tests.system.place import RESIDENT
from tests.system.relayed import wait_until

LINK = re.compile(re.escape(f"https://{NAME}") + r"(/p/[A-Za-z0-9_-]{24})")
CODE = re.compile(r"door (\d\d) · (\d{4}) (\d{4}) · extra \d{4}")
NUMBER = re.compile(r"number: (\d{4})")
VIEW = f"/console/sites/{SITE}"


class Parcel(NamedTuple):
    """A parcel that waits: its door, the code that she was sent, the path of its page, its ticket."""

    door: int
    code: str
    path: str
    ticket: str


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Street() as street:
        street.settle()
        yield street


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def deposit(street: Street) -> Parcel:
    before, ticket = len(street.letters()), street.new_ticket(RESIDENT)
    street.deposit(ticket)
    letter = next_letter(street, "deposited", before)
    return Parcel(*coded(letter), LINK.findall(letter)[0], ticket)


def next_letter(street: Street, kind: str, before: int) -> str:
    """Her first letter of that kind behind so many."""

    def its() -> list[str]:
        return [one["text"] for one in street.letters()[before:] if one["kind"] == kind]

    wait_until(lambda: bool(its()), f"she is sent {kind}: {street.letters()[before:]}")
    return its()[0]


def coded(letter: str) -> tuple[int, str]:
    found = CODE.search(letter)
    assert found, letter
    return int(found[1]), found[2] + found[3]


def becomes(page: Page, door: int, word: str) -> None:
    """A door on the site's view, live."""
    expect(page.locator(f"[data-cabinet='1'] .doors [data-door='{door}']")).to_have_attribute(
        "data-word", word
    )
    expect(page.locator(f"[data-cabinet='1'] .cabinet [data-door='{door}']")).to_have_attribute(
        "data-word", word
    )


def test_a_day_at_a_cabinet_is_shown_as_it_was(street: Street, chromium: Browser) -> None:
    with street.desk(chromium, OPERATOR) as site:
        site.goto(VIEW)
        first = deposit(street)
        becomes(site, first.door, "parcel")
        code = she_finds_her_code_and_orders_another(street, chromium, first)
        it_is_stuck_and_safe_then_mended(street, chromium, site, first._replace(code=code))
        second = deposit(street)
        a_caller_is_stopped_in_time(street, second)
        seen = [an_out_door_gives_its_parcel_and_takes_none(street, chromium, site, second)]
        third = deposit(street)
        assert third.door != second.door, "no deposit behind a door that is out"
        a_test_brings_it_back(street, site, second.door)
        seen.append(she_collects(street, chromium, third, under_duress=True))
        assert seen[0] == seen[1]
        who_may_know_of_it_does(street, chromium)
        a_caller_who_is_there_is_given_her_parcel(street, chromium, deposit(street))
        a_used_label_says_what_it_may(street, chromium, first.ticket)
        a_bell_is_answered_on_the_screen(street, chromium)
    assert street.lies() == []
    assert len(street.oracle.shown) > 50


def digits_of(page: Page) -> str:
    """The code as a voice reads it, without the number of the door and the extra digits."""
    read = page.locator(".code .only-read").all_text_contents()[1:2]
    return "".join(char for part in read for char in part if char.isdigit())


def tab_to(page: Page, role: str, name: str) -> None:
    """By keyboard alone."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    expect(wanted).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.and_(page.locator(":focus")).count():
            return
    raise AssertionError(f"no way by keyboard to {name}")


def she_finds_her_code_and_orders_another(street: Street, chromium: Browser, parcel: Parcel) -> str:
    """Without a script, in Hangul, at 320 px, by keyboard."""
    before = len(street.letters())
    with street.phone(chromium, language="ko", java_script_enabled=False) as page:
        page.goto(parcel.path)
        assert "인증번호" in page.locator("main").aria_snapshot()
        tab_to(page, "button", "인증번호 보기")
        page.keyboard.press("Enter")
        expect(page.locator(".code").first).to_be_visible()
        assert digits_of(page) == parcel.code
        street.oracle.reads(page)
        tab_to(page, "link", "첫 화면으로")
        page.keyboard.press("Enter")
        tab_to(page, "button", "인증번호 바꾸기")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="새 인증번호를 요청했습니다")).to_be_visible()
        door, code = coded(next_letter(street, "new code", before))
        page.goto(parcel.path)
        street.oracle.reads(page)
        page.get_by_role("button", name="인증번호 보기").click()
        assert (door, digits_of(page)) == (parcel.door, code)
        assert code != parcel.code
    return code


def her_page_is_large(street: Street, chromium: Browser, parcel: Parcel) -> None:
    """At 200 %, in the clear-screen look."""
    with street.phone(chromium, language="ko", theme="contrast") as page:
        session = page.context.new_cdp_session(page)
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        page.set_viewport_size({"width": 640, "height": 900})
        page.goto(parcel.path)
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px", "200 %"
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
        assert violations(page) == []


def tries_a_blocked_door(street: Street, parcel: Parcel, meanwhile: Callable[[], None]) -> None:
    """Until the cabinet gives up, which takes three pulses."""
    tried, keys = len(street.watch.seen), f"{parcel.door:02}{parcel.code}#"
    street._type(keys, lambda: street.was_pulsed(parcel.door, tried), "tries the lock")
    meanwhile()
    street.watch.until(lambda: "is stuck" in street.watch.screen(), "gives up")


def it_is_stuck_and_safe_then_mended(street: Street, chromium: Browser, site: Page, parcel: Parcel) -> None:
    before = len(street.letters())
    street.hands("block", parcel.door)
    tries_a_blocked_door(street, parcel, lambda: her_page_is_large(street, chromium, parcel))
    becomes(site, parcel.door, "stuck")
    assert "stays good" in next_letter(street, "stuck", before)
    with street.phone(chromium) as page, street.desk(chromium, STAFF) as desk:
        page.goto(parcel.path)
        expect(page.locator(".story").last).to_contain_text("The door did not open. The code stayed good")
        expect(page.get_by_role("heading", level=1)).to_have_text("A parcel waits for you")
        desk.goto(f"{VIEW}/1/{parcel.door}")
        desk.get_by_role("button", name="Look", exact=True).click()
        expect(desk.locator(".story li[data-kind=door-jammed]")).to_have_count(1)
        expect(desk.locator(".story li[data-kind=collected]")).to_have_count(0)
    street.hands("unblock", parcel.door)
    street.collect(parcel.door, parcel.code)
    becomes(site, parcel.door, "free")
    next_letter(street, "opened at last", before)
    with street.phone(chromium) as page:
        page.goto(parcel.path)
        expect(page.locator(".story").last).to_contain_text(
            "The door, which was stuck, opened with your code."
        )
        expect(page.get_by_role("heading", level=1)).to_have_text("This parcel is gone from its door")


def a_caller_is_stopped_in_time(street: Street, parcel: Parcel) -> None:
    """She calls, and whoever is on duty stops it before the minute is over."""
    with Caller(street, parcel.door) as caller:
        caller.says_her_digits()
        street.ansim("resident", "change", "stop", RESIDENT, "--data", street.data)
        assert "has stopped it" in caller.ends()
    assert parcel.door not in street.watch.open_doors()


def an_out_door_gives_its_parcel_and_takes_none(
    street: Street, chromium: Browser, site: Page, parcel: Parcel
) -> list[str]:
    with street.desk(chromium, STAFF) as desk:
        desk.goto(f"{VIEW}/1/{parcel.door}")
        desk.get_by_role("button", name="Look", exact=True).click()
        desk.locator("summary", has_text="Take out of service").press("Enter")
        desk.locator("details[open] button").press("Enter")
        expect(desk.locator(".notice.is-success")).to_contain_text("Out of service is ordered")
    becomes(site, parcel.door, "out")
    expect(site.locator(f"[data-cabinet='1'] .cabinet [data-door='{parcel.door}']")).to_have_attribute(
        "aria-label", re.compile("Parcel inside")
    )
    seen = she_collects(street, chromium, parcel)
    becomes(site, parcel.door, "out")
    return seen


def she_collects(
    street: Street, chromium: Browser, parcel: Parcel, *, under_duress: bool = False
) -> list[str]:
    """What she is sent and shown of it, and what staff are, without times, doors, codes and links."""
    before = len(street.letters())
    street.collect(parcel.door, parcel.code[:-2] + TAIL if under_duress else parcel.code)
    told = [next_letter(street, "opened", before)]
    with street.phone(chromium) as page, street.desk(chromium, STAFF) as desk:
        page.goto(parcel.path)
        told.append(page.locator("main").inner_text())
        desk.goto(f"{VIEW}/1/{parcel.door}")
        desk.get_by_role("button", name="Look", exact=True).click()
        expect(desk.locator(".story li").first).to_be_visible()
        lines = desk.locator(".story li:not([data-kind=act])").evaluate_all(
            "all => all.map(one => one.dataset.kind + ': ' + one.querySelector('p').innerText)"
        )
        visit = [line.split(": ")[0] for line in lines].index("code-tried")
        told += lines[: visit + 1]
        desk.goto("/console")
        told += [str(desk.locator(".card").count()), desk.title()]
    return [re.sub(r"\d+|/p/[\w-]{24}|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", "0", one) for one in told]


def who_may_know_of_it_does(street: Street, chromium: Browser) -> None:
    with street.desk(chromium, DISPATCHER) as desk, street.desk(chromium, STAFF) as other:
        desk.goto("/console")
        expect(desk.locator(".card.is-alarm h2")).to_have_text("A message for the desk")
        other.goto("/console")
        other.locator("#part-bar[data-shown]").wait_for(state="attached")
        assert "desk" not in other.locator("main").inner_text()
        desk.locator(".card.is-alarm .button.is-main").first.press("Enter")
        expect(desk.locator(".notice.is-success")).to_contain_text("do not call the resident")


def a_test_brings_it_back(street: Street, site: Page, door: int) -> None:
    """Staff open it with a service code, look, and close it."""
    words = ("door", "service", "--site", SITE, "--cabinet", 1, "--door", door, "--reason", "duty")
    street.ansim(*words, "--data", street.data)

    def codes() -> list[str]:
        texts = [one["text"] for one in street.messages() if one["kind"] == "service code"]
        return ["".join(found) for text in texts for found in re.findall(r"(\d{4}) (\d{4}) (\d{4})", text)]

    wait_until(lambda: bool(codes()), "staff are sent the code")
    becomes(site, door, "out")
    street._type(f"{door:02}{codes()[0]}#", lambda: door in street.watch.open_doors(), "opens for staff")
    street.hands("open", door)
    street.watch.until(lambda: street.is_unpowered(door), "lets go of the coil")
    street.hands("close", door)
    becomes(site, door, "free")


def a_caller_who_is_there_is_given_her_parcel(street: Street, chromium: Browser, parcel: Parcel) -> None:
    with Caller(street, parcel.door) as caller, street.phone(chromium) as page:
        caller.says_her_digits()
        a_minute_passes(street)
        street.watch.until(lambda: "press #" in street.watch.screen(), "asks whoever is there", 15)
        page.goto(parcel.path)
        expect(page.get_by_role("heading", level=1)).to_have_text("A parcel waits for you")
        street.hands("keys", "#")
        street.watch.until(lambda: bool(NUMBER.search(street.watch.screen())), "shows the number")
        shown = NUMBER.search(street.watch.read_screen())
        assert shown
        caller.types(shown[1])
        street.watch.until(lambda: parcel.door in street.watch.open_doors(), "opens the door", 15)
        street._use(parcel.door, "take")
        caller.ends()
        assert caller.process.returncode == 0
        before = time.monotonic()
        while "gone" not in page.get_by_role("heading", level=1).inner_text():
            assert time.monotonic() - before < 30
            page.reload()


def a_used_label_says_what_it_may(street: Street, chromium: Browser, ticket: str) -> None:
    """A cabinet that was away takes a label that was used at another one."""
    with open_ledger(street.data) as ledger, ledger.reading() as connection:
        site_id = connection.scalar(tables.site.select().with_only_columns(tables.site.c.site_id))
        serial = min(connection.scalars(tables.parcel.select().with_only_columns(tables.parcel.c.serial)))
    with open_ledger(street.data) as ledger:
        enrolled = enrol(ledger, b"uid-02", SITE)
    before = len(street.letters())
    with Board(enrolled, Journal(9)) as board:
        board.connect((street.host.ready["address"], street.host.ready["port"]))
        board.journal.deposit(3, serial, 1)
        board.meet()
        board.send_all()
        letter = next_letter(street, "used label", before)
        with street.phone(chromium) as page:
            page.goto(f"/c/{code_of(site_id)}/ticket")
            page.get_by_label("Ticket").fill(ticket)
            page.get_by_role("button", name="Ask").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("This ticket is not good here")
            assert not re.search(r"used|revoked|Minji", page.locator("main").inner_text())
        with street.phone(chromium) as page, street.desk(chromium, STAFF) as desk:
            desk.goto(VIEW)
            expect(desk.locator("[data-cabinet='2'] .doors [data-door='3']")).to_have_attribute(
                "data-word", "parcel"
            )
            desk.goto(f"{VIEW}/2/3")
            desk.get_by_role("button", name="Look", exact=True).click()
            expect(desk.locator("main")).to_contain_text("Odd ticket")
            path = LINK.findall(letter)
            assert "You need not fetch it" in letter
            if path:
                page.goto(path[0])
                expect(page.locator(".notice.is-warning")).to_contain_text("may not be what it seems")


def a_bell_is_answered_on_the_screen(street: Street, chromium: Browser) -> None:
    with street.desk(chromium, STAFF) as desk:
        desk.goto("/console")
        desk.locator("#part-bar[data-shown]").wait_for(state="attached")
        rung_s = time.monotonic()
        street.hands("bell")
        expect(desk.locator("#part-bar .bar.is-alarm")).to_contain_text("Somebody pressed")
        expect(desk.locator("body[data-rings]")).to_be_attached()
        print(f"a bell is red and sounds {time.monotonic() - rung_s:.2f} s after it was pressed")
        card = desk.locator(".card.is-alarm", has_text="help button")
        number = str(card.get_attribute("id")).removeprefix("case-")
        desk.locator(f"#take-{number}").press("Enter")
        expect(desk.locator(f"#case-{number}")).to_contain_text("The cabinet's screen has said")
