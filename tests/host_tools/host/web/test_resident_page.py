"""The page of a parcel, by the link of its letter: she finds her code and orders another one; nobody who only
holds her phone, stands beside her or guesses learns more than a letter tells.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.answers import finder
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import outbox
from host_tools.host.notify.outbox import Contact
from host_tools.host.notify.wording.templates import parse
from host_tools.host.notify.wording.texts import Texts
from host_tools.host.parcels import page_acts, tickets
from host_tools.host.people import links, residents, retention, spoken
from host_tools.host.people.changes import Wishes
from host_tools.host.web.app import Pages, app
from host_tools.host.web.questions import Answer, Question, Questions
from locker.contract import commands, records
from tests.kit.browser import LANGUAGES, THEMES, browser, page_of, violations
from tests.kit.host_board import Board, Host, Journal, enrol
from tests.kit.letter_site import DOOR, HELP, Paper, Site
from tests.kit.post import deliver
from tests.kit.web_site import Served, raising

BASE = "https://ansim.example"
LINK = re.compile(re.escape(BASE) + r"(/p/[A-Za-z0-9_-]{24})")
CODE = re.compile(r"(\d{4}) (\d{4}) · (?:extra|추가) (\d{4})")
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
MARKUP = "<script>alert(1)</script>"
PAGE_BYTES_MAX = 30_000


class Home:
    """A site with her parcel, its letter, and the pages at a time that the test says."""

    def __init__(
        self, data: Path, *, how: int | None = None, name: str = "Her", left_out: bool = False
    ) -> None:
        self.data, self.her = data, name
        self.ledger = open_ledger(data)
        self.site = Site(self.ledger)
        self.at_ms = self.site.heard_ms + HOUR_MS
        residents.add(self.ledger, name, "her@example.org", wishes=Wishes("ko", left_out, False))
        with self.ledger.writing() as connection:
            connection.execute(update(tables.site).values(help_number=HELP, zone="Asia/Seoul"))
        self.board = self.site.board()
        self.serial = tickets.issue(self.ledger, self.her, "mapo-3").serial
        self.journal = self.site.boards[self.board]
        self.journal.deposit(DOOR, self.serial, 1)
        self.site.hear(self.board)
        self.letter = self.letters()[0]
        self.path = LINK.findall(self.letter)[0]
        if how is not None:
            self.journal.pickup(DOOR, self.serial, 1, how)
            self.site.hear(self.board)
            self.letters()

    @property
    def token(self) -> str:
        return self.path.rpartition("/")[2]

    def letters(self) -> list[str]:
        sent = deliver(self.ledger, Paper(), base=BASE, clock=lambda: self.at_ms).sent
        return [one.text for one in sent if one.to == self.her]

    def collect(self) -> None:
        self.journal.pickup(DOOR, self.serial, 1)
        self.site.hear(self.board)
        self.letters()

    def cases(self, kind: str) -> list[int]:
        with self.ledger.reading() as connection:
            case = tables.case.c
            return list(connection.scalars(select(case.times).where(case.kind == kind)))

    @contextmanager
    def served(self) -> Iterator[Served]:
        """The pages, with the server's answers."""
        find = finder(self.ledger, lambda: self.at_ms)

        def say(line: bytes) -> None:
            question = Question.of(line)
            try:
                answer = Answer(question.number, dict(find(question.what, question.given)))
            except UserError as refused:
                answer = Answer(question.number, None, str(refused), refused.code)
            questions.hear(answer.line())

        questions = Questions(say)
        pages = Pages(self.data, "none", lambda: self.at_ms, questions=questions)
        with Served(app(pages, (), raising)) as served:
            yield served
        pages.close()
        self.ledger.close()


def press(served: Served, path: str, act: str, **more: str):
    return served.client.post(path, data={"act": act, **more})


def digits_of(page: Page) -> str:
    """The code as a voice reads it, without the number of the door and the key."""
    read = page.locator(".code .only-read").all_text_contents()
    return "".join(char for part in read[1:] for char in part if char.isdigit())


