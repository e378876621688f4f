"""One door: a latch, a spring, a leaf that swings, and what lies behind it."""

import random
from collections.abc import Callable

from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.wires import Switch
from host_tools.simulator.clock import Clock, Event
from host_tools.simulator.trace import Trace

SHUT = 0.0
AJAR = 0.12  # where the spring pushes the leaf
WIDE = 1.0
_PLACES = {"shut": SHUT, "ajar": AJAR, "open": WIDE}
_CONTACT_AT = 0.03  # the contact changes where the leaf is this far open
_BLOCKED_AT = 0.25  # how far a leaf closes on a thing in its way
_SPRING_US = 90_000
_SWING_US = 700_000  # from shut to wide, by hand
_REBOUND_TO = 0.05
_REBOUND_US = 25_000
_REBOUND_CHANCE = 0.25
_PUSH_US = 3_000_000  # how long a person leans on a door


class Door:
    """The mechanics of one compartment.

    The latch lets go while the plunger of the coil is drawn; then the spring pushes the leaf ajar. A leaf
    that comes home latches by itself. A *blocked* door does not move from where it is: when shut, its latch
    is wedged and only a push on the leaf frees it; when open, something is in the way of closing.
    """

    def __init__(
        self,
        number: int,
        contact: BouncingSwitch,
        conducts_shut: bool,
        clock: Clock,
        trace: Trace,
        rng: random.Random,
    ) -> None:
        self.number = number
        self._contact = contact
        self._conducts_shut = conducts_shut
        self._clock = clock
        self._trace = trace
        self._rng = rng
        self.latched = True
        self.blocked = False
        self.parcel = False
        self.hand_inside = False
        self.stiff_ms = 0  # how long the leaf sticks to its seal when the latch has let go
        self._plunger = False
        self._pushed_until_us = -1
        self._from = self._to = SHUT
        self._start_us = self._end_us = 0
        self._pending: list[Event] = []
        self.on_inside: list[Callable[[bool], object]] = []
        contact.put(conducts_shut)

    @property
    def position(self) -> float:
        """How far open the leaf is now: 0 shut, 1 wide."""
        now = self._clock.now_us()
        if now >= self._end_us:
            return self._to
        return self._from + (self._to - self._from) * (now - self._start_us) / (self._end_us - self._start_us)

    @property
    def place(self) -> str:
        """Where the leaf is in a word: "shut", "ajar" or "open"."""
        position = self.position
        return "shut" if position < _CONTACT_AT else "ajar" if position <= AJAR + 0.01 else "open"

    @property
    def contact(self) -> str:
        """What the contact says at this instant, in mid-bounce or not: "closed" or "open"."""
        return "closed" if self._contact.closed == self._conducts_shut else "open"

    @property
    def contact_switch(self) -> Switch:
        """The switch in its frame, for those who break it or trade its plug."""
        return self._contact.switch

    @property
    def occupied(self) -> bool:
        """Something is inside: a parcel or a hand."""
        return self.parcel or self.hand_inside

    def plunger(self, drawn: bool) -> None:
        """The coil has drawn its plunger, or let it fall."""
        self._plunger = drawn
        if drawn:
            if self.latched and not self._wedged():
                self._release()
        elif (
            not self.latched
            and self._to == SHUT
            and self._clock.now_us() >= self._end_us
            and not self.stiff_ms
        ):
            self._latch()

    def pull(self) -> int:
        """A person swings the leaf wide; the instant (us) at which it is.

        Raises ValueError when the latch holds it.
        """
        if self.latched:
            raise ValueError(
                f"door {self.number:02} is latched: a key, a code or a ticket opens it, a hand does not"
            )
        return self._swing(WIDE)

    def push(self) -> int:
        """A person pushes the leaf: shuts it, or leans on it for three seconds, which eases a wedged latch.

        The instant it is done.
        """
        if self.position > SHUT:
            return self._swing(SHUT)
        self._pushed_until_us = self._clock.now_us() + _PUSH_US
        if self._plunger and self.latched:
            self._release()
        return self._pushed_until_us

    def force(self) -> int:
        """A crowbar: the latch gives way, whatever holds it."""
        self.blocked = False
        self._release()
        return self._swing(WIDE)

    def block(self, blocked: bool) -> None:
        self.blocked = blocked

    def stand(self, *, latched: bool, place: str, parcel: bool) -> None:
        """Puts the door at rest as it stood when an earlier program ended.

        Raises ValueError for a place that is none.
        """
        if place not in _PLACES or latched != (place == "shut"):
            raise ValueError(f"door {self.number:02} cannot stand so")
        self.latched = latched
        self._from = self._to = _PLACES[place]
        self._start_us = self._end_us = self._clock.now_us()
        self._contact.put(self._conducts_shut == latched)
        self.parcel = parcel
        self._tell_inside()

    def put(self, parcel: bool) -> None:
        """Something lies inside from now on, or no longer."""
        if parcel != self.parcel:
            self.parcel = parcel
            self._trace.note("parcel", self.number, "in" if parcel else "out")
            self._tell_inside()

    def reach(self, inside: bool) -> None:
        """A hand is in the compartment, or has left it."""
        self.hand_inside = inside
        self._tell_inside()

    def _tell_inside(self) -> None:
        for told in self.on_inside:
            told(self.occupied)

    def _wedged(self) -> bool:
        return self.blocked and self._clock.now_us() > self._pushed_until_us

    def _release(self) -> None:
        self.latched = False
        self.blocked = False
        self._trace.note("latch", self.number, "released")
        if self.position == SHUT:
            self._clock.after(1000 * self.stiff_ms, self._spring) if self.stiff_ms else self._spring()

    def _spring(self) -> None:
        if self.position == SHUT and not self.latched:
            self._move(AJAR, _SPRING_US, lambda: self._trace.note("door", self.number, "ajar"))

    def _latch(self) -> None:
        self.latched = True
        self._trace.note("latch", self.number, "latched")

    def _swing(self, to: float) -> int:
        start = self.position
        travel_us = max(1, round(abs(to - start) * _SWING_US))
        if to == WIDE:
            self._move(WIDE, travel_us, lambda: self._trace.note("door", self.number, "open"))
        elif self.blocked:
            self._move(min(start, _BLOCKED_AT), travel_us, lambda: self._stopped(start))
        else:
            self._move(SHUT, travel_us, self._home)
        # A shut door may rebound once, and its contact bounces: only then is a person sure and turns away.
        return self._end_us if to == WIDE else self._end_us + 4 * _REBOUND_US

    def _stopped(self, start: float) -> None:
        """Something is in the way, and gives the leaf its swing back."""
        self._trace.note("door", self.number, "blocked")
        self._move(start, round(_SWING_US * max(start - _BLOCKED_AT, _CONTACT_AT)), lambda: None)

    def _home(self) -> None:
        """The leaf meets the frame."""
        if self._rng.random() < _REBOUND_CHANCE:
            self._move(_REBOUND_TO, _REBOUND_US, lambda: self._move(SHUT, _REBOUND_US, self._rest))
        else:
            self._rest()

    def _rest(self) -> None:
        self._trace.note("door", self.number, "shut")
        if self._plunger:  # nothing to hold it: the spring pushes it out again
            self._move(AJAR, _SPRING_US, lambda: self._trace.note("door", self.number, "ajar"))
        else:
            self._latch()

    def _move(self, to: float, travel_us: int, then: Callable[[], object]) -> None:
        """The leaf begins to move, from wherever it is."""
        for event in self._pending:
            event.cancel()
        now = self._clock.now_us()
        self._from, self._to = self.position, to
        self._start_us, self._end_us = now, now + travel_us
        self._pending = []
        if (self._contact.target == self._conducts_shut) != (to < _CONTACT_AT):
            crossing = now + round(travel_us * max(0.0, (_CONTACT_AT - self._from) / (to - self._from)))
            self._pending.append(self._clock.at(crossing, lambda: self._cross(to < _CONTACT_AT)))
        self._pending.append(self._clock.at(self._end_us, then))

    def _cross(self, shut: bool) -> None:
        self._trace.note("contact", self.number, "closed" if shut else "open")
        self._contact.move(shut == self._conducts_shut)
