"""Strangers at the port: boards come first, each stranger has little, no address has more for having many;
their words are counted.
"""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.host.connections import tally as counting
from host_tools.host.connections.carriers import SerialCarrier, TcpCarrier
from host_tools.host.connections.links import Links
from host_tools.host.connections.tally import Tally
from host_tools.host.connections.turnstile import BURST_S, SHARE, Turnstile, source_of
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.lines import Lines
from host_tools.host.postman import Desk
from host_tools.host.server import Server
from host_tools.link.messages import typed
from locker.wire.frame import REFUSAL, VERSION, Decoder, encode, kind_of
from tests.kit.flooded import Port, port
from tests.kit.floods import (
    empty_frames_on_32,
    forged_hello,
    greeted_and_closed,
    hello_on_64,
    opened_and_closed,
    other_versions,
)
from tests.kit.host_board import Board, InHand, enrol
from tests.kit.occurrences import into

ALIAS = b"\x01\x02\x03\x04"


# In which order


def test_each_address_has_a_turn_before_any_has_a_second_one() -> None:
    turnstile: Turnstile[str] = Turnstile()
    for number in range(50):
        turnstile.come(f"flood {number}", "10.0.0.1", 0)
    turnstile.come("board", "10.0.0.2", 0)
    assert [turnstile.next(0.0) for _ in range(2)] == ["flood 0", "board"]


def test_of_one_address_those_that_have_just_come_are_first_and_the_others_are_not_forgotten() -> None:
    turnstile: Turnstile[str] = Turnstile()
    for number in range(50):
        turnstile.come(f"flood {number}", "10.0.0.1", 9)
    for number in range(7):
        turnstile.come(f"board {number}", "10.0.0.1", number % 3)
    turns = [turnstile.next(0.0) for _ in range(9)]
    assert turns[:3] == ["board 0", "board 1", "board 2"]
    assert [turn for turn in turns if turn and turn.startswith("flood")] == ["flood 0", "flood 1"]


