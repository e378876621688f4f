"""board.json -> Board: what the firmware must know of the cabinet it is in. Shared by device, simulator and host.

A pin is an int (a native GPIO) or a pair (I2C address of an MCP23017, bit 0-15: GPA0-7 are 0-7, GPB0-7 are 8-15).
board.json is made from `boards/*.toml` by the host, which has validated it; the board trusts it.
"""

from collections import namedtuple

Board = namedtuple(
    "Board",
    (
        "name",  # of the board definition, for people
        "chip",  # "esp32", "esp32s3" or "esp32c6"
        "doors",  # tuple of Door, by number
        "keypad",  # Keypad
        "bus",  # Bus or None
        "expanders",  # tuple of I2C addresses of MCP23017s
        "expander_reset",  # native pin on their RESET line (low resets; pulled low outside the chip), or None
        "screen",  # (I2C address, columns, rows) of an HD44780 behind a PCF8574, or None
        "lamp",  # pin or None
        "beeper",  # native pin or None
        "bell",  # pin (0 while pressed) or None
        "lamp_sense",  # pin (0 while current flows in the lamp) or None
        "tamper",  # pin (0 while the loop is whole) or None
        "link",  # (UART id, tx pin, rx pin, baud) of the serial link to the host, on an RS-485 bus with the driver's pin behind, or None
        "supply",  # (ADC pin, lowest mV at that pin at which a coil may be energised) or None
        "current",  # (ADC pin, mV at that pin from which on a coil draws current) or None
        "pulse_ms",  # one energising of a coil
        "rest_ms",  # shortest time between two pulses of the cabinet
    ),
)
Door = namedtuple(
    "Door",
    (
        "number",  # 1-99
        "size",  # "S", "M" or "L"
        "low",  # 1 when a seated person reaches it
        "coil",  # pin; 1 energises
        "contact",  # pin of the door contact
        "closed",  # level of the contact while the door is closed
        "occupancy",  # "beam" or "distance"
        "sensor",  # pin of the occupancy sensor (a native ADC pin for distance)
        "occupied",  # beam: level while something is inside; distance: (mV at or above which it is occupied, mV at or below which clear)
    ),
)
Keypad = namedtuple("Keypad", ("rows", "columns", "keys"))  # native pins driven, native pins read, e.g. "123456789*0#"
Bus = namedtuple("Bus", ("sda", "scl", "hz"))


def _pin(value):
    return tuple(value) if isinstance(value, list) else value


def from_json(data: dict) -> Board:
    """The board in the object of a board.json, which `host_tools.boards.to_board_json` makes. KeyError for another one."""
    values = {}
    for name, value in data.items():
        values[name] = _pin(value)
    doors = []
    for row in data["doors"]:
        doors.append(Door(*map(_pin, row)))
    values["doors"] = tuple(doors)
    values["keypad"] = Keypad(*map(_pin, data["keypad"]))
    values["bus"] = data["bus"] and Bus(*data["bus"])
    try:
        return Board(**values)
    except TypeError:  # a field too few or too many
        raise KeyError("board.json is not for this firmware") from None
