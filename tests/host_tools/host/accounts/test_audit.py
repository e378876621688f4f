"""The audit: nobody changes a row unseen, an erasure leaves the chain whole, and silent alarms leave no trace
in it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from host_tools.cli import ansim
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.sealing import BLIND
from host_tools.host.people import residents

DAY_MS = 86_400_000
AUDITOR = Actor(os_user="lee", roles=frozenset(("auditor",)))
OPERATOR = Actor(os_user="kim", roles=frozenset(("operator",)))


def note(ledger: Ledger, act: str = "parcel recall", **more) -> None:
    with ledger.writing() as connection:
        audit.note(connection, ledger, act, **more)


def wrong(ledger: Ledger, exported: dict | None = None) -> dict[str, int | None]:
    return {one.chain: one.wrong for one in audit.verify(ledger, exported)}


def export(ledger: Ledger) -> dict[tuple[str, int], audit.Exported]:
    rows = audit.everything(ledger)
    return {(one.chain, one.number): audit.Exported(one.link, one.resident, one.erased) for one in rows}


def erase(ledger: Ledger, resident: int) -> int:
    with ledger.writing() as connection:
        rows = audit.erase(connection, ledger, resident)
        audit.note(connection, ledger, audit.ERASED, resident=resident)
    return rows


def by_hand(ledger: Ledger, number: int, **values) -> None:
    with ledger.writing() as connection:
        connection.execute(update(tables.audit).where(tables.audit.c.number == number).values(**values))


EMPTY = {"resident": None, "text": "", "salt": None}


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        opened.actor = AUDITOR
        yield opened


def act_that_fails(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        audit.note(connection, ledger, "parcel recall")
        raise RuntimeError("it fails")


def test_an_act_and_its_row_come_together_or_not_at_all(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="fails"):
        act_that_fails(ledger)
    assert audit.listing(ledger) == []
    note(ledger, site="mapo-3", cabinet=2, door=7, resident=4, reason="caller", text="twice")
    (row,) = audit.listing(ledger)
    assert (row.number, row.os_user, row.act, row.reason, row.text) == (
        1,
        "lee",
        "parcel recall",
        "caller",
        "twice",
    )
    assert (row.site, row.cabinet, row.door, row.resident) == ("mapo-3", 2, 7, 4)


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_ledger(tmp_path_factory.mktemp("ten") / "data") as ledger:
        ledger.actor = AUDITOR
        for number in range(1, 11):
            note(ledger, door=number, resident=number % 3, text=f"words {number}", at_ms=number)
        yield ledger


CHANGES = {
    "at_ms": 99,
    "act": "other",
    "reason": "duty",
    "site": "other",
    "cabinet": 9,
    "door": 99,
    "os_user": "other",
    "resident": 77,
    "text": "other",
    "commitment": bytes(32),
    "link": bytes(32),
    "salt": bytes(16),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.integers(1, 10), st.sampled_from(sorted(CHANGES)))
def test_whatever_is_changed_in_whichever_row_is_found(ten: Ledger, number: int, column: str) -> None:
    table = tables.audit
    here = table.c.number == number
    with ten.reading() as connection:
        before = connection.scalar(select(table.c[column]).where(here))
    with ten.writing() as connection:
        connection.execute(update(table).where(here).values({column: CHANGES[column]}))
    assert wrong(ten)[audit.ACTS] == number
    with ten.writing() as connection:
        connection.execute(update(table).where(here).values({column: before}))
    assert wrong(ten) == {audit.ACTS: None, audit.DURESS: None}


@pytest.mark.parametrize("chain", audit.CHAINS)
def test_the_end_of_a_chain_is_missed(ledger: Ledger, chain: str) -> None:
    for _ in range(4):
        note(ledger, chain=chain)
    assert wrong(ledger)[chain] is None
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.number > 2))
    assert wrong(ledger)[chain] == 3
    with ledger.writing() as connection:
        connection.execute(update(tables.audit_head).values(number=2))
    assert wrong(ledger)[chain] == 2
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit_head))
    assert wrong(ledger)[chain] == 1
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit))
    assert wrong(ledger)[chain] is None  # as in a new ledger: an export elsewhere tells


def test_what_is_noted_without_the_key_follows_the_sealed_head(ledger: Ledger) -> None:
    vault = ledger.vault
    for act in ("backup", "parcel recall", "backup"):
        ledger.vault = BLIND if act == "backup" else vault
        note(ledger, act)
        ledger.vault = vault
        assert wrong(ledger)[audit.ACTS] is None


def test_a_row_that_is_taken_out_is_missed_and_the_last_ones_by_an_export(ledger: Ledger) -> None:
    for _ in range(4):
        note(ledger)
    kept = export(ledger)
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.number == 4))
    assert wrong(ledger)[audit.ACTS] == 4
    assert wrong(ledger, kept)[audit.ACTS] == 4
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.number == 2))
    assert wrong(ledger)[audit.ACTS] == 2


def test_a_chain_that_was_computed_anew_is_told_by_an_earlier_export(ledger: Ledger) -> None:
    note(ledger, text="the truth")
    kept = export(ledger)
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit))
    note(ledger, text="a lie")
    assert wrong(ledger)[audit.ACTS] is None
    assert wrong(ledger, kept)[audit.ACTS] == 1


def test_an_erasure_takes_the_words_and_the_chain_verifies(ledger: Ledger) -> None:
    for resident in (4, 5, audit.EVERYBODY):
        note(ledger, resident=resident, text="Kim Seo-yeon called", cabinet=2)
    kept = export(ledger)
    assert erase(ledger, 4) == 1
    assert erase(ledger, 4) == 0
    assert wrong(ledger, kept) == {audit.ACTS: None, audit.DURESS: None}
    first, second, _, proof, _ = audit.listing(ledger)
    assert (first.erased, first.resident, first.text, first.cabinet) == (True, None, "", 2)
    assert (second.erased, second.text) == (False, "Kim Seo-yeon called")
    assert proof.resident == 4
    note(ledger)
    assert wrong(ledger, export(ledger)) == {audit.ACTS: None, audit.DURESS: None}


def test_a_row_that_was_emptied_by_hand_is_named_beside_true_erasures(ledger: Ledger) -> None:
    for resident in (4, 5, 6, 5, 7):
        note(ledger, resident=resident, text="looked")
    kept = export(ledger)
    erase(ledger, 4)
    erase(ledger, 7)
    with ledger.reading() as connection:
        row = tables.audit.c
        seal = connection.scalar(select(row.emptied).where(row.number == 5))
    for number in (2, 3):
        by_hand(ledger, number, **EMPTY, emptied=seal)  # that of another row
    by_hand(ledger, 6, **EMPTY)  # the row of an erasure itself
    acts = audit.verify(ledger)[0]
    assert (acts.emptied, acts.changed, acts.missing) == (((2, 3), (6, 6)), (), ())
    by_hand(ledger, 1, text="somebody else did it")  # words in a row that was erased
    assert audit.verify(ledger)[0].changed == ((1, 1),)
    with ledger.writing() as connection:  # with the key, by whoever would like it to look like an erasure
        audit.erase(connection, ledger, 5)
    typed = ("audit", "verify", "--data", str(ledger.data))
    ended = CliRunner().invoke(ansim, typed)
    assert "(not as written: 1; emptied without an erasure: 2-3, 6)" in str(ended.exception)
    ended = CliRunner().invoke(ansim, [*typed, "--json"])
    assert (ended.exit_code, json.loads(ended.stdout)[0]["emptied"]) == (1, [[2, 3], [6, 6]])
    # An export knows whom a row was about: 5 was not erased, and what said that 4 was is emptied.
    assert audit.verify(ledger, kept)[0].emptied == ((1, 4), (6, 6))


def test_all_that_an_export_has_and_the_chain_has_not_is_named(ledger: Ledger) -> None:
    for number in range(1, 10):
        note(ledger, door=number)
    kept = export(ledger)
    by_hand(ledger, 2, door=99)
    by_hand(ledger, 8, text="other")
    with ledger.writing() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.number.in_((4, 5, 9))))
    for exported in ({}, kept):
        acts = audit.verify(ledger, exported)[0]
        assert (acts.changed, acts.missing, acts.emptied) == (((2, 2), (8, 8)), ((4, 5), (9, 9)), ())


def test_she_is_shown_who_looked_a_day_later(ledger: Ledger) -> None:
    her = residents.add(ledger, "Kim").id
    since_ms = audit.listing(ledger)[0].at_ms
    with ledger.writing() as connection:
        connection.execute(update(tables.resident).values(since_ms=since_ms))
    note(ledger, "parcel list", resident=audit.EVERYBODY, at_ms=since_ms - 1)  # before she was there
    note(ledger, "resident list", resident=audit.EVERYBODY, at_ms=since_ms + 5)
    note(ledger, "parcel recall", resident=her, at_ms=since_ms + 10)
    note(ledger, "parcel recall", resident=her + 1, at_ms=since_ms + 10)
    note(ledger, "alarm take", resident=her, at_ms=since_ms + 10, chain=audit.DURESS)
    acts = ["resident add", "resident list", "parcel recall"]
    assert [one.act for one in audit.about(ledger, her, since_ms + 10 + DAY_MS)] == acts
    assert [one.act for one in audit.about(ledger, her, since_ms + 9 + DAY_MS)] == acts[:2]
    assert audit.about(ledger, her, since_ms + DAY_MS - 1) == []


def test_but_for_dispatchers_and_auditors_silent_alarms_leave_no_trace(home: Path, tmp_path: Path) -> None:
    seen = []
    for has_alarm, data in ((True, home), (False, tmp_path / "other")):
        with open_ledger(data) as ledger:
            ledger.actor = OPERATOR
            for number in range(3):
                note(ledger, door=number + 1, at_ms=number)
                if has_alarm:
                    note(ledger, "alarm take", resident=4, chain=audit.DURESS, at_ms=number)
            hers = [one._replace(link="") for one in audit.listing(ledger)]
            verdicts = [one._replace(link="") for one in audit.verify(ledger)]
            seen.append(
                (hers, verdicts, len(list(audit.everything(ledger))), audit.about(ledger, 4, DAY_MS * 2))
            )
            ledger.actor = AUDITOR
            assert len(audit.listing(ledger)) == (6 if has_alarm else 3)
    assert seen[0] == seen[1]
