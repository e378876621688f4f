"""The beeper: five short tunes that say what has happened without words."""

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Callable

_ALARM = const(5)

# By sound: how many notes are played, and the notes (pitch in Hz, 0 is silence; length in ms),
# from the first again when they end.
_TUNES: "tuple[tuple[int, tuple[int, ...]], ...]" = (
    (0, ()),  # silence
    (1, (2000, 30)),  # KEY
    (3, (1500, 80, 2000, 80, 2500, 160)),  # GOOD: rises
    (3, (800, 150, 0, 60, 500, 300)),  # BAD: falls
    (4, (2000, 120, 0, 120)),  # ATTENTION: twice
    (40, (2700, 250, 1800, 250)),  # ALARM: ten seconds
)


class Beeper:
    """Plays one tune at a time over `tone(hz)`; 0 Hz is silence. Silent from the start."""

    def __init__(self, tone: "Callable[[int], object]") -> None:
        self._tone = tone
        self._sound = 0
        self._left = 0  # notes still to be played
        self._until = 0
        tone(0)

    def play(self, sound: int, now_ms: int) -> None:
        """Starts a sound (1 key, 2 good, 3 bad, 4 attention, 5 alarm) in place of the one playing;
        0 silences.

        Nothing but silence or a new alarm cuts an alarm short: a key press does not hide a call for help.
        """
        if self._sound == _ALARM and 0 < sound < _ALARM:
            return
        self._sound = sound
        self._left = _TUNES[sound][0]
        self._sing(now_ms)

    def step(self, now_ms: int) -> None:
        """Goes on to the next note when it is due."""
        if self._sound and now_ms >= self._until:
            self._sing(now_ms)

    def _sing(self, now_ms: int) -> None:
        left = self._left
        if not left:
            self._sound = 0
            self._tone(0)
            return
        tune = _TUNES[self._sound][1]
        note = -2 * left % len(tune)  # whole tunes are played, so this counts up from 0
        self._left = left - 1
        self._until = now_ms + tune[note + 1]
        self._tone(tune[note])
