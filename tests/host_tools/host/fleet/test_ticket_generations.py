"""A site's ticket key turns before the labels for one of its residents run out;
a ticket is its generation and its serial.
"""

from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from host_tools.errors import UserError
from host_tools.host.fleet import generations, orders, reconcile
from host_tools.host.fleet.ingest import take
from host_tools.host.ledger import migrations, tables
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from locker.contract import commands, records
from locker.contract import tickets as derivation
from locker.contract.codes import NO_TAIL, pickup_code
from locker.contract.commands import TURN_TICKETS
from locker.contract.keys import epoch_keys
from tests.host_tools.host.fleet.test_ingest import alarms, letters, said
from tests.kit import post
from tests.kit.host_board import Journal, enrol, enrolment

TAIL = 7
NOW_MS = 1_800_000_000_000


@pytest.fixture
def ledger(home: Path):
    with open_ledger(home) as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim")
        residents.set_tail(opened, "Kim", f"{TAIL:02d}")
        yield opened


class Heard:
    """A cabinet that the host has heard of, with a firmware that knows generations."""

    def __init__(self, ledger: Ledger, uid: bytes = b"uid-01") -> None:
        self.ledger = ledger
        self.enrolled: Enrolment = enrol(ledger, uid)
        known = ledger.enrolled(uid)
        assert known is not None
        self.number = known.id
        self.journal = Journal()
        self.told = 0
        self.journal.add(records.BOOTED)
        self.says()

    def says(self) -> None:
        take(self.ledger, [said(self.number, self.journal, self.journal.events[self.told :])])
        self.told = len(self.journal.events)

    def turns(self, generation: int) -> None:
        """It has carried the order out."""
        self.journal.add(records.TICKETS_TURNED, 0, generation)
        self.says()

    def ordered(self) -> list[int]:
        """The generations that it is ordered to take."""
        command = tables.command.c
        with self.ledger.reading() as connection:
            its = (
                select(command.a)
                .where(command.cabinet == self.number, command.kind == TURN_TICKETS)
                .order_by(command.sequence)
            )
            return list(connection.scalars(its))


def key_of(ledger: Ledger, generation: int) -> generations.Key:
    with ledger.reading() as connection:
        place = connection.execute(select(tables.site)).one()
    return generations.key_of(place, ledger.site("mapo-3").ticket_secret, generation)


def use_up(ledger: Ledger, generation: int, share: float, issued_ms: int = 0, state: str = "used") -> None:
    """So much of the serials that fit her are issued."""
    key = key_of(ledger, generation)
    hers = [serial for serial in range(derivation.SERIALS) if key.fits(serial, generations.Needs(TAIL))]
    with ledger.writing() as connection:
        known = set(
            connection.scalars(select(tables.ticket.c.serial).where(tables.ticket.c.generation == generation))
        )
        row = {"site": 1, "generation": generation, "resident": 1, "state": state, "issued_ms": issued_ms}
        chosen = [serial for serial in hers[: int(len(hers) * share)] if serial not in known]
        connection.execute(insert(tables.ticket), [row | {"serial": serial} for serial in chosen])


def test_the_key_turns_when_three_quarters_of_the_labels_for_one_popular_tail_are_issued(
    ledger: Ledger,
) -> None:
    board = Heard(ledger)
    use_up(ledger, 0, 0.74)
    assert tickets.issue(ledger, "Kim").generation == 0
    assert (ledger.site("mapo-3").generation, board.ordered()) == (0, [])
    use_up(ledger, 0, 0.76)
    assert tickets.issue(ledger, "Kim").generation == 0
    assert (ledger.site("mapo-3").generation, board.ordered()) == (1, [1])
    assert tickets.issue(ledger, "Kim").generation == 0  # until the cabinet takes the others
    board.turns(1)
    issued = tickets.issue(ledger, "Kim")
    assert issued.generation == 1
    assert (
        derivation.check_ticket(key_of(ledger, 1).key, ledger.site("mapo-3").site_id, issued.number)
        == issued.serial
    )
    assert key_of(ledger, 1).class_of(issued.serial) == TAIL


def test_tickets_of_a_new_key_are_issued_only_when_every_cabinet_takes_them_and_who_is_late_is_named(
    ledger: Ledger,
) -> None:
    first, second = Heard(ledger), Heard(ledger, b"uid-02")
    use_up(ledger, 0, 0.76)
    tickets.issue(ledger, "Kim")
    first.turns(1)
    assert (first.ordered(), second.ordered()) == ([1], [1])
    assert tickets.issue(ledger, "Kim").generation == 0
    use_up(ledger, 0, 1)
    with pytest.raises(UserError, match="cabinet 2 has not heard of it"):
        tickets.issue(ledger, "Kim")
    second.turns(1)
    assert tickets.issue(ledger, "Kim").generation == 1


