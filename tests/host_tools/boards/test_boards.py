"""Each mistake in a board file is reported where it is, with its reason and its cure; a good board is accepted as it is."""

from pathlib import Path

import pytest

from host_tools.boards.board_file import board_names, check_board, find_board, load_board, to_board_json
from host_tools.boards.chips import CHIPS
from host_tools.boards.draft import Draft
from host_tools.boards.wiring import pin_problems
from host_tools.errors import UserError
from locker.board import from_json

MISTAKES = Path(__file__).with_name("eight_mistakes.toml")

# (board, text to change, what to, where the mistake is, a word of the reason, a word of the remedy)
DOOR_1 = 'coil = "0x20.GPA0"'
ONE_MISTAKE_EACH = [
    # Pins of the chip.
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio12"', "door 01 coil", "strapping pin: high at reset sets the flash to 1.8 V", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio2"', "door 01 coil", "strapping", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio9"', "door 01 coil", "flash memory", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio1"', "door 01 coil", "UART0", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio37"', "door 01 coil", "out of reach", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio20"', "door 01 coil", "does not exist on an ESP32", "gpio16"),
    ("devkit_4", 'pin = "gpio32"', 'pin = "gpio37"', "door 01 contact.pin", "out of reach", "gpio32"),
    ("devkit_4", 'pin = "gpio34"', 'pin = "gpio16x"', "door 01 occupancy.pin", "is no pin", 'write "gpio16"'),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio3"', "expanders.reset", "still at reset", "gpio16"),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio46"', "expanders.reset", "strapping", "gpio16"),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio26"', "expanders.reset", "flash", "gpio16"),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio24"', "expanders.reset", "does not exist on an ESP32-S3", "gpio16"),
    ("wall_12", 'beeper = "gpio4"', 'beeper = "gpio19"', "signals.beeper", "USB", "gpio3"),
    (
        "wall_12",
        'sense = "gpio1"',
        'sense = "gpio16"',
        "supply.sense",
        "ADC2, which cannot be read while Wi-Fi is on",
        "gpio1, gpio3",
    ),
    ("wall_12", 'sense = "gpio1"', 'sense = "gpio38"', "supply.sense", "has no ADC", "gpio1, gpio3"),
    # Pins of expanders.
    ("wall_12", 'pin = "0x21.GPA0"', 'pin = "0x21.GPA7"', "door 01 contact.pin", "output only", "0x21.GPA0"),
    ("wall_12", 'pin = "0x22.GPB4"', 'pin = "0x22.GPB7"', "door 12 occupancy.pin", "output only", "0x21.GPB5"),
    ("wall_12", 'beeper = "gpio4"', 'beeper = "0x20.GPB7"', "signals.beeper", "needs a pin of the chip", "gpio3"),
    ("wall_12", DOOR_1, 'coil = "0x23.GPA0"', "door 01 coil", "does not list", "add 0x23"),
    ("wall_12", 'reset = "gpio14"\n', "", "expanders.reset", "keep their outputs through a reset", "pull-down"),
    ("wall_12", DOOR_1, 'coil = "0x20.GPA1"', "door 02 coil", "already serves door 01 coil", "0x20.GPA0"),
    # Addresses and the bus.
    ("wall_12", "[0x20, 0x21, 0x22]", "[0x20, 0x21, 0x22, 0x21]", "expanders.addresses[3]", "listed twice", "A0 to A2"),
    ("wall_12", "[0x20, 0x21, 0x22]", "[0x20, 0x21, 0x22, 0x28]", "expanders.addresses[3]", "cannot have the address 0x28", "0x20 to 0x27"),
    ("tower_24", "address = 0x27", "address = 0x25", "screen.address", "an expander has the address 0x25 too", "0x27, or use a pcf8574a"),
    ("tower_24", "address = 0x27", "address = 0x3f", "screen.address", "0x20 to 0x27", "0x27"),
    ("wall_12", "address = 0x3f", "address = 0x27", "screen.address", "0x38 to 0x3f", "0x3f"),
    ("wall_12", "hz = 100000", "hz = 400000", "bus.hz", "made for 100000 Hz", "write hz = 100000"),
    # Keypad and link.
    ("devkit_4", '"123456789*0#"', '"123456789*0"', "keypad.keys", "have 12 keys, and 11 are named", "one character for each key"),
    ("wall_12", '"123A456B789C*0#D"', '"123A456B789C*0#A"', "keypad.keys", "there twice", "at most once"),
    ("wall_12", '"123A456B789C*0#D"', '"123A456B789C*0#E"', "keypad.keys", "'E' is no legend", "at most once"),
    ("wall_12", '"123A456B789C*0#D"', '"123A456B789C*0"', "keypad.keys", "have 16 keys, and 14 are named", "one character for each key"),
    ("devkit_4", '"123456789*0#"', '"123456789*0A"', "keypad.keys", "nobody could type #", "give every digit, * and # a key"),
    ("wall_12", "uart = 1", "uart = 0", "link.uart", "REPL", "write uart = 1 or 2"),
    ("wall_12", "uart = 1", "uart = 3", "link.uart", "no UART 3", "write uart = 1 or 2"),
    ("row_8", "baud = 115200", "baud = 230400", "link.baud", "cannot follow a whole bus", "write baud = 115200"),
    ("row_8", 'enable = "gpio16"', 'enable = "gpio3"', "link.enable", "bus driver must be still at reset", "move it to a free pin"),
    # Locks and supply.
    ("wall_12", "pulse_ms = 400", 'driver = "magnet"\npulse_ms = 400', "lock.driver", '"magnet" is no kind of lock', 'write "coils"'),
    ("wall_12", "number = 3\n", "number = 3\nlock = 7\n", "door 03 lock", "coils have no lock", "write coil: 1 energises the lock"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 1500", "lock.pulse_ms", "unsafe", "300 to 500"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 501", "lock.pulse_ms", "heats", "300 to 500"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 299", "lock.pulse_ms", "too short", "300 to 500"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 0", "lock.pulse_ms", "too short", "300 to 500"),
    ("wall_12", "on_ms_max = 1000", "on_ms_max = 350", "lock.pulse_ms", "longer than the 350 ms", "write 300 to 350 ms"),
    ("wall_12", "duty_percent = 10", "duty_percent = 5", "lock.duty_percent", "stands 5 %", "10 % or more"),
    ("wall_12", "amps = 5.0", "amps = 3.0", "supply.amps", "draw 3.2 A of the 3 A", "3.2 A or more"),
    ("wall_12", "volts = 12.0\namps = 5.0", "volts = 24.0\namps = 5.0", "lock.volts", "do not belong on a supply of 24 V", "agree"),
    ("wall_12", "lowest_mv = 1713", "", "supply.sense", "needs a limit", "add lowest_mv"),
    ("wall_12", 'sense = "gpio1"\n', "", "supply.lowest_mv", "no pin that measures", "add sense"),
    ("wall_12", "coil_mv = 600", "", "supply.current", "needs a limit", "add coil_mv"),
    ("wall_12", 'current = "gpio2"\n', "", "supply.coil_mv", "no pin that measures", "add current"),
    ("wall_12", 'lamp = "gpio47"\n', "", "signals.lamp_sense", "there is no lamp", "add lamp"),
    ("wall_12", "lowest_mv = 1713", "lowest_mv = 3200", "supply.lowest_mv", "0 to 3100 mV", "divider"),
    ("wall_12", "on_ms_max = 1000", "on_ms_max = 250", "lock.pulse_ms", "longer than the 250 ms", "a lock that stands 300 ms"),
    # Doors.
    ("wall_12", "number = 5\n", "number = 4\n", "door 04 number", "another door is number 4 already (line ", "5 is free"),
    ("tower_24", "inside_release = true\n", "", "door 24", "could hold a child", "inside_release = true"),
    ("tower_24", "inside_release = true\n", "inside_release = false\n", "door 24", "94.8 L", "inside_release = true"),
    ("devkit_4", "clear_mv = 800 }", "clear_mv = 1051 }", "door 01 occupancy.occupied_mv", "noise", "50 mV apart"),
    ("devkit_4", "clear_mv = 800 }", "clear_mv = 100 }", "door 01 occupancy.clear_mv", "150 to 2450 mV", "range"),
    # Form.
    ("wall_12", 'size = "S"', 'size = "XL"', "door 01 size", '"XL" is not possible', '"S", "M" or "L"'),
    ("wall_12", "sill_mm = 1560", "sil_mm = 1560", "door 01 sil_mm", "no such key", "did you mean sill_mm: height of its floor"),
    ("wall_12", "sill_mm = 1560", 'sill_mm = "1560"', "door 01 sill_mm", "text in quotes, not a whole number", "in mm (0 to 2500)"),
    ("wall_12", "sill_mm = 1560", "sill_mm = 2501", "door 01 sill_mm", "out of range", "in mm (0 to 2500)"),
    ("wall_12", "sill_mm = 1560\n", "", "door 01 sill_mm", "missing", "add sill_mm: height of its floor"),
    ("wall_12", "number = 1\n", "number = 100\n", "door 100 number", "out of range", "(1 to 99)"),
    ("wall_12", 'kind = "beam"', 'kind = "bean"', "door 01 occupancy.kind", '"bean" is no kind of sensor', 'kind = "distance"'),
    ("wall_12", "[link]", "[lnik]", "lnik", "no such key", "did you mean link: the serial link"),
    ("wall_12", 'chip = "esp32s3"', 'chip = "esp32s2"', "chip", "not possible", '"esp32", "esp32s3" or "esp32c6"'),
    ("wall_12", "flash_mb = 8", "flash_mb = 2", "flash_mb", "not possible", "4, 8 or 16"),
    ("wall_12", "[link]", '[link]\nwifi_password = "hunter2"', "link.wifi_password", "public and holds no secrets", "ansim provision"),
]


