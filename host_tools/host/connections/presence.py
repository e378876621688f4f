"""Which servers run on a ledger: each renews a row of its own while it runs,
and says of each link when it came up and went down.

    running     its row was renewed within ALIVE_MS
    gone        its row is older, or from a time that is still to come: such a time proves nothing
    ended       it has taken its row away

On PostgreSQL the times are the database's own, so that the clocks of several machines need not agree.
"""

import os
import socket
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from host_tools.host.ledger.database import insert_or_change
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.servers import clock_ms, is_running
from host_tools.host.ledger.tables import link, server

BEAT_MS = 5_000

_NAME_MAX = 64


class Running(NamedTuple):
    """A server that runs on the ledger. Times in ms since 1970."""

    id: str
    name: str  # of its machine
    since_ms: int


class LinkChange(NamedTuple):
    """What became of a link, and when."""

    up: bool
    since_ms: int


class Presence:
    """What one server says of itself. Each method is one transaction, and raises what the ledger raises.

    `is_alone`: it holds a ledger that no other can serve, so a row of another is of one that was killed.
    """

    def __init__(self, ledger: Ledger, *, is_alone: bool = False) -> None:
        self._is_alone = is_alone
        self.id = os.urandom(8).hex()
        self._ledger = ledger
        self._since_ms: int | None = None

    def beat(self, at_ms: int, changes: Mapping[int, LinkChange]) -> list[Running]:
        """Says that it runs, and what became of its links (by the ledger's number of the cabinet);
        the others that run.
        """
        with self._ledger.writing() as connection:
            at_ms = clock_ms(connection, at_ms)
            if self._since_ms is None:
                _bury(connection, at_ms, everyone=self._is_alone and connection.dialect.name == "sqlite")
            self._since_ms = self._since_ms or at_ms
            name = socket.gethostname()[:_NAME_MAX]
            renewed = connection.execute(update(server).where(server.c.id == self.id).values(beat_ms=at_ms))
            if not renewed.rowcount:
                connection.execute(
                    insert(server).values(id=self.id, name=name, since_ms=self._since_ms, beat_ms=at_ms)
                )
            for cabinet, change in changes.items():
                self._change(connection, cabinet, change)
            return [one for one in _running(connection, at_ms) if one.id != self.id]

    def _change(self, connection: Connection, cabinet: int, change: LinkChange) -> None:
        """A link that another server has meanwhile is that one's to tell of."""
        if change.up:
            row = {"cabinet": cabinet, "server": self.id, **change._asdict()}
            connection.execute(insert_or_change(connection.dialect.name, link), row)
        else:
            mine = (link.c.cabinet == cabinet) & (link.c.server == self.id)
            connection.execute(update(link).where(mine).values(**change._asdict()))

    def end(self, at_ms: int) -> None:
        """Says that it ends in order, and all its links with it."""
        with self._ledger.writing() as connection:
            mine = (link.c.server == self.id) & link.c.up
            connection.execute(
                update(link).where(mine).values(up=False, since_ms=clock_ms(connection, at_ms))
            )
            connection.execute(delete(server).where(server.c.id == self.id))


def running(connection: Connection, at_ms: int) -> list[Running]:
    """The servers that run, in the order in which they began."""
    return _running(connection, clock_ms(connection, at_ms))


def _running(connection: Connection, at_ms: int) -> list[Running]:
    rows = connection.execute(select(server).order_by(server.c.since_ms, server.c.id))
    return [Running(row.id, row.name, row.since_ms) for row in rows if is_running(row.beat_ms, at_ms)]


def _bury(connection: Connection, at_ms: int, *, everyone: bool) -> None:
    """Notes that the links of servers that ended without a word are down since their last beat."""
    for row in connection.execute(select(server)).all():
        if everyone or not is_running(row.beat_ms, at_ms):
            its = (link.c.server == row.id) & link.c.up
            connection.execute(update(link).where(its).values(up=False, since_ms=min(row.beat_ms, at_ms)))
            connection.execute(delete(server).where(server.c.id == row.id))
