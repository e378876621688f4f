"""Board files for tests: a writer of TOML and a strategy for cabinets that break no rule,
with the Board that each must become.
"""

import json
from typing import Any

from hypothesis import strategies as st

from host_tools.boards.chips import CHIPS
from host_tools.boards.pins import Pin
from host_tools.boards.wiring import ROLES, suitable
from locker.board import Board, Bus, Door, Keypad

ROLE = {role.name: role for role in ROLES}
INPUT_BITS = [bit for bit in range(16) if bit not in (7, 15)]
LEVELS = ("low", "high")


def toml(tables: dict[str, Any]) -> str:
    """The text of a board file: plain values, then tables, then doors."""
    doors = tables.get("door")
    repeated = doors if isinstance(doors, list) and all(isinstance(door, dict) for door in doors) else []
    plain = {
        key: value
        for key, value in tables.items()
        if not isinstance(value, dict) and not (key == "door" and repeated)
    }
    lines = _lines(plain)
    for name, table in tables.items():
        if isinstance(table, dict):
            lines += [f"[{name}]", *_lines(table)]
    for door in repeated:
        lines += ["[[door]]", *_lines(door)]
    return "\n".join(lines) + "\n"


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value) if isinstance(value, str) else str(value)


class _Pins:
    """Hands out pins that no one else has."""

    def __init__(self, draw: Any, chip: str, addresses: list[int]) -> None:
        self.draw, self.chip, self.addresses = draw, CHIPS[chip], addresses
        self.used: set[Pin] = set()

    def take(self, role: str) -> Pin:
        """A free pin that can play the role: of the chip where an expander cannot, else of an expander."""
        if ROLE[role].native:
            choice = [pin for pin in suitable(ROLE[role], self.chip) if pin not in self.used]
        else:
            bits = range(16) if ROLE[role].output else INPUT_BITS
            choice = [
                pin
                for address in self.addresses
                for pin in (Pin(bit, address) for bit in bits)
                if pin not in self.used
            ]
        pin = self.draw(st.sampled_from(choice))
        self.used.add(pin)
        return pin


def _code(pin: Pin) -> Any:
    return pin.number if pin.expander is None else (pin.expander, pin.number)


@st.composite
def cabinets(draw: Any, name: str = "drawn") -> tuple[dict[str, Any], Board]:
    """A valid board file as tables, and the Board that it must become, made without the code under test."""
    chip = draw(st.sampled_from(sorted(CHIPS)))
    addresses = draw(st.lists(st.integers(0x20, 0x27), min_size=2, max_size=6, unique=True))
    pins = _Pins(draw, chip, addresses)
    distances = [pins.take("distance sensor") for _ in range(draw(st.integers(0, 2)))]
    rows = [pins.take("keypad row") for _ in range(4)]
    columns = [pins.take("keypad column") for _ in range(3)]
    sda, scl, reset = pins.take("I2C line"), pins.take("I2C line"), pins.take("expander reset")
    pulse, rest = draw(st.integers(300, 500)), draw(st.integers(100, 10_000))
    on = {"pulse_ms": pulse, "rest_ms": rest}
    keys = "".join(draw(st.permutations("123456789*0#")))
    count = draw(st.integers(max(1, len(distances)), 7))
    numbers = draw(st.lists(st.integers(1, 99), min_size=count, max_size=count, unique=True))
    lamp = draw(st.none() | st.just(pins.take("lamp")))
    files, doors = [], []
    for number, sensor in zip(numbers, [*distances, *[None] * (count - len(distances))], strict=True):
        file, door = _door(draw, pins, number, sensor)
        files.append(file)
        doors.append(door)
    tables: dict[str, Any] = {
        "title": "Drawn",
        "chip": chip,
        "flash_mb": 4,
        "supply": {"volts": 12.0, "amps": 3.0, "idle_amps": 0.5},
        "lock": {"volts": 12.0, "amps": 1.2, "on_ms_max": 1000, "duty_percent": 10} | on,
        "bus": {"sda": str(sda), "scl": str(scl), "hz": 400_000},
        "expanders": {"addresses": addresses, "reset": str(reset)},
        "keypad": {
            "rows": [str(pin) for pin in rows],
            "columns": [str(pin) for pin in columns],
            "keys": keys,
        },
        "signals": {"lamp": str(lamp)} if lamp else {},
        "door": files,
    }
    board = Board(
        name=name,
        chip=chip,
        doors=tuple(sorted(doors)),
        keypad=Keypad(tuple(map(_code, rows)), tuple(map(_code, columns)), keys),
        bus=Bus(_code(sda), _code(scl), 400_000),
        expanders=tuple(addresses),
        expander_reset=_code(reset),
        screen=None,
        lamp=_code(lamp) if lamp else None,
        beeper=None,
        bell=None,
        lamp_sense=None,
        tamper=None,
        link=None,
        supply=None,
        current=None,
        pulse_ms=pulse,
        locks=None,
        rest_ms=rest,
    )
    return tables, board


def _door(draw: Any, pins: _Pins, number: int, sensor: Pin | None) -> tuple[dict[str, Any], Door]:
    size, sill = draw(st.sampled_from("SML")), draw(st.integers(0, 2500))
    coil, contact = pins.take("coil"), pins.take("contact")
    closed, occupied = draw(st.sampled_from(LEVELS)), draw(st.sampled_from(LEVELS))
    if sensor:
        clear = draw(st.integers(150, 2400))
        high = draw(st.integers(clear + 50, 2450))
        occupancy: dict[str, Any] = {
            "kind": "distance",
            "pin": str(sensor),
            "occupied_mv": high,
            "clear_mv": clear,
        }
        limits: Any = (high, clear)
    else:
        sensor = pins.take("beam")
        occupancy = {"kind": "beam", "pin": str(sensor), "occupied": occupied}
        limits = LEVELS.index(occupied)
    file = {
        "number": number,
        "size": size,
        "width_mm": 400,
        "height_mm": 200,
        "depth_mm": 400,
        "sill_mm": sill,
        "coil": str(coil),
        "contact": {"pin": str(contact), "closed": closed},
        "occupancy": occupancy,
    }
    low = int(380 <= sill <= 1220)
    return file, Door(
        number,
        size,
        low,
        _code(coil),
        _code(contact),
        LEVELS.index(closed),
        str(occupancy["kind"]),
        _code(sensor),
        limits,
    )
