"""`ansim test` finds what is wrong with a cabinet,
names the part and says what to do, and tests all the rest.
"""

import pytest

from host_tools.bench.report import PASS, BenchReport
from host_tools.cli.test import _open_doors
from host_tools.errors import UserError
from tests.kit.bench_cabinet import BenchCabinet


def outcomes(report: BenchReport) -> dict[str, str]:
    return {phase.name: phase.outcome for phase in report.phases}


def findings(report: BenchReport) -> str:
    return " | ".join(str(finding) for phase in report.phases for finding in phase.findings)


@pytest.mark.parametrize("board", ["wall_12", "devkit_4", "row_8", "tower_24"])
def test_a_sound_cabinet_passes_every_phase(board: str) -> None:
    cabinet = BenchCabinet(board)
    report = cabinet.examine()
    assert set(outcomes(report).values()) == {PASS}, findings(report)
    assert not report.not_tried
    assert not cabinet.world.trace.violations


# A fault, and what the report says of it: the part, and what to do.
ON_EVERY_BOARD = {
    "coil 3": ("coil 03", "check"),
    "contact 3 cut": ("contact 03", "check the contact's wire"),
    "contact 3 stuck": ("contact 03", "check its wire"),
    "sensor 3 occupied": ("sensor 03", "clean and align"),
    "sensor 3 clear": ("sensor 03", "clean and align"),
    "door 3 blocked": ("03", "push the door"),
    "door 3 stiff 1500": ("latch 03: opens late", "look for what holds the door"),
    "swap coils 1 2": ("coils 01 and 02: are swapped", "swap their plugs"),
    "swap contacts 1 2": ("contacts 01 and 02: are swapped", "swap their plugs"),
    "swap sensors 1 2": ("sensors 01 and 02: are swapped", "swap their plugs"),
    "swap rows 1 2": ("rows 1 and 2 of the keypad: are swapped", "swap their wires"),
    "swap columns 1 3": ("columns 1 and 3 of the keypad: are swapped", "swap their wires"),
    "key 5 stuck": ("key 5: is down though nobody presses it", "free or clean it"),
    "key # stuck": ("key #: is down though nobody presses it", "free or clean it"),
    "key 8 dead": ("key 8: is not seen", "replace the keypad"),
    "row 2": ("row 2 of the keypad", "check its wire and its plug"),
    "column 2 cut": ("column 2 of the keypad", "check its wire and its plug"),
    "column 2 grounded": ("column 2 of the keypad", "short of its wire to ground"),
    "lcd": ("does not answer", "check"),
    "bus": ("I2C bus: no chip answers", "check SDA (gpio"),
}
ON_THE_WALL = {
    "coil 3 welded": ("coils: one draws current", "cut its power now"),
    "expander 0x20": ("expander 0x20: does not answer", "its address jumpers"),
    "expander 0x21": ("expander 0x21: does not answer", "its address jumpers"),
    "expander 0x22 silent": ("expander 0x22: does not answer", "its address jumpers"),
    "reset cut": ("RESET wire (gpio14): every expander is silent", "check the wire from gpio14"),
    "reset loose 0x20": ("expander 0x20: RESET does not reach it", "connect its RESET pin to gpio14"),
    "lamp": ("lamp (gpio47): draws no current", "check the lamp"),
    "lamp sense": ("lamp (gpio47): draws no current", "check the sense wire at gpio40"),
    "beeper": ("beeper (gpio4): was not heard", "check its wires"),
    "bell cut": ("bell (gpio21): is not heard", "check the button"),
    "bell stuck": ("bell (gpio21): is pressed though nobody presses it", "free the button"),
    "tamper cut": ("tamper loop (gpio39): is open though the cover is shut", "check the switches"),
    "tamper bridged": ("tamper loop (gpio39): never opens", "check the switches"),
    "supply cut": ("supply sense (gpio1): sees nothing", "check the divider"),
    "supply 75": ("supply: is too weak", "check the mains"),
    "supply 81": ("supply: sags under one coil", "check its rating"),
    "current": ("current sense (gpio2): no pulse was seen in it", "check the shunt"),
    "link cut": ("serial link: the host's adapter is not seen", "check rx (gpio18) and tx (gpio17)"),
    "link swapped": ("serial link: its two wires are swapped", "swap rx (gpio18) and tx (gpio17)"),
}
FAULTS = [("wall_12", fault, *told) for fault, told in (ON_EVERY_BOARD | ON_THE_WALL).items()]
FAULTS += [("devkit_4", fault, *told) for fault, told in ON_EVERY_BOARD.items()]
FAULTS += [
    ("row_8", "link cut", "serial link: the transceiver is not seen", "check rx"),
    ("row_8", "link swapped", "serial link: its two wires are swapped", "swap rx"),
    ("row_8", "link enable", "enable wire (gpio16): does not switch the transceiver", "to DE and /RE"),
]


