"""A real server, boards with the firmware's own session, real sockets and serial lines."""

import json
import os
import re
import signal
import socket
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from host_tools.link import messages
from locker.contract import commands, records
from tests.kit import post
from tests.kit.host_board import PATIENCE_S, Board, Host, Journal, enrol
from tests.swift import ansim


class Place:
    """A data folder with a resident, and boards as they are asked for."""

    def __init__(self, data: Path, ledger: Ledger) -> None:
        self.data = data
        self.ledger = ledger
        self._boards: list[Board] = []

    def board(self, number: int = 1, journal: Journal | None = None) -> Board:
        """A new board, enrolled."""
        return self.another(enrol(self.ledger, b"uid-%02d" % number), journal)

    def another(self, enrolled: Enrolment, journal: Journal | None = None) -> Board:
        """One more thing that holds the identity of a board."""
        self._boards.append(Board(enrolled, journal))
        return self._boards[-1]

    def close(self) -> None:
        for board in self._boards:
            board.close()

    def serial(self) -> int:
        return tickets.issue(self.ledger, "Kim Seo-yeon").serial

    def messages(self) -> list[dict]:
        return [json.loads(line) for line in (self.data / "messages.jsonl").read_text().splitlines()]


@pytest.fixture
def place(home: Path) -> Iterator[Place]:
    with open_ledger(home) as ledger:
        ledger.site("mapo-3")
        residents.add(ledger, "Kim Seo-yeon", "kim@example.org")
        place = Place(home, ledger)
        yield place
        place.close()


def test_a_parcels_life_over_tcp(place: Place) -> None:
    board = place.board()
    with Host(place.data) as host:
        board.connect(host.address)
        assert board.meet() == 0
        serial = place.serial()
        board.journal.deposit(7, serial, 1)
        board.send_all()
        host.wait_for("message sent", detail="deposited")
        assert [(p.door, p.state, p.resident) for p in parcels.listing(place.ledger)] == [
            (7, "waiting", "Kim Seo-yeon")
        ]
        board.journal.pickup(7, serial, 1)
        board.send_all()
        host.wait_for("message sent", detail="opened")
        assert [p.state for p in parcels.listing(place.ledger)] == ["collected"]
        assert [message["kind"] for message in place.messages()] == ["deposited", "opened"]
        assert host.end() == 0
    assert b"Kim" not in host.output
    code = re.search(r"door 07 · (\d{4}) (\d{4}) · extra (\d{4})", place.messages()[0]["text"])
    assert code
    assert not [
        part
        for part in code.groups()
        if part.encode() in re.sub(rb'"(at|id|detail|port)": [^,}]*', b"", host.output)
    ]


def test_an_acknowledged_event_is_on_the_disk_when_the_host_is_killed_at_that_instant(place: Place) -> None:
    board = place.board()
    with Host(place.data) as host:
        board.connect(host.address)
        board.meet()
        board.journal.deposit(7, place.serial(), 1)
        board.send_all()
        host.process.kill()
    assert len(parcels.listing(place.ledger)) == 1


def test_a_board_is_heard_over_a_serial_line_and_again_after_the_adapter_was_pulled(
    place: Place, tmp_path: Path
) -> None:
    port = tmp_path / "adapter"
    board = place.board()

    def plug() -> tuple[int, int]:
        ours, theirs = os.openpty()
        tty.setraw(ours)
        tty.setraw(theirs)
        port.unlink(missing_ok=True)
        port.symlink_to(os.ttyname(theirs))
        return ours, theirs

    ours, theirs = plug()
    with Host(place.data, "--listen", "none", "--serial", str(port)) as host:
        assert host.wait_for("listening")["port"] == str(port)
        board.attach(ours)
        board.meet()
        board.journal.deposit(7, place.serial(), 1)
        os.write(ours, b"line noise\x00\x07\xff\x00more")  # a frame cut short spoils the next one at most
        board.write(b"\x00")
        board.send_all()
        os.close(ours)
        os.close(theirs)
        host.wait_for("serial port lost")
        host.wait_for("link down")
        ours, theirs = plug()
        board.attach(ours)
        board.journal.add(records.BELL_RUNG)
        board.meet()
        board.send_all()
        host.wait_for("alarm", alarm="bell")
        assert host.end() == 0
    os.close(ours)
    os.close(theirs)
    assert len(parcels.listing(place.ledger)) == 1