def broken(folder: Path, board: str, old: str, new: str) -> Path:
    text = find_board(board).read_text()
    assert old in text
    path = folder / "broken.toml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(("board", "old", "new", "place", "reason", "remedy"), ONE_MISTAKE_EACH)
def test_one_mistake_gives_one_problem_with_place_line_reason_and_cure(
    tmp_path: Path, board: str, old: str, new: str, place: str, reason: str, remedy: str
) -> None:
    report = check_board(broken(tmp_path, board, old, new))
    assert [report.draft.spell(problem.path) for problem in report.problems] == [place]
    (problem,) = report.problems
    assert reason in problem.reason
    assert remedy in problem.remedy
    assert report.board is None
    line = report.draft.line(problem.path)
    assert line is not None
    # The line has the key; a table or a missing key is found at the header above it.
    names = [step for step in problem.path if isinstance(step, str)]
    sought = names[-1] if problem.path != ("door", 23) and report.draft.get(*problem.path) is not None else names[0]
    assert sought in report.path.read_text().splitlines()[line - 1]


def test_a_line_number_leads_to_the_key(tmp_path: Path) -> None:
    report = check_board(broken(tmp_path, "wall_12", 'pin = "0x22.GPB4"', 'pin = "0x22.GPB7"'))
    line = report.draft.line(report.problems[0].path)
    assert line is not None
    assert "0x22.GPB7" in report.path.read_text().splitlines()[line - 1]


