"""Who settles a case by saying that its parcel is gone ends that parcel, and no other."""

from sqlalchemy import select

from host_tools.host.ledger import tables
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import parcels, tickets
from locker.contract import records
from tests.kit import post
from tests.kit.cared_site import PLACE, CaredSite
from tests.kit.duty_desk import Desk


def test_who_settles_that_a_parcel_is_gone_ends_it_and_its_resident_is_told_but_not_that_she_has_it(
    desk: tuple[Desk, CaredSite],
) -> None:
    types, site = desk
    for door in (3, 4):
        site.deposits(door)
    site.tells(records.DOOR_FORCED, 3, 0, 1)
    site.takes_in()
    types.types("min", "case", "take", "1")
    close = ("case", "close", "1", "parcel is gone", "--note", "the shelf is bare")
    types.types("min", *close, "--dry-run")
    assert {one.state for one in parcels.listing(site.ledger)} == {"waiting"}
    assert "Its parcel waits no more, and its resident is told." in types.types("min", *close)
    gone, other = sorted(parcels.listing(site.ledger), key=lambda one: one.door)
    assert (gone.state, gone.ended_by) == ("unknown", "Min, who found that it was gone")
    assert other.state == "waiting"
    told: list[Message] = []
    post.deliver(site.ledger, ConsoleNotifier(told.append))
    (hers,) = [one for one in told if one.kind == "gone"]
    assert "your parcel is not behind it any more" in hers.text
    with site.ledger.reading() as connection:
        row = connection.execute(select(tables.audit).where(tables.audit.c.act == "parcel gone")).one()
    assert (row.door, row.text) == (3, "case 1: parcel is gone. the shelf is bare")
    assert row.resident is not None
    at_door = ("--site", PLACE, "--cabinet", "1", "--door", "3", "--no-wait", "--reason", "fault")
    # Staff open the empty door, and close it.
    assert types.types("jun", "door", "service", *at_door).startswith("Ordered")
    site.at_ms += 1000
    site.tells(records.ARMED, 3, records.SERVICE << 8 | 1, 1)
    site.tells(records.COLLECTED, 3, 0, 1)
    site.takes_in()
    post.deliver(site.ledger, ConsoleNotifier(told.append))
    assert told[-1].kind == "service code"
    assert parcels.listing(site.ledger)[1] == gone
    assert [one.kind for one in site.cases()] == []


def test_a_parcel_that_came_after_the_door_was_forced_is_not_the_one_that_is_gone(
    desk: tuple[Desk, CaredSite],
) -> None:
    types, site = desk
    site.deposits(3)
    site.tells(records.DOOR_FORCED, 3, 0, 1)
    site.takes_in()
    site.tells(records.COLLECTED, 3, 0, 1)
    site.at_ms += 600_000
    serial = tickets.issue(site.ledger, "Kim", PLACE).serial
    site.boards[1].deposit(3, serial, 2)
    site.hears()
    types.types("min", "case", "take", "1")
    assert types.types("min", "case", "close", "1", "parcel is gone").endswith("closed: parcel is gone.\n")
    assert {one.state for one in parcels.listing(site.ledger)} == {"waiting", "collected"}
