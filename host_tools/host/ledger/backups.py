"""Backups of a ledger in a file: a copy that is whole, of one moment,
for nobody else's eyes, and looked at before it is trusted.

A copy holds no key: either alone opens no door. A ledger in PostgreSQL is backed up by its own tools.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from host_tools.errors import NO_ROOM, UserError
from host_tools.host.ledger.data_folder import (
    KEY,
    LEDGER,
    create_private,
    database_url,
    prepare,
    refuse_wide,
    serving,
    sync_folder,
)
from host_tools.host.ledger.key_file import read_key
from host_tools.host.ledger.passphrase import passphrase
from host_tools.host.ledger.sealing import Vault

_PAGES = 1024  # copied at a time, so that a server beside it can write


class Found(NamedTuple):
    """What is in a copy of a ledger."""

    schema: str
    sites: int
    cabinets: int
    residents: int
    parcels: int
    events: int

    def in_words(self) -> str:
        """How many of each, for people."""
        counts = {name: getattr(self, f"{name}s") for name in _COUNTED if name != "site"}
        return ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for name, count in counts.items())


def back_up(data: Path, target: Path, key_target: Path | None = None, *, dry_run: bool = False) -> Found:
    """Copies the ledger, while a server runs or not, to a new file of mode 0600;
    with `key_target` the key to another one.

    Returns what the copy holds. Raises UserError, and then leaves no file behind.
    """
    prepare(data, create=False)
    _refuse_postgres(data, "pg_dump --format=custom --file=FILE", "back it up")
    for path in (target, key_target):
        if path is not None:
            _refuse_place(path)
    if key_target is not None and key_target.parent.resolve() == target.parent.resolve():
        raise UserError(
            "Ledger and key belong apart, because together they open every door: "
            "give --key-to another folder or disk.",
            2,
        )
    with _copied(data / LEDGER, target) as copy:
        found = inspect(copy, _vault(data / KEY))
        if dry_run:
            return found
        os.link(copy, target)
        sync_folder(target.parent)
    if key_target is not None:
        create_private(key_target, (data / KEY).read_bytes())
    return found


def restore(
    data: Path, source: Path, key: Path | None = None, *, dry_run: bool = False
) -> tuple[Found, Path | None]:
    """Makes a copy the ledger of a folder again, all of it or nothing; `key` where the folder has none.

    What was there is kept.

    Returns what the ledger holds now and where the one before is. Raises UserError: a server runs, the copy
    is damaged, is no ledger, is of a newer ansim, or the key does not fit it.
    """
    prepare(data, create=not dry_run)
    _refuse_postgres(data, "pg_restore --clean --if-exists --dbname=URL FILE", "restore it")
    if not source.is_file():
        raise UserError(f"There is no backup {source}: `ansim backup FILE` makes one.", 2)
    own = data / KEY
    if key is not None and own.exists() and own.read_bytes() != key.read_bytes():
        raise UserError(
            f"{data} has another key than {key}: move {own} away first, or leave --key out to try that one."
        )
    if key is None and not own.exists():
        raise UserError(
            f"{data} has no {KEY}: name the backup of the key with --key. "
            "Without it no secret of the ledger can be opened.",
            2,
        )
    found = inspect(source, _vault(key or own))
    if dry_run:
        return found, None
    with serving(data):
        before = _keep(data)
        if not own.exists() and key is not None:
            create_private(own, key.read_bytes())
        create_private(data / LEDGER, b"")
        _pour(source, data / LEDGER)
    return found, before


def inspect(path: Path, vault: Vault) -> Found:
    """Looks at a copy: it opens and is whole, it is a ledger that this ansim knows,
    and the key opens its secrets. Raises UserError.
    """
    from host_tools.host.ledger.migrations import known

    try:
        with closing(_open(path)) as connection:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()
            if sound != ("ok",):
                raise UserError(f"{path} is damaged: take another backup.")
            names = {
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not {"alembic_version", "site", "cabinet", "parcel"} <= names:
                raise UserError(
                    f"{path} is a database, but not a ledger of ansim: "
                    "name a file that `ansim backup` has made."
                )
            schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if schema is None or schema[0] not in known():
                raise UserError(f"{path} was written by a newer ansim: update ansim first.")
            counts = [connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _COUNTED]  # noqa: S608 - ours
            secret = connection.execute("SELECT site_id, ticket_key FROM site LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"{path} is no ledger, or a damaged one: name a file that `ansim backup` has made."
        ) from error
    if secret is not None:
        vault.open(secret[1], "ticket key", secret[0])
    return Found(schema[0], *counts)


_COUNTED = ("site", "cabinet", "resident", "parcel", "event")


def _vault(key: Path) -> Vault:
    refuse_wide(key, 0o600)
    return Vault(read_key(key.parent, passphrase, key.name))


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


def _refuse_postgres(data: Path, tool: str, verb: str) -> None:
    if database_url(data) is not None:
        raise UserError(
            "This ledger is in PostgreSQL: "
            f"{verb} with `{tool}`, and keep a copy of {data / KEY} apart from it.",
            2,
        )


def _refuse_place(path: Path) -> None:
    if path.exists():
        raise UserError(f"{path} is there already: name a new file.", 2)
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}: make it first.", 2)


@contextmanager
def _copied(source: Path, target: Path) -> Iterator[Path]:
    """A draft beside the target with the ledger of one moment in it; gone afterwards."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _pour(source, draft)
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            # One file, with nothing beside it that belongs to it.
            connection.execute("PRAGMA journal_mode = DELETE").close()
        yield draft
    except OSError as error:
        reason = "the disk is full" if error.errno in NO_ROOM else error.strerror
        raise UserError(f"{target} cannot be written ({reason}): choose another place.") from error
    finally:
        draft.unlink(missing_ok=True)


def _pour(source: Path, target: Path) -> None:
    """Makes one database the copy of another in one transaction; durable when it returns."""
    try:
        with closing(_open(source)) as from_, closing(sqlite3.connect(target, isolation_level=None)) as to:
            to.execute("PRAGMA synchronous = FULL").close()
            from_.backup(to, pages=_PAGES)
            to.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"{source} could not be copied to {target} ({error}): nothing was changed."
        ) from error
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep(data: Path) -> Path | None:
    """Puts a copy of the ledger that is there beside it."""
    if not (data / LEDGER).exists():
        return None
    name = f"ledger.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (data / f"{name}{f'-{number}' if number else ''}.db" for number in count())
    kept = next(path for path in names if not path.exists())
    with _copied(data / LEDGER, kept) as copy:
        os.replace(copy, kept)
    return kept
