"""MicroPython's `socket`: the computer's own, behind an air that may let nothing through,
and a name server that may say nothing.

A program that has not started the radio gets the computer's sockets as they are. What the sockets raise, and
what a name server says, is asked of `simulator/chip/radio.py`. A `getaddrinfo` of a name keeps the program
waiting for as long as the network takes, as lwIP's.
"""

import io

import _chip
from micropython import const

_NET = const(41)
_NAME = const(42)
_BLOCKS = const(43)
_SOCKET = const(0)
_CONNECT = const(1)
_SEND = const(2)
_READ = const(3)
_STARTED = const(4)
_NO_AIR = const(255)
_EAGAIN = const(11)
_POLL = const(3)
_DATAGRAM_MAX = const(512)
_NAME_PORTS = (53, 5353)

real = _chip.real_socket


def __getattr__(name):
    return getattr(real, name)


def _check(call):
    """Raises what is wrong with such a call; True when nothing gets through."""
    number = _chip.ask_small(_NET, call)
    if number and number != _NO_AIR:
        raise OSError(number)
    return number == _NO_AIR


def getaddrinfo(host, *more):
    if max(host.encode()) > 57:
        import time

        answer = _chip.ask(bytes((_BLOCKS,)), bytearray(5))
        time.sleep_ms(int.from_bytes(answer[1:], "little"))
        if _check(_CONNECT):
            raise OSError(-202)
    return real.getaddrinfo(host, *more)


def socket(*arguments):
    _check(_SOCKET)
    return Socket(*arguments) if _chip.ask_small(_NET, _STARTED) else real.socket(*arguments)


class Socket(io.IOBase):
    """A socket of a board whose radio is on."""

    def __init__(self, *arguments):
        self._real = real.socket(*arguments)
        self._held = b""  # accepted while nothing gets through
        self._said = None  # by the name server

    def __getattr__(self, name):
        return getattr(self._real, name)

    def setblocking(self, blocking):
        self._real.setblocking(blocking)

    def connect(self, address):
        _check(_CONNECT)
        self._real.connect(address)

    def sendto(self, data, address):
        _check(_CONNECT)
        if address[2] << 8 | address[3] not in _NAME_PORTS:
            return self._real.sendto(data, address)
        answer = _chip.ask(bytes((_NAME,)) + data, bytearray(3 + _DATAGRAM_MAX))
        count = answer[1] | answer[2] << 8
        self._said = bytes(answer[3 : 3 + count]) if count else None
        return len(data)

    def recv(self, count):
        if _check(_READ):
            raise OSError(_EAGAIN)
        if self._said:
            said, self._said = self._said, None
            return said[:count]
        return self._real.recv(count)

    def send(self, data):
        if _check(_SEND):
            self._held += bytes(data)
            return len(data)
        if self._held:
            self._real.send(self._held)
            self._held = b""
        return self._real.send(data)

    write = send

    def readinto(self, buffer, count=None):
        return None if _check(_READ) else self._real.readinto(buffer)

    def ioctl(self, request, argument):
        if request != _POLL:
            return 0
        import select

        poll = select.poll()
        poll.register(self._real, argument)
        for _, flags in poll.poll(0):
            return 0 if _chip.ask_small(_NET, _READ) else flags
        return 0

    def close(self):
        self._real.close()
