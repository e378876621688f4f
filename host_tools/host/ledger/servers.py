"""Whether a server runs on the ledger, by the row that it renews (see host/connections/presence.py)."""

from sqlalchemy import Connection, text

ALIVE_MS = 15_000  # three beats


def clock_ms(connection: Connection, at_ms: int) -> int:
    """The time (ms since 1970) by which servers are judged: the database server's own, else `at_ms`."""
    if connection.dialect.name != "postgresql":
        return at_ms
    return int(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")) or 0)


def is_running(beat_ms: int, at_ms: int) -> bool:
    """Whether a server that renewed its row at `beat_ms` runs at `at_ms` (ms since 1970).

    A time that is still to come proves nothing.
    """
    return abs(at_ms - beat_ms) <= ALIVE_MS
