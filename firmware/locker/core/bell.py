"""The bell: an alarm at once, and a screen that says no more than is true.

A person at the host may answer.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import deadlines, hourly, lamp, texts
from locker.core.effects import ALARM

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.events import BellPressed

_READ_MS = const(60000)
_HOST_MS = const(3000)
_REPEAT_MS = const(600000)  # a bell rung again within this time repeats the call


def ring(cabinet: "Cabinet", _: "BellPressed") -> None:
    """Somebody presses the bell."""
    lamp.touch(cabinet)
    rings = 1
    if cabinet.now - cabinet.rang_ms >= _REPEAT_MS:  # another call, perhaps somebody else's
        rings += cabinet.counted.pop(records.BELL_RUNG, 0)
    cabinet.rang_ms = cabinet.now
    hourly.note(cabinet, records.BELL_RUNG, None, rings)
    if not cabinet.counted[records.BELL_RUNG]:
        # One that was dropped is not told until there is room.
        cabinet.bell_number = cabinet.state.number + cabinet.dropped
    cabinet.beep(ALARM)
    cabinet.show(texts.BELL, (), _READ_MS)
    cabinet.wait(deadlines.BELL, _HOST_MS)


def remember(cabinet: "Cabinet") -> None:
    """At boot: a call that has not arrived is one still."""
    if cabinet.state.rung > cabinet.state.acknowledged:
        cabinet.bell_number = cabinet.state.rung
        cabinet.wait(deadlines.BELL, _HOST_MS)


def remind(cabinet: "Cabinet") -> bool:
    """Instead of the welcome, as long as a call has not arrived: whether there is one."""
    is_on_its_way = cabinet.state.acknowledged < cabinet.bell_number
    if is_on_its_way:
        cabinet.show(texts.OFFLINE, (), None)
    return is_on_its_way


def look(cabinet: "Cabinet") -> None:
    """The screen says that the call has not arrived until it arrives after all."""
    if remind(cabinet):
        return
    if cabinet.text == texts.OFFLINE:
        cabinet.show(texts.BELL, (), _READ_MS)


def answered(cabinet: "Cabinet") -> None:
    """A person at the host has seen it: all its ringing was one call, and the next is another."""
    cabinet.counted.pop(records.BELL_RUNG, None)
    cabinet.bell_number = 0
    cabinet.show(texts.ANSWERED, (), _READ_MS)
