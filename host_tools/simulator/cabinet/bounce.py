"""Mechanical contacts: they bounce for a few milliseconds whenever they move."""

import random

from host_tools.simulator.cabinet.wires import Switch
from host_tools.simulator.clock import Clock, Event

_CHATTER_US_MIN = 100
_CHATTER_US_MAX = 1_500


class BouncingSwitch:
    """A switch that chatters before it settles."""

    def __init__(self, clock: Clock, rng: random.Random, switch: Switch, longest_us: int = 5_000) -> None:
        self._clock = clock
        self._rng = rng
        self._switch = switch
        self._longest_us = longest_us
        self._pending: list[Event] = []
        self.target = switch.closed

    @property
    def closed(self) -> bool:
        """Where the switch is at this instant, in the middle of a bounce or not."""
        return self._switch.closed

    @property
    def switch(self) -> Switch:
        """The switch itself, for those who break it or trade its plug."""
        return self._switch

    def put(self, closed: bool) -> None:
        """Places the switch without a bounce: how the world begins."""
        self.target = closed
        self._switch.set(closed)

    def move(self, closed: bool) -> None:
        """The contact moves now and has settled at most `longest_us` later."""
        if closed == self.target:
            return
        self.target = closed
        for event in self._pending:
            event.cancel()
        self._pending.clear()
        self._switch.set(closed)
        at = self._clock.now_us()
        end = at + self._rng.randrange(self._longest_us)
        state = closed
        while (at := at + self._rng.randint(_CHATTER_US_MIN, _CHATTER_US_MAX)) < end:
            state = not state
            self._pending.append(self._clock.at(at, lambda state=state: self._switch.set(state)))
        if state != closed:
            self._pending.append(self._clock.at(end, lambda: self._switch.set(closed)))
