"""The ledger (`with open_ledger(data) as ledger`): sites, cabinets and their secrets;
residents, tickets, parcels and events are in the modules beside it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from sqlalchemy import Connection, Engine, Row, delete, exc, insert, make_url, select, update

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import ITSELF, Actor, acting
from host_tools.host.ledger.data_folder import KEY, data_folder, database_url, prepare
from host_tools.host.ledger.database import Database, no_ledger, now_ms, open_engine, user_errors
from host_tools.host.ledger.names import checked_name, normal
from host_tools.host.ledger.sealing import Vault, open_vault
from locker.contract.codes import RULE

CABINET_NUMBER_MAX = 9999

TICKET_SECRET = "ticket key"  # noqa: S105 - the purpose that it is sealed for, in every ledger since the first

PENDING = "pending"
ENROLLED = "enrolled"
RETIRED = "retired"
SILENCED = "silenced"  # cabinet.fault of a retired one: its board is in a stranger's hands (silence.py)


class AlreadyEnrolledError(UserError):
    """The board or the cabinet number is in the ledger already."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="enrolled")


class Site(NamedTuple):
    """A place with cabinets."""

    name: str
    site_id: bytes  # 8, random
    ticket_secret: bytes  # 32, random; secret
    is_old: bool  # older than generations of ticket keys
    generation: int  # of the ticket key: the newest that its cabinets are ordered to take


class Enrolment(NamedTuple):
    """What makes a board known to the host. `number` None asks for the lowest free one of the site."""

    board_id: bytes  # 8, random
    alias: bytes  # 4, random
    uid: bytes  # 6, the chip's own
    site: str
    number: int | None
    board_name: str
    master_secret: bytes  # 32, random; secret
    nonce_host: bytes  # 8, random
    nonce_board: bytes  # 8, random
    generation: int = 0  # of the site's ticket key, as its identity has it


class Cabinet(NamedTuple):
    """A cabinet as the ledger knows it, without its secret."""

    id: int
    site: str
    number: int
    board_id: bytes
    alias: bytes
    uid: bytes
    board_name: str
    epoch: int
    state: str  # PENDING until the board confirmed its identity, ENROLLED in service, RETIRED


class Identity(NamedTuple):
    """What the host needs to speak with a board and to derive its codes. Secret."""

    cabinet: Cabinet
    site_id: bytes
    master_secret: bytes
    nonce_host: bytes
    nonce_board: bytes
    ticket_secret: bytes
    is_old: bool  # its site is older than generations of ticket keys
    nonces: dict[int, int]  # of its epochs behind the first
    rules: dict[int, int]  # of codes and tails, by epoch
    help_number: str = ""  # of its site; empty: none is known
    language: str = ""  # of its site's letters; empty: English
    zone: str = ""  # of its site, as in the tz database; empty: the host's own


