"""The ESP32: the only importer of machine, network, esp32 and socket. Implements seam.pyi."""

import asyncio
import errno
import json
import os
import select
import socket
import time

import esp32
import machine
import network
from machine import ADC, I2C, PWM, UART, Pin, Timer

from locker.board import from_json
from locker.compat import const

_BACKOFF_MS_MIN = const(1000)
_BACKOFF_MS_MAX = const(60000)
_CONNECT_MS_MAX = const(10000)
_BEEP_DUTY = const(32768)
_BLOCK_BYTES = const(4096)
_INPUT_ONLY_FROM = const(34)  # GPIO34-39 of a plain ESP32 have no pulls (ESP32 data sheet, IO MUX table)


def read_json(path: str):
    """The object in a JSON file of the board, None when the file is missing or not JSON."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


class _Bus:
    """machine.I2C in CircuitPython's protocol.

    Reads after a write go through readfrom_mem_into, whose repeated start every ESP32 build does.
    """

    def __init__(self, i2c):
        self._i2c = i2c
        self._locked = False

    def try_lock(self):
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self):
        self._locked = False

    def writeto(self, address, buffer, *, start=0, end=None):
        self._i2c.writeto(address, _part(buffer, start, end))

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        self._i2c.readfrom_into(address, _part(buffer, start, end))

    def writeto_then_readfrom(self, address, out_buffer, in_buffer, *, out_start=0, out_end=None, in_start=0, in_end=None):
        self._i2c.readfrom_mem_into(address, out_buffer[out_start], _part(in_buffer, in_start, in_end))


def _part(buffer, start, end):
    return buffer if not start and end in (None, len(buffer)) else memoryview(buffer)[start:end]


class _Flash:
    """A raw data partition: esp32.Partition writes without erasing when it is given an offset."""

    block_bytes = _BLOCK_BYTES

    def __init__(self, partition):
        self._partition = partition
        self.block_count = partition.ioctl(4, 0)

    def read(self, block, offset, buffer):
        self._partition.readblocks(block, buffer, offset)

    def write(self, block, offset, data):
        self._partition.writeblocks(block, data, offset)

    def erase(self, block):
        self._partition.ioctl(6, block)


class _Serial:
    """The second UART: always up."""

    def __init__(self, link):
        uart, tx, rx, baud = link
        self._uart = UART(uart, baudrate=baud, tx=tx, rx=rx, rxbuf=512)

    def poll(self, now_ms):
        return True

    def read_into(self, buffer):
        return self._uart.readinto(buffer) or 0 if self._uart.any() else 0

    def write(self, data):
        return self._uart.write(data) == len(data)


class _Tcp:
    """A connection from the board to its host that reopens itself with capped, jittered backoff."""

    def __init__(self, settings):
        self._address = (settings["host"], settings["port"])
        self._wifi = settings.get("wifi")
        self._socket = None
        self._poller = None
        self._open = False
        self._now_ms = 0
        self._next_ms = 0
        self._give_up_ms = 0
        self._backoff_ms = _BACKOFF_MS_MIN
        self._station = network.WLAN(network.STA_IF)
        self._station.active(True)

    def poll(self, now_ms):
        self._now_ms = now_ms
        if self._open:
            return True
        if self._socket:
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
            if self._open:
                self._backoff_ms = _BACKOFF_MS_MIN
            else:
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
        return count or 0

    def write(self, data):
        """One send for one frame; a connection that takes only a part of it is closed, so no frame is ever torn on the way out."""
        try:
            sent = self._socket.send(data) if self._open else 0
        except OSError:
            sent = 0
        if sent != len(data):
            self._close()
        return sent == len(data)


class Esp32:
    """The seam's Hal on an ESP32."""

    def __init__(self, board):
        self.board = board
        self._ticks = time.ticks_ms()
        self._ms = 0
        self._timer = Timer(0)
        self.entropy = os.urandom

    def now_ms(self):
        ticks = time.ticks_ms()
        self._ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._ms

    def sleep_ms(self, ms):
        return asyncio.sleep_ms(ms)

    def uid(self):
        return machine.unique_id()

    def output(self, number, level):
        return Pin(number, Pin.OUT, value=level)

    def open_drain(self, number):
        return Pin(number, Pin.OPEN_DRAIN, value=1)

    def input(self, number, pull):
        if not pull or (self.board.chip == "esp32" and number >= _INPUT_ONLY_FROM):
            return Pin(number, Pin.IN)
        return Pin(number, Pin.IN, Pin.PULL_UP if pull > 0 else Pin.PULL_DOWN)

    def millivolts(self, number):
        adc = ADC(Pin(number), atten=ADC.ATTN_11DB)
        return lambda: adc.read_uv() // 1000

    def tone(self, number):
        pwm = PWM(Pin(number), freq=1000, duty_u16=0)

        def sound(hz):
            if hz:
                pwm.freq(hz)
            pwm.duty_u16(_BEEP_DUTY if hz else 0)

        return sound

    def bus(self):
        bus = self.board.bus
        return _Bus(I2C(0, sda=Pin(bus.sda), scl=Pin(bus.scl), freq=bus.hz))

    def journal(self):
        found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")
        if not found:
            raise OSError(errno.ENODEV)
        return _Flash(found[0])

    def carrier(self, settings):
        return _Serial(self.board.link) if settings.get("serial") else _Tcp(settings)

    def one_shot(self, ms, action):
        self._timer.deinit()
        if ms:
            self._timer.init(mode=Timer.ONE_SHOT, period=ms, callback=lambda timer: action())

    def watchdog(self, timeout_ms):
        return machine.WDT(timeout=timeout_ms).feed

    def reset_cause(self):
        cause = machine.reset_cause()
        causes = (machine.PWRON_RESET, machine.HARD_RESET, machine.WDT_RESET, machine.SOFT_RESET)
        return causes.index(cause) + 1 if cause in causes else 0

    def reset(self):
        machine.reset()


def open_hal() -> Esp32:
    """The controller with the board of /board.json; raises OSError(ENOENT) when it was never provisioned."""
    data = read_json("/board.json")
    if not data:
        raise OSError(errno.ENOENT)
    return Esp32(from_json(data))
