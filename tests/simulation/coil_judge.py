"""What must be true of the coils, judged by the trace of the world and by nothing that the firmware says."""

from collections import deque

from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World

PULSE_US_MAX = 1_000_000
WINDOW_US = 60_000_000
ON_US_MAX = 6_000_000  # of a coil, in a window
PULSES_MAX = 30  # of a cabinet, in a window


class CoilJudge:
    """Watches a world from its beginning; `check()` in the end. `longest_us` is how long a coil may be on."""

    def __init__(self, world: World, longest_us: int = PULSE_US_MAX) -> None:
        self._world = world
        self._longest_us = longest_us
        self._on: dict[int, int] = {}  # door: since when
        self._minute: deque[tuple[int, int, int]] = deque()  # start, end, door of what may count in a window
        self.pulses = 0
        self.longest_seen_us = self.most_in_a_window = self.most_on_us = 0
        self.wrong: list[str] = []
        world.trace.listeners.append(self._look)

    def check(self) -> None:
        """Raises when anything was wrong, or a coil is still on."""
        now = self._world.clock.now_us()
        for door, since in self._on.items():
            self._measure(door, since, now)
        assert not self.wrong, self.wrong[:5]
        assert not self._world.trace.violations, self._world.trace.violations[:5]

    def all_off(self) -> bool:
        return not self._on

    def _look(self, entry: Entry) -> None:
        if entry.kind == "coil" and entry.value == "on":
            self._begin(entry.door, entry.us)
        elif entry.kind == "coil":
            self._measure(entry.door, self._on.pop(entry.door), entry.us)
        elif entry.kind == "reset" or (entry.kind, entry.value) == ("power", "off"):
            self._world.clock.at(entry.us, lambda: self._dead(entry))

    def _dead(self, end: Entry) -> None:
        """The instant after a reset or the end of the power."""
        self._note(not self._on, end.us, f"{end.kind} leaves {sorted(self._on)} on")

    def _begin(self, door: int, us: int) -> None:
        self.pulses += 1
        self._note(not self._on, us, f"door {door} with {sorted(self._on)}")
        self._on[door] = us
        while self._minute and self._minute[0][1] <= us - WINDOW_US:
            self._minute.popleft()
        starts = 1 + sum(start > us - WINDOW_US for start, _, _ in self._minute)
        self.most_in_a_window = max(self.most_in_a_window, starts)
        self._note(starts <= PULSES_MAX, us, f"{starts} pulses in a minute")

    def _measure(self, door: int, since: int, us: int) -> None:
        self._minute.append((since, us, door))
        self.longest_seen_us = max(self.longest_seen_us, us - since)
        self._note(us - since <= self._longest_us, us, f"door {door} on for {us - since} us")
        begin = us - WINDOW_US
        on_us = sum(
            end - max(start, begin) for start, end, other in self._minute if other == door and end > begin
        )
        self.most_on_us = max(self.most_on_us, on_us)
        self._note(on_us <= ON_US_MAX, us, f"door {door} on for {on_us} us in a minute")

    def _note(self, is_right: bool, us: int, sentence: str) -> None:
        if not is_right:
            self.wrong.append(f"{us / 1e6:.6f} s: {sentence}")
