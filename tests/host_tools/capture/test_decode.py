"""`ansim decode`: what a captured line says, to whom, and what it keeps to itself."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from host_tools.capture import decode
from host_tools.cli import ansim
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.link import messages
from host_tools.link.session import HostSession
from locker.contract import records
from locker.wire import frame
from locker.wire.frame import Decoder, encode
from locker.wire.messages import FIELDS
from locker.wire.session import Session
from tests.kit.host_board import Journal, enrol


class Captured:
    """What a board of a ledger and its host said, in order: (who, frame)."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with open_ledger(data) as ledger:
            self.enrolled = enrol(ledger)
        self.board = Session(*self._identity(self.enrolled))
        self.host = HostSession(*self._identity(self.enrolled))
        self.said: list[tuple[str, bytes]] = []
        self.journal = Journal()

    @staticmethod
    def _identity(enrolled: Enrolment) -> tuple[Any, ...]:
        return enrolled.master_secret, enrolled.board_id, enrolled.alias, os.urandom

    def _carry(self, sender: str, line: bytes) -> None:
        self.said.append((sender, line))
        hearer = self.host if sender == decode.BOARD else self.board
        for payload in Decoder().feed(line):
            hearer.accept(payload, 0)

    def meet(self) -> None:
        self.board.start(0)
        self.board.step(0)
        self._carry(decode.BOARD, self.board.outgoing() or b"")
        self._carry(decode.HOST, self.host.outgoing() or b"")

    def say(self, message: tuple) -> None:
        self._carry(decode.BOARD, self.board.seal(messages.typed(message)))

    def answer(self, message: tuple) -> None:
        self._carry(decode.HOST, self.host.seal(message))

    def story(self) -> "Captured":
        """A meeting, a deposit, its acknowledgement."""
        self.meet()
        self.say(messages.Status(300, 1, 0, 0))
        self.answer(messages.Ack(0))
        self.journal.deposit(7, 54321, 9)
        self.say(messages.Events(tuple(self.journal.events)))
        self.answer(messages.Ack(3))
        return self

    def line(self, *senders: str) -> bytes:
        return b"".join(line for sender, line in self.said if not senders or sender in senders)

    def secrets(self) -> list[str]:
        made = self.enrolled
        return [made.master_secret.hex(), made.nonce_host.hex(), made.nonce_board.hex()]


@pytest.fixture
def captured(tmp_path: Path) -> Captured:
    return Captured(tmp_path / "data").story()


def run(*arguments: str, typed: bytes = b"") -> Result:
    return CliRunner().invoke(ansim, ["decode", *arguments], input=typed)


def rows(*arguments: str, typed: bytes = b"") -> list[dict]:
    ended = run(*arguments, "--json", typed=typed)
    assert ended.exit_code == 0, ended.output
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_frames_are_told_one_by_one_with_what_anybody_can_see(captured: Captured) -> None:
    told = rows("-", typed=captured.line())
    assert [row["kind"] for row in told] == ["HELLO", "WELCOME", "FIRST", "DATA", "DATA", "DATA"]
    assert [row["from"] for row in told] == ["board", "host", "board", None, None, None]
    assert [row["number"] for row in told] == [None, None, 0, 1, 1, 2]
    assert {row["alias"] for row in told} == {captured.enrolled.alias.hex()}
    assert [row["offset"] for row in told] == [
        sum(len(line) for _, line in captured.said[:at]) for at in range(6)
    ]
    assert [row["length"] for row in told] == [len(line) for _, line in captured.said]
    assert not any(row["fault"] for row in told)


def test_what_was_not_opened_can_be_shown_to_anybody(captured: Captured) -> None:
    for printed in (run("-", typed=captured.line()).stdout, run("-", "--json", typed=captured.line()).stdout):
        assert "54321" not in printed
        assert captured.enrolled.board_id.hex() not in printed
        assert not any(secret in printed for secret in captured.secrets())