@pytest.mark.parametrize(("board", "fault", "part", "remedy"), FAULTS)
def test_the_report_names_the_part_that_is_wrong_and_what_to_do_and_no_other(
    board: str, fault: str, part: str, remedy: str
) -> None:
    if board == "devkit_4" and fault.startswith("lcd"):
        part = "I2C bus: no chip answers"  # the screen is all that is on it
    cabinet = BenchCabinet(board, (fault,), serial=True)
    report = cabinet.examine()
    told = findings(report)
    assert report.outcome == "FAIL", outcomes(report)
    assert part in told
    assert remedy in told
    assert "ERROR" not in outcomes(report).values(), [phase.note for phase in report.phases]
    assert "welded" in fault or not cabinet.world.trace.violations
    doors = 2 if "swap" in fault else 1
    wrong = [name for name, outcome in outcomes(report).items() if outcome == "FAIL"]
    assert len(wrong) <= doors + (
        1 if fault.startswith("contact 3 cut") or "occupied" in fault or fault == "current" else 0
    ), wrong


@pytest.mark.parametrize("board", ["wall_12", "tower_24"])
def test_only_what_hangs_on_a_silent_expander_is_skipped_and_says_on_which(board: str) -> None:
    for address in (0x20, 0x21, 0x22) if board == "wall_12" else (0x20, 0x25):
        cabinet = BenchCabinet(board, (f"expander 0x{address:02x}",))
        report = cabinet.examine()
        phases = {phase.name: phase for phase in report.phases}
        for door in cabinet.world.board.doors:
            phase = phases[f"door {door.number:02d}"]
            hangs = any(
                isinstance(pin, tuple) and pin[0] == address for pin in (door.lock, door.contact, door.sensor)
            )
            assert phase.outcome == ("SKIP" if hangs else "PASS"), (address, phase)
            assert not hangs or f"hangs on the silent expander 0x{address:02x}" in phase.note
        lamp = cabinet.world.board.lamp
        for name in ("keypad", "screen", "beeper", "bell", "tamper", "link", "lamp"):
            hangs = name == "lamp" and isinstance(lamp, tuple) and lamp[0] == address
            assert phases[name].outcome == ("SKIP" if hangs else "PASS"), name


@pytest.mark.parametrize("board", ["wall_12", "devkit_4", "tower_24"])
def test_a_silent_screen_costs_its_own_test_and_no_door(board: str) -> None:
    report = BenchCabinet(board, ("lcd",)).examine()
    assert {name for name, outcome in outcomes(report).items() if outcome != PASS} == {"bus", "screen"}


@pytest.mark.parametrize("seen", [True, False])
def test_a_door_with_a_parcel_by_the_journal_stays_shut_whatever_its_sensor_sees_and_all_others_are_tested(
    seen: bool,
) -> None:
    cabinet = BenchCabinet("wall_12")
    cabinet.waiting = [5]
    if seen:
        for act in (cabinet.world.hands.force, cabinet.world.hands.put, cabinet.world.hands.close):
            act(5)
            cabinet.clock.advance(1_000_000)
    told: list[str] = []

    def person(wanted: str) -> None:
        told.append(wanted)
        cabinet.careful(wanted)

    report = cabinet.examine(person)
    assert {name: outcome for name, outcome in outcomes(report).items() if outcome != PASS} == {
        "door 05": "SKIP"
    }
    assert (
        next(phase.note for phase in report.phases if phase.name == "door 05") == "a parcel waits behind it"
    )
    assert cabinet.world.doors[5].place == "shut"
    assert "Close every door, with nothing inside but the parcels that wait behind 05." in told
    assert report.outcome == "SKIP"


def test_a_swap_that_opens_a_door_with_a_parcel_ends_the_pulses_and_is_told_first_and_last() -> None:
    cabinet = BenchCabinet("wall_12", ("swap coils 2 5",))
    cabinet.waiting = [2]
    report = cabinet.examine(hands=False, senses=False)
    assert (report.exposed, 2 in report.left_open) == ([2], True)
    assert "door 02: HOLDS A PARCEL AND STANDS OPEN; shut it now" in findings(report)
    later = [phase.note for phase in report.phases if phase.name[:5] == "door " and phase.name > "door 05"]
    assert later == ["a door with a parcel stands open"] * 7
    assert _open_doors(report)[-1] == "DOORS THAT STAND OPEN WITH A PARCEL BEHIND THEM: 02. Shut them now."


@pytest.mark.parametrize("fault", ["contact 3 stuck", "coil 3", "door 3 blocked"])
def test_a_door_that_was_pulsed_and_that_nobody_saw_move_may_stand_open_and_is_named(fault: str) -> None:
    report = BenchCabinet("wall_12", (fault,)).examine(hands=False, senses=False)
    assert report.perhaps_open == [3]
    assert any("may stand open" in sentence and "03" in sentence for sentence in _open_doors(report))


@pytest.mark.parametrize(
    "ending", [KeyboardInterrupt(), UserError("The board stopped answering: check the cable.")]
)
def test_what_cuts_a_test_off_leaves_a_report_with_the_doors_that_stand_open(ending: BaseException) -> None:
    cabinet = BenchCabinet("wall_12")

    def person(wanted: str) -> None:
        if wanted.startswith("Door 03: take"):
            raise ending
        cabinet.careful(wanted)

    report = cabinet.examine(person)
    assert report.left_open == [3]
    assert report.cut_off == (str(ending) or "Interrupted.")
    assert report.outcome == "ERROR"
    assert report.as_json()["cut_off"] == report.cut_off


