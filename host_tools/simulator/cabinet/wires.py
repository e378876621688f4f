"""Which voltage is on which wire: pins, pulls, switches.

Levels are 0 and 1; what nothing holds reads noise.
"""

from collections.abc import Callable, Iterable, Sequence

from host_tools.simulator.clock import Clock
from host_tools.simulator.noise import noise

PinId = int | tuple[int, int]  # a native GPIO, or (I2C address of an expander, bit)

_INTERNAL_PULL = 2  # conductances in units of 1/100 kOhm: inside the chips about 45-100 kOhm,
EXTERNAL_PULL = 10  # on the board 10 kOhm
_FLOATS = -1
_UNKNOWN = -2
_NOISE_TICK_US = 1000  # a floating input changes its mind about once a millisecond


def place(pin: PinId) -> int:
    """A number of its own for every pin, for noise."""
    return pin if isinstance(pin, int) else 1000 + pin[0] * 16 + pin[1]


class Node:
    """One wire: the pin that may drive it, the pulls on it, the switches at it."""

    __slots__ = (
        "_wires",
        "bias",
        "drive",
        "group",
        "known",
        "last",
        "name",
        "odd",
        "pull",
        "switches",
        "watchers",
    )

    def __init__(self, wires: "Wires", name: PinId | str) -> None:
        self._wires = wires
        self.name = name
        self.odd = 2 * place(name) + 1 if not isinstance(name, str) else 1  # its share in the noise
        self.drive: int | None = None  # a push-pull output
        self.pull = 0  # inside the chip: 1 up, -1 down
        self.bias = 0  # on the board: conductance up positive, down negative
        self.switches: list[Switch] = []
        self.watchers: list[Callable[[int], object]] = []
        self.last: int | None = None  # what the watchers were told
        self.group: list[Node] = [self]
        self.known = _UNKNOWN  # what `held` says, as long as nothing stirs

    def fit_pull(self, bias: int) -> None:
        """Solders a resistor to a supply wire: conductance up positive, down negative."""
        self.bias += bias
        self._wires.tell(self)

    def set(self, drive: int | None, pull: int = 0) -> None:
        """What the pin of a chip does to this wire: drives it to 0 or 1, or (None) only pulls."""
        if drive != self.drive or pull != self.pull:
            self.drive = drive
            self.pull = pull
            self._wires.tell(self)

    def level(self) -> int:
        """0 or 1; noise when nothing holds the wire."""
        held = self.known
        if held < 0:
            held = self.held()
        return self._wires.noise() * self.group[0].odd >> 40 & 1 if held == _FLOATS else held

    def held(self) -> int:
        """0 or 1, below 0 when nothing holds the wire."""
        if self.known == _UNKNOWN:
            self.known = self._hold()
        return self.known

    def stir(self) -> None:
        """Something at this wire or its neighbours has changed."""
        self.known = _UNKNOWN

    def _hold(self) -> int:
        """A driver beats any pull; where two drivers fight, low wins."""
        bias = 0
        high = False
        for node in self.group:
            if node.drive == 0:
                return 0
            high = high or node.drive == 1
            bias += node.pull * _INTERNAL_PULL + node.bias
        if high or bias > 0:
            return 1
        return 0 if bias < 0 else _FLOATS

    def watch(self, told: Callable[[int], object]) -> None:
        """Calls `told(level)` whenever the level has changed. For wires that always have a pull."""
        self.last = self.level()
        self.watchers.append(told)


class Word:
    """Several wires, looked at together.

    What holds them is looked up anew only when any wire of the cabinet has changed.
    """

    def __init__(self, wires: "Wires", nodes: Sequence[Node]) -> None:
        self._wires = wires
        self._nodes = nodes
        self._changes = -1
        self._held = 0
        self._floating: list[tuple[int, int]] = []  # bit, and the share in the noise

    def levels(self) -> int:
        """Their levels as bits, the first in bit 0."""
        wires = self._wires
        if self._changes != wires.changes:
            self._look()
        word = self._held
        if self._floating:
            noise = wires.noise()
            for bit, odd in self._floating:
                if noise * odd >> 40 & 1:
                    word |= bit
        return word

    def _look(self) -> None:
        self._changes = self._wires.changes
        self._held = 0
        self._floating.clear()
        bit = 1
        for node in self._nodes:
            held = node.held()
            if held == _FLOATS:
                self._floating.append((bit, node.group[0].odd))
            elif held:
                self._held |= bit
            bit <<= 1


