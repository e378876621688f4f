"""The whole app on pins and wires that are not there, while a stranger floods its line; runs on MicroPython.

flood.py BOARD KIND...       for callgrind, see tests.bench.micropython.stretches: a stretch is one step of
                             the app, from one scan of the keypad to the next; STEPS steps for each KIND, a
                             function below

BOARD is a file board.json. Somebody types a number in the first steps,
and the answer to it falls due in one of the others.
"""

import gc
import json
import sys

from host_tools.link.messages import Ack, Report, Resume
from host_tools.link.session import HostSession
from locker.board import from_json
from locker.contract.mac import hmac_sha256
from locker.shell import identity as identities
from locker.shell.app import App
from locker.shell.format import format_journal
from locker.shell.second_copy import NAME
from locker.wire import frame
from locker.wire.frame import Decoder, encode

STEPS = 42
SETTLED = 60  # steps before, in peace
_REGISTERS = 22  # of an expander
_WAITING = 256  # bytes that have arrived and were not read, from which on a stranger adds none
TYPED = "0127182818#"
IDENTITY = {
    "board_id": "0102030405060708",
    "alias": "a1a2a3a4",
    "site_id": "5152535455565758",
    "master_secret": "11" * 32,
    "nonce_host": "2222222222222222",
    "nonce_board": "3333333333333333",
    "ticket_secret": "44" * 32,
    "cabinet": 1,
    "rule": 1,
}


class Flash:
    """The journal's partition, and the NVS beside it.

    As in hardware, what is written costs the processor next to nothing.
    """

    block_bytes = 4096
    block_count = 128

    def __init__(self):
        self._blocks = {}
        self._marks = {NAME: bytes(12)}
        self.marks = self

    def read(self, block, offset, buffer):
        if block in self._blocks:
            buffer[:] = memoryview(self._blocks[block])[offset : offset + len(buffer)]
        else:
            buffer[:] = b"\xff" * len(buffer)

    def write(self, block, offset, data):
        if block not in self._blocks:
            self._blocks[block] = bytearray(b"\xff" * 4096)
        self._blocks[block][offset : offset + len(data)] = data

    def erase(self, block):
        self._blocks.pop(block, None)

    def get_blob(self, key, buffer):
        if key not in self._marks:
            raise OSError
        buffer[:] = self._marks[key]
        return len(buffer)

    def set_blob(self, key, value):
        self._marks[key] = bytes(value)

    def commit(self):
        pass


