"""What each kind of fault does to a world: the functions of the table in plan.py.

Each takes the words behind its kind, and raises ValueError with one sentence for those that it cannot use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host_tools.simulator.world import World

Mend = Callable[[], object]

_STIFF_MS = 700
_MS_MAX = 600_000


def number(words: list[str], least: int, most: int, what: str, default: int | None = None) -> int:
    """Takes the next word, a number in decimal or 0x."""
    if not words and default is not None:
        return default
    word = words.pop(0) if words else ""
    try:
        value = int(word, 0)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ValueError(f"{what} is a number from {least} to {most}, not {word!r}")
    return value


def choice(words: list[str], options: Sequence[str]) -> str:
    """Takes the next word, one of these; the first when there is none."""
    word = words.pop(0) if words else options[0]
    if word not in options:
        raise ValueError(f"{word!r} is no such fault: use {' or '.join(options)}")
    return word


def end(words: list[str]) -> None:
    """No word may be left."""
    if words:
        raise ValueError(f"{' '.join(words)!r} is too much: leave it out")


def _door(world: World, words: list[str]) -> int:
    door = number(words, 1, 99, "a door")
    if door not in world.doors:
        raise ValueError(
            f"this cabinet has no door {door:02}: it has {min(world.doors):02} to {max(world.doors):02}"
        )
    return door


def _address(world: World, words: list[str]) -> int:
    if not world.expanders:
        raise ValueError("this cabinet has no expanders")
    there = ", ".join(f"0x{address:02x}" for address in world.expanders)
    address = number(words, 0, 0x7F, "an address")
    if address not in world.expanders:
        raise ValueError(f"this cabinet has no expander at 0x{address:02x}: it has {there}")
    return address


def coil(world: World, words: list[str]) -> Mend:
    """DOOR [cut|welded]."""
    one = world.coils[_door(world, words)]
    kind = choice(words, ("cut", "welded"))
    end(words)
    act = one.cut if kind == "cut" else one.weld
    act(True)
    return lambda: act(False)


def contact(world: World, words: list[str]) -> Mend:
    """DOOR [cut|stuck]."""
    switch = world.doors[_door(world, words)].contact_switch
    kind = choice(words, ("cut", "stuck"))
    end(words)
    switch.hold(kind == "stuck")
    return lambda: switch.hold(None)


def sensor(world: World, words: list[str]) -> Mend:
    """DOOR [occupied|clear]."""
    one = world.sensors[_door(world, words)]
    kind = choice(words, ("occupied", "clear"))
    end(words)
    one.hold(kind == "occupied")
    return lambda: one.hold(None)


def door(world: World, words: list[str]) -> Mend:
    """DOOR blocked | DOOR stiff [MS]."""
    one = world.doors[_door(world, words)]
    kind = choice(words, ("blocked", "stiff"))
    ms = number(words, 1, _MS_MAX, "how long the leaf sticks, in ms,", _STIFF_MS) if kind == "stiff" else 0
    end(words)
    if kind == "blocked":
        one.block(True)
        return lambda: one.block(False)
    one.stiff_ms = ms
    return lambda: setattr(one, "stiff_ms", 0)


def swap(world: World, words: list[str]) -> Mend:
    """coils|contacts|sensors DOOR DOOR | rows|columns N N."""
    what = choice(words, ("coils", "contacts", "sensors", "rows", "columns"))
    if what in ("rows", "columns"):
        lines = getattr(world.keypad, what)
        one, other = (number(words, 1, len(lines), f"one of the {what}") for _ in range(2))
    else:
        one, other = (_door(world, words) for _ in range(2))
    end(words)
    if one == other:
        raise ValueError(f"{one} cannot change places with itself: name two")
    if what in ("rows", "columns"):
        return _twice(lambda: _swap_lines(world, what, one, other))
    return _twice(
        lambda: {"coils": _swap_coils, "contacts": _swap_contacts, "sensors": _swap_sensors}[what](
            world, one, other
        )
    )


def _twice(trade: Callable[[], object]) -> Mend:
    """Who has changed places goes back by doing so again."""
    trade()
    return trade


def _swap_coils(world: World, one: int, other: int) -> None:
    """The magnet in each door hangs on the wire of the other."""
    a, b = world.coils[one], world.coils[other]
    a.on_plunger, b.on_plunger = b.on_plunger, a.on_plunger


def _swap_contacts(world: World, one: int, other: int) -> None:
    world.doors[one].contact_switch.trade(world.doors[other].contact_switch)


def _swap_sensors(world: World, one: int, other: int) -> None:
    """Each sensor looks into the compartment of the other door."""
    a, b = world.doors[one], world.doors[other]
    a.on_inside, b.on_inside = b.on_inside, a.on_inside
    for leaf in (a, b):
        leaf.reach(leaf.hand_inside)


def _swap_lines(world: World, what: str, one: int, other: int) -> None:
    lines = getattr(world.keypad, what)
    for a, b in zip(lines[one - 1], lines[other - 1], strict=True):
        world.keypad.switch(a).trade(world.keypad.switch(b))


def key(world: World, words: list[str]) -> Mend:
    """KEY [stuck|dead]."""
    name = words.pop(0) if words else ""
    if name not in world.keypad.keys:
        raise ValueError(f"this keypad has no key {name!r}: it has {world.board.keypad.keys}")
    switch = world.keypad.switch(name)
    kind = choice(words, ("stuck", "dead"))
    end(words)
    switch.hold(kind == "stuck")
    return lambda: switch.hold(None)


def row(world: World, words: list[str]) -> Mend:
    """N."""
    keys = world.keypad.rows[number(words, 1, len(world.keypad.rows), "a row") - 1]
    end(words)
    return _cut_keys(world, keys)


def column(world: World, words: list[str]) -> Mend:
    """N [cut|grounded]."""
    place = number(words, 1, len(world.keypad.columns), "a column")
    kind = choice(words, ("cut", "grounded"))
    end(words)
    if kind == "cut":
        return _cut_keys(world, world.keypad.columns[place - 1])
    ground = world.keypad.grounds[place - 1]
    ground.set(True)
    return lambda: ground.set(False)


def _cut_keys(world: World, keys: str) -> Mend:
    for name in keys:
        world.keypad.switch(name).hold(False)
    return lambda: [world.keypad.switch(name).hold(None) for name in keys]


def expander(world: World, words: list[str]) -> Mend | None:
    """ADDRESS dip MS | ADDRESS [dead|silent]."""
    chip = world.expanders[_address(world, words)]
    kind = choice(words, ("dead", "silent", "dip"))
    ms = number(words, 1, _MS_MAX, "how long a dip lasts, in ms,", 5) if kind == "dip" else 0
    end(words)
    if kind == "silent":
        chip.deaf = True
        return lambda: setattr(chip, "deaf", False)
    chip.power(False)

    def back() -> None:
        chip.power(world.supply.on)

    if kind == "dip":
        world.clock.after(1000 * ms, back)
        return None
    return back


def reset(world: World, words: list[str]) -> Mend:
    """[cut] | loose ADDRESS."""
    if world.board.expander_reset is None:
        raise ValueError("this cabinet has no RESET wire")
    kind = choice(words, ("cut", "loose"))
    chips = [world.expanders[_address(world, words)]] if kind == "loose" else list(world.expanders.values())
    end(words)
    for chip in chips:
        chip.stick_reset_line(1 if kind == "loose" else 0)
    return lambda: [chip.stick_reset_line(None) for chip in chips]


def bus(world: World, words: list[str]) -> Mend:
    """[cut|held]."""
    if not world.chip.buses:
        raise ValueError("this cabinet has no I2C bus")
    name = {"cut": "broken", "held": "held"}[choice(words, ("cut", "held"))]
    end(words)
    one = world.chip.buses[0]
    setattr(one, name, True)
    return lambda: setattr(one, name, False)


def lcd(world: World, words: list[str]) -> Mend | None:
    """[dead|nibble|bits|off|shift|garbage]."""
    screen = world.screen
    if screen is None:
        raise ValueError("this cabinet has no screen")
    kind = choice(words, ("dead", "nibble", "bits", "off", "shift", "garbage"))
    end(words)
    if kind != "dead":
        screen.disturb(kind)
        return None
    screen.deaf = True
    return lambda: setattr(screen, "deaf", False)


def lamp(world: World, words: list[str]) -> Mend:
    """[dead|sense]."""
    one = world.lamp
    if one is None:
        raise ValueError("this cabinet has no lamp")
    kind = choice(words, ("dead", "sense"))
    end(words)
    if kind == "dead":
        one.fail(True)
        return lambda: one.fail(False)
    sense = one.sense
    if sense is None:
        raise ValueError("this cabinet does not sense its lamp's current")
    sense.hold(False)
    return lambda: sense.hold(None)


def beeper(world: World, words: list[str]) -> Mend:
    """Takes no words."""
    end(words)
    one = world.beeper
    if one is None:
        raise ValueError("this cabinet has no beeper")
    one.mute = True
    one.sound(0)
    return lambda: setattr(one, "mute", False)


def bell(world: World, words: list[str]) -> Mend:
    """[cut|stuck]."""
    if world.bell is None:
        raise ValueError("this cabinet has no bell")
    switch = world.bell.switch
    kind = choice(words, ("cut", "stuck"))
    end(words)
    switch.hold(kind == "stuck")
    return lambda: switch.hold(None)


def tamper(world: World, words: list[str]) -> Mend:
    """[cut|bridged]."""
    if world.tamper is None:
        raise ValueError("this cabinet has no tamper loop")
    switch = world.tamper.switch
    kind = choice(words, ("cut", "bridged"))
    end(words)
    switch.hold(kind == "bridged")
    return lambda: switch.hold(None)


def supply(world: World, words: list[str]) -> Mend:
    """PERCENT | [cut]."""
    if words and words[0] != "cut":
        percent = number(words, 50, 100, "a supply's percentage")
        end(words)
        world.hands.supply(percent)
        return lambda: world.supply.sag_to(1.0)
    choice(words, ("cut",))
    end(words)
    return _cut_sense(world, world.board.supply, "its supply")


def current(world: World, words: list[str]) -> Mend:
    """Takes no words."""
    end(words)
    return _cut_sense(world, world.board.current, "its coils' current")


def _cut_sense(world: World, where: tuple[int, int] | None, what: str) -> Mend:
    if not where:
        raise ValueError(f"this cabinet does not sense {what}")
    pin = where[0]
    source = world.chip.analogue[pin]
    world.chip.analogue[pin] = lambda: 0
    return lambda: world.chip.analogue.__setitem__(pin, source)


def link(world: World, words: list[str]) -> Mend:
    """[cut|swapped|enable]."""
    wiring = world.link_wiring
    if wiring is None:
        raise ValueError("this cabinet has no serial link")
    kind = choice(words, ("cut", "swapped", "enable"))
    end(words)
    if kind == "enable" and not wiring.has_enable:
        raise ValueError("this cabinet is on no bus: its link has no enable wire")
    wiring.fail(kind)
    return lambda: wiring.fail("")
