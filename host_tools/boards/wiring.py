"""The wires of a cabinet: which pin serves what, and every rule about pins."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from host_tools.boards.chips import EXPANDER_OUTPUT_ONLY, Chip
from host_tools.boards.draft import Draft, Place, Problem
from host_tools.boards.pins import Pin

_SUGGESTIONS_MAX = 4


@dataclass(frozen=True)
class Role:
    """What a wire needs of its pin."""

    name: str
    output: bool = False
    pull: bool = False  # the chip's own pull-up
    adc: bool = False
    native: bool = False  # too fast, too early or too analogue for an expander
    coil: bool = False
    still: bool = False  # must not move while the chip starts: it moves a coil, or disturbs other cabinets


_COIL = Role("coil", output=True, coil=True, still=True)
_CONTACT = Role("contact", pull=True)
_BEAM = Role("beam", pull=True)
_DISTANCE = Role("distance sensor", adc=True, native=True)
_ROW = Role("keypad row", output=True, native=True)
_COLUMN = Role("keypad column", pull=True, native=True)
_BUS = Role("I2C line", output=True, native=True)
_RESET = Role("expander reset", output=True, native=True, still=True)
_LAMP = Role("lamp", output=True)
_BEEPER = Role("beeper", output=True, native=True)
_BELL = Role("help button", pull=True)
_TAMPER = Role("tamper loop", pull=True)
_LAMP_SENSE = Role("lamp sense", pull=True)
_TX = Role("serial output", output=True, native=True)
# An idle line is high; with no cable the pull keeps noise out.
_RX = Role("serial input", pull=True, native=True)
_ENABLE = Role("bus driver", output=True, native=True, still=True)
_SENSE = Role("supply measurement", adc=True, native=True)
_CURRENT = Role("current measurement", adc=True, native=True)

#: Every role, for the pages that list who may be what.
ROLES = (
    _COIL,
    _CONTACT,
    _BEAM,
    _DISTANCE,
    _ROW,
    _COLUMN,
    _BUS,
    _RESET,
    _LAMP,
    _BEEPER,
    _BELL,
    _TAMPER,
    _LAMP_SENSE,
    _TX,
    _RX,
    _ENABLE,
    _SENSE,
    _CURRENT,
)

_SINGLE_WIRES: tuple[tuple[Place, Role], ...] = (
    (("bus", "sda"), _BUS),
    (("bus", "scl"), _BUS),
    (("expanders", "reset"), _RESET),
    (("signals", "lamp"), _LAMP),
    (("signals", "lamp_sense"), _LAMP_SENSE),
    (("signals", "beeper"), _BEEPER),
    (("signals", "bell"), _BELL),
    (("signals", "tamper"), _TAMPER),
    (("link", "tx"), _TX),
    (("link", "rx"), _RX),
    (("link", "enable"), _ENABLE),
    (("supply", "sense"), _SENSE),
    (("supply", "current"), _CURRENT),
)


@dataclass(frozen=True)
class Wire:
    """One use of one pin."""

    path: Place
    pin: Pin
    role: Role


def wires(draft: Draft) -> list[Wire]:
    """Every wire that the file names, in the order of the tables above;
    pins that cannot be read are left to the schema.
    """
    places = list(_SINGLE_WIRES)
    for table, role in (("rows", _ROW), ("columns", _COLUMN)):
        pins = draft.get("keypad", table)
        places += [
            (("keypad", table, index), role) for index in range(len(pins) if isinstance(pins, list) else 0)
        ]
    for door in draft.doors():
        sensor = _DISTANCE if draft.get("door", door, "occupancy", "kind") == "distance" else _BEAM
        places += [
            (("door", door, "coil"), _COIL),
            (("door", door, "contact", "pin"), _CONTACT),
            (("door", door, "occupancy", "pin"), sensor),
        ]
    found = []
    for path, role in places:
        pin = draft.pin(*path)
        if pin is not None:
            found.append(Wire(path, pin, role))
    return found


def pin_problems(draft: Draft) -> Iterator[Problem]:
    """Every mistake in the choice of a pin; at most one for each wire beside a conflict."""
    wiring = wires(draft)
    used = {wire.pin for wire in wiring}
    yield from _conflicts(draft, wiring)
    yield from _unlisted(draft, wiring)
    for wire in wiring:
        if reason := _reason(wire, draft.chip):
            yield Problem(wire.path, f"{wire.pin} {reason}", _remedy(draft, wire, used))


def suitable(role: Role, chip: Chip) -> list[Pin]:
    """The chip's own pins that can play a role."""
    return [
        Pin(number)
        for number in sorted(chip.pins)
        if _native_reason(Wire((), Pin(number), role), chip) is None
    ]


