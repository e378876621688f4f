"""A day at the desk, in front of a real `ansim serve`: a late bell, a cabinet that is cut off, a host that
stops and comes back, and a resident who moves away.
"""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from pyotp.totp import TOTP

from host_tools.cli import _acting
from host_tools.host.accounts import people
from host_tools.host.accounts.people import Change
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Enrolment, open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import records
from tests.kit.browser import browser
from tests.kit.host_board import Board, Host, Journal, enrol, was_away_for_a_month
from tests.system.relayed import wait_until

SITE, DOOR = "mapo-3", 7
HER, CONTACT = "Qorvetta", "qorvetta@example.org"
PASSWORD = "correct horse battery"
WEB = ("--listen", "127.0.0.1:0", "--web-name", "ansim.example", "--web")
VIEW = f"/console/sites/{SITE}"
STEP_S = 30  # of a code of a telephone (RFC 6238)
LATE = timedelta(minutes=10)
LINK = re.compile(r"https://ansim\.example(/p/[A-Za-z0-9_-]{24})")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def city(data: Path) -> tuple[str, Enrolment, int]:
    """The token with which Han begins, a board, and the serial of a ticket of hers."""
    with open_ledger(data) as ledger:
        change = Change(("operator", "staff"), None, _acting.os_user(), None)
        token = people.add(ledger, "Han", change, now_ms())[1]
        residents.add(ledger, HER, CONTACT)
        enrolled = enrol(ledger, site=SITE)
        was_away_for_a_month(ledger)
        with ledger.writing() as connection:
            connection.execute(tables.site.update().values(zone="Asia/Seoul"))
        return token, enrolled, tickets.issue(ledger, HER, SITE).serial


def test_a_late_bell_a_cabinet_cut_off_a_host_that_stops_and_an_erasure(
    tmp_path: Path, chromium: Browser
) -> None:
    data = tmp_path / "data"
    token, enrolled, serial = city(data)
    context = chromium.new_context(locale="en")  # whose console tells of a host that is gone
    page = context.new_page()
    with Host(data, *WEB, "127.0.0.1:0") as host, Board(enrolled, Journal()) as board:
        port = host.wait_for("web listening")["port"]
        base = f"http://127.0.0.1:{port}"
        phone = signs_in(page, base, token)
        rung = datetime.now(ZoneInfo("Asia/Seoul")) - LATE
        board.journal.deposit(DOOR, serial, 1)
        board.journal.add(records.BELL_RUNG, 0, 1)
        board.journal.uptime += 10 * round(LATE.total_seconds())
        board.connect(host.address)
        board.meet()
        board.send_all()
        says_when_it_was(page, rung)
        host.wait_for("message sent", detail="deposited")
        its_page = LINK.findall((data / "messages.jsonl").read_text())[0]
        assert context.request.get(base + its_page).status == 200
        is_cut_off(page, base, board)
        began_s = time.monotonic()
        host.end()
        expect(page.locator("#gone")).to_contain_text(re.compile(r"true at \d\d:\d\d:\d\d"))
        print(f"a host that ended is said after {time.monotonic() - began_s:.1f} s")
    with Host(data, *WEB, f"127.0.0.1:{port}") as host, Board(enrolled, board.journal) as again:
        expect(page.locator("#gone")).to_be_hidden()
        expect(page.locator(f".doors [data-door='{DOOR}']")).to_have_attribute("data-word", "unknown")
        again.connect(host.address)
        again.meet()
        expect(page.locator(".doors [data-door]").first).to_have_attribute("data-word", "free")
        expect(page.locator(f".doors [data-door='{DOOR}']")).to_have_attribute("data-word", "parcel")
        erases(page, base, TOTP(phone).at(int(time.time()) + STEP_S), "waits|open")
        page.goto(base + VIEW)
        again.journal.pickup(DOOR, serial, 1)
        again.send_all()
        expect(page.locator(f".doors [data-door='{DOOR}']")).not_to_have_attribute("data-word", "parcel")
        host.wait_for("message sent", detail="opened")
        erases(page, base, TOTP(phone).at(int(time.time()) + STEP_S), "")
        nothing_of_her_is_shown(page, base, its_page)
        host.end()
    context.close()
    for file in (one for one in tmp_path.rglob("*") if one.is_file()):
        kept = file.read_bytes()
        assert HER.lower().encode() not in kept.lower(), file
        assert its_page.rpartition("/")[2].encode() not in kept, file


def signs_in(page: Page, base: str, token: str) -> str:
    """Han begins by his link and signs in; the secret of his telephone."""
    page.goto(f"{base}/start/{token}")
    secret = page.locator(".digits").inner_text()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    # A code counts once, and two more are needed soon: this is the one before, early while it is taken.
    wait_until(lambda: time.time() % STEP_S < STEP_S / 2, "a code of the telephone is new")
    page.get_by_label("The code that the app shows now").fill(TOTP(secret).at(int(time.time()) - STEP_S))
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("Han")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(TOTP(secret).now())
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()
    return secret


def says_when_it_was(page: Page, rung: datetime) -> None:
    """'Rung 02:51, heard 03:01'."""
    card = page.locator(".card.is-alarm")
    expect(card).to_contain_text(re.compile(r"Rung \d\d:\d\d, heard \d\d:\d\d KST"))
    told = re.findall(r"Rung (\d\d:\d\d), heard (\d\d:\d\d) KST", card.inner_text())[0]
    for shown, was in zip(told, (rung, rung + LATE), strict=True):
        assert shown in {f"{was + timedelta(minutes=off):%H:%M}" for off in (-1, 0, 1)}, told


def is_cut_off(page: Page, base: str, board: Board) -> None:
    """The view says so by itself, and takes nothing for true that it heard before."""
    page.goto(base + VIEW)
    expect(page.locator("[data-cabinet='1']")).to_contain_text("Linked")
    expect(page.locator(f".doors [data-door='{DOOR}']")).to_have_attribute("data-word", "parcel")
    began_s = time.monotonic()
    board.close()
    expect(page.locator("[data-cabinet='1']")).to_contain_text("Away since")
    print(f"a cabinet that left is away after {time.monotonic() - began_s:.1f} s")
    expect(page.locator(f".doors [data-door='{DOOR}']")).to_have_attribute("data-word", "unknown")
    expect(page.locator(f".doors [data-door='{DOOR}']")).to_contain_text("last heard: Parcel")


def erases(page: Page, base: str, code: str, refused: str) -> None:
    page.goto(f"{base}/console/residents")
    if page.get_by_role("button", name="Look", exact=True).count():
        page.get_by_role("button", name="Look", exact=True).press("Enter")
    page.get_by_role("link", name=HER).click()
    page.locator("#code").fill(code)
    page.get_by_role("button", name="Erase for good").press("Enter")
    if refused:
        expect(page.locator(".notice.is-danger").first).to_contain_text("It was not done")
        expect(page.locator(".notice.is-danger").first).to_contain_text(re.compile(refused))
    else:
        expect(page.locator(".notice.is-success")).to_contain_text("The resident is erased")


def nothing_of_her_is_shown(page: Page, base: str, its_page: str) -> None:
    for path in ("residents", "parcels", "parcels?state=gone", f"sites/{SITE}/1/{DOOR}", ""):
        page.goto(f"{base}/console/{path}".rstrip("/"))
        text = page.content().lower()
        assert HER.lower() not in text, path
        assert CONTACT not in text, path
    assert page.context.request.get(base + its_page).status == 404
