"""The keypad says which key has been pressed, once, and never one that was not."""

import sys

from wires import Matrix

from locker.drivers.keypad import Keypad

KEYS = "123A456B789C*0#D"


def pad(keys=KEYS, rows=4):
    matrix = Matrix(rows, len(keys) // rows)
    return matrix, Keypad(matrix.rows, matrix.columns, keys)


def at(key, keys=KEYS, rows=4):
    return divmod(keys.index(key), len(keys) // rows)


class Finger:
    """Presses and releases keys while the keypad is scanned each 20 ms, and reads what it says."""

    def __init__(self, keys=KEYS, rows=4):
        self.keys = keys
        self.rows = rows
        self.matrix, self.keypad = pad(keys, rows)
        self.now = 0

    def scans(self, count=4, step_ms=20):
        said = ""
        for _ in range(count):
            self.now += step_ms
            key = self.keypad.scan(self.now)
            said += chr(key) if key else ""
        return said

    def holds(self, keys, count=4):
        """Exactly these keys are down for so many scans."""
        self.matrix.pressed = {at(key, self.keys, self.rows) for key in keys}
        return self.scans(count)

    def keeps(self, keys, ms=62_000):
        """Exactly these keys are down for so long, scanned twice a second:
        the keypad goes by the clock, and so nothing is missed.
        """
        self.matrix.pressed = {at(key, self.keys, self.rows) for key in keys}
        return self.scans(ms // 500, 500)


def test_every_key_of_every_keypad_is_told_once_however_long_it_is_held():
    for keys, rows in ((KEYS, 4), ("123456789*0#", 4), ("123456789*0#", 3), ("1", 1), ("12", 1), ("12", 2)):
        finger = Finger(keys, rows)
        for key in keys:
            assert finger.holds(key, 100) == key
            assert finger.holds("", 3) == ""


def test_the_same_key_twice_is_told_twice():
    finger = Finger()
    assert finger.holds("7", 6) + finger.holds("", 4) + finger.holds("7", 6) == "77"


def test_a_touch_shorter_than_the_debounce_is_nothing():
    finger = Finger()
    for _ in range(50):
        assert finger.holds("5", 1) + finger.holds("", 1) == ""


def test_a_key_that_chatters_is_told_once():
    finger = Finger()
    said = ""
    for pressed in (1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0):
        said += finger.holds("5" if pressed else "", 1)
    assert said == "5"


def test_scans_in_quick_succession_do_not_shorten_the_debounce():
    finger = Finger()
    finger.matrix.pressed = {at("5")}
    assert [finger.keypad.scan(now) for now in (100, 101, 105, 114)] == [0, 0, 0, 0]
    assert finger.keypad.scan(115) == ord("5")


def test_fast_typing_rolls_over_from_one_key_to_the_next():
    finger = Finger()
    said = (
        finger.holds("1")
        + finger.holds("12")
        + finger.holds("2")
        + finger.holds("25")
        + finger.holds("5")
        + finger.holds("")
    )
    assert said == "125"


def test_two_keys_at_once_are_both_told():
    for pair in ("12", "15", "1D", "#0", "AD"):
        assert sorted(Finger().holds(pair, 5)) == sorted(pair)


def test_three_corners_of_a_rectangle_tell_nothing_new():
    for corners in ("124", "125", "145", "245", "1A*", "13#"):
        finger = Finger()
        assert finger.holds(corners, 20) == "", corners


def test_a_third_corner_is_told_when_the_doubt_is_over():
    finger = Finger()
    assert finger.holds("12") == "12"
    assert finger.holds("124", 20) == ""
    assert finger.holds("24", 5) == "4"
    assert finger.holds("", 5) == ""
    assert finger.holds("1", 5) == "1"


def test_a_palm_on_the_keypad_types_nothing_and_leaves_no_trace():
    finger = Finger()
    assert finger.holds(KEYS, 50) == ""
    assert finger.holds("", 5) == ""
    assert finger.holds("9", 5) == "9"


def test_a_stuck_key_leaves_the_others_usable():
    finger = Finger()
    assert finger.holds("1", 500) == "1"
    assert finger.holds("19", 5) + finger.holds("1", 5) + finger.holds("10", 5) == "90"


def test_a_column_that_lies_on_ground_leaves_the_others_usable():
    finger = Finger()
    finger.matrix.shorted = {0}
    assert finger.scans(50) == ""
    said = ""
    for key in "2580369#":
        said += finger.holds(key, 5) + finger.holds("", 5)
    assert said == "2580369#"
    assert finger.holds("1", 20) == ""


def test_a_long_cable_does_not_smear_a_key_into_the_next_row():
    for slow in range(8):
        finger = Finger()
        finger.matrix.slow = slow
        said = ""
        for key in KEYS:
            said += finger.holds(key, 5) + finger.holds("", 5)
        assert said == KEYS


def test_an_untouched_keypad_costs_one_look_at_the_columns():
    matrix, keypad = pad()
    matrix.row_writes = 0
    for now in range(0, 2000, 20):
        assert keypad.scan(now) == 0
    assert matrix.row_writes == 0
    assert matrix.driven == [0] * 4


def test_a_key_that_is_held_longer_than_anybody_holds_one_is_left_out_and_comes_back_when_it_is_let_go():
    for keys, rows in ((KEYS, 4), ("123456789*0#", 4)):
        for key in keys:
            finger = Finger(keys, rows)
            assert finger.keeps(key) == key
            assert finger.keypad.left_out() == key.encode()
            assert finger.holds("", 3) == ""
            assert finger.keypad.stuck == 0
            assert finger.keypad.left_out() == b""
            assert finger.holds(key, 5) == key


def test_a_key_that_is_held_for_less_than_half_a_minute_is_none_of_these():
    finger = Finger()
    for before_ms in (0, 15_000, 40_000):
        finger.keeps("", before_ms)
        for key in "5#5":
            assert finger.keeps(key, 29_500) == key
            assert finger.keypad.stuck == 0
            finger.holds("", 3)


def test_a_key_that_is_scanned_at_the_pace_of_the_board_is_stuck_after_half_a_minute_and_before_a_whole_one():
    finger = Finger()
    assert finger.holds("5", 1490) == "5"
    assert finger.keypad.stuck == 0
    assert finger.holds("5", 1520) == ""
    assert finger.keypad.left_out() == b"5"


def test_a_stuck_key_is_noticed_though_others_are_typed_meanwhile():
    finger = Finger()
    said = finger.holds("5", 5)
    for turn in range(60):
        said += (
            finger.keeps("5" + "19"[turn & 1], 500)
            + finger.holds("5" + "19"[turn & 1], 2)
            + finger.keeps("5", 500)
        )
    assert said == "5" + "19" * 30
    assert finger.keypad.left_out() == b"5"


def test_a_stuck_key_that_flickers_stays_left_out_and_types_nothing():
    finger = Finger()
    finger.keeps("5")
    assert "".join(finger.holds("", 1) + finger.holds("5", 7) for _ in range(50)) == ""
    assert finger.keypad.left_out() == b"5"


def test_a_column_on_ground_leaves_its_keys_out_until_it_is_free_again():
    finger = Finger()
    finger.matrix.shorted = {0}
    finger.keeps("")
    assert finger.keypad.left_out() == b"147*"
    assert finger.holds("5", 5) + finger.holds("", 5) + finger.holds("9", 5) == "59"
    finger.matrix.shorted = set()
    assert finger.holds("", 5) + finger.holds("4", 5) == "4"
    assert finger.keypad.left_out() == b""


def test_two_stuck_keys_leave_out_what_nobody_could_tell_apart_and_no_other():
    for stuck, lost in (
        ("15", "1245"),
        ("12", "124578*0"),
        ("14", "123456AB"),
        ("1D", "1A*D"),
        ("1245", "1245789*036#AB"),
    ):
        finger = Finger()
        finger.keeps(stuck)
        left_out = set(finger.keypad.left_out().decode())
        said = {}
        for key in KEYS:
            if key not in stuck:
                said[key] = finger.holds(stuck + key, 5) + finger.holds(stuck, 5)
        assert all(told in ("", key) for key, told in said.items()), said
        assert {key for key, told in said.items() if not told} | set(stuck) == left_out, (stuck, said)
        if len(stuck) < 4:
            assert left_out == set(lost), stuck


def test_digits_typed_beside_stuck_keys_with_overlapping_fingers_are_told_or_not_but_never_another():
    """CPython types each pair of digits, MicroPython,
    of which only a difference could be news, each seventh.
    """
    for stuck in ("5", "15", "1#", "12", "369"):
        finger = Finger()
        finger.keeps(stuck)
        free = [key for key in KEYS if key not in stuck]
        pairs = [(first, second) for first in free for second in free if first != second]
        for first, second in pairs if sys.implementation.name == "cpython" else pairs[::7]:
            said = finger.holds(stuck + first, 3) + finger.holds(stuck + first + second, 3)
            said += finger.holds(stuck + second, 3) + finger.holds(stuck, 3)
            assert set(said) <= {first, second}, (stuck, first, second, said)
