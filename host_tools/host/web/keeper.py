"""The server's end of the web process: it has the address, begins the process, and begins it again when it
ended.

The process ends with the server in whatever way that ends: its stdin is a pipe which nobody else holds, and
the end of that is the end of it. Through the same pipe it is told what the server counts.
"""

import asyncio
import contextlib
import ipaddress
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from host_tools.errors import UserError
from host_tools.host.notify.log import Emit, Occurrence
from host_tools.host.web.settings import FAULT, READY, Counted, Settings

_TELL_S = 2.0  # how often it is told what the server counts
_END_S = 3.0  # after which one that was asked to end is ended
_PAUSE_FIRST_S, _PAUSE_MAX_S = 1.0, 60.0
_STEADY_S = 60.0  # one that ran so long is begun again at once when it ends
_FAULTS_MAX = 20  # of one process; one fault more says nothing new
_DETAIL_MAX = 200
_SECRETS = ("ANSIM_PASSPHRASE", "ANSIM_PASSPHRASE_FILE")  # which a process without the key needs not


class Web(NamedTuple):
    """What `ansim serve` was asked for: where to listen, the names of this host that browsers may use,
    and whether plain HTTP may leave this machine.
    """

    address: str
    port: int  # 0: any free one
    names: Sequence[str] = ()
    is_insecure: bool = False


def bind(web: Web) -> socket.socket:
    """The listening socket for the pages.

    Raises UserError when the address cannot be had, or would let plain HTTP leave this machine.
    """
    try:
        found = socket.getaddrinfo(web.address, web.port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(found[4][:2], family=found[0], backlog=128)
    except OSError as error:
        reason = (error.strerror or "it is not an address of this machine").lower()
        raise UserError(
            f"The pages cannot listen on {web.address}:{web.port} ({reason}): stop the other program, "
            "or choose another address with --web."
        ) from error
    if not (web.is_insecure or ipaddress.ip_address(listening.getsockname()[0]).is_loopback):
        listening.close()
        raise UserError(
            f"Plain HTTP on {web.address} could be read on its way: listen on 127.0.0.1 behind a proxy "
            "that speaks TLS, or say --web-insecure.",
            2,
        )
    return listening


@contextlib.contextmanager
def kept(web: Web, data: Path, server: str, tell: Emit, counted: Callable[[], Counted]) -> Iterator["Keeper"]:
    """What has the web process run, with its listening socket; for the ledger of a data folder and the
    server of that id. Raises UserError as `bind`.
    """
    with bind(web) as listening:
        yield Keeper(
            listening, Settings(str(data), listening.fileno(), server, tuple(web.names)), tell, counted
        )


class Keeper:
    """Has the web process run on a listening socket. `settings` are its own, `counted` gives what the
    server counts.
    """

    def __init__(
        self, listening: socket.socket, settings: Settings, tell: Emit, counted: Callable[[], Counted]
    ) -> None:
        self._socket = listening
        self._settings = settings
        self._tell = tell
        self._counted = counted

    async def keep(self) -> None:
        """Has the process run, without an end; one that ended is begun again, later each time."""
        pause_s = _PAUSE_FIRST_S
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            why = await self._run()
            if loop.time() - began_s >= _STEADY_S:
                pause_s = _PAUSE_FIRST_S
            self._tell(Occurrence("web ended", detail=f"{why}; it begins again in {pause_s:.0f} s"))
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _PAUSE_MAX_S)

    async def _run(self) -> str:
        """Runs the process once; why it ended."""
        around = {name: value for name, value in os.environ.items() if name not in _SECRETS}
        command = [sys.executable, "-m", "host_tools.host.web"]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=around,
                pass_fds=(self._socket.fileno(),),
                start_new_session=True,  # Ctrl-C at the terminal is the server's to act on
            )
        except OSError as error:
            return f"it could not be begun ({error.strerror})"
        stdin, hearing = process.stdin, asyncio.ensure_future(self._hear(process.stdout))
        try:
            await self._tell_on(process, stdin)
        finally:
            await _end(process, stdin)
            hearing.cancel()
        return f"it ended with {process.returncode}"

    async def _tell_on(self, process: Process, stdin: asyncio.StreamWriter | None) -> None:
        """Tells it what it needs, and on, until it has ended. One that does not read is told no more."""
        if stdin is not None:
            stdin.write(self._settings.line())
        while process.returncode is None:
            if stdin is not None and not stdin.transport.get_write_buffer_size():
                stdin.write(self._counted().line())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TELL_S):
                    await process.wait()

    async def _hear(self, stdout: asyncio.StreamReader | None) -> None:
        """Tells on what it says: that it listens, and its faults."""
        faults = 0
        while stdout is not None and (line := await stdout.readline()):
            if line.startswith(READY):
                address, port = self._socket.getsockname()[:2]
                shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
                self._tell(Occurrence("web listening", detail=shown, address=address, port=port))
            elif line.startswith(FAULT) and faults < _FAULTS_MAX:
                faults += 1
                detail = line.removeprefix(FAULT).decode(errors="replace").strip()[:_DETAIL_MAX]
                self._tell(Occurrence("fault", detail=f"{detail}, in the web process"))


async def _end(process: Process, stdin: asyncio.StreamWriter | None) -> None:
    """Asks it to end, and ends it when it does not."""
    if stdin is not None:
        stdin.close()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
