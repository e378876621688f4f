"""A visitor plays the demonstration in a browser, and does only what its page says."""

import subprocess
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.kit import demo_page
from tests.kit.browser import browser, page_of, violations
from tests.kit.demo_page import Demo, Visitor
from tests.swift import ansim

PICTURE_BYTES_MAX = 150_000


def fetches_it(visitor: Visitor) -> None:
    """The resident's part: her letter, her page, her code at the keypad."""
    page = visitor.page
    with page.context.expect_page() as opened:
        visitor.letter.get_by_role("link").last.click()
    expect(opened.value.locator("main")).to_contain_text("demo")
    opened.value.get_by_role("button", name="code").first.click()
    keys = page.locator(".next-keys").inner_text()
    expect(opened.value.locator(".code").first).to_contain_text(keys[:2])
    opened.value.close()
    visitor.types(keys)
    visitor.does("take")
    visitor.does("close")
    visitor.is_told("courier")
    expect(page.locator("[data-parcel=yes]")).to_have_count(0)


def calls_for_help(visitor: Visitor) -> None:
    """The bell rings at the desk, whose console knows it too; an answer reaches the cabinet's screen."""
    page = visitor.page
    page.click("#bell")
    visitor.is_told("bell")
    expect(page.locator(".call.is-open")).to_have_attribute("data-kind", "bell")
    expect(page.locator("#glass")).to_contain_text("No answer")
    with page.context.expect_page() as opened:
        page.click("#console")
    expect(opened.value.locator(".card.is-alarm")).to_have_count(1)
    assert opened.value.url.endswith("/console")
    opened.value.close()
    page.click("[id^=answer-]")
    expect(page.locator("#glass")).to_contain_text("seen")
    expect(page.locator(".call")).to_have_attribute("data-state", "taken")


def is_cut_off_and_comes_back(visitor: Visitor) -> None:
    """Without its host the cabinet takes a parcel, and her letter comes when the host is there again."""
    page = visitor.page
    letters = page.locator(".letter").count()
    page.click("#world-away")
    expect(page.locator("#world-away")).to_contain_text("back")
    visitor.does("courier")
    visitor.does("ticket")
    visitor.is_told("size")
    page.click("#size-2")
    visitor.does("put")
    visitor.does("close")
    visitor.is_told("told")
    expect(page.locator(".letter")).to_have_count(letters)
    page.click("#world-away")
    visitor.is_told("code")


def is_nobody_elses(demo: Demo, page: Page) -> None:
    """No foreign page presses a key, also none whose name leads here; nothing shows it in a frame."""
    token = page.locator("input[name=form]").first.get_attribute("value")
    before = page.locator("#glass").inner_text()
    with httpx.Client(base_url=demo.address) as client:
        wishes = {"form": token or "", "do": "keys 1"}
        assert client.post("/", data={"do": "keys 1"}).status_code == 403
        assert client.post("/", data=wishes, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post("/", data=wishes, headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/desk", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post("/", data=wishes | {"do": "open the safe"}).status_code == 400
        assert "frame-ancestors 'none'" in client.get("/").headers["content-security-policy"]
    assert page.locator("#glass").inner_text() == before


def is_for_everybody(demo: Demo, chromium: Browser) -> None:
    """In each look and language, on a small screen, and without a script."""
    for theme, language in (("dark", "ko"), ("contrast", "en")):  # light English was looked at
        with page_of(chromium, demo.address, theme=theme, language=language, width=320) as page:
            page.goto("/")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, "nothing runs out"
    with page_of(chromium, demo.address, java_script_enabled=False) as page:
        page.goto("/")
        page.click("#bay-3")
        expect(page.locator("#bay-3")).to_have_attribute("aria-current", "true")
        page.click("#hand-push")
        page.click("#key-7")
        expect(page.locator("#glass")).to_contain_text("7")


def test_a_visitor_plays_a_parcels_life_and_a_call_for_help_by_clicks_alone(tmp_path: Path) -> None:
    with demo_page.demonstration(tmp_path) as demo, browser() as chromium:
        with page_of(chromium, demo.address, width=demo_page.WIDTH) as page:
            visitor = Visitor(page)
            visitor.comes()
            demo_page.sees_for_a_picture(visitor)
            picture = demo_page.PICTURE.read_bytes()
            anew = "the picture of the README is made anew by `python -m tests.demo_picture`"
            assert demo_page.is_near(demo_page.outline(page), demo_page.outline_of(picture)) == [], anew
            assert len(picture) < PICTURE_BYTES_MAX
            fetches_it(visitor)
            calls_for_help(visitor)
            assert violations(page) == []
            is_nobody_elses(demo, page)
            is_cut_off_and_comes_back(visitor)
        is_for_everybody(demo, chromium)
        port = demo.address.rpartition(":")[2].strip("/")
        refused = ansim("demo", "--web", port)
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert f"port {port}" in refused.stderr
        assert "--web 0" in refused.stderr
        assert "Nothing of it is left" in demo.interrupt()
    assert not list(tmp_path.glob("ansim-*"))
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in running if str(tmp_path).encode() in command]


def test_what_does_not_go_together_is_refused_in_one_sentence() -> None:
    command = [sys.executable, "-m", "host_tools", "demo"]
    for options in (["--once", "--web"], ["--once", "--language", "ko"]):
        ended = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 2
        assert ended.stderr.count("\n") == 1
