"""Every message is handed over until it has arrived, and into the file exactly once."""

import errno
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.kinds import KINDS
from host_tools.host.ledger.aside import CASES
from host_tools.host.ledger.ledger import SILENCED, Ledger, open_ledger
from host_tools.host.notify import letters
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.notifier import Message, Receipt
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from tests.kit import post
from tests.kit.host_board import Journal, enrol
from tests.kit.letter_texts import letter_texts


@pytest.fixture
def ledger(tmp_path: Path):
    """A ledger with five parcels that nobody has been told of."""
    with open_ledger(tmp_path / "data") as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim")
        enrol(opened)
        journal = Journal()
        for door in range(1, 6):
            journal.deposit(door, tickets.issue(opened, "Kim").serial, 1)
        take(opened, [Received(1, journal.incarnation, 1, 1, 1_000_000, tuple(journal.events))])
        yield opened


def message(number: int) -> Message:
    return Message(f"{number:032x}", "Kim", "", "deposited", f"text {number} · 안심")


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_message_is_in_the_file_once_however_often_it_is_offered(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    for _ in range(2):
        notifier = FileNotifier(path)
        for _ in range(2):
            assert post.offer(notifier, [message(1), message(2), message(1)]) == {
                message(1).id,
                message(2).id,
            }
        post.close(notifier)
    assert [line["text"] for line in lines(path)] == ["text 1 · 안심", "text 2 · 안심"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_that_a_crash_cut_anywhere_is_written_again_whole(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    notifier = FileNotifier(path)
    post.offer(notifier, [message(1), message(2)])
    post.close(notifier)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        notifier = FileNotifier(path)
        post.offer(notifier, [message(1), message(2)])
        post.close(notifier)
        assert path.read_bytes() == whole


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text("dear diary\n")
    with pytest.raises(UserError, match="no message"):
        FileNotifier(path)
    assert path.read_text() == "dear diary\n"


def test_a_disk_that_fills_up_midway_leaves_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "messages.jsonl"
    notifier = FileNotifier(path)
    post.offer(notifier, [message(1)])
    before = path.read_bytes()
    really_write = os.write

    def write(descriptor: int, data: bytes) -> int:
        if len(data) <= 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really_write(descriptor, data[:20])

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space"):
        post.offer(notifier, [message(2)])
    assert path.read_bytes() == before
    monkeypatch.undo()
    post.offer(notifier, [message(2)])
    post.close(notifier)
    assert [line["id"] for line in lines(path)] == [message(1).id, message(2).id]


class Unreliable(post.Paper):
    """A notifier of which some messages, or the answer to them, are lost."""

    def __init__(self, inner: FileNotifier, outcomes: list[str]) -> None:
        self._inner = inner
        self._outcomes = outcomes

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        outcome = self._outcomes.pop(0) if self._outcomes else "good"
        if outcome == "down":
            raise OSError(errno.EHOSTDOWN, "Host is down")
        arrived = await self._inner.deliver(messages[:2] if outcome == "half" else messages)
        return {} if outcome == "answer lost" else arrived

    async def close(self) -> None:
        await self._inner.close()


def test_what_was_not_handed_over_stays_and_what_was_is_not_repeated(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    notifier = Unreliable(FileNotifier(path), ["down", "half", "answer lost"])
    rounds = [post.deliver(ledger, notifier) for _ in range(5)]
    post.close(notifier)
    assert [(len(one.sent), one.failed) for one in rounds] == [(0, 5), (2, 3), (0, 3), (3, 0), (0, 0)]
    assert rounds[0].reason == "Host is down"
    assert [line["text"].partition(" · ")[0][-7:] for line in lines(path)] == [
        f"door 0{door}" for door in range(1, 6)
    ]


def test_a_crash_between_handing_over_and_noting_it_repeats_the_same_words_under_the_same_id(
    ledger: Ledger, tmp_path: Path
) -> None:
    first = FileNotifier(tmp_path / "first.jsonl")
    sent = post.deliver(ledger, first).sent
    post.close(first)
    post.forget(ledger)  # as if the note had not been made
    second = FileNotifier(tmp_path / "second.jsonl")
    assert post.deliver(ledger, second).sent == sent
    post.close(second)


def test_there_are_words_for_every_letter_and_every_alarm() -> None:
    others = {letters.OPENED, letters.OPENED_MENDED, letters.BY_STAFF, letters.MENDED}
    odd = {
        letters.USED_LABEL,
        letters.LABEL_AGAIN,
        letters.ODD_NEW_CODE,
        letters.LOST,
        SILENCED,
        letters.CLEARED,
    }
    assert {kind.letter for kind in KINDS.values() if kind.letter} | others | odd <= set(
        letter_texts("resident")
    )
    odd_for_staff = {
        letters.ODD_TICKET,
        letters.USED_TWICE,
        letters.RECALL_CODE,
        letters.SERVICE_CODE,
        letters.UNKNOWN,
    }
    odd_for_staff |= {letters.LOST, letters.SERVICE_CODE_AGAIN, letters.UNORDERED, SILENCED}
    assert {*(kind.alarm for kind in KINDS.values() if kind.alarm), *CASES} | odd_for_staff <= set(
        letter_texts("staff")
    )