def test_an_input_without_pull_reads_no_contact_and_drives_no_coil(tmp_path: Path) -> None:
    text = find_board("devkit_4").read_text()
    path = tmp_path / "swapped.toml"
    for pin, place, reason in (
        ("gpio32", "door 01 contact.pin", "gpio34 has no pull-up inside, and a contact that is open would float"),
        ("gpio4", "keypad.columns[0]", "gpio34 has no pull-up inside, and a keypad column that is open would float"),
        ("gpio16", "door 01 coil", "gpio34 is an input only, and a coil needs an output"),
        ("gpio13", "keypad.rows[0]", "gpio34 is an input only, and a keypad row needs an output"),
    ):
        path.write_text(text.replace('"gpio34"', '"gpio99"').replace(f'"{pin}"', '"gpio34"').replace('"gpio99"', f'"{pin}"'))
        report = check_board(path)
        assert (place, reason) in [(report.draft.spell(problem.path), problem.reason) for problem in report.problems]


def nested(path: tuple[str | int, ...], value: object) -> object:
    """Tables that hold one value at one place."""
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


# (wire, needs an output, needs a pull-up, needs ADC1, must be on the chip)
NEEDS = [
    (("door", 0, "coil"), True, False, False, False),
    (("door", 0, "contact", "pin"), False, True, False, False),
    (("door", 0, "occupancy", "pin"), False, True, False, False),
    (("keypad", "rows", 0), True, False, False, True),
    (("keypad", "columns", 0), False, True, False, True),
    (("bus", "sda"), True, False, False, True),
    (("bus", "scl"), True, False, False, True),
    (("expanders", "reset"), True, False, False, True),
    (("signals", "lamp"), True, False, False, False),
    (("signals", "beeper"), True, False, False, True),
    (("signals", "bell"), False, True, False, False),
    (("signals", "tamper"), False, True, False, False),
    (("signals", "lamp_sense"), False, True, False, False),
    (("link", "tx"), True, False, False, True),
    (("link", "rx"), False, True, False, True),
    (("link", "enable"), True, False, False, True),
    (("supply", "sense"), False, False, True, True),
    (("supply", "current"), False, False, True, True),
]


