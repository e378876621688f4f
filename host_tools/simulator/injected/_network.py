"""MicroPython's `network`: the computer's own network stands in for the air, so a station is connected as soon as it has asked to be."""

import machine
from micropython import const

STA_IF = const(0)
AP_IF = const(1)
STAT_IDLE = const(1000)
STAT_CONNECTING = const(1001)
STAT_GOT_IP = const(1010)

_stations = {}
_name = "esp32"


def hostname(name=None):
    global _name
    if name is None:
        return _name
    _name = name


def country(code=None):
    return "XX" if code is None else None


class WLAN:
    """The radio; one object an interface, as on the chip."""

    IF_STA = const(0)
    IF_AP = const(1)
    PM_NONE = const(0)
    PM_PERFORMANCE = const(1)
    PM_POWERSAVE = const(2)

    def __new__(cls, interface=0):
        if interface not in _stations:
            _stations[interface] = object.__new__(cls)
            _stations[interface]._active = _stations[interface]._connected = False
        return _stations[interface]

    def __init__(self, interface=0):
        pass

    def active(self, on=None):
        if on is None:
            return self._active
        self._active = bool(on)
        self._connected = self._connected and self._active
        return self._active

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not self._active:
            raise OSError("Wifi Not Started")
        self._connected = True

    def disconnect(self):
        self._connected = False

    def isconnected(self):
        return self._connected

    def status(self, what=None):
        if what == "rssi":
            return -50
        return STAT_GOT_IP if self._connected else STAT_IDLE

    def scan(self):
        return []

    def config(self, *names, **values):
        if "mac" in names:
            return machine.unique_id()
        return None

    def ifconfig(self, values=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1") if self._connected else ("0.0.0.0",) * 4

    def ipconfig(self, name):
        return self.ifconfig()[:2] if name == "addr4" else None
