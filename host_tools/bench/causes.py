"""What a measurement at the bench means:
pure functions from what was seen to the part that is wrong and what to do.
"""

from collections.abc import Sequence

from host_tools.bench.report import Finding
from host_tools.boards.pins import Pin
from locker.board import Board, Door, Keypad


def pin_name(pin: int | tuple[int, int]) -> str:
    """As a board file writes it: gpio16, 0x20.GPA3."""
    return str(Pin(pin) if isinstance(pin, int) else Pin(pin[1], pin[0]))


def pin_of(door: Door, what: str) -> int | tuple[int, int]:
    """The pin of a door's coil, contact or sensor."""
    return door.lock if what == "coil" else getattr(door, what)


def part(what: str, door: Door) -> str:
    """A part of a door with its pin: coil 03 (0x20.GPA2)."""
    return f"{what} {door.number:02d} ({pin_name(pin_of(door, what))})"


def hangs_on(door: Door, silent: Sequence[int]) -> str:
    """Which part of a door hangs on which of these silent chips,
    as the reason for leaving it out; "" for none.
    """
    for what in ("coil", "contact", "sensor"):
        pin = pin_of(door, what)
        if isinstance(pin, tuple) and pin[0] in silent:
            return f"its {what} hangs on the silent expander 0x{pin[0]:02x}"
    return ""


def silence(board: Board, found: Sequence[int], strangers: Sequence[int]) -> list[Finding]:
    """Why chips do not answer: the bus, the RESET wire, or each by itself.

    `strangers` answer and should not.
    """
    expanders = [address for address in board.expanders if address not in found]
    screen = board.screen[0] if board.screen and board.screen[0] not in found else None
    lines = f"SDA ({pin_name(board.bus.sda)}) and SCL ({pin_name(board.bus.scl)})" if board.bus else "its bus"
    if not found and not strangers:
        remedy = f"check {lines}, their pull-ups, and the supply of the chips"
        if board.expander_reset is not None and not board.screen:
            remedy += (
                f"; without the RESET wire from {pin_name(board.expander_reset)} the "
                "expanders stay in reset too"
            )
        return [Finding("I2C bus", "no chip answers", remedy)]
    told = []
    all_gone = expanders and len(expanders) == len(board.expanders)
    if all_gone and board.expander_reset is not None and screen is None and board.screen:
        reset = pin_name(board.expander_reset)
        return [
            Finding(
                f"RESET wire ({reset})",
                "every expander is silent, and the screen answers",
                f"check the wire from {reset} to their RESET pins: "
                "without it its pull-down holds them in reset; then their supply",
            )
        ]
    other = f"; 0x{strangers[0]:02x} answers instead: set the jumpers" if len(strangers) == 1 else ""
    for address in expanders:
        remedy = f"check its supply, its address jumpers A0 to A2, and {lines} at its plug{other}"
        told.append(Finding(f"expander 0x{address:02x}", "does not answer", remedy))
    if screen is not None:
        told.append(
            Finding(
                f"screen 0x{screen:02x}",
                "does not answer",
                f"check its plug, its supply, and its address jumpers{other}",
            )
        )
    return told


def unmoved(door: Door, board: Board, highest_mv: int | None) -> Finding:
    """Why a door did not open at its pulse, as far as the current tells;
    None: no pulse was ever seen in it.
    """
    if board.current and highest_mv is not None and highest_mv < board.current[1]:
        return Finding(
            part("coil", door),
            "draws no current",
            "check its plug, both wires and its transistor; then the lock itself",
        )
    if board.current and highest_mv is not None:
        return Finding(
            f"latch {door.number:02d}",
            "the coil draws current and the door does not move",
            "push the door and look for what holds it: latch, seal, frame; "
            f"if it is open, check {part('contact', door)}",
        )
    return Finding(
        part("coil", door),
        "the door does not open",
        "check the wires and plugs of the coil; push the door, its latch may be wedged; "
        f"if it is open, check {part('contact', door)}",
    )


def swapped(what: str, one: Door, other: Door, why: str) -> Finding:
    """Two plugs of a kind have changed places."""
    return Finding(
        f"{what}s {one.number:02d} and {other.number:02d}",
        f"are swapped: {why}",
        f"swap their plugs or wires ({pin_name(pin_of(one, what))} and {pin_name(pin_of(other, what))})",
    )


