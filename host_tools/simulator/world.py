"""The world of one cabinet, built from its board definition and nothing else."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.coil import Coil, Shunt
from host_tools.simulator.cabinet.door import Door
from host_tools.simulator.cabinet.keypad import KeypadMatrix
from host_tools.simulator.cabinet.panel import Beeper, Bell, Lamp, TamperLoop
from host_tools.simulator.cabinet.sensors import Beam, Distance
from host_tools.simulator.cabinet.supply import Supply
from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Wires
from host_tools.simulator.chip.bus import Rs485Bus
from host_tools.simulator.chip.chip import PWRON_RESET, Chip, pull_up
from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.lcd import CharacterScreen
from host_tools.simulator.chip.link import SerialCable
from host_tools.simulator.chip.link_wiring import LinkWiring
from host_tools.simulator.chip.mcp23017 import MCP23017
from host_tools.simulator.clock import Clock
from host_tools.simulator.faults.plan import Faults
from host_tools.simulator.hands import Hands
from host_tools.simulator.noise import stream
from host_tools.simulator.trace import Entry, Trace
from locker.board import Board, from_json
from locker.board import Door as DoorDefinition

_CONTACT_BOUNCE_US = 5_000


def board_named(name_or_path: str | Path) -> Board:
    """The board that the firmware would read from the board.json of that definition;
    UserError as `load_board`.
    """
    return from_json(json.loads(json.dumps(to_board_json(load_board(name_or_path)))))


class World:
    """A cabinet with its chip, its people and its power, from power-on at the clock's present.

    Same board, seed and acts: same world.

    `chip` is for programs, `hands` for people, `faults` breaks things; `doors`, `coils`, `expanders`,
    `supply`, `screen`, `lamp`, `beeper`, `bell`, `tamper`,
    `serial` and `trace` are for those who look behind the scene.
    """

    def __init__(
        self, board: Board, clock: Clock, seed: int, uid: bytes | None = None, bus: Rs485Bus | None = None
    ) -> None:
        """`bus`: one that this cabinet shares with others, if its board is made for that;
        left out, it has one of its own.
        """
        self.board = board
        self.clock = clock
        self.seed = seed
        self.dark = False
        self.trace = Trace(clock)
        self.wires = Wires(clock, seed)
        self.wires.on_short = self.trace.violation
        self.supply = Supply(clock, seed)
        uid = uid or b"\x24\x6f\x28" + stream(seed, "uid").randbytes(3)  # an Espressif prefix
        self.chip = Chip(board.chip, uid, clock, self.wires, self.trace, stream(seed, "entropy"))
        self.expanders = {address: MCP23017(address, self.wires) for address in board.expanders}
        self.keypad = KeypadMatrix(board.keypad, self.wires, clock, stream(seed, "keypad"))
        self.screen: CharacterScreen | None = None
        self.doors: dict[int, Door] = {}
        self.coils: dict[int, Coil] = {}
        self.sensors: dict[int, Beam | Distance] = {}
        self._coils_on: set[int] = set()
        self._wire_bus()
        self._wire_link(bus)
        for definition in board.doors:
            self._wire_door(definition)
        self.locks: Any = None
        if board.locks:  # a file of simulator/locks for each of firmware/locker/locks
            self.locks = import_module(f"host_tools.simulator.locks.{board.locks['driver']}").fitted(self)
        self._wire_panel()
        self.trace.listeners.append(self._watch_coils)
        self.supply.on_brown_out = self._brown_out
        self.hands = Hands(self)
        self.faults = Faults(self)

    def power_cut(self) -> None:
        """The mains fail now: the program is gone, whatever it was doing,
        and nothing in the cabinet has a voltage.
        """
        self.clock.settle()
        if self.supply.on:
            with self.trace.because("power cut"):
                self.trace.note("power", 0, "off")
                self.chip.power(False)
                for expander in self.expanders.values():
                    expander.power(False)
                if self.screen:
                    self.screen.power(False)
                self.supply.switch(False)

    def power_on(self) -> None:
        """The mains are back: everything starts from its power-on state,
        doors and parcels are where they are.
        """
        self.clock.settle()
        if not self.supply.on:
            self.trace.note("power", 0, "on")
            self.supply.switch(True)
            for expander in self.expanders.values():
                expander.power(True)
            if self.screen:
                self.screen.power(True)
            self.chip.power(True)

    def state(self) -> dict[str, Any]:
        """What there is to see, for JSON: times in ms, positions 0 (shut) to 1 (wide),
        supply in percent of its voltage.
        """
        self.clock.settle()
        return {
            "time_ms": self.clock.now_ms(),
            "power": "on" if self.supply.on else "off",
            "boots": self.chip.boots,
            "doors": [self._door_state(number) for number in sorted(self.doors)],
            "screen": [line.rstrip() for line in self.screen.lines()] if self.screen else None,
            "backlight": self.screen.backlight if self.screen else None,
            "lamp": self.lamp.on if self.lamp else None,
            "beeper": self.beeper.hz if self.beeper else None,
            "bell": self.bell.pressed if self.bell else None,
            "tamper": not self.tamper.whole if self.tamper else None,
            "keys": self.keypad.down,
            "dark": self.dark,
            "supply": round(100 * self.supply.voltage),
            "faults": self.faults.active,
            "violations": [entry.value for entry in self.trace.violations],
        }

    def _door_state(self, number: int) -> dict[str, Any]:
        door, coil = self.doors[number], self.coils.get(number)
        return {
            "number": number,
            "latch": "latched" if door.latched else "released",
            "position": door.place,
            "swing": round(door.position, 3),
            "contact": door.contact,
            "parcel": door.parcel,
            "blocked": door.blocked,
            "coil": coil and ("burnt" if coil.burnt else "on" if coil.energised else "off"),
        }

    def _wire_bus(self) -> None:
        board = self.board
        if board.bus:
            bus = I2CBus(self.clock, board.bus.sda, board.bus.scl, board.bus.hz)
            bus.targets.update(self.expanders)
            if board.screen:
                address, columns, rows = board.screen
                self.screen = CharacterScreen(
                    self.clock, columns, rows, lambda lines: self.trace.note("screen", 0, tuple(lines))
                )
                bus.targets[address] = self.screen
            self.chip.buses.append(bus)
        if board.expander_reset is not None:
            line = self.wires.node(board.expander_reset)
            line.fit_pull(-EXTERNAL_PULL)
            for expander in self.expanders.values():
                expander.reset_line(0)
                line.watch(expander.reset_line)

    def _wire_link(self, bus: Rs485Bus | None) -> None:
        cable = SerialCable(self.clock, lambda name: stream(self.seed, name))
        self.serial: SerialCable | Rs485Bus = cable
        self.link_wiring: LinkWiring | None = None
        if self.board.link:
            uart, tx, rx, baud, *enable = self.board.link
            end = cable.board
            if enable:
                self.serial = bus or Rs485Bus(self.clock, self.seed)
                end = self.serial.join(f"cabinet {self.seed}")
            self.link_wiring = LinkWiring(self.wires, (tx, rx, *enable), end, None if enable else cable)
            self.chip.serial = (uart, tx, rx, end)
            self.serial.host.open(baud)

    def _wire_door(self, definition: DoorDefinition) -> None:
        number, clock, wires = definition.number, self.clock, self.wires
        pull_up(wires, self.board.chip, definition.contact)
        rng = stream(self.seed, f"contact {number}")
        contact = BouncingSwitch(clock, rng, wires.switch(wires.node(definition.contact)), _CONTACT_BOUNCE_US)
        door = Door(
            number, contact, definition.closed == 0, clock, self.trace, stream(self.seed, f"door {number}")
        )
        if not self.board.locks:
            coil = Coil(
                number,
                wires.node(definition.lock),
                self.supply,
                clock,
                self.trace,
                stream(self.seed, f"coil {number}"),
            )
            coil.on_plunger = door.plunger
            self.coils[number] = coil
        if definition.occupancy == "beam":
            pull_up(wires, self.board.chip, definition.sensor)
            sensor = Beam(wires.switch(wires.node(definition.sensor)), definition.occupied)
        else:
            sensor = Distance(definition.sensor, definition.occupied, clock, self.seed)
            self.chip.analogue[definition.sensor] = sensor.millivolts
        door.on_inside.append(sensor.inside)
        self.doors[number], self.sensors[number] = door, sensor

    def _wire_panel(self) -> None:
        board, wires = self.board, self.wires
        lamp_sense = None
        if board.lamp_sense is not None:
            pull_up(wires, board.chip, board.lamp_sense)
            lamp_sense = wires.switch(wires.node(board.lamp_sense))
        self.lamp = None if board.lamp is None else Lamp(wires.node(board.lamp), lamp_sense, self.trace)
        self.beeper = None if board.beeper is None else Beeper(self.trace)
        if self.beeper and board.beeper is not None:
            self.chip.tones[board.beeper] = self.beeper.sound
        self.bell = None
        if board.bell is not None:
            pull_up(wires, board.chip, board.bell)
            self.bell = Bell(
                wires.switch(wires.node(board.bell)), self.clock, self.trace, stream(self.seed, "bell")
            )
        self.tamper = None
        if board.tamper is not None:
            pull_up(wires, board.chip, board.tamper)
            self.tamper = TamperLoop(
                wires.switch(wires.node(board.tamper)), self.clock, self.trace, stream(self.seed, "tamper")
            )
        for pin in board.keypad.columns:
            pull_up(wires, board.chip, pin)
        if board.supply:
            pin, lowest_mv = board.supply
            self.chip.analogue[pin] = self.supply.sense(pin, lowest_mv)
        if board.current:
            pin, coil_mv = board.current
            self.chip.analogue[pin] = Shunt(
                self.coils.values(), pin, coil_mv, self.clock, self.seed
            ).millivolts

    def _watch_coils(self, entry: Entry) -> None:
        if entry.kind == "coil":
            (self._coils_on.add if entry.value == "on" else self._coils_on.discard)(entry.door)
            if entry.value == "on" and len(self._coils_on) > 1:
                self.trace.violation(f"{len(self._coils_on)} coils are on at once", entry.door)

    def _brown_out(self) -> None:
        with self.trace.because("brown-out"):
            self.trace.note("power", 0, "brown-out")
            self.chip.reset(PWRON_RESET)
