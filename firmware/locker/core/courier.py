"""The courier's visit: ticket, size, door, parcel.

Deposited only when the door is closed and something is seen inside.

A counter is reserved durably before its door moves and is never given out again. A ticket is spent when its
deposit can no longer be withdrawn: when another number is checked, or 60 s after closing.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import codes, records, tickets
from locker.core import deadlines, effects, hourly, texts
from locker.core.effects import BAD, GOOD
from locker.core.keypad_events import DONE, FOUND, GOOD_TICKET, LARGER, SHUT_EMPTY, TYPED
from locker.core.state import LOADING, REFUSED_MAX, RESERVED

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.state import Door

_RECEIPT_MS = const(2500)  # from being deposited, which is 500 ms after closing
_REOPEN_MS = const(60000)
_READ_MS = const(60000)  # for copying a receipt
_AGAIN_MS = const(1000)
_TOO_OLD = const(-2)  # no serial: a ticket of two generations ago
_ROUNDS_MAX = const(3)  # openings for one ticket; then it has to be typed again
_SIZES = "SML"
HELP_MS = const(60000)  # for reading whom to call
_ELSEWHERE_MS = const(20000)  # for reading where to go next


def answer(cabinet: "Cabinet") -> None:
    """Checks a ticket of 9 digits, offline. The ticket of the deposit just made opens that door again."""
    serial = cabinet.serial = _serial(cabinet)
    cabinet.rounds = 0
    door = cabinet.deposited
    if door and door.serial == serial and not cabinet.scarce(door):
        cabinet.deposited = None
        cabinet.record(records.WITHDRAWN, door, serial)
        _in_vain(cabinet)
        cabinet.choice = door
        cabinet.transition(FOUND)
        return
    seal(cabinet)
    if serial < 0:
        _count_refusal(cabinet, serial == _TOO_OLD)
        cabinet.refuse(texts.OLD_TICKET if serial == _TOO_OLD else texts.UNKNOWN)
        return
    used = cabinet.spent(serial)
    for door in cabinet.doors.values():
        if RESERVED <= door.state <= LOADING and door.serial == serial:
            used = True
    if used:
        cabinet.refuse(texts.USED)
    else:
        cabinet.beep(GOOD)
        cabinet.transition(GOOD_TICKET)


def _serial(cabinet: "Cabinet") -> int:
    """The serial, as in records, of the ticket that was typed;
    -1 for no ticket, _TOO_OLD for one of two generations ago.
    """
    secrets = cabinet.secrets
    newest = cabinet.state.generation
    found = -1
    for generation in (newest, newest - 1, newest - 2):
        if found == -1 and generation >= 0:
            key, rule = secrets.ticket_keys[generation]
            found = tickets.check_ticket(
                key, secrets.site_id, cabinet.typed, tickets.SERIALS if rule else tickets.OLD_SERIALS
            )
            if found >= 0 and (generation + 1 < newest or (newest and found >= tickets.SERIALS)):
                found = _TOO_OLD
            elif found >= 0:
                cabinet.needs_low = tickets.is_low(key, secrets.site_id, found)
                found = tickets.recorded(found, generation)
    return found


def _count_refusal(cabinet: "Cabinet", is_old: bool) -> None:
    """Journals a refused ticket at once, as it counts across a power cut;
    those after the tenth once an hour.
    """
    hourly.count(cabinet, records.TICKET_REFUSED, 1 | is_old << 16)
    counted = cabinet.state.refused
    if counted < REFUSED_MAX:
        cabinet.record(records.TICKET_REFUSED, None, cabinet.counted.pop(records.TICKET_REFUSED), counted + 1)


def _in_vain(cabinet: "Cabinet") -> None:
    """Counts a visit that ended without a deposit.

    Many of them in an hour slow the answers to tickets; no ticket is refused for it.
    """
    cabinet.cancelled += 1
    hourly.begin(cabinet)


def report_refusals(cabinet: "Cabinet") -> None:
    """An hour is over. Whoever has gone on trying although answers were slow keeps them slow."""
    counted = cabinet.state.refused
    if counted:
        refusals = cabinet.counted.pop(records.TICKET_REFUSED, 0)
        cabinet.record(records.TICKET_REFUSED, None, refusals, counted if refusals else 0)


def seal(cabinet: "Cabinet") -> None:
    """The deposit just made can no longer be withdrawn: its ticket is spent."""
    door = cabinet.deposited
    if door:
        cabinet.deposited = None
        cabinet.effects.append(effects.Spend(door.serial))


def ask_size(cabinet: "Cabinet", _: "Door | None") -> None:
    """1, 2 or 3: unless there is no door to be had."""
    if cabinet.rounds >= _ROUNDS_MAX:
        cabinet.transition(DONE)
        cabinet.show(texts.WELCOME, (), None)
    elif cabinet.accepting and cabinet.free(_SIZES):
        cabinet.show(texts.SIZES)
    else:
        cabinet.transition(DONE)
        cabinet.refuse(texts.FULL, _ELSEWHERE_MS)


def choose(cabinet: "Cabinet", _: "Door | None") -> None:
    """A random free door of the size of the key, or the next larger one; no resident gets a usual door.

    Whoever needs a low door gets a larger one rather than one out of reach, and no courier is asked.
    """
    wanted = "123".find(cabinet.key)
    if wanted < 0:
        cabinet.typed = ""
        cabinet.transition(TYPED)  # somebody's number: the courier has gone
        return
    if not cabinet.accepting:  # any more
        ask_size(cabinet, None)
        return
    low = cabinet.needs_low and bool(cabinet.free(_SIZES[wanted:], True))
    for size in _SIZES[wanted:]:
        free = cabinet.free(size, low)
        if free:
            cabinet.choice = free[cabinet.draw(len(free))]
            if low or size == _SIZES[wanted]:
                cabinet.transition(FOUND)
            else:
                cabinet.transition(LARGER)
                cabinet.show(texts.LARGER, (_SIZES[wanted], size))
            return
    cabinet.show(texts.NO_SIZE, (_SIZES[wanted],))


def take_offer(cabinet: "Cabinet", _: "Door | None") -> None:
    """The courier takes the larger door, if it is still free and parcels are still taken."""
    if cabinet.accepting and cabinet.choice in cabinet.free(_SIZES):
        cabinet.transition(FOUND)
    else:
        ask_size(cabinet, None)


def start(cabinet: "Cabinet", _: "Door | None") -> None:
    """Reserves a counter for the chosen door and opens it."""
    door = cabinet.choice
    assert door
    cabinet.courier = door
    if door.state != LOADING:
        door.counter += 1
    cabinet.record(records.DEPOSIT_STARTED, door, cabinet.serial)
    cabinet.rounds += 1
    cabinet.open(door, texts.PUT)


def reopen(cabinet: "Cabinet", door: "Door") -> None:
    """Opens the courier's door again because nothing was seen inside;
    not for ever, since each time is written down.
    """
    if cabinet.rounds < _ROUNDS_MAX:
        cabinet.rounds += 1
        cabinet.open(door, texts.PUT)
    else:
        cabinet.transition(SHUT_EMPTY)  # `#` was not offered: asks again


def ask_reopen(cabinet: "Cabinet", door: "Door") -> None:
    """Closed, and nothing is seen inside:
    it can be opened again where rounds are left, else by the ticket typed again.
    """
    cabinet.typed = ""
    cabinet.beep(BAD)
    cabinet.show_about(door, texts.NO_PARCEL if cabinet.rounds < _ROUNDS_MAX else texts.NO_PARCEL_AGAIN)


def reply(cabinet: "Cabinet", door: "Door") -> None:
    """A key after the question: `1`, it lies where nothing sees it; or the beginning of somebody's number."""
    if not cabinet.typed and cabinet.key == "1":
        cabinet.typed = "1"
        cabinet.sure()
    else:
        cancel(cabinet, door)
        cabinet.transition(TYPED)


