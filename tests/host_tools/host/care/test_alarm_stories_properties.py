"""Whatever is rung, taken, shelved, closed and killed in any order, with a clock that steps: everybody is
told in order, nobody after it was taken, one case is open for a cause, and each ring is counted.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, Row, func, select

from host_tools.errors import UserError
from host_tools.host import pager
from host_tools.host.care import cases, escalation, paging
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.notifier import HANDED_OVER, LATER, REFUSED, Receipt
from locker.contract import records
from tests.kit.cared_site import SECOND_MS, CaredSite

PEOPLE = ("Min", "Jun", "Sora")
numbers = st.integers(1, 4)


class Alarms(RuleBasedStateMachine):
    """The host is `pager.look` and what it notes; the kill is a page that was handed over and not noted."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = open_ledger(Path(self.folder.name) / "data")
        self.site = CaredSite(self.ledger)
        self.people = [self.site.hires(name) for name in PEOPLE]
        self.site.puts_on_call(*self.people)
        self.heard: Counter[str] = Counter()  # by the id of a page: how often somebody got it
        self.killed: set[str] = set()
        self.taken_by: dict[int, str] = {}

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    @rule(cabinet=st.sampled_from((1, 2)))
    def somebody_rings(self, cabinet: int) -> None:
        self.site.rings(cabinet)

    @rule(cabinet=st.sampled_from((1, 2)))
    def somebody_tampers(self, cabinet: int) -> None:
        self.site.tells(records.TAMPERED, cabinet=cabinet)

    @rule(seconds=st.sampled_from((1, 5, 30, 60, 61, 300, 86_400, -3_600, -86_400)))
    def the_clock_moves(self, seconds: int) -> None:
        self.site.at_ms += seconds * SECOND_MS

    @rule(becomes=st.sampled_from((HANDED_OVER, HANDED_OVER, HANDED_OVER, LATER, REFUSED, "killed")))
    def the_host_looks(self, becomes: str) -> None:
        for page in self.site.looks().pages:
            assert page.case_state == cases.OPEN  # nobody is told of what was taken
            assert page.round == page.case_round
            on_call = escalation.told(page.step, self.people)
            assert page.account in on_call
            name = paging.message_id(page)
            if becomes in (HANDED_OVER, "killed"):
                self.heard[name] += 1
            if becomes == "killed":
                self.killed.add(name)
            else:
                pager.note_page(self.ledger, page, Receipt(becomes), self.site.at_ms)

    @rule(case=numbers, person=st.sampled_from(PEOPLE))
    def somebody_takes(self, case: int, person: str) -> None:
        before = next((one for one in self._cases() if one.id == case), None)
        with self.ledger.writing() as connection:
            try:
                cases.take(connection, case, person, self.site.at_ms)
            except UserError as refused:
                if before is not None and before.state == cases.TAKEN:
                    assert before.taken_by != person
                    assert f"{before.taken_by} has taken" in str(refused)  # hears who
                else:
                    assert before is None or before.state == cases.CLOSED
            else:
                assert before is not None
                assert before.state != cases.TAKEN or before.taken_by == person

    def _cases(self) -> list[Row]:
        with self.ledger.reading() as connection:
            return list(connection.execute(select(tables.case)))

    @rule(case=numbers)
    def it_is_given_back(self, case: int) -> None:
        self._tries(lambda connection: cases.give_back(connection, case, "Min", self.site.at_ms))

    @rule(case=numbers)
    def it_is_shelved(self, case: int) -> None:
        until_ms = self.site.at_ms + 60_000
        self._tries(
            lambda connection: cases.shelve(connection, case, "Min", until_ms, "why", self.site.at_ms)
        )

    @rule(case=numbers)
    def it_is_closed(self, case: int) -> None:
        self._tries(lambda connection: cases.close(connection, case, "Min", "false", self.site.at_ms))

    def _tries(self, act: Callable[[Connection], object]) -> None:
        with self.ledger.writing() as connection:
            try:
                act(connection)
            except UserError:
                return

    @invariant()
    def one_case_is_open_for_a_cause(self) -> None:
        case = tables.case.c
        with self.ledger.reading() as connection:
            open_ones = select(case.kind, case.key).where(case.state != cases.CLOSED)
            found = [tuple(row) for row in connection.execute(open_ones)]
            assert len(found) == len(set(found))

    @invariant()
    def each_ring_is_counted_once(self) -> None:
        alarm, case = tables.alarm.c, tables.case.c
        with self.ledger.reading() as connection:
            grouped = select(alarm.case_id, func.count()).where(alarm.case_id.is_not(None))
            rung = {row[0]: row[1] for row in connection.execute(grouped.group_by(alarm.case_id))}
            counted = {
                row.id: row.times
                for row in connection.execute(select(case.id, case.times, case.number))
                if row.number is not None
            }
        assert rung == counted

    @invariant()
    def nobody_hears_a_page_twice_but_after_a_kill(self) -> None:
        assert all(times == 1 or name in self.killed for name, times in self.heard.items())

    @invariant()
    def steps_come_in_their_order(self) -> None:
        page = tables.page.c
        with self.ledger.reading() as connection:
            rows = connection.execute(select(page.case_id, page.round, page.step).order_by(page.id)).all()
        last: dict[tuple[int, int], int] = {}
        for row in rows:
            before = last.get((row.case_id, row.round), -1)
            assert before <= row.step <= before + 1
            last[row.case_id, row.round] = row.step


TestAlarms = Alarms.TestCase
TestAlarms.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
