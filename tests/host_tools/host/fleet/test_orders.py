"""An order gets its number late enough that nothing which a lost ledger has told is taken for it."""

from pathlib import Path

from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.fleet.reconcile import meet
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.link.messages import Report
from locker.contract import commands
from tests.kit.host_board import enrol

PATIENT, VERY_PATIENT = (Order(commands.SET_PATIENCE, 0, 0, a) for a in (2, 3))


def met(ledger: Ledger, uid: bytes, next_command: int) -> None:
    """A board has reported that this is the next command for it."""
    report = Report(bytes(8), 7, 1, 1, 0, 0, next_command, 1, 100, 0, int.from_bytes(uid, "big"))
    with ledger.writing() as connection:
        assert meet(connection, 1, report, now_ms(), None).fault is None


def ordered(ledger: Ledger, *wanted: Order) -> None:
    with ledger.writing() as connection:
        orders.queue(connection, 1, wanted, now_ms())


def numbers(ledger: Ledger) -> list[tuple[int | None, str]]:
    with ledger.reading() as connection:
        rows = connection.execute(tables.command.select().order_by(tables.command.c.sequence))
        return [(row.number, row.state) for row in rows]


def test_a_number_that_the_board_has_had_from_a_lost_ledger_is_given_to_no_other_order(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        uid = enrol(ledger).uid
        ordered(ledger, PATIENT)
        met(ledger, uid, next_command=2)  # it has carried out a number 1 that this ledger does not know
        with ledger.writing() as connection:
            orders.reported(connection, [(1, 1, True, now_ms())])
        assert numbers(ledger) == [(None, orders.WAITING)]
        assert orders.next_orders(ledger, [1])[1].number == 2
        assert numbers(ledger) == [(2, orders.WAITING)]  # before it is told


def test_an_order_keeps_the_number_that_it_was_told_with_and_the_next_waits_for_its_report(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        uid = enrol(ledger).uid
        met(ledger, uid, next_command=1)
        ordered(ledger, PATIENT, VERY_PATIENT, PATIENT)  # the last waits there already
        for _ in range(2):
            assert orders.next_orders(ledger, [1])[1].a == PATIENT.a
            assert numbers(ledger) == [(1, orders.WAITING), (None, orders.WAITING)]
        with ledger.writing() as connection:
            orders.reported(connection, [(1, 1, False, now_ms())])
        assert orders.next_orders(ledger, [1])[1] == (2, *VERY_PATIENT)
        assert numbers(ledger) == [(1, orders.IMPOSSIBLE), (2, orders.WAITING)]