def test_a_cabinet_that_is_provisioned_later_begins_with_the_key_of_its_site(ledger: Ledger) -> None:
    Heard(ledger).turns(1)
    with ledger.writing() as connection:
        connection.execute(tables.site.update().values(generation=1))
    made = enrol(ledger, b"uid-02")
    ledger.forget(b"uid-03")
    with ledger.writing() as connection:
        connection.execute(
            tables.cabinet.update().where(tables.cabinet.c.board_id == made.board_id).values(generation=1)
        )
    assert tickets.issue(ledger, "Kim").generation == 1


def test_a_serial_that_is_used_again_under_a_later_key_is_no_used_label(ledger: Ledger) -> None:
    board = Heard(ledger)
    with ledger.writing() as connection:
        row = {"site": 1, "serial": 4711, "resident": 1, "state": "open", "issued_ms": 0}
        connection.execute(
            insert(tables.ticket), [row | {"generation": generation} for generation in (0, 1, 2)]
        )
    board.journal.deposit(1, 4711, 1)
    board.turns(1)
    board.journal.deposit(2, 1 << 16 | 4711, 1)
    board.turns(2)
    board.journal.deposit(3, 4711, 1)
    board.says()
    assert alarms(ledger) == []
    assert [kind for kind, _ in letters(ledger)] == ["deposited"] * 3
    assert [(parcel.serial, parcel.flagged) for parcel in parcels.listing(ledger)] == [(4711, False)] * 3
    board.journal.deposit(4, 1 << 16 | 4711, 1)  # of the key before: used
    board.says()
    assert alarms(ledger) == ["ticket", "ticket again"]


def test_labels_of_two_keys_ago_are_listed_as_expired_with_their_residents(ledger: Ledger) -> None:
    board = Heard(ledger)
    old = tickets.issue(ledger, "Kim")
    for generation in (0, 1):
        use_up(ledger, generation, 0.8)
        tickets.issue(ledger, "Kim")
        if generation:
            with ledger.writing() as connection:  # young labels hold a turn back
                connection.execute(tables.ticket.update().values(issued_ms=0))
            tickets.issue(ledger, "Kim")
        board.turns(generation + 1)
    expired = tickets.listing(ledger, state="expired")
    assert {(ticket.generation, ticket.resident) for ticket in expired} == {(0, "Kim")}
    assert old.serial in [ticket.serial for ticket in expired]
    with pytest.raises(UserError, match="expired already"):
        tickets.revoke(ledger, old.number)


def test_labels_that_may_be_on_their_way_hold_the_next_turn_back_until_hardly_any_is_left(
    ledger: Ledger,
) -> None:
    board = Heard(ledger)
    use_up(ledger, 0, 0.8)
    tickets.issue(ledger, "Kim")
    board.turns(1)
    use_up(ledger, 1, 0.8)
    tickets.issue(ledger, "Kim")
    assert ledger.site("mapo-3").generation == 1
    use_up(ledger, 1, 0.96)
    tickets.issue(ledger, "Kim")
    assert ledger.site("mapo-3").generation == 2


def test_a_letter_tells_the_code_by_the_tail_of_the_key_that_the_parcel_came_with(
    ledger: Ledger, tmp_path: Path
) -> None:
    board = Heard(ledger)
    board.turns(1)
    key = key_of(ledger, 1)
    serial = next(serial for serial in range(derivation.SERIALS) if key.fits(serial, generations.Needs(TAIL)))
    with ledger.writing() as connection:
        connection.execute(
            insert(tables.ticket),
            [{"site": 1, "generation": 1, "serial": serial, "resident": 1, "state": "open", "issued_ms": 0}],
        )
    made = board.enrolled
    code_key = epoch_keys(made.master_secret, made.nonce_host, made.nonce_board, made.board_id, 1)[0]
    counter = next(
        counter
        for counter in range(1, 2000)
        if pickup_code(code_key, made.board_id, 1, 7, counter, 0, NO_TAIL)[6:8] == f"{TAIL:02d}"
    )
    board.journal.deposit(7, 1 << 16 | serial, counter)
    board.says()
    notifier = FileNotifier(tmp_path / "messages.jsonl")
    (message,) = post.deliver(ledger, notifier).sent
    post.close(notifier)
    code = pickup_code(code_key, made.board_id, 1, 7, counter, 0, TAIL)
    assert code[6:8] == f"{TAIL + 1:02d}"
    assert f"door 07 · {code[:4]} {code[4:8]} · extra {code[8:]}" in message.text


