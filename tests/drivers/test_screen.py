"""The screen shows the lines it is given, one thing a step, and comes back after a fault."""

from wires import Bus

from locker.drivers.screen import Screen

STEPS_MAX = 12


class Controller:
    """An HD44780 behind a PCF8574: takes a nibble when E falls, RS steady since before E rose."""

    def __init__(self):
        self.memory = bytearray(b"?" * 0x80)
        self.address = 0
        self.four_bits = False
        self.high = None
        self.last = 0
        self.lit = False
        self.longest = 0
        self.fresh = True  # the first order for 8 bits takes 4.1 ms
        self.busy = False

    def written(self, data):
        self.longest = max(self.longest, len(data))
        self.busy = False
        for byte in data:
            assert byte & 0x02 == 0, "nobody reads"
            if byte & 0x04:
                assert byte & 0x01 == self.last & 0x01, "RS is steady before E rises"
            if self.last & 0x04 and not byte & 0x04:
                assert byte & 0xF1 == self.last & 0xF1, "data are held while E falls"
                self._nibble(byte & 1, byte >> 4)
            self.last = byte
            self.lit = bool(byte & 0x08)

    def _nibble(self, rs, nibble):
        if self.busy:
            return
        if not self.four_bits:
            self._command(nibble << 4)
        elif self.high is None:
            self.high = nibble
        else:
            byte = self.high << 4 | nibble
            self.high = None
            if rs:
                self.memory[self.address] = byte
                self.address += 1
            else:
                self._command(byte)

    def _command(self, byte):
        if byte & 0x80:
            self.address = byte & 0x7F
        elif byte & 0xE0 == 0x20:
            self.four_bits = not byte & 0x10
            self.high = None
            self.busy = self.fresh
            self.fresh = False
        elif byte == 0x01:
            self.memory = bytearray(b" " * 0x80)
            self.address = 0

    def lines(self, columns, rows):
        starts = (0, 0x40, columns, 0x40 + columns)
        return [bytes(self.memory[start : start + columns]) for start in starts[:rows]]


def made(columns=20, rows=4):
    controller = Controller()
    bus = Bus(0x27, controller)
    return controller, bus, Screen(bus, 0x27, columns, rows)


def settle(screen):
    for _ in range(STEPS_MAX):
        screen.step()


def padded(lines, columns=20):
    return [(line + " " * columns)[:columns].encode() for line in lines]


def test_four_lines_are_shown_where_they_belong():
    for columns, rows in ((20, 4), (16, 2), (16, 4)):
        controller, _, screen = made(columns, rows)
        lines = ["Type your code", "and press #", "third", "* clears"][:rows]
        screen.show(lines)
        settle(screen)
        assert controller.lines(columns, rows) == padded(lines, columns)
        assert controller.lit


def test_a_shorter_text_leaves_nothing_of_the_longer_one():
    controller, _, screen = made()
    screen.show(["A long first line..", "second", "third", "fourth"])
    settle(screen)
    screen.show(("Hi",))
    settle(screen)
    assert controller.lines(20, 4) == padded(["Hi", "", "", ""])


def test_a_line_that_is_too_long_is_cut_and_dots_are_dots():
    controller, _, screen = made()
    screen.show(["1234567890123456789012345", "\u00b7\u00b7\u20227"])
    settle(screen)
    assert controller.lines(20, 2) == [b"12345678901234567890", b"\xa5\xa5\xa57" + b" " * 16]


def test_a_step_sends_one_line_at_most_and_nothing_when_nothing_has_changed():
    controller, bus, screen = made()
    settle(screen)
    screen.show(["a", "b", "c", "d"])
    for shown in range(1, 5):
        before = bus.transactions
        screen.step()
        assert bus.transactions == before + 1
        assert [line[:1] for line in controller.lines(20, 4)] == [b"a", b"b", b"c", b"d"][:shown] + [b" "] * (
            4 - shown
        )
    before = bus.transactions
    for _ in range(100):
        screen.show(["a", "b", "c", "d"])
        screen.step()
    assert bus.transactions == before
    assert controller.longest <= 4 * 21 + 2


def test_only_the_line_that_changed_is_sent():
    _, bus, screen = made()
    screen.show(["a", "b", "c", "d"])
    settle(screen)
    before = bus.transactions
    screen.show(["a", "b", "X", "d"])
    settle(screen)
    assert bus.transactions == before + 1


def test_a_screen_that_was_away_is_set_up_again_and_shows_what_it_should():
    controller, bus, screen = made()
    screen.show(["before"])
    settle(screen)
    bus.broken = True
    screen.show(["after"])
    failures = 0
    for _ in range(5):
        try:
            screen.step()
        except OSError:
            failures += 1
    assert failures == 5
    controller.__init__()
    bus.broken = False
    settle(screen)
    assert controller.lines(20, 4) == padded(["after", "", "", ""])


def test_a_screen_torn_in_the_middle_of_a_nibble_is_caught_again():
    controller, _, screen = made()
    controller.four_bits = True
    controller.fresh = False
    controller.high = 0x4
    screen.show(["whole"])
    settle(screen)
    assert controller.lines(20, 1) == padded(["whole"])


def test_a_garbled_screen_is_put_right_by_a_restart():
    controller, _, screen = made()
    screen.show(["right"])
    settle(screen)
    controller.memory = bytearray(b"\x99" * 0x80)
    settle(screen)
    assert controller.lines(20, 1) != padded(["right"])
    screen.restart()
    settle(screen)
    assert controller.lines(20, 4) == padded(["right", "", "", ""])
