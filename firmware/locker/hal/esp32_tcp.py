"""The ESP32's way to a host over the network; imported only by a board that has one."""

import errno
import os
import select
import socket

import network

from locker.compat import const

_BACKOFF_MS_MIN = const(1000)
_BACKOFF_MS_MAX = const(60000)
_CONNECT_MS_MAX = const(10000)
_DEAD_MS = const(25000)  # after something was said and nothing heard: a host that is there has answered a greeting of ours by then


class Tcp:
    """A connection from the board to its host that reopens itself with capped, jittered backoff.

    A host whose cable was pulled, or that a router has forgotten, ends no connection. The session says something at least every 5 minutes
    and greets anew after 10 s without an answer: a connection on which nothing comes back for 25 s is dead.
    """

    def __init__(self, settings):
        self._address = (settings["host"], settings["port"])
        self._wifi = settings.get("wifi")
        self._socket = None
        self._poller = None
        self._open = False
        self._now_ms = 0
        self._next_ms = 0
        self._give_up_ms = 0  # when connecting has taken too long, or an answer; 0 for none awaited
        self._backoff_ms = _BACKOFF_MS_MIN
        self._station = network.WLAN(network.STA_IF)
        self._station.active(True)

    def poll(self, now_ms):
        self._now_ms = now_ms
        if self._open:
            if 0 < self._give_up_ms <= now_ms:
                self._close()
        elif self._socket:
            self._finish()
        elif now_ms >= self._next_ms:
            if self._station.isconnected() or not self._wifi:
                self._begin()
            else:
                self._retry()
                self._station.connect(self._wifi["ssid"], self._wifi["password"])
        return self._open

    def _begin(self):
        self._give_up_ms = self._now_ms + _CONNECT_MS_MAX
        try:
            address = socket.getaddrinfo(*self._address)[0][-1]
            self._socket = socket.socket()
            self._socket.setblocking(False)
            self._poller = select.poll()
            self._poller.register(self._socket, select.POLLOUT)
            self._socket.connect(address)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                self._close()

    def _finish(self):
        for _, flags in self._poller.poll(0):
            self._open = not flags & (select.POLLERR | select.POLLHUP)
            self._give_up_ms = 0
        if not self._open and self._now_ms >= self._give_up_ms:
            self._close()

    def _close(self):
        if self._socket:
            self._socket.close()
        self._socket = None
        self._open = False
        self._retry()

    def _retry(self):
        self._next_ms = self._now_ms + self._backoff_ms // 2 + int.from_bytes(os.urandom(2), "big") % self._backoff_ms
        self._backoff_ms = min(2 * self._backoff_ms, _BACKOFF_MS_MAX)

    def read_into(self, buffer):
        try:
            count = self._socket.readinto(buffer) if self._socket else None
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return 0
            count = 0
        if count == 0:
            self._close()
        elif count:
            self._give_up_ms = 0
            self._backoff_ms = _BACKOFF_MS_MIN  # one who accepts and never answers is no host
        return count or 0

    def write(self, data):
        """One send for one frame; a connection that takes only a part of it is closed, so no frame is ever torn on the way out."""
        try:
            sent = self._socket.send(data) if self._open else 0
        except OSError:
            sent = 0
        if sent != len(data):
            self._close()
        elif not self._give_up_ms:
            self._give_up_ms = self._now_ms + _DEAD_MS
        return sent == len(data)
