"""Contacts of either polarity are believed when they have settled."""

from wires import Wire

from locker.drivers.contact import Contact


def test_a_contact_knows_its_door_from_the_start_in_either_polarity():
    for closed_level in (0, 1):
        assert Contact(Wire(closed_level), closed_level).closed
        assert not Contact(Wire(1 - closed_level), closed_level).closed


def test_a_change_is_believed_after_it_has_lasted_and_told_once():
    for closed_level in (0, 1):
        wire = Wire(closed_level)
        contact = Contact(wire, closed_level)
        assert not contact.poll(0)
        wire.level = 1 - closed_level
        assert [contact.poll(now) for now in (20, 40, 49)] == [False, False, False]
        assert contact.closed
        assert contact.poll(50)
        assert not contact.closed
        assert not contact.poll(70)


def test_a_change_that_does_not_last_is_never_told():
    wire = Wire(1)
    contact = Contact(wire, 1)
    for now in range(0, 2000, 20):
        wire.level = 1 if now % 40 else 0  # chatters for two seconds
        assert not contact.poll(now)
    assert contact.closed


def test_a_change_just_told_is_no_reason_to_believe_the_next_one_sooner():
    wire = Wire(1)
    contact = Contact(wire, 1)
    wire.level = 0
    assert [contact.poll(now) for now in (0, 20, 40)] == [False, False, True]
    wire.level = 1
    assert not contact.poll(60)
    wire.level = 0
    assert not contact.poll(80)
    assert not contact.closed


def test_each_swing_of_a_bouncing_door_is_one_change():
    wire = Wire(1)
    contact = Contact(wire, 1)
    script = "1 0101 0000000 10 11111 010 0000"
    changes = 0
    for step, level in enumerate(script.replace(" ", "")):
        wire.level = int(level)
        changes += contact.poll(20 * step)
    assert changes == 3
    assert not contact.closed
