"""The pair of wires: who is heard, and what becomes of bytes when two drive it."""

from host_tools.simulator.chip.bus import Rs485Bus, Transceiver
from host_tools.simulator.clock import VirtualClock

BAUD = 115_200
BYTE_US = 10_000_000 / BAUD


class Wires:
    """A bus with two cabinets, all ports open."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.bus = Rs485Bus(self.clock, 1)
        self.one, self.two = (self.bus.join(name) for name in ("one", "two"))
        for end in self.bus.ends:
            end.open(BAUD, 640)

    def say(self, end: Transceiver, data: bytes) -> None:
        end.drive(1)
        end.write(data)

    def pass_bytes(self, count: float) -> None:
        self.clock.advance(round(count * BYTE_US) + 1)


def test_who_drives_is_heard_by_all_others_at_the_baud_rate() -> None:
    wires = Wires()
    wires.say(wires.one, b"abc")
    wires.pass_bytes(1)
    assert wires.two.read(9) == b"a"
    assert not wires.one.idle
    wires.pass_bytes(2)
    assert wires.one.idle
    assert (wires.two.read(9), wires.bus.host.read(9), wires.one.read(9)) == (b"bc", b"abc", b"")


def test_what_is_sent_without_the_driver_or_after_it_has_let_go_reaches_nobody() -> None:
    wires = Wires()
    wires.one.write(b"unheard")
    wires.pass_bytes(8)
    wires.say(wires.one, b"cut off")
    wires.pass_bytes(3.5)
    wires.one.drive(0)
    wires.pass_bytes(8)
    assert wires.bus.host.read(99) == b"cut"


def test_two_that_drive_at_once_spoil_each_others_bytes_and_it_is_noted() -> None:
    wires = Wires()
    wires.say(wires.one, b"0123456789")
    wires.pass_bytes(4.5)
    wires.two.drive(1)
    wires.pass_bytes(2)
    wires.two.drive(0)
    wires.pass_bytes(9)
    heard = wires.bus.host.read(99)
    assert len(heard) == 10
    assert [at for at in range(10) if heard[at] != b"0123456789"[at]] == [4, 5, 6]
    assert [names for _, names in wires.bus.collisions] == [{"one", "two"}]


def test_the_hosts_adapter_drives_while_it_sends_and_lets_go_behind_it() -> None:
    wires = Wires()
    wires.bus.host.write(b"ab")
    assert wires.bus.host.driving
    wires.pass_bytes(2)
    assert wires.bus.host.driving
    wires.pass_bytes(2)
    assert not wires.bus.host.driving
    assert wires.two.read(9) == wires.one.read(9) == b"ab"


def test_a_cabinet_hears_nothing_while_it_drives_and_itself_only_where_there_is_an_echo() -> None:
    wires = Wires()
    wires.bus.echo = True
    wires.say(wires.one, b"me")
    wires.pass_bytes(3)
    assert wires.one.read(9) == b"me"
    wires.bus.host.write(b"you")
    wires.pass_bytes(5)
    assert wires.one.read(9) == b""
    assert len(wires.two.read(9)) == 5


def test_who_is_unplugged_hears_nothing_is_not_heard_and_disturbs_nobody() -> None:
    wires = Wires()
    wires.one.plugged = False
    wires.say(wires.one, b"alone")
    wires.bus.host.write(b"question")
    wires.pass_bytes(9)
    assert wires.two.read(99) == b"question"
    assert wires.one.read(99) == b""
    assert not wires.bus.collisions


def test_another_baud_rate_is_noise_and_a_damaged_bus_damages_as_much_as_it_was_told_to() -> None:
    wires = Wires()
    wires.two.open(9600)
    wires.say(wires.one, b"fast")
    wires.pass_bytes(5)
    assert wires.two.read(9) != b"fast"
    wires.bus.damage = 0.1
    sent = bytes(600)
    wires.one.write(sent)
    wires.pass_bytes(601)
    heard = wires.bus.host.read(700)[4:]
    assert 30 <= sum(byte != 0 for byte in heard) <= 90


def test_what_nobody_reads_overflows_and_a_closed_port_forgets_what_it_was_sending() -> None:
    wires = Wires()
    wires.say(wires.one, bytes(700))
    wires.pass_bytes(650)
    assert wires.two.overflowed == 10
    wires.one.close()
    assert wires.one.idle
    wires.pass_bytes(100)
    assert wires.two.overflowed == 10
