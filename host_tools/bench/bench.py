"""A board on the bench, as each test of its parts finds it:
what the board answers, and what the person there is told.
"""

from collections.abc import Callable
from typing import Any

from host_tools.device.port import Device
from locker.board import Board

_SPARE_S = 10
_PACKAGES = ("core", "wire", "drivers", "hal", "shell")  # of the firmware, as main.py loads them

Say = Callable[[str], None]


class Bench:
    """A board on the bench.

    `say` tells the person what to do; `patience_s` is how long to wait for each thing. `hands`: somebody is
    there to put, press and shut; `senses`: and to look and listen.
    """

    def __init__(self, device: Device, say: Say, patience_s: int, hands: bool, senses: bool) -> None:
        self.device = device
        self.say = say
        self.patience_s = patience_s
        self.patience_ms = patience_s * 1000
        self.hands = hands
        self.senses = senses
        self.board: Board = None  # type: ignore[assignment] - known when it has begun
        self.settings: dict[str, Any] = {}
        self.waiting: list[int] = []  # doors that have a parcel by the journal, so that they stay shut
        self.silent: list[int] = []  # I2C addresses that should answer and do not
        self.weak = False  # the supply draws no latch
        self.not_tried: list[str] = []
        self._left: list[int] = []  # the doors that hang on no silent chip

    @property
    def _numbers(self) -> set[int]:
        return {door.number for door in self.board.doors}

    def load(self) -> None:
        """Loads the firmware's packages one after the other, which leaves the board the largest pieces of
        memory.

        Raises BoardError.
        """
        self.device.call("load", "packages", _PACKAGES, packed=False)

    def read_journal(self) -> None:
        """Asks which doors have a parcel by the journal of the board. Raises BoardError.

        The script is small and travels as it is: a board has no memory to unpack it beside that of the bench.
        """
        self.waiting = list(
            self.device.call("parcels", "waiting", tuple(sorted(self._numbers)), packed=False)
        )
        if not set(self.waiting) <= self._numbers:
            raise self.device.no_answer()

    def call(self, function: str, *arguments: Any) -> Any:
        """Asks the board; see host_tools/device/errands/bench.py.

        Raises BoardError, and UserError for what does not fit this board.
        """
        answer = self.device.call("bench", function, *arguments, timeout_s=self.patience_s + _SPARE_S)
        if not self._fits(function, answer):
            raise self.device.no_answer()
        return answer

    def _fits(self, function: str, answer: Any) -> bool:
        """Whether an answer is about the doors and the pins that this board has."""
        if function == "connect":
            self._left = list(answer)
            return set(answer) <= self._numbers
        if function in ("settle", "await_rest"):
            return [number for number, _, _ in answer] == self._left
        if function == "await_occupied":
            return answer in (0, *self._left)
        if function == "analogue":
            return [mv is None for mv in answer] == [
                sensed is None for sensed in (self.board.supply, self.board.current)
            ]
        return True

    def leave(self, part: str, why: str) -> None:
        """A part is not tried."""
        self.not_tried.append(f"{part}: {why}")
