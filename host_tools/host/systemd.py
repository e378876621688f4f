"""What a service manager is told of a server, by the protocol of sd_notify(3): one datagram for each state.

Without `$NOTIFY_SOCKET` nobody is told anything.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

READY, STOPPING, ALIVE = b"READY=1", b"STOPPING=1", b"WATCHDOG=1"


class Manager:
    """The service manager that `around`, the environment of this process, names."""

    def __init__(self, around: Mapping[str, str]) -> None:
        name = around.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        is_ours = around.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        timeout = around.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(timeout) / 1e6 if self._address and is_ours and timeout.isdigit() else None

    def tell(self, state: bytes) -> None:
        """Says one of the states. A manager that does not listen is not waited for."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(state, self._address)

    async def beat(self) -> None:
        """Says again and again that the loop goes on, where the manager wants to hear it; has no end."""
        if self.watchdog_s is None:
            await asyncio.Event().wait()
            return
        while True:
            self.tell(ALIVE)
            await asyncio.sleep(self.watchdog_s / 3)
