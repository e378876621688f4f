"""A ticket is told from an invention offline. The expected values were computed with CPython's own hmac."""

from locker.core.tickets import SERIALS, check_ticket, tail, ticket, ticket_tag

KEY = bytes(range(32))
SITE = bytes(range(100, 108))


def test_a_ticket_is_five_digits_of_serial_and_four_of_tag():
    for serial, digits, its_tail in ((0, "000007346", 44), (1, "000016493", 39), (12345, "123452469", 87), (99999, "999998288", 79)):
        assert ticket(KEY, SITE, serial) == digits
        assert ticket_tag(KEY, SITE, serial) == int(digits[5:])
        assert tail(KEY, SITE, serial) == its_tail
        assert check_ticket(KEY, SITE, digits) == serial


def test_there_are_as_many_serials_as_five_digits_write():
    assert SERIALS == 10**5


def test_a_slip_of_the_finger_is_no_ticket():
    right = "123452469"
    passed = 0
    for place in range(9):
        for digit in "0123456789":
            typed = right[:place] + digit + right[place + 1 :]
            passed += check_ticket(KEY, SITE, typed) >= 0
    assert passed == 9  # the right digit in each of the nine places


def test_a_ticket_of_another_site_or_key_is_no_ticket():
    assert check_ticket(KEY, bytes(8), "123452469") == -1
    assert check_ticket(bytes(32), SITE, "123452469") == -1
