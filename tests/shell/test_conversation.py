"""What the board's end of the link does with answers that bring it no further:
it waits, and what cannot wait goes at once.
"""

from nor_flash import NorFlash
from pair import ALIAS, BOARD_ID, MASTER_SECRET, REPORT, Entropy
from wire_end import WireEnd

from host_tools.link.messages import (
    OF_BOARD,
    OF_HOST,
    Ack,
    Events,
    Refused,
    Report,
    Resume,
    Status,
    Urgent,
    typed,
)
from host_tools.link.session import HostSession
from locker.contract import records
from locker.shell.format import format_journal
from locker.shell.journal import Journal
from locker.shell.link import Link
from locker.wire.frame import Decoder
from locker.wire.messages import FIELDS
from locker.wire.session import Session


class Stubborn(WireEnd):
    """The board's carrier, and at its other end a host that answers as it is told;
    `heard`: each message by its type, and when it came.
    """

    def __init__(self):
        super().__init__()
        self.answers = {}  # by type of message
        self.heard = []
        self.now_ms = 0

    def write(self, data):
        for payload in self.decoder.feed(data):
            message = self.host.accept(payload, 0)
            frame = self.host.outgoing()
            if frame:
                self.waiting += frame
            if message is not None:
                self.heard.append((type(message), self.now_ms))
                answer = self.answers.get(type(message))
                if answer:
                    self.waiting += self.host.seal(answer)
        return True


class Board:
    """A journal, a link and a clock that is moved."""

    def __init__(self):
        flash = NorFlash()
        format_journal(flash, 7)
        self.journal = Journal(flash, lambda record: None, lambda door: [(records.CABINET_STATE, 0, 0, 0)])
        self.line = Stubborn()
        self.line.answers = {Report: Resume(0, 1, 0, 0, 0), Events: Ack(0)}
        session = Session(MASTER_SECRET, BOARD_ID, ALIAS, Entropy(b"board"))
        self.link = Link(
            self.line,
            Decoder(),
            session,
            self.journal,
            lambda: typed(REPORT),
            lambda: typed(Status(1, 1, 0, 0)),
            lambda event, now_ms: None,
            lambda seconds: None,
        )

    def add(self, kind):
        return self.journal.append(kind, 0, 0, 1, 0)

    def run(self, ms):
        end_ms = self.line.now_ms + ms
        while self.line.now_ms < end_ms:
            self.line.now_ms += 20
            self.link.step(self.line.now_ms)

    def heard(self, kind):
        found = [at_ms for what, at_ms in self.line.heard if what is kind]
        self.line.heard = []
        return found


def test_events_that_are_answered_and_not_taken_are_said_again_each_3_s():
    board = Board()
    board.add(records.BOOTED)
    board.link.nudge()
    board.run(10000)
    assert len(board.heard(Events)) == 4
    board.link.urgent(records.pack(board.add(records.BELL_RUNG)), board.line.now_ms)
    at_ms = board.line.now_ms
    assert [at_ms] == board.heard(Urgent), "what cannot wait goes at once"
    board.line.answers[Events] = Ack(2)
    board.run(3100)
    assert len(board.heard(Events)) == 1
    board.add(records.TAMPERED)
    board.line.answers[Events] = Ack(3)
    board.link.nudge()
    board.run(100)
    assert len(board.heard(Events)) == 1, "what is new goes at once when what was before it is held"


def test_a_host_that_holds_more_than_was_ever_told_is_told_of_the_doubt_at_once():
    board = Board()
    board.line.answers[Status] = Ack(9)
    while not board.heard(Status):  # a heartbeat: there was nothing to say
        board.run(20)
    board.run(500)
    assert board.journal.next_number == 11
    assert board.journal.events_from(10, 1)[0][0] == records.JOURNAL_DOUBT
    assert len(board.heard(Events)) == 1


def does(kind, made):
    """Whether a board in step does anything when it hears that."""
    board = Board()
    board.add(records.BOOTED)
    board.run(1000)
    told = []
    board.link._handle = lambda event, now_ms: told.append(event)
    before = dict(board.link.__dict__)
    values = [bytes(8) if shape & 15 == 8 else max(1, shape >> 4) for shape in FIELDS[kind]]
    board.line.waiting = board.line.host.seal(made(*values))
    board.run(20)
    return told or board.link.__dict__ != before


def test_each_message_of_the_host_is_heard_by_the_board_and_none_of_its_own():
    for kind, made in OF_HOST:
        assert does(kind, made), f"{made.__name__} is not heard: see Link._apply"
    for kind, made in OF_BOARD:
        assert not FIELDS[kind] or not does(kind, made), made.__name__


def test_a_refused_board_reports_again_after_300_s_or_on_a_new_connection_or_when_something_cannot_wait():
    board = Board()
    board.line.answers[Report] = Refused(2)
    board.run(290000)
    assert len(board.heard(Report)) == 1
    board.run(20000)
    assert len(board.heard(Report)) == 1
    board.line.up = False
    board.run(1000)
    board.line.up = True
    board.run(1000)
    assert len(board.heard(Report)) == 1, "on a new connection there may be another host"
    board.link.urgent(records.pack(board.add(records.BELL_RUNG)), board.line.now_ms)
    board.run(1000)
    assert {what for what, _ in board.line.heard} == {Urgent, Report}
    # Which has forgotten the meeting.
    board.line.host = HostSession(MASTER_SECRET, BOARD_ID, ALIAS, Entropy(b"another"))
    board.heard(Report)
    board.link.urgent(records.pack(board.add(records.BELL_RUNG)), board.line.now_ms)
    board.run(6000)
    assert len(board.heard(Report)) == 1, "it greets a host that does not answer"


def test_a_board_that_is_refused_as_a_copy_does_not_take_the_true_boards_place_at_each_new_connection():
    board = Board()
    board.line.answers[Report] = Refused(1)
    board.run(10000)
    board.heard(Report)
    for _ in range(10):
        board.line.up = False
        board.run(1000)
        board.line.up = True
        board.run(1000)
    assert not board.heard(Report)
    board.run(300000)
    assert board.heard(Report)


def test_a_host_that_refuses_in_the_midst_of_a_conversation_is_reported_to_again():
    board = Board()
    board.add(records.BOOTED)
    board.line.answers[Events] = Refused(3)
    board.link.nudge()
    board.run(301000)
    assert [what for what, _ in board.line.heard] == [Report, Events, Report, Events]
