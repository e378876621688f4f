"""Who asks on the telephone for a door to be opened repeats digits that were sent to the resident, and each
contact of hers can stop it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from host_tools.cli import parcel
from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.notify.deliveries import Queue
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import REFUSED, Message, Receipt
from host_tools.host.notify.post import Post
from host_tools.host.notify.routes import EMAIL, PHONE, Route, Routes
from host_tools.host.parcels import asking
from host_tools.host.parcels.asking import ONCE_MS, VALID_MS, WINDOW_MS, Asking, standing
from host_tools.host.people import changes, contacts, residents, spoken
from host_tools.host.people.contacts import Contact
from tests.kit import post
from tests.kit.letter_site import DOOR, Broken, Paper, Site

AT_MS = 1_900_000_000_000
PLACE = Place("mapo-3", 1, DOOR)

states = st.sampled_from(
    (asking.ASKED, asking.CONFIRMED, asking.OPENED, asking.STOPPED, asking.FAILED, asking.EXPIRED)
)
times = st.one_of(st.none(), st.integers(AT_MS, AT_MS + 2 * VALID_MS))


@given(states, times, times, st.integers(AT_MS - VALID_MS, AT_MS + 3 * VALID_MS))
def test_a_door_opens_only_confirmed_in_time_and_a_minute_after_her_contacts_were_told(
    state: str, told_ms: int | None, confirmed_ms: int | None, at_ms: int
) -> None:
    found = standing(Asking(1, state, AT_MS, told_ms, confirmed_ms), at_ms)
    expected = (
        state == asking.CONFIRMED
        and told_ms is not None
        and told_ms <= AT_MS + asking.ASKING_MS
        and at_ms >= told_ms + WINDOW_MS
        and AT_MS <= at_ms <= AT_MS + VALID_MS
    )
    assert found.may_open == expected


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        site = Site(opened)
        board = site.board()
        site.boards[board].deposit(DOOR, site.serial(), 1)
        site.hear(board)
        yield opened


def tell_contacts(ledger: Ledger, at_ms: int) -> None:
    with ledger.writing() as connection:
        letters = connection.scalars(
            select(tables.outbox.c.sequence).where(tables.outbox.c.kind.in_(("asked to open", "digits")))
        )
        told = {"rank": 1, "channel": "mail", "to_staff": False, "flow": "1", "next_ms": 0, "since_ms": 0}
        told |= {"state": "handed over", "handed_ms": at_ms, "whole": True}
        connection.execute(insert(tables.delivery), [{"letter": one, **told} for one in letters])
        connection.execute(update(tables.outbox).values(sent_ms=at_ms))


def right(ledger: Ledger, number: int) -> str:
    return spoken.digits_of(ledger.vault, number, asking.look(ledger, number).asked_ms)


def her(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return residents.find(connection, "Kim").id


def test_the_right_digits_and_a_minute_open_once(ledger: Ledger) -> None:
    number = asking.begin(ledger, PLACE, AT_MS)
    with ledger.reading() as connection:
        kinds = list(
            connection.scalars(select(tables.outbox.c.kind).where(tables.outbox.c.queued_ms == AT_MS))
        )
    assert kinds == ["asked to open", "digits"]
    digits = right(ledger, number)
    assert asking.answer(ledger, number, f"{digits[:3]} {digits[3:]}", AT_MS + 5000).state == asking.CONFIRMED
    assert not asking.take_leave(ledger, number, AT_MS + WINDOW_MS + 5000), "nobody was told"
    tell_contacts(ledger, AT_MS + 7000)
    assert not asking.take_leave(ledger, number, AT_MS + 7000 + WINDOW_MS - 1)
    assert asking.take_leave(ledger, number, AT_MS + 7000 + WINDOW_MS)
    assert not asking.take_leave(ledger, number, AT_MS + 7000 + WINDOW_MS)


def test_wrong_digits_end_it_for_a_day(ledger: Ledger) -> None:
    number = asking.begin(ledger, PLACE, AT_MS)
    tell_contacts(ledger, AT_MS)
    wrong = f"{(int(right(ledger, number)) + 1) % 10**6:06d}"
    assert asking.answer(ledger, number, wrong, AT_MS + 1).state == asking.FAILED
    assert asking.answer(ledger, number, right(ledger, number), AT_MS + 2).state == asking.FAILED
    assert not asking.take_leave(ledger, number, AT_MS + WINDOW_MS)
    with pytest.raises(UserError, match="within a day"):
        asking.begin(ledger, PLACE, AT_MS + ONCE_MS - 1)
    assert asking.begin(ledger, PLACE, AT_MS + ONCE_MS) != number


def test_each_contact_can_stop_it_until_the_door_opens(ledger: Ledger) -> None:
    number = asking.begin(ledger, PLACE, AT_MS)
    tell_contacts(ledger, AT_MS)
    asking.answer(ledger, number, right(ledger, number), AT_MS + 1)
    with ledger.writing() as connection:
        assert asking.stop(connection, her(ledger), AT_MS + WINDOW_MS - 1) == 1
    assert not asking.take_leave(ledger, number, AT_MS + WINDOW_MS)
    assert asking.look(ledger, number).state == asking.STOPPED


def test_after_a_quarter_of_an_hour_all_is_over(ledger: Ledger) -> None:
    number = asking.begin(ledger, PLACE, AT_MS)
    tell_contacts(ledger, AT_MS)
    late = asking.answer(ledger, number, right(ledger, number), AT_MS + VALID_MS + 1)
    assert late.state == asking.EXPIRED
    assert asking.look(ledger, number).state == asking.ASKED


def test_where_staff_have_to_attend_nobody_is_told_anything(ledger: Ledger) -> None:
    kim = her(ledger)

    def refused(words: str) -> None:
        with pytest.raises(UserError, match=words):
            asking.begin(ledger, PLACE, AT_MS)
        row = audit.listing(ledger)[-1]  # she is shown who asked, although nothing came of it
        assert (row.act, row.text) == ("parcel open", audit.REFUSED)
        assert row.resident == (None if "nobody" in words else kim)

    table = tables.resident
    with ledger.writing() as connection:
        connection.execute(update(table).values(code_left_out=True))
    refused("not opened for a caller")
    with ledger.writing() as connection:
        connection.execute(update(table).values(code_left_out=False))
        more = [Contact("kim@example.org", True), Contact("+821012345678", False)]
        changes.ask_contacts(connection, ledger, kim, more, AT_MS, "resident contact add")
    refused("are being changed")
    with ledger.writing() as connection:
        changes.stop(connection, ledger, kim, AT_MS)
        changes.contacts.put(connection, kim, [], AT_MS)
    refused("no contact")
    with ledger.writing() as connection:
        connection.execute(update(tables.parcel).values(resident=None))
    refused("nobody's")
    with ledger.reading() as connection:
        assert not connection.execute(select(tables.asking)).all()


def test_all_contacts_are_told_at_once_and_the_first_one_has_the_digits(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        both = [Contact("kim@example.org", True), Contact("+821012345678", True)]
        changes.contacts.put(connection, her(ledger), both, AT_MS)
    asking.begin(ledger, PLACE, AT_MS)
    mail, phone = Paper(), Paper()
    routes = Routes(
        {"mail": ("file", {}), "phone": ("file", {})}, {EMAIL: "mail", PHONE: "phone"}, Route("mail")
    )
    channels = {
        Queue(name, staff): channel
        for name, channel in (("mail", mail), ("phone", phone))
        for staff in (False, True)
    }
    post.deliver_by(ledger, Lines(routes, channels))
    asked = [one for one in (*mail.messages, *phone.messages) if one.kind == "asked to open"]
    assert [one.contact for one in asked] == ["kim@example.org", "+821012345678"]
    assert len({one.id for one in asked}) == 2
    (digits,) = [one for one in (*mail.messages, *phone.messages) if one.kind == "digits"]
    assert digits.contact == "kim@example.org"
    with ledger.reading() as connection:
        (number,) = connection.scalars(select(tables.asking.c.id))
    assert right(ledger, number) in digits.text


class Called:
    """An asking whose two contacts have a channel each, which do as they are told; the time is `at_ms`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.at_ms = ledger, AT_MS
        with ledger.writing() as connection:
            both = [Contact("kim@example.org", True), Contact("+821012345678", True)]
            contacts.put(connection, her(ledger), both, AT_MS)
            connection.execute(update(tables.outbox).values(routed=True))
        self.number = asking.begin(ledger, PLACE, AT_MS)

    def hand_over(self, mail: Paper, phone: Paper) -> list[str]:
        """The kinds that both take in one round."""
        ways = {EMAIL: "mail", PHONE: "phone"}
        routes = Routes({name: ("file", {}) for name in ways.values()}, ways, Route("mail"))
        pairs = (("mail", mail), ("phone", phone))
        lines = Lines(routes, {Queue(name, staff): one for name, one in pairs for staff in (False, True)})

        async def work() -> None:
            its = Post(self.ledger, lines, lambda told: None, clock=lambda: self.at_ms)
            await its.begin(None)
            await its.round(None)
            await its.settle()
            await its.note()

        asyncio.run(work())
        return sorted(one.kind for one in (*mail.messages, *phone.messages))

    def standing(self) -> asking.Standing:
        return standing(asking.look(self.ledger, self.number), self.at_ms)


