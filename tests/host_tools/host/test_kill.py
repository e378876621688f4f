"""A host that is killed at any instant loses nothing and doubles nothing."""

import json
import random
import time
from pathlib import Path

import pytest

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from host_tools.link import messages
from locker.contract import records
from locker.contract.codes import NO_TAIL, pickup_code
from locker.contract.keys import epoch_keys
from tests.kit.host_board import Board, Host, Journal, enrol, was_away_for_a_month

DOORS = 12


def story(ledger: Ledger, seed: int, lives: int) -> Journal:
    """Parcels' lives at one cabinet, mixed by a seed."""
    chance = random.Random(seed)
    journal, waiting, counters = Journal(), {}, dict.fromkeys(range(1, DOORS + 1), 0)
    left = lives
    while left or waiting:
        if left and (not waiting or chance.random() < 0.6) and len(waiting) < DOORS:
            door = chance.choice([door for door in counters if door not in waiting])
            counters[door] += 1
            waiting[door] = tickets.issue(ledger, "Kim").serial
            journal.deposit(door, waiting[door], counters[door])
            left -= 1
        else:
            door = chance.choice(list(waiting))
            journal.pickup(door, waiting.pop(door), counters[door])
    return journal


def play_until_killed(board: Board, host: Host, chance: random.Random) -> None:
    """Sends on; the host is killed at some instant behind a random frame:
    while it reads, commits, answers or tells, or afterwards.
    """
    frames = chance.randrange(1, 9)
    board.connect(host.address)
    began_s = time.monotonic()
    board.meet()
    answer_s = time.monotonic() - began_s
    while board.acknowledged < len(board.journal.events):
        began_s = time.monotonic()
        frames -= 1
        if frames == 0:
            board.say(messages.Events(board.journal.events[board.acknowledged : board.acknowledged + 8]))
            board.arrived(chance.uniform(0, 1.5 * answer_s))
            break
        board.send_batch()
        answer_s = time.monotonic() - began_s
    host.process.kill()


def kill_and_check(data: Path, ledger: Ledger, enrolled: Enrolment, seed: int, kills: int) -> None:
    chance = random.Random(seed)
    journal = story(ledger, seed, lives=5 * kills)
    acknowledged = 0
    for _ in range(kills):
        with Board(enrolled, journal) as board, Host(data) as host:
            board.acknowledged = acknowledged
            play_until_killed(board, host, chance)
        acknowledged = board.acknowledged
        held = [(p.door, p.counter) for p in parcels.listing(ledger)]
        said = [records.unpack(event) for event in journal.events[:acknowledged]]
        assert {(event.door, event.b) for event in said if event.kind == records.DEPOSITED} <= set(held)
    with Board(enrolled, journal) as board, Host(data) as host:
        board.acknowledged = acknowledged
        board.connect(host.address)
        board.meet()
        board.send_all()
        while unsent(ledger):
            host.listen()
        assert host.end() == 0
    check(data, ledger, enrolled, journal)


def unsent(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return len(connection.execute(tables.outbox.select().where(tables.outbox.c.sent_ms.is_(None))).all())


def check(data: Path, ledger: Ledger, enrolled: Enrolment, journal: Journal) -> None:
    """The ledger and the message file hold exactly what the journal tells."""
    said = [records.unpack(event) for event in journal.events]
    deposits = [event for event in said if event.kind == records.DEPOSITED]
    with ledger.reading() as connection:
        numbers = list(
            connection.scalars(
                tables.event.select().with_only_columns(tables.event.c.number).order_by(tables.event.c.number)
            )
        )
    assert numbers == list(range(1, len(said) + 1))
    assert sorted((p.door, p.counter, p.serial, p.state) for p in parcels.listing(ledger)) == sorted(
        (event.door, event.b, event.a, "collected") for event in deposits
    )
    told = [json.loads(line) for line in (data / "messages.jsonl").read_text().splitlines()]
    assert len({message["id"] for message in told}) == len(told)
    code_key, _, _ = epoch_keys(
        enrolled.master_secret, enrolled.nonce_host, enrolled.nonce_board, enrolled.board_id, 1
    )
    codes = [
        pickup_code(code_key, enrolled.board_id, 1, event.door, event.b, 0, NO_TAIL) for event in deposits
    ]
    texts = [message["text"] for message in told if message["kind"] == "deposited"]
    assert len(texts) == len(codes)
    for event, code, text in zip(deposits, codes, texts, strict=True):
        assert f"door {event.door:02d} · {code[:4]} {code[4:8]} · extra {code[8:]}" in text
    assert len([message for message in told if message["kind"] == "opened"]) == len(deposits)


SOAKED = [
    pytest.param(home, seed, 90, marks=pytest.mark.soak)
    for home in ("sqlite", "postgresql")
    for seed in range(3, 8)
]


@pytest.mark.parametrize(
    ("home", "seed", "kills"), [("sqlite", 1, 25), ("postgresql", 2, 25), *SOAKED], indirect=["home"]
)
def test_a_host_killed_again_and_again_loses_nothing_and_doubles_nothing(
    home: Path, seed: int, kills: int
) -> None:
    with open_ledger(home) as ledger:
        ledger.site("mapo-3")
        residents.add(ledger, "Kim")
        enrolled = enrol(ledger)
        was_away_for_a_month(ledger)
        kill_and_check(home, ledger, enrolled, seed, kills)
