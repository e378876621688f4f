"""Which door a parcel gets: sizes, the next larger one, a full cabinet."""

from cabinet_script import Story, pulses

from locker.core import keypad, state, texts


def test_each_size_has_its_doors_and_the_draw_decides_among_them():
    for size, drawn, door in (("1", 0, 1), ("1", 1, 2), ("2", 0, 3), ("3", 0, 4)):
        story = Story(draw=lambda n, drawn=drawn: drawn)
        assert story.begins_deposit(size=size) == door


def test_the_next_larger_door_is_offered_and_may_be_declined():
    story = Story()
    story.deposits(1)
    story.deposits(2)
    story.asks(story.ticket(3) + "#")
    assert pulses(story.types("1")) == []
    assert story.text == texts.LARGER
    assert story.screen[0] == "No S door is free."
    assert "M" in story.screen[1]
    story.types("*")
    assert story.text == texts.SIZES
    assert pulses(story.types("1")) == []
    assert pulses(story.types("#")) == [3]


def test_an_offered_door_that_is_taken_meanwhile_is_not_opened():
    story = Story()
    story.deposits(1)
    story.deposits(2)
    story.asks(story.ticket(3) + "#")
    story.types("1")
    story.opens(3)
    assert pulses(story.types("#")) == []
    assert story.text == texts.SIZES


def test_no_larger_door_is_said_plainly():
    story = Story("SL")
    story.deposits(1, "3")
    story.asks(story.ticket(2) + "#")
    story.types("3")
    assert story.text == texts.NO_SIZE
    assert pulses(story.types("1")) == [1]


def test_a_full_cabinet_says_so_and_keeps_the_ticket():
    story = Story("S")
    story.deposits(1)
    story.asks(story.ticket(2) + "#")
    assert story.text == texts.FULL
    assert 2 not in story.spent
    assert story.cabinet.mode == keypad.IDLE
    assert pulses(story.types("1")) == []


def test_what_tells_where_to_go_next_stays_for_twenty_seconds():
    story = Story("S")
    story.deposits(1)
    story.asks(story.ticket(2) + "#")
    story.wait(19500)
    assert story.text == texts.FULL
    story.wait(600)
    assert story.text == texts.WELCOME
    story.rings()
    story.host_acknowledges()
    story.wait(59000)
    assert story.text == texts.BELL


def test_a_cabinet_that_does_not_accept_says_so_and_still_gives_out():
    story = Story()
    door = story.deposits(1)
    story.cabinet.accepting = False
    story.asks(story.ticket(2) + "#")
    assert story.text == texts.FULL
    assert pulses(story.asks(story.code(door) + "#")) == [door]


def test_a_door_that_is_open_occupied_or_jammed_is_not_given_out():
    story = Story("SSS")
    story.opens(1)
    story.puts(2)
    assert story.begins_deposit() == 3


def test_a_door_that_has_used_up_its_counter_is_not_given_out():
    story = Story("S")
    story.state.doors[1].counter = state.COUNTER_MAX - 1
    story.opens(story.begins_deposit(1))
    story.closes(1)
    story.types("*")
    assert story.state.doors[1].counter == state.COUNTER_MAX
    story.asks(story.ticket(1) + "#")
    assert story.text == texts.FULL
