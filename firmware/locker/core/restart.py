"""After a power cut: what was begun is resolved from the sensors, no door is unlocked,
and the screen says what is to be done now.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import door as doors_table
from locker.core import hourly, lamp, resident, state, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from locker.core.cabinet import Cabinet
    from locker.core.events import Seen
    from locker.core.state import Door

_OUTCOME_MS = const(20000)
_CLOSE_MS = const(60000)  # for a door that nobody may be at
_BOOTS_TOLD = const(3)  # within the hour: of further ones the journal does not say what stands open still
_LOOK_MS = const(5000)  # how often it is looked whether the door is closed

# By state of the parcel: what whoever stands at the open door is asked to do.
_OPEN = {state.LOADING: texts.RESUMED, state.TAKING: texts.TAKE}


def resolve(cabinet: "Cabinet", sensors: "Iterable[tuple[int, bool, bool]]") -> bool:
    """Resolves each door: `sensors` is a tuple of (door, closed, occupied).

    A door that is open goes before one that is closed.

    Whether there is something to be said of it; the screen says it unless the keypad is in use.
    """
    open_one: "Door | None" = None
    closed_one: "tuple[int, Door] | None" = None
    for number, closed, occupied in sensors:
        door = cabinet.doors[number]
        door.closed = closed
        door.occupied = occupied
        if number in cabinet.state.flaps:
            hourly.count(cabinet, records.DOOR_FLAPPED, 0)
        before = door.state
        is_forced = number in cabinet.state.forced
        if closed:
            if is_forced:  # what is found open after another power cut was opened since
                cabinet.record(records.DOOR_CLOSED, door, int(occupied))
            doors_table.resolve(cabinet, door)
            if before > state.WAITING:
                closed_one = (resident.still_inside(door) if door.state else texts.COLLECTED, door)
            elif before == state.LOADING and door.state == state.WAITING:
                closed_one = (texts.DEPOSITED, door)
            continue
        if before == state.EMPTY:
            door.phase = doors_table.FORCED
            if door.armed:  # staff may have opened it: their code has served
                cabinet.record(records.DOOR_OPENED, door)
        elif before == state.WAITING and is_forced:
            # That was told before the power cut.
            door.phase = doors_table.FORCED
            if cabinet.state.boots <= _BOOTS_TOLD:
                cabinet.record(records.DOOR_LEFT_OPEN, door)
        else:
            if before != state.WAITING:
                door.phase = doors_table.RELEASED
            doors_table.transition(cabinet, door, doors_table.OPENED)
        if open_one is None or (door.state in _OPEN and open_one.state not in _OPEN):
            open_one = door
    if open_one:
        lamp.touch(cabinet)
        cabinet.resumed = remind
        cabinet.resumed_ms = cabinet.now + _CLOSE_MS
        _show(cabinet, open_one)
    elif closed_one:
        lamp.touch(cabinet)
        cabinet.show_about(closed_one[1], closed_one[0], _OUTCOME_MS)
    return bool(open_one or closed_one)


def see(cabinet: "Cabinet", event: "Seen") -> None:
    """The sensors of a door can be read: at last since the boot, or again after they could not for a while.

    What happened meanwhile nobody has seen.
    A door that was unlocked in the dark and stands open was not forced.
    """
    number, closed, occupied = event
    door = cabinet.doors[number]
    is_new = door in cabinet.unseen
    if is_new:
        cabinet.unseen.remove(door)
    is_unlocked = door.jammed and not door.phase and door.state in (state.EMPTY, state.WAITING)
    if is_new and not door.phase and not is_unlocked:
        resolve(cabinet, ((number, closed, occupied),))
        return
    door.occupied = occupied
    if closed != door.closed:
        door.closed = closed
        lamp.touch(cabinet)
        if is_unlocked:
            door.phase = doors_table.RELEASED
        doors_table.transition(cabinet, door, doors_table.CLOSED if closed else doors_table.OPENED)
    elif not door.phase:
        doors_table.distrust(cabinet, door)


def _show(cabinet: "Cabinet", door: "Door") -> None:
    cabinet.show_about(door, _OPEN.get(door.state, texts.CLOSE), _LOOK_MS)


def remind(cabinet: "Cabinet") -> bool:
    """Instead of the welcome: a door that the power cut has left open;
    whether there is one still, and somebody may be there.
    """
    for door in cabinet.doors.values():
        is_forced = door.phase == doors_table.FORCED and cabinet.now < cabinet.resumed_ms
        if is_forced or (door.phase == doors_table.OPEN and door.state in _OPEN):
            _show(cabinet, door)
            return True
    cabinet.resumed = None
    return False
