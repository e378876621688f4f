"""Codes and receipts are the digits that product.md defines. The expected values were computed with CPython's own hmac."""

from locker.core.codes import duress_code, pickup_code, receipt_code, same

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
        assert pickup_code(KEY, BOARD, epoch, door, counter, retry) == code


def test_a_receipt_is_eight_digits_of_the_mac():
    for epoch, door, counter, serial, retry, code in (
        (1, 1, 1, 0, 0, "62657774"),
        (1, 7, 300, 99999, 0, "85669644"),
        (70000, 99, 16777217, 12345, 3, "03400428"),
    ):
        assert receipt_code(KEY, BOARD, epoch, door, counter, serial, retry) == code


def test_a_duress_code_differs_in_the_last_two_of_the_short_digits():
    assert duress_code("123456789012", 5) == "123456059012"
    assert duress_code("123456789012", 78) == "123456789012"


def test_entries_are_compared_as_a_whole():
    assert same("12345678", "12345678")
    assert same("", "")
    for entry in ("02345678", "12345679", "1234567", "123456780", "", "12340678"):
        assert not same(entry, "12345678")
