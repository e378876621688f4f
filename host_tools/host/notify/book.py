"""The deliveries of a ledger as one host moves them: letters get their way, are leased, come to their end,
or are passed on to the next contact.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, select, update

from host_tools.host.care import cases
from host_tools.host.care.kinds import CHANNEL_DOWN
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import insert_new
from host_tools.host.notify import statements
from host_tools.host.notify.deliveries import (
    FAILED,
    FREE,
    GIVEN_UP,
    IS_DUE,
    LEASED,
    NEXT_MS,
    OF_LETTERS,
    OPEN,
    PATIENCE_MS,
    PORTION,
    QUEUED,
    REASON_MAX,
    RESTS,
    Key,
    Outcome,
    Queue,
    Result,
    again_ms,
    change,
    channels_of,
    contact_at,
    flow_of,
    is_now,
    key_of,
    letters_of,
    rows_of,
)
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER, LATER, REFUSED, Receipt
from host_tools.host.notify.outbox import Contact, contacts_of
from host_tools.host.notify.over import IS_OVER
from host_tools.host.notify.routes import Routes
from host_tools.host.notify.site_settings import not_before
from host_tools.host.people.notices import TO_ALL

_TOO_LONG = "it was tried for a day"
_GONE = "this contact is not there any more"

_delivery, _outbox = tables.delivery.c, tables.outbox.c


class Book:
    """The deliveries of a ledger as one host moves them. `turns` is how far its queues have come."""

    def __init__(self, routes: Routes, lease: str) -> None:
        self._routes = routes
        self._lease = lease
        self.turns: dict[Queue, int] = {}

    # What comes in

    def route(self, connection: Connection, at_ms: int) -> Outcome:
        """Gives letters their way, those to staff first."""
        rows: list[Row] = []
        for staff in (True, False):
            rows += connection.execute(statements.UNROUTED[staff]).all()
        if not rows:
            return Outcome()
        contacts = contacts_of(connection, [row.resident for row in rows if row.resident is not None])
        begun, lost = [], []
        for row in rows:
            firsts = self._firsts(row, contacts)
            begun += [(row, *first) for first in firsts]
            if not firsts:
                lost.append(row)
        self._enqueue(connection, begun, at_ms)
        connection.execute(statements.ROUTED, [{"of": row.sequence} for row in rows])
        self._give_up(connection, [row.sequence for row in lost], at_ms)
        return Outcome(tuple(row.id for row in lost), len(rows) >= PORTION)

    def _firsts(self, row: Row, contacts: Mapping[int, Sequence[Contact]]) -> list[tuple[int, str]]:
        """The ranks and channels of the deliveries that a letter begins with: one, or one to each contact."""
        first = self._first(row, contacts)
        if first is None or row.kind not in TO_ALL or self._routes.takes_all:
            return [] if first is None else [first]
        ways = ((one.rank, self._routes.channel_for(one.address)) for one in contacts[row.resident])
        return [(rank, channel) for rank, channel in ways if channel]

    def _first(self, row: Row, contacts: Mapping[int, Sequence[Contact]]) -> tuple[int, str] | None:
        """The rank and channel of a letter's first delivery."""
        if row.resident is None:
            return 0, self._routes.staff.channel
        if self._routes.takes_all and not contacts[row.resident]:
            return 0, self._routes.channel_for("")
        return self._next(contacts[row.resident], 0)

    def _next(self, contacts: Sequence[Contact], behind: int) -> tuple[int, str] | None:
        for contact in contacts:
            channel = self._routes.channel_for(contact.address)
            if contact.rank > behind and channel:
                return contact.rank, channel
        return None

    def _enqueue(self, connection: Connection, begun: Sequence[tuple[Row, int, str]], at_ms: int) -> None:
        queues: dict[Queue, list[tuple[Row, int, str]]] = {}
        for row, rank, channel in begun:
            queues.setdefault(Queue(channel, row.resident is None), []).append((row, rank, flow_of(row)))
        made = []
        for queue, its in queues.items():
            turns = self._last_turns(connection, queue, {flow for _, _, flow in its})
            for row, rank, flow in its:
                # What can wait does so in the quiet hours of its site.
                what = (row.kind, row.cabinet, at_ms, row.too_late_ms)
                next_ms = at_ms if queue.to_staff else not_before(connection, *what)
                if next_ms <= at_ms:
                    turns[flow] = turns[flow] + 1 if flow in turns else self._turn(connection, queue)
                told = {"letter": row.sequence, "rank": rank, "flow": flow, "next_ms": next_ms}
                told["turn"] = turns[flow] if next_ms <= at_ms else None
                made.append({**told, **queue._asdict(), "state": QUEUED, "since_ms": next_ms})
        if made:
            connection.execute(insert_new(connection.dialect.name, tables.delivery), made)

    def _last_turns(self, connection: Connection, queue: Queue, flows: set[str]) -> dict[str, int]:
        listed, last = sorted(flows), {}
        for first in range(0, len(listed), 500):
            some = {"queue": queue.channel, "flows": listed[first : first + 500]}
            last |= dict(connection.execute(statements.LAST_TURNS[queue.to_staff], some).all())
        return last

    def _turn(self, connection: Connection, queue: Queue) -> int:
        """The turn that a queue is at."""
        if queue not in self.turns:
            its = {"queue": queue.channel}
            self.turns[queue] = connection.scalar(statements.FIRST_TURN[queue.to_staff], its) or 0
        return self.turns[queue]

    # What goes out

    def due(self, connection: Connection, queue: Queue, limit: int, at_ms: int) -> Sequence[Row]:
        """Those of a queue that are due, in their turn, after those that rest have been woken."""
        its = {"queue": queue.channel}
        resting = connection.execute(statements.RESTING[queue.to_staff], its | {"now": at_ms})
        woken = [{"of": row.letter, "at": row.rank} for row in resting]
        if woken:
            turn = self._turn(connection, queue)
            change(connection, [one | {"turn": turn} for one in woken])
        return connection.execute(statements.DUE[queue.to_staff], its | {"most": limit}).all()

    def lease(self, connection: Connection, queue: Queue, rows: Sequence[Row], until_ms: int) -> None:
        """Has this host alone hand them over, until then (ms since 1970)."""
        if rows:
            self.turns[queue] = max(self._turn(connection, queue), *(row.turn for row in rows))
            leased = {"by": self._lease, "until": until_ms}
            connection.execute(
                statements.LEASE, [{"of": row.letter, "at": row.rank} | leased for row in rows]
            )

    def lead(self, connection: Connection, rows: Sequence[Row]) -> None:
        """One message tells of all of them, also when it is repeated."""
        change(connection, [{"of": row.letter, "at": row.rank, "lead": rows[0].letter} for row in rows])

    def move(self, connection: Connection, row: Row, channel: str, at_ms: int) -> None:
        """Its contact has another channel now, or none at that time (ms since 1970)."""
        if channel:
            change(connection, [{"of": row.letter, "at": row.rank, "channel": channel}])
            return
        gone = Result(Key(row.letter, row.rank), False, Receipt(REFUSED, reason=_GONE))
        self.note(connection, [gone], at_ms)

    def drop(self, connection: Connection, row: Row, at_ms: int) -> None:
        """What it says is over at that time (ms since 1970): nobody is sent it any more."""
        result = Result(Key(row.letter, row.rank), False, Receipt(REFUSED, reason=IS_OVER))
        change(connection, [_ended(result, GIVEN_UP, at_ms)])
        connection.execute(statements.DROP, {"of": row.letter, "ms": at_ms})

    def rest(self, connection: Connection, rows: Sequence[Row], until_ms: int) -> None:
        """They are not due before then (ms since 1970)."""
        later = {"turn": None, "next_ms": until_ms}
        change(connection, [{"of": row.letter, "at": row.rank} | later for row in rows])

    def expire(self, connection: Connection, at_ms: int) -> int:
        """Takes back the leases of hosts that have died; how many."""
        return connection.execute(statements.EXPIRE, {"now": at_ms}).rowcount

    def take_back(self, connection: Connection, *, everyone: bool) -> int:
        """Takes back this host's own leases of an earlier run, or those of `everyone` where it is alone;
        how many.
        """
        its = is_now(LEASED) if everyone else is_now(LEASED) & (_delivery.lease == self._lease)
        return connection.execute(update(tables.delivery).where(its).values(**FREE)).rowcount

    def take_back_but(self, connection: Connection, held: Set[Key]) -> None:
        """Takes back what this host has leased and does not hold: the note of the lease was lost, and nothing
        was handed over.
        """
        its = is_now(LEASED) & (_delivery.lease == self._lease)
        leased = {
            Key(*row) for row in connection.execute(select(_delivery.letter, _delivery.rank).where(its))
        }
        change(connection, [{**key_of(key), "state": QUEUED} for key in sorted(leased - held)])

    # What became of it

    def note(self, connection: Connection, results: Sequence[Result], at_ms: int) -> Outcome:
        """Notes what became of attempts; the next contact follows one that has refused for good."""
        rows = rows_of(connection, [result.key for result in results])
        known = [(result, rows[result.key]) for result in results if result.key in rows]
        taken = [(r, row) for r, row in known if r.receipt.state in (HANDED_OVER, DELIVERED)]
        refused = [(r, row) for r, row in known if r.receipt.state == REFUSED and row.state in OPEN]
        later = [(r, row) for r, row in known if r.receipt.state == LATER and row.state in OPEN]
        had = _had(connection, [r.key.letter for r, _ in later])
        change(
            connection,
            [
                _ended(_because(r, statements.ANOTHER), GIVEN_UP, at_ms)
                for r, _ in later
                if r.key.letter in had
            ],
        )
        later = [(r, row) for r, row in later if r.key.letter not in had]
        self._note_taken(connection, taken, at_ms)
        change(connection, [_ended(r, FAILED, at_ms) for r, _ in refused])
        tired = [(r, row) for r, row in later if at_ms - row.since_ms >= PATIENCE_MS]
        change(connection, [_ended(r, GIVEN_UP, at_ms) for r, _ in tired])
        ended = {r.key for r, _ in tired}
        change(connection, [_resting(r, row, at_ms) for r, row in later if r.key not in ended])
        looks = [row for result, row in taken if not result.whole]
        ended = [row for _, row in (*refused, *tired)]
        return Outcome(self._pass_on(connection, [*ended, *looks], at_ms, looks))

    def _note_taken(self, connection: Connection, taken: Sequence[tuple[Result, Row]], at_ms: int) -> None:
        changes = []
        for result, _ in taken:
            is_end = result.receipt.state == DELIVERED
            told = {"state": result.receipt.state, "handed_ms": at_ms, "ended_ms": at_ms if is_end else None}
            told |= {"reference": result.receipt.reference[:REASON_MAX], "reason": "", "whole": result.whole}
            changes.append({**key_of(result.key), **told})
        change(connection, changes)
        whole = [{"of": result.key.letter, "ms": at_ms} for result, _ in taken if result.whole]
        if not whole:
            return
        connection.execute(statements.SENT, whole)
        arrived = [
            {"of": r.key.letter, "ms": at_ms} for r, _ in taken if r.receipt.state == DELIVERED and r.whole
        ]
        if arrived:
            connection.execute(statements.ARRIVED, arrived)
        connection.execute(statements.OTHERS, whole)

    def look_after(self, connection: Connection, at_ms: int) -> Outcome:
        """Passes letters on that were not handed over in 10 min, or have failed since,
        and gives contacts up that were tried for a day.
        """
        rows = list(connection.execute(statements.SLOW, {"next": at_ms - NEXT_MS}).all())
        tired = connection.execute(statements.OLD, {"patience": at_ms - PATIENCE_MS}).all()
        results = [
            Result(Key(row.letter, row.rank), False, Receipt(REFUSED, reason=_TOO_LONG)) for row in tired
        ]
        change(connection, [_ended(result, GIVEN_UP, at_ms) for result in results])
        return Outcome(self._pass_on(connection, [*rows, *tired], at_ms), PORTION in (len(rows), len(tired)))

    def _pass_on(
        self, connection: Connection, rows: Sequence[Row], at_ms: int, looks: Sequence[Row] = ()
    ) -> tuple[str, ...]:
        """The next contacts of letters, as far as there are any; the ids of those that are given up.

        `looks` are those of a contact that has only heard of a letter: it is passed on where nobody else is
        tried any more.
        """
        if not rows:
            return ()
        change(connection, [{"of": row.letter, "at": row.rank, "passed": True} for row in rows])
        ways: dict[int, list[Row]] = {}
        numbers = sorted({row.letter for row in rows})
        for first in range(0, len(numbers), 500):
            some = {"letters": numbers[first : first + 500]}
            for row in connection.execute(OF_LETTERS, some):
                ways.setdefault(row.letter, []).append(row)
        told = letters_of(connection, numbers)
        contacts = contacts_of(
            connection, [row.resident for row in told.values() if row.resident is not None]
        )
        begun, lost = [], []
        heard = {row.letter for row in looks}
        for number, its in ways.items():
            if any(way.whole and way.state in (HANDED_OVER, DELIVERED) for way in its):
                continue
            if number in heard and any(way.state in OPEN for way in its):
                continue
            row = told[number]
            after = max(way.rank for way in its)
            following = None if row.resident is None else self._next(contacts[row.resident], after)
            if following is not None and not self._routes.takes_all:
                begun.append((row, *following))
            elif not any(way.state in OPEN for way in its):
                lost.append(row)
        self._enqueue(connection, begun, at_ms)
        self._give_up(connection, [row.sequence for row in lost], at_ms)
        if any(row.resident is None for row in lost):
            # The pages about alarms go by other ways (pager.py); that staff are not told is a case by itself.
            cases.open_case(connection, CHANNEL_DOWN, key=self._routes.staff.channel, at_ms=at_ms)
        return tuple(row.id for row in lost)

    def _give_up(self, connection: Connection, letters: Sequence[int], at_ms: int) -> None:
        if letters:
            connection.execute(statements.GIVE_UP, [{"of": letter, "ms": at_ms} for letter in letters])

    # Where channels were changed

    def rehome(self, connection: Connection, at_ms: int) -> Outcome:
        """Moves deliveries of channels that are not there any more to the one that their contact has now."""
        rows: list[Row] = []
        for which in (IS_DUE, RESTS):
            for name in channels_of(connection, which):
                if name not in self._routes.kinds and len(rows) < PORTION:
                    its = select(tables.delivery).where(which, _delivery.channel == name)
                    rows += connection.execute(its.limit(PORTION - len(rows))).all()
        if not rows:
            return Outcome()
        told = letters_of(connection, [row.letter for row in rows])
        contacts = contacts_of(
            connection, [one.resident for one in told.values() if one.resident is not None]
        )
        results = []
        for row in rows:
            resident = told[row.letter].resident
            channel = (
                self._routes.staff.channel
                if resident is None
                else self._channel_at(contacts[resident], row.rank)
            )
            if channel:
                change(connection, [{"of": row.letter, "at": row.rank, "channel": channel}])
            else:
                results.append(Result(Key(row.letter, row.rank), False, Receipt(REFUSED, reason=_GONE)))
        return self.note(connection, results, at_ms)._replace(more=len(rows) == PORTION)

    def _channel_at(self, contacts: Sequence[Contact], rank: int) -> str:
        contact = contact_at(contacts, rank, self._routes)
        return "" if contact is None else self._routes.channel_for(contact.address)


