"""board.json -> Board: what the firmware must know of the cabinet it is in.

Shared by device, simulator and host.

A pin is an int (a native GPIO) or a pair (I2C address of an MCP23017, bit 0-15: GPA0-7 are 0-7, GPB0-7 are
8-15). board.json is made from `boards/*.toml` by the host, which has validated it; the board trusts it. To a
type checker, what a cabinet may lack and what depends on its kind may be anything.
"""

from locker.compat import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    Pin = int | tuple[int, int]

Board = NamedTuple(
    "Board",
    (
        ("name", str),  # of the board definition, for people
        ("chip", str),  # "esp32", "esp32s3" or "esp32c6"
        ("doors", "tuple[Door, ...]"),  # tuple of Door, by number
        ("keypad", "Keypad"),  # Keypad
        ("bus", "Any"),  # Bus or None
        ("expanders", "tuple[int, ...]"),  # tuple of I2C addresses of MCP23017s
        # Native pin on their RESET line (low resets; pulled low outside the chip), or None.
        ("expander_reset", "Any"),
        ("screen", "Any"),  # (I2C address, columns, rows) of an HD44780 behind a PCF8574, or None
        ("lamp", "Any"),  # pin or None
        ("beeper", "Any"),  # native pin or None
        ("bell", "Any"),  # pin (0 while pressed) or None
        ("lamp_sense", "Any"),  # pin (0 while current flows in the lamp) or None
        ("tamper", "Any"),  # pin (0 while the loop is whole) or None
        # (UART id, tx pin, rx pin, baud) of the serial link to the host,
        # on an RS-485 bus with the driver's pin behind, or None
        ("link", "Any"),
        ("supply", "Any"),  # (ADC pin, lowest mV at that pin at which a coil may be energised) or None
        ("current", "Any"),  # (ADC pin, mV at that pin from which on a coil draws current) or None
        ("locks", "Any"),  # None: coils; else {"driver": a file of locker/locks, and what that wants to know}
        ("pulse_ms", int),  # one energising of a coil; of other locks, the longest that one is at work
        ("rest_ms", int),  # shortest time between two pulses of the cabinet
    ),
)
Door = NamedTuple(
    "Door",
    (
        ("number", int),  # 1-99
        ("size", str),  # "S", "M" or "L"
        ("low", int),  # 1 when a seated person reaches it
        ("lock", "Any"),  # pin of its coil; 1 energises. Of other locks, what their driver knows it by
        ("contact", "Pin"),  # pin of the door contact
        ("closed", int),  # level of the contact while the door is closed
        ("occupancy", str),  # "beam" or "distance"
        ("sensor", "Any"),  # pin of the occupancy sensor (a native ADC pin for distance)
        # Beam: level while something is inside; distance:
        # (mV at or above which it is occupied, mV at or below which clear).
        ("occupied", "Any"),
    ),
)
# Native pins driven, native pins read, e.g. "123456789*0#".
Keypad = NamedTuple("Keypad", (("rows", "tuple[int, ...]"), ("columns", "tuple[int, ...]"), ("keys", str)))
Bus = NamedTuple("Bus", (("sda", int), ("scl", int), ("hz", int)))


def _tuple(value: "Any") -> "Any":
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON


# The names that board.json has for the fields of these, in their order.
_DOOR = ("number", "size", "low", "lock", "contact", "closed", "occupancy", "sensor", "occupied")
_KEYPAD = ("rows", "columns", "keys")
_BUS = ("sda", "scl", "hz")


def _made(make: "Any", names: "tuple[str, ...]", value: "Any") -> "Any":
    """A named tuple of an object, or of the row of values that provisioning wrote before it wrote names."""
    row = value if isinstance(value, list) else [value[name] for name in names]  # pyright: ignore[reportUnknownVariableType] - JSON
    return make(*map(_tuple, row))  # pyright: ignore[reportUnknownArgumentType]


def from_json(data: "dict[str, Any]") -> Board:
    """The board in the object of a board.json, which `host_tools.boards.board_file.to_board_json` makes.

    KeyError for another one.

    `low_at_boot` is for boot.py.
    """
    values: "dict[str, Any]" = {"locks": None}  # as provisioning wrote before there were others
    for name, value in data.items():
        if name != "low_at_boot":
            values[name] = _tuple(value)
    try:
        doors: "list[Door]" = []
        for row in data["doors"]:
            doors.append(_made(Door, _DOOR, row))
        values["doors"] = tuple(doors)
        values["keypad"] = _made(Keypad, _KEYPAD, data["keypad"])
        values["bus"] = data["bus"] and _made(Bus, _BUS, data["bus"])
        return Board(**values)
    except TypeError:  # a field too few or too many
        raise KeyError("board.json is not for this firmware") from None
