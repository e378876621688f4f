"""Whose turn it is on a bus, against stations of the firmware that are asked in turn; times in seconds."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.host.connections.bus_master import (
    ADDRESSES,
    ANSWER_S,
    AWAY_MAX_S,
    FRAME_MAX,
    GONE_S,
    LET_GO_S,
    MISSES_MAX,
    Master,
)
from locker.wire.frame import Decoder, encode
from locker.wire.station import ANSWER, Station

BAUD = 115_200
STEP_S = 0.001


def address_of(question: bytes) -> int:
    (payload,) = Decoder(FRAME_MAX).feed(question)
    return payload[0]


class Bus:
    """A master and some stations; what one says is at the others at once, and answers come 25 ms later."""

    def __init__(self, *addresses: int) -> None:
        self.master = Master(BAUD)
        self.stations = {address: Station(address) for address in addresses}
        self.now_s = 0.0
        self.asked: list[tuple[float, int]] = []
        self.heard: list[tuple[int, bytes]] = []
        self.gone: list[int] = []
        self._answers: list[tuple[float, bytes]] = []

    def live(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            next_s = min(end_s, self.master.wake_s(), *(due_s for due_s, _ in self._answers))
            self.now_s += STEP_S * max(1, math.ceil((next_s - self.now_s) / STEP_S))
            while self._answers and self._answers[0][0] <= self.now_s:
                self.heard += self.master.hear(self._answers.pop(0)[1], self.now_s)
            question = self.master.step(self.now_s)
            if question:
                self._ask(question)
            self.gone += self.master.gone(self.now_s)

    def _ask(self, question: bytes) -> None:
        assert not self._answers  # never while an answer may come
        self.asked.append((self.now_s, address_of(question)))
        for station in self.stations.values():
            answer = station.hear(question, 20, round(self.now_s * 1000))
            if answer:
                self._answers.append((self.now_s + 0.025, answer))


def test_every_address_is_asked_and_those_who_answer_are_known() -> None:
    bus = Bus(3, 17, 31)
    bus.live(20)
    assert {address for _, address in bus.asked} == set(ADDRESSES)
    assert {place.address for place in bus.master.places.values() if place.is_here} == {3, 17, 31}


def test_what_cabinets_say_is_heard_once_and_what_is_for_them_arrives() -> None:
    bus = Bus(3, 17)
    bus.live(10)
    bus.stations[3].say(encode(b"from three"))
    bus.stations[17].say(encode(b"from seventeen"))
    bus.master.say(17, encode(b"to seventeen"), bus.now_s)
    bus.live(1)
    assert sorted(bus.heard) == [(3, b"from three"), (17, b"from seventeen")]
    buffer = bytearray(256)
    assert buffer[: bus.stations[17].readinto(buffer)] == encode(b"to seventeen")


def test_those_who_are_here_are_asked_in_turn_and_one_who_is_away_at_most_once_a_round() -> None:
    bus = Bus(1, 2, 3, 4)
    bus.live(20)
    since = len(bus.asked)
    bus.live(20)
    rounds = 0
    away_in_a_row = 0
    for _, address in bus.asked[since:]:
        if address == 1:
            rounds += 1
        away_in_a_row = away_in_a_row + 1 if address > 4 else 0
        assert away_in_a_row <= 2  # while the others rest
    assert rounds >= 20 / 0.5
    counts = [sum(address == one for _, address in bus.asked[since:]) for one in (1, 2, 3, 4)]
    assert max(counts) - min(counts) <= 1


def test_one_who_falls_silent_is_asked_ever_more_seldom_and_its_link_is_given_up_once() -> None:
    bus = Bus(1, 2)
    bus.live(10)
    del bus.stations[2]
    bus.live(120)
    assert bus.gone == [2]
    times = [at for at, address in bus.asked if address == 2][-4:]
    assert all(later - earlier >= AWAY_MAX_S for earlier, later in itertools.pairwise(times))
    assert all(later - earlier <= AWAY_MAX_S + 5 for earlier, later in itertools.pairwise(times))
    bus.stations[2] = Station(2)
    bus.live(AWAY_MAX_S + 5)
    assert bus.master.places[2].is_here
    assert bus.gone == [2]


def test_one_lost_answer_does_not_make_a_cabinet_away() -> None:
    bus = Bus(1)
    bus.live(10)
    station = bus.stations.pop(1)
    while bus.master.places[1].misses < MISSES_MAX - 1:
        bus.live(STEP_S)
    bus.stations[1] = station
    bus.live(1)
    assert bus.master.places[1].misses == 0
    assert not bus.gone
    assert GONE_S > MISSES_MAX * ANSWER_S


def test_who_answers_without_being_asked_is_not_heard() -> None:
    master = Master(BAUD)
    question = master.step(1.0)
    other = address_of(question) + 1
    assert master.hear(b"\0" + encode(bytes((ANSWER | other,)) + b"me, me"), 1.01) == []
    assert master.dropped == 1
    answer = b"\0" + encode(bytes((ANSWER | address_of(question),)) + b"asked")
    assert master.hear(answer + answer, 1.02) == [(address_of(question), b"asked")]
    assert master.dropped == 2


def test_the_next_question_waits_until_the_cabinet_has_let_go() -> None:
    master = Master(BAUD)
    address = address_of(master.step(1.0))
    master.hear(b"\0" + encode(bytes((ANSWER | address,))), 1.03)
    assert master.step(1.03 + LET_GO_S / 2) == b""
    assert master.step(1.03 + LET_GO_S) != b""


def test_an_answer_that_is_under_way_when_the_time_is_up_is_heard_to_its_end() -> None:
    master = Master(BAUD)
    address = address_of(master.step(1.0))
    answer = b"\0" + encode(bytes((ANSWER | address,)) + b"late")
    master.hear(answer[:5], 1.0 + ANSWER_S - 0.001)
    assert master.step(1.0 + ANSWER_S + 0.01) == b""
    assert master.hear(answer[5:], 1.0 + ANSWER_S + 0.011) == [(address, b"late")]


def test_one_who_never_stops_does_not_stop_the_bus() -> None:
    master = Master(BAUD)
    master.step(1.0)
    now_s = 1.0
    asked = 0
    while now_s < 11.0:
        now_s += 0.01
        master.hear(b"\x55" * 115, now_s)
        asked += bool(master.step(now_s))
    assert asked >= 10 / (ANSWER_S + FRAME_MAX * 10 / BAUD + 0.02) - 1


def test_an_echo_of_the_question_is_no_answer() -> None:
    master = Master(BAUD)
    question = master.step(1.0)
    assert master.hear(question, 1.001) == []
    assert master.dropped == 0
    assert master.step(1.05) == b""


def test_what_waits_for_one_cabinet_is_bounded_and_can_be_forgotten() -> None:
    master = Master(BAUD)
    for number in range(1000):
        master.say(9, encode(b"%d" % number), 0.0)
    assert len(master.places[9].says) == 16
    master.forget(9)
    assert not master.places[9].says


@settings(deadline=None)  # how busy the machine is says nothing of the master
@given(st.lists(st.tuples(st.binary(max_size=300), st.floats(0, 0.3)), max_size=30))
def test_whatever_the_bus_carries_the_master_goes_on(heard: list[tuple[bytes, float]]) -> None:
    master = Master(BAUD)
    now_s = 1.0
    for data, pause_s in heard:
        now_s += pause_s
        master.hear(data, now_s)
        master.step(now_s)
        assert master.wake_s() <= now_s + 1
    bus = Bus(5)
    bus.master, bus.now_s = master, now_s
    bus.live(40)
    assert master.places[5].is_here