class Bus:
    """Takes everything, and remembers it as expanders would."""

    def __init__(self):
        self._registers = {}

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def _of(self, address):
        """The registers twice in a row: the one after the last is the first again."""
        return self._registers.setdefault(address, bytearray(2 * _REGISTERS))

    def writeto(self, address, buffer, *, start=0, end=None):
        data = buffer[start + 1 : end]
        if len(data) <= 2:  # more is for the screen
            registers, place = self._of(address), buffer[start] % _REGISTERS
            registers[place : place + len(data)] = registers[
                place + _REGISTERS : place + _REGISTERS + len(data)
            ] = data

    def writeto_then_readfrom(
        self, address, out_buffer, in_buffer, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        place = out_buffer[out_start]
        end = len(in_buffer) if in_end is None else in_end
        in_buffer[in_start:end] = self._of(address)[place : place + end - in_start]


class Line:
    """The carrier: a host at its other end, or a stranger. `flood()` gives what arrives in one step."""

    def __init__(self, host):
        self._host = host
        self._decoder = Decoder()
        self._sent = b""
        self._arrived = b""
        self.flood = None

    def poll(self, now_ms):
        return True

    def write(self, data):
        self._sent += data
        return True

    def exchange(self):
        """The host hears what was sent, and answers; a stranger says what he has made up."""
        arrived = b""
        for payload in self._decoder.feed(self._sent):
            message = self._host.accept(payload, 0)
            arrived += self._host.outgoing() or b""
            if message:
                arrived += self._host.seal(Resume(0, 1, 0, 0, 0) if isinstance(message, Report) else Ack(0))
        self._sent = b""
        if self.flood:
            arrived = self.flood() if len(self._arrived) < _WAITING else b""
        self._arrived += arrived

    def hurry(self, now_ms):
        """There is no pause to cut short."""

    def read_into(self, buffer):
        data = self._arrived[: len(buffer)]
        self._arrived = self._arrived[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


class Typist:
    """Scans the keypad as ever, and then hears what somebody types."""

    def __init__(self, keypad):
        self._keypad = keypad
        self.keys = ""

    def __getattr__(self, name):
        return getattr(self._keypad, name)

    def scan(self, now_ms):
        self._keypad.scan(now_ms)
        key, self.keys = self.keys[:1], self.keys[1:]
        return ord(key) if key else 0


class Hal:
    """Nothing is connected; time passes when it is told to."""

    calibrated = True

    def __init__(self, board):
        self.board = board
        self.ms = 0
        self.flash = Flash()
        format_journal(self.flash, 7)
        self.line = Line(HostSession(b"\x11" * 32, bytes(range(1, 9)), b"\xa1\xa2\xa3\xa4", self.entropy))

    def now_ms(self):
        return self.ms

    def entropy(self, count):
        return hmac_sha256(b"entropy", str(self.ms).encode())[:count]

    def output(self, number, level=1):
        return lambda *level: 1

    def input(self, number, pull):
        return lambda: 1

    open_drain = output

    def millivolts(self, number):
        return lambda: 3000

    def tone(self, number):
        return lambda hz: None

    def bus(self):
        return Bus()

    def journal(self):
        return self.flash

    def catalogue(self, language):
        return open("/".join(__file__.split("/")[:-4] + ["firmware/locker/texts", language + ".txt"]), "rb")

    def carrier(self, settings, draw):
        return self.line

    def one_shot(self, ms, action):
        pass

    def watchdog(self, timeout_ms):
        return lambda: None

    def reset_cause(self):
        return 1

    def scratch(self, data=None):
        return b""

    def uid(self):
        return bytes(6)

    def set_clock(self, seconds):
        pass


_last = [b"noise"]


def noise(size):
    """Other bytes each time."""
    _last[0] = hmac_sha256(b"noise", _last[0])
    return (_last[0] * 8)[:size]


def forged(kind, size):
    """A frame with a right check sum and the board's alias; `size` bytes behind it."""
    return encode(bytes((frame.VERSION << 4 | kind,)) + b"\xa1\xa2\xa3\xa4" + noise(size))


def full(frames):
    """Whole frames, and the beginning of one: 256 bytes."""
    line = b""
    while len(line) < 256:
        line += frames()
    return line[:256]


def quiet():
    return b""


def seals():
    """As many frames as fit: one of them costs a seal, the others a check sum."""
    return full(lambda: forged(frame.DATA, 17))


def long_seals():
    return full(lambda: forged(frame.DATA, 119))


def longest():
    return forged(frame.DATA, 247)


def welcomes():
    """Each seal is one under keys of its own."""
    return full(lambda: forged(frame.WELCOME, 24))


def long_welcomes():
    return full(lambda: forged(frame.WELCOME, 119))


def runs():
    return b"\1" * 255 + b"\0"


def short_frames():
    return b"\2\7\1\0" * 64


def delimiters():
    return bytes(256)


def garbage():
    return noise(256)


def step(hal, app):
    """One step of the app, counted, on a heap without garbage."""
    hal.line.exchange()
    gc.collect()
    gc.disable()
    app.step()
    gc.enable()
    hal.ms += 20


def measure(board, kind):
    hal = Hal(from_json(board))
    app = App(hal, identities.from_json(IDENTITY), {"serial": True})
    app._peripherals.keypad = Typist(app._peripherals.keypad)
    app.boot()
    greeting = "welcomes" in kind  # they matter only to a board that greets
    hal.line.flood = quiet if greeting else None
    for _ in range(SETTLED):
        hal.line.exchange()
        app.step()
        hal.ms += 20
    assert app._link._session.ready != greeting
    hal.line.flood = globals()[kind]
    app._peripherals.keypad.keys = TYPED
    for _ in range(STEPS):
        step(hal, app)


def main():
    with open(sys.argv[1]) as file:
        board = json.load(file)
    for kind in sys.argv[2:]:
        measure(board, kind)


main()