@pytest.mark.parametrize(
    ("wire", "output", "pull", "adc", "native"), NEEDS, ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else ""
)
def test_each_wire_is_refused_a_pin_that_lacks_what_it_needs(
    wire: tuple[str | int, ...], output: bool, pull: bool, adc: bool, native: bool
) -> None:
    def refused(pin: str, words: str) -> bool:
        draft = Draft({"chip": "esp32", **nested(wire, pin)})
        return any(problem.path == wire and words in problem.reason for problem in pin_problems(draft))

    assert refused("gpio34", "input only") == output
    assert refused("gpio34", "no pull-up") == pull
    assert refused("gpio23", "has no ADC") == adc
    assert refused("gpio25", "ADC2") == adc
    assert refused("0x20.GPA0", "needs a pin of the chip") == native
    assert refused("0x20.GPA7", "output only") == (not output and not native)


def test_a_board_at_the_very_limits_is_good(tmp_path: Path) -> None:
    for board, old, new in (
        ("wall_12", "on_ms_max = 1000", "on_ms_max = 400"),
        ("wall_12", "pulse_ms = 400", "pulse_ms = 300"),
        ("wall_12", "pulse_ms = 400", "pulse_ms = 500"),
        ("wall_12", "amps = 5.0", "amps = 3.2"),
        ("wall_12", "volts = 12.0", "volts = 13.2"),
        ("wall_12", "volts = 12.0", "volts = 10.8"),
        ("wall_12", "lowest_mv = 1713", "lowest_mv = 3100"),
        ("devkit_4", "clear_mv = 800 }", "clear_mv = 1050 }"),
        ("devkit_4", "clear_mv = 800 }", "clear_mv = 150 }"),
        ("devkit_4", "occupied_mv = 1100", "occupied_mv = 2450"),
    ):
        report = check_board(broken(tmp_path, board, old, new))
        assert report.problems == [], (old, new)


def test_expanders_and_screen_without_a_bus_are_both_reported(tmp_path: Path) -> None:
    report = check_board(broken(tmp_path, "wall_12", '[bus]\nsda = "gpio8"\nscl = "gpio9"\nhz = 100000\n', ""))
    assert [(problem.path, problem.reason) for problem in report.problems] == [
        (("expanders",), "it needs an I2C bus, and there is none"),
        (("screen",), "it needs an I2C bus, and there is none"),
    ]


def test_pins_on_a_forgotten_expander_are_counted_in_one_problem(tmp_path: Path) -> None:
    report = check_board(broken(tmp_path, "wall_12", "[0x20, 0x21, 0x22]", "[0x20, 0x21]"))
    (problem,) = report.problems
    assert problem.reason.startswith("0x22.GPA0 (and 11 more) is on an expander")


def test_eight_different_mistakes_give_eight_problems_at_once() -> None:
    report = check_board(MISTAKES)
    assert [(report.draft.spell(problem.path), problem.reason.split(":")[0]) for problem in report.problems] == [
        ("lock.pulse_ms", "a pulse of 1500 ms is unsafe"),
        ("screen.address", "an expander has the address 0x27 too"),
        ("door 01 coil", "gpio12 is a strapping pin"),
        ("door 01 contact.pin", "gpio35 has no pull-up inside, and a contact that is open would float"),
        ("door 02 widht_mm", "no such key"),
        ("door 02 coil", "gpio23 already serves keypad.rows[3]"),
        ("door 02 number", "another door is number 2 already (line 49)"),
        ("door 04", "420 x 600 x 480 mm (121.0 L) could hold a child, who must be able to get out"),
    ]
    assert len({problem.remedy for problem in report.problems}) >= 7


@pytest.mark.parametrize("name", board_names())
def test_every_board_that_comes_along_is_good_and_fits_its_flash(name: str) -> None:
    board = load_board(name)
    assert check_board(board.path).problems == []
    assert board.partitions()[-1].end == board.definition.flash_mb << 20
    made = from_json(to_board_json(board))
    assert made.name == name
    assert [door.number for door in made.doors] == list(range(1, int(name.rsplit("_", 1)[1]) + 1))