@given(costs=st.lists(st.floats(0.00001, 0.01), min_size=20, max_size=200))
def test_whatever_strangers_cost_they_have_no_more_than_their_share_of_the_time(costs: list[float]) -> None:
    turnstile: Turnstile[int] = Turnstile()
    now_s = spent_s = 0.0
    for cost in costs:
        turnstile.come(0, "10.0.0.1", 5)
        while turnstile.next(now_s) is None:
            wait_s = turnstile.wait_s()
            assert wait_s is not None
            now_s += max(wait_s, 1e-6)
        assert spent_s <= BURST_S + now_s * SHARE + 1e-9
        turnstile.spent(cost)
        spent_s += cost
        now_s += cost
    assert turnstile.wait_s() is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("no address", "no address", True),
    ],
)
def test_an_address_is_what_one_customer_has(one: str, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same


# How much


class Ends:
    """A connection: the host's carrier, what it heard, and the other end."""

    def __init__(self, is_ours: Callable[[bytes], bool] = lambda payload: False) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.theirs = socket.create_connection(listening.getsockname())
        ours, peer = listening.accept()
        listening.close()
        self.heard: list[bytes] = []
        self.ended = False

        def hear(carrier: object, payload: bytes) -> bool:
            self.heard.append(payload)
            self.carrier.verified |= is_ours(payload) and kind_of(payload) != 0
            return is_ours(payload)

        self.carrier = TcpCarrier(ours, peer, hear, lambda carrier: None, self._end)

    def _end(self, carrier: TcpCarrier) -> None:
        self.ended = True

    def close(self) -> None:
        self.carrier.close()
        self.theirs.close()


def with_ends(act: Callable[[Ends], None], is_ours: Callable[[bytes], bool] = lambda payload: False) -> None:
    async def run() -> None:
        ends = Ends(is_ours)
        act(ends)
        ends.close()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_a_turn_of_a_stranger_looks_at_one_of_its_seals() -> None:
    def act(ends: Ends) -> None:
        ends.theirs.sendall(b"".join(forged_hello(ALIAS) for _ in range(1000)))
        for turn in range(1, 6):
            ends.carrier.turn()
            assert len(ends.heard) <= turn

    with_ends(act)


def test_a_board_that_has_proved_itself_is_heard_out_at_once() -> None:
    def act(ends: Ends) -> None:
        first = encode(bytes((VERSION << 4 | 9,)) + ALIAS + bytes(30))
        ends.theirs.sendall(first * 3)
        ends.carrier.turn()
        assert ends.carrier.verified
        assert len(ends.heard) == 3

    with_ends(act, is_ours=lambda payload: True)


def test_a_board_whose_connection_brings_only_rubbish_is_a_stranger_again_and_stays_connected() -> None:
    def act(ends: Ends) -> None:
        ends.carrier.verified = True
        ends.theirs.sendall(forged_hello(ALIAS) * 200)
        for _ in range(3):
            ends.carrier._readable()
        assert not ends.carrier.verified
        assert not ends.ended
        assert len(ends.heard) < 200

    with_ends(act)


def test_an_old_greeting_proves_nothing_however_often_it_is_repeated() -> None:
    def act(ends: Ends) -> None:
        ends.theirs.sendall(forged_hello(ALIAS) * 200)
        ends.carrier.turn()
        assert (ends.carrier.verified, ends.carrier.greeted, len(ends.heard)) == (False, ALIAS, 1)

    with_ends(act, is_ours=lambda payload: True)


def test_a_peer_that_does_not_read_is_cut_off() -> None:
    def act(ends: Ends) -> None:
        for _ in range(100):
            ends.carrier.write(bytes(100_000))
        asyncio.get_running_loop().call_soon(lambda: None)
        assert ends.carrier._line is None

    with_ends(act)


def test_a_serial_line_full_of_forged_greetings_costs_no_more_than_a_slow_one_can_carry() -> None:
    async def run() -> int:
        heard = []

        def hear(_carrier: object, payload: bytes) -> bool:
            heard.append(payload)
            return False

        line = SerialCarrier("nowhere", 4_000_000, hear, lambda port, reason: None)
        line._take(b"".join(forged_hello(ALIAS) for _ in range(5000)))
        return len(heard)

    assert asyncio.run(run()) <= 100


# What is told


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield ledger


def test_an_hour_of_strangers_words_is_a_line_a_minute_for_each_kind(ledger: Ledger) -> None:
    alias = enrol(ledger).alias
    told: list[dict] = []
    tally = Tally(into(told))
    links = Links(ledger, into(told), tally)
    for second in range(3600):
        for version in (0, 2, 3, 15, 2):
            assert links.hear(InHand(), bytes((version << 4 | REFUSAL,)) + alias + bytes(24), second) is None
        assert links.hear(InHand(), bytes((VERSION << 4,)) + alias + os.urandom(24), second) is None
        assert links.hear(InHand(), bytes((VERSION << 4,)) + os.urandom(4) + bytes(24), second) is None
        tally.count(counting.OVERFLOW, 7)
        tally.count(counting.TURNED_AWAY)
        tally.count(counting.DAMAGED, 9)
        tally.tick(second)
    kinds = Counter(one["kind"] for one in told)
    assert set(kinds) == {
        counting.VERSION,
        counting.UNSEALED,
        counting.UNKNOWN,
        counting.OVERFLOW,
        counting.TURNED_AWAY,
        counting.DAMAGED,
    }
    assert set(kinds.values()) == {60}
    of_versions = [one["detail"] for one in told if one["kind"] == counting.VERSION]
    assert sum(int(detail.split()[0]) for detail in of_versions) + 59 * 5 == 3600 * 5, "none is forgotten"
    assert "cabinet 1 of mapo-3" in of_versions[0]


def test_the_first_of_them_is_told_at_once_and_silence_is_silent() -> None:
    told: list[dict] = []
    tally = Tally(into(told))
    tally.tick(0.0)
    tally.count(counting.DAMAGED, 0)
    tally.tick(1.0)
    assert told == []
    tally.count(counting.DAMAGED)
    tally.tick(2.0)
    assert len(told) == 1


def test_a_board_that_says_more_than_boards_do_takes_no_place_from_others(
    ledger: Ledger, tmp_path: Path
) -> None:
    loud, quiet = Board(enrol(ledger, b"uid-01")), Board(enrol(ledger, b"uid-02"))

    async def run() -> Counter[int]:
        notifier = FileNotifier(tmp_path / "messages")
        server = Server(ledger, Lines.single(notifier), lambda told: None, Desk(notifier))

        def hear(frame: bytes) -> bytes:
            carrier = InHand()
            server._hear(carrier, *Decoder().feed(frame))
            return b"".join(carrier.frames)

        for board in (loud, quiet):
            board.session.start(0)
            board.session.step(0)
            for payload in Decoder().feed(hear(board.session.outgoing() or b"")):
                board.session.accept(payload, 0)
        for _ in range(20_000):
            hear(loud.session.seal(typed(loud.report())))
        hear(quiet.session.seal(typed(quiet.report())))
        await notifier.close()
        return Counter(said.cabinet for _, said in server._said)

    waiting = asyncio.run(run())
    assert waiting[1] <= 16
    assert waiting[2] == 1


def test_of_many_cabinets_that_speak_another_version_a_few_are_named(ledger: Ledger) -> None:
    told: list[dict] = []
    tally = Tally(into(told))
    links = Links(ledger, into(told), tally)
    for number in range(1, 20):
        links.hear(
            InHand(), bytes((3 << 4,)) + enrol(ledger, b"uid-%02d" % number).alias + bytes(24), 10.0 * number
        )
    tally.tick(1.0)
    (line,) = told
    assert [number for number in range(1, 20) if f"cabinet {number} of mapo-3" in line["detail"]] == [
        1,
        2,
        3,
        4,
        5,
    ]


# All of it


@pytest.fixture(scope="module")
def flooded() -> Iterator[Port]:
    with port() as measured:
        yield measured


@pytest.mark.parametrize(
    "flood", [hello_on_64, empty_frames_on_32, opened_and_closed, greeted_and_closed, other_versions]
)
def test_in_a_flood_boards_are_answered_a_bell_is_heard_and_a_cabinet_that_has_its_power_back_gets_in(
    flooded: Port, flood: Callable
) -> None:
    """How fast, `make bench` says on a machine that does nothing else;
    here each comes through at all, whatever else the machine does.
    """
    flooded.under(flood)
    lines = [told for told in flooded.host.told if told["event"] == "strangers"]
    assert len(lines) <= 6, "a line a minute for each kind"


def test_a_board_from_another_address_gets_in_as_well(flooded: Port) -> None:
    flooded.under(greeted_and_closed, source="127.0.0.2")


def test_a_board_of_ours_that_speaks_another_version_is_named(ledger: Ledger) -> None:
    board = Board(enrol(ledger))
    told: list[dict] = []
    tally = Tally(into(told))
    Links(ledger, into(told), tally).hear(InHand(), bytes((3 << 4,)) + board.enrolled.alias + bytes(24), 1.0)
    tally.tick(1.0)
    (line,) = told
    assert "speaks version 3 and this host 1" in line["detail"]
    assert "ansim flash" in line["detail"]