def _had(connection: Connection, letters: Sequence[int]) -> set[int]:
    """Those letters that a contact has, whole, and nobody else needs."""
    found: set[int] = set()
    listed = sorted(set(letters))
    for first in range(0, len(listed), 500):
        found |= set(connection.scalars(statements.HAD, {"letters": listed[first : first + 500]}))
    return found


def _because(result: Result, reason: str) -> Result:
    return result._replace(receipt=result.receipt._replace(reason=reason))


def _ended(result: Result, state: str, at_ms: int) -> dict[str, Any]:
    told = {"state": state, "ended_ms": at_ms, "reason": result.receipt.reason[:REASON_MAX], "passed": True}
    return {**key_of(result.key), **told}


def _resting(result: Result, row: Row, at_ms: int) -> dict[str, Any]:
    attempts = row.attempts + 1
    if result.pause_ms is None:
        rest_ms = max(again_ms(attempts), int(result.receipt.after_s * 1000))
    else:
        rest_ms = max(result.pause_ms, again_ms(attempts - 1) if attempts > 1 else 0)
    told = {"state": QUEUED, "turn": None, "next_ms": at_ms + rest_ms, "attempts": attempts}
    return {**key_of(result.key), **told, "reason": result.receipt.reason[:REASON_MAX]}
