"""The rules of a cabinet beyond its pins: locks and supply, expanders, keypad, sensors, doors."""

from collections.abc import Iterator

from host_tools.boards.chips import BACKPACK_ADDRESSES, EXPANDER_ADDRESSES
from host_tools.boards.draft import Draft, Place, Problem
from host_tools.boards.model import LOCKS, Door, Lock
from host_tools.boards.schema import MISSING
from host_tools.boards.wiring import pin_problems, wires

#: What the firmware does with a coil: one pulse of 300-500 ms,
#: a ceiling that the hardware enforces, a share of any 60 s.
PULSE_MS = (300, 500)
PULSE_CEILING_MS = 1000
DUTY_PERCENT = 10
#: A compartment that could hold a child:
#: least side in mm, volume in litres (the measures of 16 CFR 1750.3 for refrigerators).
CHILD_SIDE_MM = 203
CHILD_LITRES = 56.6
#: The two voltages of a distance sensor must be this far apart, or noise would flip it.
HYSTERESIS_MV_MIN = 50
#: A supply and a lock fit when their nominal voltages differ by at most this share.
VOLTS_TOLERANCE = 0.1
_PCF8574_HZ_MAX = 100_000  # Philips PCF8574 data sheet (2002), section 11
# A cabinet looks each 20 ms, and what all on the bus have said meanwhile must fit its buffer.
_BUS_BAUD_MAX = 115_200
_LEGENDS = "0123456789*#ABCD"
_NEEDED_LEGENDS = "0123456789*#"


def rule_problems(draft: Draft) -> list[Problem]:
    """Every broken rule."""
    found: list[Problem] = []
    for rule in (
        pin_problems,
        _locks,
        _pulse,
        _power,
        _measurement,
        _lamp,
        _expanders,
        _screen,
        _keypad,
        _link,
        _numbers,
        _distances,
        _releases,
    ):
        found += rule(draft)
    return found


def _locks(draft: Draft) -> Iterator[Problem]:
    """Each door has a lock of its own, by the key of the file's kind of lock and no other's."""
    doors = [door for door in draft.doors() if isinstance(draft.get("door", door), dict)]
    driver = draft.get("lock", "driver")
    keys = ("coil", Lock.door_key)
    has = {key for door in doors for key in keys if draft.get("door", door, key) is not None}
    if driver is None and has == {Lock.door_key}:
        others = " or ".join(f'"{name}"' for name in LOCKS if name != "coils") or '"coils", the only kind'
        remedy = f"write driver = {others}, or give each door its coil"
        yield Problem(("lock", "driver"), "the doors have locks that are no coils, of no kind", remedy)
        return
    kind = LOCKS.get(str(driver or "coils"))
    if kind is None:
        return
    yield from _door_keys(draft, doors, str(driver or "coils"), kind.door_key)
    yield from kind.problems(draft)


def _door_keys(draft: Draft, doors: list[int], driver: str, key: str) -> Iterator[Problem]:
    first: dict[int, int] = {}
    about = Door.model_fields[key].description
    for door in doors:
        value = draft.get("door", door, key)
        if value is None:
            yield Problem(("door", door, key), MISSING, f"add {key}: {about}")
        elif isinstance(value, int) and first.setdefault(value, door) != door:
            other = draft.spell(("door", first[value], key))
            remedy = "give each door a lock of its own, or one would open the other's"
            yield Problem(("door", door, key), f"{key} = {value} is {other} already", remedy)
        for other in sorted({kind.door_key for kind in (*LOCKS.values(), Lock)} - {key}):
            if draft.get("door", door, other) is not None:
                remedy = f"remove {other}" + ("" if value is not None else f", and add {key}: {about}")
                reason = f'a lock of the kind "{driver}" has no {other}'
                yield Problem(("door", door, other), reason, remedy)


def _pulse(draft: Draft) -> Iterator[Problem]:
    path = ("lock", "pulse_ms")
    pulse, longest, duty = (draft.number("lock", key) for key in ("pulse_ms", "on_ms_max", "duty_percent"))
    low, high = PULSE_MS
    cure = f"write {low} to {high} ms; choose a lock that opens in that time"
    if pulse is not None and pulse > PULSE_CEILING_MS:
        yield Problem(
            path,
            f"a pulse of {pulse:g} ms is unsafe: coils overheat, "
            f"and no coil is ever on for more than {PULSE_CEILING_MS} ms",
            cure,
        )
    elif pulse is not None and pulse > high:
        yield Problem(path, f"a pulse of {pulse:g} ms heats the coil for longer than it helps", cure)
    elif pulse is not None and pulse < low:
        yield Problem(path, f"a pulse of {pulse:g} ms is too short to draw a stiff latch", cure)
    if pulse is not None and longest is not None and low <= pulse <= high and pulse > longest:
        possible = f"{low} to {longest:g}" if longest > low else f"{low}"
        cure = f"write {possible} ms" if longest >= low else f"choose a lock that stands {low} ms"
        yield Problem(
            path, f"a pulse of {pulse:g} ms is longer than the {longest:g} ms that this lock stands", cure
        )
    if duty is not None and duty < DUTY_PERCENT:
        reason = f"this lock stands {duty:g} % of a minute, and the firmware may use {DUTY_PERCENT} %"
        yield Problem(("lock", "duty_percent"), reason, f"choose a lock that stands {DUTY_PERCENT} % or more")