def test_whoever_holds_the_ledger_can_open_a_session_from_its_greeting_on(captured: Captured) -> None:
    told = rows("-", "--open", "--data", str(captured.data), typed=captured.line())
    assert [row["message"] for row in told] == ["", "", "Status", "Ack", "Events", "Ack"]
    assert [row["from"] for row in told] == ["board", "host", "board", "host", "board", "host"]
    assert told[3]["fields"] == {"number": 0}
    (deposited,) = [record for record in told[4]["fields"]["records"] if record["kind"] == "DEPOSITED"]
    assert (deposited["door"], deposited["number"], deposited["a"], deposited["b"]) == (7, 3, 54321, 9)


def test_what_was_opened_says_that_it_is_not_for_others_and_still_holds_no_key(captured: Captured) -> None:
    ended = run("-", "--open", "--data", str(captured.data), typed=captured.line())
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.startswith("# OPENED: this output holds ticket serials")
    assert (
        "OPENED" in run("-", "--open", "--json", "--data", str(captured.data), typed=captured.line()).stderr
    )
    assert "kind DEPOSITED door 7" in ended.stdout
    assert not any(secret in ended.output for secret in captured.secrets())


def test_two_directions_in_two_files_open_each_other(captured: Captured, tmp_path: Path) -> None:
    captured.meet()  # a second session, whose nonces are not those of the first
    captured.say(messages.Status(400, 4, 0, 0))
    captured.answer(messages.Ack(3))
    for sender in (decode.BOARD, decode.HOST):
        (tmp_path / sender).write_bytes(captured.line(sender))
    files = ("--board-to-host", str(tmp_path / "board"), "--host-to-board", str(tmp_path / "host"))
    told = rows(*files, "--open", "--data", str(captured.data))
    assert [(row["from"], row["message"]) for row in told] == [
        *[("board", name) for name in ("", "Status", "Events", "", "Status")],
        *[("host", name) for name in ("", "Ack", "Ack", "", "Ack")],
    ]
    one_way = rows(*files[:2], "--open", "--data", str(captured.data))
    assert [row["message"] for row in one_way] == ["", None, None, "", None]


def test_a_session_without_its_greeting_and_a_strangers_frame_stay_closed(
    captured: Captured, tmp_path: Path
) -> None:
    late = b"".join(line for _, line in captured.said[3:])
    told = rows("-", "--open", "--data", str(captured.data), typed=late)
    assert [row["message"] for row in told] == [None, None, None]
    assert "lacks its greeting" in told[0]["remark"]
    stranger = Captured(tmp_path / "another").story()
    told = rows("-", "--open", "--data", str(captured.data), typed=stranger.line())
    assert {row["remark"] for row in told} == {"no board of this ledger"}


def test_garbage_is_told_with_its_length_and_hides_no_frame_behind_it(captured: Captured) -> None:
    hello, welcome, first = (line for _, line in captured.said[:3])
    damaged = bytearray(welcome)
    damaged[7] ^= 1
    told = rows(
        "-", typed=b"boot rom\0" + hello + b"\0\0" + bytes(damaged) + b"x" * 300 + b"\0" + first + b"rest"
    )
    assert [(row["length"], row["fault"]) for row in told] == [
        (9, "cut short"),
        (len(hello), None),
        (len(welcome), "CRC wrong"),
        (301, "longer than a frame's 256 bytes"),
        (len(first), None),
        (4, "no delimiter before the end"),
    ]
    assert "garbage: CRC wrong" in run("-", typed=hello + bytes(damaged)).stdout


def test_on_a_bus_the_address_tells_which_cabinet_was_asked_or_answers(captured: Captured) -> None:
    hello, welcome = (Decoder().feed(line)[0] for _, line in captured.said[:2])
    line = b"".join(
        b"\0" + encode(payload) for payload in (b"\x05", b"\x85" + hello, b"\x05" + welcome, b"\x85")
    )
    told = rows("-", "--bus", typed=line)
    assert [(row["address"], row["from"], row.get("kind")) for row in told] == [
        (5, "host", None),
        (5, "board", "HELLO"),
        (5, "host", "WELCOME"),
        (5, "board", None),
    ]
    printed = run("-", "--bus", "--open", "--data", str(captured.data), typed=line).stdout
    assert "address 5  asked" in printed
    assert "address 5  has nothing to say" in printed
    assert printed.count("genuine") == 2
    longest = b"\x85\x1f" + captured.enrolled.alias + bytes(range(1, 249))
    assert [len(piece.payload) for piece in decode.Splitter(bus=True).feed(encode(longest))] == [
        len(longest) - 1
    ]
    assert [row["fault"] for row in rows("-", "--bus", typed=line + b"xx\0")][-1] == "cut short"


