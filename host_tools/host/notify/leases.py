"""What one host does at a time where several share a ledger: a row for each such thing, by its name, says
which host has it and until when. A host that dies leaves it to the others then.

Each function works inside the caller's transaction, which is the only one that writes.
"""

import contextlib
import hashlib
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, select

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_or_change

SPARE_MS = 60_000  # beyond what a channel's call may take

_lease = tables.lease.c


def leased(connection: Connection, names: Sequence[str], by: str, at_ms: int, until_ms: int) -> set[str]:
    """Those of these names, at most 500, that no other host has at that time: `by` has them until then.

    Times are ms since 1970.
    """
    others = _lease.name.in_(names) & (_lease.by != by) & (_lease.until_ms > at_ms)
    found = set(names) - set(connection.scalars(select(_lease.name).where(others)))
    if found:
        rows = [{"name": name, "by": by, "until_ms": until_ms} for name in sorted(found)]
        connection.execute(insert_or_change(connection.dialect.name, tables.lease), rows)
    return found


def ended(connection: Connection, names: Sequence[str], by: str) -> None:
    """That host does it no more; what another one has it keeps."""
    connection.execute(delete(tables.lease).where(_lease.name.in_(names), _lease.by == by))


def host_id(folder: Path) -> str:
    """The same for each run on a data folder, which one server uses at a time; another one elsewhere."""
    found = os.stat(folder)
    with contextlib.suppress(OSError):
        machine = Path("/etc/machine-id").read_text()
        return _hashed(machine, socket.gethostname(), str(folder.resolve()), f"{found.st_dev} {found.st_ino}")
    return _hashed(socket.gethostname(), str(folder.resolve()), f"{found.st_dev} {found.st_ino}")


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
