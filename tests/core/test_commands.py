"""The host's commands: each once, in order, reported with its number, and bound to the parcel it is for."""

from cabinet_script import SECRETS, Story, kinds, parcel_code, pulses, secrets_of

from locker.contract import codes, commands, records
from locker.core import orders, state
from locker.core.effects import Record, Spend
from locker.core.events import Commanded
from locker.core.secrets import Secrets


def applied(story, kind, door, counter, a):
    """Whether the host's next command was possible, by its report."""
    number = story.state.command + 1
    effects = story.tell(Commanded(number, kind, door, counter, a))
    (report,) = [
        effect for effect in effects if isinstance(effect, Record) and effect.kind == records.COMMAND_APPLIED
    ]
    assert (report.door, report.a, report.b >> 1) == (door, number, story.state.patience)
    return bool(report.b & 1)


def test_the_numbers_of_commands_are_the_hosts_too():
    assert commands.SKIP == 0
    names = (
        "REISSUE",
        "ARM_RECALL",
        "ARM_SERVICE",
        "DISARM",
        "SET_OUT",
        "SET_PATIENCE",
        "BEGIN_EPOCH",
        "ANSWER_BELL",
        "ADOPT",
        "SETTLE",
        "TURN_TICKETS",
    )
    assert [getattr(commands, name) for name in names] == list(range(1, 12))


def test_what_is_possible_is_reported_so_to_its_limits():
    story = Story()
    door = story.deposits()
    for kind in (commands.REISSUE, commands.ARM_RECALL, commands.ARM_SERVICE):
        for a in (1, 1, 15):  # said again, it is as possible as before
            assert applied(story, kind, door, 1, a)
        assert not applied(story, kind, door, 1, 14)
        story.state.doors[door].staff_code_version = 0
    assert applied(story, commands.DISARM, door, 1, 0)
    for patience in (1, 2, 3, 4):
        assert applied(story, commands.SET_PATIENCE, 0, 0, patience)
        assert story.state.patience == patience
    for out in (1, 0):
        assert applied(story, commands.SET_OUT, door, 1, out)
        assert story.state.doors[door].out_of_service == out


def test_a_parcel_whose_door_jammed_can_be_reissued_and_recalled():
    story = Story()
    door = story.deposits()
    story.asks(story.code(door) + "#")
    story.wait(12000)
    assert story.state.doors[door].state == state.GRANTED
    assert applied(story, commands.REISSUE, door, 1, 1)
    assert applied(story, commands.ARM_RECALL, door, 1, 1)


def test_a_command_is_applied_once_and_only_in_its_turn():
    story = Story()
    assert kinds(story.tell(Commanded(2, commands.SET_OUT, 1, 0, 1))) == []
    assert Record(records.COMMAND_APPLIED, 1, 1, 1 << 1 | 1) in story.tell(
        Commanded(1, commands.SET_OUT, 1, 0, 1)
    )
    assert kinds(story.tell(Commanded(1, commands.SET_OUT, 1, 0, 0))) == []
    assert story.state.doors[1].out_of_service == 1
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
    assert story.state.doors[door].code_version == 2
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
            (commands.ADOPT, 99, 7, 99),
            (commands.SETTLE, 99, 1, 0),
            (max(orders._ACTIONS) + 1, door, 1, 0),
            (commands.REISSUE, door, 1, 16),  # more than there are
            (commands.REISSUE, 2, 0, 1),  # no parcel there
            (commands.ARM_RECALL, 2, 0, 1),
            (commands.ARM_SERVICE, door, 1, 16),
            (commands.SET_PATIENCE, 0, 0, 5),
            (commands.SET_PATIENCE, 0, 0, 0),
            (77, door, 1, 1),  # of a newer version
        ),
        1,
    ):
        effects = story.tell(Commanded(number, kind, where, counter, a))
        applied = [
            effect
            for effect in effects
            if isinstance(effect, Record) and effect.kind == records.COMMAND_APPLIED
        ]
        assert [(effect.a, effect.b & 1) for effect in applied] == [(number, 0)]
    assert story.state.door_records()[1:] == before
    assert story.state.command == 13


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
    new = f"{door:02}" + parcel_code(door, 1, 42, retry=1)[:8]
    assert pulses(story.asks(new + "#")) == [door]


