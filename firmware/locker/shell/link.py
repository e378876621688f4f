"""The board's end of the link: sends the journal's tail until the host has acknowledged it,
and hears what the host orders.

One message is on its way at a time, and the host answers each with what its database holds. One without an
answer is said again (as a new message over the same event numbers); when the host stays silent the session
greets it anew, and the REPORT starts afresh. Until the host has said from where it goes on (RESUME), nothing
but the REPORT is said.

What the host is told of goes at once, together with all before it. Only a pickup, of which a copy has gone
ahead, and its door that has opened wait for the end of the visit, at most 8 s, so that one message and one
answer serve the whole visit.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import commands
from locker.core import events
from locker.wire import messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.hal.seam import Carrier
    from locker.shell.journal import Journal
    from locker.wire.frame import Decoder
    from locker.wire.session import Session

_BATCH = const(8)
_ANSWER_MS = const(3000)
_OPEN_MS = const(30000)
_PRESS_MS = const(120000)
_PRESS_EVERY_MS = const(5000)
_ANOTHER_CHIP = const(1)  # why a board is refused
_HEARTBEAT_MS = const(300000)
_FRESH = const(50)  # tenths of a second: within which the host's time is believed
# so long an opening waits: its copy may be lost, and has no answer to keep the session from greeting anew
_VISIT_MS = const(8000)

_TOLD = {
    messages.COMMAND: events.Commanded,
    messages.OPEN_REQUEST: events.OpenRequested,
    messages.OPEN_CONFIRM: events.OpenConfirmed,
}


class Link:
    """One link to the host.

    `carrier` is the seam's Carrier, or None: then `open_carrier()` is asked for one each half minute.
    `decoder` is a wire.frame.Decoder, `session` a wire.session.Session, `journal` a Journal; `report()` gives
    the REPORT and `status()` the STATUS of this moment, `handle(event, now_ms)` takes events for the core and
    `set_clock(seconds)` the time of day. Whatever the carrier or the clock raises is told to `fail()`, and
    ends only what was tried: what was to be said is said again.
    """

    def __init__(
        self,
        carrier: "Carrier | None",
        decoder: "Decoder",
        session: "Session",
        journal: "Journal",
        report: "Callable[[], messages.Typed]",
        status: "Callable[[], messages.Typed]",
        handle: "Callable[[events.Event, int], None]",
        set_clock: "Callable[[int], None]",
        open_carrier: "Callable[[], Carrier | None] | None" = None,
        fail: "Callable[[], None] | None" = None,
    ) -> None:
        self._open = open_carrier
        self._fail = fail
        self._open_ms = _OPEN_MS  # when to open the carrier, until it is
        self._carrier = carrier
        self._decoder = decoder
        self._session = session
        self._journal = journal
        self._report = report
        self._status = status
        self._handle = handle
        self._set_clock = set_clock
        self._buffer = bytearray(128)
        self._up = False
        self._in_step = False  # the host has said from where it goes on
        self._report_ms = 0  # when to report again, until it has
        self._later_ms = 0  # when to speak again, where the host has refused the board
        self._due = False
        self._due_ms = 0  # when what has waited for the end of a visit waits no more; 0: nothing does
        self._said_ms = 0
        # Of another board, as the host says:
        # one that greets at each new connection takes the true one's place.
        self._is_copy = False
        # Behind which event the last Events began: answered and not taken, they are not said again at once.
        self._tried = -1
        self._waiting = False  # for the answer to what was said last
        self._urgent_ms = -_PRESS_MS  # when there was something urgent
        self._press_ms = 0  # when to cut a pause short
        self._doubts = False  # whether the host, if it stays silent, still has the keys of this session

    def nudge(self) -> None:
        """There is something to say that need not wait for the heartbeat."""
        self._due = True

    def queue(self, message: "messages.Typed") -> None:
        """Sends a message ahead of any backlog, if there is somebody to hear it; nobody says it again."""
        if self._up and self._session.ready:
            self._try(self._carrier.write, self._session.seal(message))

    def _try(self, act: "Callable[[Any], Any]", argument: object) -> "Any":
        """What that gives; None when it fails."""
        try:
            return act(argument)
        except Exception:  # whatever is wrong with a link, the doors work
            if self._fail:
                self._fail()
            return None

    def urgent(self, record: bytes, now_ms: int) -> None:
        """Says a copy of one event; the journal still carries it in its turn,
        in 8 s if nothing nudges before.

        For two minutes no pause before a try to meet the host is longer than 5 s, and a host that does not
        answer is greeted anew after 3 s: it may have started afresh. What the event is makes no difference.
        """
        self._urgent_ms = self._press_ms = now_ms
        self._doubts = True
        # A host that has refused the board takes the copy all the same, if it is still there.
        if self._later_ms:
            self._later_ms = self._report_ms = 0
        self.queue((messages.URGENT, record))
        self.soon(now_ms)

    def soon(self, now_ms: int) -> None:
        """There is something to say that may wait for the end of the visit, 8 s at most."""
        self._due_ms = self._due_ms or now_ms + _VISIT_MS

    def step(self, now_ms: int) -> None:
        """Moves what there is to move."""
        if not self._carrier:
            if self._open and now_ms >= self._open_ms:
                self._open_ms = now_ms + _OPEN_MS
                self._carrier = self._open()
            return
        if not self._in_step and self._press_ms <= now_ms < self._urgent_ms + _PRESS_MS:
            self._press_ms = now_ms + _PRESS_EVERY_MS
            self._try(self._carrier.hurry, now_ms)
            self._session.hurry(now_ms)
        up = self._try(self._carrier.poll, now_ms)
        if up and not self._up and (now_ms >= self._later_ms or not self._is_copy):
            self._session.start(now_ms)
        self._up = up
        if not up:
            self._in_step = False
            return
        self._receive(now_ms)
        self._session.step(now_ms)
        frame = self._session.outgoing()
        if frame:
            self._try(self._carrier.write, b"\0" + frame)
        if not self._session.ready:  # what the meeting before left unanswered casts no doubt on this one
            self._in_step = self._waiting = self._doubts = False
            self._report_ms = self._later_ms = 0
        elif now_ms >= self._later_ms:
            self._talk(now_ms)

    def _receive(self, now_ms: int) -> None:
        """Takes what has arrived, at most 128 bytes a step:
        a flood waits in the carrier, the keypad does not.
        """
        count = self._try(self._carrier.read_into, self._buffer)
        for payload in self._decoder.feed(memoryview(self._buffer)[:count]) if count else ():
            message = self._session.accept(payload, now_ms)
            if message:
                self._apply(message, now_ms)

    def _apply(self, message: "messages.Typed", now_ms: int) -> None:
        kind = message[0]
        uptime = self._journal.since + now_ms // 100
        self._waiting = self._doubts = False
        if kind in _TOLD:
            self._handle(_TOLD[kind](*message[1:]), now_ms)
        elif kind == messages.REFUSED:
            self._in_step = False
            self._is_copy = message[1] == _ANOTHER_CHIP
            self._report_ms = self._later_ms = now_ms + _HEARTBEAT_MS
        elif kind == messages.RESUME or (self._in_step and kind == messages.ACK):
            if not self._in_step:  # a second one may be older than what was acknowledged since
                _, number, tag, command, echo, seconds = message
                self._journal.hold(number, tag, uptime)
                self._handle(events.Commanded(command, commands.SKIP, 0, 0, 0), now_ms)
                if uptime - echo < _FRESH:
                    self._try(self._set_clock, seconds)
                self._in_step = self._due = True
                self._tried = -1
            if message[1] >= self._journal.next_number:  # it will say so in a JOURNAL_DOUBT
                self._due = True
            if self._journal.acknowledge(message[1], uptime):
                self._handle(events.HostAcknowledged(message[1]), now_ms)

    def _talk(self, now_ms: int) -> None:
        since_ms = now_ms - self._said_ms
        if self._doubts and self._waiting and since_ms >= _ANSWER_MS:
            self._doubts = False
            self._session.start(now_ms)
            return
        if self._due_ms and now_ms >= self._due_ms:
            self._due_ms = 0
            self._due = True
        if not self._in_step:
            if now_ms >= self._report_ms:
                self._report_ms = now_ms + _ANSWER_MS
                self._send_message(self._report(), now_ms)
        elif not self._waiting or since_ms >= _ANSWER_MS:
            last = self._journal.acknowledged
            if self._due and last == self._tried and since_ms < _ANSWER_MS:
                return
            tail = self._journal.events_from(last + 1, _BATCH) if self._due else None
            if tail:
                self._tried = last
                self._send_message([messages.EVENTS] + tail, now_ms)
            elif self._waiting or since_ms >= _HEARTBEAT_MS:
                self._send_message(self._status(), now_ms)
            else:
                if self._due:  # all is said
                    self._due_ms = 0
                self._due = False

    def _send_message(self, message: "messages.Typed", now_ms: int) -> None:
        # Where something was lost, what is left of it must not swallow this one too.
        self._try(self._carrier.write, b"\0" * self._waiting + self._session.seal(message))
        self._said_ms = now_ms
        self._waiting = True