def test_frames_of_another_version_or_kind_and_cut_ones_say_so(captured: Captured) -> None:
    alias = captured.enrolled.alias
    line = b"".join(
        encode(payload)
        for payload in (b"\x20" + alias, b"\x1f" + alias, b"\x10" + alias, b"\x10", b"\x17" + alias)
    )
    told = rows("-", typed=line)
    assert [row["fault"] for row in told] == [
        "version 2, this ansim reads 1",
        "a kind that is not known",
        "cut short",
        "too short for a header",
        None,
    ]
    assert told[-1]["kind"] == "REFUSAL"


@given(st.lists(st.binary(max_size=300) | st.binary(max_size=40).map(encode)), st.integers(1, 50))
def test_what_decode_takes_for_a_frame_is_what_board_and_host_take_for_one(
    pieces: list[bytes], step: int
) -> None:
    line = b"".join(pieces)
    splitter = decode.Splitter()
    found = [piece for at in range(0, len(line), step) for piece in splitter.feed(line[at : at + step])]
    assert [piece.payload for piece in found if not piece.fault] == Decoder(decode.FRAME_MAX).feed(line)
    found += splitter.end()
    assert all(line[piece.offset : piece.offset + piece.length].strip(b"\0") for piece in found)
    assert sum(piece.length for piece in found) + sum(
        1 for part in line.split(b"\0")[:-1] if not part
    ) == len(line)


@given(st.binary(max_size=80))
def test_no_payload_is_too_odd_for_its_header_to_be_told(payload: bytes) -> None:
    header = decode.header_of(payload)
    assert header.fault or (
        header.kind in ("HELLO", "WELCOME", "FIRST", "DATA", "REFUSAL") and header.version == frame.VERSION
    )


def lowest(kind: int, made: type[tuple]) -> tuple:
    """A message with the lowest value in each of its fields."""
    record = Journal().add(records.BELL_RUNG)
    if not FIELDS[kind]:
        return made((record,)) if made is messages.Events else made(record)
    return made(*(bytes(8) if shape & 15 == 8 else shape >> 4 for shape in FIELDS[kind]))


def test_every_message_of_the_table_is_told_by_its_name_and_fields(captured: Captured) -> None:
    for kind, made in messages.TABLE:
        captured.answer(lowest(kind, made))
    told = rows("-", "--open", "--data", str(captured.data), typed=captured.line())[-len(messages.TABLE) :]
    assert [(row["message"], tuple(row["fields"])) for row in told] == [
        (made.__name__, made._fields) for _, made in messages.TABLE
    ]