class Refusing(Paper):
    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        return {one.id: Receipt(REFUSED) for one in messages}


def test_the_minute_runs_from_when_the_last_contact_has_it_and_one_that_is_away_ends_it(
    ledger: Ledger,
) -> None:
    called = Called(ledger)
    assert called.hand_over(Paper(), Broken()) == ["asked to open", "digits"]
    assert asking.look(ledger, called.number).told_ms is None
    asking.answer(ledger, called.number, right(ledger, called.number), AT_MS + 1)
    called.at_ms += WINDOW_MS + 1
    assert not called.standing().may_open
    assert called.hand_over(Paper(), Paper()) == ["asked to open"]
    assert called.standing().opens_ms == called.at_ms + WINDOW_MS
    called.at_ms += WINDOW_MS
    assert called.standing().may_open


def test_a_contact_that_is_away_for_three_minutes_ends_it_and_is_told_nothing_later(ledger: Ledger) -> None:
    called = Called(ledger)
    called.hand_over(Paper(), Broken())
    asking.answer(ledger, called.number, right(ledger, called.number), AT_MS + 1)
    called.at_ms += asking.ASKING_MS + 1
    assert called.standing().state == asking.UNTOLD
    assert called.hand_over(Paper(), Paper()) == []
    assert called.standing().state == asking.UNTOLD
    assert not asking.take_leave(ledger, called.number, called.at_ms + WINDOW_MS)
    with ledger.reading() as connection:
        reasons = list(connection.scalars(select(tables.delivery.c.reason).order_by(tables.delivery.c.rank)))
    assert reasons == ["", "", "it is over"]


