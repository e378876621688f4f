"""MicroPython's `network` of an ESP32 (ports/esp32/network_wlan.c):
a station that takes its time, and refuses what the chip's refuses.

What it does is in host_tools/simulator/chip/radio.py, with its sources; here is MicroPython's face of it.
"""

import _chip
import machine
from micropython import const

STA_IF = const(0)
AP_IF = const(1)
STAT_IDLE = const(1000)
STAT_CONNECTING = const(1001)
STAT_GOT_IP = const(1010)
STAT_BEACON_TIMEOUT = const(200)
STAT_NO_AP_FOUND = const(201)
STAT_WRONG_PASSWORD = const(202)

_RADIO = const(40)
_ACTIVE = const(0)
_CONNECT = const(1)
_DISCONNECT = const(2)
_CONNECTED = const(3)
_STATUS = const(4)
_ADDRESS = const(5)
_RECONNECTS = const(6)
_ASK = const(2)
_ANSWER_BYTES = const(36)
_ERRORS = (None, OSError, RuntimeError, MemoryError)

_stations = {}
_name = "esp32"


def _do(what, value=0):
    """A request to the radio; the number that it answers with."""
    answer = _chip.ask(bytes((_RADIO, what, value)), bytearray(_ANSWER_BYTES))
    if answer[1]:
        raise _ERRORS[answer[1]](bytes(answer[4:]).rstrip(b"\0").decode())
    return answer[2] | answer[3] << 8


def hostname(name=None):
    global _name
    if name is None:
        return _name
    _name = name


def country(code=None):
    return "XX" if code is None else None


class WLAN:
    """The radio; one object an interface, as on the chip. The access point's is there and does nothing."""

    IF_STA = const(0)
    IF_AP = const(1)
    PM_NONE = const(0)
    PM_PERFORMANCE = const(1)
    PM_POWERSAVE = const(2)

    def __new__(cls, interface=0):
        if interface not in (STA_IF, AP_IF):
            raise ValueError("invalid WLAN interface identifier")
        if interface not in _stations:
            _stations[interface] = object.__new__(cls)
            _stations[interface]._is_station = interface == STA_IF
        return _stations[interface]

    def __init__(self, interface=0):
        pass

    def active(self, on=None):
        return bool(self._is_station and _do(_ACTIVE, _ASK if on is None else bool(on)))

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not self._is_station:
            raise OSError("STA required")
        _do(_CONNECT)

    def disconnect(self):
        _do(_DISCONNECT)

    def isconnected(self):
        return bool(self._is_station and _do(_CONNECTED))

    def status(self, what=None):
        if what == "rssi":
            if not self.isconnected():
                raise OSError("Wifi Not Connected")
            return -50
        if what is not None:
            raise ValueError("unknown status param")
        return _do(_STATUS) if self._is_station else None

    def scan(self):
        if not self.active():
            raise OSError("STA must be active")
        return []

    def config(self, *names, **values):
        if "reconnects" in values:
            _do(_RECONNECTS, max(values["reconnects"], 0))
        if "mac" in names:
            return machine.unique_id()
        return None

    def ifconfig(self, values=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1") if _do(_ADDRESS) else ("0.0.0.0",) * 4

    def ipconfig(self, name):
        return self.ifconfig()[:2] if name == "addr4" else None
