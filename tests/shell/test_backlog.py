"""A journal of ten thousand events that nobody has heard of goes over the link in a few kilobytes of heap."""

from memory import all_but, used
from nor_flash import NorFlash
from pair import ALIAS, BOARD_ID, MASTER_SECRET, REPORT, Entropy
from wire_end import WireEnd

from host_tools.link.messages import Ack, Events, Report, Resume, typed
from locker.contract import records
from locker.core.events import HostAcknowledged
from locker.shell.format import format_journal
from locker.shell.journal import Journal
from locker.shell.link import Link
from locker.wire.frame import Decoder
from locker.wire.session import Session

BACKLOG = 10000
ROOM_BYTES = 16000  # of heap while the backlog is told
GROWTH_BYTES_MAX = 600


class Line(WireEnd):
    """The board's carrier, and at its other end the host: it answers each frame at once, and counts."""

    def __init__(self):
        super().__init__()
        self.held = 0

    def write(self, data):
        for payload in self.decoder.feed(data):
            message = self.host.accept(payload, 0)
            if isinstance(message, Report):
                self.waiting += self.host.seal(Resume(0, 1, 0, message.uptime, 0))
            elif isinstance(message, Events):
                for body in message.records:
                    assert records.unpack(body).number == self.held + 1
                    self.held += 1
                self.waiting += self.host.seal(Ack(self.held))
            frame = self.host.outgoing()
            if frame:
                self.waiting += frame
        return True


def backlog():
    """A journal that is full of news."""
    flash = NorFlash()
    format_journal(flash, 7)
    journal = Journal(flash, lambda record: None, lambda door: [(records.CABINET_STATE, 0, 0, 0)])
    while journal.next_number <= BACKLOG:
        journal.append(records.DOOR_FLAPPED, 0, journal.next_number, 7, 0)
        journal.tidy(0, True)
    return journal


def test_ten_thousand_events_are_told_in_order_and_nothing_grows():
    journal, line, told = backlog(), Line(), []

    def tell(event, now_ms):
        if isinstance(event, HostAcknowledged):
            told[:] = [event.number]

    session = Session(MASTER_SECRET, BOARD_ID, ALIAS, Entropy(b"board"))
    link = Link(
        line, Decoder(), session, journal, lambda: typed(REPORT), lambda: None, tell, lambda seconds: None
    )
    link.nudge()
    now_ms = 0
    for _ in range(10):  # they meet
        now_ms += 20
        link.step(now_ms)
    before = used()
    taken = all_but(ROOM_BYTES)
    while line.held < BACKLOG:
        now_ms += 20
        link.step(now_ms)
        assert now_ms < 200000
    link.step(now_ms + 20)
    del taken
    assert used() - before < GROWTH_BYTES_MAX
    assert told == [BACKLOG]
