"""Making accounts, changing and ending them. From the first one on there is an operator who can act."""

import os
import pwd
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, delete, exc, insert, select, union, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit, secrets, sight
from host_tools.host.accounts.rights import OPERATOR, ROLES
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.database import insert_new
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import checked_name, normal

OS_USER_CHARACTERS_MAX = 64
_MARK = b"account was"


class Account(NamedTuple):
    """A person who works at the host. `sites`: names; none for all."""

    name: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]
    os_user: str | None
    contact: str
    has_password: bool
    ended_ms: int | None  # ms since 1970


class Change(NamedTuple):
    """What becomes of an account; None stays as it is. An `os_user` of "" is none, sites of () are all."""

    roles: Sequence[str] | None = None
    sites: Sequence[str] | None = None
    os_user: str | None = None
    contact: str | None = None


def is_os_user(name: str) -> bool:
    """Whether the operating system knows a user of that name, so that somebody can be it."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return name == str(os.geteuid())  # one who has no name there
    return True


def add(
    ledger: Ledger, name: str, change: Change, at_ms: int, *, dry_run: bool = False
) -> tuple[Account, str]:
    """Makes an account; it, and the token with which its owner sets password and second factor.

    Raises UserError. `at_ms`: ms since 1970.
    """
    name = checked_name("account", name)
    with ledger.writing() as connection:
        try:
            made = connection.execute(
                insert(tables.account)
                .values(name=name, roles="", since_ms=at_ms)
                .returning(tables.account.c.id)
            ).scalar_one()
        except exc.IntegrityError as error:
            raise UserError(
                f"There is an account {name} already, perhaps an ended one: name another. Of the same person "
                "it knows whom that was related to by --os-user or --contact; else `ansim account relate`."
            ) from error
        _apply(connection, ledger, made, change)
        _refuse_beyond(connection, ledger, made)
        _keep_an_operator(connection)
        account = _account(connection, _row(connection, name))
        if dry_run:
            connection.rollback()
            return account, ""
        token = secrets.new_link(connection, made, at_ms)
        audit.note(
            connection, ledger, "account add", site=_only(account), text=f"{name}: {' '.join(account.roles)}"
        )
    return account, token


def change(
    ledger: Ledger, name: str, wanted: Change, at_ms: int, *, link: bool = False, dry_run: bool = False
) -> tuple[Account, str]:
    """Changes an account; as it is then, and the token of a new link where one is wanted.

    Raises UserError. `at_ms`: ms since 1970.
    """
    with ledger.writing() as connection:
        row = _row(connection, name)
        if row.id == ledger.actor.account and (wanted.roles is not None or wanted.sites is not None):
            raise UserError(
                "What your own account is for is for another operator to change, sites and roles alike.",
                code="forbidden",
            )
        _refuse_beyond(connection, ledger, row.id)
        _apply(connection, ledger, row.id, wanted)
        _refuse_beyond(connection, ledger, row.id)
        _keep_an_operator(connection)
        account = _account(connection, _row(connection, name))
        if dry_run:
            connection.rollback()
            return account, ""
        token = secrets.new_link(connection, row.id, at_ms) if link else ""
        audit.note(
            connection,
            ledger,
            "account set",
            site=_only(account),
            text=f"{row.name}: {' '.join(account.roles)}",
        )
    return account, token


def end(ledger: Ledger, name: str, at_ms: int, *, dry_run: bool = False) -> Account:
    """Ends an account: it may do nothing any more, its acts keep its name. Raises UserError."""
    with ledger.writing() as connection:
        row = _row(connection, name)
        _refuse_beyond(connection, ledger, row.id)
        _mark_as_it_was(connection, ledger, row.id)
        gone = {"ended_ms": at_ms, "os_user": None, "contact": "", "password": None}
        gone |= {"second_factor": None, "token": None, "token_until_ms": None}
        connection.execute(update(tables.account).where(tables.account.c.id == row.id).values(**gone))
        _keep_an_operator(connection)
        account = _account(connection, connection.execute(_ALL.where(tables.account.c.id == row.id)).one())
        if dry_run:
            connection.rollback()
            return account
        audit.note(connection, ledger, "account end", site=_only(account), text=row.name)
    return account


def _only(account: Account) -> str:
    """The site of an account that is for one; else none."""
    return account.sites[0] if len(account.sites) == 1 else ""


def listing(ledger: Ledger) -> list[Account]:
    """All accounts by name, ended ones too, that are for a site which the one who acts sees."""
    with ledger.reading() as connection:
        seen = sight.sees_account(connection, tables.account.c.id)
        rows = connection.execute(_ALL.where(seen).order_by(tables.account.c.name)).all()
        return [_account(connection, row) for row in rows]


def find(connection: Connection, name: str) -> int:
    """The ledger's number of an account that has not ended. Raises UserError."""
    return _row(connection, name).id


_ALL = select(tables.account)


def _row(connection: Connection, name: str) -> Row:
    table = tables.account.c
    seen = sight.sees_account(connection, table.id)
    row = connection.execute(_ALL.where(table.name == normal(name), table.ended_ms.is_(None), seen)).first()
    if row is None:
        raise UserError(f"There is no account {name}: `ansim account list` shows them.", 2)
    return row


