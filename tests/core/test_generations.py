"""Ticket keys turn: labels of two generations are good, each for one deposit;
a parcel keeps the tail that it came with.
"""

from cabinet_script import TICKET_SECRET, Story, kinds, parcel_code, parcel_duress, present, pulses, tail_of

from locker.contract import codes, commands, records, tickets
from locker.core import effects, keypad, state, texts
from locker.core.effects import Clear, Record, Spend
from locker.core.state import TAIL, State

HERS = 1  # a serial that has a tail in generations 0 to 3
ODD = 1 << 16  # in records, of an odd generation


def turn(story, generation):
    """The host orders the turn; whether it was possible."""
    made = story.orders(commands.TURN_TICKETS, a=generation)
    return bool(
        made[
            [type(effect) is Record and effect.kind == records.COMMAND_APPLIED for effect in made].index(True)
        ].b
        & 1
    )


def tailed(generation, but=()):
    """A serial with a tail."""
    serial = 0
    while tail_of(serial, generation) >= codes.NO_TAIL or serial in but:
        serial += 1
    return serial


def deposit(story, serial, generation=0):
    """A whole visit with a ticket of a generation; the door."""
    story.asks(story.ticket(serial, generation) + "#")
    story.types("1")
    door = story.coil
    story.opens(door)
    story.puts(door)
    story.closes(door)
    return door


def test_a_turn_is_journaled_before_and_after_its_bitmap_is_erased():
    story = Story()
    made = story.orders(commands.TURN_TICKETS, a=1)
    assert [effect for effect in made if type(effect) in (Record, Clear)] == [
        Record(records.TICKETS_KEPT, 0, 0, 1),
        Clear(1),
        Record(records.TICKETS_TURNED, 0, 1, 0),
        Record(records.COMMAND_APPLIED, 0, 1, 1 << 1 | 1),
    ]
    assert (story.state.generation, story.state.clearing) == (1, 0)
    assert sorted(story.cabinet.secrets.ticket_keys) == [0, 1]


def test_a_turn_said_again_is_reported_again_and_erases_nothing():
    story = Story()
    assert turn(story, 2)
    for generation in (2, 1, 0):
        made = story.orders(commands.TURN_TICKETS, a=generation)
        assert Record(records.TICKETS_TURNED, 0, 2, 0) in made
        assert not [effect for effect in made if type(effect) is Clear]
    assert story.state.generation == 2


def test_labels_of_two_generations_are_good_and_older_ones_are_refused_and_counted_apart():
    story = Story()
    assert turn(story, 1)
    assert turn(story, 2)
    for generation, text in ((2, texts.SIZES), (1, texts.SIZES), (0, texts.OLD_TICKET), (3, texts.UNKNOWN)):
        effects_ = story.asks(story.ticket(5, generation) + "#")
        assert story.text == text, generation
        refused = [
            effect for effect in effects_ if type(effect) is Record and effect.kind == records.TICKET_REFUSED
        ]
        assert [effect.a for effect in refused] == {texts.OLD_TICKET: [1 << 16 | 1], texts.UNKNOWN: [1]}.get(
            text, []
        )
        story.types("*")


def test_a_serial_is_recorded_with_the_parity_of_its_generation_and_is_good_once_in_each():
    story = Story()
    first = deposit(story, 5)
    assert turn(story, 1)
    second = deposit(story, 5, 1)
    assert [record.a for record in story.log if record.kind == records.DEPOSITED] == [5, ODD | 5]
    story.wait(61000)
    assert story.spent == {5, ODD | 5}
    for generation in (0, 1):
        story.asks(story.ticket(5, generation) + "#")
        assert story.text == texts.USED
    assert pulses(story.asks(f"{first:02}{parcel_code(first, 1, 5)[:8]}#")) == [first]
    assert pulses(story.asks(f"{second:02}{parcel_code(second, 1, ODD | 5, generation=1)[:8]}#")) == [second]


def test_a_serial_used_two_generations_ago_is_good_again():
    story = Story()
    door = deposit(story, 5)
    story.collects(door)
    story.wait(61000)
    assert turn(story, 1)
    assert story.spent == {5}
    assert turn(story, 2)
    assert story.spent == set()
    assert deposit(story, 5, 2)


def test_a_parcel_that_waits_through_turns_keeps_the_tail_that_it_came_with():
    story = Story()
    serial = tailed(0)
    door = deposit(story, serial)
    story.wait(61000)
    duress = f"{door:02}{parcel_duress(door, 1, serial)[:8]}#"
    for generation in (1, 2, 3):
        kept = [Record(records.TAIL_KEPT, door, 0, 0)] if generation == 2 else []
        made = story.orders(commands.TURN_TICKETS, a=generation)
        assert [
            effect for effect in made if type(effect) is Record and effect.kind == records.TAIL_KEPT
        ] == kept
        assert 0 in story.cabinet.secrets.ticket_keys
    story.power_on()
    assert story.state.generation_of(story.state.doors[door]) == 0
    story.wait(5000)
    assert Record(records.PICKUP_OPENED, door, records.BY_DURESS, 1) in story.asks(duress)


