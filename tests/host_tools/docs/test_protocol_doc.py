"""docs/protocol.md says what the code does, and the check notices when it does not."""

from pathlib import Path

import pytest

from host_tools.docs import protocol
from host_tools.docs.__main__ import stale
from host_tools.link import messages


def test_every_section_is_in_the_page_once() -> None:
    page = protocol.PAGE.read_text()
    for name in protocol.SECTIONS:
        assert page.count(f"<!-- made by host_tools.docs.protocol: {name} -->") == 1


def test_every_field_of_every_message_has_a_meaning() -> None:
    for row in [line for line in protocol.message_tables().splitlines() if line.startswith("| `")]:
        assert row.split("|")[4].strip(), row


def test_the_page_says_of_each_message_whose_it_is_as_the_tables_do() -> None:
    for of, who in ((messages.OF_BOARD, "Board to host"), (messages.OF_HOST, "Host to board")):
        for _, made in of:
            said = protocol.message_tables().split(f"### {made.__name__} ")[1].split("\n\n")[1]
            assert said.startswith(who), made.__name__


def test_a_changed_table_makes_the_page_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "protocol.md"
    page.write_text(protocol.PAGE.read_text())
    monkeypatch.setattr(protocol, "PAGE", page)
    *others, (_, last) = messages.TABLE
    monkeypatch.setattr(messages, "TABLE", tuple(others))
    assert list(stale()) == [page]
    assert f"### {last.__name__} " not in stale()[page]
