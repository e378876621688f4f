"""The fault plan: what can be broken in a virtual cabinet,
by people (`ansim hands fault ...`) and by tests, and mended again.

A fault is a few words, the first of which is a kind of the table `KINDS`. Its function breaks something of
the world and gives back what mends it, or None for what passes by itself. What cannot be broken raises
ValueError with one clear sentence, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from host_tools.simulator.faults import chip_kinds, kinds

if TYPE_CHECKING:
    from host_tools.simulator.world import World

Mend = Callable[[], object]


class Kind(NamedTuple):
    """One kind of fault.

    `words` is what follows its name, for people; `examples` are whole faults of the kind.
    """

    does: str
    words: str
    inject: Callable[[World, list[str]], Mend | None]
    examples: tuple[str, ...]


#: Every kind of fault. A new one is a line here and a function;
#: the command line and its help follow from this table.
KINDS: dict[str, Kind] = {
    "coil": Kind(
        "The wire of a coil is cut, or its transistor is welded: the coil is always on.",
        "DOOR [cut|welded]",
        kinds.coil,
        ("coil 3",),
    ),
    "contact": Kind(
        "A door's contact is cut, or its switch is stuck closed: it never conducts, or always.",
        "DOOR [cut|stuck]",
        kinds.contact,
        ("contact 3 cut",),
    ),
    "sensor": Kind(
        "A door's beam or distance sensor always says that something is inside, or never.",
        "DOOR [occupied|clear]",
        kinds.sensor,
        ("sensor 3 occupied",),
    ),
    "door": Kind(
        "A door's latch is wedged, or its leaf sticks for so many ms when the latch has let go.",
        "DOOR blocked | DOOR stiff [MS]",
        kinds.door,
        ("door 3 blocked", "door 3 stiff 700"),
    ),
    "swap": Kind(
        "Two plugs have changed places.",
        "coils|contacts|sensors DOOR DOOR | rows|columns N N",
        kinds.swap,
        ("swap coils 1 2", "swap rows 1 2"),
    ),
    "key": Kind("A key is stuck, or makes no contact.", "KEY [stuck|dead]", kinds.key, ("key 5 stuck",)),
    "row": Kind("The wire of a row of the keypad is cut.", "N", kinds.row, ("row 1",)),
    "column": Kind(
        "The wire of a column of the keypad is cut, or lies on ground.",
        "N [cut|grounded]",
        kinds.column,
        ("column 2 grounded",),
    ),
    "expander": Kind(
        "An expander loses its supply for so many ms (dip), for good (dead), "
        "or keeps its state and answers nobody (silent).",
        "ADDRESS dip MS | ADDRESS [dead|silent]",
        kinds.expander,
        ("expander 0x21 dip 5", "expander 0x21 silent"),
    ),
    "reset": Kind(
        "The RESET wire is cut between controller and expanders (held in reset), "
        "or not connected to an expander.",
        "[cut] | loose ADDRESS",
        kinds.reset,
        ("reset cut", "reset loose 0x20"),
    ),
    "bus": Kind(
        "The I2C bus is cut, or one of its lines is held low.", "[cut|held]", kinds.bus, ("bus", "bus held")
    ),
    "lcd": Kind(
        "The screen is dead, or its controller is disturbed once: "
        "in mid-byte, in 8-bit mode, off, shifted, with garbage in its memory.",
        "[dead|nibble|bits|off|shift|garbage]",
        kinds.lcd,
        ("lcd", "lcd nibble"),
    ),
    "lamp": Kind(
        "The lamp does not burn, or its current is not sensed.", "[dead|sense]", kinds.lamp, ("lamp",)
    ),
    "beeper": Kind("The beeper makes no sound.", "", kinds.beeper, ("beeper",)),
    "bell": Kind("The bell's button is cut, or stuck.", "[cut|stuck]", kinds.bell, ("bell cut",)),
    "tamper": Kind(
        "The tamper loop is cut, or bridged: it never opens.",
        "[cut|bridged]",
        kinds.tamper,
        ("tamper bridged",),
    ),
    "supply": Kind(
        "The supply sags to so many percent, or its sense wire is cut.",
        "PERCENT | [cut]",
        kinds.supply,
        ("supply cut", "supply 70"),
    ),
    "current": Kind("The sense wire of the coils' current is cut.", "", kinds.current, ("current",)),
    "link": Kind(
        "The serial link is cut, its two wires are swapped, or (on a bus) the driver's enable wire is cut.",
        "[cut|swapped|enable]",
        kinds.link,
        ("link swapped",),
    ),
    "radio": Kind(
        "The access point is away, refuses the password, gives no address (dhcp) or is slow; the radio does "
        "not start so many times; the errors are those of that version of MicroPython (port).",
        "[router|password|dhcp] | slow MS | start [unknown|init|memory] [TIMES] | port [1.23|1.27]",
        chip_kinds.radio,
        ("radio router", "radio slow 20000", "radio start unknown 3"),
    ),
    "name": Kind(
        "The name server is silent, knows no name, "
        "or a look-up by the port keeps the program waiting for so many ms.",
        "[silent|unknown] | blocks MS",
        chip_kinds.name,
        ("name silent", "name blocks 14000"),
    ),
    "socket": Kind(
        "The next calls of a kind raise that, so many times.",
        "[socket|connect|send|read] [ENOMEM|EHOSTUNREACH|ECONNRESET|ETIMEDOUT] [TIMES]",
        chip_kinds.socket,
        ("socket connect EHOSTUNREACH 3",),
    ),
    "rng": Kind("The chip's random generator gives the same byte for ever.", "", chip_kinds.rng, ("rng",)),
    "adc": Kind(
        "The calibration of the analogue inputs was never burnt in, or the converter gives no reading.",
        "[fuses|dead]",
        chip_kinds.adc,
        ("adc", "adc dead"),
    ),
    "uart": Kind(
        "So many bytes that arrive at the serial link are lost in an overflow, so many percent are changed "
        "by noise, or the line is held low (break).",
        "[overflow] [BYTES] | noise [PERCENT] | break",
        chip_kinds.uart,
        ("uart overflow 200", "uart noise 5", "uart break"),
    ),
    "partition": Kind(
        "The next reads, writes or erases of the journal's flash fail, so many of them.",
        "[write|erase|read] [TIMES]",
        chip_kinds.partition,
        ("partition write 2", "partition erase"),
    ),
    "nvs": Kind("The chip's own storage takes nothing more.", "[full]", chip_kinds.nvs, ("nvs full",)),
}


def _words(text: str) -> list[str]:
    """The words of a fault; a door may be typed as it is printed, `09`."""
    return [str(int(word)) if word.isascii() and word.isdigit() else word for word in text.split()]


class Faults:
    """The faults of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: dict[str, Mend] = {}

    @property
    def active(self) -> list[str]:
        """The faults that are there now, the oldest first."""
        return list(self._active)

    def inject(self, text: str) -> None:
        """Breaks something.

        Raises ValueError for what is no fault, what this cabinet has not,
        and what is broken in this way already.
        """
        name, *words = _words(text) or [""]
        kind = KINDS.get(name)
        if kind is None:
            raise ValueError(f"{name!r} is no kind of fault: use one of {', '.join(KINDS)}")
        text = " ".join([name, *words])
        if text in self._active:
            raise ValueError(f"{text!r} is there already")
        self._world.clock.settle()
        mend = kind.inject(self._world, words)
        if mend:
            self._active[text] = mend

    def clear(self, text: str = "") -> None:
        """Mends a fault, given in the words that made it, or all ("")."""
        text = " ".join(_words(text))
        if text and text not in self._active:
            there = ", ".join(self._active) or "none"
            raise ValueError(f"there is no fault {text!r} to clear: there is {there}")
        self._world.clock.settle()
        for one in [text] if text else list(reversed(self._active)):
            self._active.pop(one)()
