"""What somebody who is no dispatcher looks up at a site, and a visit's own numbers in it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select

from host_tools.host.care import cases
from host_tools.host.fleet import events
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place
from host_tools.host.parcels import parcels

SITE = "mapo-3"
EVENTS_MAX = 100_000
START_NS = 1_800_000_000_000_000_000

#: Tables that dispatchers alone may look into.
DISPATCHERS_OWN = {"silent"}
#: Tables that the server's rounds write, for all parcels that wait then: looked up at the end.
OF_ROUNDS = {"stay"}
#: Looks whose answer depends on when such a round comes, so that two visits of a pair may differ by luck.
BY_LUCK = {"stays"}


def _rows(ledger: Ledger) -> dict[str, float]:
    """How many rows each table has, and its greatest numbers."""
    with ledger.reading() as connection:
        rows = connection.exec_driver_sql(_ROWS).all()
    return {f"{name}.{column}": value or 0 for name, column, value in rows}


def _cases(ledger: Ledger) -> list[dict[str, Any]]:
    """What `ansim case list` shows."""
    with ledger.reading() as connection:
        return [dict(row._mapping) for row in cases.listing(connection)]


def _stays(ledger: Ledger) -> list[dict[str, Any]]:
    """How many rows of its stay each parcel has."""
    parcel, stay = tables.parcel.c, tables.stay.c
    wanted = select(parcel.serial, func.count().label("rows")).where(stay.parcel == parcel.id)
    with ledger.reading() as connection:
        return [row._asdict() for row in connection.execute(wanted.group_by(parcel.serial))]


def _counts(table: Table) -> bool:
    """Whether its key is a number that the ledger counts."""
    return len(table.primary_key) == 1 and all(one.type.python_type is int for one in table.primary_key)


_ROWS = " UNION ALL ".join(
    f"SELECT '{table.name}', '{name}', {value} FROM {table.name}"
    for table in tables.metadata.sorted_tables
    if table.name not in DISPATCHERS_OWN | OF_ROUNDS
    for name, value in [
        ("rows", "count(*)"),
        # A key of several columns counts what a board has counted.
        *((key.name, f"max({key.name})") for (key,) in [tuple(table.primary_key)[:1]] if _counts(table)),
    ]
)


#: What somebody looks up after each visit; what is new since the visit before is seen of it.
#: A channel of observation is a row here: a function of the ledger that gives a list of dicts, or figures.
LOOKS: dict[str, Callable[[Ledger], list[dict[str, Any]] | dict[str, float]]] = {
    "cabinet list": lambda ledger: {
        name: value
        for one in parcels.cabinets(ledger)
        for name, value in one._asdict().items()
        if isinstance(value, int) and name != "seen_ms"
    },
    "case list": _cases,
    "rows": _rows,
}
#: What is looked up once, at the end: a list of dicts, each with the `serial` of a visit's ticket or the
#: `number` of one of its events.
LAST_LOOKS: dict[str, Callable[[Ledger], list[dict[str, Any]]]] = {
    "events": lambda ledger: [one._asdict() for one in events.listing(ledger, Place(SITE, 1), EVENTS_MAX)],
    "stays": _stays,
    "parcel list": lambda ledger: [one._asdict() for one in parcels.listing(ledger)],
}


_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


class Names:
    """What a visit has to itself: door, code, numbers and time."""

    def __init__(self, door: int, first: int, began_ms: int) -> None:
        self._door = door
        self._own = dict.fromkeys(("serial", "counter", "deposited_ms"), "its own")
        self.first = first
        self._began_ms = began_ms

    def plain(self, value: Any, name: str = "") -> Any:
        """The same with these replaced."""
        if isinstance(value, dict):
            return {key: self.plain(one, key) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(one) for one in value]
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._number(value, name)
        return value

    def _number(self, value: int, name: str) -> Any:
        if name == "door":
            return "the door" if value == self._door else value
        if name == "number":
            return value - self.first
        if name in self._own:
            return self._own[name]
        return value - self._began_ms if value > START_NS // 2_000_000 else value

    def _text(self, value: str, name: str) -> str:
        if name == "id":
            return "the id"
        value = _INSTANT.sub(lambda found: f"+{self._ms(found.group())} ms", value)
        value = re.sub(r"\d{4} \d{4} · extra \d{4}", "the code", value)
        value = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC, heard \d\d:\d\d", "then", value)
        return re.sub(rf"\b([Dd])oor {self._door:02}\b", r"the \1oor", value)

    def _ms(self, instant: str) -> int:
        return round(datetime.fromisoformat(instant).timestamp() * 1000) - self._began_ms
