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
    is_call = records.BELL_RUNG not in cabinet.counted or cabinet.now - cabinet.rang_ms >= _REPEAT_MS
    cabinet.rang_ms = cabinet.now
    hourly.count(cabinet, records.BELL_RUNG)
    if is_call:  # another one, perhaps somebody else's
        cabinet.bell_pause_ms = _HOST_MS
        _report(cabinet)
    else:
        repeat(cabinet)
    cabinet.beep(ALARM)
    cabinet.show(texts.BELL, (), _READ_MS)
    cabinet.wait(deadlines.BELL, _HOST_MS)


def _report(cabinet: "Cabinet") -> None:
    """Tells the host of all ringing that it was not told of: this is a call that somebody must answer."""
    cabinet.reported_ms = cabinet.now
    cabinet.record(records.BELL_RUNG, None, cabinet.counted[records.BELL_RUNG], 0)
    cabinet.counted[records.BELL_RUNG] = 0
    # One that was dropped is not told until there is room.
    cabinet.bell_number = cabinet.state.number + cabinet.dropped
    cabinet.wait(deadlines.BELL, _HOST_MS)


def acknowledged(cabinet: "Cabinet") -> None:
    """The host holds more events: perhaps what was rung."""
    repeat(cabinet)
    if cabinet.text == texts.OFFLINE:
        look(cabinet)


def repeat(cabinet: "Cabinet") -> None:
    """Ringing within a call is told of when the host holds what was rung before: somebody may have taken that
    already. The pause between two such reports doubles, up to ten minutes.
    """
    if cabinet.counted.get(records.BELL_RUNG) and cabinet.state.acknowledged >= cabinet.bell_number:
        pause_ms = cabinet.reported_ms + cabinet.bell_pause_ms - cabinet.now
        if pause_ms > 0:
            cabinet.wait(deadlines.BELL, pause_ms)
        else:
            cabinet.bell_pause_ms = min(2 * cabinet.bell_pause_ms, _REPEAT_MS)
            _report(cabinet)


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
    repeat(cabinet)
    if cabinet.mode and cabinet.text not in (texts.BELL, texts.OFFLINE):  # somebody is at the keypad
        return
    if remind(cabinet):
        return
    if cabinet.text == texts.OFFLINE:
        cabinet.show(texts.BELL, (), _READ_MS)


def answer(cabinet: "Cabinet", number: int) -> bool:
    """A person at the host has seen the call of this event: whether it is the last. What was rung behind it
    is told of now, and is another call.
    """
    if number != cabinet.bell_number:
        return False
    if cabinet.counted.get(records.BELL_RUNG):
        _report(cabinet)
        return False
    cabinet.counted.pop(records.BELL_RUNG, None)
    cabinet.bell_number = 0
    cabinet.show(texts.ANSWERED, (), _READ_MS)
    return True
