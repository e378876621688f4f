"""A label that was used twice: what makes her doubt is taken back when one use is,
or when staff have looked.
"""

from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.parcels import parcels, support, tickets
from locker.contract import records
from tests.kit.letter_site import DOOR, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(open_ledger(tmp_path / "data"))


def test_when_the_other_parcel_on_a_label_is_taken_back_she_is_told_that_hers_is_as_any_other(
    site: Site,
) -> None:
    here, there, serial = site.board(), site.board(), site.serial()
    site.boards[here].deposit(DOOR, serial, 1)
    site.hear(here)
    (_, told), *_ = site.hers()
    code = told.partition("door 07 · ")[2].partition(" · extra")[0]
    for counter in (1, 2):  # each time anew
        site.heard_ms += 3_600_000
        site.boards[there].deposit(3, serial, counter)
        site.hear(there)
        assert [kind for kind, _ in site.hers()] == ["label used twice", "used label"]
        site.boards[there].add(records.WITHDRAWN, 3, serial, counter)
        site.hear(there)
        letters_now = dict(site.hers())
        assert sorted(letters_now) == ["label cleared", "withdrawn"]
        assert code in letters_now["label cleared"]
        assert [parcel.flagged for parcel in parcels.listing(site.ledger) if parcel.state == "waiting"] == [
            False
        ]
    assert not set(site.hear(there).news)
    tickets.revoke(site.ledger, f"{(other := site.serial()):05d}")
    site.heard_ms += 86_400_000
    site.boards[here].deposit(1, other, 1)
    site.boards[there].deposit(4, other, 1)
    site.boards[there].add(records.WITHDRAWN, 4, other, 1)
    site.hear(here)
    site.hear(there)
    assert "label cleared" not in dict(site.hers())  # it was revoked: that doubt stays


def test_staff_can_say_that_a_parcel_is_honest_and_she_is_told_so_once(site: Site) -> None:
    board, serial = site.board(), site.serial()
    site.boards[board].deposit(DOOR, serial, 1)
    site.boards[board].deposit(8, serial, 1)
    site.hear(board)
    site.letters()
    place = Place("mapo-3", 1, DOOR)
    support.vouch(site.ledger, place, dry_run=True)
    assert site.letters() == []
    support.vouch(site.ledger, place)
    assert [kind for kind, _ in site.hers()] == ["label cleared"]
    assert {parcel.door: parcel.flagged for parcel in parcels.listing(site.ledger)} == {DOOR: False, 8: True}
    with pytest.raises(UserError, match="no remark"):
        support.vouch(site.ledger, place)
    site.boards[board].deposit(9, 64_999 if serial != 64_999 else 64_998, 1)
    site.hear(board)
    with pytest.raises(UserError, match="parcel assign"):
        support.vouch(site.ledger, Place("mapo-3", 1, 9))
