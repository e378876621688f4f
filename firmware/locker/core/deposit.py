"""The courier's visit: ticket, size, door, parcel. Deposited only when the door is closed and something is seen inside.

A counter is reserved durably before its door moves and is never given out again. A ticket is spent when its deposit can no longer be
withdrawn: when another number is checked, or 60 s after closing.
"""

from locker.compat import const
from locker.core import codes, records, texts, tickets
from locker.core.effects import BAD, GOOD, Spend
from locker.core.journal import LOADING

# What happens to the visit, for core.entry.
GOOD_TICKET = const(4)
FOUND = const(5)  # a door for the parcel
LARGER = const(6)  # only a larger door than asked for
STUCK = const(7)
SHUT_EMPTY = const(8)
DONE = const(9)  # nothing more to ask the courier

# Deadlines of the cabinet.
RECEIPT = const(1)
SEAL = const(2)

_RECEIPT_MS = const(2500)  # from being deposited, which is 500 ms after closing
_REOPEN_MS = const(60000)
_READ_MS = const(60000)  # for copying a receipt
_AGAIN_MS = const(1000)
_SIZES = "SML"


def answer(cabinet) -> None:
    """Checks a ticket of 9 digits, offline. The ticket of the deposit just made opens that door again."""
    secrets = cabinet.secrets
    serial = tickets.check_ticket(secrets.ticket_key, secrets.site_id, cabinet.typed)
    cabinet.serial = serial
    door = cabinet.deposited
    if door and door.parcel.serial == serial:
        cabinet.deposited = None
        cabinet.record(records.WITHDRAWN, door, serial)
        cabinet.choice = door
        cabinet.step(FOUND)
        return
    seal(cabinet)
    if serial < 0:
        cabinet.refuse_ticket()
        cabinet.refuse(texts.UNKNOWN)
    elif cabinet.spent(serial) or any(d.for_courier() and d.parcel.serial == serial for d in cabinet.doors.values()):
        cabinet.refuse(texts.USED)
    else:
        cabinet.beep(GOOD)
        cabinet.step(GOOD_TICKET)


def seal(cabinet) -> None:
    """The deposit just made can no longer be withdrawn: its ticket is spent."""
    door = cabinet.deposited
    if door:
        cabinet.deposited = None
        cabinet.emit(Spend(door.parcel.serial))


def ask_size(cabinet) -> None:
    """1, 2 or 3: unless there is no door to be had."""
    if cabinet.accepting and any(door.is_free() for door in cabinet.doors.values()):
        cabinet.show(texts.SIZES)
    else:
        cabinet.step(DONE)
        cabinet.refuse(texts.FULL)


def choose(cabinet) -> None:
    """A random free door of the size of the key, or the next larger one; no resident gets a usual door."""
    wanted = "123".find(cabinet.key)
    if wanted < 0:
        return
    for size in _SIZES[wanted:]:
        free = [door for door in cabinet.order if door.size == size and door.is_free()]
        if free:
            cabinet.choice = free[cabinet.draw(len(free))]
            if size == _SIZES[wanted]:
                cabinet.step(FOUND)
            else:
                cabinet.step(LARGER)
                cabinet.show(texts.LARGER, (_SIZES[wanted], size))
            return
    cabinet.show(texts.NO_SIZE, (_SIZES[wanted],))


def take_offer(cabinet) -> None:
    """The courier takes the larger door, if it is still free."""
    if cabinet.choice.is_free():
        cabinet.step(FOUND)
    else:
        ask_size(cabinet)


def start(cabinet) -> None:
    """Reserves a counter for the chosen door and opens it."""
    door = cabinet.choice
    cabinet.courier = door
    cabinet.record(records.DEPOSIT_STARTED, door, cabinet.serial, door.parcel.counter + 1)
    reopen(cabinet)


def reopen(cabinet) -> None:
    """Opens the courier's door, for the first time or because nothing was seen inside."""
    door = cabinet.courier
    cabinet.show(texts.PUT, (door.number,))
    cabinet.open(door)


def change(cabinet) -> None:
    """The courier wants another size, or to leave: the door must be closed first."""
    cabinet.show(texts.CHANGE, (cabinet.courier.number,))


def ask_reopen(cabinet) -> None:
    """Closed, and nothing is seen inside."""
    cabinet.beep(BAD)
    cabinet.show(texts.NO_PARCEL, (cabinet.courier.number,))


def give_up(cabinet) -> None:
    """The courier leaves without a deposit; the ticket stays good."""
    cancel(cabinet, cabinet.courier)
    cabinet.show(texts.WELCOME, (), None)


def cancel(cabinet, door) -> None:
    """No parcel came to this door; its counter is never used again."""
    cabinet.record(records.CANCELLED, door, door.parcel.serial)
    cabinet.send(False)


def cancel_and_begin(cabinet) -> None:
    """Someone types a number instead of answering."""
    cancel(cabinet, cabinet.courier)
    cabinet.begin()


def ask_other(cabinet) -> None:
    """The courier's door is closed and empty as asked: another size?"""
    cancel(cabinet, cabinet.courier)
    ask_size(cabinet)


def say_stuck(cabinet) -> None:
    """The courier's door did not move: another one?"""
    cabinet.show(texts.STUCK, (cabinet.courier.number,))


def _deposited(cabinet, door):
    cabinet.record(records.DEPOSITED, door, door.parcel.serial)
    cabinet.send(False)


def judge(cabinet, door) -> None:
    """The courier's door is closed."""
    if door.occupied:
        cabinet.finish(door)
        seal(cabinet)
        _deposited(cabinet, door)
        cabinet.deposited = door
        cabinet.deposit_number = cabinet.state.number
        cabinet.due[RECEIPT] = cabinet.now + _RECEIPT_MS
        cabinet.due[SEAL] = cabinet.now + _REOPEN_MS
        cabinet.beep(GOOD)
        cabinet.tell(door, texts.DEPOSITED)
    elif cabinet.courier is door:
        cabinet.step(SHUT_EMPTY)
    else:
        cancel(cabinet, door)


def jammed(cabinet, door) -> None:
    """The courier's door did not move; the ticket is good for another one."""
    cancel(cabinet, door)
    if cabinet.courier is door:
        cabinet.step(STUCK)


def resolve(cabinet, door) -> None:
    """After a power cut, the door closed: deposited only if the coil had moved and something is inside."""
    if not door.occupied:
        cancel(cabinet, door)
    elif door.parcel.state == LOADING:
        _deposited(cabinet, door)
    else:
        cabinet.record(records.SENSOR_FAULT, door, 2)
        cancel(cabinet, door)


def show_receipt(cabinet) -> None:
    """The host has not acknowledged the deposit: what the courier can report instead, once nobody is at the keypad."""
    door = cabinet.deposited
    if door is None or cabinet.state.acknowledged >= cabinet.deposit_number:
        return
    if not cabinet.is_idle():
        cabinet.due[RECEIPT] = cabinet.now + _AGAIN_MS
        return
    secrets = cabinet.secrets
    parcel = door.parcel
    code = codes.receipt_code(secrets.receipt_key, secrets.board_id, secrets.epoch, door.number, parcel.counter, parcel.serial, 0)
    ticket = tickets.ticket(secrets.ticket_key, secrets.site_id, parcel.serial)
    cabinet.show(texts.RECEIPT, (door.number, parcel.counter % 10000, code, ticket, secrets.cabinet), _READ_MS)