def test_a_reissue_gives_no_new_guesses():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    for _ in range(10):
        story.asks(story.wrong(door) + "#")
    story.tell(Commanded(1, commands.REISSUE, door, 1, 1))
    new = f"{door:02}" + parcel_code(door, 1, 42, retry=1)
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
    assert Record(records.EPOCH_BEGUN, 0, 2, 1 + 77) in story.orders(commands.BEGIN_EPOCH, counter=77, a=2)
    other = story.deposits(43)
    assert story.state.doors[other].epoch == 2
    story.wait(61000)
    new_code = f"{other:02}" + parcel_code(other, 1, 43, epoch=2, rule=0)[:8]
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
    assert applied(story, commands.BEGIN_EPOCH, 0, 0, 2)
    assert applied(story, commands.ARM_SERVICE, door, 1, 1)
    code = f"{door:02}" + codes.staff_code(
        secrets_of(2).code_key, b"service", SECRETS.board_id, 2, door, 1, 1
    )
    assert pulses(story.asks(code + "#")) == [door]


def test_a_parcel_of_an_epoch_whose_key_is_gone_opens_for_no_code():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    story.cabinet.secrets = Secrets(*secrets_of(2)[:7], {}, codes.RULE)
    with_new = f"{door:02}" + parcel_code(door, 1, 42, epoch=2)[:8]
    assert pulses(story.asks(with_new + "#")) == []
    assert story.state.doors[door].state == state.WAITING


def test_an_epoch_brings_its_rule():
    for rule in (0, 1):
        story = Story()
        assert applied(story, commands.BEGIN_EPOCH, 0, 0, 10 | rule << 18)
        assert (story.state.epoch, story.state.rules[10]) == (10, rule)


def test_an_epoch_begins_once_however_often_it_is_ordered():
    story = Story()
    begun = [
        effect for effect in story.orders(commands.BEGIN_EPOCH, counter=5, a=9) if isinstance(effect, Record)
    ]
    assert begun == [Record(records.EPOCH_BEGUN, 0, 9, 6), Record(records.COMMAND_APPLIED, 0, 1, 1 << 1 | 1)]
    for epoch in (9, 8):
        assert kinds(story.orders(commands.BEGIN_EPOCH, counter=5, a=epoch)) == [records.COMMAND_APPLIED]
    assert story.state.epochs() == [(9, 6, 0)]
    # Of a rule that this firmware does not know.
    assert not applied(story, commands.BEGIN_EPOCH, 0, 0, 10 | 2 << 18)
    assert story.state.epoch == 9
    assert applied(Story(), commands.BEGIN_EPOCH, 0, 0, (1 << 18) - 1)
    story.power_on()
    assert story.state.epochs() == [(9, 6, 0)]
    assert story.cabinet.secrets.epoch == 9


def test_the_nonce_of_an_epoch_is_of_both_ends_and_never_0():
    for draw, half, nonce in (
        (0, 0, 1),
        (0xFFFFFFFE, 0, 0xFFFFFFFF),
        (0, 0xFFFFFFFF, 1),
        (0b0101, 0b0011, 0b0110 + 1),
        (0xFFFFFFFF, 1, 2),
    ):
        story = Story(draw=lambda n, drawn=draw: drawn % n)
        story.orders(commands.BEGIN_EPOCH, counter=half, a=2)
        assert story.state.nonces[2] == nonce


def test_no_epoch_begins_while_parcels_of_eight_wait():
    story = Story("S" * 9)
    doors = [story.deposits(serial=100)]
    for epoch in range(2, 9):
        story.wait(61000)
        assert applied(story, commands.BEGIN_EPOCH, 0, 0, epoch)
        doors.append(story.deposits(serial=100 + epoch))
    assert not applied(story, commands.BEGIN_EPOCH, 0, 0, 9)
    assert story.state.epoch == 8
    story.wait(61000)
    story.collects(doors[0])
    assert applied(story, commands.BEGIN_EPOCH, 0, 0, 9)


def test_a_call_is_answered_by_its_number_only():
    story = Story()
    assert not applied(story, commands.ANSWER_BELL, 0, 0, 0)
    story.rings()
    number = story.cabinet.bell_number
    for other in (number - 1, number + 1):
        assert not applied(story, commands.ANSWER_BELL, 0, 0, other)
    assert applied(story, commands.ANSWER_BELL, 0, 0, number)
    assert not applied(story, commands.ANSWER_BELL, 0, 0, number)


def test_a_parcel_that_the_journal_does_not_know_is_adopted_with_a_code_of_the_present_epoch():
    story = Story()
    story.occupied[2] = True
    assert applied(story, commands.BEGIN_EPOCH, 0, 0, 2)
    made = story.orders(commands.ADOPT, 2, 7, 1 << 17 | 4711)
    assert Record(records.ADOPTED, 2, 1 << 17 | 4711, 7) in made
    assert Spend(4711) in made
    door = story.state.doors[2]
    assert (door.state, door.counter, door.serial, door.sensor_unreliable, door.epoch) == (
        state.WAITING,
        7,
        4711,
        1,
        2,
    )
    # Said again after a power cut.
    assert kinds(story.orders(commands.ADOPT, 2, 7, 4711)) == [records.COMMAND_APPLIED]
    assert applied(story, commands.ADOPT, 2, 7, 4711)
    code = "02" + parcel_code(2, 7, 4711, epoch=2, rule=0)
    story.wait(5000)
    assert pulses(story.asks(code[:10] + "#")) == [2]


