"""The resident's visit behind the code:
collected only when the door is closed and nothing is inside, by the sensor or by her word.

Where the sensor cannot tell (a flat parcel, a sensor that has been wrong) the screen asks: `1` taken, `2`
still inside. No answer means still inside: the code stays alive and staff are told. A `1` counts when no
other key follows for two seconds, for it may begin somebody's number.
"""

from locker.compat import TYPE_CHECKING
from locker.contract import records
from locker.core import texts
from locker.core.keypad_events import CONFIRM, TYPED

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.state import Door


def judge(cabinet: "Cabinet", door: "Door") -> None:
    """The resident's door is closed."""
    if not door.sensor_unreliable:
        _end(cabinet, door, not door.occupied)
    elif cabinet.mode:  # somebody else is typing: nobody can be asked
        _end(cabinet, door, False)
    else:
        cabinet.courier = door
        cabinet.typed = ""
        cabinet.transition(CONFIRM)


def _end(cabinet: "Cabinet", door: "Door", is_taken: bool) -> None:
    cabinet.record(records.COLLECTED if is_taken else records.STILL_INSIDE, door, door.serial)
    cabinet.show_about(door, texts.COLLECTED if is_taken else still_inside(door))


def still_inside(door: "Door") -> int:
    """What the screen says of a parcel that was not taken:
    her code is good as ever, that of staff was for once.
    """
    return texts.CODE_SPENT if records.BY_RECALL <= door.opener <= records.BY_SERVICE else texts.STILL_INSIDE


def reply(cabinet: "Cabinet", door: "Door") -> None:
    """A key after the question: an answer, or the beginning of somebody's number."""
    if not cabinet.typed and cabinet.key in "12":
        cabinet.typed = cabinet.key
        cabinet.sure()
    else:
        cabinet.record(records.STILL_INSIDE, door, door.serial)  # as far as anybody knows
        cabinet.transition(TYPED)


def confirm(cabinet: "Cabinet", door: "Door") -> None:
    """The answer counts, or none came."""
    _end(cabinet, door, cabinet.typed == "1")
