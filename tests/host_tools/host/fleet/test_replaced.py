"""What a board takes over from the one whose place it has: its parcels, and which doors are out;
what cannot pass over, staff are told.
"""

from host_tools.host.fleet import events, reconcile
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import aside, tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place
from host_tools.host.parcels import parcels, tickets
from host_tools.link.messages import Report
from locker.contract import commands, records
from tests.host_tools.host.fleet.test_branches import Meetings
from tests.kit.host_board import Journal, enrol, enrolment

NOON_MS = 1_700_000_000_000
OLD, NEW = b"uid-01", b"uid-02"


def lived(ledger: Ledger) -> Journal:
    """The first board: door 2 is out, 3 was; a parcel waits behind 4;
    staff have codes for 4 and 5, and have used that of 6.
    """
    enrol(ledger, OLD)
    journal = Journal(7)
    for door, is_out in ((2, 1), (3, 1), (3, 0)):
        journal.add(records.OUT_OF_SERVICE, door, is_out, 0)
    journal.deposit(4, tickets.issue(ledger, "Kim").serial, 1)
    for door, code in ((4, records.RECALL), (5, records.SERVICE), (6, records.SERVICE)):
        journal.add(records.ARMED, door, code << 8 | 1, 1 if door == 4 else 0)
    journal.add(records.DOOR_OPENED, 6, 0, 0)
    with ledger.writing() as connection:
        connection.execute(tables.cabinet.update().values(incarnation=7, enrolled_ms=NOON_MS - 864_000_000))
    take(ledger, [Received(1, 7, 1, 100, NOON_MS, tuple(journal.events), uptime=journal.uptime)])
    return journal


def replace(ledger: Ledger) -> None:
    """Another board in its place."""
    ledger.retire(OLD)
    made = enrolment(NEW, number=1)
    ledger.enrol(made)
    ledger.confirm(made.board_id)


def meet(ledger: Ledger, next_event: int = 1) -> None:
    report = Report(bytes(8), 9, 1, next_event, 0, 0, 1, 1, 100, 0, int.from_bytes(NEW, "big"))
    with ledger.writing() as connection:
        assert reconcile.meet(connection, 2, report, NOON_MS, None).fault is None


def ordered(ledger: Ledger) -> list[tuple[int, int, int]]:
    with ledger.reading() as connection:
        rows = connection.execute(
            tables.command.select().where(tables.command.c.cabinet == 2).order_by(tables.command.c.sequence)
        )
        return [(row.kind, row.door, row.a if row.kind == commands.SET_OUT else 0) for row in rows]


def cases(ledger: Ledger, kind: str) -> list[int]:
    with ledger.reading() as connection:
        rows = connection.execute(
            tables.alarm.select().where(tables.alarm.c.kind == kind).order_by(tables.alarm.c.door)
        )
        return [row.door for row in rows]


def test_a_board_in_the_place_of_another_has_its_doors_out_of_service_before_it_adopts_its_parcels(
    ledger: Ledger,
) -> None:
    lived(ledger)
    replace(ledger)
    for _ in range(2):  # once, however often it reports
        meet(ledger)
        assert ordered(ledger) == [(commands.SET_OUT, 2, 1), (commands.ADOPT, 4, 0)]


def test_what_staff_say_of_a_door_of_the_new_board_counts(ledger: Ledger) -> None:
    lived(ledger)
    replace(ledger)
    meet(ledger)
    journal = Journal(9)
    journal.add(records.OUT_OF_SERVICE, 2, 0, 0)
    take(ledger, [Received(2, 9, 1, 100, NOON_MS, tuple(journal.events), uptime=journal.uptime)])
    with ledger.writing() as connection:
        connection.execute(tables.command.delete())
    meet(ledger, next_event=2)
    assert ordered(ledger) == [(commands.ADOPT, 4, 0)]


def test_staff_are_told_once_of_their_codes_that_died_with_the_board(ledger: Ledger) -> None:
    lived(ledger)
    replace(ledger)
    meet(ledger)
    meet(ledger)
    assert cases(ledger, aside.STAFF_CODE_DEAD) == [4, 5]


def test_what_the_board_before_told_is_still_shown_of_the_cabinet(ledger: Ledger) -> None:
    journal = lived(ledger)
    replace(ledger)
    meet(ledger)
    shown = events.listing(ledger, Place("mapo-3", 1, 4))
    assert [one.number for one in shown] == [
        number for number, _ in enumerate(journal.events, 1) if 4 <= number <= 7
    ]


def test_a_code_of_staff_that_an_older_image_knows_nothing_of_is_told_and_one_that_it_knows_is_not(
    ledger: Ledger,
) -> None:
    board = Meetings(ledger)
    board.journal.add(records.ARMED, 3, records.SERVICE << 8 | 1, 0)
    board.tell_all()
    image, held = board.image(), board.held
    board.journal.add(records.ARMED, 5, records.SERVICE << 8 | 1, 0)
    board.tell_all()
    board.put_back(image, held)
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.begin_epoch()
    assert cases(ledger, aside.STAFF_CODE_DEAD) == [5]


def test_staff_are_told_once_a_day_of_a_cabinet_that_is_refused(ledger: Ledger) -> None:
    enrol(ledger, OLD)
    for at_ms in (NOON_MS, NOON_MS + 60_000, NOON_MS + 86_400_000):
        report = Report(bytes(8), 9, 1, 1, 0, 0, 1, 1, 100, 0, int.from_bytes(NEW, "big"))
        with ledger.writing() as connection:
            assert reconcile.meet(connection, 1, report, at_ms, None).fault == "copied"
    assert cases(ledger, aside.REFUSED) == [0, 0]
    assert parcels.listing(ledger) == []
