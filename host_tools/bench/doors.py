"""The doors at the bench: each is pulsed, and what moves is compared with what should."""

from typing import Any

from host_tools.bench import causes
from host_tools.bench.bench import Bench
from host_tools.bench.report import Phase
from locker.board import Door

#: From the start of a pulse to the opening contact: pull-in of the coil,
#: a door that springs, and 20 ms of debouncing.
OPENING_MS_MAX = 1000
#: Why a door stays shut, whatever its sensor sees.
PARCEL = "a parcel waits behind it"
_MV_MAX = 1 << 16


class DoorTest:
    """The doors of a bench, one after the other. `pulsed`: at least one coil was energised."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._doors = {door.number: door for door in bench.board.doors}
        self._closed: set[int] = set()  # doors that are closed and empty, so that they may be opened
        self._hot = False  # a coil draws current that nobody has given it
        self._highest_mv = 0
        self._lowest_mv = _MV_MAX
        self._moved: dict[int, int] = {}  # doors that opened at the pulse of another, and of which
        self.pulsed = False
        self.open: set[int] = set()  # doors that a pulse opened, and that nobody has seen shut since
        self.perhaps_open: set[int] = set()  # doors that were pulsed and that nobody saw move

    def why_not(self, door: Door) -> str:
        """Why a door is not opened; "" when it may be."""
        if door.number in self._bench.waiting:
            return PARCEL
        if self.exposed:
            return "a door with a parcel stands open"
        if door.number in self._moved:
            return f"it stands open since the pulse of door {self._moved[door.number]:02d}"
        if why := causes.hangs_on(door, self._bench.silent):
            return why
        if self._hot:
            return "a coil is on already, and two at once are too much for the supply"
        if self._bench.weak:
            return "the supply is too weak to draw a latch"
        return "" if door.number in self._closed else "not at rest"

    @property
    def _senses_pulses(self) -> bool:
        """Whether any pulse was seen in the current; before that its silence accuses no coil."""
        return bool(self._bench.board.current) and self._highest_mv >= self._bench.board.current[1]

    @property
    def exposed(self) -> list[int]:
        """The doors that stand open with a parcel behind them."""
        return sorted(self.open & set(self._bench.waiting))

    def at_rest(self, phase: Phase) -> None:
        """Every door that can be seen, closed and, where no parcel waits by the journal, empty;
        and no coil on.
        """
        bench = self._bench
        current = bench.call("analogue")[1]
        if bench.board.current and not phase.measure(
            "current at rest", current, "mV", most=bench.board.current[1] - 1
        ):
            self._hot = True
            phase.find(
                "coils",
                "one draws current that nobody has given it",
                "cut its power now, it heats; then replace its transistor",
            )
        if bench.hands:
            bench.say(f"Close every door, with nothing inside{self._but_parcels()}.")
        state = bench.call("settle")
        if bench.hands and any(
            not closed or (occupied and number not in bench.waiting) for number, closed, occupied in state
        ):
            state = self._await_rest()
        for number, closed, occupied in state:
            door = self._doors[number]
            if not phase.measure(f"door {number:02d} closed", closed, wanted=True):
                remedy = "close the door; if it is closed, check the contact's wire, plug and magnet"
                phase.find(causes.part("contact", door), "says that the door is open", remedy)
            if number in bench.waiting:
                continue
            if not phase.measure(f"door {number:02d} occupied", occupied, wanted=False):
                remedy = (
                    "empty the compartment; if it is empty, clean and align the sensor and check its wires"
                )
                phase.find(causes.part("sensor", door), "sees something inside", remedy)
            if closed and not occupied:
                self._closed.add(number)
        phase.note = (
            "" if len(self._closed) == len(state) else "only doors that are closed and empty are opened"
        )

    def _but_parcels(self) -> str:
        waiting = ", ".join(f"{number:02d}" for number in self._bench.waiting)
        return f" but the parcels that wait behind {waiting}" if waiting else ""

    def _await_rest(self) -> Any:
        state = self._bench.call("await_rest", tuple(self._bench.waiting), self._bench.patience_ms)
        for number, closed, _ in state:
            if closed:
                self.open.discard(number)
                self._moved.pop(number, None)
        return state

    def door(self, phase: Phase, door: Door) -> None:
        """One pulse, then something put in, taken out, and the door shut."""
        bench = self._bench
        self.pulsed = True
        self.perhaps_open.add(door.number)
        opened_ms, moved, supply_mv, current_mv = bench.call("pulse", door.number, OPENING_MS_MAX)
        self._highest_mv = max(self._highest_mv, current_mv or 0)
        opened = phase.measure("opens after", opened_ms, "ms", least=0, most=OPENING_MS_MAX)
        phase.measure("other doors that moved", moved, wanted=[])
        if supply_mv is not None:
            self._lowest_mv = min(self._lowest_mv, supply_mv)
        self._note_open(phase, door, moved, opened=opened)
        if not opened:
            self._not_opened(phase, door, moved, current_mv if self._senses_pulses else None)
            return
        for number in moved:
            other = self._doors[number]
            remedy = (
                f"look for a bridge between {causes.pin_name(door.lock)} and {causes.pin_name(other.lock)}"
            )
            phase.find(f"coils {door.number:02d} and {number:02d}", "both doors opened", remedy)
        if bench.hands:
            self._use(phase, door)
        else:
            bench.leave(f"sensor and closing of door {door.number:02d}", "needs a hand")

    def _note_open(self, phase: Phase, door: Door, moved: list[int], *, opened: bool) -> None:
        """Which doors stand open since a pulse; one with a parcel behind it is told at once."""
        if opened:
            self.perhaps_open.discard(door.number)
            self.open.add(door.number)
        self.open.update(moved)
        self._moved.update(dict.fromkeys(moved, door.number))
        for number in self.exposed:
            phase.find(f"door {number:02d}", "HOLDS A PARCEL AND STANDS OPEN", "shut it now")

    def _use(self, phase: Phase, door: Door) -> None:
        """A person puts something in, takes it out and shuts the door."""
        bench, number = self._bench, door.number
        bench.say(f"Door {number:02d}: put something in.")
        seen = bench.call("await_occupied", number, True, bench.patience_ms)
        if not phase.measure("occupied with something inside", seen == number, wanted=True):
            if seen:
                phase.findings.append(
                    causes.swapped(
                        "sensor", door, self._doors[seen], f"what lies in {number:02d} is seen in {seen:02d}"
                    )
                )
            else:
                remedy = "clean and align it, and check its wires and its supply"
                phase.find(causes.part("sensor", door), f"sees nothing (waited {bench.patience_s} s)", remedy)
        bench.say(f"Door {number:02d}: take it out.")
        watched = seen or number
        if not phase.measure(
            "clear when empty",
            bench.call("await_occupied", watched, False, bench.patience_ms) == watched,
            wanted=True,
        ):
            remedy = "empty the compartment; if it is empty, clean and align the sensor"
            phase.find(
                causes.part("sensor", door), f"still sees something (waited {bench.patience_s} s)", remedy
            )
            return
        bench.say(f"Door {number:02d}: close it.")
        if phase.measure("closed", bench.call("await_closed", number, True, bench.patience_ms), wanted=True):
            self.open.discard(number)
        else:
            remedy = "close the door; if it is closed, check the contact's wire, plug and magnet"
            phase.find(causes.part("contact", door), f"still says open (waited {bench.patience_s} s)", remedy)

    def _not_opened(self, phase: Phase, door: Door, moved: list[int], current_mv: int | None) -> None:
        bench = self._bench
        if not moved:
            if {one: closed for one, closed, _ in bench.call("settle")}[door.number]:
                phase.findings.append(causes.unmoved(door, bench.board, current_mv))
                self._ask_contact(phase, door, current_mv)
                return
            phase.find(
                f"latch {door.number:02d}", "opens late", "look for what holds the door: latch, seal, hinge"
            )
            if bench.hands:
                bench.say("Close every door.")
                self._await_rest()
            return
        other = self._doors[moved[0]]
        seen = 0
        if bench.hands:
            bench.say(
                f"Something opened, and not what door {door.number:02d} says. "
                "Put something into the door that stands open."
            )
            seen = bench.call("await_occupied", door.number, True, bench.patience_ms)
        why = f"at the pulse of {door.number:02d} the contact of {other.number:02d} moved"
        if seen == other.number:
            phase.findings.append(causes.swapped("coil", door, other, f"{why}, and that door opened"))
        elif seen == door.number:
            phase.findings.append(
                causes.swapped("contact", door, other, f"{why}, and door {door.number:02d} opened")
            )
        else:
            remedy = (
                f"see which door opens then: if it is {other.number:02d}, swap the plugs of the coils, "
                "else those of the contacts"
            )
            phase.find(
                f"coils or contacts {door.number:02d} and {other.number:02d}", f"are swapped: {why}", remedy
            )
        if bench.hands:
            bench.say("Take it out, and close every door.")
            self._await_rest()

    def _ask_contact(self, phase: Phase, door: Door, current_mv: int | None) -> None:
        """A door that stands open and says closed has a dead contact; what a person puts into it is seen."""
        bench = self._bench
        drew = current_mv is None or current_mv >= bench.board.current[1]
        if not bench.hands or not drew:
            return
        bench.say(f"If door {door.number:02d} stands open, put something into it.")
        if bench.call("await_occupied", door.number, True, min(bench.patience_ms, 15_000)) == door.number:
            phase.findings.clear()
            phase.find(
                causes.part("contact", door),
                "says closed while the door is open",
                "check its wire, plug and magnet for a short",
            )
            bench.say("Take it out, and close every door.")
            self._await_rest()

    def current(self, phase: Phase) -> None:
        """The shunt has seen at least one coil."""
        limit = self._bench.board.current
        if not phase.measure("highest at a pulse", self._highest_mv, "mV", least=limit[1]):
            name = causes.pin_name(limit[0])
            phase.find(
                f"current sense ({name})",
                "no pulse was seen in it",
                f"check the shunt, its amplifier and the wire to {name}",
            )

    def supply(self, phase: Phase) -> None:
        """The supply has held while the coils were on."""
        pin, lowest = self._bench.board.supply
        if not phase.measure("lowest at a pulse, at the pin", self._lowest_mv, "mV", least=lowest):
            phase.find(
                "supply",
                "sags under one coil",
                f"check its rating, its cable and its terminals; then the divider at {causes.pin_name(pin)}",
            )
