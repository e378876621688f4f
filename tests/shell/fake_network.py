"""The modules that locker.hal.esp32_tcp asks for a network, with a host that is there or not, and a clock that a test moves."""

import errno
import sys

POLLOUT, POLLERR, POLLHUP = 4, 8, 16


class FakeNetwork:
    """The air and the host. `reachable`: connections come about; `reset`: and end at once; `refused`: they are answered with a refusal."""

    def __init__(self):
        self.reachable = True
        self.refused = False
        self.sockets = []
        self.draws = None  # what urandom gives, None for chance

    def connections(self):
        """Those that this end holds open."""
        return [one for one in self.sockets if not one.closed]


class FakeSocket:
    def __init__(self, net):
        self.net = net
        self.closed = False
        self.arrived = b""
        self.ended = False  # by the host
        self.sent = []
        net.sockets.append(self)

    def setblocking(self, blocking):
        assert not blocking

    def connect(self, address):
        assert address == ("10.0.0.2", 26746)
        raise OSError(errno.EINPROGRESS, "on its way")

    def send(self, data):
        self.sent.append(bytes(data))
        return len(data)

    def readinto(self, buffer):
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
    def active(self, on):
        assert on

    def isconnected(self):
        return True


class FakeModules:
    """`socket`, `select`, `os` and `network` at once."""

    STA_IF = 0
    POLLOUT, POLLERR, POLLHUP = POLLOUT, POLLERR, POLLHUP

    def __init__(self, net):
        self._net = net

    def WLAN(self, interface):
        return FakeStation()

    def getaddrinfo(self, host, port):
        return [(0, 0, 0, "", (host, port))]

    def socket(self):
        return FakeSocket(self._net)

    def poll(self):
        return FakePoll()

    def urandom(self, count):
        import os

        return os.urandom(count) if self._net.draws is None else self._net.draws[:count]


def carrier_on(net):
    """A Tcp of the firmware's on that network."""
    import locker

    modules = FakeModules(net)
    sys.modules["network"] = modules
    try:
        from locker.hal import esp32_tcp
    finally:
        del sys.modules["network"]
    esp32_tcp.network = esp32_tcp.socket = esp32_tcp.select = esp32_tcp.os = modules
    assert locker
    return esp32_tcp.Tcp({"host": "10.0.0.2", "port": 26746})