def test_many_boards_are_answered_and_none_hears_the_others(place: Place) -> None:
    boards = [place.board(number, Journal(100 + number)) for number in range(1, 13)]
    with Host(place.data) as host:
        for number, board in enumerate(boards, 1):
            board.connect(host.address)
            board.meet()
            board.journal.deposit(number, place.serial(), 1)
        for board in boards:
            board.say(messages.Events(board.journal.events))
        for board in boards:
            board.send_all()
        assert host.end() == 0
    assert sorted((p.cabinet, p.door) for p in parcels.listing(place.ledger)) == [
        (number, number) for number in range(1, 13)
    ]


def test_a_stranger_who_repeats_all_that_a_board_ever_said_gets_nothing_and_disturbs_nobody(
    place: Place,
) -> None:
    board = place.board()
    with Host(place.data) as host:
        board.connect(host.address)
        board.meet()
        board.journal.deposit(7, place.serial(), 1)
        board.send_all()
        heard = host.wait_for("link up")
        for _ in range(3):
            stranger = socket.create_connection(host.address, timeout=PATIENCE_S)
            for frame in board.sent:
                stranger.sendall(frame)
            stranger.sendall(os.urandom(5000) + b"\x00")
            # The board's own connection is still the board's.
            assert board.ask(messages.Status(100, 4, 0, 0)) == 3
            stranger.close()
        board.journal.pickup(7, 0, 1)
        board.send_all()
        assert host.end() == 0
    assert [told for told in host.told if told["event"] == "link up"] == [heard]
    assert len([told for told in host.told if told["event"] == "deposited"]) == 1


def test_a_board_that_connects_anew_takes_its_link_along(place: Place) -> None:
    enrolled = enrol(place.ledger)
    first, second = place.another(enrolled), place.another(enrolled)
    with Host(place.data) as host:
        first.connect(host.address)
        first.meet()
        second.connect(host.address)
        second.meet()
        second.journal.deposit(7, place.serial(), 1)
        second.send_all()
        with pytest.raises(ConnectionError):
            first.ask(messages.Status(100, 4, 0, 0))
        assert host.end() == 0


def test_silent_strangers_cannot_use_up_the_doors_of_the_house(place: Place) -> None:
    board = place.board()
    with Host(place.data) as host:
        strangers = [socket.create_connection(host.address, timeout=PATIENCE_S) for _ in range(300)]
        board.connect(host.address)
        board.meet()
        board.journal.deposit(7, place.serial(), 1)
        board.send_all()
        assert strangers[0].recv(1) == b""  # the oldest had to go
        assert host.end() == 0
        for stranger in strangers:
            stranger.close()


def test_an_unknown_board_is_not_answered_until_it_is_enrolled_while_the_host_runs(place: Place) -> None:
    with Host(place.data) as host:
        host.wait_for("listening")
        board = place.board(2)
        board.connect(host.address)
        assert board.meet() == 0
        assert host.end() == 0


def test_a_journal_older_than_the_ledger_is_told_where_to_go_on_and_gets_its_parcels_back_by_orders(
    place: Place,
) -> None:
    enrolled = enrol(place.ledger)
    with Host(place.data) as host:
        board = place.another(enrolled)
        board.connect(host.address)
        board.meet()
        serial = place.serial()
        board.journal.deposit(7, serial, 1)
        board.send_all()
        restored = place.another(enrolled)
        restored.journal.events = board.journal.events[:1]
        restored.connect(host.address)
        restored.greet()
        assert restored.ask(restored.report()) == 0  # it tells again what it has not heard to be held
        # So that no number is given out twice.
        assert restored.ask(messages.Events(restored.journal.events)) == len(board.journal.events)
        restored.journal.events = list(board.journal.events)
        restored.journal.add(records.JOURNAL_DOUBT, a=records.DOUBT_BEHIND)
        restored.send_all()
        assert "restored from an older image" in host.wait_for("out of step")["detail"]
        wanted = [
            (commands.SETTLE, 7, 1),
            (commands.BEGIN_EPOCH, 0, 2 | 1 << 18),
            (commands.ADOPT, 7, serial),
        ]
        for number, (kind, door, a) in enumerate(wanted, 1):
            order = restored.order()
            assert (order.number, order.kind, order.door, order.a) == (number, kind, door, a)
            restored.carry_out(order)
            restored.send_all()
        host.wait_for("message sent", detail="new code")
        assert host.end() == 0
    assert [told["alarm"] for told in host.told if told["event"] == "alarm"] == ["journal"]
    assert [(p.door, p.counter, p.serial, p.state) for p in parcels.listing(place.ledger)] == [
        (7, 1, serial, "waiting")
    ]


