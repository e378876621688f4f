"""What strangers do at the port, counted: at most one line a minute for each kind, however much they say."""

from host_tools.host.notify.log import Emit, Occurrence

#: What is counted, and what people are told of it.
UNKNOWN = "of an unknown alias"
UNSEALED = "that prove nothing"
MALFORMED = "not understood"
VERSION = "of another version"
DAMAGED = "damaged"
TURNED_AWAY = "turned away"
OVERFLOW = "overflow"

_WORDS = {
    UNKNOWN: "{count} frames were from no cabinet of this ledger",
    UNSEALED: "{count} frames proved nothing: forged, repeated, or of a cabinet with another identity",
    MALFORMED: (
        "{count} messages of boards of ours were not understood: update ansim, or their firmware is faulty"
    ),
    VERSION: "{count} frames were of another version of the protocol",
    DAMAGED: "{count} damaged frames came, or what is no frame",
    TURNED_AWAY: "{count} connections that had proved nothing were closed before their time",
    OVERFLOW: "{count} messages were dropped and will come again",
}
_MINUTE_S = 60.0
_HINTS_MAX = 5


class Tally:
    """Counts by kind. `tick` tells what has come, each kind once a minute at most."""

    def __init__(self, tell: Emit) -> None:
        self._tell = tell
        self.totals: dict[str, int] = {}  # by kind, since the beginning
        self._counts: dict[str, int] = {}
        self._hints: dict[str, dict[str, None]] = {}  # a few of each, in the order in which they came
        self._told_s: dict[str, float] = {}

    def count(self, kind: str, count: int = 1, hint: str = "") -> None:
        """So many more of a kind; of its different hints the first few are told."""
        if not count:
            return
        self.totals[kind] = self.totals.get(kind, 0) + count
        self._counts[kind] = self._counts.get(kind, 0) + count
        hints = self._hints.setdefault(kind, {})
        if hint and len(hints) < _HINTS_MAX:
            hints[hint] = None

    def tick(self, now_s: float) -> None:
        """Lets time pass."""
        for kind in [
            kind for kind in self._counts if now_s - self._told_s.get(kind, -_MINUTE_S) >= _MINUTE_S
        ]:
            self._told_s[kind] = now_s
            detail = _WORDS[kind].format(count=self._counts.pop(kind))
            hint = "; ".join(self._hints.pop(kind))
            self._tell(
                Occurrence(
                    "overflow" if kind == OVERFLOW else "strangers",
                    kind=kind,
                    detail=f"{detail}; {hint}" if hint else detail,
                )
            )
