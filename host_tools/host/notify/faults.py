"""Faults of the program itself, told by their type and place: an assertion's too, and never what was said."""

import traceback
from pathlib import Path

from host_tools.host.ledger.database import now_ms
from host_tools.host.notify.log import Emit, Occurrence

_AGAIN_MS = 3_600_000  # until the same fault is told again


class Faults:
    """Tells each fault once an hour, for it may come again."""

    def __init__(self, tell: Emit) -> None:
        self._tell = tell
        # By fault: until when it is told already; no more of them than places in the source.
        self._quiet_ms: dict[str, int] = {}

    def tell(self, error: Exception) -> None:
        """Takes one that was caught."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        detail, now = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}", now_ms()
        if now >= self._quiet_ms.get(detail, 0):
            self._quiet_ms[detail] = now + _AGAIN_MS
            self._tell(Occurrence("fault", detail=detail))
