"""The sweep bites: a firmware with one of these faults breaks a law at some power cut,
and the sweep says which.
"""

from collections.abc import Callable

import pytest

from locker.contract import records
from locker.core import effects
from locker.core.cabinet import Cabinet
from locker.core.state import TAKING, WAITING, Door, State
from locker.shell import journal
from locker.shell.journal import Journal
from tests.simulation.cuts.laws import LawBroken
from tests.simulation.cuts.sweep import every_single, lived, uncut
from tests.simulation.cuts.transactions import TRANSACTIONS

Patch = pytest.MonkeyPatch


def a_try_is_recorded_after_the_answer(patch: Patch) -> None:
    record, handle = Cabinet.record, Cabinet.handle
    late = []

    def keep(self, kind, door, *more):
        late.append((door, *more)) if kind == records.CODE_TRIED else record(self, kind, door, *more)

    def answer_first(self, event, now_ms):
        wanted = handle(self, event, now_ms)
        if (
            late
            and any(isinstance(effect, effects.Show) and effect.text for effect in wanted)
            and self.mode == 0
        ):
            record(self, records.CODE_TRIED, *late.pop())
        return wanted

    patch.setattr(Cabinet, "record", keep)
    patch.setattr(Cabinet, "handle", answer_first)


def torn_records_are_taken_for_whole(patch: Patch) -> None:
    patch.setattr(
        journal, "opened", lambda data: None if bytes(data).count(255) == len(data) else bytes(data[:-4])
    )


def a_counter_is_kept_with_the_deposit_only(patch: Patch) -> None:
    apply = Door.apply

    def forgetful(self, kind, a, b, epoch):
        apply(self, kind, a, b, epoch)
        if kind == records.CANCELLED:
            self.counter = b - 1

    patch.setattr(Door, "apply", forgetful)


def everything_is_acknowledged_as_soon_as_anything_is(patch: Patch) -> None:
    acknowledge = Journal.acknowledge
    patch.setattr(
        Journal, "acknowledge", lambda self, _, uptime: acknowledge(self, self.next_number - 1, uptime)
    )


def a_start_goes_on_with_the_pulse(patch: Patch) -> None:
    boot = Cabinet.boot

    def pulse(self, sensors, now_ms):
        doors = [door for door in self.doors.values() if door.state > WAITING]
        wanted = boot(self, sensors, now_ms)
        for door in doors:
            self.record(records.PULSED, door, 1)
            wanted.append(effects.Unlock(door.number))
        return wanted

    patch.setattr(Cabinet, "boot", pulse)


def a_start_forgets_to_spend_tickets(patch: Patch) -> None:
    boot = Cabinet.boot
    patch.setattr(
        Cabinet,
        "boot",
        lambda self, *now: [effect for effect in boot(self, *now) if not isinstance(effect, effects.Spend)],
    )


def the_coil_moves_before_the_record(patch: Patch) -> None:
    handle = Cabinet.handle
    patch.setattr(
        Cabinet,
        "handle",
        lambda self, *now: sorted(
            handle(self, *now), key=lambda effect: not isinstance(effect, effects.Unlock)
        ),
    )


def doors_are_not_carried_over_an_erase(patch: Patch) -> None:
    append = Journal.append

    def leave_out(self, kind, door, uptime, a, b):
        if kind == records.DOOR_STATE:
            return records.Record(kind, door, self.boot, self.next_number - 1, uptime, a, b)
        return append(self, kind, door, uptime, a, b)

    patch.setattr(Journal, "append", leave_out)


def what_was_being_taken_is_taken(patch: Patch) -> None:
    boot = Cabinet.boot

    def guess(self, sensors, now_ms):
        return boot(
            self, [(n, shut, seen and self.doors[n].state != TAKING) for n, shut, seen in sensors], now_ms
        )

    patch.setattr(Cabinet, "boot", guess)


def a_new_epoch_is_not_kept(patch: Patch) -> None:
    fold = State.fold
    patch.setattr(
        State,
        "fold",
        lambda self, kind, *more: None if kind == records.EPOCH_BEGUN else fold(self, kind, *more),
    )


def the_second_copy_is_written_first(patch: Patch) -> None:
    append = Journal.append

    def copy_first(self, kind, door, uptime, a, b):
        if self.kept:
            self.kept(self.boot, kind, uptime)
        return append(self, kind, door, uptime, a, b)

    patch.setattr(Journal, "append", copy_first)


def the_last_room_is_for_anything(patch: Patch) -> None:
    patch.setattr(Cabinet, "scarce", lambda self, door: False)


MUTANTS: dict[Callable[[Patch], None], tuple[str, str]] = {
    # fault:                                         a transaction that shows it, and the law that it breaks
    a_try_is_recorded_after_the_answer: ("wrong code", "a try is written before it is compared"),
    torn_records_are_taken_for_whole: ("deposit", "nothing is there that was not written"),
    a_counter_is_kept_with_the_deposit_only: ("deposit", "no parcel counter is used twice"),
    everything_is_acknowledged_as_soon_as_anything_is: (
        "erase ahead",
        "the host is told every event in turn, without gaps",
    ),
    a_start_goes_on_with_the_pulse: ("pickup", "no coil moves for an act of before a power cut"),
    a_start_forgets_to_spend_tickets: ("deposit", "a ticket is good for one deposit"),
    the_coil_moves_before_the_record: ("pickup", "a pulse is written down before its coil moves"),
    doors_are_not_carried_over_an_erase: ("erase ahead", "the journal says what was written"),
    a_new_epoch_is_not_kept: ("new epoch", "a deposited parcel is collected with its code"),
    the_second_copy_is_written_first: ("deposit", "a power cut casts no doubt on the journal"),
    the_last_room_is_for_anything: ("journal brimful", "the core asks for no record that has no room"),
    what_was_being_taken_is_taken: ("pickup", "an open intent ends as the sensors say"),
}


@pytest.mark.parametrize("fault", MUTANTS, ids=lambda fault: fault.__name__)
def test_a_firmware_with_this_fault_is_found_out(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    name, law = MUTANTS[fault]
    for online in TRANSACTIONS[name].links:
        uncut(name, online)  # its past and its length are those of the firmware without the fault
    fault(monkeypatch)
    with pytest.raises(LawBroken, match=law):
        lived(every_single(name))
