"""What staff order for a door, what became of it, what happened there, and how parcels ended."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_tools.cli import ansim
from host_tools.host.fleet import order_log, orders
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.fleet.orders import Order
from host_tools.host.kinds import KINDS, OPENERS, in_words
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from locker.contract import commands, records
from locker.contract.codes import staff_code
from locker.contract.keys import epoch_keys
from locker.contract.records import Record
from locker.core import orders as board_orders
from tests.kit import post
from tests.kit.host_board import Journal, enrol

PLACE = ("--site", "mapo-3", "--cabinet", "1")


class Staff:
    """People with a terminal, and a cabinet that has told what happened."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with open_ledger(data) as ledger:
            self.board = enrol(ledger)
            residents.add(ledger, "Kim")
            self.serial = tickets.issue(ledger, "Kim").serial
        self.journal = Journal()

    def hear(self) -> None:
        with open_ledger(self.data) as ledger:
            take(
                ledger,
                [
                    Received(
                        1,
                        7,
                        1,
                        100,
                        1_700_000_000_000,
                        tuple(self.journal.events),
                        uptime=self.journal.uptime,
                    )
                ],
            )

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(ansim, [*arguments, "--data", str(self.data)])

    def read(self, *arguments: str):
        ended = self.run(*arguments, "--json")
        assert ended.exit_code == 0, (ended.output, ended.exception)
        return json.loads(ended.stdout)

    def orders(self) -> list[tuple[int, int, int, int]]:
        with open_ledger(self.data) as ledger, ledger.reading() as connection:
            rows = connection.execute(tables.command.select().order_by(tables.command.c.sequence))
            return [(row.kind, row.door, row.counter, row.a) for row in rows]

    def letters(self) -> list[Message]:
        sent: list[Message] = []
        with open_ledger(self.data) as ledger:
            post.deliver(ledger, ConsoleNotifier(sent.append))
        return sent


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    return Staff(tmp_path / "data")


def test_a_door_is_ordered_out_of_service_and_back_with_the_counter_that_its_board_has(staff: Staff) -> None:
    assert staff.read("door", "out", *PLACE, "--door", "7")["ordered"] == "out of service"
    assert staff.orders() == [(commands.SET_OUT, 7, 0, 1)]
    staff.journal.deposit(7, staff.serial, 9)
    staff.journal.add(records.WITHDRAWN, 7, staff.serial, 9)
    staff.journal.add(records.COMMAND_APPLIED, 7, 3, 2)
    staff.hear()
    staff.run("door", "out", *PLACE, "--door", "7")
    assert staff.orders() == [(commands.SET_OUT, 7, 10, 1)]
    staff.run("door", "in", *PLACE, "--door", "7")
    staff.run("door", "out", *PLACE, "--door", "8")
    assert staff.orders() == [(commands.SET_OUT, 7, 10, 0), (commands.SET_OUT, 8, 0, 1)]


def test_the_last_word_on_a_door_counts_however_often_it_changes(staff: Staff) -> None:
    for word in ("out", "in", "out"):
        staff.run("door", word, *PLACE, "--door", "7")
    assert staff.orders() == [(commands.SET_OUT, 7, 0, 1)]


def test_staff_are_sent_a_service_code_that_the_cabinet_takes_and_none_when_it_was_taken_back(
    staff: Staff,
) -> None:
    staff.journal.deposit(7, staff.serial, 9)
    staff.journal.pickup(7, staff.serial, 9)
    staff.hear()
    staff.letters()
    assert staff.read("door", "service", *PLACE, "--door", "7")["ordered"] == "service code"
    assert staff.orders() == [(commands.ARM_SERVICE, 7, 9, 1)]
    staff.journal.add(records.ARMED, 7, records.SERVICE << 8 | 1, 9)
    staff.hear()
    (letter,) = staff.letters()
    board = staff.board
    key = epoch_keys(board.master_secret, board.nonce_host, board.nonce_board, board.board_id, 1, 0)[0]
    digits = staff_code(key, b"service", board.board_id, 1, 7, 9, 1)
    assert (letter.to, letter.kind) == ("staff", "service code")
    assert f"{digits[:4]} {digits[4:8]} {digits[8:]}" in letter.text
    staff.run("door", "disarm", *PLACE, "--door", "7")
    assert staff.orders()[-1] == (commands.DISARM, 7, 9, 0)
    staff.journal.add(records.ARMED, 7, 1, 9)
    staff.hear()
    assert staff.letters() == []
    staff.run("door", "service", *PLACE, "--door", "7")
    assert staff.orders()[-1] == (commands.ARM_SERVICE, 7, 9, 2)  # no code is ever armed twice


