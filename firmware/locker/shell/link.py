"""The board's end of the link: sends the journal's tail until the host has acknowledged it.

One batch is on its way at a time; a batch without an answer is said again (as a new message over the same event numbers),
and after three in vain the keys are negotiated afresh, which also finds a host that has been restarted.
"""

from locker.compat import const
from locker.wire import messages

_BATCH = const(8)
_ANSWER_MS = const(5000)
_TRIES = const(3)
_HEARTBEAT_MS = const(300000)


class Link:
    """One link to the host.

    `carrier` is the seam's Carrier, `decoder` a wire.frame.Decoder, `session` a wire.session.Session(BOARD), `journal` a Store;
    `report()` gives the Report and `status()` the Status of this moment.
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
        self._ready = False
        self._due = False
        self._heartbeat_ms = 0
        self._asked_ms = None  # when the message that wants an answer went out
        self._tries = 0
        self.online = False

    def nudge(self) -> None:
        """There is something to say that need not wait for the heartbeat."""
        self._due = True

    def urgent(self, record: bytes) -> None:
        """Sends a copy of one event ahead of any backlog; the journal still carries it in its turn."""
        if self._ready:
            self._say(messages.Urgent(record))

    def step(self, now_ms: int) -> int:
        """Moves what there is to move; the number that the host has just acknowledged, else 0."""
        up = self._carrier.poll(now_ms)
        if up and not self._up:
            self._restart(now_ms)
        self._up = up
        if not up:
            self.online = self._ready = False
            return 0
        acknowledged = self._hear(now_ms)
        self._session.step(now_ms)
        frame = self._session.outgoing()
        if frame:
            self._carrier.write(frame)
        if self._session.ready:
            self._talk(now_ms)
        return acknowledged

    def _restart(self, now_ms):
        self._ready = self.online = False
        self._asked_ms = None
        self._tries = 0
        self._session.start(now_ms)

    def _hear(self, now_ms):
        acknowledged = 0
        while True:
            count = self._carrier.read_into(self._buffer)
            if not count:
                return acknowledged
            for payload in self._decoder.feed(memoryview(self._buffer)[:count]):
                message = self._session.accept(payload, now_ms)
                if isinstance(message, messages.Ack):
                    self.online = True
                    self._asked_ms = None
                    self._tries = 0
                    if self._journal.acknowledge(message.number, now_ms // 100):
                        acknowledged = message.number

    def _talk(self, now_ms):
        if not self._ready:
            self._ready = True
            self._due = True
            self._ask(self._report(), now_ms)
        elif self._asked_ms is not None:
            if now_ms - self._asked_ms >= _ANSWER_MS:
                self._ask_again(now_ms)
        elif self._due:
            self._send_tail(now_ms)
        elif now_ms - self._heartbeat_ms >= _HEARTBEAT_MS:
            self._ask(self._status(), now_ms)

    def _send_tail(self, now_ms):
        events = self._journal.events_from(self._journal.acknowledged + 1, _BATCH)
        if events:
            self._ask(messages.Events(events), now_ms)
        else:
            self._due = False

    def _ask_again(self, now_ms):
        self.online = False
        self._tries += 1
        if self._tries >= _TRIES:
            self._restart(now_ms)
        else:
            self._asked_ms = None
            self._due = True
            self._ask(self._status(), now_ms)

    def _ask(self, message, now_ms):
        self._say(message)
        self._asked_ms = self._heartbeat_ms = now_ms

    def _say(self, message):
        self._carrier.write(self._session.seal(message))
