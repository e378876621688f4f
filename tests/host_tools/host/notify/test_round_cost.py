"""What a round of the post asks the ledger for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from host_tools.host.ledger import aside
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.notifier import LATER, REFUSED
from tests.kit.town import Moody, Town

_OWN = re.compile(r"BEGIN|COMMIT|ROLLBACK")


@contextmanager
def asked(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """The statements that are executed meanwhile, each with the values of one time."""
    found: dict[str, Any] = {}

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not _OWN.match(statement):
            found[statement] = values[0] if many else values

    event.listen(ledger._engine, "before_cursor_execute", hear)
    yield found
    event.remove(ledger._engine, "before_cursor_execute", hear)


def test_a_round_reads_what_it_has_to_do_and_never_all_letters(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody("away", LATER, REFUSED), Moody("silent", "take"), confirmed=True)
    with asked(town.ledger) as statements:
        town.deposit()
        with town.ledger.writing() as connection:
            aside.raise_case(connection, 1, aside.UNMET, 1, 0, town.at_ms)
        statements.clear()
        town.pass_time(15)
    assert len(town.sms.messages) == 1
    assert len(statements) > 15
    with town.ledger.reading() as connection:
        for statement, values in statements.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert not [row for row in plan if re.match("SCAN (outbox|delivery)", row[3])], statement
            staffs = [row for row in plan if "ix_outbox_resident (resident=?)" in row[3]]
            assert not staffs or "serial" in statement, "all letters to staff have no resident"


def test_an_idle_round_is_one_statement(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody("take"), Moody("take"))
    town.deposit()
    town.pass_time(1)
    with asked(town.ledger) as statements:
        town.pass_time(1)
    assert len(statements) == 1