def test_the_fleet_has_both_kinds_of_sensors_and_both_polarities_of_contacts_and_a_large_compartment() -> None:
    boards = [from_json(to_board_json(load_board(name))) for name in board_names()]
    doors = [door for board in boards for door in board.doors]
    assert {door.occupancy for door in doors} == {"beam", "distance"}
    assert {door.closed for door in doors} == {0, 1}
    assert {door.low for door in doors} == {0, 1}
    assert {door.size for door in doors} == {"S", "M", "L"}
    assert [door.number for door in load_board("tower_24").definition.door if door.inside_release] == [24]


def test_a_door_is_low_when_a_seated_person_reaches_its_floor(tmp_path: Path) -> None:
    for sill, low in ((379, 0), (380, 1), (1220, 1), (1221, 0)):
        path = broken(tmp_path, "wall_12", "sill_mm = 1560", f"sill_mm = {sill}")
        assert from_json(to_board_json(load_board(path))).doors[0].low == low


def test_a_compartment_needs_a_release_from_the_measure_on_at_which_a_child_fits(tmp_path: Path) -> None:
    # Least side 203 mm and 56.6 L, both inclusive.
    for size, needed in (((203, 500, 558), True), ((202, 600, 600), False), ((203, 500, 557), False), ((400, 300, 480), True)):
        width, height, depth = size
        text = find_board("wall_12").read_text()
        text = text.replace("width_mm = 380", f"width_mm = {width}", 1).replace("depth_mm = 450", f"depth_mm = {depth}", 1)
        path = tmp_path / "sized.toml"
        path.write_text(text.replace("height_mm = 120", f"height_mm = {height}", 1))
        assert bool(check_board(path).problems) == needed, size


def test_a_secret_in_a_board_file_is_never_repeated(tmp_path: Path) -> None:
    path = broken(tmp_path, "wall_12", "[link]", '[link]\nwifi_password = "hunter2"')
    said = "".join(problem.reason + problem.remedy for problem in check_board(path).problems)
    assert "hunter2" not in said
    with pytest.raises(UserError) as caught:
        load_board(path)
    assert "hunter2" not in str(caught.value)


def test_a_door_without_a_number_is_counted_and_a_long_value_is_cut(tmp_path: Path) -> None:
    path = broken(tmp_path, "wall_12", 'number = 3\nsize = "M"', f'size = "{"M" * 100}"')
    report = check_board(path)
    assert [report.draft.spell(problem.path) for problem in report.problems] == ["door #3 number", "door #3 size"]
    assert report.problems[1].reason == f'"{"M" * 36}... is not possible'


def test_characters_that_a_terminal_would_act_on_are_not_passed_on(tmp_path: Path) -> None:
    path = broken(tmp_path, "wall_12", 'size = "S"', 'size = "\\u001b[31mred"\n"\\u001b[2J" = 1')
    report = check_board(path)
    said = "".join(report.draft.spell(problem.path) + problem.reason + problem.remedy for problem in report.problems)
    assert len(report.problems) == 2
    assert said.isprintable()


def test_an_unknown_board_is_answered_with_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean wall_12\? Known are " + ", ".join(board_names())) as caught:
        load_board("wall12")
    assert caught.value.exit_code == 2
    with pytest.raises(UserError, match="known are " + ", ".join(board_names())):
        load_board("zzz")


@pytest.mark.parametrize("name", ["missing.toml", "missing/cabinet"])
def test_a_missing_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="There is no board file"):
        load_board(tmp_path / name)


def test_the_sets_of_pins_of_a_chip_agree_with_each_other() -> None:
    for chip in CHIPS.values():
        for numbers in (
            set(chip.absent),
            chip.flash,
            set(chip.console),
            set(chip.strapping),
            set(chip.mild_strapping),
            chip.adc1,
            chip.adc2,
        ):
            assert set(numbers) <= chip.pins
        refused = [set(chip.absent), set(chip.flash), set(chip.console), set(chip.strapping)]
        assert sum(map(len, refused)) == len(set.union(*refused))
        assert chip.input_only <= chip.no_pull
        assert not chip.adc1 & chip.adc2
        assert chip.uarts[0] == 0