def test_a_test_that_is_cut_off_before_a_door_was_opened_ends_as_any_command() -> None:
    cabinet = BenchCabinet("wall_12")

    def person(wanted: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cabinet.examine(person)


def test_where_no_pulse_is_seen_in_the_current_no_coil_is_accused_of_drawing_none() -> None:
    told = findings(
        BenchCabinet("wall_12", ("current", "contact 5 stuck", "door 7 blocked")).examine(
            hands=False, senses=False
        )
    )
    assert "draws no current" not in told
    assert "no pulse was seen in it" in told
    assert "if it is open, check contact 05" in told


def test_a_door_that_opened_at_the_pulse_of_another_is_not_judged_by_its_own() -> None:
    report = BenchCabinet("wall_12", ("swap coils 9 10",)).examine(hands=False, senses=False)
    assert "both doors opened" not in findings(report)
    assert outcomes(report)["door 09"] == "FAIL"
    assert (
        next(phase.note for phase in report.phases if phase.name == "door 10")
        == "it stands open since the pulse of door 09"
    )


@pytest.mark.parametrize("door", [1, 12])
def test_a_door_that_does_not_open_on_an_expander_leaves_all_others_to_be_tested(door: int) -> None:
    whole = set(outcomes(BenchCabinet("wall_12").examine()))
    for fault in (f"coil {door}", f"door {door} blocked", f"door {door} stiff 900"):
        cabinet = BenchCabinet("wall_12", (fault,))
        found = outcomes(cabinet.examine())
        assert {name for name, outcome in found.items() if outcome != PASS} <= {f"door {door:02d}"}, fault
        assert set(found) == whole


def test_the_screen_says_all_of_its_first_line() -> None:
    cabinet = BenchCabinet("wall_12")
    cabinet.examine()
    cabinet.clock.advance(100_000)
    first = {page[0].rstrip() for page in cabinet.screens if page[0].strip()}
    assert {"Test: door 01", "Test: door 12", "Test: press each key", "Test: press the bell"} <= first
    assert all(line.startswith("Test: ") for line in first)


def test_what_needs_an_eye_an_ear_or_a_hand_that_is_not_there_is_said_and_fails_nothing() -> None:
    report = BenchCabinet("wall_12").examine(senses=False)
    assert report.outcome == PASS
    assert report.not_tried == ["screen: needs an eye", "beeper: needs an ear"]
    alone = BenchCabinet("wall_12").examine(person=pytest.fail, hands=False, senses=False)
    assert alone.outcome == PASS
    assert {
        "keypad: needs a hand",
        "bell: needs a hand",
        "tamper: needs a hand",
        "beeper: needs an ear",
    } <= set(alone.not_tried)
    assert "sensor and closing of door 07: needs a hand" in alone.not_tried
    assert (report.left_open, alone.left_open) == ([], list(range(1, 13)))
    for fault, part in (
        ("coil 3", "coil 03"),
        ("key 5 stuck", "key 5"),
        ("swap coils 1 2", "coils or contacts 01 and 02"),
        ("bell stuck", "bell (gpio"),
        ("tamper cut", "tamper loop (gpio"),
    ):
        found = findings(
            BenchCabinet("wall_12", (fault,)).examine(person=pytest.fail, hands=False, senses=False)
        )
        assert part in found


def test_without_a_keypad_to_answer_on_nobody_is_asked_what_she_sees() -> None:
    report = BenchCabinet("wall_12", ("key 5 stuck",)).examine()
    assert report.not_tried == [
        "screen: needs an eye, and the keypad for the answer",
        "beeper: needs an ear, and the keypad for the answer",
    ]


def test_a_cabinet_on_the_network_needs_nothing_at_its_serial_link() -> None:
    for fault, outcome in (("link cut", PASS), ("link swapped", "FAIL")):
        report = BenchCabinet("wall_12", (fault,)).examine()
        assert outcomes(report)["link"] == outcome
        assert any(one.startswith("link: nothing is connected") for one in report.not_tried) == (
            outcome == PASS
        )


@pytest.mark.parametrize(
    "seeds", [range(3), pytest.param(range(3, 50), marks=pytest.mark.soak)], ids=["three", "fifty"]
)
def test_sound_cabinets_of_every_seed_pass(seeds: range) -> None:
    for seed in seeds:
        for board in ("wall_12", "devkit_4"):
            report = BenchCabinet(board, seed=seed).examine()
            assert report.outcome == PASS, (seed, findings(report))


def test_a_keypad_that_nobody_touches_accuses_no_wire() -> None:
    report = BenchCabinet("wall_12").examine(person=lambda *_: None)
    (keypad,) = [phase for phase in report.phases if phase.name == "keypad"]
    assert [one.part for one in keypad.findings] == ["keypad"]
    assert "press its keys when you are asked" in findings(report)
