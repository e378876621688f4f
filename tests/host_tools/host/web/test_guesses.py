"""Who guesses at links learns nothing: one answer for all that are not good, and what slows guesses slows
nobody who has a good one.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, update

from host_tools.host.accounts import secrets
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.people import links
from host_tools.host.web.resident.parcel import GUESSES
from tests.kit.web_site import Served
from tests.kit.whole_site import WholeSite, whole

UNKNOWN = "A" * 24
MALFORMED = ("A" * 23, "A" * 25, "%00", "%2e%2e", "' OR 1=1 --", "가" * 8, "A" * 900)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[WholeSite, Served]]:
    with whole(tmp_path / "data") as found:
        yield found


def answers(served: Served, *paths: str) -> set[tuple[object, ...]]:
    """What is told, down to the bytes, but for the time of day and the address that was asked for."""
    found = set()
    for path in paths:
        for answer in (served.client.get(path), served.client.post(path, data={"act": "code", "form": "x"})):
            varies = ("date", "content-length")
            told = tuple(sorted(one for one in answer.headers.items() if one[0] not in varies))
            found.add((answer.status_code, told, re.sub(r' value="/[^"]*"', "", answer.text)))
    return found


def test_ended_used_unknown_and_malformed_links_are_one_answer_after_one_look(
    site: tuple[WholeSite, Served],
) -> None:
    made, served = site
    for face in ("p", "start", "tap"):
        odd = [f"/{face}/{word}" for word in MALFORMED if "%00" not in word]
        assert len(answers(served, f"/{face}/{UNKNOWN}", *odd)) == 1, face
    none = answers(served, f"/p/{UNKNOWN}", f"/start/{UNKNOWN}")
    assert {status for status, *_ in none} == {404}
    with made.ledger.writing() as connection:
        new = secrets.new_link(connection, 1, made.at_ms)
        connection.execute(update(tables.parcel).values(ended_ms=made.at_ms - links.KEPT_MS - 1))
    assert answers(served, f"/start/{made.start}", f"/p/{made.token}") == none, "one used, one ended"
    assert served.client.get(f"/start/{new}").status_code == 200
    made.at_ms += secrets.LINK_MS + 1
    assert answers(served, f"/start/{new}") <= none


def test_a_good_link_and_one_that_is_none_take_as_many_looks_at_the_ledger_until_one_is_found(
    site: tuple[WholeSite, Served],
) -> None:
    made, served = site
    served.client.get(f"/p/{UNKNOWN}")
    with made.ledger.writing() as connection:
        connection.execute(update(tables.parcel).values(ended_ms=made.at_ms - links.KEPT_MS - 1))
    looked: list[int] = []
    for path in (f"/p/{UNKNOWN}", f"/p/{made.token}", f"/start/{UNKNOWN}", f"/start/{made.start[:-1]}A"):
        with counted(made.pages._reader) as statements:
            served.client.get(path)
        looked.append(len(statements))
    assert looked == [1, 1, 1, 1]


class counted:
    """The statements that a ledger is asked while it is looked at."""

    def __init__(self, ledger: Ledger | None) -> None:
        assert ledger is not None
        self._engine = ledger._engine
        self._said: list[str] = []

    def _hear(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            self._said.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self._engine, "before_cursor_execute", self._hear)
        return self._said

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._hear)


def test_a_building_behind_one_address_opens_its_pages_while_somebody_there_guesses(
    site: tuple[WholeSite, Served],
) -> None:
    made, served = site
    told = [served.client.get(f"/p/{number:024d}") for number in range(GUESSES + 2)]
    assert [answer.status_code for answer in told[-3:]] == [404, 429, 429]
    assert len({answer.content for answer in told}) == 1, "in the same words"
    assert served.client.get(f"/p/{made.token}").status_code == 200
    assert served.client.post(f"/p/{made.token}", data={"act": "code"}).status_code == 200
    made.at_ms += 60_000
    assert served.client.get(f"/p/{UNKNOWN}").status_code == 404
