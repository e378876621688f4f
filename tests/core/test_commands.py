"""The host's commands: each once, in order, reported with its number, and bound to the parcel it is for."""

from cabinet_script import SECRETS, Story, kinds, pulses

from locker.core import codes, commands, journal, records
from locker.core.cabinet import Secrets
from locker.core.effects import Record
from locker.core.events import Commanded, EpochBegun


def applied(story, kind, door, counter, a):
    """Whether the host's next command was possible, by its report."""
    number = story.state.command + 1
    effects = story.tell(Commanded(number, kind, door, counter, a))
    (report,) = [effect for effect in effects if isinstance(effect, Record) and effect.kind == records.COMMAND_APPLIED]
    assert (report.door, report.a, report.b >> 1) == (door, number, story.state.patience)
    return bool(report.b & 1)


def test_the_numbers_of_commands_are_the_hosts_too():
    names = ("REISSUE", "ARM_RECALL", "ARM_SERVICE", "DISARM", "SET_OUT", "SET_PATIENCE")
    assert [getattr(commands, name) for name in names] == [1, 2, 3, 4, 5, 6]


def test_what_is_possible_is_reported_so_to_its_limits():
    story = Story()
    door = story.deposits()
    for kind in (commands.REISSUE, commands.ARM_RECALL, commands.ARM_SERVICE):
        for a in (1, 1, 15):  # said again, it is as possible as before
            assert applied(story, kind, door, 1, a)
        assert not applied(story, kind, door, 1, 14)
        story.state.doors[door].arming = 0
    assert applied(story, commands.DISARM, door, 1, 0)
    for patience in (1, 2, 3, 4):
        assert applied(story, commands.SET_PATIENCE, 0, 0, patience)
        assert story.state.patience == patience
    for out in (1, 0):
        assert applied(story, commands.SET_OUT, door, 1, out)
        assert story.state.doors[door].out == out


def test_a_parcel_whose_door_jammed_can_be_reissued_and_recalled():
    story = Story()
    door = story.deposits()
    story.asks(story.code(door) + "#")
    story.wait(12000)
    assert story.state.doors[door].state == journal.GRANTED
    assert applied(story, commands.REISSUE, door, 1, 1)
    assert applied(story, commands.ARM_RECALL, door, 1, 1)


def test_a_command_is_applied_once_and_only_in_its_turn():
    story = Story()
    assert kinds(story.tell(Commanded(2, commands.SET_OUT, 1, 0, 1))) == []
    assert Record(records.COMMAND_APPLIED, 1, 1, 1 << 1 | 1) in story.tell(Commanded(1, commands.SET_OUT, 1, 0, 1))
    assert kinds(story.tell(Commanded(1, commands.SET_OUT, 1, 0, 0))) == []
    assert story.state.doors[1].out == 1
    story.power_on()
    assert story.state.command == 1
    assert kinds(story.tell(Commanded(1, commands.SET_OUT, 1, 0, 0))) == []


def test_a_command_cut_off_before_its_report_is_said_again_and_changes_nothing_more():
    story = Story()
    door = story.deposits()
    story.tell(Commanded(1, commands.REISSUE, door, 1, 2))
    assert story.log.pop().kind == records.COMMAND_APPLIED
    story.number -= 1
    story.power_on()
    assert story.state.command == 0
    story.tell(Commanded(1, commands.REISSUE, door, 1, 2))
    assert story.state.doors[door].retry == 2
    assert story.state.command == 1


def test_what_is_not_possible_is_reported_so_and_changes_nothing():
    story = Story()
    door = story.deposits()
    before = story.state.door_records()[1:]
    for number, (kind, where, counter, a) in enumerate(
        (
            (commands.REISSUE, door, 2, 1),  # another parcel
            (commands.REISSUE, door, 0, 1),
            (commands.REISSUE, 99, 1, 1),  # another door
            (commands.REISSUE, door, 1, 16),  # more than there are
            (commands.REISSUE, 2, 0, 1),  # no parcel there
            (commands.ARM_RECALL, 2, 0, 1),
            (commands.ARM_SERVICE, door, 1, 16),
            (commands.SET_PATIENCE, 0, 0, 5),
            (commands.SET_PATIENCE, 0, 0, 0),
            (77, door, 1, 1),  # of a newer version
            (0, door, 1, 1),
        ),
        1,
    ):
        effects = story.tell(Commanded(number, kind, where, counter, a))
        applied = [effect for effect in effects if isinstance(effect, Record) and effect.kind == records.COMMAND_APPLIED]
        assert [(effect.a, effect.b & 1) for effect in applied] == [(number, 0)]
    assert story.state.door_records()[1:] == before
    assert story.state.command == 11


