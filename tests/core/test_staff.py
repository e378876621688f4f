"""Staff at the keypad: a code of twelve digits that the host has armed for one door,
that serves once, and that opens nothing else.
"""

from cabinet_script import SECRETS, Story, kinds, pulses, sounds

from locker.contract import codes, commands, records
from locker.core import state, texts
from locker.core.effects import GOOD, Record
from locker.core.events import Commanded, ContactClosed


def command(story, kind, door, a, number=None):
    """The host's next command, or one with that number."""
    counter = story.state.doors[door].counter if door in story.state.doors else 0
    return story.tell(Commanded(number or story.state.command + 1, kind, door, counter, a))


def staff_code(story, door, label, arming):
    counter = story.state.doors[door].counter
    return f"{door:02}" + codes.staff_code(
        SECRETS.code_key, label, SECRETS.board_id, SECRETS.epoch, door, counter, arming
    )


def waiting(story):
    door = story.deposits()
    story.wait(61000)
    return door


def test_a_recall_code_opens_its_door_once_and_the_host_is_told_who_it_was():
    story = Story()
    door = waiting(story)
    code = staff_code(story, door, b"recall", 1)
    story.asks(code + "#")
    assert story.text == texts.UNKNOWN  # nobody has armed it
    assert Record(records.ARMED, door, records.RECALL << 8 | 1, 1) in command(
        story, commands.ARM_RECALL, door, 1
    )
    effects = story.asks(code + "#")
    assert Record(records.PICKUP_OPENED, door, records.BY_RECALL, 1) in effects
    story.opens(door)
    story.takes(door)
    story.wait(1000)
    assert records.COLLECTED in kinds(story.closes(door))
    assert pulses(story.asks(code + "#")) == []


def test_a_recall_code_that_opened_is_dead_while_the_parcel_is_still_there():
    story = Story()
    door = waiting(story)
    command(story, commands.ARM_RECALL, door, 1)
    code = staff_code(story, door, b"recall", 1)
    story.asks(code + "#")
    story.opens(door)
    story.closes(door)
    assert story.text == texts.CODE_SPENT  # and no screen says that it works
    assert pulses(story.asks(code + "#")) == []
    assert pulses(story.asks(story.code(door) + "#")) == [door]  # hers is as good as before
    story.opens(door)
    story.closes(door)
    assert story.text == texts.STILL_INSIDE


def test_a_jam_does_not_use_a_recall_code_up():
    story = Story()
    door = waiting(story)
    command(story, commands.ARM_RECALL, door, 1)
    code = staff_code(story, door, b"recall", 1)
    story.asks(code + "#")
    assert records.DOOR_JAMMED in kinds(story.wait(30000))
    assert pulses(story.asks(code + "#")) == [door]


def test_a_new_arming_is_another_code_and_disarming_ends_it():
    story = Story()
    door = waiting(story)
    command(story, commands.ARM_RECALL, door, 1)
    command(story, commands.ARM_RECALL, door, 2)
    assert pulses(story.asks(staff_code(story, door, b"recall", 1) + "#")) == []
    command(story, commands.DISARM, door, 0)
    assert pulses(story.asks(staff_code(story, door, b"recall", 2) + "#")) == []
    # An older one: refused.
    assert Record(records.COMMAND_APPLIED, door, 4, 1 << 1) in command(story, commands.ARM_RECALL, door, 1)
    assert not story.state.doors[door].armed


def test_a_service_code_opens_an_empty_door_and_a_passed_test_brings_it_back():
    story = Story("SS")
    command(story, commands.SET_OUT, 1, 1)
    command(story, commands.SET_OUT, 2, 1)
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.FULL
    assert pulses(story.asks(staff_code(story, 1, b"service", 1) + "#")) == []
    command(story, commands.ARM_SERVICE, 1, 1)
    effects = story.asks(staff_code(story, 1, b"service", 1) + "#")
    assert Record(records.SERVICE_OPENED, 1, 0, 0) in effects
    assert pulses(effects) == [1]
    assert sounds(effects)[-1] == GOOD
    assert story.text == texts.SERVICE
    story.opens(1)
    story.wait(5000)
    assert Record(records.DOOR_TESTED, 1, 1, 0) in story.closes(1)
    assert story.text == texts.TESTED
    story.wait(9000)
    assert story.begins_deposit(42) == 1
    assert story.state.doors[2].out_of_service


def test_a_door_that_sees_something_when_it_is_empty_does_not_pass():
    story = Story("S")
    command(story, commands.SET_OUT, 1, 1)
    command(story, commands.ARM_SERVICE, 1, 1)
    story.asks(staff_code(story, 1, b"service", 1) + "#")
    story.opens(1)
    story.puts(1)
    assert Record(records.DOOR_TESTED, 1, 0, 0) in story.closes(1)
    assert story.text == texts.NOT_TESTED
    assert story.state.doors[1].out_of_service