def keys_wrong(keypad: Keypad, pressed: str) -> list[Finding]:
    """What is wrong with a keypad of which these keys were seen when each was pressed in turn, row by row."""
    width = len(keypad.columns)
    rows = [keypad.keys[at : at + width] for at in range(0, len(keypad.keys), width)]
    columns = ["".join(row[at] for row in rows) for at in range(width)]
    lines: list[tuple[str, list[str], Sequence[int]]] = [
        ("row", rows, keypad.rows),
        ("column", columns, keypad.columns),
    ]
    missing = [key for key in keypad.keys if key not in pressed]
    if not pressed:
        return [
            Finding(
                "keypad",
                "no key at all was seen",
                "press its keys when you are asked; if you did, check its plug",
            )
        ]
    if missing:
        return _dead(lines, missing)
    first = "".join(dict.fromkeys(pressed))
    if first == keypad.keys:
        return []
    seen = [first[at : at + width] for at in range(0, len(first), width)]
    turned = ["".join(row[at] for row in seen) for at in range(width)]
    for (name, wanted, pins), found in zip(lines, (seen, turned), strict=True):
        if sorted(found) == sorted(wanted):
            moved = [at for at in range(len(wanted)) if found[at] != wanted[at]]
            wires = " and ".join(pin_name(pins[at]) for at in moved)
            numbers = " and ".join(str(at + 1) for at in moved)
            return [Finding(f"{name}s {numbers} of the keypad", "are swapped", f"swap their wires ({wires})")]
    return [
        Finding(
            "keypad",
            f"the keys come in another order: {first}",
            f"press them in the order {keypad.keys}; if you did, check the order of its wires",
        )
    ]


def _dead(lines: list[tuple[str, list[str], Sequence[int]]], missing: list[str]) -> list[Finding]:
    found: list[Finding] = []
    for name, all_keys, pins in lines:
        for at, keys in enumerate(all_keys):
            if len(keys) > 1 and all(key in missing for key in keys):
                number = f"{name} {at + 1} of the keypad ({pin_name(pins[at])})"
                found.append(
                    Finding(number, f"none of its keys {keys} is seen", "check its wire and its plug")
                )
                missing = [key for key in missing if key not in keys]
    return found + [
        Finding(f"key {key}", "is not seen", "press it again firmly; then replace the keypad")
        for key in missing
    ]


def keys_at_rest(keypad: Keypad, down: str, grounded: Sequence[int]) -> list[Finding]:
    """What is wrong with a keypad that nobody touches."""
    width = len(keypad.columns)
    told = [
        Finding(
            f"column {number} of the keypad ({pin_name(keypad.columns[number - 1])})",
            "lies on ground",
            "look for a short of its wire to ground or to the case",
        )
        for number in grounded
    ]
    for key in down:
        row, column = divmod(keypad.keys.index(key), width)
        wires = f"{pin_name(keypad.rows[row])} and {pin_name(keypad.columns[column])}"
        told.append(
            Finding(
                f"key {key}",
                "is down though nobody presses it",
                f"free or clean it; then look for a short between {wires}",
            )
        )
    return told


def link_wrong(link: tuple[int, ...], rx: int, tx: int, driven: int | None, needed: bool) -> Finding | None:
    """What is wrong with a serial link of which the far end is seen so often in a hundred at each pin;
    None for nothing.
    """
    _, tx_pin, rx_pin, _, *enable = link
    wires = f"rx ({pin_name(rx_pin)}) and tx ({pin_name(tx_pin)})"
    far = "the transceiver" if enable else "the host's adapter"
    if tx > _HALF and rx <= _HALF:
        return Finding(
            "serial link",
            "its two wires are swapped",
            f"swap {wires}: {far} drives the pin that the board sends on",
        )
    if rx <= _HALF and (needed or enable):
        return Finding(
            "serial link", f"{far} is not seen", f"check {wires}, their ground, and the supply of {far}"
        )
    if driven is not None and driven > _HALF:
        name = pin_name(enable[0])
        return Finding(
            f"enable wire ({name})",
            "does not switch the transceiver",
            f"check the wire from {name} to DE and /RE",
        )
    return None


_HALF = 50
