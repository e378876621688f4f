"""The records of a visit come in the order that docs/protocol.md gives:
with the names of the page, read from the page on CPython.
"""

from cabinet_script import Story

from locker.contract import commands, records


def waiting():
    story = Story()
    story.deposits()
    story.wait(61000)
    story.host_acknowledges()
    return story


def deposit():
    story = Story()
    return story, story.deposits


def taken_back():
    story = Story()
    door = story.deposits()

    def act():
        story.asks(story.ticket(42) + "#")
        story.opens(door)
        story.takes(door)
        story.wait(3000)
        story.closes(door)
        story.types("*")
        story.wait(30000)

    return story, act


def pickup():
    story = waiting()
    return story, lambda: story.collects(1)


def left_inside():
    story = waiting()

    def act():
        story.asks(story.code(1) + "#")
        story.opens(1)
        story.wait(3000)
        story.closes(1)

    return story, act


def stuck():
    story = waiting()

    def act():
        story.asks(story.code(1) + "#")
        story.wait(30000)

    return story, act


def wrong():
    story = waiting()
    return story, lambda: story.asks(story.wrong(1) + "#")


def ordered():
    story = waiting()
    return story, lambda: story.orders(commands.SET_OUT, 1, 1, 1)


def impossible():
    story = waiting()
    return story, lambda: story.orders(commands.REISSUE, 1, 9, 1)


VISITS = (  # as docs/protocol.md lists them, in its order
    ("deposit", deposit, ("DEPOSIT_STARTED", "PULSED", "DOOR_OPENED", "DOOR_CLOSED", "DEPOSITED")),
    (
        "deposit that the courier takes back",
        taken_back,
        ("WITHDRAWN", "DEPOSIT_STARTED", "PULSED", "DOOR_OPENED", "DOOR_CLOSED", "CANCELLED"),
    ),
    ("pickup", pickup, ("CODE_TRIED", "PICKUP_OPENED", "PULSED", "DOOR_OPENED", "DOOR_CLOSED", "COLLECTED")),
    (
        "pickup, the parcel stays inside",
        left_inside,
        ("CODE_TRIED", "PICKUP_OPENED", "PULSED", "DOOR_OPENED", "DOOR_CLOSED", "STILL_INSIDE"),
    ),
    (
        "pickup, the door is stuck",
        stuck,
        ("CODE_TRIED", "PICKUP_OPENED", "PULSED", "PULSED", "PULSED", "DOOR_JAMMED"),
    ),
    ("wrong code", wrong, ("CODE_TRIED",)),
    ("command", ordered, ("OUT_OF_SERVICE", "COMMAND_APPLIED")),
    ("command that is not possible", impossible, ("COMMAND_APPLIED",)),
)


def test_the_records_of_a_visit_come_in_this_order():
    for name, made, wanted in VISITS:
        story, act = made()
        before = len(story.log)
        act()
        found = [record.kind for record in story.log[before:] if record.kind < records.ACKNOWLEDGED]
        assert found == [getattr(records, kind) for kind in wanted], (name, found)
