"""The boards' links: which session a frame belongs to, which carrier leads to the board,
and what it said that is for the ledger.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from host_tools.host.connections.carriers import Carrier
from host_tools.host.connections.presence import LinkChange
from host_tools.host.connections.tally import MALFORMED, UNKNOWN, UNSEALED, Tally
from host_tools.host.connections.tally import VERSION as OTHER_VERSION
from host_tools.host.fleet import remote_opening
from host_tools.host.fleet.received import Outcome, Received
from host_tools.host.fleet.reconcile import FAULTS, OTHER_STORY, Meeting
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import anchor
from host_tools.host.ledger.ledger import SILENCED, Ledger
from host_tools.host.notify.log import Emit, Occurrence
from host_tools.link import messages
from host_tools.link.messages import Report
from host_tools.link.openssl_session import OpenSslSession
from host_tools.link.session import HostSession, NotReady
from locker.wire.frame import HELLO, VERSION, BadFrame, alias_of, kind_of

_REFRESH_S = 1.0  # an alias that nobody knows sends us to the ledger at most this often
_REFRESH_ANYWAY_S = 60.0
SILENT_S = 750.0  # two and a half heartbeats
_ORDER_AGAIN_S = 5.0
# messages of a conversation with an earlier run of this host:
# a board gives it up 10 s after the first of them
_EARLIER_MAX = 16


@dataclass
class Link:
    """The link to one board."""

    cabinet: int
    site: str
    number: int
    session: HostSession
    carrier: Carrier | None = None
    meeting: int = 0  # of the session, to which all of this belongs
    report: Report | None = None  # of this session
    started_ms: int | None = None  # when its boot began, by that report
    in_step: bool = False  # the report was compared with the ledger, and the board goes on from there
    up: bool = False
    heard_s: float = 0.0
    welcomed_s: float = 0.0
    ordered: int = 0  # number of the order that it was told last, and when
    ordered_s: float = 0.0
    told: str | None = None  # of what is found at its reports
    told_at: Report | None = None  # at which of them
    # Messages, before it proved itself, that may be of a conversation with an earlier run of this host.
    earlier: int = 0

    def send(self, message: tuple) -> None:
        """Seals a message and hands it to the carrier; a board that is away asks again when it is back."""
        if self.carrier is None:
            return
        try:
            frame = self.session.seal(message)
        except NotReady:
            return
        self.carrier.write(frame)


@dataclass
class Links:
    """All links of a ledger. `tell` hears of what people should know, `tally` counts what proves nothing."""

    ledger: Ledger
    tell: Emit
    tally: Tally
    # What became of links that the ledger does not say yet.
    changes: dict[int, LinkChange] = field(default_factory=dict)
    _links: dict[bytes, Link] = field(default_factory=dict)
    _known: set[bytes] = field(default_factory=set)
    _refreshed_s: float | None = None
    _asked_s: float | None = None  # when an alias that nobody knew was looked up last

    def hear(self, carrier: Carrier, payload: bytes, now_s: float) -> tuple[Link, Received | None] | None:
        """Takes a payload from a carrier.

        Gives the link that it is from, and what is for the ledger; None where it proves nothing.

        A greeting proves little: it may be an old one.
        """
        link = self._link_of(payload, now_s)
        if link is None:
            self.tally.count(UNKNOWN)
            return None
        rejected, proofs = link.session.rejected, link.session.proofs
        message = link.session.accept(payload, int(now_s * 1000))
        while frame := link.session.outgoing():
            carrier.write(b"\0" + frame)  # ends what the line has left of another
            link.welcomed_s = now_s
        if link.meeting != link.session.meetings:  # what the board said before is another conversation
            link.meeting, link.report, link.in_step = link.session.meetings, None, False
        if link.session.proofs == proofs:
            if link.session.rejected == rejected:
                return link, None  # a greeting
            self._count(link, payload)
            return None
        self._prove(link, carrier, now_s)
        if link.session.rejected != rejected:
            self.tally.count(MALFORMED, hint=f"of cabinet {link.number} of {link.site}")
            return link, None
        return link, self._said(link, message, now_s)

    def _link_of(self, payload: bytes, now_s: float) -> Link | None:
        try:
            alias = alias_of(payload)
        except BadFrame:
            return None
        if alias in self._links:
            return self._links[alias]
        if alias not in self._known and (self._asked_s is None or now_s - self._asked_s >= _REFRESH_S):
            self._asked_s = now_s
            self._refresh(now_s)
        identity = self.ledger.identity(alias) if alias in self._known else None
        if identity is None:
            return None
        cabinet = identity.cabinet
        session = OpenSslSession(identity.master_secret, cabinet.board_id, alias, os.urandom)
        self._links[alias] = Link(cabinet.id, cabinet.site, cabinet.number, session)
        return self._links[alias]

    def _refresh(self, now_s: float) -> None:
        """Looks into the ledger for cabinets that were enrolled or retired meanwhile."""
        self._refreshed_s = now_s
        self._known = {cabinet.alias for cabinet in self.ledger.cabinets()}
        for alias in self._links.keys() - self._known:
            del self._links[alias]

    def _prove(self, link: Link, carrier: Carrier, now_s: float) -> None:
        """The board has spoken through this carrier:
        it leads to the board from now on, and an older connection is closed.
        """
        carrier.verified = True
        link.heard_s = now_s
        if link.carrier is not carrier:
            older, link.carrier = link.carrier, carrier
            if older is not None and all(other.carrier is not older for other in self._links.values()):
                older.close()
        if not link.up:
            link.up = True
            self.changes[link.cabinet] = LinkChange(True, now_ms())
            self.tell(Occurrence("link up", site=link.site, cabinet=link.number, detail=carrier.name))

    def _said(self, link: Link, message: tuple | None, now_s: float) -> Received | None:
        """What a message is for the ledger.

        One that was overtaken tells nothing of how far the board has come.

        None is one of a type of a newer board: it is answered, so that the board knows that it is heard.
        """
        late = link.session.late
        if isinstance(message, Report):
            return None if late and link.report else self._reported(link, message, now_s)
        report = link.report
        only_alarms = not link.in_step
        if report is None or (only_alarms and not isinstance(message, messages.Urgent)):
            return None
        said = Received(
            link.cabinet, report.incarnation, report.boot, report.build, now_ms(), session=link.meeting
        )
        said = said._replace(last_event=report.next_event - 1, started_ms=link.started_ms)
        if message is None:
            return said
        heard = HEARD.get(type(message))
        return heard(self, link, message, said) if heard else None

    def _status(self, link: Link, status: messages.Status, said: Received) -> Received:
        next_event = None if link.session.late else status.next_event
        return said._replace(uptime=status.uptime, next_event=next_event)

    def _events(self, _: Link, events: messages.Events, said: Received) -> Received:
        return said._replace(records=tuple(events.records))

    def _urgent(self, link: Link, urgent: messages.Urgent, said: Received) -> Received:
        return said._replace(records=(urgent.record,), urgent=True, only_alarms=not link.in_step)

    def _challenge(self, link: Link, challenge: messages.Challenge, _: Received) -> None:
        if not link.session.late:
            remote_opening.challenged(self.ledger, link.cabinet, challenge)

    def _reported(self, link: Link, report: Report, now_s: float) -> Received:
        """A report, which a board repeats until it has heard the answer;
        only the very first message times the round trip.
        """
        link.report = report
        link.started_ms = anchor(report.uptime, now_ms())
        round_trip_ms = int((now_s - link.welcomed_s) * 1000) if link.session.newest == 0 else None
        said = Received(
            link.cabinet,
            report.incarnation,
            report.boot,
            report.build,
            now_ms(),
            session=link.meeting,
            report=report,
        )
        return said._replace(uptime=report.uptime, next_event=report.next_event, round_trip_ms=round_trip_ms)

    def answer(self, turn: Sequence[tuple[Link, Received]], taken: Outcome) -> None:
        """Answers what was said in a turn that is on the disk: one answer a board.

        An urgent copy has none: its event follows.
        """
        applied: dict[int, tuple[Link, int]] = {}
        for (link, said), number in zip(turn, taken.applied, strict=True):
            if not said.urgent and said.report is None:
                applied[id(link)] = (link, max(number, applied.get(id(link), (link, 0))[1]))
            if link.cabinet in taken.branched and link.told != OTHER_STORY:
                link.told = OTHER_STORY
                self.tell(Occurrence("out of step", site=link.site, cabinet=link.number, detail=OTHER_STORY))
        for at, meeting in taken.meetings.items():
            self._met(turn[at][0], meeting)
        for link, number in applied.values():
            if link.in_step:
                link.send(messages.Ack(number))

    def _met(self, link: Link, meeting: Meeting) -> None:
        """Answers a board's report, and tells people what was found, once."""
        link.in_step = meeting.fault is None
        link.send(meeting.answer)
        told = meeting.found or (FAULTS[meeting.fault][1] if meeting.fault else None)
        if told and (told != link.told or (meeting.found and _is_of_another_boot(link.report, link.told_at))):
            self.tell(
                Occurrence(
                    "refused" if meeting.fault else "out of step",
                    site=link.site,
                    cabinet=link.number,
                    detail=told,
                )
            )
        link.told, link.told_at = told, link.report

    def say(self, said: Mapping[int, tuple]) -> None:
        """Tells boards something, each once."""
        for link in self._links.values():
            if link.cabinet in said and link.in_step:
                link.send(said[link.cabinet])

    def in_step(self) -> list[int]:
        """The boards, by the ledger's number of their cabinet, that can be told something now."""
        return [link.cabinet for link in self._links.values() if link.up and link.in_step]

    def order(self, orders: dict[int, messages.Command], now_s: float) -> None:
        """Tells boards their next order; the same one again while it is not reported."""
        for link in self._links.values():
            command = orders.get(link.cabinet)
            if (
                command
                and link.in_step
                and (command.number != link.ordered or now_s - link.ordered_s >= _ORDER_AGAIN_S)
            ):
                link.ordered, link.ordered_s = command.number, now_s
                link.send(command)

    def _count(self, link: Link, payload: bytes) -> None:
        version = payload[0] >> 4
        if version == VERSION:
            if not link.session.proofs and kind_of(payload) != HELLO and link.earlier < _EARLIER_MAX:
                link.earlier += 1
                return
            self.tally.count(UNSEALED)
            return
        who = (
            f"cabinet {link.number} of {link.site}, or somebody with its alias, "
            f"speaks version {version} and this host {VERSION}"
        )
        self.tally.count(
            OTHER_VERSION, hint=f"{who}: if it is the cabinet, run `ansim flash` on it, or update ansim"
        )

    def lost(self, carrier: Carrier) -> None:
        """The carrier is gone."""
        for link in self._links.values():
            if link.carrier is carrier:
                link.carrier = None
                self._down(link, f"{carrier.name} ended")

    def tick(self, now_s: float) -> None:
        """Lets time pass: a board that is silent for more than two heartbeats counts as away."""
        self._drop_silenced()
        if self._refreshed_s is None or now_s - self._refreshed_s > _REFRESH_ANYWAY_S:
            self._refresh(now_s)
        for link in self._links.values():
            if link.up and now_s - link.heard_s > SILENT_S:
                self._down(link, "silent")

    def _drop_silenced(self) -> None:
        """Ends the links of boards whose keys count no more; their next frames are a stranger's."""
        for alias in self.ledger.silenced() & (self._links.keys() | self._known):
            self._known.discard(alias)
            link = self._links.pop(alias, None)
            if link is None:
                continue
            self._down(link, SILENCED)
            if link.carrier is not None and all(
                other.carrier is not link.carrier for other in self._links.values()
            ):
                link.carrier.verified = False

    def _down(self, link: Link, reason: str) -> None:
        if link.up:
            link.up = False
            self.changes[link.cabinet] = LinkChange(False, now_ms())
            self.tell(Occurrence("link down", site=link.site, cabinet=link.number, detail=reason))


#: What is done with each message of a board that has reported: it gives what is for the ledger.
HEARD: dict[type, Callable[[Links, Link, Any, Received], Received | None]] = {
    messages.Status: Links._status,
    messages.Events: Links._events,
    messages.Urgent: Links._urgent,
    messages.Challenge: Links._challenge,
}


def _is_of_another_boot(report: Report | None, before: Report | None) -> bool:
    """Whether what is found at a report is found anew:
    its board has started since the report before, or begun another journal.
    """
    if report is None or before is None:
        return False
    return (report.incarnation, report.boot) != (
        before.incarnation,
        before.boot,
    ) or report.uptime < before.uptime
