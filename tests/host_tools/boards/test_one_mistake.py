"""Each mistake in a board file is reported where it is, with its reason and its cure."""

from pathlib import Path

import pytest

from host_tools.boards.board_file import check_board, find_board

# (board, text to change, what to, where the mistake is, a word of the reason, a word of the remedy)
DOOR_1 = 'coil = "0x20.GPA0"'
ONE_MISTAKE_EACH = [
    # Pins of the chip.
    (
        "devkit_4",
        'coil = "gpio16"',
        'coil = "gpio12"',
        "door 01 coil",
        "strapping pin: high at reset sets the flash to 1.8 V",
        "gpio16",
    ),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio2"', "door 01 coil", "strapping", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio9"', "door 01 coil", "flash memory", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio1"', "door 01 coil", "UART0", "gpio16"),
    ("devkit_4", 'coil = "gpio16"', 'coil = "gpio37"', "door 01 coil", "out of reach", "gpio16"),
    (
        "devkit_4",
        'coil = "gpio16"',
        'coil = "gpio20"',
        "door 01 coil",
        "does not exist on an ESP32",
        "gpio16",
    ),
    ("devkit_4", 'pin = "gpio32"', 'pin = "gpio37"', "door 01 contact.pin", "out of reach", "gpio32"),
    ("devkit_4", 'pin = "gpio34"', 'pin = "gpio16x"', "door 01 occupancy.pin", "is no pin", 'write "gpio16"'),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio3"', "expanders.reset", "still at reset", "gpio16"),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio46"', "expanders.reset", "strapping", "gpio16"),
    ("wall_12", 'reset = "gpio14"', 'reset = "gpio26"', "expanders.reset", "flash", "gpio16"),
    (
        "wall_12",
        'reset = "gpio14"',
        'reset = "gpio24"',
        "expanders.reset",
        "does not exist on an ESP32-S3",
        "gpio16",
    ),
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
    (
        "wall_12",
        'pin = "0x22.GPB4"',
        'pin = "0x22.GPB7"',
        "door 12 occupancy.pin",
        "output only",
        "0x21.GPB5",
    ),
    (
        "wall_12",
        'beeper = "gpio4"',
        'beeper = "0x20.GPB7"',
        "signals.beeper",
        "needs a pin of the chip",
        "gpio3",
    ),
    ("wall_12", DOOR_1, 'coil = "0x23.GPA0"', "door 01 coil", "does not list", "add 0x23"),
    (
        "wall_12",
        'reset = "gpio14"\n',
        "",
        "expanders.reset",
        "keep their outputs through a reset",
        "pull-down",
    ),
    ("wall_12", DOOR_1, 'coil = "0x20.GPA1"', "door 02 coil", "already serves door 01 coil", "0x20.GPA0"),
    # Addresses and the bus.
    (
        "wall_12",
        "[0x20, 0x21, 0x22]",
        "[0x20, 0x21, 0x22, 0x21]",
        "expanders.addresses[3]",
        "listed twice",
        "A0 to A2",
    ),
    (
        "wall_12",
        "[0x20, 0x21, 0x22]",
        "[0x20, 0x21, 0x22, 0x28]",
        "expanders.addresses[3]",
        "cannot have the address 0x28",
        "0x20 to 0x27",
    ),
    (
        "tower_24",
        "address = 0x27",
        "address = 0x25",
        "screen.address",
        "an expander has the address 0x25 too",
        "0x27, or use a pcf8574a",
    ),
    ("tower_24", "address = 0x27", "address = 0x3f", "screen.address", "0x20 to 0x27", "0x27"),
    ("wall_12", "address = 0x3f", "address = 0x27", "screen.address", "0x38 to 0x3f", "0x3f"),
    ("wall_12", "hz = 100000", "hz = 400000", "bus.hz", "made for 100000 Hz", "write hz = 100000"),
    # Keypad and link.
    (
        "devkit_4",
        '"123456789*0#"',
        '"123456789*0"',
        "keypad.keys",
        "have 12 keys, and 11 are named",
        "one character for each key",
    ),
    ("wall_12", '"123A456B789C*0#D"', '"123A456B789C*0#A"', "keypad.keys", "there twice", "at most once"),
    (
        "wall_12",
        '"123A456B789C*0#D"',
        '"123A456B789C*0#E"',
        "keypad.keys",
        "'E' is no legend",
        "at most once",
    ),
    (
        "wall_12",
        '"123A456B789C*0#D"',
        '"123A456B789C*0"',
        "keypad.keys",
        "have 16 keys, and 14 are named",
        "one character for each key",
    ),
    (
        "devkit_4",
        '"123456789*0#"',
        '"123456789*0A"',
        "keypad.keys",
        "nobody could type #",
        "give every digit, * and # a key",
    ),
    ("wall_12", "uart = 1", "uart = 0", "link.uart", "REPL", "write uart = 1 or 2"),
    ("wall_12", "uart = 1", "uart = 3", "link.uart", "no UART 3", "write uart = 1 or 2"),
    (
        "row_8",
        "baud = 115200",
        "baud = 230400",
        "link.baud",
        "cannot follow a whole bus",
        "write baud = 115200",
    ),
    (
        "row_8",
        'enable = "gpio16"',
        'enable = "gpio3"',
        "link.enable",
        "bus driver must be still at reset",
        "move it to a free pin",
    ),
    # Locks and supply.
    (
        "wall_12",
        "pulse_ms = 400",
        'driver = "magnet"\npulse_ms = 400',
        "lock.driver",
        '"magnet" is no kind of lock',
        'write "coils"',
    ),
    (
        "wall_12",
        "number = 3\n",
        "number = 3\nlock = 7\n",
        "door 03 lock",
        'a lock of the kind "coils" has no lock',
        "remove lock",
    ),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 1500", "lock.pulse_ms", "unsafe", "300 to 500"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 501", "lock.pulse_ms", "heats", "300 to 500"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 299", "lock.pulse_ms", "too short", "300 to 500"),
    ("wall_12", "pulse_ms = 400", "pulse_ms = 0", "lock.pulse_ms", "too short", "300 to 500"),
    (
        "wall_12",
        "on_ms_max = 1000",
        "on_ms_max = 350",
        "lock.pulse_ms",
        "longer than the 350 ms",
        "write 300 to 350 ms",
    ),
    ("wall_12", "duty_percent = 10", "duty_percent = 5", "lock.duty_percent", "stands 5 %", "10 % or more"),
    ("wall_12", "amps = 5.0", "amps = 3.0", "supply.amps", "draw 3.2 A of the 3 A", "3.2 A or more"),
    (
        "wall_12",
        "volts = 12.0\namps = 5.0",
        "volts = 24.0\namps = 5.0",
        "lock.volts",
        "do not belong on a supply of 24 V",
        "agree",
    ),
    ("wall_12", "lowest_mv = 1713", "", "supply.sense", "needs a limit", "add lowest_mv"),
    ("wall_12", 'sense = "gpio1"\n', "", "supply.lowest_mv", "no pin that measures", "add sense"),
    ("wall_12", "coil_mv = 600", "", "supply.current", "needs a limit", "add coil_mv"),
    ("wall_12", 'current = "gpio2"\n', "", "supply.coil_mv", "no pin that measures", "add current"),
    ("wall_12", 'lamp = "gpio47"\n', "", "signals.lamp_sense", "there is no lamp", "add lamp"),
    ("wall_12", "lowest_mv = 1713", "lowest_mv = 3200", "supply.lowest_mv", "0 to 3100 mV", "divider"),
    (
        "wall_12",
        "on_ms_max = 1000",
        "on_ms_max = 250",
        "lock.pulse_ms",
        "longer than the 250 ms",
        "a lock that stands 300 ms",
    ),
    # Doors.
    (
        "wall_12",
        "number = 5\n",
        "number = 4\n",
        "door 04 number",
        "another door is number 4 already (line ",
        "5 is free",
    ),
    ("tower_24", "inside_release = true\n", "", "door 24", "could hold a child", "inside_release = true"),
    (
        "tower_24",
        "inside_release = true\n",
        "inside_release = false\n",
        "door 24",
        "94.8 L",
        "inside_release = true",
    ),
    (
        "devkit_4",
        "clear_mv = 800 }",
        "clear_mv = 1051 }",
        "door 01 occupancy.occupied_mv",
        "noise",
        "50 mV apart",
    ),
    (
        "devkit_4",
        "clear_mv = 800 }",
        "clear_mv = 100 }",
        "door 01 occupancy.clear_mv",
        "150 to 2450 mV",
        "range",
    ),
    # Form.
    ("wall_12", 'size = "S"', 'size = "XL"', "door 01 size", '"XL" is not possible', '"S", "M" or "L"'),
    (
        "wall_12",
        "sill_mm = 1560",
        "sil_mm = 1560",
        "door 01 sil_mm",
        "no such key",
        "did you mean sill_mm: height of its floor",
    ),
    (
        "wall_12",
        "sill_mm = 1560",
        'sill_mm = "1560"',
        "door 01 sill_mm",
        "text in quotes, not a whole number",
        "in mm (0 to 2500)",
    ),
    ("wall_12", "sill_mm = 1560", "sill_mm = 2501", "door 01 sill_mm", "out of range", "in mm (0 to 2500)"),
    ("wall_12", "sill_mm = 1560\n", "", "door 01 sill_mm", "missing", "add sill_mm: height of its floor"),
    ("wall_12", "number = 1\n", "number = 100\n", "door 100 number", "out of range", "(1 to 99)"),
    (
        "wall_12",
        'kind = "beam"',
        'kind = "bean"',
        "door 01 occupancy.kind",
        '"bean" is no kind of sensor',
        'kind = "distance"',
    ),
    ("wall_12", "[link]", "[lnik]", "lnik", "no such key", "did you mean link: the serial link"),
    (
        "wall_12",
        'chip = "esp32s3"',
        'chip = "esp32s2"',
        "chip",
        "not possible",
        '"esp32", "esp32s3" or "esp32c6"',
    ),
    ("wall_12", "flash_mb = 8", "flash_mb = 2", "flash_mb", "not possible", "4, 8 or 16"),
    (
        "wall_12",
        "[link]",
        '[link]\nwifi_password = "hunter2"',
        "link.wifi_password",
        "public and holds no secrets",
        "ansim provision",
    ),
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
    sought = (
        names[-1]
        if problem.path != ("door", 23) and report.draft.get(*problem.path) is not None
        else names[0]
    )
    assert sought in report.path.read_text().splitlines()[line - 1]


def test_a_line_number_leads_to_the_key(tmp_path: Path) -> None:
    report = check_board(broken(tmp_path, "wall_12", 'pin = "0x22.GPB4"', 'pin = "0x22.GPB7"'))
    line = report.draft.line(report.problems[0].path)
    assert line is not None
    assert "0x22.GPB7" in report.path.read_text().splitlines()[line - 1]
