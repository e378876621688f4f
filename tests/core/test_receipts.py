"""Without the host the courier gets a receipt, which brings the deposit to the host without any link."""

from cabinet_script import SECRETS, Story

from locker.contract import codes
from locker.core import texts


def test_without_the_host_a_receipt_is_shown_three_seconds_after_closing():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.puts(door)
    story.closes(door)  # waits 600 ms
    story.wait(2300)
    assert story.text == texts.DEPOSITED
    story.wait(100)
    assert story.text == texts.RECEIPT
    code = codes.receipt_code(SECRETS.receipt_key, SECRETS.board_id, 1, door, 1, 42, 0)
    assert story.screen == (
        "No link. Please note",
        "01 0001 " + code,
        "Ticket " + story.ticket(42),
        "Cabinet 12",
    )
    story.wait(61000)
    assert story.text == texts.WELCOME


def test_with_the_host_no_receipt_is_shown():
    story = Story()
    story.deposits(42)
    story.host_acknowledges()
    story.wait(2400)
    assert story.text == texts.DEPOSITED


def test_with_the_host_no_receipt_is_shown_whatever_else_it_has_heard_of():
    story = Story()
    story.deposits(42)
    story.opens(2)
    story.host_acknowledges()
    story.wait(2400)
    assert story.text == texts.CLOSE


def test_a_receipt_has_four_digits_of_the_counter():
    story = Story()
    story.state.doors[1].counter = 12344
    story.deposits(42)
    story.wait(2400)
    assert story.screen[1].startswith("01 2345 ")


def test_an_acknowledgement_of_something_earlier_is_none_of_this_deposit():
    story = Story()
    story.deposits(42)
    story.host_acknowledges(story.number - 1)
    story.wait(2400)
    assert story.text == texts.RECEIPT


def test_a_receipt_is_not_copied_any_longer_than_it_is_needed():
    for ms, then in ((2400, texts.DEPOSITED), (60100, texts.WELCOME)):  # the ticket is spent by then
        story = Story()
        story.deposits(42)
        story.wait(ms)
        story.host_acknowledges(story.number - 1)
        assert story.text == texts.RECEIPT
        story.host_acknowledges()
        assert story.text == then


def test_a_receipt_waits_until_the_keypad_is_free():
    story = Story()
    story.deposits(42)
    story.types("1")
    story.wait(4000)
    assert story.text == texts.ENTRY
    story.types("*")
    story.wait(1000)
    assert story.text == texts.RECEIPT
