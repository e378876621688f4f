"""Codes and receipts are the digits that product.md defines.

The expected values were computed with CPython's own hmac.
"""

from locker.contract.codes import NO_TAIL, duress_code, pickup_code, pickup_digits, receipt_code, same

KEY = bytes(range(32))
BOARD = bytes(range(8))


def test_a_pickup_code_is_twelve_digits_of_the_mac():
    for epoch, door, counter, retry, code in (
        (1, 1, 1, 0, "520038800709"),
        (1, 3, 5, 0, "027041004480"),
        (1, 7, 300, 0, "336036450928"),
        (1, 7, 300, 1, "689749848787"),
        (70000, 99, 16777217, 255, "730239889998"),
    ):
        assert pickup_code(KEY, BOARD, epoch, door, counter, retry, NO_TAIL) == code


def test_a_receipt_is_eight_digits_of_the_mac():
    for epoch, door, counter, serial, retry, code in (
        (1, 1, 1, 0, 0, "62657774"),
        (1, 7, 300, 99999, 0, "85669644"),
        (70000, 99, 16777217, 12345, 3, "03400428"),
    ):
        assert receipt_code(KEY, BOARD, epoch, door, counter, serial, retry) == code


PARCEL = (KEY, BOARD, 1, 1, 1, 0)  # its digits are 520038800709


def test_a_duress_code_differs_in_the_last_two_of_the_short_digits():
    assert duress_code(*PARCEL, 5) == "520038050709"
    assert duress_code(*PARCEL, 5, 0) == "520038050709"


def test_a_code_never_ends_in_the_safe_tail():
    assert (pickup_code(*PARCEL, 80), duress_code(*PARCEL, 80)) == ("520038810709", "520038800709")
    for tail in range(100):
        code, duress = pickup_digits(*PARCEL, tail, 1)
        assert code != duress
        assert code[:6] + code[8:] == duress[:6] + duress[8:] == b"5200380709"


def test_behind_the_tail_99_comes_00():
    counter = 1
    while pickup_code(KEY, BOARD, 1, 1, counter, 0, NO_TAIL)[6:8] != "99":
        counter += 1
    assert pickup_code(KEY, BOARD, 1, 1, counter, 0, 99)[6:8] == "00"
    assert duress_code(KEY, BOARD, 1, 1, counter, 0, 99)[6:8] == "99"


def test_without_a_safe_tail_there_is_no_duress_code():
    for tail in (100, 180, 199):
        for rule in (0, 1):
            assert pickup_digits(*PARCEL, tail, rule) == (b"520038800709", b"520038800709")


def test_by_the_old_rule_a_code_may_end_in_its_tail_and_keeps_it():
    assert pickup_digits(*PARCEL, 80, 0) == (b"520038800709", b"520038800709")


def test_entries_are_compared_as_a_whole():
    assert same("12345678", "12345678")
    assert same("", "")
    for entry in ("02345678", "12345679", "1234567", "123456780", "", "12340678"):
        assert not same(entry, "12345678")
