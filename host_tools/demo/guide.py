"""What a visitor can do next, in a sentence:
from what is to be seen at the cabinet and what has been told.
"""

import re
from typing import Any

_CODE = re.compile(r"door (\d\d) · (\d{4}) (\d{4})")
_ENDED = ("collected", "withdrawn")


class Guide:
    """Remembers what a visitor holds: tickets that are not used yet,
    codes of parcels that wait, and whether the bell rings.
    """

    def __init__(self, resident: str) -> None:
        self._resident = resident
        self.tickets: list[str] = []
        self.codes: dict[int, str] = {}  # by door
        self.is_ringing = False

    def hear(self, told: dict[str, Any]) -> None:
        """Something that the host has told."""
        if told["event"] in _ENDED:
            self.codes.pop(told.get("door", 0), None)
        elif told["event"] == "deposited" and self.tickets:
            self.tickets.pop(0)
        elif told.get("alarm") == "bell":
            self.is_ringing = True

    def read(self, message: dict[str, Any]) -> None:
        """A letter that the host has sent."""
        found = _CODE.search(message["text"])
        if found and message["to"] == self._resident:
            self.codes[int(found[1])] = "".join(found.groups())

    def sentence(self, state: dict[str, Any], chosen: int) -> str:
        """What to do next; `chosen` is the door that the keys act on."""
        if state["power"] != "on":
            return "The cabinet has no power. Type ! to bring it back: nothing is forgotten."
        if self.is_ringing:
            return "Somebody presses the help button. You are the dispatcher: type a to answer."
        for door in state["doors"]:
            if door["position"] != "shut":
                coming = self._brings(state)
                return _at_open_door(door, chosen, coming=coming) + (
                    "" if coming else self._elsewhere(door["number"])
                )
        for line in state["screen"] or ():
            if "1 S" in line:
                return "The screen asks for the size of the parcel: type 1, 2 or 3."
        if self.tickets:
            return f"You are the courier. Type the ticket and #, then a size:  {self.tickets[0]}#"
        if self.codes:
            door, code = next(iter(self.codes.items()))
            return (
                f"You are {self._resident}. Fetch what waits behind door {door:02d}: "
                f"type  {code}#   (or n: another parcel comes)"
            )
        return "Type n: a courier comes with a parcel and a ticket for it."

    def _brings(self, state: dict[str, Any]) -> bool:
        return any("Put" in line or "Door still open" in line for line in state["screen"] or ()) and bool(
            self.tickets
        )

    def _elsewhere(self, door: int) -> str:
        """What waits meanwhile at other doors, in a second sentence."""
        for other, code in self.codes.items():
            if other != door:
                return f" Behind door {other:02d} a parcel waits for {self._resident}: type  {code}#"
        return f" A courier waits too: type  {self.tickets[0]}#" if self.tickets else ""


def _at_open_door(door: dict[str, Any], chosen: int, *, coming: bool) -> str:
    number = f"Door {door['number']:02d} is open: "
    number += (
        "type "
        if chosen == door["number"]
        else f"choose door {door['number']:02d} with the arrow keys, then type "
    )
    if door["blocked"]:
        return f"{number}x to free it."
    if door["parcel"]:
        return (
            f"{number}c to close it." if coming else f"{number}t to take the parcel out, then c to close it."
        )
    return f"{number}p to put the parcel in, then c to close it." if coming else f"{number}c to close it."
