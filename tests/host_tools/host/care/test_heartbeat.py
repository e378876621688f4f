"""While the host lives somebody outside hears so; when it does not, somebody is called within 3 min."""

import asyncio
import importlib.util
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.host.care import heartbeat, kinds
from host_tools.host.care.heartbeat import Heartbeat
from tests.kit.cared_site import MINUTE_MS, CaredSite

EXAMPLE = Path(__file__).parents[4] / "docs" / "examples" / "outside_monitor.py"


def outside_monitor() -> ModuleType:
    spec = importlib.util.spec_from_file_location("outside_monitor", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MONITOR = outside_monitor()


class Receiver:
    """An HTTP server that counts what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.status, self.heard = 204, 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                receiver.heard += 1
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", receiver.url)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/beat"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


def beats(its: Heartbeat, site: CaredSite, url: str, times: int, *, is_moving: bool = True) -> list[bool]:
    async def go() -> list[bool]:
        heard = []
        for _ in range(times):
            heard.append(await its.beat(url, site.at_ms, is_moving=is_moving))
            site.at_ms += MINUTE_MS
        return heard

    return asyncio.run(go())


def test_a_beat_is_heard_while_the_server_moves_and_its_ledger_takes_what_is_written(
    site: CaredSite, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = Heartbeat(site.ledger, lambda _: None)
    assert beats(its, site, receiver.url, 2) == [True, True]
    assert beats(its, site, receiver.url, 2, is_moving=False) == [False, False]
    assert receiver.heard == 2

    def away(_at_ms: int) -> None:
        raise UserError("The ledger is away.")

    monkeypatch.setattr(its, "_prove", away)
    assert beats(its, site, receiver.url, 1) == [False]
    assert receiver.heard == 2


def test_a_monitor_that_does_not_hear_is_a_line_and_then_a_case_until_it_hears_again(
    site: CaredSite, receiver: Receiver
) -> None:
    said: list[str] = []
    its = Heartbeat(site.ledger, said.append)
    receiver.status = 302  # a redirect is not followed
    assert beats(its, site, receiver.url, 2) == [False, False]
    assert receiver.heard == 2
    assert said == ["the outside monitor was not reached: it answered 302"]
    assert site.cases() == []
    receiver.status = 500
    beats(its, site, receiver.url, 4)
    assert [one.kind for one in site.cases()] == [kinds.HEARTBEAT]
    receiver.status = 200
    assert beats(its, site, receiver.url, 1) == [True]
    assert site.cases() == []
    assert said[1:] == ["the outside monitor is reached again"]
    assert "127.0.0.1" not in str(said)


def test_the_address_is_a_line_of_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    assert heartbeat.url_of(tmp_path) is None
    path = tmp_path / heartbeat.FILE
    path.write_text("https://monitor.example.org/beat-1\n")
    path.chmod(0o644)
    with pytest.raises(UserError, match="chmod"):
        heartbeat.url_of(tmp_path)
    path.chmod(0o600)
    assert heartbeat.url_of(tmp_path) == "https://monitor.example.org/beat-1"
    path.write_text("monitor\n")
    with pytest.raises(UserError, match="holds no address"):
        heartbeat.url_of(tmp_path)


@given(st.lists(st.floats(1, 140), max_size=20), st.floats(0, 4.9))
def test_beats_call_nobody_and_their_end_calls_somebody_within_three_minutes(
    gaps: list[float], phase: float
) -> None:
    monitor, at_s = MONITOR.Monitor(0.0), 0.0
    for gap in gaps:
        look_s = at_s + phase
        at_s += gap
        while look_s < at_s:
            assert monitor.look(look_s) == ""
            look_s += MONITOR.LOOK_S
        monitor.beat(at_s)
    look_s, called = at_s + phase, []
    while look_s < at_s + 1000:
        if monitor.look(look_s):
            called.append(look_s - at_s)
        look_s += MONITOR.LOOK_S
    assert called[0] < 180
    assert len(called) == 3  # and again each five minutes
    monitor.beat(look_s)
    assert "is back" in monitor.look(look_s)
    assert monitor.look(look_s + 1) == ""


def test_the_monitor_hears_a_beat_at_its_path_and_no_other() -> None:
    monitor = MONITOR.Monitor(0.0)
    heard: list[float] = []
    monitor.beat = heard.append
    server = MONITOR.serve(monitor, ("127.0.0.1", 0), "/beat-7f3a")
    try:
        for path in ("/beat-7f3a", "/beat", "/"):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=10)
            except urllib.error.HTTPError as error:
                error.close()
    finally:
        server.shutdown()
        server.server_close()
    assert len(heard) == 1


def test_a_try_whose_program_is_missing_ends_with_1() -> None:
    command = [sys.executable, str(EXAMPLE), "--path", "/x", "--page", "/nowhere/call", "--try"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 1
    assert "Nobody was called" in ended.stderr
