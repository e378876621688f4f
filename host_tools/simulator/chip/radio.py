"""The chip's Wi-Fi station and its look-ups, with what the ESP32's refuse:
one physics for the CPython seam and for the virtual board.

What a program meets is what MicroPython's ESP32 port and the IDF under it do; each rule names its source:

- `active(True)` starts the radio: `esp_wifi_init` and `esp_wifi_start` may fail for want of memory or
  calibration, as OSError, as RuntimeError("Wifi Unknown Error 0x0101") where the port has no words for the
  code, or as MemoryError (`esp_exceptions_helper` in ports/esp32/modnetwork.c; field reports of all three).
- `connect` before `active(True)`: OSError("Wifi Not Started") (`esp_wifi_connect`, ESP_ERR_WIFI_NOT_STARTED).
- `connect` while the station is joining: OSError. With IDF 5.5 (MicroPython 1.27) `esp_wifi_set_config` gives
  ESP_ERR_WIFI_STATE, "Wifi Internal State Error"; before (1.23) `esp_wifi_connect` gives ESP_ERR_WIFI_CONN,
  "Wifi Internal Error" (micropython issue 17661).
- After a failure the port itself joins again at once, for as long as `reconnects` allows, by default without
  an end: `status()` then says 1001, and never why (`network_wlan_status` and the handler of
  WIFI_EVENT_STA_DISCONNECTED in ports/esp32/network_wlan.c).
- `isconnected()` is true from the address that DHCP has given to the loss of the access point. A lease that
  runs out changes nothing of it (IP_EVENT_STA_LOST_IP has no handler), but no connection comes about:
  EHOSTUNREACH.
- An access point that vanishes is noticed by its missing beacons,
  6 s later (esp_wifi_set_inactive_time, default of a station).
- `getaddrinfo` of a name blocks the program: lwIP asks each name server up to four times,
  1 + 1 + 2 + 3 s (dns.c, DNS_MAX_RETRIES).
"""

import errno
from collections import deque
from collections.abc import Callable

from host_tools.simulator.clock import Clock, Event

IDLE, CONNECTING, GOT_IP = 1000, 1001, 1010  # network.STAT_*
BEACON_TIMEOUT, NO_AP_FOUND, AUTH_FAIL = 200, 201, 202  # wifi_err_reason_t
VERSIONS = {"1.23": "Wifi Internal Error", "1.27": "Wifi Internal State Error"}
_BEACONS_US = 6_000_000
_SCAN_US = 2_400_000  # all channels, for a network that is not there
_HANDSHAKE_US = 3_000_000  # until a wrong password is told
_NAME_SERVER_US = 20_000


class Refused(Exception):  # noqa: N818 - not an error of ours
    """What the radio refuses; `error` is the exception that MicroPython raises:
    "OSError", "RuntimeError" or "MemoryError".
    """

    def __init__(self, error: str, text: str = "") -> None:
        super().__init__(text)
        self.error = error
        self.text = text