class Ledger:
    """An open ledger. Every method is one transaction; a method that returns has its changes on the disk."""

    def __init__(self, data: Path, database: Database, engine: Engine, vault: Vault) -> None:
        self.data = data
        self.vault = vault
        self.actor = ITSELF  # who acts on it
        self._database = database
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def acted_by(self, actor: Actor) -> Self:
        """The same ledger, on which that one acts."""
        other = copy(self)
        other.actor = actor
        return other

    def close(self) -> None:
        """Gives the database back."""
        self._engine.dispose()

    @property
    def is_in_a_file(self) -> bool:
        """Whether the ledger is a file of the data folder, which one server uses at a time."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write: durable when it ends, undone when it raises."""
        with user_errors(self._database), self._engine.begin() as connection:
            yield acting(connection, self.actor)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; it never waits for a writer."""
        with (
            user_errors(self._database),
            self._engine.connect().execution_options(reading=True) as connection,
        ):
            yield acting(connection, self.actor)

    def scrub(self) -> None:
        """Overwrites what was deleted. Takes as long as to write the whole ledger, with no other writer."""
        with user_errors(self._database):
            self._database.scrub(self._engine)

    def site(self, name: str) -> Site:
        """The site of that name; it is founded, with a fresh ticket secret,
        when the ledger does not know it.
        """
        name = checked_name("site", name)
        with self.writing() as connection:
            row = connection.execute(select(tables.site).where(tables.site.c.name == name)).first()
            if row is None:
                founded = Site(name, os.urandom(8), os.urandom(32), False, 0)
                sealed = self.vault.seal(founded.ticket_secret, TICKET_SECRET, founded.site_id)
                values = {"name": name, "site_id": founded.site_id, "ticket_key": sealed, "is_old": False}
                connection.execute(insert(tables.site).values(**values))
                return founded
        secret = self.vault.open(row.ticket_key, TICKET_SECRET, row.site_id)
        return Site(row.name, row.site_id, secret, row.is_old, row.generation)

    def sites(self) -> list[str]:
        """The names of all sites, sorted."""
        with self.reading() as connection:
            return list(connection.scalars(select(tables.site.c.name).order_by(tables.site.c.name)))

    def enrol(self, enrolment: Enrolment) -> int:
        """Enters a board as pending; returns its cabinet number.

        `confirm` follows when the board holds its identity.

        Raises AlreadyEnrolledError when the chip, or the number at that site, is taken (a pending one counts,
        see `forget`), UserError when the identity is there already.
        """
        enrolment = enrolment._replace(site=self.site(enrolment.site).name)
        with self.writing() as connection:
            site = connection.execute(
                select(tables.site.c.id).where(tables.site.c.name == enrolment.site)
            ).scalar_one()
            self._refuse_known(connection, enrolment)
            number = self._free_number(connection, site, enrolment)
            values = enrolment._asdict() | {
                "site": site,
                "rule": RULE,
                "number": number,
                "master_secret": self.vault.seal(
                    enrolment.master_secret, "master secret", enrolment.board_id
                ),
                "epoch": 1,
                "tag": new_tag(),
                "state": PENDING,
                "enrolled_ms": now_ms(),
            }
            try:
                connection.execute(insert(tables.cabinet).values(**values))
            except exc.IntegrityError as error:  # only the random ones are left to collide
                raise UserError(
                    "The identity that was drawn for this board exists already: run the command again."
                ) from error
            return number

    def _refuse_known(self, connection: Connection, enrolment: Enrolment) -> None:
        known = self._cabinet(connection, enrolment.uid)
        if known is None:
            return
        state = "half enrolled" if known.state == PENDING else "enrolled"
        raise AlreadyEnrolledError(
            f"This board is {state} already, as cabinet {known.number} of {known.site}."
        )

    def _free_number(self, connection: Connection, site: int, enrolment: Enrolment) -> int:
        in_service = (tables.cabinet.c.site == site) & (tables.cabinet.c.state != RETIRED)
        taken = set(connection.scalars(select(tables.cabinet.c.number).where(in_service)))
        number = enrolment.number
        if number is None:
            number = next((free for free in range(1, CABINET_NUMBER_MAX + 1) if free not in taken), 0)
        if not 1 <= number <= CABINET_NUMBER_MAX:
            raise UserError(f"A cabinet number is from 1 to {CABINET_NUMBER_MAX}.", 2)
        if number in taken:
            raise AlreadyEnrolledError(
                f"{enrolment.site} has a cabinet {number} already: choose another number."
            )
        return number

    def confirm(self, board_id: bytes) -> None:
        """The board holds its identity: its cabinet is in service from now on.

        Twice is no harm. Raises UserError for an unknown one.
        """
        with self.writing() as connection:
            known = tables.cabinet.c.board_id == board_id
            changed = connection.execute(
                update(tables.cabinet).where(known, tables.cabinet.c.state != RETIRED).values(state=ENROLLED)
            )
            if changed.rowcount != 1:
                raise UserError("The ledger does not know this board: provision it again.")

    def enrolled(self, uid: bytes) -> Cabinet | None:
        """The cabinet whose controller has this chip, pending or in service; None when there is none."""
        with self.reading() as connection:
            return self._cabinet(connection, uid)

    def forget(self, uid: bytes) -> None:
        """Takes back an enrolment that is still pending (its provisioning failed midway);
        does nothing when there is none.

        Raises AlreadyEnrolledError when the board is in service: `retire` ends that.
        """
        with self.writing() as connection:
            known = self._cabinet(connection, uid)
            if known is None:
                return
            if known.state != PENDING:
                raise AlreadyEnrolledError(
                    f"This board is in service, as cabinet {known.number} of {known.site}."
                )
            connection.execute(delete(tables.cabinet).where(tables.cabinet.c.id == known.id))

    def retire(self, uid: bytes) -> None:
        """Takes a cabinet out of service for ever;
        what it did stays in the ledger, its number and its chip become free.

        Parcels that wait in it are adopted by the board that is provisioned with its number.
        """
        with self.writing() as connection:
            known = self._cabinet(connection, uid)
            if known is None:
                return
            connection.execute(
                update(tables.cabinet).where(tables.cabinet.c.id == known.id).values(state=RETIRED)
            )

    def retire_at(self, site: str, number: int, *, dry_run: bool = False) -> None:
        """The same by the cabinet's place. Raises UserError when there is no such cabinet."""
        found = [one for one in self.cabinets() if (one.site, one.number) == (normal(site), number)]
        if not found:
            raise UserError(f"There is no cabinet {number} at {site}: `ansim cabinet list` shows them.", 2)
        if not dry_run:
            self.retire(found[0].uid)

    def cabinets(self) -> list[Cabinet]:
        """All cabinets that are not retired, by site and number."""
        with self.reading() as connection:
            rows = connection.execute(
                _CABINETS.where(tables.cabinet.c.state != RETIRED).order_by("site", "number")
            )
            return [_to_cabinet(row) for row in rows]

    def silenced(self) -> set[bytes]:
        """The aliases of boards that were silenced."""
        with self.reading() as connection:
            return set(connection.scalars(_SILENCED))

    def identity(self, alias: bytes) -> Identity | None:
        """What it takes to speak with the board of that alias;
        None when no cabinet in service or pending has it.
        """
        with self.reading() as connection:
            row = connection.execute(
                _IDENTITIES.where(tables.cabinet.c.alias == alias, tables.cabinet.c.state != RETIRED)
            ).first()
            return None if row is None else self._to_identity(connection, row)

    def identity_of(self, cabinet: int) -> Identity:
        """The same by the ledger's own number of the cabinet, retired or not."""
        with self.reading() as connection:
            return self._to_identity(
                connection, connection.execute(_IDENTITIES.where(tables.cabinet.c.id == cabinet)).one()
            )

    def _to_identity(self, connection: Connection, row: Row) -> Identity:
        secret = self.vault.open(row.master_secret, "master secret", row.board_id)
        tickets = self.vault.open(row.ticket_key, TICKET_SECRET, row.site_id)
        begun = connection.execute(select(tables.epoch).where(tables.epoch.c.cabinet == row.id)).all()
        nonces = {epoch.epoch: epoch.nonce for epoch in begun}
        rules = {1: row.rule} | {epoch.epoch: epoch.rule for epoch in begun}
        of_keys = (secret, row.nonce_host, row.nonce_board, tickets, row.is_old, nonces, rules)
        return Identity(_to_cabinet(row), row.site_id, *of_keys, row.help_number, row.language, row.zone)

    def _cabinet(self, connection: Connection, uid: bytes) -> Cabinet | None:
        row = connection.execute(
            _CABINETS.where(tables.cabinet.c.uid == uid, tables.cabinet.c.state != RETIRED)
        ).first()
        return None if row is None else _to_cabinet(row)


