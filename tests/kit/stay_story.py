"""Thirty days at three cabinets in virtual time: outages, late events, stuck doors, a post that fails.

The world knows what truly happens; the host hears of it what its links let through.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from host_tools.errors import UserError
from host_tools.host.connections.presence import LinkChange, Presence
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place
from host_tools.host.notify import untold
from host_tools.host.stays import acts
from host_tools.host.stays import policy as policies
from host_tools.host.stays.policy import Policy
from host_tools.host.stays.standing import STAYS, Standing, standings
from host_tools.host.stays.watch import heard_now
from locker.contract import records
from tests.kit import second_opinion
from tests.kit.second_opinion import Terms, Truth, minutes, total
from tests.kit.stay_site import MINUTE_MS, START_MS, StaySite

DAYS = 30
STEP = 240  # minutes from one look of the server to the next
CABINETS, DOORS = 3, 8
FIRST = ("deposited", "used label", "new code")
STAGES = ("reminder", "last reminder", "overdue", "recalled")
_BOARD_SAYS_AGAIN = 62  # minutes: a lost part is told once an hour

Interval = tuple[int, int]


class Plan(NamedTuple):
    """What goes wrong; times in minutes."""

    seed: int
    links: list[tuple[int, Interval]]  # by cabinet
    hosts: list[Interval]
    posts: list[Interval]
    doors: list[tuple[int, int, bool, Interval]]  # cabinet, door, out of service (else jammed)
    lost: list[tuple[int, Interval]]  # the first four doors of a cabinet
    pauses: list[Interval]
    policies: list[tuple[int, int, int]]  # when, free hours, fee


@dataclass
class Parcel:
    """One deposit, as it truly was."""

    cabinet: int
    door: int
    counter: int
    resident: str
    deposited: int
    serial: int
    told: int | None = None
    ended: int | None = None
    patience: int | None = None  # she collects so long after she was told; None: never
    extends: int | None = None  # and asks for more time then
    extended: list[int] = field(default_factory=list)


class Letter(NamedTuple):
    """A letter of a stay, as it was queued."""

    kind: str
    parcel: Parcel
    at: int


class Story:
    """Plays a plan; `judge` compares what was told with the second opinion."""

    def __init__(
        self, ledger: Ledger, plan: Plan, *, days: int = DAYS, residents: int = 200, deposits: int = 80
    ) -> None:
        self.ledger, self.plan, self.random = ledger, plan, Random(plan.seed)
        self._steps = days * 24 * 60 // STEP
        self._residents = residents
        self.site = StaySite(ledger, CABINETS)
        self.parcels: list[Parcel] = []
        self.letters: list[Letter] = []
        self.probes: list[tuple[int, Parcel, int]] = []  # when, of which, the fee
        self.heard: set[tuple[int, int]] = set()  # cabinet and step: its link is up and all is told
        self._queued = 0
        self._looked = 0
        self._known: dict[tuple[int, bool], int] = {}
        self._is_up = False
        self._dealt = sorted(self.random.randrange(STEP, (days - 3) * 1440) for _ in range(deposits))
        for number in range(residents):
            self.site.resident(f"R{number}", "" if number % 25 == 0 else "her@example.org")
        self._down = {
            "links": [total([span for c, span in plan.links if c == cabinet]) for cabinet in range(CABINETS)],
            "hosts": total(plan.hosts),
            "posts": total(plan.posts),
        }

    def play(self) -> None:
        """The thirty days."""
        for step in range(self._steps):
            now = step * STEP
            self._happen(now - STEP, now)
            self._change(now - STEP, now)
            if self._down["hosts"] >> now & 1:
                self._is_up = False
                continue
            self._serve(step, now)

    # What truly happens

    def _happen(self, since: int, until: int) -> None:
        """All that happens at the cabinets in these minutes, in its order."""
        told: list[tuple[int, int, int, tuple]] = []
        for cabinet, door, is_out, (begins, ends) in self.plan.doors:
            if since < begins <= until:
                kind = records.OUT_OF_SERVICE if is_out else records.DOOR_JAMMED
                told.append((begins, 0, cabinet, (kind, door, 1, 0)))
            if since < ends <= until:
                kind = records.OUT_OF_SERVICE if is_out else records.DOOR_OPENED
                told.append((ends, 0, cabinet, (kind, door, 0, 0)))
        for cabinet, (begins, ends) in self.plan.lost:
            told += [
                (at, 0, cabinet, (records.LEVEL_LOST, 0, 0x20, 0b1111))
                for at in range(begins, ends, 60)
                if since < at <= until
            ]
        while self._dealt and self._dealt[0] <= until:
            told.append((self._dealt.pop(0), 1, -1, ()))
        for parcel in self.parcels:
            if parcel.ended is None and parcel.told is not None and parcel.patience is not None:
                wants = parcel.told + parcel.patience
                at = next(
                    (at for at in range(max(wants, since + 1), until + 1, 7) if self._opens(parcel, at)), None
                )
                if at is not None:
                    parcel.ended = at
                    told.append((at, 2, parcel.cabinet, (parcel,)))
        for at, order, cabinet, what in sorted(told, key=lambda one: one[:3]):
            if order == 0:
                self.site.cabins[cabinet].add(_ms(at), *what)
            elif order == 1:
                self._deposit(at)
            else:
                self.site.cabins[cabinet].collect(_ms(at), what[0].door, what[0].serial)

    def _opens(self, parcel: Parcel, at: int) -> bool:
        return not self._stopped(parcel.cabinet, parcel.door) >> at & 1

    def _stopped(self, cabinet: int, door: int, wider: int = 0) -> int:
        spans = [span for c, d, _, span in self.plan.doors if (c, d) == (cabinet, door)]
        lost = [span for c, span in self.plan.lost if c == cabinet and door <= 4]
        return total(spans) | total(lost, wider=wider)

    def _deposit(self, at: int) -> None:
        taken = {(one.cabinet, one.door) for one in self.parcels if one.ended is None or one.ended >= at}
        free = [
            (cabinet, door)
            for cabinet in range(CABINETS)
            for door in range(1, DOORS + 1)
            if (cabinet, door) not in taken and not self._stopped(cabinet, door) >> at & 1
        ]
        if not free:
            return
        cabinet, door = self.random.choice(free)
        name = f"R{self.random.randrange(self._residents)}"
        serial = self.site.serial(name)
        counter = self.site.cabins[cabinet].deposit(_ms(at), door, serial)
        parcel = Parcel(cabinet, door, counter, name, at, serial)
        parcel.patience = self.random.choice((None, 30, 600, 1500, 2900, 3500, 5000))
        parcel.extends = self.random.choice((None, None, 1000, 3000))
        self.parcels.append(parcel)

    def _change(self, since: int, until: int) -> None:
        """What people at the host do, whether its server runs or not."""
        for begins, ends in self.plan.pauses:
            if since < begins <= until:
                acts.pause(self.ledger, "mapo-3", "storm", at_ms=_ms(until))
            if since < ends <= until:
                acts.resume(self.ledger, "mapo-3", at_ms=_ms(until))
        for at, free_h, fee in self.plan.policies:
            if since < at <= until:
                made = Policy(free_h=free_h, recall_h=free_h + 24, fee=fee, fee_max=3 * fee)
                with self.ledger.writing() as connection:
                    policies.put(connection, 1, made, _ms(at))
        for parcel in self.parcels:
            if parcel.extends is None or parcel.told is None or parcel.ended is not None:
                continue
            if since < parcel.told + parcel.extends <= until:
                place = Place("mapo-3", parcel.cabinet + 1, parcel.door)
                with contextlib.suppress(UserError):  # the host may not know of the parcel yet
                    acts.extend(self.ledger, place, at_ms=_ms(until))
                    parcel.extended.append(until)

    # What the host does

    def _serve(self, step: int, now: int) -> None:
        if not self._is_up:  # it was killed: another one begins
            self.site.presence = Presence(self.ledger, is_alone=True)
            for cabin in self.site.cabins:
                cabin.is_up = False
            self._is_up = True
        changes: dict[int, LinkChange] = {}
        for number, cabin in enumerate(self.site.cabins):
            is_up = not self._down["links"][number] >> now & 1
            if is_up != cabin.is_up or not step:
                changes[cabin.id] = LinkChange(is_up, _ms(now))
            cabin.is_up = is_up
        self.site.presence.beat(_ms(now), changes)
        for number, cabin in enumerate(self.site.cabins):
            if cabin.is_up:
                self.site.hear(_ms(now), cabin, at_most=self.random.choice((4, 40, 40)))
                if cabin.told == len(cabin.journal.events):
                    self.heard.add((number, step))
        self.site.sweep(_ms(now), STEP * MINUTE_MS + 1)
        self._read(now)
        untold.look(self.ledger, _ms(now))
        self._looked = now
        if not self._down["posts"] >> now & 1:
            self._post(now)
        if step % 20 == 19:
            self._probe(step, now)

    def _rows(self) -> Iterator[tuple]:
        outbox, people = tables.outbox, tables.resident
        wanted = outbox.select().add_columns(people.c.contact).join(people)
        with self.ledger.reading() as connection:
            rows = connection.execute(
                wanted.where(outbox.c.sent_ms.is_(None)).order_by(outbox.c.sequence)
            ).all()
        for row in rows:
            its = (row.cabinet - 1, row.door, row.counter)
            yield row, next(one for one in self.parcels if (one.cabinet, one.door, one.counter) == its)

    def _read(self, now: int) -> None:
        """Which letters of stays were written since the look before."""
        for row, parcel in self._rows():
            if row.sequence > self._queued and row.kind in STAGES:
                assert row.queued_ms == _ms(now)
                self.letters.append(Letter(row.kind, parcel, now))
            self._queued = max(self._queued, row.sequence)

    def _post(self, now: int) -> None:
        sent = []
        for row, parcel in self._rows():
            if row.contact:
                sent.append(row.id)
                if row.kind in FIRST and parcel.told is None:
                    parcel.told = now
        with self.ledger.writing() as connection:
            its = tables.outbox.c.id.in_(sent)
            connection.execute(tables.outbox.update().where(its).values(sent_ms=_ms(now)))

    def _probe(self, step: int, now: int) -> None:
        owed = {
            (one.row.cabinet - 1, one.row.door, one.row.counter): one.stay.fee for one in self._standings(now)
        }
        for parcel in self.parcels:
            if parcel.ended is None and (parcel.cabinet, step) in self.heard:
                self.probes.append((now, parcel, owed[parcel.cabinet, parcel.door, parcel.counter]))

    def _standings(self, now: int) -> list[Standing]:
        with self.ledger.reading() as connection:
            rows = connection.execute(STAYS.where(tables.parcel.c.state == "waiting")).all()
            return standings(connection, rows, heard_now(connection, _ms(now)))

    # What it should have done

    def judge(self) -> None:
        """Raises AssertionError where the host told what the second opinion does not, or kept silent."""
        for letter in self.letters:
            self._judge_letter(letter)
        for parcel in self.parcels:
            self._judge_silence(parcel)
            self._judge_told(parcel)
        for now, parcel, fee in self.probes:
            terms, truth = self._terms(parcel), self._truth(parcel)
            most = second_opinion.fee(terms, truth, now + 1, at_most=True)
            least = second_opinion.fee(terms, truth, now - STEP, at_most=False)
            assert least <= fee <= most, f"{fee} is owed for {parcel} at {now}, and not {least} to {most}"

    def _judge_letter(self, letter: Letter) -> None:
        kind, parcel, at = letter
        terms, truth = self._terms(parcel), self._truth(parcel)
        same = [one for one in self.letters if one.kind == kind and one.parcel is parcel]
        assert len(same) <= 1 + len(parcel.extended), f"told more than once: {letter}"
        assert parcel.ended is None or parcel.ended > at, f"told after she had collected: {letter}"
        assert (parcel.cabinet, at // STEP) in self.heard, f"told while nobody heard the cabinet: {letter}"
        run = second_opinion.ran(truth, at, at_most=True) + 1
        assert run >= second_opinion.due(terms, truth, kind, at), f"too early, after {run} min: {letter}"

    def _judge_silence(self, parcel: Parcel) -> None:
        """Where the clock has surely run so long, and her cabinet was heard for a while, she was told."""
        terms, truth = self._terms(parcel), self._truth(parcel)
        for step in range(parcel.deposited // STEP + 4, self._steps - 2):
            now = step * STEP
            if not all((parcel.cabinet, near) in self.heard for near in range(step - 2, step + 2)):
                continue
            if parcel.ended is not None and parcel.ended <= now + STEP:
                break
            run = second_opinion.ran(truth, now, at_most=False)
            for place, kind in enumerate(STAGES):
                if run > second_opinion.due(terms, truth, kind, now + STEP) + 1:
                    told = {one.kind for one in self.letters if one.parcel is parcel and one.at <= now + STEP}
                    assert told & set(STAGES[place:]), f"no {kind} by {now + STEP}: {parcel}"

    def _judge_told(self, parcel: Parcel) -> None:
        if parcel.told is not None:
            return
        queued = [row.queued_ms for row, one in self._rows() if one is parcel and row.kind in FIRST]
        with self.ledger.reading() as connection:
            cases = connection.execute(tables.case.select()).all()
        here = {one.kind for one in cases if (one.cabinet, one.door) == (parcel.cabinet + 1, parcel.door)}
        is_heard = any(
            (parcel.cabinet, step) in self.heard for step in range(parcel.deposited // STEP + 1, self._steps)
        )
        is_new = any(ms > _ms(self._looked) - untold.CASE_MS for ms in queued)
        assert not is_heard or is_new or here & {"no contact", "untold"}, f"not told: {parcel}"

    def _terms(self, parcel: Parcel) -> Terms:
        known = [one for one in sorted(self.plan.policies) if one[0] <= parcel.deposited]
        _, free_h, fee = known[-1] if known else (0, 48, 0)
        recall = free_h + 24
        return Terms(free_h * 60, 24 * 60, 4 * 60, recall * 60, fee, 3 * fee)

    def _truth(self, parcel: Parcel) -> Truth:
        stopped = self._stopped(parcel.cabinet, parcel.door)
        at_most = self._stopped(parcel.cabinet, parcel.door, _BOARD_SAYS_AGAIN)
        paused = total([(-(-a // STEP) * STEP, -(-b // STEP) * STEP) for a, b in self.plan.pauses])
        away = self._away(parcel.cabinet, heard_only=False)
        away_at_most = self._away(parcel.cabinet, heard_only=True)
        of_parcel = (parcel.deposited, parcel.told, parcel.ended)
        extended = (tuple(parcel.extended), 24 * 60)
        return Truth(*of_parcel, stopped | paused, at_most | paused, away, away_at_most, *extended)

    def _away(self, cabinet: int, *, heard_only: bool) -> int:
        known = self._known.get((cabinet, heard_only))
        if known is None:
            known = self._known[cabinet, heard_only] = self._not_heard(cabinet, heard_only=heard_only)
        return known

    def _not_heard(self, cabinet: int, *, heard_only: bool) -> int:
        """The minutes behind each look that had no link; or behind those near one that did not hear all."""
        found = 0
        for step in range(self._steps):
            now = step * STEP
            is_down = (self._down["links"][cabinet] | self._down["hosts"]) >> now & 1
            if heard_only:
                is_down = not all((cabinet, near) in self.heard for near in (step - 1, step, step + 1))
            if is_down:
                found |= minutes(now, now + STEP)
        return found


def _ms(at: int) -> int:
    return START_MS + at * MINUTE_MS
