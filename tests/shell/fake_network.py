"""The modules that locker.hal.esp32_tcp asks for a network,
with a host that is there or not, and a clock that a test moves.

They refuse what the chip's refuse; host_tools.simulator.chip.radio,
which is for CPython, says from where that is known.
"""

import errno
import sys

POLLOUT, POLLERR, POLLHUP = 4, 8, 16


class FakeNetwork:
    """The air and the host.

    `reachable`: connections come about; `reset`: and end at once;
    `refused`: they are answered with a refusal.
    """

    def __init__(self):
        self.reachable = True
        self.refused = False
        self.sockets = []
        self.draws = None  # what every draw gives, None for chance
        self.joins = True  # an access point lets the station in as soon as it asks
        self.start_errors = []  # what the next starts of the radio raise
        self.errors = {}  # by call: what the next ones raise
        self.names = {}  # what the name server knows, None for one that is silent
        self.asked = []
        self.station = FakeStation(self)

    def connections(self):
        """Those that this end holds open."""
        return [one for one in self.sockets if not one.closed]

    def check(self, call):
        if self.errors.get(call):
            raise self.errors[call].pop(0)


class FakeSocket:
    def __init__(self, net):
        net.check("socket")
        self.net = net
        self.closed = False
        self.arrived = b""
        self.ended = False  # by the host
        self.sent = []
        net.sockets.append(self)

    def setblocking(self, blocking):
        assert not blocking

    def connect(self, address):
        self.net.check("connect")
        assert address[1] == 26746
        self.address = address[0]
        raise OSError(errno.EINPROGRESS, "on its way")

    def send(self, data):
        self.net.check("send")
        self.sent.append(bytes(data))
        return len(data)

    def readinto(self, buffer):
        self.net.check("read")
        if self.ended and not self.arrived:
            return 0
        if not self.arrived:
            return None
        count = min(len(buffer), len(self.arrived))
        buffer[:count] = self.arrived[:count]
        self.arrived = self.arrived[count:]
        return count

    def close(self):
        assert not self.closed
        self.closed = True


class FakeDatagrams(FakeSocket):
    """What a name server is asked through; its answer is there at once."""

    def sendto(self, data, address):
        self.net.check("sendto")
        self.net.asked.append(address)
        self.said = data
        return len(data)

    def recv(self, count):
        self.net.check("recv")
        if self.net.names is None:
            raise OSError(errno.EAGAIN, "nothing yet")
        asked = self.said
        name = asked[13 : asked.index(b"\0", 12)]
        found = self.net.names.get(bytes([byte if byte > 32 else 46 for byte in name]).decode())
        if found is None:
            return asked[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + asked[12:]
        address = bytes([int(part) for part in found.split(".")])
        return (
            asked[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + asked[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + address
        )


class FakePoll:
    def register(self, one, events):
        assert events == POLLOUT
        self.one = one

    def poll(self, timeout):
        assert timeout == 0
        if self.one.net.refused:
            return [(self.one, POLLOUT | POLLERR | POLLHUP)]
        return [(self.one, POLLOUT)] if self.one.net.reachable else []


class FakeStation:
    """Joins when there is an access point; `joins` False leaves it joining for ever,
    and then the port refuses to be asked again.
    """

    def __init__(self, net):
        self.net = net
        self.on = self.asked = False
        self.starts = self.connects = 0

    def active(self, on):
        if on and not self.on:
            self.starts += 1
            if self.net.start_errors:
                raise self.net.start_errors.pop(0)
        self.on = on
        self.asked = self.asked and on

    def connect(self, ssid, password):
        assert (ssid, password) == ("locker", "secret")
        if not self.on:
            raise OSError("Wifi Not Started")
        if self.asked and not self.net.joins:
            raise OSError("Wifi Internal State Error")
        self.connects += 1
        self.asked = True

    def isconnected(self):
        return self.asked and self.net.joins

    def ifconfig(self):
        return ("10.0.0.17", "255.255.255.0", "10.0.0.1", "10.0.0.1")


class FakeModules:
    """`socket`, `select` and `network` at once."""

    STA_IF = 0
    AF_INET, SOCK_DGRAM = 2, 2
    POLLOUT, POLLERR, POLLHUP = POLLOUT, POLLERR, POLLHUP

    def __init__(self, net):
        self._net = net

    def WLAN(self, interface):
        self._net.check("WLAN")
        return self._net.station

    def getaddrinfo(self, host, port):
        assert max(host.encode()) <= 57, "a name: this look-up would keep the whole board waiting"
        self._net.check("getaddrinfo")
        return [(0, 0, 0, "", (host, port))]

    def socket(self, family=2, kind=1):
        return (FakeDatagrams if kind == 2 else FakeSocket)(self._net)

    def poll(self):
        return FakePoll()


def draw_from(net):
    """The carrier's `draw`: what the test wants, else chance that differs from one carrier to the next."""
    state = [id(net) & 0xFFFF | 1]

    def draw(sides):
        if net.draws is not None:
            return net.draws % sides
        state[0] = state[0] * 1103515245 + 12345 & 0x7FFFFFFF
        return (state[0] >> 8) % sides

    return draw


def carrier_on(net, host="10.0.0.2", wifi=False):
    """A Tcp of the firmware's on that network."""
    import locker

    modules = FakeModules(net)
    sys.modules["network"] = modules
    try:
        from locker.hal import esp32_tcp
    finally:
        del sys.modules["network"]
    esp32_tcp.network = esp32_tcp.socket = esp32_tcp.select = modules
    assert locker
    settings = {"host": host, "port": 26746}
    if wifi:
        settings["wifi"] = {"ssid": "locker", "password": "secret"}
    return esp32_tcp.Tcp(settings, draw_from(net))
