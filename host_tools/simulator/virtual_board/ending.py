"""How a virtual board is told to end: SIGTERM, SIGINT (Ctrl-C) or SIGHUP, once and for all."""

import signal
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """Whether the process was asked to end.

    Use as a context manager around everything that must be cleared away.

    The first signal is the last that counts: from then on they are ignored, up to the end of the process, so
    that an impatient second one cannot leave a port or a lock behind.
    Clearing away takes two seconds at most.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "Ending":
        self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        if not self.asked:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