def test_a_board_that_has_lost_its_journal_is_told_the_key_and_the_key_of_each_parcel(ledger: Ledger) -> None:
    board = Heard(ledger)
    with ledger.writing() as connection:
        row = {"site": 1, "resident": 1, "state": "open", "issued_ms": 0}
        connection.execute(
            insert(tables.ticket),
            [row | {"generation": 1, "serial": 5}, row | {"generation": 2, "serial": 6}],
        )
        connection.execute(tables.site.update().values(generation=2))
    board.turns(1)
    board.journal.deposit(1, 1 << 16 | 5, 1)
    board.turns(2)
    board.journal.deposit(2, 6, 1)
    board.says()
    with ledger.writing() as connection:
        reconcile.put_right(connection, board.number, 1, NOW_MS)
        rows = connection.execute(select(tables.command).order_by(tables.command.c.sequence)).all()
    assert [(row.kind, row.door, row.a) for row in rows if row.kind in (TURN_TICKETS, commands.ADOPT)] == [
        (TURN_TICKETS, 0, 2),
        (commands.ADOPT, 1, 1 << 18 | 1 << 16 | 5),
        (commands.ADOPT, 2, 2 << 18 | 6),
    ]
    board.journal.add(records.ADOPTED, 1, 1 << 18 | 1 << 16 | 5, 1)
    board.says()
    assert [kind for kind, _ in letters(ledger)][-1] == "new code"


def test_a_cabinet_that_could_not_turn_is_asked_again_after_an_hour(ledger: Ledger) -> None:
    board = Heard(ledger)
    with ledger.writing() as connection:
        connection.execute(tables.site.update().values(generation=1))
    generations.look_after(ledger, NOW_MS)
    generations.look_after(ledger, NOW_MS + 1)
    assert board.ordered() == [1]
    with ledger.writing() as connection:
        connection.execute(tables.command.update().values(state=orders.IMPOSSIBLE))
    generations.look_after(ledger, NOW_MS + 1_800_000)
    assert board.ordered() == [1]
    generations.look_after(ledger, NOW_MS + 3_600_001)
    assert board.ordered() == [1, 1]
    board.turns(1)
    generations.look_after(ledger, NOW_MS + 9_000_000)
    assert board.ordered() == [1, 1]


def test_an_older_ledger_goes_on_behind_the_key_that_all_its_cabinets_have_taken(ledger: Ledger) -> None:
    """Those turns were ordered in a life of the ledger that a backup has replaced."""
    first, second = Heard(ledger), Heard(ledger, b"uid-02")
    label = tickets.issue(ledger, "Kim")
    first.turns(2)
    generations.look_after(ledger, NOW_MS)
    assert ledger.site("mapo-3").generation == 0, "one cabinet's word moves the others' key nowhere"
    second.turns(2)
    generations.look_after(ledger, NOW_MS)
    assert ledger.site("mapo-3").generation == 2
    assert [ticket.serial for ticket in tickets.listing(ledger, state="expired")] == [label.serial]
    use_up(ledger, 2, 0.8)
    assert tickets.issue(ledger, "Kim").generation == 2
    assert (ledger.site("mapo-3").generation, first.ordered(), second.ordered()) == (3, [3], [3])


def test_an_old_site_turns_its_key_once_the_labels_that_would_die_with_it_are_old(ledger: Ledger) -> None:
    board = Heard(ledger)
    with ledger.writing() as connection:
        connection.execute(tables.site.update().values(is_old=True))
        row = {"site": 1, "generation": 0, "resident": 1, "state": "open"}
        connection.execute(
            insert(tables.ticket),
            [row | {"serial": 99999, "issued_ms": NOW_MS}, row | {"serial": 5, "issued_ms": NOW_MS}],
        )
    issued = tickets.issue(ledger, "Kim")
    assert (
        derivation.tail(ledger.site("mapo-3").ticket_secret, ledger.site("mapo-3").site_id, issued.serial, 0)
        == TAIL
    )
    generations.look_after(ledger, NOW_MS + generations.YOUNG_MS - 1)
    assert board.ordered() == []
    generations.look_after(ledger, NOW_MS + generations.YOUNG_MS + 1)
    assert board.ordered() == [1]
    assert [ticket.serial for ticket in tickets.listing(ledger, state="expired")] == [99999]
    board.turns(1)
    assert tickets.issue(ledger, "Kim").generation == 1