def test_a_new_code_a_recall_and_an_answer_to_a_bell_can_be_tried_dry(staff: Staff) -> None:
    staff.journal.deposit(7, staff.serial, 9)
    staff.journal.add(records.BELL_RUNG, 0, 1, 0)
    staff.hear()
    for command in (
        ("parcel", "reissue", *PLACE, "--door", "7"),
        ("parcel", "recall", *PLACE, "--door", "7"),
        ("bell", "ack", *PLACE),
    ):
        assert staff.read(*command, "--dry-run")["dry_run"]
    assert staff.orders() == []
    answered = staff.read("bell", "ack", *PLACE)
    assert (answered["ordered"], answered["outcome"], answered["call"]) == ("answer bell", "waiting", 4)


def test_a_cabinet_is_told_how_long_to_wait_for_people(staff: Staff) -> None:
    assert staff.read("cabinet", "patience", "3", *PLACE)["ordered"] == "patience 3"
    assert staff.orders() == [(commands.SET_PATIENCE, 0, 0, 3)]
    assert staff.run("cabinet", "patience", "5", *PLACE).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [("door", what, *PLACE, "--door", "7") for what in ("out", "in", "service", "disarm")]
    + [("cabinet", "patience", "2", *PLACE)],
)
def test_a_dry_run_orders_nothing_and_a_place_that_is_none_is_a_sentence(
    staff: Staff, arguments: tuple[str, ...]
) -> None:
    assert staff.read(*arguments, "--dry-run")["ordered"] is None
    assert "Would order" in staff.run(*arguments, "--dry-run").stdout
    assert staff.orders() == []
    elsewhere = [word.replace("mapo-3", "nowhere") for word in arguments]
    assert "no cabinet" in str(staff.run(*elsewhere).exception)


def test_why_a_door_was_jammed_can_be_read(staff: Staff) -> None:
    staff.journal.deposit(7, staff.serial, 9)
    staff.journal.add(records.PICKUP_OPENED, 7, records.BY_CODE, 9)
    for pulse in (1, 2, 3):
        staff.journal.add(records.PULSED, 7, pulse, 9)
    staff.journal.add(records.SUPPLY_LOW, 7, 812, 9)
    staff.journal.add(records.DOOR_JAMMED, 7, 0, 9)
    staff.journal.add(records.BELL_RUNG, 0, 0, 0)
    staff.hear()
    told = staff.read("events", *PLACE, "--door", "7")
    assert [one["event"] for one in told[-6:]] == [
        "pickup opened",
        *["pulsed"] * 3,
        "supply low",
        "door jammed",
    ]
    assert "did not open" in told[-1]["words"]
    assert "812 mV" in told[-2]["words"]
    assert (
        told[-1]["happened"] <= told[-1]["happened_until"] <= told[-1]["heard"] == "2023-11-14T22:13:20.000Z"
    )
    assert [one["event"] for one in staff.read("events", *PLACE, "--last", "1")] == ["bell rung"]
    printed = staff.run("events", *PLACE, "--door", "7").stdout
    assert "happened" in printed.splitlines()[1]
    assert "2023-11-14T22:13:20.000Z" in printed


