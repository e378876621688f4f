"""Who acts on the ledger: a person with an account, a user of the operating system, or the host itself."""

from typing import NamedTuple

from sqlalchemy import Connection

#: The option of a connection that says who acts.
_OPTION = "ansim_actor"


class Actor(NamedTuple):
    """Who acts, and why. `roles` are those of the account; all of them while no account exists."""

    account: int | None = None  # None: the host itself, or a user without an account
    name: str = ""  # of the account
    os_user: str = ""  # empty: the host itself
    roles: frozenset[str] = frozenset()
    sites: frozenset[int] = frozenset()  # the ledger's numbers of the sites that it sees; empty: all
    reason: str = ""  # a code of the act's list, given with --reason
    text: str = ""  # what was said beside it


#: Acts of `ansim serve` that nobody asked for.
ITSELF = Actor()
#: Whoever has the link of a parcel's page. No user of an operating system has a name with a blank.
HER_PAGE = Actor(os_user="the parcel's page")


def acting(connection: Connection, actor: Actor) -> Connection:
    """The connection, which says from now on who acts."""
    return connection if actor is ITSELF else connection.execution_options(**{_OPTION: actor})


def actor_of(connection: Connection) -> Actor:
    """Who acts over this connection."""
    return connection.get_execution_options().get(_OPTION, ITSELF)
