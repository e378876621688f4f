"""Whoever needs a low door gets one wherever one is free; what she needs rides with her ticket."""

from cabinet_script import SECRETS, TICKET_SECRET, Story, pulses

from locker.contract import tickets


def serial(low, behind=0):
    """A serial above `behind` that asks for a low door, or one that does not."""
    key = tickets.ticket_key(TICKET_SECRET, 0)
    return next(
        number for number in range(behind + 1, 1000) if tickets.is_low(key, SECRETS.site_id, number) == low
    )


def chosen(story, number, size="1"):
    """The door that a ticket opens, at once."""
    story.asks(story.ticket(number) + "#")
    return pulses(story.types(size))


def test_a_ticket_that_asks_for_a_low_door_draws_among_the_low_ones():
    for drawn, door in ((0, 2), (1, 4)):
        story = Story("SSSS", lambda n, drawn=drawn: drawn, low=b"\2\4")
        assert chosen(story, serial(True)) == [door]


def test_any_other_ticket_draws_among_all():
    for drawn in range(4):
        story = Story("SSSS", lambda n, drawn=drawn: drawn, low=b"\2\4")
        assert chosen(story, serial(False)) == [drawn + 1]


def test_a_larger_low_door_goes_before_one_out_of_reach_without_a_question():
    story = Story("SML", low=b"\3")
    assert chosen(story, serial(True)) == [3]


def test_where_no_low_door_is_free_she_gets_any_that_fits():
    story = Story("SSL", low=b"\1")
    first = serial(True)
    assert story.deposits(first) == 1
    assert chosen(story, serial(True, first)) == [2]


def test_a_low_door_that_is_too_small_is_not_taken():
    story = Story("SL", low=b"\1")
    assert chosen(story, serial(True), "3") == [2]


def test_of_four_tickets_one_asks_for_a_low_door_whatever_its_tail():
    key = tickets.ticket_key(TICKET_SECRET, 0)
    asking = [number for number in range(4000) if tickets.is_low(key, SECRETS.site_id, number)]
    assert 900 < len(asking) < 1100
    with_tail = [number for number in asking if tickets.tail(key, SECRETS.site_id, number) < 100]
    assert 0.42 < len(with_tail) / len(asking) < 0.58
