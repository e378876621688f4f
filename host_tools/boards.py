"""Board definitions: the TOML of `boards/` as checked data, and the board.json that the firmware reads."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from host_tools import partitions
from host_tools.carried import boards_folder
from host_tools.errors import Complaint
from host_tools.pins import PinField

#: What a seated person reaches, mm above the floor (2010 ADA Standards, 308.2.1 and 308.3.1: 15 to 48 inches).
REACH_MM = (380, 1220)
#: The firmware energises a coil for at most this share of any 60 s; a lock must stand it.
DUTY_PERCENT = 10

Address = Annotated[int, Field(ge=0x08, le=0x77)]  # I2C, 7 bits; the rest is reserved (NXP UM10204, section 3.1.12)
Millimetres = Annotated[int, Field(ge=50, le=2500)]
Amperes = Annotated[float, Field(gt=0, le=100)]
Volts = Annotated[float, Field(ge=3, le=48)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Supply(_Table):
    """What feeds the coils, and what else hangs on it. `sense` is an ADC pin behind a divider, `lowest_mv` the voltage at that pin
    below which no coil is energised.
    """

    volts: Volts
    amps: Amperes
    idle_amps: Annotated[float, Field(ge=0, le=100)]
    sense: PinField | None = None
    lowest_mv: Annotated[int, Field(ge=100, le=3300)] | None = None


class Lock(_Table):
    """What the lock's data sheet says (`on_ms_max`: longest time on, `duty_percent`: largest share of a minute on), and how it is driven."""

    volts: Volts
    amps: Amperes
    on_ms_max: Annotated[int, Field(ge=1, le=60_000)]
    duty_percent: Annotated[float, Field(gt=0, le=100)]
    pulse_ms: int
    rest_ms: Annotated[int, Field(ge=100, le=10_000)]


class BusTable(_Table):
    """The I2C bus."""

    sda: PinField
    scl: PinField
    hz: Literal[100_000, 400_000] = 400_000


class Expanders(_Table):
    """MCP23017s on the bus, and the native pin on their RESET line, which is pulled low outside the chip."""

    addresses: Annotated[list[Annotated[int, Field(ge=0x20, le=0x27)]], Field(min_length=1, max_length=8)]
    reset: PinField | None = None


class Screen(_Table):
    """An HD44780 text screen behind a PCF8574 or PCF8574A backpack."""

    chip: Literal["pcf8574", "pcf8574a"]
    address: Address
    columns: Literal[16, 20]
    rows: Literal[2, 4]


class KeypadTable(_Table):
    """A matrix keypad; `keys` are its legends row by row."""

    rows: Annotated[list[PinField], Field(min_length=4, max_length=4)]
    columns: Annotated[list[PinField], Field(min_length=3, max_length=4)]
    keys: str


class Signals(_Table):
    """Lamp (1 lights it), beeper (driven with a tone) and help button (0 while pressed)."""

    lamp: PinField | None = None
    beeper: PinField | None = None
    bell: PinField | None = None


class Link(_Table):
    """The serial link to the host: never the REPL's port."""

    uart: Annotated[int, Field(ge=0, le=2)]
    tx: PinField
    rx: PinField
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600] = 115200


class Contact(_Table):
    """A door contact and the level it gives while the door is closed."""

    pin: PinField
    closed: Literal["low", "high"]


class Beam(_Table):
    """A light barrier and the level it gives while something is inside."""

    kind: Literal["beam"]
    pin: PinField
    occupied: Literal["low", "high"]


class Distance(_Table):
    """An analogue distance sensor: occupied at or above one voltage, clear at or below a lower one, unchanged in between."""

    kind: Literal["distance"]
    pin: PinField
    occupied_mv: Annotated[int, Field(ge=0, le=3300)]
    clear_mv: Annotated[int, Field(ge=0, le=3300)]


class DoorTable(_Table):
    """One compartment: inner measures and the height of its floor above the ground in mm."""

    number: Annotated[int, Field(ge=1, le=99)]
    size: Literal["S", "M", "L"]
    width_mm: Millimetres
    height_mm: Millimetres
    depth_mm: Millimetres
    sill_mm: Annotated[int, Field(ge=0, le=2500)]
    inside_release: bool = False
    coil: PinField
    contact: Contact
    occupancy: Annotated[Beam | Distance, Field(discriminator="kind")]

    @property
    def low(self) -> bool:
        """Whether a seated person reaches it."""
        return REACH_MM[0] <= self.sill_mm <= REACH_MM[1]


