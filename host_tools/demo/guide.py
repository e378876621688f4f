"""What a visitor can do next: from what is to be seen at the cabinet and what has been told.

A Step says it for any face; `Guide.sentence` says it in the keys of the terminal.
"""

import re
from typing import Any, NamedTuple

_CODE = re.compile(r"(\d\d)\D* · (\d{4}) (\d{4})")  # as letters of each language have it
_ENDED = ("collected", "withdrawn")


class Step(NamedTuple):
    """What can be done next. `what` is one of STEPS; `door` is where, `keys` what is typed."""

    what: str
    door: int = 0
    keys: str = ""


STEPS = ("power", "bell", "free", "take", "put", "close", "size", "ticket", "code", "told", "courier")
AT_DOOR = STEPS[2:6]


class Guide:
    """Remembers what a visitor holds: tickets that are not used yet,
    codes of parcels that wait, and whether the bell rings.
    """

    def __init__(self, resident: str) -> None:
        self._resident = resident
        self.tickets: list[str] = []
        self.codes: dict[int, str] = {}  # by door
        self.is_ringing = False
        self._brought: set[int] = set()  # doors that stand open for a courier
        self._untold = 0  # deposits that were seen here and of which the host has not told

    def hear(self, told: dict[str, Any]) -> None:
        """Something that the host has told."""
        if told["event"] in _ENDED:
            self.codes.pop(told.get("door", 0), None)
        elif told["event"] == "deposited":
            if self._untold:
                self._untold -= 1
            elif self.tickets:
                self.tickets.pop(0)
        elif told.get("alarm") == "bell":
            self.is_ringing = True

    def read(self, message: dict[str, Any]) -> None:
        """A letter that the host has sent."""
        found = _CODE.search(message["text"])
        if found and message["to"] == self._resident:
            self.codes[int(found[1])] = "".join(found.groups())

    def step(self, state: dict[str, Any]) -> Step:
        """What to do next, as things stand at the cabinet."""
        self._see(state)
        if state["power"] != "on":
            return Step("power")
        if self.is_ringing:
            return Step("bell")
        for door in state["doors"]:
            if door["position"] != "shut":
                return Step(self._at_open_door(door), door["number"])
        if any("1 S" in line for line in state["screen"] or ()):
            return Step("size")
        return self.waiting() or Step("told" if self._untold else "courier")

    def waiting(self, beside: int = 0) -> Step | None:
        """What waits for a number to be typed, apart from a door; None for nothing."""
        fetched = next(((door, code) for door, code in self.codes.items() if door != beside), None)
        if self.tickets and not (beside and fetched):
            return Step("ticket", keys=f"{self.tickets[0]}#")
        return Step("code", fetched[0], f"{fetched[1]}#") if fetched else None

    def sentence(self, state: dict[str, Any], chosen: int) -> str:
        """What to do next; `chosen` is the door that the keys act on."""
        step = self.step(state)
        if step.what in AT_DOOR:
            how = "type " if chosen == step.door else _CHOOSE.format(door=step.door)
            coming = step.door in self._brought
            words = f"Door {step.door:02d} is open: {how}{_AT_DOOR[step.what]}"
            other = None if coming else self.waiting(step.door)
            return words + ("" if other is None else _ELSEWHERE[other.what].format(self._resident, other))
        return _SENTENCES[step.what].format(self._resident, step)

    def _see(self, state: dict[str, Any]) -> None:
        """Notes for whom doors stand open, and that a courier has shut one on a parcel."""
        asks = any("Put" in line or "Door still open" in line for line in state["screen"] or ())
        asks = asks or any(line.startswith("* ") and "S" not in line for line in (state["screen"] or ())[3:])
        for door in state["doors"]:
            if door["position"] != "shut":
                if asks and self.tickets and door["number"] not in self.codes:
                    self._brought.add(door["number"])
            elif door["number"] in self._brought:
                self._brought.discard(door["number"])
                if door["parcel"] and self.tickets:
                    self.tickets.pop(0)
                    self._untold += 1

    def _at_open_door(self, door: dict[str, Any]) -> str:
        if door["blocked"]:
            return "free"
        coming = door["number"] in self._brought
        if door["parcel"]:
            return "close" if coming else "take"
        return "put" if coming else "close"


#: In the keys of the terminal, of the resident {0} and the step {1}.
_SENTENCES = {
    "power": "The cabinet has no power. Type ! to bring it back: nothing is forgotten.",
    "bell": "Somebody presses the help button. You are the dispatcher: type a to answer.",
    "size": "The screen asks for the size of the parcel: type 1, 2 or 3.",
    "ticket": "You are the courier. Type the ticket and #, then a size:  {1.keys}",
    "code": "You are {0}. Fetch what waits behind door {1.door:02d}: "
    "type  {1.keys}   (or n: another parcel comes)",
    "told": "The parcel is in. {0} gets a letter as soon as the host hears of it.",
    "courier": "Type n: a courier comes with a parcel and a ticket for it.",
}
_CHOOSE = "choose door {door:02d} with the arrow keys, then type "
_AT_DOOR = {
    "free": "x to free it.",
    "take": "t to take the parcel out, then c to close it.",
    "put": "p to put the parcel in, then c to close it.",
    "close": "c to close it.",
}
_ELSEWHERE = {
    "code": " Behind door {1.door:02d} a parcel waits for {0}: type  {1.keys}",
    "ticket": " A courier waits too: type  {1.keys}",
}