def test_she_finds_her_code_in_hangul_without_a_script_and_orders_a_new_one(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        enrolled = enrol(ledger)
        residents.add(ledger, "Her", "her@example.org", wishes=Wishes("ko", False, False))
        serial = tickets.issue(ledger, "Her", "mapo-3").serial
    web = ("--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--web-name", "ansim.example")
    with Host(tmp_path, *web) as host, browser() as chromium:
        port = host.wait_for("web listening")["port"]
        with Board(enrolled, Journal()) as board:
            board.connect(host.address)
            board.journal.deposit(DOOR, serial, 1)
            board.meet()
            board.send_all()
            host.wait_for("message sent", detail="deposited")
            letter = _letters(tmp_path)[0]
            path, code = LINK.findall(letter)[0], "".join(CODE.findall(letter)[0])
            shown = {"width": 320, "language": "ko", "java_script_enabled": False}
            with page_of(chromium, f"http://127.0.0.1:{port}", **shown) as page:
                page.goto(path)
                page.get_by_role("button", name="인증번호 보기").click()
                assert digits_of(page) == code
                page.get_by_role("link", name="첫 화면으로").click()
                page.get_by_role("button", name="인증번호 바꾸기").click()
                page.get_by_role("heading", name="새 인증번호를 요청했습니다").wait_for()
                order = board.order()
                while order.kind != commands.REISSUE:
                    board.carry_out(order)
                    board.send_all()
                    order = board.order()
                board.carry_out(order)
                board.send_all()
                host.wait_for("message sent", detail="new code")
                new = _letters(tmp_path)[-1]
                assert LINK.findall(new) == [path], "the same link in each letter"
                page.goto(path)
                page.get_by_role("button", name="인증번호 보기").click()
                assert digits_of(page) == "".join(CODE.findall(new)[0]) != code
                assert "인증번호가 바뀌었습니다" in page.goto(path).text()
    said = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.name != "messages.jsonl")
    assert path.rpartition("/")[2].encode() not in said + host.output, "no token rests anywhere"
    with open_ledger(tmp_path) as ledger:
        assert [(row.act, row.os_user) for row in audit.listing(ledger) if "page" in row.os_user] == [
            ("page code", "the parcel's page")
        ]
        assert not [verdict for verdict in audit.verify(ledger) if verdict.wrong]


def _letters(data: Path) -> list[str]:
    lines = (data / "messages.jsonl").read_text().splitlines()
    return [told["text"] for told in map(json.loads, filter(None, lines)) if told["to"] == "Her"]