class Definition(_Table):
    """A whole board file."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    chip: Literal["esp32", "esp32s3", "esp32c6"]
    flash_mb: Literal[4, 8, 16]
    supply: Supply
    lock: Lock
    bus: BusTable | None = None
    expanders: Expanders | None = None
    screen: Screen | None = None
    keypad: KeypadTable
    signals: Signals = Signals()
    link: Link | None = None
    door: Annotated[list[DoorTable], Field(min_length=1, max_length=99)]


class BoardFile:
    """A board file that has passed every rule: its path, its name (the file's stem) and its definition."""

    def __init__(self, path: Path, definition: Definition) -> None:
        self.path = path
        self.name = path.stem
        self.definition = definition

    def partitions(self) -> list[partitions.Partition]:
        """The partition table for this board's flash."""
        flash_mb = self.definition.flash_mb
        return partitions.load(partitions.table_path(flash_mb), flash_mb << 20)


def board_names() -> list[str]:
    """The names of the boards that come with Ansim."""
    return sorted(path.stem for path in boards_folder().glob("*.toml"))


def find_board(name_or_path: str | Path) -> Path:
    """The board file of that name, or at that path (anything with a folder or ending in .toml); Complaint when there is none."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if not path.is_file():
            raise Complaint(f"There is no board file {path}: check the path.", 2)
        return path
    names = board_names()
    if str(name_or_path) not in names:
        close = get_close_matches(str(name_or_path), names, 1, 0.5)
        hint = f"did you mean {close[0]}? Known" if close else "known"
        raise Complaint(f"There is no board {str(name_or_path)!r}: {hint} are {', '.join(names)}, or give the path of a .toml file.", 2)
    return boards_folder() / f"{name_or_path}.toml"


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; Complaint with line and column when it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Complaint(f"{path} is not valid TOML: {error}.", 1) from error
    except UnicodeDecodeError as error:
        raise Complaint(f"{path} is not valid TOML: byte {error.start} is not UTF-8.", 1) from error
    except OSError as error:
        raise Complaint(f"Cannot read {path}: {error.strerror}.", 1) from error


def load_board(name_or_path: str | Path) -> BoardFile:
    """The board of that name or path; a Complaint that names the first errors when it breaks a rule."""
    path = find_board(name_or_path)
    try:
        return BoardFile(path, Definition.model_validate(read_toml(path)))
    except ValidationError as error:
        raise Complaint(f"{path} has {error.error_count()} errors: see `ansim boards check {path}`.", 1) from error


def to_board_json(board: BoardFile) -> dict[str, Any]:
    """The board.json that `locker.board.from_json` reads: only what the firmware needs."""
    d = board.definition
    return {
        "name": board.name,
        "chip": d.chip,
        "doors": [_door_row(door) for door in sorted(d.door, key=lambda door: door.number)],
        "keypad": [[pin.as_json() for pin in d.keypad.rows], [pin.as_json() for pin in d.keypad.columns], d.keypad.keys],
        "bus": [d.bus.sda.as_json(), d.bus.scl.as_json(), d.bus.hz] if d.bus else None,
        "expanders": list(d.expanders.addresses) if d.expanders else [],
        "expander_reset": d.expanders.reset.as_json() if d.expanders and d.expanders.reset else None,
        "screen": [d.screen.address, d.screen.columns, d.screen.rows] if d.screen else None,
        "lamp": d.signals.lamp.as_json() if d.signals.lamp else None,
        "beeper": d.signals.beeper.as_json() if d.signals.beeper else None,
        "bell": d.signals.bell.as_json() if d.signals.bell else None,
        "link": [d.link.uart, d.link.tx.as_json(), d.link.rx.as_json(), d.link.baud] if d.link else None,
        "supply": [d.supply.sense.as_json(), d.supply.lowest_mv] if d.supply.sense else None,
        "pulse_ms": d.lock.pulse_ms,
        "rest_ms": d.lock.rest_ms,
    }


def _door_row(door: DoorTable) -> list[Any]:
    sensor = door.occupancy
    occupied = int(sensor.occupied == "high") if isinstance(sensor, Beam) else [sensor.occupied_mv, sensor.clear_mv]
    return [
        door.number,
        door.size,
        int(door.low),
        door.coil.as_json(),
        door.contact.pin.as_json(),
        int(door.contact.closed == "high"),
        sensor.kind,
        sensor.pin.as_json(),
        occupied,
    ]
