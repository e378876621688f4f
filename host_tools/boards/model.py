"""What a board file may say: every table and key, with its meaning, unit and range.

Its texts are the reference in `boards/README.md`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from host_tools.boards.draft import Draft, Problem
from host_tools.boards.pins import PinField

#: The floor of a compartment that a seated person reaches,
#: mm above the ground (2010 ADA Standards 308.2.1, 308.3.1: 15 to 48 inches).
REACH_MM = (380, 1220)

Millimetres = Annotated[int, Field(ge=50, le=2500)]
Amperes = Annotated[float, Field(gt=0, le=100)]
Volts = Annotated[float, Field(ge=3, le=48)]
Level = Literal["low", "high"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Supply(_Table):
    """What feeds the coils."""

    volts: Volts = Field(description="its voltage, in V")
    amps: Amperes = Field(description="current that it can give, in A")
    idle_amps: Annotated[float, Field(ge=0, le=100)] = Field(
        description="what controller, screen and lamp draw from it, in A"
    )
    sense: PinField | None = Field(None, description="ADC1 pin on a divider from it; left out: not measured")
    lowest_mv: Annotated[int, Field(ge=1, le=3300)] | None = Field(
        None, description="voltage at that pin, in mV, below which no coil is energised"
    )
    current: PinField | None = Field(
        None, description="ADC1 pin on an amplified shunt in the feed of the coils; left out: not measured"
    )
    coil_mv: Annotated[int, Field(ge=1, le=3300)] | None = Field(
        None, description="voltage at that pin, in mV, from which on a coil certainly draws current"
    )


class Lock(_Table):
    """A kind of lock: what it wants of a board file, and what the firmware must know of it."""

    #: The key that each door has for a lock of this kind.
    door_key: ClassVar[str] = "lock"

    def in_words(self) -> str:
        """What there is to know, in a line for people."""
        raise NotImplementedError

    def for_firmware(self) -> dict[str, Any]:
        """What board.json says of it: `locks` (None for coils), `pulse_ms` and `rest_ms` (locker.board)."""
        raise NotImplementedError

    @classmethod
    def problems(cls, draft: "Draft") -> "Iterator[Problem]":
        """Broken rules of this kind of lock: a bus that lacks, an address that something else has."""
        yield from ()


class CoilLock(Lock):
    """The lock's data sheet, and how it is driven."""

    door_key: ClassVar[str] = "coil"

    driver: Literal["coils"] = Field("coils", description="the kind of lock")
    volts: Volts = Field(description="nominal voltage of the coil, in V")
    amps: Amperes = Field(description="current of one coil, in A")
    on_ms_max: Annotated[int, Field(ge=1, le=60_000)] = Field(
        description="longest time that it stands to be on, in ms"
    )
    duty_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        description="share of a minute that it stands to be on, in percent"
    )
    pulse_ms: int = Field(description="one pulse, in ms: 300 to 500")
    rest_ms: Annotated[int, Field(ge=100, le=10_000)] = Field(
        description="shortest time between two pulses of the cabinet, in which the supply recovers, in ms"
    )

    def in_words(self) -> str:
        """The figures of the data sheet that matter at the bench."""
        return f"{self.volts:g} V, {self.amps:g} A, pulses of {self.pulse_ms} ms, {self.rest_ms} ms apart"

    def for_firmware(self) -> dict[str, Any]:
        """The two times: a coil is driven by a pin."""
        return {"locks": None, "pulse_ms": self.pulse_ms, "rest_ms": self.rest_ms}


#: By the name of the driver: the kinds of locks.
LOCKS: dict[str, type[Lock]] = {"coils": CoilLock}


class Bus(_Table):
    """The I2C bus."""

    sda: PinField = Field(description="data, with an external pull-up")
    scl: PinField = Field(description="clock, with an external pull-up")
    hz: Literal[100_000, 400_000] = Field(description="clock rate in Hz; a PCF8574 is made for 100000")


class Expanders(_Table):
    """MCP23017 expanders on the bus."""

    addresses: Annotated[list[int], Field(min_length=1, max_length=8)] = Field(
        description="their I2C addresses, 0x20 to 0x27"
    )
    reset: PinField | None = Field(
        None,
        description="pin on their RESET lines, pulled low outside the chip; "
        "needed where an expander drives coils",
    )


class Screen(_Table):
    """A text screen (HD44780) on the bus."""

    chip: Literal["pcf8574", "pcf8574a"] = Field(description="its I2C backpack")
    address: int = Field(description="I2C address: 0x20 to 0x27 for a pcf8574, 0x38 to 0x3f for a pcf8574a")
    columns: Literal[16, 20] = Field(description="characters in a line")
    rows: Literal[2, 4] = Field(description="lines")


