"""What docs/protocol.md says in words, held against what board and host do;
read as an implementer reads it, from the page alone.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_record_order import VISITS

from host_tools.bench.provision import incarnation
from host_tools.docs import protocol
from host_tools.host.connections.links import Links
from host_tools.host.connections.tally import MALFORMED, Tally
from host_tools.host.fleet.ingest import take
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.link import messages as told
from host_tools.link import records as host_records
from locker.contract import records
from locker.core import orders
from locker.shell.identity import Identity
from locker.wire import batch, messages
from locker.wire.frame import Decoder
from tests.kit.host_board import Board, InHand, Journal, enrol
from tests.kit.occurrences import into

PAGE = protocol.PAGE.read_text()


def rows(section: str) -> list[list[str]]:
    """The rows of a made table."""
    text = PAGE.split(f"<!-- made by host_tools.docs.protocol: {section} -->")[1].split("<!-- end -->")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_kind_of_record_that_a_board_sends_is_in_the_table() -> None:
    listed = {int(row[0]): row[1].strip("`") for row in rows("records")}
    assert listed[records.ADOPTED] == "ADOPTED"
    assert set(listed) == set(host_records.BOUNDS)
    assert {name: getattr(records, name) for name in listed.values()} == {
        name: kind for kind, name in listed.items()
    }


def test_every_command_is_in_the_table_of_what_it_does_and_of_when_it_is_possible() -> None:
    listed = {row[1]: int(row[0]) for row in rows("commands")}
    assert sorted(listed.values()) == sorted(orders._ACTIONS)
    possible = PAGE.split("| commands | possible when |")[1].split("\n\n")[0]
    assert [name for name in listed if name not in possible] == []


def test_every_field_of_the_identity_has_a_meaning() -> None:
    listed = [row[0].strip("`") for row in rows("identity")]
    # Which of two secrets it is, no field of the file.
    assert listed == [name for name in Identity._fields if name != "is_old"]
    assert all(row[2] for row in rows("identity"))


def test_every_time_and_range_has_a_value_and_a_meaning() -> None:
    for row in rows("timings"):
        assert re.match(r"\d", row[2]), row
        assert row[3], row
    assert all(row[1] for row in rows("bounds"))


def test_the_records_of_a_visit_stand_in_the_page_in_the_order_in_which_they_come() -> None:
    text = PAGE.split("| visit | records |")[1].split("\n\n")[0]
    listed = {}
    for line in text.splitlines()[2:]:
        name, what = (cell.strip() for cell in line.strip("|").split("|"))
        listed[name] = tuple(re.findall(r"`(\w+)`", re.sub(r"\[.*?\]", "", what)))
    assert listed == {name: kinds for name, _, kinds in VISITS}


def test_the_first_incarnation_is_that_of_the_page() -> None:
    board_id = bytes(range(8))
    assert incarnation(board_id) == int.from_bytes(hashlib.sha256(b"journal" + board_id).digest()[:4], "big")


# A run of records, written from the page alone

FIELD = st.one_of(
    st.sampled_from((0, 1, 255, 256, 65535, 65536, 0xFFFFFF, 0xFFFFFFFF)), st.integers(0, 0xFFFFFFFF)
)
RECORD = st.tuples(
    st.integers(1, 255),
    st.integers(0, 99),
    st.integers(1, 65535),
    st.integers(1, 0xFFFFFFFF),
    FIELD,
    FIELD,
    FIELD,
)


def fewest(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def run(of: list[tuple[int, ...]]) -> bytes:
    text = b""
    before: tuple[int, ...] | None = None
    for record in of:
        kind, door, boot, number, uptime, a, b = record
        follows = before is not None and (door, boot, number) == (
            before[1],
            before[2],
            (before[3] + 1) % 2**32,
        )
        place = b"" if follows else bytes((door,)) + boot.to_bytes(2, "big") + number.to_bytes(4, "big")
        increase = fewest((uptime - (before[4] if before else 0)) % 2**32)
        last_b = before[6] if before else 0
        a_text, b_text = fewest(a), b"" if b == last_b else fewest(b)
        shape = (not follows) << 7 | (len(increase) - 1) << 5 | len(b_text) << 2 | len(a_text) - 1
        text += bytes((kind, shape)) + place + increase + a_text + b_text
        before = record
    return text


@given(st.lists(RECORD, min_size=1, max_size=8))
def test_a_run_that_is_written_from_the_page_is_the_boards_own(of: list[tuple[int, ...]]) -> None:
    assert run(of) == batch.pack(tuple(records.pack(records.Record(*one)) for one in of), 8)


def test_a_b_of_0_behind_another_takes_one_byte() -> None:
    first = (records.DOOR_OPENED, 7, 1, 1, 10, 0, 300)
    second = (records.BELL_RUNG, 7, 1, 2, 11, 1, 0)
    assert run([first, second])[-1:] == b"\0"
    assert batch.pack(tuple(records.pack(records.Record(*one)) for one in (first, second)), 8) == run(
        [first, second]
    )


# Empty frames, unknown types


def test_an_empty_frame_is_passed_over_and_not_counted() -> None:
    decoder = Decoder()
    assert decoder.feed(bytes(100)) == []
    assert decoder.rejected == 0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield ledger


class Met:
    """A board in step with a host's links."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.told: list[dict] = []
        self.tally = Tally(into(self.told))
        self.links = Links(ledger, into(self.told), self.tally)
        self.carrier = InHand()
        self.board = Board(enrol(ledger), Journal())
        session = self.board.session
        session.start(0)
        session.step(0)
        hello = session.outgoing()
        assert hello
        self.arrive(hello)
        self.heard()
        self.say(messages.encode(told.typed(self.board.report())))

    def arrive(self, frame: bytes) -> None:
        for payload in Decoder().feed(frame):
            found = self.links.hear(self.carrier, payload, 1.0)
            if found and found[1]:
                self.links.answer([(found[0], found[1])], take(self.ledger, [found[1]]))

    def heard(self) -> list[Any]:
        frames, self.carrier.frames = self.carrier.frames, []
        found = [
            self.board.session.accept(payload, 0) for frame in frames for payload in Decoder().feed(frame)
        ]
        return [told.named(message) for message in found if message]

    def say(self, plaintext: bytes) -> list[Any]:
        """A message of the board as its bytes are; what the host answers."""
        session = self.board.session
        piv = batch.short(session._number)
        session._number += 1
        lead = session._lead
        self.arrive(session._sealed(session._keys, len(lead) | len(piv), lead + piv, piv, plaintext))
        return self.heard()


def test_a_message_of_an_unknown_type_is_answered_and_changes_nothing(ledger: Ledger) -> None:
    met = Met(ledger)
    assert met.say(b"\x3f and what a later build says") == [told.Ack(0)]
    met.board.journal.add(records.BELL_RUNG, 0, 1)
    assert met.say(messages.encode(told.typed(told.Events(met.board.journal.events)))) == [told.Ack(1)]


def test_bytes_behind_the_last_field_are_passed_over(ledger: Ledger) -> None:
    met = Met(ledger)
    assert met.say(messages.encode(told.typed(told.Status(10, 1, 0, 0))) + b"later") == [told.Ack(0)]


def test_a_board_of_ours_whose_message_is_none_is_still_there_and_it_is_said_whose_it_was(
    ledger: Ledger,
) -> None:
    met = Met(ledger)
    met.carrier.verified = False
    assert met.say(b"\x04cut") == []
    assert met.carrier.verified
    met.tally.tick(100.0)
    (line,) = [one for one in met.told if one.get("kind") == MALFORMED]
    assert "of cabinet 1 of mapo-3" in line["detail"]
