"""The boards' links: which session a frame belongs to, which carrier leads to the board, and what it said that is for the ledger."""

import os
from dataclasses import dataclass, field

from host_tools.host.carriers import Carrier
from host_tools.host.chronicle import Tell, occurrence
from host_tools.host.database import now_ms
from host_tools.host.ledger import Ledger
from host_tools.host.quick_session import QuickSession
from host_tools.host.replica import Said, applied_up_to
from locker.wire import host_messages as messages
from locker.wire.frame import VERSION, BadFrame, alias_of
from locker.wire.host_messages import Report
from locker.wire.host_session import HostSession, NotReady

_REFRESH_S = 1.0  # an alias that nobody knows sends us to the ledger at most this often
_REFRESH_ANYWAY_S = 60.0
_SILENT_S = 750.0  # two and a half heartbeats


@dataclass
class Link:
    """The link to one board."""

    cabinet: int
    site: str
    number: int
    session: HostSession
    carrier: Carrier | None = None
    report: Report | None = None  # of this session
    in_step: bool = True  # the board's journal fits the ledger
    up: bool = False
    heard_s: float = 0.0
    version_told: int | None = None

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
    """All links of a ledger. `tell` hears of what people should know."""

    ledger: Ledger
    tell: Tell
    dropped: int = 0  # payloads for no board of ours
    _links: dict[bytes, Link] = field(default_factory=dict)
    _known: set[bytes] = field(default_factory=set)
    _refreshed_s: float | None = None

    def hear(self, carrier: Carrier, payload: bytes, now_s: float) -> tuple[Link, Said | None] | None:
        """Takes a payload from a carrier. Gives the link that it proved to be from, and what is for the ledger; None for all else."""
        link = self._link_of(payload, now_s)
        if link is None:
            self.dropped += 1
            return None
        message = link.session.accept(payload, int(now_s * 1000))
        while frame := link.session.outgoing():
            carrier.write(frame)
        self._tell_of_version(link)
        if message is None:
            return None
        self._prove(link, carrier, now_s)
        return link, self._said(link, message)

    def _link_of(self, payload: bytes, now_s: float) -> Link | None:
        try:
            alias = alias_of(payload)
        except BadFrame:
            return None
        if alias in self._links:
            return self._links[alias]
        if alias not in self._known:
            self._refresh(now_s)
        identity = self.ledger.identity(alias) if alias in self._known else None
        if identity is None:
            return None
        cabinet = identity.cabinet
        session = QuickSession(identity.master_secret, cabinet.board_id, alias, os.urandom)
        self._links[alias] = Link(cabinet.id, cabinet.site, cabinet.number, session)
        return self._links[alias]

    def _refresh(self, now_s: float) -> None:
        """Looks into the ledger for cabinets that were enrolled or retired meanwhile."""
        if self._refreshed_s is not None and now_s - self._refreshed_s < _REFRESH_S:
            return
        self._refreshed_s = now_s
        self._known = {cabinet.alias for cabinet in self.ledger.cabinets()}
        for alias in self._links.keys() - self._known:
            del self._links[alias]

    def _prove(self, link: Link, carrier: Carrier, now_s: float) -> None:
        """The board has spoken through this carrier: it leads to the board from now on, and an older connection is closed."""
        carrier.verified = True
        link.heard_s = now_s
        if link.carrier is not carrier:
            older, link.carrier = link.carrier, carrier
            if older is not None and all(other.carrier is not older for other in self._links.values()):
                older.close()
        if not link.up:
            link.up = True
            self.tell(occurrence("link up", site=link.site, cabinet=link.number, detail=carrier.name))

    def _said(self, link: Link, message: tuple) -> Said | None:
        if isinstance(message, Report):
            self._take_report(link, message)
        report = link.report
        if report is None or not link.in_step:
            return None
        said = Said(link.cabinet, report.incarnation, report.boot, report.build, now_ms())
        if isinstance(message, Report | messages.Status):
            return said._replace(uptime=message.uptime)
        if isinstance(message, messages.Events):
            return said._replace(records=tuple(message.records))
        if isinstance(message, messages.Urgent):
            return said._replace(records=(message.record,), urgent=True)
        return None

    def _take_report(self, link: Link, report: Report) -> None:
        """Compares the board's journal with the ledger. Where they contradict each other nothing is taken: a guess could lose some or count
        some twice.

        A board with an older journal is told what the ledger holds: it gives no number out again that is in use, goes on behind them, takes
        no deposits until a new epoch, and reports anew. All others keep their events until people have mended it.
        """
        link.report = None  # while the ledger is away nothing is known of the journal, so nothing is taken from it
        held = applied_up_to(self.ledger, link.cabinet, report.incarnation)
        link.report = report
        fault = ""
        if report.next_event <= held:
            fault = (
                f"its journal is older than the ledger (next event {report.next_event}, ledger holds {held}): was an old image restored?"
            )
            link.send(messages.Ack(held))
        elif report.oldest_event > held + 1:
            fault = f"events {held + 1} to {report.oldest_event - 1} are in neither journal nor ledger: was an old ledger restored?"
        if fault and link.in_step:
            self.tell(occurrence("out of step", site=link.site, cabinet=link.number, detail=fault))
        link.in_step = not fault

    def _tell_of_version(self, link: Link) -> None:
        version = link.session.other_version
        if version is not None and version != link.version_told:
            link.version_told = version
            detail = f"it speaks version {version}, this host {VERSION}: run `ansim flash` on it, or update ansim"
            self.tell(occurrence("refused", site=link.site, cabinet=link.number, detail=detail))

    def acknowledge(self, link: Link, applied: int) -> None:
        """Tells a board up to which number its events are on the disk."""
        if link.in_step:
            link.send(messages.Ack(applied))

    def lost(self, carrier: Carrier) -> None:
        """The carrier is gone."""
        for link in self._links.values():
            if link.carrier is carrier:
                link.carrier = None
                self._down(link, f"{carrier.name} ended")

    def tick(self, now_s: float) -> None:
        """Lets time pass: a board that is silent for more than two heartbeats counts as away."""
        if self._refreshed_s is None or now_s - self._refreshed_s > _REFRESH_ANYWAY_S:
            self._refresh(now_s)
        for link in self._links.values():
            if link.up and now_s - link.heard_s > _SILENT_S:
                self._down(link, "silent")

    def _down(self, link: Link, reason: str) -> None:
        if link.up:
            link.up = False
            self.tell(occurrence("link down", site=link.site, cabinet=link.number, detail=reason))