class Switch:
    """Joins two wires while it is closed."""

    __slots__ = ("_held", "_wanted", "_wires", "a", "b", "closed")

    def __init__(self, wires: "Wires", a: Node, b: Node) -> None:
        self._wires = wires
        self.a = a
        self.b = b
        self.closed = self._wanted = False
        self._held: bool | None = None
        a.switches.append(self)
        b.switches.append(self)

    def set(self, closed: bool) -> None:
        """What works the switch wants it closed or open; a broken one does not follow."""
        self._wanted = closed
        self._follow()

    def hold(self, closed: bool | None) -> None:
        """The switch is stuck closed, or its wire is cut (False); None mends it."""
        self._held = closed
        self._follow()

    def trade(self, other: "Switch") -> None:
        """The plugs of two switches change places: each works the wires of the other from now on."""
        both = (self, other)
        held = [switch._held for switch in both]
        for switch in both:
            switch.hold(False)
            switch.a.switches.remove(switch)
            switch.b.switches.remove(switch)
        self.a, self.b, other.a, other.b = other.a, other.b, self.a, self.b
        for switch, state in zip(both, held, strict=True):
            switch.a.switches.append(switch)
            switch.b.switches.append(switch)
            switch.hold(state)

    def _follow(self) -> None:
        closed = self._wanted if self._held is None else self._held
        if closed != self.closed:
            self.closed = closed
            self._wires.regroup((self.a, self.b))


class Wires:
    """All wires of a cabinet."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self._nodes: dict[PinId | str, Node] = {}
        self.ground = Node(self, "ground")
        self.ground.drive = 0
        self._noise_tick = -1
        self._noise = 0
        self.on_short: Callable[[str], object] | None = None
        self.changes = 0  # of any wire: as long as it is the same, each is held as it was

    def node(self, pin: PinId | str) -> Node:
        """The wire at a pin, or one with a name of its own."""
        if pin not in self._nodes:
            self._nodes[pin] = Node(self, pin)
        return self._nodes[pin]

    def switch(self, a: Node, b: Node | None = None) -> Switch:
        """An open switch between two wires, or from one to ground."""
        return Switch(self, a, b or self.ground)

    def noise(self) -> int:
        """The noise of this millisecond, of which a wire that floats reads a bit by its `odd`:
        the same one for all that hang together.
        """
        tick = self._clock.now_us() // _NOISE_TICK_US
        if tick != self._noise_tick:
            self._noise_tick, self._noise = tick, noise(self._seed, 0, tick)
        return self._noise

    def regroup(self, nodes: Iterable[Node]) -> None:
        """Finds anew which wires hang together,
        by union-find over the closed switches of all that these were joined to.
        """
        touched = {id(member): member for node in nodes for member in node.group}
        parent: dict[int, int | None] = dict.fromkeys(touched)

        def root(key: int) -> int:
            above = parent[key]
            while above is not None:
                key, above = above, parent[above]
            return key

        for member in touched.values():
            for switch in member.switches:
                if switch.closed:
                    a, b = root(id(switch.a)), root(id(switch.b))
                    if a != b:
                        parent[b] = a
        groups: dict[int, list[Node]] = {}
        for key, member in touched.items():
            groups.setdefault(root(key), []).append(member)
        for group in groups.values():
            for member in group:
                member.group = group
        for group in groups.values():
            self.tell(group[0])

    def tell(self, node: Node) -> None:
        """Tells the watchers of all that hangs together with this wire, and of a short."""
        self.changes += 1
        group = node.group
        for member in group:
            member.stir()
        if len(group) > 1 and self.on_short and {member.drive for member in group} >= {0, 1}:
            self.on_short(
                "outputs fight: "
                + ", ".join(str(member.name) for member in group if member.drive is not None)
            )
        for member in tuple(group):
            if member.watchers:
                level = member.level()
                if level != member.last:
                    member.last = level
                    for told in member.watchers:
                        told(level)
