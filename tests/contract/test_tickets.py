"""A ticket is told from an invention offline. The expected values were computed with CPython's own hmac."""

from locker.contract import codes
from locker.contract.tickets import (
    GENERATION_MAX,
    OLD_SERIALS,
    SERIALS,
    check_ticket,
    keyed,
    recorded,
    tail,
    ticket,
    ticket_key,
    ticket_tag,
)

KEY = bytes(range(32))
SITE = bytes(range(100, 108))
# Of rule 0.
OLD = ((0, "000007346", 44), (1, "000016493", 39), (12345, "123452469", 87), (99999, "999998288", 79))


def test_a_ticket_is_five_digits_of_serial_and_four_of_tag():
    for serial, digits, its_tail in OLD:
        assert ticket(KEY, SITE, serial) == digits
        assert ticket_tag(KEY, SITE, serial) == int(digits[5:])
        assert tail(KEY, SITE, serial, 0) == its_tail
        assert check_ticket(KEY, SITE, digits, OLD_SERIALS) == serial


def test_half_of_the_serials_have_a_tail_and_the_others_have_none():
    values = [tail(KEY, SITE, serial) for serial in range(2000)]
    assert 900 < len([value for value in values if value < codes.NO_TAIL]) < 1100
    assert max(values) < 200
    for serial, _, its_tail in OLD:
        # So a label that fits her by rule 1 fits her by rule 0 too.
        assert tail(KEY, SITE, serial) % 100 == its_tail


def test_there_are_as_many_serials_as_16_bits_count_and_none_is_beyond():
    assert (SERIALS, OLD_SERIALS, GENERATION_MAX) == (1 << 16, 10**5, (1 << 14) - 1)
    for serial, taken in ((SERIALS - 1, SERIALS - 1), (SERIALS, -1), (99999, -1)):
        assert check_ticket(KEY, SITE, ticket(KEY, SITE, serial)) == taken
        assert check_ticket(KEY, SITE, ticket(KEY, SITE, serial), OLD_SERIALS) == serial


def test_each_generation_has_a_key_of_its_own_and_the_first_of_an_old_site_is_its_secret():
    keys = [ticket_key(KEY, generation) for generation in range(5)]
    assert len(set(keys + [KEY])) == 6
    assert keyed(KEY, 0, False) == (keys[0], codes.RULE)
    assert keyed(KEY, 0, True) == (KEY, 0)
    for old in (False, True):
        assert keyed(KEY, 3, old) == (keys[3], codes.RULE)


def test_the_17th_bit_of_a_serial_is_the_parity_of_its_generation():
    assert [recorded(5, generation) for generation in (0, 1, 2, 3)] == [5, 65536 + 5, 5, 65536 + 5]
    assert recorded(99999, 0) == 99999


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
