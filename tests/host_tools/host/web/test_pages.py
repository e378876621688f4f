"""What is answered by HTTP: whether the service lives, is ready and what it counts; and what is refused."""

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from host_tools.host.care import cases
from host_tools.host.connections.presence import LinkChange, Presence
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.servers import ALIVE_MS
from host_tools.host.web import http, metrics
from host_tools.host.web.app import Pages, app
from host_tools.host.web.guard import BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS, Guard
from host_tools.host.web.settings import Counted
from tests.kit.host_board import enrol
from tests.kit.letter_site import DOOR, START_MS, Site
from tests.kit.web_site import Served, raising


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with open_ledger(home) as ledger:
        yield Site(ledger)


class Service:
    """The pages of a ledger, at a time of the test's, and a server that says that it runs."""

    def __init__(self, ledger: Ledger, names: tuple[str, ...] = ()) -> None:
        self.presence = Presence(ledger, is_alone=True)
        self.at_ms = now_ms()  # PostgreSQL has a clock of its own
        self.pages = Pages(ledger.data, self.presence.id, lambda: self.at_ms)
        self.app = app(self.pages, names, raising)


@pytest.fixture
def service(site: Site) -> Iterator[Service]:
    service = Service(site.ledger)
    yield service
    service.pages.close()


def values(text: str) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_service_is_ready_while_its_server_says_that_it_runs(service: Service) -> None:
    with Served(service.app) as served:
        assert served.client.get("/livez").text == "alive\n"
        before = served.client.get("/readyz")
        assert (before.status_code, before.json()["ready"]) == (503, False)
        assert before.json()["reasons"] == ["the server has not said for 15 s that it runs"]
        service.presence.beat(service.at_ms, {})
        after = served.client.get("/readyz")
        assert (after.status_code, after.json()) == (200, {"ready": True, "reasons": []})


def test_a_server_whose_last_beat_is_too_old_is_not_ready(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        service = Service(ledger)
        service.presence.beat(service.at_ms, {})
        with Served(service.app) as served:
            service.at_ms += ALIVE_MS
            assert served.client.get("/readyz").status_code == 200
            service.at_ms += 1
            assert served.client.get("/readyz").status_code == 503
        service.pages.close()


def test_a_ledger_that_cannot_be_read_is_a_reason_and_the_rest_is_still_answered(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "nothing", "x")
    pages.counted = Counted(7, {})
    with Served(app(pages, (), raising)) as served:
        assert "cannot be read" in served.client.get("/readyz").json()["reasons"][0]
        assert str(tmp_path) not in served.client.get("/readyz").text
        found = values(served.client.get("/metrics").text)
        assert (found["ansim_ledger_up",], found["ansim_commits_total",]) == (0, 7)
        assert served.client.get("/livez").status_code == 200
    pages.close()


def test_what_is_counted_is_what_the_ledger_holds(site: Site, service: Service) -> None:
    board = site.board()
    service.presence.beat(service.at_ms, {board: LinkChange(True, service.at_ms)})
    site.boards[board].deposit(DOOR, site.serial(), 1)
    site.hear(board)
    service.pages.counted = Counted(3, {"damaged": 2})
    with Served(service.app) as served:
        found = values(served.client.get("/metrics").text)
        assert found["ansim_ledger_up",] == 1
        assert found["ansim_links", "mapo-3", "up"] == 1
        assert found["ansim_events_total",] == 3
        assert found["ansim_letters_waiting",] == 1
        assert found["ansim_letter_oldest_waiting_seconds",] == pytest.approx(
            (now_ms() - START_MS) / 1000, abs=60
        )
        assert found["ansim_commits_total",] == 3
        assert found["ansim_strangers_total", "damaged"] == 2
        assert found["ansim_server_start_time_seconds",] > 0
        site.letters()
        service.pages.counted = Counted(3, {"damaged": 2}, 1)
        service.at_ms += 2_000  # figures are kept for so long
        found = values(served.client.get("/metrics").text)
        assert (found["ansim_letters_waiting",], found["ansim_letters_handed_over_total",]) == (0, 1)
        assert found["ansim_letter_oldest_waiting_seconds",] == 0


def test_open_cases_are_counted_by_kind_and_a_kind_that_nobody_knows_is_no_label(
    site: Site, service: Service
) -> None:
    with site.ledger.writing() as connection:
        for key in ("1", "2"):
            cases.open_case(connection, "bell", key=key, at_ms=START_MS)
        ended = cases.open_case(connection, "tamper", key="3", at_ms=START_MS)
        cases.close(connection, ended, "Lee", "drill", START_MS)
        connection.execute(tables.case.insert().values(**_of_another_ansim(connection)))
    with Served(service.app) as served:
        found = values(served.client.get("/metrics").text)
    its = {name[1]: count for name, count in found.items() if name[0] == "ansim_cases_open"}
    assert its == {"bell": 2, "other": 1}


def _of_another_ansim(connection: Connection) -> dict[str, object]:
    row = connection.execute(tables.case.select().limit(1)).one()._asdict()
    return row | {"id": 99, "kind": "Kim Seo-yeon", "key": "4"}


def test_no_figure_names_a_person_and_there_are_not_more_labels_than_sites_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "SITES_MAX", 3)
    with open_ledger(tmp_path / "data") as ledger:
        for number in range(6):
            ledger.site(f"site-{number}")
            enrol(ledger, b"uid-%02d" % number, f"site-{number}")
        service = Service(ledger)
        with Served(service.app) as served:
            text = served.client.get("/metrics").text
        service.pages.close()
    sites = set(re.findall(r'site="([^"]*)"', text))
    assert sites == {"site-0", "site-1", "site-2", "other"}
    assert values(text)["ansim_links", "other", "never met"] == 3
    assert set(re.findall(r'(\w+)="', text)) <= {"site", "state", "kind", "channel", "version"}
    assert not re.search("duress|dispatch|silent", text, re.IGNORECASE)


