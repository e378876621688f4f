"""Accounts: the people who work at the host. While there is none, everything is allowed to everybody who can
open the data folder: a bench, a demonstration. From the first one on each act has a name.
"""

from sqlalchemy import ColumnElement, Connection, select

from host_tools.errors import UserError
from host_tools.host.accounts.rights import OF_ALL_SITES, REASONS, ROLES, right_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.ledger import Ledger

#: What `ansim serve` says once while there is no account.
OPEN_TO_ALL = (
    "whoever can open the data folder may do everything, and acts are noted without a name: "
    "`ansim account add` makes the first account"
)


def are_there(ledger: Ledger) -> bool:
    """Whether any account was ever made."""
    with ledger.reading() as connection:
        return connection.execute(select(tables.account.c.id).limit(1)).first() is not None


def who(ledger: Ledger, os_user: str) -> Actor:
    """Whoever acts as a user of the operating system: that account;
    every role while there is no account at all; no role for a user without one.
    """
    account = tables.account.c
    with ledger.reading() as connection:
        found = _actor(connection, account.os_user == os_user, os_user)
    return found or Actor(os_user=os_user, roles=frozenset() if are_there(ledger) else frozenset(ROLES))


def actor_of(ledger: Ledger, number: int) -> Actor | None:
    """Whoever acts with the account of that number, on a page; None once it has ended."""
    with ledger.reading() as connection:
        return _actor(connection, tables.account.c.id == number)


def _actor(connection: Connection, which: ColumnElement[bool], os_user: str = "") -> Actor | None:
    account, its = tables.account.c, tables.account_site.c
    row = connection.execute(select(tables.account).where(which, account.ended_ms.is_(None))).first()
    if row is None:
        return None
    sites = connection.scalars(select(its.site).where(its.account == row.id))
    return Actor(row.id, row.name, os_user, frozenset(row.roles.split()), frozenset(sites))


def check(ledger: Ledger, act: str, actor: Actor) -> None:
    """Raises UserError when an act is not for whoever acts, or takes a reason that is not given."""
    right = right_of(act)
    if right.roles and not actor.roles & right.roles:
        wanted = " or ".join(f"{role}s" for role in ROLES if role in right.roles)
        if actor.account is None:
            raise UserError(
                f"`ansim {act}` is for {wanted}, and the user {actor.os_user} has no account here: "
                f"an operator makes one with `ansim account add NAME --os-user {actor.os_user}`.",
                code="forbidden",
            )
        has = ", ".join(role for role in ROLES if role in actor.roles)
        raise UserError(
            f"`ansim {act}` is for {wanted}, and your account is for {has}: ask one of them.",
            code="forbidden",
        )
    if right.reasons and not actor.reason and actor.account is not None:
        raise UserError(
            f"`ansim {act}` needs a reason, which is kept: say one with --reason "
            f"({', '.join(right.reasons)}).",
            2,
            page="reason",
        )
    if actor.reason and actor.reason not in (right.reasons or REASONS):
        raise UserError(
            f"That is no reason for `ansim {act}`: say one of {', '.join(right.reasons or REASONS)}.",
            2,
            page="reason",
        )


def check_site(ledger: Ledger, act: str, site: str, actor: Actor) -> None:
    """Raises UserError when an account does not see that site, whether there is one of that name or not, or
    when it is for some sites and the act is one for all (`site` is empty).
    """
    if not actor.sites or (not site and act not in OF_ALL_SITES):
        return
    with ledger.reading() as connection:
        its = tables.site.c
        seen = connection.scalars(select(its.name).where(its.id.in_(actor.sites)).order_by(its.name)).all()
    if site not in seen:
        raise UserError(
            f"Your account is for {', '.join(seen)} only: ask an operator for more.", code="forbidden"
        )
