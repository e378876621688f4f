"""The wires between the chip's second UART and what it talks to:
the host's adapter, or the transceiver of a bus.

Idle lines rest high: who looks at the pins without a UART sees at which of them the far end drives.
"""

from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Wires
from host_tools.simulator.chip.bus import Transceiver
from host_tools.simulator.chip.link import SerialCable, SerialEnd


class LinkWiring:
    """Two wires, and on a bus a third that switches the transceiver's driver on and its receiver off."""

    def __init__(
        self, wires: Wires, pins: tuple[int, ...], end: SerialEnd | Transceiver, cable: SerialCable | None
    ) -> None:
        """`pins`: tx, rx and, on a bus, enable; `cable`: the one to the host's adapter, without a bus."""
        tx, rx, *enable = pins
        self._end = end
        self._cable = cable
        self._fault = ""
        self._far = wires.node("far end of the link")
        self._to_rx = wires.switch(wires.node(rx), self._far)
        self._to_tx = wires.switch(wires.node(tx), self._far)
        self.has_enable = bool(enable)
        self._enabled = 0
        if cable:
            cable.on_plugged.append(self._rest)
        if enable:
            line = wires.node(enable[0])
            line.fit_pull(-EXTERNAL_PULL)
            line.watch(self._enable)
        self._rest()

    def fail(self, fault: str) -> None:
        """Breaks them: "cut", "swapped", "enable"; "" mends them."""
        self._fault = fault
        self._end.cut = fault in ("cut", "swapped")
        self._rest()

    def _enable(self, level: int) -> None:
        self._enabled = level
        self._rest()

    def _rest(self) -> None:
        """What is on the wires while nobody speaks."""
        enabled = 0 if self._fault == "enable" else self._enabled
        if isinstance(self._end, Transceiver):
            self._end.drive(enabled)
        self._far.set(1 if (self._cable.plugged if self._cable else not enabled) else None)
        self._to_rx.set(self._fault in ("", "enable"))
        self._to_tx.set(self._fault == "swapped")