def put_before(connection: Connection, made: Enrolment, sealed: bytes) -> None:
    """Tickets, a cabinet with a waiting parcel, and the letter that still has to leave,
    as a ledger of 0007 has them.
    """

    def put(table: str, **values: object) -> None:
        names = ", ".join(values)
        connection.execute(
            text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in values)})"), values
        )

    for serial, state in ((99999, "open"), (7, "used"), (8, "revoked"), (70000, "used")):
        put("ticket", site=1, serial=serial, resident=1, state=state, issued_ms=5)
    of_board = {
        name: getattr(made, name)
        for name in ("board_id", "alias", "uid", "board_name", "nonce_host", "nonce_board")
    }
    of_place = {"site": 1, "number": 1, "epoch": 2, "state": "enrolled", "enrolled_ms": 5}
    of_place |= {"build": 1, "tag": 9, "incarnation": 7}
    put("cabinet", master_secret=sealed, **of_board, **of_place)
    put("position", cabinet=1, incarnation=7, applied=4)
    put("epoch", cabinet=1, epoch=2, nonce=77, incarnation=7, began=1, began_ms=5)
    its = {"cabinet": 1, "epoch": 2, "door": 3, "counter": 9, "retry": 0, "resident": 1}
    put("parcel", **its, incarnation=7, serial=70000, state="waiting", flagged=False, deposited_ms=5)
    put("outbox", **its, id="a", kind="deposited", queued_ms=5, attempts=0)


def check_letter_from_before(ledger: Ledger, made: Enrolment, path: Path) -> None:
    """The letter that waited tells the code that the board has: by rule 0, whatever the tail."""
    notifier = FileNotifier(path)
    (message,) = post.deliver(ledger, notifier).sent
    post.close(notifier)
    key = epoch_keys(made.master_secret, made.nonce_host, made.nonce_board, made.board_id, 2, 77)[0]
    code = pickup_code(key, made.board_id, 2, 3, 9, 0, derivation.tail(b"k" * 32, b"siteid-8", 70000, 0), 0)
    assert f"door 03 · {code[:4]} {code[4:8]} · extra {code[8:]}" in message.text


def test_a_ledger_from_before_keeps_its_tickets_its_parcels_and_their_codes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = migrations.upgrade
    monkeypatch.setattr(migrations, "upgrade", lambda connection: upgrade(connection, "0007"))
    made = enrolment()
    with open_ledger(home) as before:
        secret = before.vault.seal(b"k" * 32, "ticket key", b"siteid-8")
        tail = before.vault.seal(b"\7", "tail", (1).to_bytes(8, "big"))
        with before.writing() as connection:
            site, resident = tables.site.c, tables.resident.c
            connection.execute(
                insert(tables.site).values(
                    {site.name: "mapo-3", site.site_id: b"siteid-8", site.ticket_key: secret}
                )
            )
            connection.execute(
                insert(tables.resident).values(
                    {resident.name: "Kim", resident.contact: "", resident.since_ms: 0}
                )
            )
            connection.execute(tables.resident.update().values(tail=tail))
            put_before(
                connection, made, before.vault.seal(made.master_secret, "master secret", made.board_id)
            )
    monkeypatch.undo()
    with open_ledger(home) as ledger:
        site = ledger.site("mapo-3")
        assert (site.ticket_secret, site.is_old, site.generation) == (b"k" * 32, True, 0)
        known = {(ticket.generation, ticket.serial): ticket.state for ticket in tickets.listing(ledger)}
        assert known == {(0, 99999): "open", (0, 7): "used", (0, 8): "revoked", (0, 70000): "used"}
        check_letter_from_before(ledger, made, tmp_path / "messages.jsonl")
        journal = Journal()
        journal.events = [b""] * 4  # that the ledger holds
        journal.pickup(3, 70000, 9)
        take(ledger, [said(1, journal, journal.events[4:])])
        assert [(parcel.serial, parcel.state) for parcel in parcels.listing(ledger)] == [(70000, "collected")]
        with ledger.writing() as connection:
            connection.execute(tables.parcel.delete())
        board = Heard(ledger, b"uid-02")
        board.journal.deposit(1, 99999, 1)
        board.says()
        assert [(parcel.serial, parcel.resident, parcel.flagged) for parcel in parcels.listing(ledger)] == [
            (99999, "Kim", False)
        ]
        issued = tickets.issue(ledger, "Kim")
        assert issued.serial < derivation.SERIALS
        assert issued.number == derivation.ticket(b"k" * 32, b"siteid-8", issued.serial)