def test_the_next_parcel_of_a_door_has_a_tail_of_its_own_generation():
    story = Story()
    door = deposit(story, 5)
    story.wait(61000)
    assert turn(story, 2)
    story.asks(f"{door:02}{parcel_code(door, 1, 5)[:8]}#")
    story.opens(door)
    story.takes(door)
    story.wait(1000)
    story.closes(door)
    assert sorted(story.state.generations()) == [0, 1, 2]
    serial = tailed(2)
    assert deposit(story, serial, 2) == door
    assert story.state.doors[door].generation == -1
    assert story.state.carried(door | TAIL) == []
    duress = f"{door:02}{parcel_duress(door, 2, serial, generation=2)[:8]}#"
    assert Record(records.PICKUP_OPENED, door, records.BY_DURESS, 2) in story.asks(duress)


def test_a_turn_waits_for_the_courier_whose_label_would_go():
    story = Story()
    assert turn(story, 1)
    story.asks(story.ticket(5, 0) + "#")
    assert story.cabinet.mode == keypad.CHOOSING
    assert not turn(story, 2)  # a ticket in hand
    story.types("1")
    door = story.coil
    assert not turn(story, 2)  # her door is pulsed
    story.opens(door)
    story.types("12345")  # and somebody types beside it
    assert not turn(story, 2)
    story.puts(door)
    story.closes(door)
    assert story.cabinet.deposited
    assert not turn(story, 2)  # she may still come back
    story.wait(61000)
    assert turn(story, 2)


def test_a_turn_does_not_wait_for_couriers_whose_labels_stay_good():
    story = Story()
    story.asks(story.ticket(5, 0) + "#")
    assert turn(story, 1)
    story.types("1")
    door = story.coil
    story.opens(door)
    story.puts(door)
    story.closes(door)
    assert turn(story, 1)
    assert [record.a for record in story.log if record.kind == records.DEPOSITED] == [5]
    story.wait(61000)
    assert story.spent == {5}


def test_a_turn_needs_room_in_the_journal_and_a_generation_that_a_record_holds():
    story = Story()
    door = deposit(story, 5)
    story.wait(61000)
    room = 16 + 2 + state.RESERVE
    story.cabinet.room = room - 1
    assert not turn(story, 2)
    story.cabinet.room = room
    assert turn(story, 2)
    assert story.state.doors[door].generation == 0
    story.cabinet.room = 1000
    assert not turn(story, tickets.GENERATION_MAX + 1)
    assert turn(story, tickets.GENERATION_MAX)


def test_whoever_skips_a_generation_erases_both_bitmaps():
    story = Story()
    made = story.orders(commands.TURN_TICKETS, a=3)
    assert [effect for effect in made if type(effect) is Clear] == [Clear(2), Clear(3)]


def test_a_turn_that_the_power_cut_off_is_made_at_the_next_start():
    story = Story()
    story.spent = {ODD | 7}
    story._store(Record(records.TICKETS_KEPT, 0, 0, 1))
    made = story.power_on()
    assert [effect for effect in made if type(effect) in (Clear, Record)] == [
        Clear(1),
        Record(records.TICKETS_TURNED, 0, 1, 0),
    ]
    assert story.spent == set()
    assert not [effect for effect in story.power_on() if type(effect) is Clear]
    assert story.state.generation == 1


def test_what_is_known_of_tickets_is_carried_over_erased_blocks():
    state = State((1, 2))
    assert state.carried(0) == [state.door_record(0)]
    state.fold(records.TICKETS_KEPT, 0, 4, 5)
    state.fold(records.DEPOSIT_STARTED, 1, 42, 1)
    state.fold(records.TAIL_KEPT, 1, 2, 0)
    assert state.carried(0) == [Record(records.TICKETS_KEPT, 0, 4, 5), state.door_record(0)]
    assert state.carried(1 | TAIL) == [Record(records.TAIL_KEPT, 1, 2, 0)]
    for nothing in (2 | TAIL, 9 | TAIL, TAIL, 9):
        assert state.carried(nothing) == []
    again = State((1, 2))
    for record in state.door_records():
        again.fold(*record)
    assert again.door_records() == state.door_records()
    assert (again.generation, again.clearing, again.generations()) == (4, 5, [2, 3, 4])
    again.fold(records.CANCELLED, 1, 42, 1)
    assert again.carried(1 | TAIL) == []
    again.fold(records.TICKETS_TURNED, 0, 5, 0)
    assert (again.generation, again.clearing) == (5, 0)


def test_each_parity_has_a_bitmap_and_a_first_key_has_one_for_all_its_serials():
    state = State((1,))
    assert [state.spent_bit(serial) for serial in (5, 65535, 99999)] == [(5, 0), (65535, 0), (99999, 0)]
    state.fold(records.TICKETS_TURNED, 0, 3, 0)
    assert [state.spent_bit(serial) for serial in (5, ODD | 5, ODD | 65535)] == [(5, 0), (5, 1), (65535, 1)]


