"""The lamp: lit while somebody acts, and as long as a door is open for somebody."""

from locker.compat import TYPE_CHECKING, const
from locker.core import deadlines, door, effects

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet

_LIT_MS = const(30000)


def touch(cabinet: "Cabinet") -> None:
    """Someone acts, or has to: light."""
    if deadlines.LAMP not in cabinet.due:
        cabinet.effects.append(effects.Light(True))
    cabinet.wait(deadlines.LAMP, _LIT_MS)


def darken(cabinet: "Cabinet") -> None:
    """Nobody has touched anything for a while: dark, unless a door is open for somebody."""
    for one in cabinet.doors.values():
        if door.SHUT < one.phase < door.LEFT:
            cabinet.wait(deadlines.LAMP, _LIT_MS)
            return
    cabinet.effects.append(effects.Light(False))
