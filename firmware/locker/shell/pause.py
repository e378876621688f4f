"""A boot that goes on after staff have looked at the board:
the program is ended and started again, and that alone is no event.

A program that Ctrl-C ends leaves a note in the memory that outlives resets. A tool that has changed nothing
signs the note and resets the board; the next program goes on with that boot and its uptime, and takes the
note away. See docs/decisions/0190-a-look-is-no-event.md.
"""

import struct

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from locker.hal.seam import Hal
    from locker.shell.journal import Journal

# Whether it is signed, boot, whether the journal has that boot, its uptime, the chip's clock in ms.
_NOTE = "<BHBIQ"
_NOTE_BYTES = const(16)
_SIGNED = const(76)  # L, in host_tools/device/port.py too
_OPEN = const(80)  # P
_AWAY_MS_MAX = const(900000)  # a board that is left alone in its REPL starts anew after 10 minutes


def pause(hal: "Hal", journal: "Journal", said: bool, now_ms: int) -> None:
    """Leaves the note: the program is about to end.

    `said` is whether the journal has this boot. Raises nothing.
    """
    hal.scratch(struct.pack(_NOTE, _OPEN, journal.boot, said, journal.since + now_ms // 100, hal.clock_ms()))


def resume(hal: "Hal", journal: "Journal") -> "int | None":
    """Goes on with the boot of a signed note: whether the journal has that boot (1 or 0).

    None: this is a boot of its own.

    Raises nothing. The note stays until the program is at work: one that is ended before that was not there.
    """
    note = hal.scratch()
    if len(note) != _NOTE_BYTES:  # pyright: ignore[reportArgumentType] - bytes, since it was asked
        return None
    kind, boot, said, uptime, clock_ms = struct.unpack(_NOTE, note)
    away_ms = hal.clock_ms() - clock_ms
    if kind != _SIGNED or boot != journal.boot - said or not 0 <= away_ms < _AWAY_MS_MAX:
        return None
    journal.boot = boot
    journal.since = uptime + away_ms // 100
    return said
