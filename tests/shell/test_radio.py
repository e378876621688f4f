"""No fault of the radio, of a name look-up or of a socket stops the board:
each ends a try, and the next one comes.
"""

import errno

from fake_network import FakeNetwork, carrier_on

STEP_MS = 20
NAME_MS = 3000
ANEW_MS = 300000


class Life:
    """A carrier over Wi-Fi that is polled every 20 ms."""

    def __init__(self, host="10.0.0.2", draws=0):
        self.net = FakeNetwork()
        self.net.draws = draws
        self.tcp = carrier_on(self.net, host, True)
        self.now_ms = 0

    def live(self, ms):
        """Whether the connection is up at the end."""
        up = False
        for _ in range(ms // STEP_MS):
            up = self.tcp.poll(self.now_ms)
            self.now_ms += STEP_MS
        return up


def test_an_access_point_is_asked_once_however_long_it_takes_to_let_the_station_in():
    life = Life()
    life.net.joins = False
    assert not life.live(ANEW_MS - 1000)
    assert life.net.station.connects == 1
    life.net.joins = True
    assert life.live(1000)
    assert life.net.station.connects == 1


def test_a_station_through_which_nothing_comes_for_five_minutes_is_started_anew():
    life = Life()
    life.net.joins = False
    life.live(3 * ANEW_MS + 5000)
    assert life.net.station.starts == life.net.station.connects == 4


def test_a_radio_that_does_not_start_is_tried_again():
    for error in (
        OSError("Wifi Not Initialized"),
        OSError(errno.ENOMEM),
        RuntimeError("Wifi Unknown Error 0x0101"),
        MemoryError(),
    ):
        life = Life()
        life.net.start_errors = [error, error, error]
        assert not life.live(500)
        assert life.live(10000)
        assert life.net.station.starts == 4


def test_a_station_that_is_joining_already_from_before_the_boot_is_stopped_first():
    life = Life()
    life.net.station.on = life.net.station.asked = True
    life.net.joins = False
    assert not life.live(1000)
    assert life.net.station.connects == 1


def test_whatever_a_socket_raises_ends_the_try_and_the_next_one_comes():
    refusals = (errno.ENOMEM, 118, errno.ECONNRESET, errno.ETIMEDOUT)  # 118: EHOSTUNREACH of the ESP32's lwIP
    for call in ("WLAN", "socket", "connect", "getaddrinfo"):
        for number in refusals:
            life = Life()
            life.net.errors[call] = [OSError(number)]
            assert not life.live(100)
            assert life.live(5000), (call, number)
    for error in (MemoryError(), ValueError("port"), IndexError()):
        life = Life()
        life.net.errors["connect"] = [error]
        assert life.live(5000)


def test_a_connection_that_breaks_while_it_is_used_is_opened_anew():
    buffer = bytearray(16)
    for call in ("send", "read"):
        life = Life()
        assert life.live(1000)
        life.net.errors[call] = [OSError(errno.ECONNRESET)]
        if call == "send":
            assert not life.tcp.write(b"hello")
        else:
            assert life.tcp.read_into(buffer) == 0
        assert not life.live(STEP_MS)
        assert life.live(5000)


def test_a_name_is_looked_up_without_keeping_the_board_waiting():
    life = Life("ansim.example.org")
    life.net.names = {"ansim.example.org": "10.0.0.9"}
    assert life.live(1000)
    assert life.net.asked == [("10.0.0.1", 53)]
    (used,) = life.net.connections()
    assert used.address == "10.0.0.9"


def test_a_name_of_the_house_is_asked_of_everybody_in_it():
    life = Life("ansim.local")
    life.net.names = {"ansim.local": "10.0.0.9"}
    assert life.live(1000)
    assert life.net.asked == [("224.0.0.251", 5353)]


def test_a_name_that_nobody_knows_or_tells_is_asked_again_and_leaves_no_socket_behind():
    for names in (None, {}):
        life = Life("ansim.example.org")
        life.net.names = names
        assert not life.live(60000)
        assert 3 < len(life.net.asked) < 12
        assert len(life.net.connections()) <= 1
        life.net.names = {"ansim.example.org": "10.0.0.9"}
        assert life.live(120000)


def test_without_a_name_server_the_address_that_was_found_before_does():
    life = Life("ansim.example.org")
    life.net.names = {"ansim.example.org": "10.0.0.9"}
    assert life.live(1000)
    for silent in (None, {}):
        life.net.names = silent
        life.net.connections()[0].ended = True
        assert life.tcp.read_into(bytearray(4)) == 0
        assert life.live(NAME_MS + 2000)
        assert life.net.connections()[0].address == "10.0.0.9"
    life.net.names = {"ansim.example.org": "10.0.0.10"}  # the host has moved
    life.net.connections()[0].ended = True
    assert life.tcp.read_into(bytearray(4)) == 0
    assert life.live(5000)
    assert life.net.connections()[0].address == "10.0.0.10"


def test_something_urgent_cuts_the_pause_before_the_next_try_to_half_a_second():
    for draws in (0, 65535):
        life = Life(draws=draws)
        life.net.refused = True
        life.live(600000)
        life.net.refused = False
        life.tcp.hurry(life.now_ms)
        assert life.live(600)
