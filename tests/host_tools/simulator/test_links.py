"""The ways to the host: a serial cable and a network."""

import random

from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.chip.link import SerialCable
from host_tools.simulator.chip.network import Network, Stream
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.noise import stream

MS = 1000


def cable(seed: int = 1, baud: int = 115_200) -> tuple[VirtualClock, SerialCable]:
    clock = VirtualClock()
    wire = SerialCable(clock, lambda name: stream(seed, name))
    wire.board.open(baud, 640)
    wire.host.open(baud)
    return clock, wire


def test_a_byte_takes_ten_bits_of_its_baud_rate() -> None:
    clock, wire = cable(baud=9600)
    wire.host.write(b"abc")
    clock.advance(1041)
    assert wire.board.read(10) == b""
    clock.advance(1)
    assert wire.board.read(10) == b"a"
    clock.advance(2 * 1042)
    assert wire.board.read(1) == b"b"
    assert wire.board.read(10) == b"c"


@given(
    st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=40), st.integers(0, 5000)), max_size=15)
)
def test_both_ways_of_a_good_cable_are_whole_and_in_order(acts: list[tuple[bool, bytes, int]]) -> None:
    clock, wire = cable()
    to_host: list[bytes] = []
    wire.host.on_bytes = to_host.append
    heard = b""
    for from_board, data, wait in acts:
        (wire.board if from_board else wire.host).write(data)
        clock.advance(wait)
        heard += wire.board.read(7)
    clock.advance(100_000)
    heard += wire.board.read(10_000)
    assert b"".join(to_host) == b"".join(data for from_board, data, _ in acts if from_board)
    assert heard == b"".join(data for from_board, data, _ in acts if not from_board)


def test_what_nobody_reads_overflows_and_is_counted() -> None:
    clock, wire = cable()
    wire.host.write(bytes(1000))
    clock.advance(200_000)
    assert len(wire.board.read(10_000)) == 640
    assert wire.board.overflowed == 360
    wire.host.write(bytes(1000))
    for _ in range(20):
        clock.advance(10_000)
        wire.board.read(10_000)
    assert wire.board.overflowed == 360


def test_a_bad_cable_loses_and_damages_about_as_much_as_it_was_told_to() -> None:
    clock, wire = cable()
    wire.loss, wire.damage = 0.1, 0.1
    wire.board.write(bytes(5000))
    clock.advance(1_000_000)
    heard = wire.host.read(10_000)
    assert 4300 < len(heard) < 4700
    assert 350 < sum(byte != 0 for byte in heard) < 550


def test_at_the_wrong_baud_rate_nothing_is_what_it_was() -> None:
    clock, wire = cable()
    wire.host.open(9600)
    wire.board.write(b"hello")
    clock.advance(10_000)
    assert wire.host.read(10) != b"hello"


def test_an_unplugged_cable_carries_nothing_and_works_again_when_plugged() -> None:
    clock, wire = cable()
    wire.plugged = False
    wire.board.write(b"lost")
    clock.advance(10_000)
    wire.plugged = True
    wire.board.write(b"heard")
    clock.advance(10_000)
    assert wire.host.read(100) == b"heard"


def test_closing_loses_what_has_not_left_yet_and_what_was_not_read() -> None:
    clock, wire = cable(baud=9600)
    wire.board.write(b"abcd")
    wire.host.write(b"wxyz")
    clock.advance(2100)
    wire.board.close()
    clock.advance(100_000)
    assert wire.host.read(10) == b"ab"
    assert wire.board.read(10) == b""
    wire.host.write(b"nobody listens")
    wire.board.write(b"nor speaks")
    clock.advance(100_000)
    assert (wire.host.read(10), wire.board.read(10)) == (b"", b"")


class Line:
    """A network with an echoing host behind it."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = VirtualClock()
        self.network = Network(self.clock, random.Random(seed))
        self.accepted: list[Stream] = []
        self.heard = b""
        self.network.listen("host", 26746, self._accept)

    def _accept(self, far: Stream) -> None:
        self.accepted.append(far)

        def hear(data: bytes) -> None:
            self.heard += data
            far.write(data)

        far.on_bytes = hear

    def connect(self) -> Stream:
        near = self.network.connect("host", 26746)
        self.clock.advance(100 * MS)
        return near


def test_a_connection_is_open_after_a_round_trip_and_refused_where_nobody_listens() -> None:
    line = Line()
    near = line.network.connect("host", 26746)
    refused = line.network.connect("host", 1)
    line.clock.advance(39 * MS)
    assert not near.open
    line.clock.advance(1 * MS)
    assert near.open
    assert refused.closed
    assert not near.closed


@given(st.integers(0, 1000), st.floats(0, 0.4), st.lists(st.binary(min_size=1, max_size=30), max_size=20))
def test_however_many_segments_are_lost_a_connection_delivers_a_prefix_in_order(
    seed: int, loss: float, sent: list[bytes]
) -> None:
    """Law: what arrives is always the beginning of what was sent; all of it while the connection lives."""
    line = Line(seed)
    near = line.connect()
    line.network.loss = loss
    for data in sent:
        near.write(data)
        line.clock.advance(5 * MS)
    line.clock.advance(300_000 * MS)
    assert b"".join(sent).startswith(line.heard)
    if near.open:
        assert line.heard == b"".join(sent)
        assert near.read(10_000) == line.heard


def test_while_the_network_is_down_segments_wait_and_connections_do_not_come_about() -> None:
    line = Line()
    near = line.connect()
    line.network.up = False
    near.write(b"patience")
    late = line.network.connect("host", 26746)
    line.clock.advance(10_000 * MS)
    assert line.heard == b""
    assert not late.open
    line.network.up = True
    line.clock.advance(2_000 * MS)
    assert line.heard == b"patience"


def test_a_network_that_stays_down_ends_the_connection_on_both_sides() -> None:
    line = Line()
    near = line.connect()
    line.network.up = False
    near.write(b"never")
    line.clock.advance(40_000 * MS)
    assert near.closed
    assert line.accepted[0].closed
    assert not near.write(b"more")


def test_a_router_that_starts_anew_breaks_every_connection_and_new_ones_work() -> None:
    line = Line()
    near = line.connect()
    closed: list[int] = []
    near.on_close = lambda: closed.append(1)
    line.network.cut()
    assert closed == [1]
    again = line.connect()
    again.write(b"again")
    line.clock.advance(1000 * MS)
    assert line.heard == b"again"


def test_the_other_side_hears_of_a_close_one_way_later() -> None:
    line = Line()
    near = line.connect()
    near.close()
    assert near.closed
    assert not line.accepted[0].closed
    line.clock.advance(20 * MS)
    assert line.accepted[0].closed