def test_every_answer_says_that_nobody_keeps_or_frames_it_and_not_what_made_it(service: Service) -> None:
    with Served(service.app) as served:
        for path in ("/livez", "/readyz", "/metrics", "/nowhere"):
            answered = served.client.get(path)
            assert {name: answered.headers[name] for name in HEADERS} == HEADERS
            assert "server" not in answered.headers
        assert served.client.post("/livez").status_code == 405
        nowhere = served.client.get("/nowhere", headers={"Accept-Language": "ko"})
        assert (nowhere.status_code, "이 페이지는 없습니다" in nowhere.text) == (404, True)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("10.2.3.4:8080", 200),
        ("Ansim.Example", 200),
        ("ansim.example:443", 200),
        ("evil.example", 421),
        ("ansim.example.evil.example", 421),
        ("localhost.evil.example:8080", 421),
        ("", 421),
        ("127.0.0.1.evil.example", 421),
    ],
)
def test_a_name_that_is_not_this_hosts_is_refused(host: str, status: int, tmp_path: Path) -> None:
    pages = Pages(tmp_path, "x")
    with Served(app(pages, ("ansim.example",), raising)) as served:
        assert served.client.get("/livez", headers={"Host": host}).status_code == status
    pages.close()


def swallowing(tell: list[Exception]) -> ASGIApp:
    """A page that takes what it is sent, and one with a fault."""

    async def swallow(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def fail(_request: Request) -> PlainTextResponse:
        raise ValueError("seo-yeon@example.org")

    routes = [Route("/swallow", swallow, methods=["POST"]), Route("/fail", fail)]
    return Guard(Router(routes), (), tell.append)


def test_more_than_a_request_may_have_is_refused_however_it_is_announced() -> None:
    with Served(swallowing([])) as served:
        whole = bytes(BODY_BYTES_MAX)
        assert served.client.post("/swallow", content=whole).text == str(BODY_BYTES_MAX)
        assert served.client.post("/swallow", content=whole + b"x").status_code == 413
        chunks = iter([whole, b"x"])
        assert served.client.post("/swallow", content=chunks).status_code == 413
        assert served.client.post("/swallow", headers={"X-Long": "x" * HEAD_BYTES_MAX}).status_code == 431
        with served.connect() as line:
            line.sendall(b"GET /swallow HTTP/1.1\r\nX: " + b"x" * 40_000)
            assert b"400" in line.recv(100)


def test_a_fault_of_a_page_is_one_sentence_and_its_place_is_told() -> None:
    told: list[Exception] = []
    with Served(swallowing(told)) as served:
        answered = served.client.get("/fail")
        assert (answered.status_code, answered.text.count("\n")) == (500, 1)
        assert "seo-yeon" not in answered.text
        assert [type(error) for error in told] == [ValueError]


def test_a_client_that_sends_or_reads_slowly_is_let_go(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_EXCHANGE_S", 0.2)
    with Served(service.app) as served:
        for said in (
            b"",
            b"GET /livez HT",
            b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n",
        ):
            with served.connect() as line:
                line.sendall(said)
                try:
                    left = line.recv(1)
                except ConnectionResetError:
                    left = b""
                assert left == b""


def test_silent_clients_cannot_use_up_the_connections(service: Service) -> None:
    with Served(service.app) as served:
        silent = [served.connect() for _ in range(http.CONNECTIONS_MAX + 40)]
        assert served.client.get("/livez").status_code == 200
        assert len(served.connections) <= http.CONNECTIONS_MAX
        begun = [served.connect() for _ in range(http.CONNECTIONS_MAX + 40)]
        for line in begun:  # whose request never comes to its end
            line.sendall(b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n")
        with served.connect() as line:  # behind all of them
            line.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in line.recv(4096)
        assert len(served.connections) <= http.CONNECTIONS_MAX
        for line in silent + begun:
            line.close()


def test_what_two_ends_may_understand_differently_is_refused(service: Service) -> None:
    head = b"POST /livez HTTP/1.1\r\nHost: localhost\r\n"
    with Served(service.app) as served:
        for more in (
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            b"Content-Length: 4\r\nContent-Length: 5\r\n",
            b"Content-Length: +4\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"Host: evil.example\r\n",
        ):
            with served.connect() as line:
                line.sendall(head + more + b"\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                heard = read(line)
                assert heard.split()[1] == b"400", more
                assert heard.count(b"HTTP/1.1 ") == 1, "nothing behind it is looked at"


def read(line: socket.socket) -> bytes:
    """All that comes until the other end closes it."""
    heard = b""
    while some := line.recv(65_536):
        heard += some
    return heard


def test_a_body_that_breaks_off_is_no_fault_that_anybody_is_told_of() -> None:
    told: list[Exception] = []
    with Served(swallowing(told)) as served:
        for chunk in (b"ZZ\r\n", b"-1\r\n", b"5\r\nabcdefgh\r\n"):
            with served.connect() as line:
                line.sendall(
                    b"POST /swallow HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
                )
                assert read(line).startswith(b"HTTP/1.1 400 ")
        with served.connect() as line:
            line.sendall(b"GET /" + b"a" * HEAD_BYTES_MAX + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read(line).startswith(b"HTTP/1.1 431 ")
    assert told == []


def test_many_who_ask_at_once_are_told_the_same_look(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from host_tools.host.web import app as pages

    looks = []
    look = pages.figures
    monkeypatch.setattr(pages, "figures", lambda *arguments: looks.append(1) or look(*arguments))
    with Served(service.app) as served:
        threads = [threading.Thread(target=served.client.get, args=("/metrics",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(looks) == 1