def test_staff_do_not_open_a_door_that_a_courier_is_using():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    command(story, commands.ARM_SERVICE, door, 1)
    assert pulses(story.asks(staff_code(story, door, b"service", 1) + "#")) == []
    assert story.text == texts.UNKNOWN


def test_a_courier_gets_no_door_that_staff_have_just_asked_for():
    story = Story("S")
    command(story, commands.ARM_SERVICE, 1, 1)
    story.asks(staff_code(story, 1, b"service", 1) + "#")
    assert story.cabinet.free("S") == []
    story.opens(1)
    story.closed[1] = True
    story.tell(ContactClosed(1))
    assert story.cabinet.free("S") == []
    story.wait(500)
    assert story.cabinet.free("S") == [story.state.doors[1]]


def test_what_a_sensor_sees_during_a_test_is_the_tests_business():
    story = Story("S")
    command(story, commands.ARM_SERVICE, 1, 1)
    story.asks(staff_code(story, 1, b"service", 1) + "#")
    story.opens(1)
    story.closed[1] = True
    story.tell(ContactClosed(1))
    assert kinds(story.puts(1)) == []
    assert kinds(story.wait(500)) == [records.DOOR_CLOSED, records.DOOR_TESTED]
    assert not story.state.doors[1].sensor_unreliable


def test_an_empty_door_that_jams_under_a_service_code_stays_empty():
    for occupied in (False, True):
        story = Story("S")
        command(story, commands.ARM_SERVICE, 1, 1)
        if occupied:
            story.puts(1)
        story.asks(staff_code(story, 1, b"service", 1) + "#")
        assert kinds(story.wait(12000))[-1] == records.DOOR_JAMMED
        assert story.text == texts.JAMMED
        assert story.state.doors[1].state == state.EMPTY


def test_only_the_closing_after_a_service_code_is_a_test():
    for codes_typed in (1, 2):  # the second because the door has jammed
        story = Story("S")
        command(story, commands.ARM_SERVICE, 1, 1)
        for _ in range(codes_typed):
            story.wait(12000)
            assert pulses(story.asks(staff_code(story, 1, b"service", 1) + "#")) == [1]
        story.opens(1)
        assert records.DOOR_TESTED in kinds(story.closes(1))
        story.opens(1)
        assert kinds(story.closes(1)) == [records.DOOR_CLOSED]


def test_a_service_code_at_a_door_with_a_parcel_is_told_as_an_opening_of_that_parcel():
    story = Story()
    door = waiting(story)
    command(story, commands.ARM_SERVICE, door, 1)
    effects = story.asks(staff_code(story, door, b"service", 1) + "#")
    assert Record(records.PICKUP_OPENED, door, records.BY_SERVICE, 1) in effects


def test_the_parcel_in_a_door_out_of_service_can_be_collected():
    story = Story()
    door = waiting(story)
    command(story, commands.SET_OUT, door, 1)
    assert records.COLLECTED in kinds(story.collects(door))
    assert story.state.doors[door].out_of_service


def test_a_staff_code_spends_the_doors_tries_like_any_other():
    story = Story()
    door = waiting(story)
    command(story, commands.ARM_RECALL, door, 1)
    wrong = staff_code(story, door, b"recall", 2)
    for count in range(3):
        assert Record(records.CODE_TRIED, door, count + 1, 1) in story.asks(wrong + "#")


def test_what_is_armed_survives_a_power_cut_and_an_erased_block():
    story = Story()
    door = waiting(story)
    command(story, commands.ARM_RECALL, door, 3)
    carried = story.state.door_record(door)
    story.power_on()
    story.wait(5000)
    assert story.state.door_record(door) == carried
    assert pulses(story.asks(staff_code(story, door, b"recall", 3) + "#")) == [door]


def test_a_service_code_that_opened_its_door_before_a_power_cut_has_served():
    story = Story("S")
    command(story, commands.ARM_SERVICE, 1, 1)
    code = staff_code(story, 1, b"service", 1)
    assert pulses(story.asks(code + "#")) == [1]
    story.closed[1] = False  # and nothing of it could be recorded
    assert Record(records.DOOR_OPENED, 1, 0, 0) in story.power_on()
    story.closes(1)
    assert pulses(story.asks(code + "#")) == []


def test_a_service_code_opens_its_door_once():
    story = Story("S")
    command(story, commands.ARM_SERVICE, 1, 1)
    code = staff_code(story, 1, b"service", 1)
    assert pulses(story.asks(code + "#")) == [1]
    story.opens(1)
    story.closes(1)
    assert pulses(story.asks(code + "#")) == []
