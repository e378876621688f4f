"""Letters go by contact after contact, and no channel delays another's; the time is an argument."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import TransientError
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import untold
from host_tools.host.notify.book import Book
from host_tools.host.notify.callbacks import FORGED, TAKEN, UNKNOWN, Callbacks
from host_tools.host.notify.deliveries import Queue
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import HANDED_OVER, LATER, REFUSED, Message, Receipt
from host_tools.host.notify.wording.entries import fields_of
from host_tools.host.people import contacts, notices
from host_tools.host.stays import sweep
from locker.contract import records
from tests.kit.letter_site import DOOR, START_MS, Site
from tests.kit.peers import SECRET
from tests.kit.post import Paper, all_of
from tests.kit.town import MINUTE_MS, Moody, Town


@pytest.mark.parametrize("mood", ["hang", "away", "silent", LATER])
def test_without_a_hand_over_in_ten_minutes_the_next_contact_hears_only_that_there_is_a_message(
    tmp_path: Path, mood: str
) -> None:
    town = Town(tmp_path, Moody(mood), Moody("take"))
    town.deposit()
    town.pass_time(9.4)
    assert town.sms.messages == []
    town.pass_time(2)
    (look,) = town.sms.messages
    assert (look.kind, look.contact) == ("look", "01012345678")
    assert not any(word in look.text for word in ("mapo", "07", "Kim", "·"))
    (letter,) = [row for row in town.rows(tables.outbox) if row.kind == "deposited"]
    assert letter.sent_ms is None  # she has no code yet


def test_a_confirmed_contact_gets_the_letter_and_one_that_refuses_is_followed_at_once(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody(REFUSED), Moody("take"), confirmed=True)
    town.deposit()
    town.pass_time(1)
    (letter,) = town.sms.messages
    assert letter.kind == "deposited"
    assert [row.state for row in town.rows(tables.delivery)] == ["failed", HANDED_OVER]
    town.pass_time(30)
    assert len(town.sms.messages) == 1


@pytest.mark.parametrize("kind", [notices.CONTACT_CHANGED, notices.WISHES_CHANGED])
@pytest.mark.parametrize("mood", ["away", "silent", LATER, "hang"])
def test_each_contact_of_a_letter_to_all_is_tried_until_it_has_it_whoever_has_it_already(
    tmp_path: Path, mood: str, kind: str
) -> None:
    town = Town(tmp_path, Moody("take"), Moody(mood, mood, "take"), confirmed=True)
    with town.ledger.writing() as connection:
        notices.tell(connection, 1, kind, "a change", START_MS)
    town.pass_time(5)
    assert [message.kind for message in (*town.mail.messages, *town.sms.messages)] == [kind, kind]
    assert [row.state for row in town.rows(tables.delivery)] == [HANDED_OVER, HANDED_OVER]


@pytest.mark.parametrize("kind", [notices.CONTACT_CHANGED, notices.WISHES_CHANGED])
def test_a_contact_that_is_not_confirmed_reads_of_a_change_what_it_can_stop_and_of_no_place(
    tmp_path: Path, kind: str
) -> None:
    town = Town(tmp_path, Moody("take"), Moody("take"))
    with town.ledger.writing() as connection:
        notices.tell(connection, 1, kind, "a change", START_MS, door=DOOR)
    town.pass_time(1)
    (letter,) = town.sms.messages
    assert "stop it within 24 hours" in letter.text.replace("\n", " ")
    assert not any(word in f"{letter.title} {letter.text}" for word in ("mapo", "07", "Kim"))
    assert not fields_of(("resident", kind, "text")).filled & {"place", "site", "door", "code"}
    assert [row.whole for row in town.rows(tables.delivery)] == [True, True]


def test_a_contact_of_a_letter_to_all_that_refuses_or_is_away_for_a_day_keeps_no_other_from_it(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path, Moody("away"), Moody("take"), confirmed=True)
    with town.ledger.writing() as connection:
        notices.tell(connection, 1, notices.CONTACT_CHANGED, "a change", START_MS)
    town.pass_time(25 * 60, step_s=1800)
    assert [row.state for row in town.rows(tables.delivery)] == ["given up", HANDED_OVER]
    (letter,) = town.rows(tables.outbox)
    assert letter.given_up_ms is None
    assert len(town.sms.messages) == 1


def test_a_channel_that_hangs_delays_no_other_and_no_alarm(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody("hang"), Moody("take"))
    town.deposit()
    with town.ledger.writing() as connection:
        from host_tools.host.ledger import aside

        aside.raise_case(connection, 1, aside.UNMET, 1, 0, START_MS)

    async def work() -> None:
        await town.post.round(None)
        await asyncio.sleep(0)
        await town.post.settle()

    asyncio.run(work())
    assert [message.kind for message in town.desk.messages] == ["unmet"]


def test_who_is_not_told_is_a_case_after_15_minutes_an_alarm_after_60_and_over_when_she_is(
    tmp_path: Path,
) -> None:
    mail = Moody("away")
    town = Town(tmp_path, mail, Moody("away"))
    town.deposit()
    kinds = []
    for minutes in (14, 16, 61):
        untold.look(town.ledger, START_MS + minutes * MINUTE_MS)
        kinds.append(sorted(row.kind for row in town.rows(tables.case) if row.state != "closed"))
    assert kinds == [[], ["untold"], ["untold", "untold long"]]
    mail._moods = ["take"]
    town.pass_time(3)
    assert untold.look(town.ledger, town.at_ms) == 0
    assert {row.state for row in town.rows(tables.case)} == {"closed"}


def test_who_gets_her_first_contact_is_told_of_what_waits_and_her_case_is_over(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody("take"), Moody("take"))
    with town.ledger.writing() as connection:
        (kim,) = connection.scalars(tables.resident.select().with_only_columns(tables.resident.c.id))
        contacts.put(connection, kim, [], START_MS)
    town.deposit()
    town.pass_time(1)

    def cases() -> list[tuple[str, str]]:
        rows = town.rows(tables.case)
        return [(row.kind, row.state) for row in rows if row.kind == "no contact"]

    with town.ledger.writing() as connection:
        sweep.admit(connection, town.at_ms)
    untold.look(town.ledger, town.at_ms)
    untold.look(town.ledger, town.at_ms)
    assert cases() == [("no contact", "open")]
    assert town.mail.messages == []
    with town.ledger.writing() as connection:
        contacts.put(connection, kim, [contacts.Contact("kim@example.org", True)], town.at_ms)
        assert untold.tell_again(connection, kim) == 1
        assert untold.tell_again(connection, kim) == 0
    town.pass_time(1)
    assert [message.kind for message in town.mail.messages] == ["deposited"]
    untold.look(town.ledger, town.at_ms)
    assert cases() == [("no contact", "closed")]


def test_a_letter_that_did_not_arrive_for_a_day_is_a_case_where_its_channel_reports(tmp_path: Path) -> None:
    town = Town(tmp_path, Moody("take"), Moody("take"))
    town.deposit()
    town.pass_time(1)
    (letter,) = [row for row in town.rows(tables.outbox) if row.kind == "deposited"]

    def kinds_open(hours: float) -> list[str]:
        untold.look(town.ledger, town.at_ms + int(hours * 60 * MINUTE_MS))
        return [row.kind for row in town.rows(tables.case) if row.state != "closed"]

    assert kinds_open(100) == []  # nobody knows whether this channel ever reports
    with town.ledger.writing() as connection:
        its = {name: value for name, value in letter._mapping.items() if name != "sequence"}
        earlier = {"id": "e" * 32, "counter": 99, "sent_ms": START_MS, "delivered_ms": START_MS}
        connection.execute(tables.outbox.insert().values(its | earlier))
        way = {"letter": letter.sequence + 1, "rank": 1, "channel": "mail", "to_staff": False, "flow": ""}
        connection.execute(tables.delivery.insert().values(**way, state="delivered", since_ms=START_MS))
    assert kinds_open(23) == []
    assert kinds_open(24) == ["not told"]
    assert kinds_open(25) == ["not told"]
    with town.ledger.writing() as connection:
        its = tables.outbox.c.id == letter.id
        connection.execute(tables.outbox.update().where(its).values(delivered_ms=START_MS))
    assert kinds_open(26) == []


def signed(body: bytes, name: str, at_s: int) -> dict[str, str]:
    """As Standard Webhooks says, by a second hand."""
    key = b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"{name}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return {
        "Webhook-Id": name,
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": f"v1,{b64encode(mac).decode()}",
    }


def test_a_signed_report_moves_a_letter_and_forged_late_and_replayed_ones_do_not(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path, Moody("take"), Moody("take"), confirmed=True)
    town.deposit()
    town.pass_time(1)
    (letter,) = [row for row in town.rows(tables.outbox) if row.kind == "deposited"]
    hook, at_s = Callbacks(town.routes), town.at_ms // 1000
    lost = json.dumps({"type": "message.failed", "data": {"id": letter.id}}).encode()
    came = json.dumps({"type": "delivered", "data": {"id": letter.id}}).encode()

    def report(body: bytes, headers: dict[str, str], channel: str = "mail") -> int:
        return hook(town.ledger, channel, headers, body, town.at_ms)

    assert report(lost, signed(came, "a", at_s)) == FORGED
    assert report(lost, signed(lost, "a", at_s - 301)) == FORGED
    assert report(lost, signed(lost, "a", at_s), "nobody") == UNKNOWN
    strange = came.replace(letter.id.encode(), b"f" * 32)
    assert report(strange, signed(strange, "b", at_s)) == TAKEN
    assert [row.state for row in town.rows(tables.delivery)] == [HANDED_OVER]
    assert report(lost, signed(lost, "c", at_s)) == report(lost, signed(lost, "c", at_s)) == TAKEN
    town.pass_time(1)
    assert [row.state for row in town.rows(tables.delivery)] == ["failed", HANDED_OVER]
    assert [message.kind for message in town.sms.messages] == ["deposited"]


@pytest.mark.parametrize(("mood", "minutes"), [(REFUSED, 1), ("away", 25 * 60)])
def test_a_letter_to_staff_that_is_given_up_is_one_case(
    tmp_path: Path, mood: str, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(tmp_path, Moody("take"), Moody("take"))
    monkeypatch.setattr(town.desk, "deliver", Moody(mood).deliver)
    for _ in range(2):
        town.site.boards[1].add(records.TAMPERED)
        town.site.hear(1)
        town.pass_time(minutes, step_s=30 if minutes == 1 else 3000)
    assert town.told.count("letter given up") >= 1
    assert [(row.kind, row.key, row.state) for row in town.rows(tables.case)] == [
        ("channel down", "desk", "open")
    ]


class Slow(Paper):
    """Takes letters when it is let."""

    batch, parallel = 1, 2

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        self.messages += messages
        await self.let.wait()
        return all_of(messages)


@pytest.mark.parametrize("is_durable", [True, False])
def test_what_a_lost_commit_may_have_leased_goes_out_at_once_and_nothing_that_is_in_hand_does_again(
    tmp_path: Path, is_durable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(tmp_path, slow := Slow(), Moody("take"))
    town.deposit()
    writing = town.ledger.writing

    @contextmanager
    def lost() -> Iterator[Any]:
        with suppress(InterruptedError), writing() as connection:
            yield connection
            if not is_durable:
                raise InterruptedError
        raise TransientError("The answer to the commit did not come.")

    async def work() -> None:
        await town.post.round(None)
        town.site.boards[1].deposit(DOOR + 1, town.site.serial(), 2)
        town.site.hear(1)
        for is_let in (False, True):  # the note of a lease is lost, then that of what became of both
            with monkeypatch.context() as away:
                away.setattr(town.ledger, "writing", lost)
                with pytest.raises(TransientError):
                    await town.post.round(None)
            await asyncio.sleep(0)
            await town.post.round(None)
            if not is_let:
                slow.let.set()
                await town.post.settle()

    asyncio.run(work())
    assert len(slow.messages) == len({message.id for message in slow.messages}) == 2
    assert {row.state for row in town.rows(tables.delivery)} == {HANDED_OVER}
    assert "letters unsure" not in town.told


def test_what_a_host_had_in_its_hands_when_it_was_killed_is_told_as_unsure_and_repeated_under_its_id(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path, slow := Slow(), Moody("take"))
    town.deposit()

    async def work() -> None:
        await town.post.round(None)
        await asyncio.sleep(0)
        for next_one in (town.reborn(), town.reborn()):
            await next_one.begin(None)
            slow.let.set()
            await next_one.round(None)
            await next_one.settle()
            await next_one.round(None)

    asyncio.run(work())
    assert len(slow.messages) == 2
    assert len({message.id for message in slow.messages}) == 1
    assert town.told.count("letters unsure") == 1


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["away", "silent", LATER, REFUSED, "take"]), min_size=1, max_size=6))
def test_whatever_channels_do_no_letter_is_forgotten(
    tmp_path_factory: pytest.TempPathFactory, moods: list[str]
) -> None:
    town = Town(tmp_path_factory.mktemp("town"), Moody(*moods, LATER), Moody(*reversed(moods), LATER))
    town.deposit()
    town.pass_time(25 * 60, step_s=3000)
    (letter,) = [row for row in town.rows(tables.outbox) if row.kind == "deposited"]
    ways = town.rows(tables.delivery)
    assert (letter.sent_ms is not None) or (letter.given_up_ms is not None)
    assert not any(way.state in ("queued", "leased") for way in ways)
    if letter.sent_ms is not None and letter.sent_ms - letter.queued_ms < 10 * MINUTE_MS and len(ways) > 1:
        assert ways[0].state == "failed"
    if letter.sent_ms is None:
        assert untold.look(town.ledger, town.at_ms) == 1
        assert [row for row in town.rows(tables.case) if row.kind == "untold"]


def test_a_lease_keeps_others_away_and_ends_with_its_time(home: Path) -> None:
    with open_ledger(home) as ledger:
        site = Site(ledger)
        site.board()
        site.boards[1].deposit(DOOR, site.serial(), 1)
        site.hear(1)
        queue = Queue("only", False)
        routes = Lines.single(Paper()).routes
        one, other = Book(routes, "one"), Book(routes, "other")
        with ledger.writing() as connection:
            one.route(connection, START_MS)
            rows = one.due(connection, queue, 10, START_MS)
            one.lease(connection, queue, rows, START_MS + 90_000)
        assert len(rows) == 1
        for at_ms, found in ((START_MS + 89_999, 0), (START_MS + 90_000, 1)):
            with ledger.writing() as connection:
                other.expire(connection, at_ms)
                assert len(other.due(connection, queue, 10, at_ms)) == found
