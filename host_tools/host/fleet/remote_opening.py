"""Doors that a person at the host opens for somebody who stands there:
a challenge that only the cabinet's screen answers.

    asked       the board is told (OpenRequest); it answers with a challenge, or refuses
    challenged  somebody at the cabinet presses #, reads four digits from its screen
                and says them to the person at the host
    given       the board is told (OpenConfirm); it unlatches the door, or refuses
    opened      the door has really opened; or `stuck`: it did not
    refused

The command that asks and the server that speaks meet in the ledger.
What is older than the board's 30 s is over.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.link.messages import Challenge, OpenConfirm, OpenRequest

ASKED = "asked"
CHALLENGED = "challenged"
GIVEN = "given"
OPENED = "opened"
STUCK = "stuck"
REFUSED = "refused"

VALID_MS = 30_000
_UNTOLD = select(tables.opening).where(~tables.opening.c.told).order_by(tables.opening.c.sequence)


def ask(ledger: Ledger, cabinet: int, door: int, counter: int, at_ms: int) -> int:
    """Wants the door of a parcel opened; the number of this wish."""
    values = {
        "cabinet": cabinet,
        "door": door,
        "counter": counter,
        "asked_ms": at_ms,
        "state": ASKED,
        "told": False,
    }
    with ledger.writing() as connection:
        made = connection.execute(
            tables.opening.insert().values(**values).returning(tables.opening.c.sequence)
        )
        return made.scalar_one()


def give(ledger: Ledger, sequence: int, digits: int) -> None:
    """Gives back what somebody has read from the screen."""
    _change(ledger, sequence, state=GIVEN, told=False, digits=digits)


def state_of(ledger: Ledger, sequence: int) -> str:
    """How far it has come."""
    with ledger.reading() as connection:
        return (
            connection.scalar(select(tables.opening.c.state).where(tables.opening.c.sequence == sequence))
            or REFUSED
        )


def untold(ledger: Ledger, cabinets: Iterable[int], at_ms: int) -> dict[int, OpenRequest | OpenConfirm]:
    """What these boards are to be told of openings now, each once;
    what they cannot hear in time is refused.
    """
    found: dict[int, OpenRequest | OpenConfirm] = {}
    with ledger.reading() as connection:
        rows = connection.execute(_UNTOLD).all()
    for row in rows:
        if abs(at_ms - row.asked_ms) > VALID_MS * (1 if row.state == ASKED else 3):
            _change(ledger, row.sequence, state=REFUSED, told=True)
        elif row.cabinet in cabinets:
            found[row.cabinet] = (
                OpenRequest(row.door, row.counter)
                if row.state == ASKED
                else OpenConfirm(row.challenge, row.digits)
            )
            _change(ledger, row.sequence, told=True)
    return found


def challenged(ledger: Ledger, cabinet: int, challenge: Challenge) -> None:
    """A board has answered.

    Only its latest challenge is good; an answer for another door is for a wish that is over.
    """
    table = tables.opening
    of_door = table.c.door == challenge.door if challenge.door else table.c.state == GIVEN
    with ledger.writing() as connection:
        open_ = (
            (table.c.cabinet == cabinet)
            & table.c.state.in_((ASKED, CHALLENGED, GIVEN))
            & table.c.told
            & of_door
        )
        row = connection.execute(
            select(table).where(open_).order_by(table.c.sequence.desc()).limit(1)
        ).first()
        if row is not None:
            state = CHALLENGED if challenge.number and row.state != GIVEN else REFUSED
            values = {"state": state, "challenge": challenge.number or None}
            connection.execute(update(table).where(table.c.sequence == row.sequence).values(**values))


def moved(connection: Connection, cabinet: int, door: int, counter: int, *, is_open: bool) -> None:
    """A board has unlatched that door by order, and it has opened or did not move.

    One that moves after all is open.
    """
    table = tables.opening
    its = (table.c.cabinet == cabinet) & (table.c.door == door) & (table.c.counter == counter)
    newest = select(table.c.sequence).where(its).order_by(table.c.sequence.desc()).limit(1).scalar_subquery()
    here = (table.c.sequence == newest) & table.c.state.in_((GIVEN, STUCK))
    connection.execute(update(table).where(here).values(state=OPENED if is_open else STUCK))


def _change(ledger: Ledger, sequence: int, **values: object) -> None:
    with ledger.writing() as connection:
        connection.execute(
            update(tables.opening).where(tables.opening.c.sequence == sequence).values(**values)
        )
