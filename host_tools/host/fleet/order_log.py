"""What has been ordered of the cabinets and what became of it, for whoever ordered it."""

from typing import NamedTuple

from sqlalchemy import select

from host_tools.host.accounts import sight
from host_tools.host.accounts.kept import Kept
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from locker.contract import commands

REPLACED = "replaced"  # of an order that is no more
LAST = 50  # orders that are listed unless more are asked for

WHAT = {
    commands.REISSUE: "new code",
    commands.ARM_RECALL: "recall code",
    commands.ARM_SERVICE: "service code",
    commands.DISARM: "no code of staff",
    commands.SET_OUT: "out of service",
    commands.SET_PATIENCE: "patience",
    commands.BEGIN_EPOCH: "new epoch",
    commands.ANSWER_BELL: "answer to call",
    commands.ADOPT: "adopt a parcel",
    commands.SETTLE: "settle a door",
    commands.TURN_TICKETS: "new ticket key",
}

#: Those whose argument says which, or how much.
_COUNTED = (commands.SET_PATIENCE, commands.ANSWER_BELL)


class Logged(NamedTuple):
    """One order. Times in ms since 1970, UTC."""

    # In its cabinet's log, as events name it; None until the cabinet is told for the first time.
    number: int | None
    site: str
    cabinet: int
    door: int  # 0: the cabinet
    what: str
    state: str  # waiting, done or impossible
    queued_ms: int
    ended_ms: int | None


def listing(ledger: Ledger, state: str | None = None, last: int = LAST) -> list[Logged]:
    """The latest orders, the newest first; in one state, if it is given."""
    command, cabinet, site = tables.command, tables.cabinet, tables.site
    of_order = (command.c[name] for name in ("door", "kind", "a", "state", "queued_ms", "ended_ms"))
    columns = (
        command.c.cabinet.label("board"),
        command.c.number.label("order"),
        site.c.name,
        cabinet.c.number.label("cabinet"),
        *of_order,
    )
    wanted = (
        select(*columns)
        .select_from(command.join(cabinet).join(site))
        .order_by(command.c.sequence.desc())
        .limit(last)
    )
    if state is not None:
        wanted = wanted.where(command.c.state == state)
    with ledger.reading() as connection:
        kept = Kept(connection)
        seen = (sight.sees_site(connection, cabinet.c.site), command.c.sequence.not_in(kept.orders))
        rows = connection.execute(wanted.where(*seen)).all()
    return [
        Logged(
            None if row.order is None else row.order - kept.orders_before(row.board, row.order),
            row.name,
            row.cabinet,
            row.door,
            what(row.kind, row.a),
            row.state,
            row.queued_ms,
            row.ended_ms,
        )
        for row in rows
    ]


def what(kind: int, a: int) -> str:
    """What an order of that kind with that argument asks for, in words."""
    if kind == commands.SET_OUT and not a:
        return "back in service"
    words = WHAT.get(kind, f"kind {kind}")
    return f"{words} {a}" if kind in _COUNTED else words


class Newest(NamedTuple):
    """The order that was given last at a place: its number in the ledger, its kind and how it stands."""

    sequence: int
    kind: int
    state: str


def newest(ledger: Ledger, site: str, number: int, door: int) -> Newest | None:
    """The order that was given last for a door (0: the cabinet itself); None for none."""
    command, cabinet = tables.command, tables.cabinet
    here = (tables.site.c.name == normal(site)) & (cabinet.c.number == number) & (command.c.door == door)
    wanted = (
        select(command.c.sequence, command.c.kind, command.c.state)
        .select_from(command.join(cabinet).join(tables.site))
        .where(here)
    )
    with ledger.reading() as connection:
        row = connection.execute(wanted.order_by(command.c.sequence.desc()).limit(1)).first()
    return Newest(*row) if row else None


def state_of(ledger: Ledger, sequence: int) -> str:
    """How an order stands: waiting, done, impossible; REPLACED by another of which the cabinet was told
    instead.
    """
    with ledger.reading() as connection:
        wanted = select(tables.command.c.state).where(tables.command.c.sequence == sequence)
        return connection.scalar(wanted) or REPLACED
