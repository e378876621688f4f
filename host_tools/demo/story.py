"""One parcel's whole life, unattended: deposit, message, wrong code, right code, collection."""

import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from host_tools.demo.stage import Stage
from host_tools.demo.watch import Watch
from host_tools.errors import UserError
from host_tools.simulator.virtual_board.control import HandsClient

RESIDENT = "Minji"
SMALL = "1"


class Moment(NamedTuple):
    """One line of the timeline."""

    seconds: float
    who: str
    what: str


class Story:
    """Plays the parcel's life on a stage; `tell(moment)` hears each step. `moments` has them all."""

    def __init__(self, tell: Callable[[Moment], None]) -> None:
        self._tell = tell
        self._start = time.monotonic()
        self.moments: list[Moment] = []

    def say(self, who: str, what: str) -> None:
        """Adds a line to the timeline."""
        moment = Moment(round(time.monotonic() - self._start, 1), who, what)
        self.moments.append(moment)
        self._tell(moment)

    def play(self, stage: Stage) -> None:
        """From the ticket to `collected` in the ledger.

        Raises UserError at the first thing that goes otherwise.
        """
        stage.new_resident(RESIDENT)
        ticket = stage.new_ticket(RESIDENT)
        self.say("host", f"a ticket for {RESIDENT}: {ticket[:5]} {ticket[5:]}")
        watch = Watch(stage)
        with HandsClient(stage.port) as hands:
            watch.until(lambda: watch.has_heard("booted"), "is online")
            self.say("cabinet", f"online; the screen says: {watch.read_screen()}")
            door = self._deposit(hands, watch, ticket)
            code = self._message(stage, watch, door)
            self._wrong_code(hands, watch, code)
            self._collect(hands, watch, door, code)
        parcels = stage.parcels()
        if [parcel["state"] for parcel in parcels] != ["collected"]:
            raise UserError("The ledger does not say that the parcel was collected.")
        self.say("ledger", f"door {door:02d}: {parcels[0]['state']}")

    def _deposit(self, hands: HandsClient, watch: Watch, ticket: str) -> int:
        before = watch.screen()
        hands.ask("keys", ticket + "#")
        watch.until(lambda: watch.screen() != before and "S" in watch.screen(), "asks for the size")
        self.say("courier", f"types the ticket; the screen asks: {watch.read_screen()}")
        hands.ask("keys", SMALL)
        watch.until(lambda: bool(watch.open_doors()), "opens a door")
        door = watch.open_doors()[0]
        self.say("cabinet", f"door {door:02d} opens; the screen says: {watch.read_screen()}")
        hands.ask("open", door)
        hands.ask("put", door)
        hands.ask("close", door)
        self.say("courier", f"puts the parcel in and closes door {door:02d}")
        watch.until(lambda: watch.has_heard("deposited"), "reports the deposit")
        self.say("host", "deposited: the door is closed and the parcel is seen")
        return door

    def _message(self, stage: Stage, watch: Watch, door: int) -> str:
        found: list[dict[str, Any]] = []

        def arrived() -> bool:
            found[:] = [
                message
                for message in stage.messages()
                if message["to"] == RESIDENT and f"door {door:02d} ·" in message["text"]
            ]
            return bool(found)

        watch.until(arrived, "sends the resident her code")
        self.say("message", found[0]["text"])
        digits = re.search(r"door (\d\d) · (\d{4}) (\d{4})", found[0]["text"])
        if not digits:
            raise UserError("The message holds no code.")
        return "".join(digits.groups())

    def _wrong_code(self, hands: HandsClient, watch: Watch, code: str) -> None:
        wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
        hands.ask("keys", wrong + "#")
        watch.until(
            lambda: watch.has_heard("code tried") or "not" in watch.screen().lower(), "answers the wrong code"
        )
        if watch.open_doors():
            raise UserError("A wrong code has opened a door.")
        self.say("resident", f"mistypes the last digit; the screen says: {watch.read_screen()}")

    def _collect(self, hands: HandsClient, watch: Watch, door: int, code: str) -> None:
        hands.ask("keys", code + "#")
        watch.until(lambda: door in watch.open_doors(), "opens the door to the right code")
        self.say("resident", f"types the right code: door {door:02d} opens")
        hands.ask("open", door)
        hands.ask("take", door)
        hands.ask("close", door)
        self.say("resident", f"takes the parcel and closes door {door:02d}")
        watch.until(lambda: watch.has_heard("collected"), "reports the collection")
        self.say("host", "collected: the door is closed, the compartment is empty, the code is dead")
