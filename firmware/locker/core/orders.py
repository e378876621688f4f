"""What the host may order, in numbered commands:
each is applied once, in order, and reported with its number.

A command names the parcel it is for by the door's counter.
Said again after a power cut it changes nothing that it has changed already.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.contract.codes import RULE
from locker.contract.commands import (
    ADOPT,
    ANSWER_BELL,
    ARM_RECALL,
    ARM_SERVICE,
    BEGIN_EPOCH,
    DISARM,
    REISSUE,
    SET_OUT,
    SET_PATIENCE,
    SETTLE,
    SKIP,
    TURN_TICKETS,
)
from locker.contract.tickets import GENERATION_MAX
from locker.core import bell, courier, keypad
from locker.core.effects import Clear, Spend
from locker.core.state import (
    CODE_VERSION_MAX,
    COUNTER_MAX,
    EMPTY,
    EPOCH_BITS,
    EPOCHS_MAX,
    LOADING,
    STAFF_CODE_VERSION_MAX,
    WAITING,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.core.cabinet import Cabinet
    from locker.core.events import Commanded
    from locker.core.state import Door

_TURN = const(16)  # records: those of the turn, and those of a boot in the midst of it


def _reissue(cabinet: "Cabinet", door: "Door", event: "Commanded") -> bool:
    """Gives the parcel another code."""
    if door.state < WAITING or not door.code_version <= event.a <= CODE_VERSION_MAX:
        return False
    cabinet.record(records.REISSUED, door, event.a)
    return True


def _arm(cabinet: "Cabinet", door: "Door", which: int, arming: int) -> bool:
    if not door.staff_code_version <= arming <= STAFF_CODE_VERSION_MAX:
        return False
    cabinet.record(records.ARMED, door, which << 8 | arming)
    return True


def _recall(cabinet: "Cabinet", door: "Door", event: "Commanded") -> bool:
    """Arms the code with which staff take the parcel out."""
    return door.state >= WAITING and _arm(cabinet, door, records.RECALL, event.a)


def _service(cabinet: "Cabinet", door: "Door", event: "Commanded") -> bool:
    """Arms the code with which staff open the door."""
    return _arm(cabinet, door, records.SERVICE, event.a)


def _disarm(cabinet: "Cabinet", door: "Door", _: "Commanded") -> bool:
    """No code of staff opens the door any more."""
    return _arm(cabinet, door, 0, door.staff_code_version)


def _set_out(cabinet: "Cabinet", door: "Door", event: "Commanded") -> bool:
    """Takes the door out of service, or back. A parcel that is inside can be collected all the same."""
    cabinet.record(records.OUT_OF_SERVICE, door, event.a & 1)
    return True


def _set_patience(cabinet: "Cabinet", _: "Door | None", event: "Commanded") -> bool:
    done = 1 <= event.a <= 4
    if done:
        cabinet.state.patience = event.a
    return done


def _begin_epoch(cabinet: "Cabinet", _: "Door | None", event: "Commanded") -> bool:
    """New keys for new parcels, from a nonce of both ends; those that wait keep theirs."""
    state = cabinet.state
    if event.a & (1 << EPOCH_BITS) - 1 > state.epoch:
        if event.a >> EPOCH_BITS > RULE or len(state.epochs()) >= EPOCHS_MAX:
            return False
        # Which may be of an older image of the flash: how the serials of new parcels are to be read.
        if state.doubt:
            cabinet.record(records.TICKETS_TURNED, None, state.generation)
        cabinet.record(
            records.EPOCH_BEGUN, None, event.a, 1 + (event.counter ^ cabinet.draw(0xFFFFFFFF)) % 0xFFFFFFFF
        )
        cabinet.rekey()
    return True


def _answer_bell(cabinet: "Cabinet", _: "Door | None", event: "Commanded") -> bool:
    return event.a > 0 and bell.answer(cabinet, event.a)


def _adopt(cabinet: "Cabinet", door: "Door", event: "Commanded") -> bool:
    """Takes over a parcel of a journal that is lost."""
    serial = event.a & 0x1FFFF
    if door.state >= WAITING and (door.counter, door.serial) == (event.counter, serial):
        return True  # said again, perhaps while somebody takes it
    if door.state != EMPTY or not door.counter < event.counter <= COUNTER_MAX:
        return False
    cabinet.record(records.ADOPTED, door, event.a, event.counter)
    cabinet.rekey()
    if cabinet.state.is_current(door):
        cabinet.effects.append(Spend(serial))
    return True


def _settle(cabinet: "Cabinet", door: "Door", event: "Commanded") -> bool:
    epoch = cabinet.state.epoch
    is_old = (epoch - door.epoch) & 1023 >= epoch - event.a
    if door.state == WAITING and door.counter != event.counter and is_old:
        if cabinet.deposited is door:  # no courier takes it back
            courier.seal(cabinet)
        cabinet.record(records.COLLECTED, door, door.serial)
    return door.state in (EMPTY, WAITING)


def _goes(serial: int, generation: int, newest: int) -> bool:
    """Whether a ticket is not good any more: it is more than one generation old,
    or its serial would be read by another key.
    """
    return generation + 1 < newest or serial >> 16 != generation & 1


def _turn_tickets(cabinet: "Cabinet", _: "Door | None", event: "Commanded") -> bool:
    """Another ticket key: labels of the one before stay good, older ones go,
    and their bitmap is erased for the new one.

    Not while a courier has a ticket in hand that would go.
    Parcels that wait keep the tails that they came with.
    """
    state = cabinet.state
    if event.a <= state.generation:  # said again: so is the answer
        cabinet.record(records.TICKETS_TURNED, None, state.generation)
        return True
    if not _may_turn(cabinet, event.a):
        # So that a host that has lost count learns the present one.
        cabinet.record(records.TICKETS_TURNED, None, state.generation)
        return False
    turn(cabinet)
    return True


def _may_turn(cabinet: "Cabinet", newest: int) -> bool:
    """Whether the newest generation may begin;
    then the tails of parcels that wait are written down, and that it begins.
    """
    state = cabinet.state
    if keypad.CHOOSING <= cabinet.mode <= keypad.ASKING and _goes(
        cabinet.serial, state.generation_by(cabinet.serial), newest
    ):
        return False
    kept: "list[tuple[Door, int]]" = []
    for door in state.doors.values():
        generation = state.generation_of(door)
        if door.state and _goes(door.serial, generation, newest):
            if door.state <= LOADING or door is cabinet.deposited:
                return False
            if door.generation < 0:
                kept.append((door, generation))
    # In the journal each takes two: its own, and the room to say it again.
    if newest > GENERATION_MAX or cabinet.room < _TURN + 2 * len(kept) + state.reserved(None):
        return False
    for door, generation in kept:
        cabinet.record(records.TAIL_KEPT, door, generation, 0)
    cabinet.record(records.TICKETS_KEPT, None, state.generation, newest)
    return True


def turn(cabinet: "Cabinet") -> None:
    """Erases the bitmap that the next generation needs; only then it begins.

    A power cut between the two leads here again.
    """
    state = cabinet.state
    generation = state.clearing
    if generation != state.generation + 1:
        cabinet.effects.append(Clear(generation - 1))
    cabinet.effects.append(Clear(generation))
    cabinet.record(records.TICKETS_TURNED, None, generation)
    cabinet.rekey()
    for door in state.doors.values():
        # Adopted before there was a bitmap for it.
        if door.state >= WAITING and door.generation >= 0 and state.is_current(door):
            cabinet.effects.append(Spend(door.serial))


_ACTIONS: "dict[int, Callable[[Cabinet, Any, Commanded], bool]]" = {
    REISSUE: _reissue,
    ARM_RECALL: _recall,
    ARM_SERVICE: _service,
    DISARM: _disarm,
    SET_OUT: _set_out,
    SET_PATIENCE: _set_patience,
    BEGIN_EPOCH: _begin_epoch,
    ANSWER_BELL: _answer_bell,
    ADOPT: _adopt,
    SETTLE: _settle,
    TURN_TICKETS: _turn_tickets,
}


def apply(cabinet: "Cabinet", event: "Commanded") -> None:
    """Carries out a Commanded event when it is the next one;
    one that is old, too early or without room in the journal changes nothing.
    """
    state = cabinet.state
    door = cabinet.doors.get(event.door)
    kind = event.kind
    if kind == SKIP and event.number > state.command:
        cabinet.record(records.COMMAND_APPLIED, None, event.number, state.patience << 1)
    if event.number != state.command + 1 or cabinet.scarce(door):
        return
    done = False
    is_its = door and (door.counter == event.counter or ADOPT <= kind <= SETTLE)
    action = _ACTIONS.get(kind)
    if action and (is_its or SET_PATIENCE <= kind <= ANSWER_BELL or kind == TURN_TICKETS):
        done = action(cabinet, door, event)
    cabinet.record(records.COMMAND_APPLIED, door, event.number, int(done) | state.patience << 1)
