"""A channel that hands nothing over is a case, until it does again."""

from pathlib import Path

import pytest

from host_tools.host.ledger import tables
from host_tools.host.notify.notifier import LATER, REFUSED
from tests.kit.letter_site import DOOR
from tests.kit.town import Moody, Town


@pytest.mark.parametrize("mood", ["away", "hang", "silent", LATER])
def test_a_channel_that_fails_each_try_for_five_minutes_is_one_case_until_it_hands_over_again(
    tmp_path: Path, mood: str
) -> None:
    mail = Moody(mood)
    town = Town(tmp_path, mail, Moody("take"))
    town.deposit()

    def looks(minutes: float) -> list[tuple[str, str | None]]:
        town.pass_time(minutes)
        town.post.health.look(town.ledger, {"mail", "sms", "desk"}, town.at_ms)
        rows = [row for row in town.rows(tables.case) if row.kind == "channel down"]
        return [(row.state, row.outcome) for row in rows]

    assert looks(4) == []
    assert looks(2) == looks(1) == [("open", None)]
    (note,) = [row.words for row in town.rows(tables.case_note) if row.what == "noted"]
    assert note.startswith("mail has handed nothing over since 2023-11-14T22:13:20")
    assert "@" not in note
    town.post = town.reborn()  # the next run knows of it
    assert looks(0) == [("open", None)]
    mail._moods = ["take"]
    assert looks(60) == [("closed", "it hands over again")]
    assert looks(1) == [("closed", "it hands over again")]
    assert (town.told.count("channel down"), town.told.count("channel up")) == (1, 1)


def test_a_letter_that_is_refused_says_nothing_of_its_channel(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody(REFUSED), Moody("take"))
    for counter in range(1, 5):
        town.site.boards[1].deposit(DOOR + counter, town.site.serial(), counter)
        town.site.hear(1)
        town.pass_time(3)
    town.post.health.look(town.ledger, {"mail"}, town.at_ms)
    assert town.rows(tables.case) == []