def _power(draft: Draft) -> Iterator[Problem]:
    amps, idle, coil = (
        draft.number("supply", "amps"),
        draft.number("supply", "idle_amps"),
        draft.number("lock", "amps"),
    )
    if amps is not None and idle is not None and coil is not None and idle + coil > amps:
        reason = (
            f"one coil ({coil:g} A) and everything else ({idle:g} A) "
            f"draw {idle + coil:g} A of the {amps:g} A there are"
        )
        yield Problem(
            ("supply", "amps"), reason, f"use a supply of {idle + coil:g} A or more, or locks that draw less"
        )
    volts, nominal = draft.number("supply", "volts"), draft.number("lock", "volts")
    if volts is not None and nominal is not None and abs(volts - nominal) > VOLTS_TOLERANCE * nominal:
        reason = f"locks for {nominal:g} V do not belong on a supply of {volts:g} V"
        yield Problem(("lock", "volts"), reason, "make the two agree to 10 %")


def _measurement(draft: Draft) -> Iterator[Problem]:
    """A measured voltage of the supply and the limit that it is for need each other."""
    for pin_key, limit_key, quantity, limit_words in (
        ("sense", "lowest_mv", "supply", "the mV at that pin below which no coil is energised"),
        ("current", "coil_mv", "current", "the mV at that pin from which on a coil certainly draws current"),
    ):
        pin, limit = draft.get("supply", pin_key), draft.number("supply", limit_key)
        if pin is not None and draft.get("supply", limit_key) is None:
            yield Problem(
                ("supply", pin_key), f"a measured {quantity} needs a limit", f"add {limit_key}: {limit_words}"
            )
        if pin is None and limit is not None:
            remedy = f"add {pin_key}: a pin of ADC1, or remove {limit_key}"
            yield Problem(("supply", limit_key), "there is a limit and no pin that measures", remedy)
        if limit is not None:
            yield from _in_adc_range(draft, ("supply", limit_key), limit)


def _lamp(draft: Draft) -> Iterator[Problem]:
    if draft.get("signals", "lamp_sense") is not None and draft.get("signals", "lamp") is None:
        yield Problem(
            ("signals", "lamp_sense"),
            "there is no lamp whose current it could tell",
            "add lamp: its pin, or remove lamp_sense",
        )


def _in_adc_range(draft: Draft, path: Place, millivolts: float) -> Iterator[Problem]:
    if draft.chip and not draft.chip.adc_mv[0] <= millivolts <= draft.chip.adc_mv[1]:
        low, high = draft.chip.adc_mv
        reason = (
            f"the ADC of an {draft.chip.name} cannot tell {millivolts:g} mV: it measures {low} to {high} mV"
        )
        yield Problem(path, reason, "choose a divider or a sensor that stays in that range")


def _expanders(draft: Draft) -> Iterator[Problem]:
    wiring = wires(draft)
    coils = [wire for wire in wiring if wire.role.coil and not wire.pin.native]
    if coils and draft.get("expanders", "reset") is None:
        reason = (
            "coils hang on expanders, which keep their outputs through a reset of the controller: "
            "a coil could stay on"
        )
        remedy = (
            "wire the RESET lines of the MCP23017s to a free pin, with a pull-down outside the chip, "
            'and write it: reset = "gpio14"'
        )
        yield Problem(("expanders", "reset"), reason, remedy)
    seen: set[int] = set()
    for path, address in draft.integers("expanders", "addresses"):
        if address not in EXPANDER_ADDRESSES:
            yield Problem(
                path,
                f"an MCP23017 cannot have the address 0x{address:02x}",
                "its pins A0 to A2 choose from 0x20 to 0x27",
            )
        elif address in seen:
            yield Problem(
                path,
                f"0x{address:02x} is listed twice",
                "give each expander its own address with its pins A0 to A2",
            )
        seen.add(address)
    for table in ("expanders", "screen"):
        if draft.get(table) is not None and draft.get("bus") is None:
            yield Problem(
                (table,), "it needs an I2C bus, and there is none", "add the table [bus] with sda, scl and hz"
            )