def test_a_reissued_code_replaces_the_old_one_and_keeps_the_failures():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    old = story.code(door)
    for _ in range(3):
        story.asks(story.wrong(door) + "#")
    story.tell(Commanded(1, commands.REISSUE, door, 1, 1))
    assert story.state.doors[door].failures == 3
    assert pulses(story.asks(old + "#")) == []
    new = f"{door:02}" + codes.pickup_code(SECRETS.code_key, SECRETS.board_id, SECRETS.epoch, door, 1, 1)[:8]
    assert pulses(story.asks(new + "#")) == [door]


def test_a_reissue_gives_no_new_guesses():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    for _ in range(10):
        story.asks(story.wrong(door) + "#")
    story.tell(Commanded(1, commands.REISSUE, door, 1, 1))
    new = f"{door:02}" + codes.pickup_code(SECRETS.code_key, SECRETS.board_id, SECRETS.epoch, door, 1, 1)
    assert pulses(story.asks(new[:10] + "#")) == []
    assert pulses(story.asks(new + "#")) == [door]


def test_the_cabinet_waits_longer_for_people_who_asked_for_it():
    story = Story()
    story.tell(Commanded(1, commands.SET_PATIENCE, 0, 0, 3))
    story.types("0")
    story.wait(59000)
    assert story.cabinet.typed == "0"
    assert story.cabinet.mode
    story.wait(1100)
    assert not story.cabinet.mode
    story.power_on()
    assert story.state.patience == 3


def test_a_parcel_keeps_the_code_of_its_epoch_until_it_goes():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    old_code = story.code(door)
    secrets = Secrets(*SECRETS[:2], 2, b"n" * 32, b"s" * 32, *SECRETS[5:7], {1: (1, SECRETS.code_key)})
    assert Record(records.EPOCH_BEGUN, 0, 2, 0) in story.tell(EpochBegun(secrets))
    other = story.deposits(43)
    assert story.state.doors[other].epoch == 2
    story.wait(61000)
    new_code = f"{other:02}" + codes.pickup_code(secrets.code_key, secrets.board_id, 2, other, 1, 0)[:8]
    assert pulses(story.asks(story.code(other) + "#")) == []  # the old epoch's key
    assert pulses(story.asks(new_code + "#")) == [other]
    story.opens(other)
    story.wait(1000)
    story.takes(other)
    story.closes(other)
    assert pulses(story.asks(old_code + "#")) == [door]


def test_a_service_code_is_of_the_present_epoch_whatever_parcels_the_door_had():
    story = Story()
    door = story.deposits()
    story.collects(door)
    secrets = Secrets(*SECRETS[:2], 2, b"n" * 32, b"s" * 32, *SECRETS[5:7], {1: (1, SECRETS.code_key)})
    story.tell(EpochBegun(secrets))
    assert applied(story, commands.ARM_SERVICE, door, 1, 1)
    code = f"{door:02}" + codes.staff_code(b"n" * 32, b"service", SECRETS.board_id, 2, door, 1, 1)
    assert pulses(story.asks(code + "#")) == [door]


def test_a_parcel_of_an_epoch_whose_key_is_gone_opens_for_no_code():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    story.tell(EpochBegun(Secrets(*SECRETS[:2], 2, b"n" * 32, *SECRETS[4:])))
    with_new = f"{door:02}" + codes.pickup_code(b"n" * 32, SECRETS.board_id, 2, door, 1, 0)[:8]
    assert pulses(story.asks(with_new + "#")) == []
    assert story.state.doors[door].state == journal.WAITING
