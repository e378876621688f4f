"""An order gets its number late enough that nothing which a lost ledger has told is taken for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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


def met(ledger: Ledger, uid: bytes, next_command: int, next_event: int = 1) -> None:
    """A board has reported that this is the next command for it, and the next event that it will have."""
    report = Report(bytes(8), 7, 1, next_event, 0, 0, next_command, 1, 100, 0, int.from_bytes(uid, "big"))
    with ledger.writing() as connection:
        assert meet(connection, 1, report, now_ms(), None).fault is None


def ordered(ledger: Ledger, *wanted: Order) -> None:
    with ledger.writing() as connection:
        orders.queue(connection, 1, wanted, now_ms())


def numbers(ledger: Ledger) -> list[tuple[int | None, str]]:
    with ledger.reading() as connection:
        rows = connection.execute(tables.command.select().order_by(tables.command.c.sequence))
        return [(row.number, row.state) for row in rows]


def test_a_number_that_the_board_has_had_from_a_lost_ledger_is_given_to_no_other_order(
    tmp_path: Path,
) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        uid = enrol(ledger).uid
        ordered(ledger, PATIENT)
        met(ledger, uid, next_command=2)  # it has carried out a number 1 that this ledger does not know
        with ledger.writing() as connection:
            orders.reported(connection, [(1, 1, True, now_ms())])
        assert numbers(ledger) == [(None, orders.WAITING)]
        assert orders.next_orders(ledger, [1])[1].number == 2
        assert numbers(ledger) == [(2, orders.WAITING)]  # before it is told


def test_an_order_keeps_the_number_that_it_was_told_with_and_the_next_waits_for_its_report(
    tmp_path: Path,
) -> None:
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


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[Ledger, bytes]]:
    """A ledger, and the chip of its board, which was told order 1."""
    with open_ledger(tmp_path / "data") as ledger:
        uid = enrol(ledger).uid
        met(ledger, uid, next_command=1)
        ordered(ledger, PATIENT)
        assert orders.next_orders(ledger, [1])[1] == (1, *PATIENT)
        yield ledger, uid


def test_an_order_whose_number_the_board_has_left_behind_gets_another_once_all_that_it_tells_is_here(
    told: tuple[Ledger, bytes],
) -> None:
    ledger, uid = told
    met(ledger, uid, next_command=4, next_event=2)  # what it says of it is on its way
    assert orders.next_orders(ledger, [1])[1].number == 1
    with ledger.writing() as connection:
        connection.execute(tables.position.insert().values(cabinet=1, incarnation=7, applied=1))
    for _ in range(2):
        assert orders.next_orders(ledger, [1])[1] == (4, *PATIENT)
        assert numbers(ledger) == [(4, orders.WAITING)]


def test_a_board_that_has_reported_an_order_which_nobody_gave_is_told_the_next_one_behind_it(
    told: tuple[Ledger, bytes],
) -> None:
    ledger, _ = told
    with ledger.writing() as connection:
        orders.reported(connection, [(1, 500, True, now_ms())])
    assert orders.next_orders(ledger, [1])[1] == (501, *PATIENT)
