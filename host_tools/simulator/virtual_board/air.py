"""What the injected `network` and `socket` ask of the chip's radio:
the requests 40 to 43 of the chip server.
"""

import socket
from collections.abc import Callable

from host_tools.simulator.chip.chip import Chip
from host_tools.simulator.chip.radio import Refused
from host_tools.simulator.cpython_board.sockets import answered

_ERRORS = {"OSError": 1, "RuntimeError": 2, "MemoryError": 3}
_TEXT_BYTES = 32
_NO_AIR = 255
_CALLS = ("socket", "connect", "send", "read")
_DATAGRAM_MAX = 512


class Air:
    """Answers for one chip."""

    def __init__(self, chip: Chip) -> None:
        self._radio = radio = chip.radio
        radio.elsewhere = computers_own
        self.table: dict[int, Callable[[bytes], bytes | None]] = {
            40: self._station,
            41: self._call,
            42: self._name,
            43: self._blocks,
        }
        self._acts: list[Callable[[int], int | None]] = [
            lambda value: radio.active(None if value == 2 else bool(value)),
            lambda _value: radio.connect(),
            lambda _value: radio.disconnect(),
            lambda _value: radio.isconnected(),
            lambda _value: radio.status(),
            lambda _value: radio.reaches,
            lambda value: setattr(radio, "reconnects", value),
        ]

    def _station(self, packet: bytes) -> bytes:
        try:
            value = int(self._acts[packet[1]](packet[2]) or 0)
        except Refused as refused:
            return bytes((0, _ERRORS[refused.error], 0, 0)) + refused.text.encode()[:_TEXT_BYTES].ljust(
                _TEXT_BYTES, b"\0"
            )
        return b"\0\0" + value.to_bytes(2, "little") + bytes(_TEXT_BYTES)

    def _call(self, packet: bytes) -> bytes:
        """The errno that such a call raises, 0 for none, 255 when it goes into thin air;
        behind the calls, whether the radio is on.
        """
        if packet[1] == len(_CALLS):
            return bytes((0, self._radio.started))
        number = self._radio.fault_of(_CALLS[packet[1]])
        return bytes((0, number or (0 if self._radio.reaches or packet[1] < 2 else _NO_AIR)))

    def _name(self, packet: bytes) -> bytes:
        said = (answered(packet[1:], self._radio) or b"")[:_DATAGRAM_MAX]
        return b"\0" + len(said).to_bytes(2, "little") + said.ljust(_DATAGRAM_MAX, b"\0")

    def _blocks(self, _packet: bytes) -> bytes:
        return b"\0" + self._radio.blocks_ms.to_bytes(4, "little")


def computers_own(name: str) -> str:
    """The IPv4 address that this computer knows for a name, "" for none."""
    try:
        return str(socket.getaddrinfo(name, None, socket.AF_INET)[0][4][0])
    except OSError:
        return ""