class Radio:
    """One station.

    What is wrong with it and with the air is in its attributes,
    which may be set at any instant through `change`.

    `router`: there is an access point. `lets_in`: it takes our password. `leases`: it gives addresses.
    `join_ms`: how long all that takes. `start_errors`: what the next starts of the radio raise instead.
    `names`: addresses by name, `name_server` whether it answers, `blocks_ms` for how long a `getaddrinfo`
    keeps the program waiting. `socket_errors`: by "socket", "connect", "send" or "read", the errno numbers
    (of Linux) that the next such calls raise.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.version = "1.27"
        self.router = self.lets_in = self.leases = self.name_server = True
        self.join_ms = 600
        self.start_errors: deque[Refused] = deque()
        self.socket_errors: dict[str, deque[int]] = {}
        self.names: dict[str, str] = {}
        # The address of a name that is not in `names`, "" for none.
        self.elsewhere: Callable[[str], str] = lambda name: ""
        self.blocks_ms = 0
        # Told whether anything gets through, when that changes.
        self.on_air: list[Callable[[bool], object]] = []
        self.reconnects = 0
        self.stop()

    def stop(self) -> None:
        """The chip was reset: the radio is off and knows nothing."""
        self._started = self._asked = self._connected = self._joining = self._has_address = False
        self._reason = self._tries = 0
        self._due: Event | None = None
        for listener in self.on_air:
            listener(True)

    def change(self, **what: object) -> None:
        """Sets some of the attributes above, and lets the station feel it.

        Raises ValueError for one that it has not.
        """
        was = self.reaches
        for name, value in what.items():
            if not hasattr(self, name):
                raise ValueError(f"a radio has no {name!r}")
            setattr(self, name, value)
        self._has_address = self._connected and self.leases  # its client goes on asking
        if self._connected and not self.router:
            self._later(_BEACONS_US, lambda: self._lost(BEACON_TIMEOUT))
        self._tell(was)

    @property
    def started(self) -> bool:
        return self._started

    @property
    def reaches(self) -> bool:
        """Whether packets get through."""
        return not self._started or (self._connected and self.router and self._has_address)

    # What a program does with the station.

    def active(self, on: bool | None = None) -> bool:
        """Starts or stops the radio, if it is asked to; whether it is on. Raises Refused."""
        if on and not self._started:
            if self.start_errors:
                raise self.start_errors.popleft()
            self._started = True
        elif on is not None and not on and self._started:
            self._started = False
            self._lose()
        return self._started

    def connect(self) -> None:
        """Begins to join, and goes on trying by itself. Raises Refused."""
        if not self._started:
            raise Refused("OSError", "Wifi Not Started")
        if self._joining:
            raise Refused("OSError", VERSIONS[self.version])
        self._asked = True
        self._tries = 0
        self._lose()
        self._join()

    def disconnect(self) -> None:
        """Leaves, and tries no more. Raises Refused."""
        if not self._started:
            raise Refused("OSError", "Wifi Not Started")
        self._asked = False
        self._lose()

    def isconnected(self) -> bool:
        return self._connected

    def status(self) -> int:
        """1000, 1001 or 1010, or why it has stopped trying."""
        if self._connected:
            return GOT_IP
        if self._asked and (not self.reconnects or self._tries < self.reconnects):
            return CONNECTING
        return self._reason or IDLE

    def address(self) -> str:
        """The address of the station, "0.0.0.0" without one."""
        return "10.0.0.17" if self._connected and self._has_address else "0.0.0.0"  # noqa: S104 - what the port says

    # What its sockets do.

    def fault_of(self, call: str) -> int:
        """The errno that this call is to raise, 0 for none. Each is raised once."""
        errors = self.socket_errors.get(call)
        if errors:
            return errors.popleft()
        return (
            errno.EHOSTUNREACH
            if call == "connect" and self._started and not (self._connected and self._has_address)
            else 0
        )

    def resolve(self, name: str) -> str | None:
        """What a name server that is asked says to a name;
        None when nobody answers, "" when it has no such name.
        """
        return (self.names.get(name) or self.elsewhere(name)) if self.name_server and self.reaches else None

    # The air.

    def _join(self) -> None:
        self._joining = True
        if not self.router:
            self._later(_SCAN_US, lambda: self._failed(NO_AP_FOUND))
        elif not self.lets_in:
            self._later(_HANDSHAKE_US, lambda: self._failed(AUTH_FAIL))
        else:
            self._later(self.join_ms * 1000, self._joined)

    def _joined(self) -> None:
        """Associated; an address comes when there is somebody who leases one."""
        if not self.router or not self.lets_in:
            self._join()
            return
        self._joining = False
        if self.leases:
            was = self.reaches
            self._connected = self._has_address = True
            self._reason = self._tries = 0
            self._tell(was)
        else:
            self._later(1_000_000, self._joined)

    def _failed(self, reason: int) -> None:
        self._joining = False
        self._reason = reason
        self._tries += 1
        if self._asked and (not self.reconnects or self._tries < self.reconnects):
            self._join()

    def _lost(self, reason: int) -> None:
        if self.router:  # it was back before anybody noticed
            return
        self._lose()
        self._failed(reason)

    def _lose(self) -> None:
        was = self.reaches
        self._connected = self._joining = False
        if self._due:
            self._due.cancel()
            self._due = None
        self._tell(was)

    def _later(self, us: int, act: Callable[[], object]) -> None:
        if self._due:
            self._due.cancel()
        started = self._started
        self._due = self._clock.after(us, lambda: act() if started and self._started else None)

    def _tell(self, was: bool) -> None:
        if was != self.reaches:
            for listener in self.on_air:
                listener(self.reaches)