_SILENCED = select(tables.cabinet.c.alias).where(tables.cabinet.c.fault == SILENCED)
_CABINETS = select(
    tables.cabinet.c.id,
    tables.site.c.name.label("site"),
    *(
        tables.cabinet.c[name]
        for name in ("number", "board_id", "alias", "uid", "board_name", "epoch", "state")
    ),
).join_from(tables.cabinet, tables.site)
_IDENTITIES = _CABINETS.add_columns(
    *(tables.site.c[name] for name in ("site_id", "help_number", "language", "zone", "ticket_key", "is_old")),
    *(tables.cabinet.c[name] for name in ("master_secret", "nonce_host", "nonce_board", "rule")),
)


def new_tag() -> int:
    """A tag for a life of the ledger: 32 random bits, never 0."""
    return 1 + int.from_bytes(os.urandom(4), "big") % 0xFFFFFFFF


def _to_cabinet(row: Row) -> Cabinet:
    return Cabinet(*row[: len(Cabinet._fields)])


def database_of(data: Path) -> Database:
    """Where the ledger of a data folder is kept: the one place that every command asks.

    Raises UserError for a URL that is none.
    """
    given = database_url(data)
    if given is None:
        from host_tools.host.ledger.sqlite import SqliteFile

        return SqliteFile(data)
    from host_tools.host.ledger.postgres import PostgresDatabase

    try:
        url = make_url(given)
    except (exc.ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("postgresql", "postgresql+psycopg"):
        # Not a word of it is repeated: whatever it is, it may hold a password.
        raise UserError(
            "$ANSIM_DATABASE or database.url is no URL of a database: "
            "postgresql+psycopg://USER@HOST/DATABASE.",
            2,
        )
    return PostgresDatabase(url)


def open_ledger(data: Path | None = None, *, create: bool = True) -> Ledger:
    """The ledger of the folder (by default where `data_folder` says);
    `create` makes folder, key and ledger when there are none.

    Raises UserError: too wide permissions, missing key; damaged, newer, locked or unreachable database.
    """
    data = data_folder(data)
    prepare(data, create=create)
    database = database_of(data)
    try:
        is_there = (data / KEY).exists() or database.is_there()  # asked first: it costs nothing
        if not is_there and not create:
            raise no_ledger(database.name)
        vault = open_vault(data, create=not is_there)
        return Ledger(data, database, open_engine(database, create=create), vault)
    except OSError as error:
        raise UserError(
            f"The data folder {data} cannot be written ({error.strerror}): "
            "free space or choose another with --data."
        ) from error
