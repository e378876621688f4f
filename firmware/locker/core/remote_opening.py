"""An opening that the host orders:
for the parcel of somebody who stands there and talks to a person at the host.

    host: OpenRequested  ->  Challenge, valid for 30 s; the screen asks for a key
    somebody: #         ->  the screen shows 4 digits, to be told to the person at the host
    host: OpenConfirmed  ->  the door opens

The board refuses more than 4 such openings a minute and 6 a day of its uptime, whoever asks.
The day's count survives power cuts.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import courier, deadlines, texts
from locker.core.state import WAITING

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.events import OpenConfirmed, OpenRequested

_VALID_MS = const(30000)
_MINUTE_MS = const(60000)
_DAY_MS = const(86400000)
_MINUTE_MAX = const(4)
_DAY_MAX = const(6)


def start(cabinet: "Cabinet") -> None:
    """At boot: what counted before counts for another day of uptime."""
    cabinet.openings = [cabinet.now] * cabinet.state.openings
    _watch(cabinet)


def _watch(cabinet: "Cabinet") -> None:
    cabinet.wait(deadlines.FUSE, cabinet.openings[0] + _DAY_MS - cabinet.now if cabinet.openings else None)


def forget(cabinet: "Cabinet") -> None:
    """A day after an opening it counts no more."""
    cabinet.openings.pop(0)
    cabinet.record(records.OPENINGS, None, len(cabinet.openings))
    _watch(cabinet)


def _fused(cabinet: "Cabinet") -> bool:
    """Whether one more is too many: asked once, since an opening ends the only challenge there is."""
    times = cabinet.openings
    return len(times) >= _DAY_MAX or (
        len(times) >= _MINUTE_MAX and cabinet.now - times[-_MINUTE_MAX] < _MINUTE_MS
    )


def ask(cabinet: "Cabinet", event: "OpenRequested") -> None:
    """Answers the host with a challenge for the parcel with that counter,
    or with 0 when its door may not be opened.
    """
    door = cabinet.doors.get(event.door)
    challenge = 0
    cancel(cabinet)
    if door and door.state >= WAITING and door.counter == event.counter and not _fused(cabinet):
        challenge = 1 + cabinet.draw(0xFFFFFFFF)
        cabinet.opening = (challenge, cabinet.draw(10000), door)
        cabinet.is_shown = False
        cabinet.wait(deadlines.OPENING, _VALID_MS)
        cabinet.show_about(door, texts.HELP, _VALID_MS)
    cabinet.challenge(event.door, challenge)


def cancel(cabinet: "Cabinet") -> None:
    """A challenge is over, and its words and its number leave the screen."""
    if cabinet.opening and texts.HELP <= cabinet.text <= texts.HELP_NUMBER:
        cabinet.show(texts.WELCOME, (), 1)  # and at once what else there is to say
    cabinet.opening = None
    cabinet.wait(deadlines.OPENING, None)


def show(cabinet: "Cabinet") -> bool:
    """Somebody at the cabinet pressed a key: shows the digits, when there are any."""
    if cabinet.opening:
        cabinet.is_shown = True
        cabinet.show(texts.HELP_NUMBER, (cabinet.opening[1],), _VALID_MS)
    return cabinet.opening is not None


def give(cabinet: "Cabinet", event: "OpenConfirmed") -> None:
    """Opens the door when the host gives back what only the screen has shown.

    Each challenge is answered once.
    """
    opening = cabinet.opening
    is_shown = cabinet.is_shown
    cancel(cabinet)
    if (
        not opening
        or not is_shown
        or opening[:2] != event
        or opening[2].state < WAITING
        or cabinet.scarce(opening[2])
    ):
        cabinet.challenge(0, 0)
        return
    courier.seal(cabinet)
    door = opening[2]
    cabinet.openings.append(cabinet.now)
    cabinet.record(records.OPENINGS, None, len(cabinet.openings))
    _watch(cabinet)
    cabinet.record(records.PICKUP_OPENED, door, records.BY_HOST)
    door.opener = records.BY_HOST
    cabinet.open(door, texts.TAKE)
