"""What the host may order, in numbered commands: each is applied once, in order, and reported with its number.

A command names the parcel it is for by the door's counter. Said again after a power cut it changes nothing that it has changed already.
"""

from locker.compat import const
from locker.core import records
from locker.core.journal import ARMING_MAX, RECALL, RETRY_MAX, SERVICE, WAITING

REISSUE = const(1)  # a: retry, more than before; another code for the same parcel, the failures stay
ARM_RECALL = const(2)  # a: arming, more than before; staff may take the parcel out once
ARM_SERVICE = const(3)  # a: arming, more than before; staff may open the door once
DISARM = const(4)
SET_OUT = const(5)  # a: 1 out of service, 0 back
SET_PATIENCE = const(6)  # a: 1-4, how many times as long the cabinet waits for people; door 0


def _reissue(cabinet, door, a):
    """Gives the parcel another code."""
    if door.state < WAITING or not door.retry <= a <= RETRY_MAX:
        return False
    cabinet.record(records.REISSUED, door, a)
    return True


def _arm(cabinet, door, which, arming):
    if not door.arming <= arming <= ARMING_MAX:
        return False
    cabinet.record(records.ARMED, door, which << 8 | arming)
    return True


def _recall(cabinet, door, a):
    """Arms the code with which staff take the parcel out."""
    return door.state >= WAITING and _arm(cabinet, door, RECALL, a)


def _service(cabinet, door, a):
    """Arms the code with which staff open the door."""
    return _arm(cabinet, door, SERVICE, a)


def _disarm(cabinet, door, _):
    """No code of staff opens the door any more."""
    return _arm(cabinet, door, 0, door.arming)


def _set_out(cabinet, door, a):
    """Takes the door out of service, or back. A parcel that is inside can be collected all the same."""
    cabinet.record(records.OUT_OF_SERVICE, door, a & 1)
    return True


_ACTIONS = (None, _reissue, _recall, _service, _disarm, _set_out)  # by kind


def apply(cabinet, event) -> None:
    """Carries out a Commanded event when it is the next one; one that is old, too early or without room in the journal changes nothing."""
    state = cabinet.state
    door = cabinet.doors.get(event.door)
    if event.number != state.command + 1 or cabinet.scarce(door):
        return
    done = False
    if event.kind == SET_PATIENCE:
        done = 1 <= event.a <= 4
        if done:
            state.patience = event.a
    elif door and door.counter == event.counter and 0 < event.kind < len(_ACTIONS):
        done = _ACTIONS[event.kind](cabinet, door, event.a)
    cabinet.record(records.COMMAND_APPLIED, door, event.number, int(done) | state.patience << 1)
