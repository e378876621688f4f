"""Each mistake in a board file is reported where it is, with its reason and its cure;
a good board is accepted as it is.
"""

from pathlib import Path

import pytest

from host_tools.boards.board_file import board_names, check_board, find_board, load_board, to_board_json
from host_tools.boards.chips import CHIPS
from host_tools.boards.draft import Draft
from host_tools.boards.wiring import pin_problems
from host_tools.errors import UserError
from locker.board import from_json
from tests.host_tools.boards.test_one_mistake import broken

MISTAKES = Path(__file__).with_name("eight_mistakes.toml")


def test_an_input_without_pull_reads_no_contact_and_drives_no_coil(tmp_path: Path) -> None:
    text = find_board("devkit_4").read_text()
    path = tmp_path / "swapped.toml"
    for pin, place, reason in (
        (
            "gpio32",
            "door 01 contact.pin",
            "gpio34 has no pull-up inside, and a contact that is open would float",
        ),
        (
            "gpio4",
            "keypad.columns[0]",
            "gpio34 has no pull-up inside, and a keypad column that is open would float",
        ),
        ("gpio16", "door 01 coil", "gpio34 is an input only, and a coil needs an output"),
        ("gpio13", "keypad.rows[0]", "gpio34 is an input only, and a keypad row needs an output"),
    ):
        path.write_text(
            text.replace('"gpio34"', '"gpio99"')
            .replace(f'"{pin}"', '"gpio34"')
            .replace('"gpio99"', f'"{pin}"')
        )
        report = check_board(path)
        assert (place, reason) in [
            (report.draft.spell(problem.path), problem.reason) for problem in report.problems
        ]


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
    ("wire", "output", "pull", "adc", "native"),
    NEEDS,
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else "",
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
    report = check_board(
        broken(tmp_path, "wall_12", '[bus]\nsda = "gpio8"\nscl = "gpio9"\nhz = 100000\n', "")
    )
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
    assert [
        (report.draft.spell(problem.path), problem.reason.split(":")[0]) for problem in report.problems
    ] == [
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


def test_the_fleet_has_both_kinds_of_sensors_both_polarities_of_contacts_and_a_large_compartment() -> None:
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
    for size, needed in (
        ((203, 500, 558), True),
        ((202, 600, 600), False),
        ((203, 500, 557), False),
        ((400, 300, 480), True),
    ):
        width, height, depth = size
        text = find_board("wall_12").read_text()
        text = text.replace("width_mm = 380", f"width_mm = {width}", 1).replace(
            "depth_mm = 450", f"depth_mm = {depth}", 1
        )
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
    assert [report.draft.spell(problem.path) for problem in report.problems] == [
        "door #3 number",
        "door #3 size",
    ]
    assert report.problems[1].reason == f'"{"M" * 36}... is not possible'


def test_characters_that_a_terminal_would_act_on_are_not_passed_on(tmp_path: Path) -> None:
    path = broken(tmp_path, "wall_12", 'size = "S"', 'size = "\\u001b[31mred"\n"\\u001b[2J" = 1')
    report = check_board(path)
    said = "".join(
        report.draft.spell(problem.path) + problem.reason + problem.remedy for problem in report.problems
    )
    assert len(report.problems) == 2
    assert said.isprintable()


def test_an_unknown_board_is_answered_with_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(
        UserError, match=r"did you mean wall_12\? Known are " + ", ".join(board_names())
    ) as caught:
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
