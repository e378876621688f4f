"""A host of your own for one board: takes its events, prints them, and acknowledges them.

    pip install 'ansim[host]'
    mpremote fs cp :/identity.json identity.json
    python docs/examples/own_host.py identity.json 127.0.0.1:26746

It is for a board at a bench. It begins with nothing, so the board tells it all that its journal still has;
afterwards the board's own host refuses it, and `ansim link take-over` gives it back. docs/protocol.md says
what each message means, and what a host that serves people does beyond this.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path

from host_tools.host import kinds
from host_tools.link import messages
from host_tools.link.session import HostSession
from locker.contract import records
from locker.wire.frame import Decoder

TAG = 1  # of this host and this life of what it remembers


class Host:
    """One conversation with a board.

    `identity` is the object of its identity.json; `held` the last event number that is safe here.
    """

    def __init__(self, identity: dict, held: int = 0) -> None:
        secret, board_id, alias = (
            bytes.fromhex(identity[name]) for name in ("master_secret", "board_id", "alias")
        )
        self._session = HostSession(secret, board_id, alias, os.urandom)
        self._decoder = Decoder()
        self.held = held

    def heard(self, data: bytes) -> bytes:
        """Takes bytes from the line; the bytes to be sent."""
        answer = b""
        for payload in self._decoder.feed(data):
            message = self._session.accept(payload, time.monotonic_ns() // 1_000_000)
            if isinstance(message, messages.Events):
                self._take(message)
            if isinstance(message, messages.Report):  # the board goes on behind what this host holds
                answer += self._session.seal(
                    messages.Resume(self.held, TAG, 0, message.uptime, int(time.time()))
                )
            elif isinstance(message, messages.Events | messages.Status):
                answer += self._session.seal(messages.Ack(self.held))
            answer += self._session.outgoing() or b""  # of the handshake
        return answer

    def _take(self, message: messages.Events) -> None:
        for record in map(records.unpack, message.records):
            if record.number == self.held + 1:  # a host that serves people writes it to its database first
                self.held = record.number
                door = f"door {record.door:02}" if record.door else "cabinet"
                print(
                    f"{record.number:6}  {door}  {kinds.name_of(record)}: {kinds.in_words(record)}",
                    flush=True,
                )


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("Usage: python docs/examples/own_host.py identity.json 127.0.0.1:26746")
    identity = json.loads(Path(sys.argv[1]).read_text())
    address, _, port = sys.argv[2].rpartition(":")
    with socket.create_server((address, int(port))) as listener:
        held = 0
        while True:
            line, _ = listener.accept()
            host = Host(identity, held)
            with line:
                while data := line.recv(4096):
                    line.sendall(host.heard(data))
            held = host.held


if __name__ == "__main__":
    main()