def test_what_a_preview_fetches_holds_no_digit_of_the_code_and_is_kept_by_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.served() as served:
        code = CODE.findall(home.letter)[0]
        for _ in range(2):
            got = served.client.get(home.path)
            assert got.status_code == 200
            assert not [part for part in code if part in got.text]
            assert home.her not in got.text
        assert '<html lang="ko"' in got.text, "her language, whatever the browser says"
        assert 'class="is-large"' in got.text
        assert (got.headers["cache-control"], got.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "<title>안내</title>" in got.text
        shown = press(served, home.path, "code")
        assert [" ".join(part) for part in code] != []
        assert all(part in shown.text for part in code)
        assert shown.headers["cache-control"] == "no-store"
        assets = re.findall(r'(?:href|src)="(/static/[^"#]+)', got.text)
        size = len(got.content) + sum(len(served.client.get(one).content) for one in {*assets})
        assert size < PAGE_BYTES_MAX, size
    with open_ledger(tmp_path) as ledger, ledger.reading() as connection:
        kept = repr(connection.execute(select(tables.parcel_link)).all())
        assert home.token not in kept


def test_under_duress_her_page_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    found = []
    for how in (records.BY_CODE, records.BY_DURESS):
        home = Home(tmp_path / str(how), how=how)
        with home.served() as served:
            pressed = [press(served, home.path, act) for act in ("code", "afraid", "stuck")]
            got = [served.client.get(home.path), *pressed]
            texts = [one.text.replace(home.token, "TOKEN") for one in got]
            found.append([[(one.status_code, sorted(one.headers)) for one in got], *texts])
    assert found[0] == found[1]
    assert "인증번호로 문이 열렸습니다" in found[0][1]


def test_a_link_after_its_time_and_a_guessed_one_get_the_same_page(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.served() as served:
        none = served.client.get("/p/" + "A" * 24)
        assert none.status_code == 404
        home.collect()
        home.at_ms = home.site.heard_ms + links.KEPT_MS - MINUTE_MS
        assert served.client.get(home.path).status_code == 200
        assert press(served, home.path, "code").headers["location"] == home.path, "it shows no code any more"
        assert press(served, home.path, "new").status_code == 303
        home.at_ms = home.site.heard_ms + links.KEPT_MS - MINUTE_MS
        home.at_ms = home.site.heard_ms + links.KEPT_MS + MINUTE_MS
        over = [press(served, home.path, act) for act in ("code", "new", "afraid")]
        over += [served.client.get(f"/p/{word}") for word in ("x", "%3Cscript%3E", "A" * 400, "가" * 8)]
        for one in (served.client.get(home.path), *over):
            assert (one.status_code, one.content) == (404, none.content)
        retention.apply(home.ledger, (), home.at_ms)
        home.at_ms = home.site.heard_ms
        assert served.client.get(home.path).status_code == 404, "the ledger knows the link no more"


def test_staff_hear_once_an_hour_what_is_wrong_and_another_code_is_ordered_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.served() as served:
        for _ in range(3):
            assert HELP in press(served, home.path, "stuck").text
            assert "내 택배가 아니라고" in press(served, home.path, "not mine").text
        assert (home.cases("says stuck"), home.cases("not hers")) == ([1], [1])
        home.at_ms += page_acts.CASE_MS + 1
        press(served, home.path, "stuck")
        assert home.cases("says stuck") == [2]
        said = [press(served, home.path, "new").text for _ in range(3)]
        assert ["이미" in text for text in said] == [False, True, True]
        with home.ledger.reading() as connection:
            kinds = list(connection.scalars(select(tables.command.c.kind)))
        assert kinds.count(commands.REISSUE) == 1
        afraid = press(served, home.path, "afraid").text
        assert all(f'href="tel:{number}"' in afraid for number in ("112", "119", HELP))
        assert press(served, home.path, "sell it").headers["location"] == home.path


def test_who_left_the_code_out_of_messages_is_asked_for_digits_and_guesses_are_slowed(tmp_path: Path) -> None:
    home = Home(tmp_path, left_out=True)
    assert not CODE.search(home.letter)
    with home.served() as served:
        assert "숫자 보내기" in press(served, home.path, "code").text
        for _ in range(2):
            assert "메시지를 확인하세요" in press(served, home.path, "digits").text
        told = home.letters()
        assert len(told) == 1, "digits go out once"
        digits = re.findall(r"\b\d{6}\b", told[0])[0]
        assert home.path not in told[0]
        wrong = f"{(int(digits) + 1) % 10**6:06d}"
        assert press(served, home.path, "code", digits=wrong).status_code == 403
        shown = press(served, home.path, "code", digits=f"{digits[:3]} {digits[3:]}")
        assert (shown.status_code, "이어서 이 8자리를" in shown.text) == (200, True)
        home.at_ms += 16 * MINUTE_MS
        assert "숫자 보내기" in press(served, home.path, "code").text, "they have ended"
        press(served, home.path, "digits")
        tried = [press(served, home.path, "code", digits=wrong).status_code for _ in range(6)]
        assert tried[-1] == 429, "whoever guesses waits"
        with home.ledger.reading() as connection:
            asked = connection.execute(select(tables.parcel_link)).one()
        assert (
            spoken.page_digits_of(home.ledger.vault, asked.parcel, asked.digits_ms)
            not in served.client.get(home.path).text
        )


def test_a_link_that_was_put_into_the_ledger_by_hand_opens_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    forged = "F" * 24
    with home.ledger.writing() as connection:
        connection.execute(update(tables.parcel_link).values(hash=links._digest(forged)))
    with home.served() as served:
        assert served.client.get(f"/p/{forged}").status_code == 200
        assert press(served, f"/p/{forged}", "code").headers["location"] == f"/p/{forged}"


def test_a_contact_that_is_not_confirmed_gets_no_link_and_a_host_without_a_name_sends_none(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    with home.ledger.reading() as connection:
        rows = connection.scalars(select(tables.outbox.c.sequence).where(tables.outbox.c.kind == "deposited"))
        letter = next(iter(outbox.letters(connection, rows.all()).values()))
    texts = Texts({("", "ko"): {("resident", "look", "text"): parse("메시지를 보세요[: {link}]")}}, ())
    for base, is_whole in ((BASE, True), (BASE, False), ("", True)):
        maker = outbox.Maker(home.ledger, [letter], base)
        maker._texts = texts
        made = maker.made(letter, Contact(1, "her@example.org", is_whole))
        assert made is not None
        assert (home.path in made.text) == (bool(base) and is_whole)
    home.ledger.close()


@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_her_page_is_for_everybody_in_every_look_and_language(tmp_path: Path, is_whole: bool) -> None:
    """Each of its states once, in turn in each look; all in all when it is looked at whole."""
    home = Home(tmp_path, name=f"Kim {MARKUP[:40]}"[:40], left_out=False)
    with home.ledger.writing() as connection:
        connection.execute(update(tables.site).values(name=MARKUP, language="en"))
        connection.execute(update(tables.resident).values(language=""))
    with home.served() as served, browser() as chromium:
        base = str(served.client.base_url)
        acts = (None, "code", "new", "stuck", "afraid", None)
        for turn, (theme, language) in enumerate(product(THEMES, LANGUAGES)):
            with page_of(chromium, base, theme=theme, language=language, width=320) as page:
                for act in acts[:-1] if is_whole else (acts[turn],):
                    page.goto(home.path)
                    if act is not None:
                        page.locator(f"button[value='{act}']").click()
                        page.locator("main").wait_for()
                    assert violations(page) == [], act
                    assert page.evaluate("document.documentElement.scrollWidth") <= 320, act
                    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 20
                    page.goto(home.path)
                    assert MARKUP in page.locator("bdi").first.text_content(), (
                        "a name is a word, and no markup"
                    )
        shots = {"width": 640, "language": "ko", "theme": "light"}
        with page_of(chromium, base, **shots, device_scale_factor=2) as page:
            page.goto(home.path)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate("document.documentElement.scrollWidth") <= 640, "at 200 %"
            page.evaluate("document.documentElement.style.fontSize = ''")
            page.get_by_role("button", name="인증번호 보기").click()
            code = CODE.findall(home.letter)[0]
            page.emulate_media(media="print")
            assert not [part for part in code if part in page.locator("body").inner_text()], "never printed"
            page.emulate_media(media="screen")
            assert code[0] in page.locator("body").inner_text()
            page.get_by_role("link", name="이 화면 나가기").click()
            page.get_by_role("heading", name="오늘").wait_for()
            page.go_back(wait_until="commit")
            assert not [part for part in code if part in page.content()], "Back shows no code"
