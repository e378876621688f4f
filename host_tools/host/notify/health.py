"""A channel that hands nothing over for some minutes is a case, until it does again.

Only channels of letters are watched, and pages go by these too. How that of dispatchers fares is told
nowhere, for it would be told under duress only. The case is for the console and `ansim case`; the log tells
it too, so that what is down is not the only way by which it is told.
"""

from typing import NamedTuple

from sqlalchemy import Connection, select

from host_tools.host.care import cases
from host_tools.host.care.kinds import CHANNEL_DOWN
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.log import Emit, Occurrence

DOWN_MS = 300_000  # for which each try has failed
TRIES = 3  # at least
OVER = "it hands over again"
GONE = "channels.toml names it no more"

_MARK = "down "  # ahead of a channel's name in the key of its case: another one is of letters given up
_case = tables.case.c


class _Outage(NamedTuple):
    """Since when (ms since 1970) how many tries have failed, and why the last one did."""

    since_ms: int
    tries: int
    reason: str


class Health:
    """How the channels of one host fare."""

    def __init__(self, tell: Emit) -> None:
        self._tell = tell
        self._outages: dict[str, _Outage] = {}
        self._works: set[str] = set()  # has taken something since the last look
        self._told: set[str] | None = None  # channels with a case of this host; None: it has not looked yet

    def failed(self, channel: str, at_ms: int, reason: str) -> None:
        """It took nothing that it was offered at that time (ms since 1970)."""
        before = self._outages.get(channel)
        since_ms, tries = (before.since_ms, before.tries) if before else (at_ms, 0)
        self._outages[channel] = _Outage(since_ms, tries + 1, reason)

    def took(self, channel: str) -> None:
        """It has taken something."""
        self._outages.pop(channel, None)
        self._works.add(channel)

    def look(self, ledger: Ledger, names: set[str], at_ms: int) -> None:
        """Opens the cases of channels that are down at that time (ms since 1970), and closes those that are
        over. `names` are all channels of the host. Raises UserError where the ledger is away.
        """
        if self._told is None:
            with ledger.reading() as connection:
                self._told = _open_ones(connection)
        works = set(self._works)
        down = {name: one for name, one in dict(self._outages).items() if _is_down(one, at_ms)}
        over = dict.fromkeys(self._told & works, OVER) | dict.fromkeys(self._told - names, GONE)
        new = down.keys() - self._told
        if new or over:
            with ledger.writing() as connection:
                for name in sorted(new):
                    _open(connection, name, down[name], at_ms)
                for name, how in sorted(over.items()):
                    cases.settle(connection, CHANNEL_DOWN, f"{_MARK}{name}", at_ms, how)
        for name in sorted(new):
            self._tell(Occurrence("channel down", detail=_words(name, down[name])))
        for name, how in sorted(over.items()):
            self._tell(Occurrence("channel up", detail=f"{name}: {how}"))
        self._told = (self._told | new) - over.keys()
        self._works -= works


def _is_down(outage: _Outage, at_ms: int) -> bool:
    return outage.tries >= TRIES and at_ms - outage.since_ms >= DOWN_MS


def _open(connection: Connection, name: str, outage: _Outage, at_ms: int) -> None:
    case = cases.open_case(connection, CHANNEL_DOWN, key=f"{_MARK}{name}", at_ms=at_ms)
    cases.note(connection, case, "", _words(name, outage), at_ms)


def _words(name: str, outage: _Outage) -> str:
    return f"{name} has handed nothing over since {moment(outage.since_ms)} ({outage.reason})"


def _open_ones(connection: Connection) -> set[str]:
    its = (_case.kind == CHANNEL_DOWN) & (_case.state != cases.CLOSED) & _case.key.startswith(_MARK)
    return {key.removeprefix(_MARK) for key in connection.scalars(select(_case.key).where(its))}