def test_a_board_with_an_older_journal_goes_on_behind_the_ledger(place: Place) -> None:
    enrolled = enrol(place.ledger)
    with Host(place.data) as host:
        board = place.another(enrolled)
        board.connect(host.address)
        board.meet()
        board.journal.deposit(7, place.serial(), 1)
        board.send_all()
        restored = place.another(enrolled)
        restored.connect(host.address)
        held = restored.meet()
        host.wait_for("out of step")
        restored.journal.events = board.journal.events[:held]
        restored.journal.add(records.JOURNAL_DOUBT, a=records.DOUBT_BEHIND)
        assert restored.meet() == held
        restored.send_all()
        told = host.wait_for("alarm", alarm="journal")
        assert told["number"] == held + 1
        assert host.end() == 0


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_run(place: Place) -> None:
    board = place.board()
    with Host(place.data, "--listen", "127.0.0.1:0", "--notify", "console") as host:
        board.connect(host.address)
        board.meet()
        board.journal.deposit(7, place.serial(), 1)
        board.send_all()
        told = host.wait_for("message", to="Kim Seo-yeon")
        assert "door 07 · " in told["detail"]
        host.wait_for("message sent")
        assert host.end(signal.SIGINT) == 0
    post.forget(place.ledger)
    with Host(place.data) as host:
        assert host.wait_for("message sent", detail="deposited")
        assert host.end() == 0
    assert len(place.messages()) == 1


def test_the_end_leaves_nothing_behind(place: Place) -> None:
    place.ledger.close()
    with Host(place.data) as host:
        host.wait_for("listening")
        assert host.end() == 0
    left = {path.name for path in place.data.iterdir()} - {"ledger.db", "database.url"}
    assert left == {"dispatcher.jsonl", "host.key", "messages.jsonl", "pages.jsonl", "serve.lock"}


def test_two_servers_do_not_share_a_folder_nor_a_port(place: Place, tmp_path: Path) -> None:
    with Host(place.data) as host:
        address = "{}:{}".format(*host.address)
        second = ansim("serve", "--data", str(place.data), "--listen", "127.0.0.1:0")
        assert (second.returncode, second.stdout) == (1, "")
        assert "Another `ansim serve` uses" in second.stderr
        third = ansim("serve", "--data", str(tmp_path / "other"), "--listen", address)
        assert (third.returncode, third.stdout) == (1, "")
        assert f"Cannot listen on {address}" in third.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (("--serial", "/dev/null"), 1, "cannot be opened as a serial port"),
        (("--listen", "nowhere"), 2, "give ADDR:PORT"),
        (("--listen", "127.0.0.1:99999"), 2, "give ADDR:PORT"),
        (("--listen", "192.0.2.1:26746"), 1, "Cannot listen on"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(
    place: Place, arguments: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    ended = ansim("serve", "--data", str(place.data), *arguments)
    assert ended.returncode == exit_code
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_busy_serial_port_is_said_to_be_busy_and_waited_for(place: Place, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    port = os.ttyname(theirs)
    with Host(place.data, "--listen", "none", "--serial", port) as host:
        host.wait_for("listening")
        open_ledger(tmp_path / "other").close()
        with Host(tmp_path / "other", "--listen", "none", "--serial", port) as other:
            assert "in use by another program" in other.wait_for("serial port waits")["detail"]
            assert host.end() == 0
            assert other.wait_for("listening")["port"] == port
            assert other.end() == 0
    os.close(ours)
    os.close(theirs)