def test_digits_that_open_a_door_are_never_shown(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode.HIDDEN_FIELDS == ("digits",)
    monkeypatch.setattr(decode, "HIDDEN_FIELDS", ("next_event",))
    captured.say(messages.Status(300, 86420, 0, 0))
    arguments = ("-", "--open", "--data", str(captured.data))
    assert rows(*arguments, typed=captured.line())[-1]["fields"]["next_event"] is None
    printed = run(*arguments, typed=captured.line()).stdout
    assert "next_event (not shown)" in printed
    assert "86420" not in printed


@pytest.mark.parametrize(
    ("arguments", "typed", "exit_code", "sentence"),
    [
        ((), b"", 2, "Give one FILE"),
        (("-", "--board-to-host", "-"), b"", 2, "Give one FILE"),
        (("-", "--data", "x"), b"", 2, "give that too"),
        (("no-such-file",), b"", 2, "no-such-file"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    arguments: tuple[str, ...], typed: bytes, exit_code: int, sentence: str
) -> None:
    ended = run(*arguments, typed=typed)
    assert ended.exit_code == exit_code
    assert sentence in ended.output


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [(b"\xd4\xc3\xb2\xa1....", "Wireshark"), (b"hello\0", "whole frame"), (b"", "whole frame")],
)
def test_a_file_that_holds_no_frames_is_refused(typed: bytes, sentence: str) -> None:
    ended = run("-", typed=typed)
    assert sentence in str(ended.exception)


def test_the_command_explains_itself_with_an_example() -> None:
    ended = run("--help")
    assert ended.exit_code == 0
    assert "Example: ansim decode" in ended.output


def forged(captured: Captured, kind: int, number: int) -> bytes:
    """A greeting that anybody at the line can write."""
    return encode(
        bytes((frame.VERSION << 4 | kind,)) + captured.enrolled.alias + number.to_bytes(8, "big") + bytes(17)
    )


@pytest.fixture
def unsealings(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Each key that is tried."""
    tried: list[bytes] = []
    unseal = decode.ccm.unseal

    def counted(key: bytes, *rest: bytes) -> bytes:
        tried.append(key)
        return unseal(key, *rest)

    monkeypatch.setattr(decode.ccm, "unseal", counted)
    return tried


def test_greetings_that_anybody_wrote_cost_little_and_hide_no_session(
    captured: Captured, unsealings: list[bytes]
) -> None:
    hello, welcome, *rest = (line for _, line in captured.said)
    hostile = [
        forged(captured, kind, number) for number in range(400) for kind in (frame.HELLO, frame.WELCOME)
    ]
    line = b"".join([*hostile[:300], hello, *hostile[300:600], welcome, *hostile[600:], *rest])
    told = rows("-", "--open", "--data", str(captured.data), typed=line)
    messages_told = [row["message"] for row in told if row["message"] is not None]
    assert messages_told == ["", "", "Status", "Ack", "Events", "Ack"]
    assert len(unsealings) < 2 * decode.NEAR * len(hostile) + decode.SPARE


def test_old_greetings_played_again_in_any_number_hide_no_session_and_cost_little(
    captured: Captured, unsealings: list[bytes]
) -> None:
    for _ in range(60):
        captured.meet()
    greetings = [line for _, line in captured.said if line]
    captured.story()
    line = captured.line() + 3 * b"".join(greetings) + b"".join(line for _, line in captured.said[-4:])
    told = rows("-", "--open", "--data", str(captured.data), typed=line)
    assert [row["message"] for row in told[-4:]] == ["Status", "Ack", "Events", "Ack"]
    assert len(unsealings) < 2 * decode.NEAR * len(told) + decode.SPARE


def test_a_line_without_delimiters_is_held_in_the_memory_of_one_frame(captured: Captured) -> None:
    splitter = decode.Splitter()
    piece = b"\x55" * 65_536
    for _ in range(20):
        assert list(splitter.feed(piece)) == []
        assert (
            max(len(value) for value in vars(splitter).values() if isinstance(value, bytes))
            <= decode.FRAME_MAX + 1
        )
    line = captured.said[0][1]
    found = list(splitter.feed(b"\0" + line))
    assert [(one.offset, one.length, one.fault) for one in found] == [
        (0, 20 * 65_536 + 1, "longer than a frame's 256 bytes"),
        (20 * 65_536 + 1, len(line), ""),
    ]


def test_aliases_that_nobody_has_are_looked_up_once(
    captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    identity = Ledger.identity
    monkeypatch.setattr(Ledger, "identity", lambda self, alias: asked.append(alias) or identity(self, alias))
    strangers = b"".join(encode(b"\x10" + number.to_bytes(4, "big") + bytes(24)) for number in range(300))
    rows("-", "--open", "--data", str(captured.data), typed=captured.line() + strangers)
    assert set(asked) == {captured.enrolled.alias}


def test_two_directions_may_come_through_pipes(captured: Captured, tmp_path: Path) -> None:
    (tmp_path / "host").write_bytes(captured.line(decode.HOST))
    files = (
        "--board-to-host",
        "-",
        "--host-to-board",
        str(tmp_path / "host"),
        "--open",
        "--data",
        str(captured.data),
    )
    told = [row["message"] for row in rows(*files, typed=captured.line(decode.BOARD))]
    assert told == ["", "Status", "Events", "", "Ack", "Ack"]
