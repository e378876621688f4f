"""What is wrong at the cabinet and is not of a visit:
somebody at its inside, broken keys, a sensor, a weak supply.
"""

from locker.compat import TYPE_CHECKING
from locker.contract import records
from locker.core import deadlines, hourly, keypad
from locker.core.effects import ALARM

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.events import KeysLeftOut, SensorFailed, SupplyLow, Tampered


def tampered(cabinet: "Cabinet", _: "Tampered") -> None:
    """Somebody is at the inside of the cabinet."""
    cabinet.beep(ALARM)
    hourly.note(cabinet, records.TAMPERED, None, 0)


def leave_out(cabinet: "Cabinet", event: "KeysLeftOut") -> None:
    """Which keys are broken is said as soon as the screen has nothing else to say."""
    cabinet.left_out = event.keys
    if cabinet.mode == keypad.IDLE and deadlines.KEYPAD not in cabinet.due:
        keypad.welcome(cabinet, None)


def fail(cabinet: "Cabinet", event: "SensorFailed") -> None:
    """Nobody knows what is inside: what is there now is collected by key."""
    door = cabinet.doors[event.door]
    if not door.sensor_unreliable:
        cabinet.record(records.SENSOR_FAULT, door, 2)


def starve(cabinet: "Cabinet", event: "SupplyLow") -> None:
    """An unlocking was refused: the supply is too weak."""
    hourly.note(cabinet, records.SUPPLY_LOW, cabinet.doors[event.door], event.mv)
