"""Silent alarms that no dispatcher has taken are told again, by the dispatchers' own channel alone:
each minute for an hour, then each ten minutes, until somebody takes or closes them.

Where that channel has an address, it serves others of the same kind: the dispatchers on call are told one a
minute in their order, then all dispatchers and that address. Where it has none, as a file, it is one line.

Each look asks the ledger the same things in the same order, whatever was told and whether there is any silent
alarm; it writes nothing. What was told when is in memory: after a restart each is told once more.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, select

from host_tools.host.care import paging
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.lookups import letter_id
from host_tools.host.notify.dispatch import DURESS, door_of, kept_from, key_of, silent_id, silent_pickups
from host_tools.host.notify.log import when_fields
from host_tools.host.notify.notifier import Message
from host_tools.host.notify.routes import kind_of
from host_tools.host.notify.silent import ID_DIGITS_MIN, SHOWN_MS
from host_tools.host.notify.wording import DISPATCHERS, Facts, Where, notice
from host_tools.host.notify.wording.changed import texts_of
from host_tools.host.notify.wording.texts import Texts

AGAIN_MS, SLOWLY_MS = 60_000, 600_000
OFTEN_MS = 3_600_000  # how long it is told each minute
NOT_TAKEN = "not taken"  # the words where the channel has no addresses
PAGE = "page duress"  # those for people, which a locked screen may show

_ID_DIGITS = max(8, ID_DIGITS_MIN)
_account = tables.account.c


class _Watch(NamedTuple):
    """Who may be told of what, at a look."""

    on_call: Mapping[int, Sequence[int]]  # the dispatchers on call by site, in their order
    all: Mapping[int, Sequence[int]]  # all dispatchers of a site
    contacts: Mapping[int, str]
    kept: Mapping[int, set[tuple[int, int, int]]]  # the pickups that a dispatcher is not to hear of


class Insistence:
    """What was told again, and when. Times in ms since 1970."""

    def __init__(self, address: str = "") -> None:
        """`address` is that of dispatchers at their channel."""
        self._address = address
        self._told_ms: dict[tuple[int, int], int] = {}  # by door

    def look(self, ledger: Ledger, at_ms: int) -> dict[tuple[int, int], list[Message]]:
        """What is to be told again at that time, by door. Raises UserError where the ledger is away."""
        with ledger.reading() as connection:
            done = set(connection.scalars(select(tables.silent.c.id)))
            rows = silent_pickups(connection, at_ms - SHOWN_MS)
            watch = _watch(connection, at_ms)
        by_door: dict[tuple[int, int], list[Row]] = {}
        for row in rows:
            if row.told_ms is not None and silent_id(row) not in done:
                by_door.setdefault(door_of(row), []).append(row)
        self._told_ms = {door: told for door, told in self._told_ms.items() if door in by_door}
        texts = texts_of(ledger.data)
        return {
            door: self._messages(its, watch, texts, at_ms)
            for door, its in by_door.items()
            if self._is_due(door, its, at_ms)
        }

    def told(self, door: tuple[int, int], at_ms: int) -> None:
        """Something about a door has arrived at that time."""
        self._told_ms[door] = at_ms

    def _is_due(self, door: tuple[int, int], rows: Sequence[Row], at_ms: int) -> bool:
        newest_ms, oldest_ms = rows[0].told_ms, rows[-1].told_ms
        pause_ms = AGAIN_MS if at_ms - newest_ms < OFTEN_MS else SLOWLY_MS
        last_ms = self._told_ms.get(door)
        if last_ms is None:
            return at_ms - oldest_ms >= AGAIN_MS
        return not 0 <= at_ms - last_ms < pause_ms  # or the clock was put back

    def _messages(self, rows: Sequence[Row], watch: _Watch, texts: Texts, at_ms: int) -> list[Message]:
        """About the alarms of one door, the newest first; empty where nobody may be told."""
        newest, oldest = rows[0], rows[-1]
        turn = max(1, (at_ms - oldest.told_ms) // AGAIN_MS)
        name = silent_id(oldest)[:_ID_DIGITS]
        moment = Moment(oldest.earliest_ms, newest.latest_ms, newest.heard_ms)
        doors = sorted({row.door for row in rows})
        where = Where(newest.site, newest.at, doors[0], doors[-1])
        facts = Facts(number=name, take=f"ansim alarm take {name}")

        def made(kind: str, address: str, to: str = DISPATCHERS) -> Message:
            of_site = {"language": newest.language, "zone": newest.zone, "texts": texts}
            told = notice(DISPATCHERS, kind, where, moment, facts=facts, count=len(rows), **of_site)
            said = f"{DURESS} {turn} {address}"
            of_event = (newest.board_id, newest.incarnation, newest.number)
            its = (letter_id(*of_event, said), to, address, kind, told.text)
            return Message(*its, **when_fields(moment), title=told.title)

        kind = kind_of(self._address)
        if not kind:
            return [made(NOT_TAKEN, "")]
        keys = {key_of(row) for row in rows}

        def may(accounts: Sequence[int]) -> list[str]:
            """The contacts of those whom the channel serves and who may hear of it."""
            return [
                watch.contacts[one]
                for one in accounts
                if kind_of(watch.contacts[one]) == kind and not keys & watch.kept[one]
            ]

        in_turn = may(watch.on_call[newest.site_id])
        if turn <= len(in_turn):
            return [made(PAGE, in_turn[turn - 1])]
        everybody = [*in_turn, *may(watch.all[newest.site_id]), self._address]
        return [made(PAGE, address) for address in dict.fromkeys(everybody)]


def _watch(connection: Connection, at_ms: int) -> _Watch:
    sites = connection.scalars(select(tables.site.c.id).order_by(tables.site.c.id)).all()
    rows = connection.execute(select(_account.id, _account.contact)).all()
    everybody = {site: paging.dispatchers(connection, site) for site in sites}
    on_call = {site: paging.on_call(connection, site, at_ms) for site in sites}
    kept = {
        account: kept_from(connection, account, at_ms - SHOWN_MS)
        for account in sorted({one for its in everybody.values() for one in its})
    }
    in_order = {site: [one for one in on_call[site] if one in everybody[site]] for site in sites}
    return _Watch(in_order, everybody, {row.id: row.contact for row in rows}, kept)