def free_pins(draft: Draft) -> list[Pin]:
    """The chip's own pins that could serve something and serve nothing yet."""
    used = {wire.pin for wire in wires(draft)}
    return (
        [pin for pin in map(Pin, sorted(draft.chip.free_of_side_effects)) if pin not in used]
        if draft.chip
        else []
    )


def _reason(wire: Wire, chip: Chip | None) -> str | None:
    if not wire.pin.native:
        return _expander_reason(wire)
    return _native_reason(wire, chip) if chip else None


def _native_reason(wire: Wire, chip: Chip) -> str | None:
    """Why a pin of the chip cannot serve, the gravest reason only."""
    number, role = wire.pin.number, wire.role
    reason = None
    if number not in chip.pins:
        reason = f"does not exist on an {chip.name}"
    elif number in chip.absent:
        reason = f"is out of reach: {chip.absent[number]}"
    elif number in chip.flash:
        reason = "belongs to the flash memory that the program runs from"
    elif number in chip.console:
        reason = f"must stay free: {chip.console[number]}"
    elif number in chip.strapping:
        reason = f"is a strapping pin: {chip.strapping[number]}"
    elif role.still and number in chip.mild_strapping:
        reason = (
            f"is a strapping pin, and a {role.name} must be still at reset: {chip.mild_strapping[number]}"
        )
    elif role.output and number in chip.input_only:
        reason = f"is an input only, and a {role.name} needs an output"
    elif role.pull and number in chip.no_pull:
        reason = f"has no pull-up inside, and a {role.name} that is open would float"
    elif role.adc and number in chip.adc2:
        reason = "is on ADC2, which cannot be read while Wi-Fi is on"
    elif role.adc and number not in chip.adc1:
        reason = f"has no ADC, and a {role.name} needs one"
    return reason


def _expander_reason(wire: Wire) -> str | None:
    if wire.role.native:
        return f"is on an expander, and a {wire.role.name} needs a pin of the chip"
    if not wire.role.output and wire.pin.number in EXPANDER_OUTPUT_ONLY:
        return (
            "is an output only: reading it while it changes can corrupt the "
            "bus (MCP23017 data sheet, revision D)"
        )
    return None


def _remedy(draft: Draft, wire: Wire, used: set[Pin]) -> str:
    """Free pins that could do it, of the same kind first."""
    role = wire.role
    native = [one for one in suitable(role, draft.chip) if one not in used] if draft.chip else []
    expanded: list[Pin] = []
    if not role.native and (not role.coil or draft.get("expanders", "reset") is not None):
        for _, address in draft.integers("expanders", "addresses"):
            bits = (Pin(bit, address) for bit in range(16))
            expanded += [
                one for one in bits if one not in used and _expander_reason(Wire((), one, role)) is None
            ]
    choice = native + expanded if wire.pin.native else expanded + native
    if choice:
        return (
            f"move it to a free pin that can do it, such as {', '.join(map(str, choice[:_SUGGESTIONS_MAX]))}"
        )
    return f"no pin that can be a {role.name} is free: " + (
        "free one" if role.native else "free one, or add an expander"
    )


def _conflicts(draft: Draft, wiring: list[Wire]) -> Iterator[Problem]:
    first: dict[Pin, Wire] = {}
    used = {wire.pin for wire in wiring}
    for wire in wiring:
        other = first.setdefault(wire.pin, wire)
        if other is not wire:
            reason = f"{wire.pin} already serves {draft.spell(other.path)}"
            yield Problem(wire.path, reason, _remedy(draft, wire, used))


def _unlisted(draft: Draft, wiring: list[Wire]) -> Iterator[Problem]:
    listed = {address for _, address in draft.integers("expanders", "addresses")}
    strangers: dict[int, list[Wire]] = defaultdict(list)
    for wire in wiring:
        if wire.pin.expander is not None and wire.pin.expander not in listed:
            strangers[wire.pin.expander].append(wire)
    for address, pins in sorted(strangers.items()):
        more = f" (and {len(pins) - 1} more)" if len(pins) > 1 else ""
        reason = f"{pins[0].pin}{more} is on an expander that expanders.addresses does not list"
        yield Problem(pins[0].path, reason, f"add 0x{address:02x} to expanders.addresses, or correct the pin")