def test_a_contact_that_refuses_for_good_holds_nothing_up(ledger: Ledger) -> None:
    called = Called(ledger)
    called.hand_over(Paper(), Refusing())
    assert asking.look(ledger, called.number).told_ms == AT_MS


def test_an_asking_that_is_stopped_sends_nothing_any_more(ledger: Ledger) -> None:
    called = Called(ledger)
    with ledger.writing() as connection:
        asking.stop(connection, her(ledger), AT_MS + 1)
    assert called.hand_over(Paper(), Paper()) == []
    with ledger.reading() as connection:
        its = select(tables.outbox.c.given_up_ms).where(tables.outbox.c.counter == called.number)
        assert list(connection.scalars(its.where(tables.outbox.c.queued_ms == AT_MS))) == [AT_MS, AT_MS]


def test_digits_that_were_never_handed_over_leave_the_try_of_the_day(ledger: Ledger) -> None:
    called = Called(ledger)
    called.hand_over(Broken(), Broken())
    with pytest.raises(UserError, match="within a day"):
        asking.begin(ledger, PLACE, AT_MS + asking.ASKING_MS)  # it goes on
    assert asking.begin(ledger, PLACE, AT_MS + asking.ASKING_MS + 1) != called.number
    late = asking.answer(ledger, called.number, right(ledger, called.number), AT_MS + asking.ASKING_MS + 1)
    assert late.state == asking.UNTOLD


def test_a_guess_before_the_digits_were_handed_over_is_the_try_of_the_day(ledger: Ledger) -> None:
    called = Called(ledger)
    assert asking.answer(ledger, called.number, "", AT_MS + 1).state == asking.FAILED
    with pytest.raises(UserError, match="within a day"):
        asking.begin(ledger, PLACE, AT_MS + VALID_MS + 1)


def test_an_operator_reads_that_her_contacts_are_told_only_once_they_are(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    called, slept = Called(ledger), list[float]()
    parcel._say_whether_told(ledger, called.number, slept.append)
    said = capsys.readouterr().err
    assert "are told." not in said
    assert "Not sent yet: the digits." in said
    assert sum(slept) == pytest.approx(20)

    def sleep(_: float) -> None:
        called.hand_over(Paper(), Paper())

    parcel._say_whether_told(ledger, called.number, sleep)
    assert "Her contacts are told." in capsys.readouterr().err


def test_no_digits_rest_in_the_ledger(ledger: Ledger, home: Path) -> None:
    number = asking.begin(ledger, PLACE, AT_MS)
    digits = right(ledger, number)
    assert len(digits) == 6
    assert digits != spoken.digits_of(ledger.vault, number + 1, AT_MS)
    with ledger.reading() as connection:
        everything = repr(
            [connection.execute(table.select()).all() for table in (tables.asking, tables.audit)]
        )
    assert digits not in everything
