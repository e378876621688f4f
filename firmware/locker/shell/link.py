"""The board's end of the link: sends the journal's tail until the host has acknowledged it.

One message is on its way at a time, and the host answers each with what its database holds. One without an answer is said again (as
a new message over the same event numbers); when the host stays silent the session greets it anew, and the REPORT starts afresh.

What the host is told of goes at once, together with all before it. Only a pickup's opening, of which a copy has gone ahead, waits for
the end of the visit, at most 8 s, so that one message and one answer serve the whole visit.
"""

from locker.compat import const
from locker.wire import messages

_BATCH = const(8)
_ANSWER_MS = const(3000)
_HEARTBEAT_MS = const(300000)
_VISIT_MS = const(8000)  # so long an opening waits: its copy may be lost, and has no answer to keep the session from greeting anew


class Link:
    """One link to the host.

    `carrier` is the seam's Carrier, `decoder` a wire.frame.Decoder, `session` a wire.session.Session, `journal` a Store;
    `report()` gives the REPORT and `status()` the STATUS of this moment.
    """

    def __init__(self, carrier, decoder, session, journal, report, status):
        self._carrier = carrier
        self._decoder = decoder
        self._session = session
        self._journal = journal
        self._report = report
        self._status = status
        self._buffer = bytearray(256)
        self._up = False
        self._reported = False
        self._due = False
        self._due_ms = 0  # when what has waited for the end of a visit waits no more; 0: nothing does
        self._said_ms = 0
        self._waiting = False  # for the answer to what was said last

    def nudge(self) -> None:
        """There is something to say that need not wait for the heartbeat."""
        self._due = True

    def urgent(self, record: bytes, now_ms: int) -> None:
        """Sends a copy of one event ahead of any backlog; the journal still carries it in its turn, in 8 s if nothing nudges before."""
        if self._up and self._session.ready:
            self._carrier.write(self._session.seal((messages.URGENT, record)))
        self._due_ms = now_ms + _VISIT_MS

    def step(self, now_ms: int) -> int:
        """Moves what there is to move; the number that the host has just acknowledged, else 0."""
        up = self._carrier.poll(now_ms)
        if up and not self._up:
            self._session.start(now_ms)
        self._up = up
        if not up:
            return 0
        acknowledged = self._hear(now_ms)
        self._session.step(now_ms)
        frame = self._session.outgoing()
        if frame:
            self._carrier.write(b"\0" + frame)
        if self._session.ready:
            self._talk(now_ms)
        else:
            self._reported = False
        return acknowledged

    def _hear(self, now_ms):
        """Takes what has arrived, at most 256 bytes a step: a flood waits in the carrier, the keypad does not."""
        acknowledged = 0
        count = self._carrier.read_into(self._buffer)
        for payload in self._decoder.feed(memoryview(self._buffer)[:count]) if count else ():
            message = self._session.accept(payload, now_ms)
            if message:
                self._waiting = False
                if self._journal.acknowledge(message[1], now_ms // 100):
                    acknowledged = message[1]
        return acknowledged

    def _talk(self, now_ms):
        since_ms = now_ms - self._said_ms
        if self._due_ms and now_ms >= self._due_ms:
            self._due_ms = 0
            self._due = True
        if not self._reported:
            self._reported = self._due = True
            self._say(self._report(), now_ms)
        elif not self._waiting or since_ms >= _ANSWER_MS:
            events = self._journal.events_from(self._journal.acknowledged + 1, _BATCH) if self._due else None
            if events:
                self._say([messages.EVENTS] + events, now_ms)
            elif self._waiting or since_ms >= _HEARTBEAT_MS:
                self._say(self._status(), now_ms)
            else:
                self._due = False

    def _say(self, message, now_ms):
        # Where something was lost, what is left of it must not swallow this one too.
        self._carrier.write(b"\0" * self._waiting + self._session.seal(message))
        self._said_ms = now_ms
        self._waiting = True
