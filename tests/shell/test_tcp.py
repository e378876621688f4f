"""The board's TCP connection: how it comes about, and how it is known to be dead."""

from fake_network import FakeNetwork, carrier_on

STEP_MS = 20
FIRST_MS, MOST_MS = 1000, 60000
CONNECTING_MS = 10000
DEAD_MS = 25000


class Life:
    """A carrier that is polled every 20 ms."""

    def __init__(self, draws=None):
        self.net = FakeNetwork()
        self.net.draws = draws  # what chance gives
        self.tcp = carrier_on(self.net)
        self.now_ms = 0
        self.begun_ms = []  # when each connection was begun
        self.buffer = bytearray(256)

    def live(self, ms):
        """Whether the connection is up at the end."""
        up = False
        for _ in range(ms // STEP_MS):
            before = len(self.net.sockets)
            up = self.tcp.poll(self.now_ms)
            if len(self.net.sockets) > before:
                self.begun_ms.append(self.now_ms)
            if up:
                self.tcp.read_into(self.buffer)
            self.now_ms += STEP_MS
        return up

    def live_until(self, true):
        while not true():
            assert self.now_ms < 3600000
            self.live(STEP_MS)

    def pauses(self):
        """From the end of each try to the next one."""
        tries = self.begun_ms
        return [tries[at + 1] - tries[at] for at in range(len(tries) - 1)]


def test_a_refused_connection_is_tried_again_ever_later_and_at_most_90_s_apart():
    for drawn in (0, 65535):
        life = Life(drawn)
        life.net.refused = True
        life.live(900000)
        wanted = FIRST_MS
        for pause in life.pauses():
            ms = wanted // 2 + drawn % wanted
            assert ms <= pause <= ms + 3 * STEP_MS, (pause, ms)
            assert wanted // 2 <= pause <= 3 * wanted // 2 + 3 * STEP_MS
            wanted = min(2 * wanted, MOST_MS)
        assert wanted == MOST_MS


def test_two_boards_do_not_try_at_the_same_times():
    tries = []
    for _ in range(2):
        life = Life()
        life.net.refused = True
        life.live(300000)
        tries.append(life.begun_ms)
    assert tries[0] != tries[1]


def pause_after_a_connection(answers):
    """To the next try, after a long time without a connection;
    with or without a word of the host while there was one.
    """
    life = Life(0)
    life.net.refused = True
    life.live(120000)
    life.net.refused = False
    life.live_until(lambda: life.live(STEP_MS))
    connection = life.net.sockets[-1]
    connection.arrived = b"\x01" if answers else b""
    life.live(1000)
    connection.ended = True
    life.live_until(lambda: connection.closed)
    ended_ms = life.now_ms
    life.live_until(lambda: life.begun_ms[-1] >= ended_ms)
    return life.begun_ms[-1] - ended_ms


def test_a_host_that_answers_makes_the_next_pause_short_again_and_one_that_only_accepts_does_not():
    assert pause_after_a_connection(True) <= FIRST_MS
    assert pause_after_a_connection(False) >= MOST_MS // 4


def test_a_connection_that_does_not_come_about_is_given_up_after_ten_seconds():
    life = Life(0)
    life.net.reachable = False
    life.live(CONNECTING_MS - 1000)
    assert len(life.net.connections()) == 1
    life.live(1100)
    assert len(life.net.connections()) == 0
    life.live(60000)
    assert len(life.net.connections()) <= 1


def test_a_host_that_vanished_without_a_word_is_noticed_25_s_after_something_was_said():
    life = Life()
    assert life.live(1000)
    assert life.tcp.write(b"hello")
    said_ms = life.now_ms
    first = life.net.sockets[0]
    assert life.live(DEAD_MS - 1000)
    life.tcp.write(b"hello again")  # what is said meanwhile puts nothing off
    life.live_until(lambda: first.closed)
    assert DEAD_MS <= life.now_ms - said_ms <= DEAD_MS + 2 * STEP_MS
    assert not life.tcp.write(b"lost")
    assert life.live(5000)
    assert len(life.net.connections()) == 1


def test_a_host_that_answers_is_never_taken_for_dead_and_neither_is_one_that_was_not_spoken_to():
    life = Life()
    assert life.live(1000)
    assert life.live(600000)
    for _ in range(20):
        assert life.tcp.write(b"hello")
        assert life.live(DEAD_MS - 1000)
        life.net.sockets[0].arrived = b"\x01"
        assert life.live(1000)
    assert len(life.net.sockets) == 1
