"""An RS-485 bus at a serial port of the host: the adapter, and a carrier for each cabinet on it."""

import asyncio
from collections.abc import Callable

from host_tools.host.connections.bus_master import Master
from host_tools.host.connections.carriers import Hear
from host_tools.host.connections.serial_port import SerialPort


class BusCarrier:
    """The way to the cabinet at one address of a bus."""

    def __init__(self, bus: "SerialBus", address: int) -> None:
        self.name = f"rs485 {bus.port} address {address}"
        self.verified = False
        self._bus = bus
        self._address = address

    def write(self, frame: bytes) -> None:
        """Keeps the frame for that cabinet's next turn."""
        self._bus.say(self._address, frame)

    def close(self) -> None:
        """The cabinet has another way now; whoever is at this address is asked on."""
        self._bus.forget(self._address)


class SerialBus(SerialPort):
    """Asks every address, one after the other, and hears whoever is there: no list of cabinets is needed.

    `gone(carrier)` is told of a cabinet that has not answered for 10 s,
    and of each one when the port goes away.
    """

    def __init__(
        self,
        port: str,
        baud: int,
        hear: Hear,
        lost: Callable[["SerialBus", str], None],
        gone: Callable[[BusCarrier], None],
    ) -> None:
        super().__init__(port, baud, lost)
        self._hear = hear
        self._gone = gone
        self._master = Master(baud)
        self._carriers = {address: BusCarrier(self, address) for address in self._master.places}
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Opens the port and begins to ask. Raises UserError as every SerialPort."""
        super().open()
        self._master = Master(self._baud)
        self._step()

    def say(self, address: int, frame: bytes) -> None:
        """Keeps a frame for the cabinet at that address."""
        self._master.say(address, frame, asyncio.get_running_loop().time())
        self._step()

    def forget(self, address: int) -> None:
        """Drops what waits for that address."""
        self._master.forget(address)

    def _take(self, data: bytes) -> None:
        for address, payload in self._master.hear(data, asyncio.get_running_loop().time()):
            self._hear(self._carriers[address], payload)
        self._step()

    def _step(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._line is None:
            return
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for address in self._master.gone(now_s):
            self._gone(self._carriers[address])
        question = self._master.step(now_s)
        self._timer = loop.call_at(self._master.wake_s(), self._step)
        if question:
            self._send(question)

    def _shut(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super()._shut()

    def _fail(self, reason: str) -> None:
        super()._fail(reason)
        for carrier in self._carriers.values():
            self._gone(carrier)