def _screen(draft: Draft) -> Iterator[Problem]:
    chip, address = draft.get("screen", "chip"), draft.integer("screen", "address")
    path = ("screen", "address")
    taken = [number for _, number in draft.integers("expanders", "addresses")]
    if address is None or not isinstance(chip, str) or chip not in BACKPACK_ADDRESSES:
        return
    possible = BACKPACK_ADDRESSES[chip]
    free = [f"0x{one:02x}" for one in reversed(possible) if one not in taken]
    where = f"0x{possible[0]:02x} to 0x{possible[-1]:02x}"
    if address not in possible:
        yield Problem(
            path,
            f"a {chip.upper()} has an address from {where}, not 0x{address:02x}",
            f"write its address, such as {free[0]}" if free else "use a pcf8574a",
        )
    elif address in taken:
        other = next((f"0x{one:02x}" for one in reversed(BACKPACK_ADDRESSES["pcf8574a"])), "")
        cure = (
            f"set the jumpers of its backpack to a free address, such as {free[0]}, "
            f"or use a pcf8574a ({other})"
        )
        yield Problem(
            path,
            f"an expander has the address 0x{address:02x} too",
            cure if free else f"use a pcf8574a, such as {other}",
        )
    hz = draft.number("bus", "hz")
    if hz is not None and hz > _PCF8574_HZ_MAX:
        yield Problem(
            ("bus", "hz"),
            f"the {chip.upper()} of the screen is made for {_PCF8574_HZ_MAX} Hz, not {hz:g}",
            f"write hz = {_PCF8574_HZ_MAX}",
        )


def _keypad(draft: Draft) -> Iterator[Problem]:
    keys, rows, columns = (draft.get("keypad", key) for key in ("keys", "rows", "columns"))
    path = ("keypad", "keys")
    if not isinstance(keys, str):
        return
    if isinstance(rows, list) and isinstance(columns, list) and len(keys) != len(rows) * len(columns):
        reason = (
            f"{len(rows)} rows and {len(columns)} columns have {len(rows) * len(columns)} keys, "
            f"and {len(keys)} are named"
        )
        yield Problem(path, reason, "write one character for each key, row by row")
    elif wrong := sorted({key for key in keys if key not in _LEGENDS or keys.count(key) > 1}):
        yield Problem(
            path,
            f"{''.join(wrong)!r} is no legend, or is there twice",
            f"use each of {_LEGENDS} at most once",
        )
    elif missing := [key for key in _NEEDED_LEGENDS if key not in keys]:
        yield Problem(path, f"nobody could type {' '.join(missing)}", "give every digit, * and # a key")


def _link(draft: Draft) -> Iterator[Problem]:
    baud = draft.number("link", "baud")
    if draft.get("link", "enable") is not None and baud is not None and baud > _BUS_BAUD_MAX:
        reason = f"a cabinet cannot follow a whole bus at {baud:g} baud"
        yield Problem(
            ("link", "baud"), reason, f"write baud = {_BUS_BAUD_MAX}, or remove enable for a line of its own"
        )
    uart = draft.number("link", "uart")
    path = ("link", "uart")
    if uart is None or draft.chip is None:
        return
    others = " or ".join(str(one) for one in draft.chip.uarts if one)
    if uart == 0:
        yield Problem(
            path, "UART 0 is the REPL's: whoever holds the link could type programs", f"write uart = {others}"
        )
    elif uart not in draft.chip.uarts:
        yield Problem(path, f"an {draft.chip.name} has no UART {uart:g}", f"write uart = {others}")


def _numbers(draft: Draft) -> Iterator[Problem]:
    first: dict[float, int] = {}
    for door in draft.doors():
        number = draft.number("door", door, "number")
        if number is not None and first.setdefault(number, door) != door:
            line = draft.line(("door", first[number]))
            where = f" (line {line})" if line else ""
            taken = {draft.number("door", one, "number") for one in draft.doors()}
            free = next(one for one in range(1, len(taken) + 2) if one not in taken)
            reason = f"another door is number {number:g} already{where}"
            yield Problem(
                ("door", door, "number"), reason, f"give each door the number on its plate; {free} is free"
            )


def _distances(draft: Draft) -> Iterator[Problem]:
    for door in draft.doors():
        place = ("door", door, "occupancy")
        if draft.get(*place, "kind") != "distance":
            continue
        occupied, clear = draft.number(*place, "occupied_mv"), draft.number(*place, "clear_mv")
        for key, value in (("occupied_mv", occupied), ("clear_mv", clear)):
            if value is not None:
                yield from _in_adc_range(draft, (*place, key), value)
        if occupied is not None and clear is not None and occupied < clear + HYSTERESIS_MV_MIN:
            reason = (
                f"occupied from {occupied:g} mV and clear up to {clear:g} mV leave no {HYSTERESIS_MV_MIN} mV "
                "between: noise would flip it"
            )
            yield Problem(
                (*place, "occupied_mv"),
                reason,
                f"measure both states and set the limits {HYSTERESIS_MV_MIN} mV apart or more",
            )


def _releases(draft: Draft) -> Iterator[Problem]:
    for door in draft.doors():
        sides = [draft.number("door", door, key) for key in ("width_mm", "height_mm", "depth_mm")]
        if None in sides or draft.get("door", door, "inside_release") is True:
            continue
        width, height, depth = (side or 0 for side in sides)
        litres = width * height * depth / 1e6
        if min(width, height, depth) >= CHILD_SIDE_MM and litres >= CHILD_LITRES:
            reason = (
                f"{width:g} x {height:g} x {depth:g} mm ({litres:.1f} L) could hold a child, "
                "who must be able to get out"
            )
            remedy = (
                "fit a mechanical release inside that works without power and write inside_release = true, "
                "or divide the compartment"
            )
            yield Problem(("door", door), reason, remedy)
