"""One board says everything that its keys allow; the host goes on, and the others do not notice."""

import select
import time
from collections import Counter
from pathlib import Path

import pytest

from host_tools.host.fleet.inflow import EVENTS_MAX
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from locker.contract import records
from tests.kit.fuzzer import Fuzzer
from tests.kit.host_board import Board, Host, Journal, enrol

HONEST = 10
TURN = 10  # messages without a pause


def play(data: Path, count: int, seed: int) -> None:
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")
        residents.add(ledger, "Kim", "kim@example.org")
        serials = [tickets.issue(ledger, "Kim").serial for _ in range(20)]
        fuzzer = Fuzzer(enrol(ledger, b"uid-00"), seed, serials)
        honest = [
            Board(enrol(ledger, b"uid-%02d" % number), Journal(100 + number))
            for number in range(1, HONEST + 1)
        ]
        with Host(data) as host:
            for board in (fuzzer, *honest):
                board.connect(host.address)
                board.greet()
                board.ask(board.report())
            for turn in range(count // TURN):
                for _ in range(TURN - 1):
                    fuzzer.say_raw(fuzzer.plaintext())
                if turn % 5:
                    fuzzer.drain()
                    fuzzer.resume()
                else:
                    fuzzer.report_oddly()
                live(honest[turn % HONEST], ledger)
                while select.select([host._descriptor], [], [], 0)[0]:
                    host.listen()
            for board in honest:
                live(board, ledger)
                live(board, ledger)
            fuzzer.journal.events = []
            rung_s = time.monotonic()
            fuzzer.say_raw(b"\x03" + bell(fuzzer))
            # Within a second, on a machine with nothing else to do.
            host.wait_for("alarm", alarm="bell", number=fuzzer.next + 500)
            print(f"its own bell was heard within {time.monotonic() - rung_s:.2f} s")
            assert host.process.poll() is None
            assert host.end() == 0
        for board in (fuzzer, *honest):
            board.close()
        assert [told for told in host.told if told["event"] == "fault"] == []
        check(ledger, fuzzer)


def bell(fuzzer: Fuzzer) -> bytes:
    from locker.wire import batch

    return batch.pack(
        (records.pack(records.Record(records.BELL_RUNG, 0, 1, fuzzer.next + 500, 100, 1, 0)),), 1
    )


def live(board: Board, ledger: Ledger) -> None:
    """The next half of a parcel's life, told and acknowledged."""
    journal = board.journal
    counter = len(journal.events) // 6 + 1
    if len(journal.events) % 6 == 0:
        serial = tickets.issue(ledger, "Kim").serial
        board.serial = serial  # type: ignore[attr-defined]
        journal.deposit(7, serial, counter)
    else:
        journal.pickup(7, board.serial, counter)  # type: ignore[attr-defined]
    board.send_all()


def check(ledger: Ledger, fuzzer: Fuzzer) -> None:
    others = [parcel for parcel in parcels.listing(ledger) if parcel.cabinet != 1]
    assert len(others) >= HONEST
    assert {parcel.state for parcel in others} <= {"collected", "waiting"}
    assert sum(parcel.state == "waiting" for parcel in others) <= HONEST
    assert not any(parcel.flagged for parcel in others)
    with ledger.reading() as connection:
        kept = Counter(
            row.kind for row in connection.execute(tables.event.select().where(tables.event.c.cabinet == 1))
        )
        aside = Counter(
            row.raw[0] for row in connection.execute(tables.aside.select().where(tables.aside.c.cabinet == 1))
        )
        assert not connection.execute(tables.aside.select().where(tables.aside.c.cabinet != 1)).all()
        failed = {
            row.raw[0]: row.reason
            for row in connection.execute(tables.aside.select())
            if " is " not in row.reason
        }
        assert set(failed) <= {records.DEPOSITED, records.ADOPTED}, (
            f"only counters that were given out before: {failed}"
        )
    reached, said = sum(kept.values()) + sum(aside.values()), sum(fuzzer.kinds.values())
    print(
        f"messages {dict(fuzzer.said)}; records {said}, in the ledger {reached}, "
        f"of them set aside {sum(aside.values())}"
    )
    for kind in sorted(fuzzer.kinds):
        print(f"kind {kind}: {fuzzer.kinds[kind]} said, {kept[kind]} applied, {aside[kind]} set aside")
    assert reached >= min(said / 2, EVENTS_MAX)
    assert set(range(1, 38)) <= set(kept), "every kind got as far as the ledger"


def test_a_board_with_2000_mutated_but_sealed_messages_ends_nothing_and_disturbs_no_other_board(
    tmp_path: Path,
) -> None:
    play(tmp_path / "data", 2_000, 1)


@pytest.mark.soak
def test_a_board_with_a_hundred_thousand_mutated_but_sealed_messages_ends_nothing(tmp_path: Path) -> None:
    play(tmp_path / "data", 100_000, 2)
