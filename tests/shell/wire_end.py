"""The board's carrier in memory, with a host at its other end."""

from pair import ALIAS, BOARD_ID, MASTER_SECRET, Entropy

from host_tools.link.session import HostSession
from locker.wire.frame import Decoder


class WireEnd:
    """What a Link asks of its carrier.

    A test's own `write(data)` takes what the board sends, and puts answers into `waiting`.
    """

    def __init__(self):
        self.host = HostSession(MASTER_SECRET, BOARD_ID, ALIAS, Entropy(b"host"))
        self.decoder = Decoder()
        self.waiting = b""
        self.up = True

    def poll(self, now_ms):
        return self.up

    def hurry(self, now_ms):
        """There is no pause to cut short."""

    def read_into(self, buffer):
        count = min(len(buffer), len(self.waiting))
        buffer[:count] = self.waiting[:count]
        self.waiting = self.waiting[count:]
        return count
