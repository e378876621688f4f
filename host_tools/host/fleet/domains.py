"""Each record is a failure domain of its own:
one that cannot be applied stops neither its board nor any other.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from host_tools.host.fleet.forks import Diverged
from host_tools.host.fleet.received import Received
from host_tools.host.ledger.database import is_the_databases
from host_tools.host.notify.letters import Change


class Applied(NamedTuple):
    """For each message the number up to which its board is applied; what is new;
    whether people and dispatchers are to be told.
    """

    numbers: list[int]
    news: list[Change]
    has_letters: bool = False
    has_pickups: bool = False
    beyond: tuple[int, ...] = ()  # boards whose codes are of a rule that this host does not know


#: Applies messages within a transaction.
Apply = Callable[[Connection, Sequence[Received]], Applied]
#: Keeps what cannot be applied, and why.
GiveUp = Callable[[Connection, Sequence[Received], str], Applied]

_Done = TypeVar("_Done")


def alone(
    connection: Connection, act: Callable[[], _Done], failed: Callable[[Exception], object] = lambda _: None
) -> _Done | None:
    """What an act comes to; None, and nothing of it is in the ledger, when it fails of itself, of which
    `failed` hears why. What is the database's trouble is raised.
    """
    try:
        with connection.begin_nested():
            return act()
    except Exception as error:
        # Of one board or record: what it is given up for is a case for staff, and the others go on.
        if is_the_databases(error) or isinstance(error, Diverged):
            raise
        failed(error)
        return None


def apart(connection: Connection, said: Sequence[Received], together: Apply, given_up: GiveUp) -> Applied:
    """What fails together is tried by board, then by message, then by record; a record that fails alone is
    given up, and is applied as 0 where that fails too.
    """
    failed: list[Exception] = []
    done = alone(connection, lambda: together(connection, said), failed.append)
    if done:
        return done
    if len(said) == 1 and len(said[0].records) <= 1:
        return alone(connection, lambda: given_up(connection, said, _why(failed[0]))) or Applied([0], [])
    if len(said) == 1:
        parts = [[said[0]._replace(records=(raw,))] for raw in said[0].records]
        tried = [apart(connection, part, together, given_up) for part in parts]
        return _summed([max(one.numbers[0] for one in tried)], tried)
    boards = {one.cabinet for one in said}
    groups = [[at for at, one in enumerate(said) if one.cabinet == board] for board in boards]
    if len(groups) == 1:
        groups = [[at] for at in groups[0]]
    applied = [0] * len(said)
    tried = [apart(connection, [said[at] for at in group], together, given_up) for group in groups]
    for group, one in zip(groups, tried, strict=True):
        for at, number in zip(group, one.numbers, strict=True):
            applied[at] = number
    return _summed(applied, tried)


def _why(error: Exception) -> str:
    """Why a record is set aside, for people; nothing of what it says."""
    if isinstance(error, IntegrityError):
        return "it contradicts what the ledger holds"
    return f"this program fails on it with {type(error).__name__}"


def _summed(numbers: list[int], parts: list[Applied]) -> Applied:
    news = [news for part in parts for news in part.news]
    beyond = tuple(cabinet for part in parts for cabinet in part.beyond)
    return Applied(
        numbers,
        news,
        any(part.has_letters for part in parts),
        any(part.has_pickups for part in parts),
        beyond,
    )