def test_a_board_that_is_provisioned_later_begins_with_the_generation_of_its_site():
    state = State((1,), 1, 1, 7)
    assert (state.generation, state.generations(), state.carried(0)[0]) == (
        7,
        [5, 6, 7],
        Record(records.TICKETS_KEPT, 0, 7, 0),
    )


def test_an_adopted_parcel_has_the_tail_of_its_generation_and_its_ticket_is_spent_where_there_is_a_bitmap():
    for generation, is_spent in ((0, False), (1, True), (2, True), (3, False)):
        story = Story()
        assert turn(story, 2)
        story.occupied[2] = True
        serial = tickets.recorded(tailed(generation), generation)
        made = story.orders(commands.ADOPT, 2, 7, serial | generation << 18)
        assert Record(records.ADOPTED, 2, serial | generation << 18, 7) in made
        assert [effect.serial for effect in made if type(effect) is Spend] == [serial] * is_spent
        assert story.state.doors[2].sensor_unreliable == 0
        assert story.state.generation_of(story.state.doors[2]) == generation
        assert not [effect for effect in story.power_on() if type(effect) is Spend]
        duress = f"02{parcel_duress(2, 7, serial, generation=generation)[:8]}#"
        story.wait(5000)
        assert Record(records.PICKUP_OPENED, 2, records.BY_DURESS, 7) in story.asks(duress), generation


def receipts(story):
    """The tickets on the receipts that the screen has shown."""
    shown = [effect for effect in story.effects if type(effect) is effects.Show]
    return [effect.arguments[3] for effect in shown if effect.text == texts.RECEIPT]


def test_the_receipt_of_an_old_label_names_that_label():
    story = Story()
    assert turn(story, 1)
    for serial, generation in ((5, 0), (6, 1)):
        deposit(story, serial, generation)
        story.wait(61000)
    assert receipts(story) == [story.ticket(5, 0), story.ticket(6, 1)]


class OldStory(Story):
    """A cabinet of a site that is older than generations: its first ticket key is the secret itself."""

    def power_on(self):
        made = super().power_on()
        self.cabinet._derive = self.keys
        self.cabinet.rekey()
        return made

    def keys(self, epochs, generations):
        keys = {generation: tickets.keyed(TICKET_SECRET, generation, True) for generation in generations}
        return _with(present(epochs), keys)


def _with(secrets, keys):
    """On MicroPython a named tuple has no _replace."""
    return type(secrets)(*secrets[:5], keys, *secrets[6:])


def old_ticket(serial):
    return tickets.ticket(TICKET_SECRET, bytes(range(8, 16)), serial)


def test_labels_from_before_generations_are_good_until_the_key_turns_and_half_of_them_until_it_turns_again():
    story = OldStory()
    for serial in (4711, 99999):
        story.asks(old_ticket(serial) + "#")
        assert story.text == texts.SIZES
        story.types("*")
    assert turn(story, 1)
    for serial, text in ((4711, texts.SIZES), (99999, texts.OLD_TICKET)):
        story.asks(old_ticket(serial) + "#")
        assert story.text == text
        story.types("*")
    assert turn(story, 2)
    for serial in (4711, 99999):
        story.asks(old_ticket(serial) + "#")
        assert story.text == texts.OLD_TICKET


def test_a_parcel_that_came_on_such_a_label_keeps_its_tail_whatever_turns():
    for serial in (4711, 99999):
        story = OldStory()
        story.asks(old_ticket(serial) + "#")
        story.types("1")
        door = story.coil
        story.opens(door)
        story.puts(door)
        story.closes(door)
        story.wait(61000)
        assert story.spent == {serial}
        assert turn(story, 1)
        assert turn(story, 2)
        assert story.state.generation_of(story.state.doors[door]) == 0
        tail = tickets.tail(TICKET_SECRET, bytes(range(8, 16)), serial, 0)
        assert tail < codes.NO_TAIL
        secrets = story.cabinet.secrets
        duress = codes.duress_code(secrets.code_key, secrets.board_id, 1, door, 1, 0, tail)
        made = story.asks(f"{door:02}{duress[:8]}#")
        assert Record(records.PICKUP_OPENED, door, records.BY_DURESS, 1) in made
        assert kinds(made)


def test_without_a_safe_tail_no_slip_is_a_call_for_help():
    story = Story()
    serial = next(serial for serial in range(1000) if tail_of(serial) >= codes.NO_TAIL)
    door = deposit(story, serial)
    code = parcel_code(door, 1, serial)
    story.state.doors[door].failures = -200
    for slip in range(100):
        typed = f"{door:02}{code[:6]}{slip:02}#"
        opened = [
            effect
            for effect in story.asks(typed)
            if type(effect) is Record and effect.kind == records.PICKUP_OPENED
        ]
        assert [effect.a for effect in opened] == ([records.BY_CODE] if code[6:8] == f"{slip:02}" else [])
        if opened:
            story.opens(door)
            story.closes(door)