def test_nothing_is_adopted_where_another_parcel_is_or_its_counter_was_used():
    story = Story()
    door = story.deposits()
    for counter, a in ((1, 99), (1, 7), (2, 42), (0, 42)):
        assert not applied(story, commands.ADOPT, door, counter, a)
    story.wait(61000)
    story.asks(story.code(door) + "#")
    assert applied(story, commands.ADOPT, door, 1, 42)  # she is at the door, and it is known as it was
    story.opens(door)
    story.wait(1000)
    story.takes(door)
    story.closes(door)
    for counter in (0, 1):  # she has just taken it, which the host has not heard of yet
        assert not applied(story, commands.ADOPT, door, counter, 42)
    assert not applied(story, commands.ADOPT, door, state.COUNTER_MAX + 1, 99)
    assert applied(story, commands.ADOPT, door, state.COUNTER_MAX, 99)


def test_only_the_parcel_that_the_host_knows_of_may_wait_behind_a_door():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    code = story.code(door)
    assert kinds(story.orders(commands.SETTLE, door, 1, 1)) == [records.COMMAND_APPLIED]
    assert applied(story, commands.SETTLE, door, 1, 1)
    story.occupied[door] = False
    assert Record(records.COLLECTED, door, 42, 1) in story.orders(commands.SETTLE, door, 0, 1)
    assert kinds(story.orders(commands.SETTLE, door, 0, 1)) == [records.COMMAND_APPLIED]
    assert applied(story, commands.SETTLE, door, 0, 1)
    assert pulses(story.asks(code + "#")) == []


def test_a_parcel_of_a_later_epoch_than_the_host_knew_stays():
    story = Story()
    assert applied(story, commands.BEGIN_EPOCH, 0, 0, 1025)
    door = story.deposits()
    assert kinds(story.orders(commands.SETTLE, door, 0, 1024)) == [records.COMMAND_APPLIED]
    assert story.state.doors[door].state == state.WAITING
    assert records.COLLECTED in kinds(story.orders(commands.SETTLE, door, 0, 1025))


def test_a_parcel_of_any_epoch_up_to_the_one_that_the_host_knew_goes():
    for of, known in ((1, 1), (1, 2), (2, 2)):
        story = Story()
        if of == 2:
            assert applied(story, commands.BEGIN_EPOCH, 0, 0, 2)
        door = story.deposits()
        assert applied(story, commands.BEGIN_EPOCH, 0, 0, 3)
        assert records.COLLECTED in kinds(story.orders(commands.SETTLE, door, 2, known)), (of, known)


def test_a_courier_cannot_take_back_what_is_gone():
    story = Story()
    door = story.deposits()
    story.occupied[door] = False
    assert applied(story, commands.SETTLE, door, 0, 1)
    assert pulses(story.asks(story.ticket(42) + "#")) == []
    assert story.state.doors[door].state == state.EMPTY
    story.wait(61000)
    first = story.deposits(43)
    story.wait(61000)
    second = story.deposits(44, "2")
    assert applied(story, commands.SETTLE, first, 0, 1)
    assert pulses(story.asks(story.ticket(44) + "#")) == [second]  # which is another one


def test_nobody_is_robbed_of_the_parcel_that_she_takes_just_now():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    story.asks(story.code(door) + "#")
    assert not applied(story, commands.SETTLE, door, 0, 1)
    assert story.state.doors[door].state > state.WAITING


def test_a_board_with_an_older_journal_passes_over_the_commands_that_it_has_had():
    story = Story()
    assert Record(records.COMMAND_APPLIED, 0, 7, 1 << 1) in story.tell(Commanded(7, commands.SKIP, 0, 0, 0))
    assert kinds(story.tell(Commanded(7, commands.SKIP, 0, 0, 0))) == []
    assert kinds(story.tell(Commanded(6, commands.SKIP, 0, 0, 0))) == []
    assert kinds(story.tell(Commanded(8, commands.SKIP, 0, 0, 0))) == [records.COMMAND_APPLIED]
    assert applied(story, commands.SET_PATIENCE, 0, 0, 2)
    assert story.state.command == 9