def test_how_a_parcel_ended_says_by_whom(staff: Staff) -> None:
    ends = (
        (records.BY_CODE, "her code"),
        (records.BY_RECALL, "staff, with a recall code"),
        (records.BY_HOST, "the host, for somebody at the cabinet"),
    )
    for door, (how, _) in enumerate(ends, 1):
        staff.journal.deposit(door, staff.serial, door)
        staff.journal.pickup(door, staff.serial, door, how)
    staff.journal.deposit(4, staff.serial, 4)
    staff.journal.add(records.COLLECTED, 4, staff.serial, 4)
    staff.journal.deposit(5, staff.serial, 5)
    staff.journal.add(records.WITHDRAWN, 5, staff.serial, 5)
    staff.journal.deposit(6, staff.serial, 6)
    staff.hear()
    found = {one["door"]: one["ended_by"] for one in staff.read("parcel", "list")}
    assert found == {door: words for door, (_, words) in enumerate(ends, 1)} | {
        4: parcels.UNTOLD,
        5: "the courier",
        6: None,
    }
    with open_ledger(staff.data) as ledger, ledger.writing() as connection:
        orders.queue(connection, 1, [Order(commands.SETTLE, 4, 0, 1)], 1)
        connection.execute(tables.command.update().values(state="done"))
    assert [one["ended_by"] for one in staff.read("parcel", "list") if one["door"] == 4] == [parcels.BY_ORDER]
    assert "staff, with a recall code" in staff.run("parcel", "list").stdout


def test_of_two_recalls_one_code_lives_and_the_second_clerk_and_the_letter_say_so(staff: Staff) -> None:
    staff.journal.deposit(7, staff.serial, 9)
    staff.hear()
    recall = ("parcel", "recall", *PLACE, "--door", "7")
    before = "was ordered before is dead"
    assert before not in staff.run(*recall).stdout
    assert before in staff.run(*recall).stdout  # two clerks, before the cabinet has heard of either
    assert staff.orders() == [(commands.ARM_RECALL, 7, 9, 2)]
    with open_ledger(staff.data) as ledger:
        orders.next_orders(ledger, [1])  # the cabinet is told of it
    staff.run(*recall)
    assert staff.orders() == [(commands.ARM_RECALL, 7, 9, 2), (commands.ARM_RECALL, 7, 9, 3)]
    staff.letters()
    for arming in (2, 3):
        staff.journal.add(records.ARMED, 7, records.RECALL << 8 | arming, 9)
    staff.hear()
    assert ["sent before is dead" in one.text for one in staff.letters()] == [True, True]


def test_a_code_of_staff_that_nobody_has_ordered_is_sent_to_nobody_and_is_an_alarm(staff: Staff) -> None:
    staff.journal.deposit(7, staff.serial, 9)
    staff.journal.add(records.ARMED, 7, records.RECALL << 8 | 1, 9)
    staff.hear()
    (letter,) = (one for one in staff.letters() if one.to == "staff")
    assert (letter.kind, "nobody has ordered here" in letter.text) == ("unordered code", True)
    staff.read("parcel", "recall", *PLACE, "--door", "7")
    staff.journal.add(records.ARMED, 7, records.RECALL << 8 | 1, 9)
    staff.hear()
    assert [one.kind for one in staff.letters()] == ["recall code"]


@pytest.mark.parametrize(
    ("kind", "a", "b", "said", "never"),
    [
        (records.CODE_TRIED, 7, 9, "right or wrong (7 times", "not right"),
        (records.BELL_RUNG, 1, 0, "the help button was pressed", "more"),
        (records.BELL_RUNG, 3, 0, "and 2 times before", "3"),
        (records.BELL_RUNG, 3, 41, "3 more times for call 41", "and"),
        (records.TAMPERED, 0, 0, "inside", "time"),
        (records.CANCELLED, 1, 9, "without a deposit", "took"),
        (records.WITHDRAWN, 1, 9, "typed again", "took"),
        (records.COLLECTED, 1, 9, "somebody's word", "was taken out"),
        (records.DOOR_CLOSED, 0, 9, "sensor sees nothing", "nothing is inside"),
        (records.SENSOR_FAULT, 2, 9, "contradicts", "failed"),
        (records.SERVICE_OPENED, 0, 9, "was right", "staff opened"),
        (records.DOOR_FLAPPED, 0, 0, "no more doors", "the door"),
        (records.TICKET_REFUSED, 0, 0, "no ticket was refused", "0 tickets"),
        (records.PART_FAILED, records.BEEPER, 0, "beeper", "kind"),
    ],
)
def test_an_event_is_told_as_no_more_than_its_record_proves(
    kind: int, a: int, b: int, said: str, never: str
) -> None:
    words = in_words(Record(kind, 7, 1, 1, 1, a, b))
    assert said in words
    assert never not in words