def end(cabinet: "Cabinet", door: "Door") -> None:
    """The `1` counts: deposited and flagged; or no answer came."""
    if cabinet.typed:
        cabinet.record(records.PARCEL_FLAGGED, door)
        _deposited(cabinet, door)
    else:
        give_up(cabinet, door)


def give_up(cabinet: "Cabinet", door: "Door") -> None:
    """The courier leaves without a deposit; the ticket stays good."""
    cancel(cabinet, door)
    cabinet.show(texts.WELCOME, (), None)


def cancel(cabinet: "Cabinet", door: "Door") -> None:
    """No parcel came to this door; its counter is never used again."""
    cabinet.record(records.CANCELLED, door, door.serial)
    _in_vain(cabinet)


def ask_other(cabinet: "Cabinet", door: "Door") -> None:
    """The courier's door is closed and empty as asked: another size?"""
    cancel(cabinet, door)
    ask_size(cabinet, door)


def judge(cabinet: "Cabinet", door: "Door") -> None:
    """The courier's door is closed."""
    if door.occupied:
        if cabinet.courier is door:
            cabinet.transition(DONE)
        _deposited(cabinet, door)
    elif cabinet.courier is door:
        cabinet.transition(SHUT_EMPTY)
    else:
        cancel(cabinet, door)


def _deposited(cabinet: "Cabinet", door: "Door") -> None:
    """Closed, and inside by the sensor or by the courier's word."""
    seal(cabinet)
    cabinet.record(records.DEPOSITED, door, door.serial)
    cabinet.deposited = door
    cabinet.deposit_number = cabinet.state.number
    cabinet.wait(deadlines.RECEIPT, _RECEIPT_MS)
    cabinet.wait(deadlines.SEAL, _REOPEN_MS)
    cabinet.beep(GOOD)
    cabinet.show_about(door, texts.DEPOSITED)


def acknowledged(cabinet: "Cabinet") -> None:
    """The host holds more events: a receipt for a deposit among them need not be copied any more."""
    if cabinet.text == texts.RECEIPT and cabinet.state.acknowledged >= cabinet.deposit_number:
        if cabinet.deposited:
            cabinet.show_about(cabinet.deposited, texts.DEPOSITED)
        else:
            cabinet.show(texts.WELCOME, (), None)


def show_receipt(cabinet: "Cabinet") -> None:
    """The host has not acknowledged the deposit:
    what the courier can report instead, once nobody is at the keypad.
    """
    door = cabinet.deposited
    if door is None or cabinet.state.acknowledged >= cabinet.deposit_number:
        return
    if cabinet.mode:
        cabinet.wait(deadlines.RECEIPT, _AGAIN_MS)
        return
    secrets = cabinet.secrets
    code = codes.receipt_code(
        secrets.receipt_key, secrets.board_id, secrets.epoch, door.number, door.counter, door.serial, 0
    )
    generation = cabinet.state.generation_of(door)
    ticket = tickets.ticket(
        secrets.ticket_keys[generation][0],
        secrets.site_id,
        door.serial & 0xFFFF if generation else door.serial,
    )
    cabinet.show(texts.RECEIPT, (door.number, door.counter % 10000, code, ticket, secrets.cabinet), _READ_MS)
