"""The beeper: five short tunes that say what has happened without words."""

from locker.compat import const

_ALARM = const(5)

# By sound: how often the tune is played, then pitch in Hz (0 is silence) and length in ms of each note.
_TUNES = (
    # repeats, Hz, ms, Hz, ms, ...
    None,
    (1, 2000, 30),  # KEY
    (1, 1500, 80, 2000, 80, 2500, 160),  # GOOD: rises
    (1, 800, 150, 0, 60, 500, 300),  # BAD: falls
    (2, 2000, 120, 0, 120),  # ATTENTION
    (20, 2700, 250, 1800, 250),  # ALARM: ten seconds
)


class Beeper:
    """Plays one tune at a time over `tone(hz)`; 0 Hz is silence. Silent from the start."""

    def __init__(self, tone) -> None:
        self._tone = tone
        self._sound = 0
        self._repeats = 0
        self._note = 0  # index into the tune of what sounds now
        self._until = 0
        tone(0)

    def play(self, sound: int, now_ms: int) -> None:
        """Starts a sound (1 key, 2 good, 3 bad, 4 attention, 5 alarm) in place of the one playing; 0 silences.

        Nothing but silence or a new alarm cuts an alarm short: a key press does not hide a call for help.
        """
        if self._sound == _ALARM and 0 < sound < _ALARM:
            return
        self._sound = sound
        if not sound:
            self._tone(0)
            return
        self._repeats = _TUNES[sound][0]
        self._sing(1, now_ms)

    def step(self, now_ms: int) -> None:
        """Goes on to the next note when it is due."""
        if not self._sound or now_ms < self._until:
            return
        tune = _TUNES[self._sound]
        note = self._note + 2
        if note >= len(tune):
            note = 1
            self._repeats -= 1
            if not self._repeats:
                self._sound = 0
                self._tone(0)
                return
        self._sing(note, now_ms)

    def _sing(self, note: int, now_ms: int) -> None:
        tune = _TUNES[self._sound]
        self._note = note
        self._until = now_ms + tune[note + 1]
        self._tone(tune[note])