def test_whatever_staff_can_list_says_the_same_with_and_without_duress(tmp_path: Path) -> None:
    printed = []
    for how in (records.BY_CODE, records.BY_DURESS):
        staff = Staff(tmp_path / str(how))
        staff.serial = 1
        staff.journal.deposit(7, 1, 9)
        staff.journal.pickup(7, 1, 9, how)
        staff.hear()
        shown = [
            staff.run(*command).stdout
            for command in (("parcel", "list"), ("events", *PLACE), ("events", *PLACE, "--json"))
        ]
        printed.append(shown)
    assert printed[0] == printed[1]
    assert OPENERS[records.BY_DURESS] == OPENERS[records.BY_CODE]


def test_every_kind_of_event_has_its_words() -> None:
    kinds = {value for name, value in vars(records).items() if name.isupper() and isinstance(value, int)}
    assert set(KINDS) <= kinds
    for kind in range(128):
        for a in (0, 1, 2, 7, 255, 1 << 31):
            words = in_words(Record(kind, 7, 1, 1, 1, a, 1))
            assert words
            assert "\n" not in words


def test_a_service_code_that_a_new_epoch_has_made_another_one_is_told_anew(staff: Staff) -> None:
    staff.journal.add(records.ARMED, 7, records.SERVICE << 8 | 1, 0)
    staff.journal.add(records.ARMED, 8, records.SERVICE << 8 | 1, 0)
    staff.journal.add(records.DOOR_OPENED, 8, 0, 0)  # which has served
    staff.journal.deposit(9, staff.serial, 9)
    staff.journal.add(records.ARMED, 9, records.SERVICE << 8 | 1, 9)  # of its parcel's epoch
    staff.hear()
    staff.letters()
    staff.journal.add(records.EPOCH_BEGUN, 0, 1 << 18 | 2, 77)
    staff.hear()
    (letter,) = staff.letters()
    board = staff.board
    key = epoch_keys(board.master_secret, board.nonce_host, board.nonce_board, board.board_id, 2, 77)[0]
    digits = staff_code(key, b"service", board.board_id, 2, 7, 0, 1)
    assert letter.kind == "new service code"
    assert f"{digits[:4]} {digits[4:8]} {digits[8:]}" in letter.text


def test_a_ticket_whose_deposit_the_courier_took_back_is_open_again(staff: Staff) -> None:
    staff.journal.deposit(7, staff.serial, 9)
    staff.hear()
    assert [one["state"] for one in staff.read("ticket", "list")] == ["used"]
    staff.journal.add(records.WITHDRAWN, 7, staff.serial, 9)
    staff.hear()
    assert [one["state"] for one in staff.read("ticket", "list")] == ["open"]
    staff.journal.deposit(8, staff.serial, 3)
    staff.hear()
    assert [one["state"] for one in staff.read("ticket", "list")] == ["used"]
    assert not any("used label" in letter.kind for letter in staff.letters())


def test_every_order_has_its_words(staff: Staff) -> None:
    assert set(order_log.WHAT) == set(board_orders._ACTIONS), "each command of a board has its words"
    with open_ledger(staff.data) as ledger, ledger.writing() as connection:
        orders.queue(connection, 1, [orders.Order(commands.TURN_TICKETS, a=1)], 0)
    assert [one["what"] for one in staff.read("order", "list")] == ["new ticket key"]