def _account(connection: Connection, row: Row) -> Account:
    its = tables.account_site.c
    seen = sight.sees_site(connection, its.site)
    wanted = select(tables.site.c.name).join(tables.account_site).where(its.account == row.id, seen)
    sites = connection.scalars(wanted.order_by(tables.site.c.name))
    roles = tuple(role for role in ROLES if role in row.roles.split())
    return Account(
        row.name, roles, tuple(sites), row.os_user, row.contact, row.password is not None, row.ended_ms
    )


def _apply(connection: Connection, ledger: Ledger, account: int, wanted: Change) -> None:
    values: dict[str, str | None] = {}
    if wanted.roles is not None:
        values["roles"] = _checked_roles(wanted.roles)
    if wanted.os_user is not None:
        if len(wanted.os_user) > OS_USER_CHARACTERS_MAX or not wanted.os_user.isprintable():
            raise UserError(
                f"A user of the operating system has at most {OS_USER_CHARACTERS_MAX} characters.", 2
            )
        if wanted.os_user and not is_os_user(wanted.os_user):
            raise UserError(
                f"The operating system knows no user {wanted.os_user}: make that user first, or name one of "
                "`getent passwd`.",
                2,
            )
        values["os_user"] = wanted.os_user or None
    if wanted.contact is not None:
        values["contact"] = wanted.contact
    if values:
        _mark_as_it_was(connection, ledger, account)
        its = tables.account.c.id == account
        try:
            connection.execute(update(tables.account).where(its).values(**values))
        except exc.IntegrityError as error:
            raise UserError("Another account is that user of the operating system already.") from error
        _keep_relations(connection, ledger, account)
    if wanted.sites is not None:
        of = tables.account_site
        connection.execute(delete(of).where(of.c.account == account))
        for site in _sites(connection, wanted.sites):
            connection.execute(insert(of).values(account=account, site=site))


def _refuse_beyond(connection: Connection, ledger: Ledger, account: int) -> None:
    """Raises UserError where an account is for more sites than that of whoever acts."""
    if not ledger.actor.sites:
        return
    of = tables.account_site.c
    sites = set(connection.scalars(select(of.site).where(of.account == account)))
    if not sites or sites - ledger.actor.sites:
        raise _beyond()


def _beyond() -> UserError:
    return UserError(
        "Your account is for some sites only, so it makes, changes and ends accounts of these sites: "
        "name them with --site, or ask an operator for all sites.",
        code="forbidden",
    )


def _mark_as_it_was(connection: Connection, ledger: Ledger, account: int) -> None:
    """Whose an account was stays known when it ends or becomes another person's, and names nobody."""
    for mark in _marks(connection, ledger, account):
        row = {"account": account, "mark": mark}
        connection.execute(insert_new(connection.dialect.name, tables.account_was), row)


def _marks(connection: Connection, ledger: Ledger, account: int) -> list[bytes]:
    """By what the person of an account is known again: its user and its contact, under the host key."""
    of = tables.account.c
    row = connection.execute(select(of.os_user, of.contact).where(of.id == account)).one()
    return [
        ledger.vault.mac(_MARK, f"{name} {value}".encode()) for name, value in row._mapping.items() if value
    ]


def _keep_relations(connection: Connection, ledger: Ledger, account: int) -> None:
    """An account is related to whom the accounts were, or are, of the same person: those that its user of the
    operating system acted with, and those that have or had this user or this contact.
    """
    acted, was, of, related = tables.audit.c, tables.account_was.c, tables.account.c, tables.related
    its = connection.execute(select(of.os_user, of.contact).where(of.id == account)).one()
    before = union(
        select(acted.account).where(acted.os_user == its.os_user, acted.account.is_not(None)),
        select(was.account).where(was.mark.in_(_marks(connection, ledger, account))),
        select(of.id).where(of.contact == its.contact, of.contact != ""),
    ).subquery()
    known = select(related.c.resident).where(related.c.account == account)
    theirs = related.c.account.in_(select(before)) & related.c.resident.not_in(known)
    for row in {row.resident: row for row in connection.execute(select(related).where(theirs))}.values():
        connection.execute(insert(related).values(**row._asdict() | {"account": account}))


def _checked_roles(roles: Iterable[str]) -> str:
    wanted = set(roles)
    if not wanted or wanted - set(ROLES):
        raise UserError(f"An account has one or more of the roles {', '.join(ROLES)}.", 2)
    return " ".join(role for role in ROLES if role in wanted)


def _sites(connection: Connection, names: Iterable[str]) -> list[int]:
    known = {row.name: row.id for row in connection.execute(select(tables.site.c.name, tables.site.c.id))}
    wanted = dict.fromkeys(normal(name) for name in names)
    sites = actor_of(connection).sites
    for name in wanted:
        if sites and known.get(name) not in sites:
            raise _beyond()
        if name not in known:
            raise UserError(f"There is no site {name}: `ansim cabinet list` shows the sites.", 2)
    return [known[name] for name in wanted]


def _keep_an_operator(connection: Connection) -> None:
    """Raises UserError where nobody could make or change accounts any more."""
    table = tables.account.c
    wanted = select(table.roles, table.os_user).where(table.ended_ms.is_(None), table.os_user.is_not(None))
    rows = connection.execute(wanted).all()
    if not any(OPERATOR in row.roles.split() and is_os_user(row.os_user) for row in rows):
        raise UserError(
            "Then no operator could give commands any more: give one account at least the role operator "
            "and --os-user, the user of the operating system who gives its commands.",
            2,
        )