class Keypad(_Table):
    """A matrix keypad."""

    rows: Annotated[list[PinField], Field(min_length=4, max_length=4)] = Field(
        description="pins of the rows, which are driven"
    )
    columns: Annotated[list[PinField], Field(min_length=3, max_length=4)] = Field(
        description="pins of the columns, which are read with pull-ups"
    )
    keys: str = Field(description="legends row by row, such as 123456789*0#")


class Signals(_Table):
    """What calls people."""

    lamp: PinField | None = Field(None, description="1 lights it")
    lamp_sense: PinField | None = Field(None, description="whether the lamp draws current: 0 while it does")
    beeper: PinField | None = Field(None, description="gets a tone")
    bell: PinField | None = Field(None, description="help button, 0 while pressed")
    tamper: PinField | None = Field(
        None, description="loop through the switches of the cabinet's inside, 0 while it is whole"
    )


class Link(_Table):
    """The serial link to the host, never the REPL's port. Left out: the host is reached over Wi-Fi."""

    uart: int = Field(description="number of the UART, not 0")
    tx: PinField = Field(description="the board's output")
    rx: PinField = Field(description="the board's input")
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600] = Field(
        description="bits per second; on an RS-485 bus at most 115200"
    )
    enable: PinField | None = Field(
        None,
        description="1 drives the RS-485 bus (DE and /RE of the transceiver), pulled down outside the chip; "
        "left out: no bus",
    )


class Contact(_Table):
    """The door contact."""

    pin: PinField = Field(description="its pin, read with a pull-up")
    closed: Level = Field(description="its level while the door is closed")


class Beam(_Table):
    """A light barrier or other switch."""

    kind: Literal["beam"] = Field(description="the kind of sensor")
    pin: PinField = Field(description="its pin, read with a pull-up")
    occupied: Level = Field(description="its level while something is inside")


class Distance(_Table):
    """An analogue distance sensor."""

    kind: Literal["distance"] = Field(description="the kind of sensor")
    pin: PinField = Field(description="its pin, of ADC1")
    occupied_mv: int = Field(description="at or above this, in mV, something is inside")
    clear_mv: int = Field(description="at or below this, in mV, nothing is; in between nothing changes")


class Door(_Table):
    """One compartment. Measures are those of its inside."""

    number: Annotated[int, Field(ge=1, le=99)] = Field(description="what is on its plate")
    size: Literal["S", "M", "L"] = Field(description="what a courier chooses")
    width_mm: Millimetres = Field(description="inner width, in mm")
    height_mm: Millimetres = Field(description="inner height, in mm")
    depth_mm: Millimetres = Field(description="inner depth, in mm")
    sill_mm: Annotated[int, Field(ge=0, le=2500)] = Field(
        description="height of its floor above the ground, in mm"
    )
    inside_release: bool = Field(False, description="whether it can be opened from inside without power")
    coil: PinField | None = Field(None, description="1 energises the lock; gate pulled down outside the chip")
    lock: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None, description="of a lock without a coil: what its driver knows it by"
    )
    contact: Contact = Field(description="{ pin, closed }")
    occupancy: Annotated[Beam | Distance, Field(discriminator="kind")] = Field(
        description="{ kind, pin, occupied } or { kind, pin, occupied_mv, clear_mv }"
    )

    @property
    def low(self) -> bool:
        """Whether a seated person reaches it: its floor is 380 to 1,220 mm above the ground."""
        return REACH_MM[0] <= self.sill_mm <= REACH_MM[1]


class Definition(_Table):
    """A whole board file."""

    title: Annotated[str, Field(min_length=1, max_length=80)] = Field(
        description="one line for people, at most 80 characters"
    )
    chip: Literal["esp32", "esp32s3", "esp32c6"] = Field(description="the controller")
    flash_mb: Literal[4, 8, 16] = Field(description="MiB of flash of its module; chooses the partition table")
    supply: Supply = Field(description="the supply of the coils")
    lock: Lock = Field(description="its data sheet and how it is driven")
    bus: Bus | None = Field(None, description="the I2C bus")
    expanders: Expanders | None = Field(None, description="MCP23017 expanders")
    screen: Screen | None = Field(None, description="the text screen")
    keypad: Keypad = Field(description="the keypad")
    signals: Signals = Field(
        Signals(lamp=None, lamp_sense=None, beeper=None, bell=None, tamper=None),
        description="lamp, beeper, help button, tamper loop",
    )
    link: Link | None = Field(None, description="the serial link to the host")
    door: Annotated[list[Door], Field(min_length=1, max_length=99)] = Field(
        description="one for each compartment"
    )
