"""The resident's visit: her code opens her door until the parcel is out, and nothing else ends it.

A try is counted durably before it is compared, right or wrong; the answer comes at the same tick for right, wrong, duress and empty.
"""

from locker.core import codes, records, texts, tickets
from locker.core.effects import GOOD
from locker.core.journal import FAILURES_MAX, GRANTED, TAKING, WAITING, Parcel

_NOBODY = Parcel()  # a door that the cabinet does not have is answered like an empty one


def count_try(cabinet) -> bool:
    """Counts a try against its door, before anything is compared. Or, once it has counted enough: True, the door asks for all digits."""
    door = cabinet.doors.get(int(cabinet.typed[:2]))
    if door is None:
        return False
    if door.parcel.failures < FAILURES_MAX:
        cabinet.record(records.CODE_TRIED, door, door.parcel.failures + 1)
        return False
    return True


def answer(cabinet) -> None:
    """Compares door + 8 or 12 digits and opens the door, or does not. Both comparisons are always made."""
    number = int(cabinet.typed[:2])
    pin = cabinet.typed[2:]
    door = cabinet.doors.get(number)
    parcel = door.parcel if door else _NOBODY
    secrets = cabinet.secrets
    code = codes.pickup_code(secrets.code_key, secrets.board_id, secrets.epoch, number, parcel.counter, 0)
    tail = tickets.tail(secrets.ticket_key, secrets.site_id, parcel.serial)
    right = codes.same(pin, code[: len(pin)])
    duress = codes.same(pin, codes.duress_code(code, tail)[: len(pin)])
    alive = parcel.state in (WAITING, GRANTED, TAKING) and parcel.epoch == secrets.epoch & 1023
    if alive and (right or duress):
        cabinet.record(records.PICKUP_OPENED, door, 0 if right else 1)
        cabinet.send(True)
        cabinet.beep(GOOD)
        cabinet.show(texts.TAKE, (number,), None)
        cabinet.open(door)
    else:
        cabinet.refuse(texts.UNKNOWN)


def judge(cabinet, door) -> None:
    """Her door is closed again: collected only when nothing is inside; otherwise the code still works."""
    cabinet.record(records.STILL_INSIDE if door.occupied else records.COLLECTED, door, door.parcel.serial)
    cabinet.send(False)
    cabinet.tell(door, texts.STILL_INSIDE if door.occupied else texts.COLLECTED)


def jammed(cabinet, door) -> None:
    """Her door did not move: her code is as good as before."""
    cabinet.tell(door, texts.JAMMED)


def resolve(cabinet, door) -> None:
    """After a power cut, the door closed: collected only if the coil had moved and nothing is inside."""
    if door.parcel.state == TAKING:
        judge(cabinet, door)
    else:
        keep(cabinet, door)


def keep(cabinet, door) -> None:
    """Her door did not open: the parcel is inside, whatever the sensor says."""
    if not door.occupied:
        cabinet.record(records.SENSOR_FAULT, door, 2)
    cabinet.record(records.STILL_INSIDE, door, door.parcel.serial)
    cabinet.send(False)
