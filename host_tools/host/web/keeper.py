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
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from host_tools.errors import UserError
from host_tools.host.notify.faults import Faults
from host_tools.host.notify.log import Emit, Occurrence
from host_tools.host.web.questions import ASK, BUSY, WAITING_MAX, Answer, Question
from host_tools.host.web.settings import FAULT, READY, Counted, Settings

_TELL_S = 2.0  # how often it is told what the server counts
_END_S = 3.0  # after which one that was asked to end is ended
_PAUSE_FIRST_S, _PAUSE_MAX_S = 1.0, 60.0
_STEADY_S = 60.0  # one that ran so long is begun again at once when it ends
_FAULTS_MAX = 20  # of one process; one fault more says nothing new
_DETAIL_MAX = 200
_SECRETS = ("ANSIM_PASSPHRASE", "ANSIM_PASSPHRASE_FILE")  # which a process without the key needs not


#: Finds what a question asks for: its name and what it is handed give facts. Raises UserError.
Find = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


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
def kept(
    web: Web, data: Path, server: str, tell: Emit, counted: Callable[[], Counted], find: Find
) -> Iterator["Keeper"]:
    """What has the web process run, with its listening socket; for the ledger of a data folder and the
    server of that id, whose answers `find` finds. Raises UserError as `bind`.
    """
    with bind(web) as listening, ThreadPoolExecutor(1, "answers") as thread:
        settings = Settings(str(data), listening.fileno(), server, tuple(web.names), web.is_insecure)
        yield Keeper(listening, settings, tell, counted, partial(_found, thread, find))


async def _found(thread: ThreadPoolExecutor, find: Find, question: Question) -> Answer:
    """The answer to a question; what is wrong in finding it is a fault, told by whoever asked for it."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(thread, find, question.what, question.given)
    except UserError as refused:
        return Answer(question.number, None, str(refused), refused.code)
    return Answer(question.number, dict(found))


class Keeper:
    """Has the web process run on a listening socket. `settings` are its own, `counted` gives what the
    server counts, `answer` answers what it asks.
    """

    def __init__(
        self,
        listening: socket.socket,
        settings: Settings,
        tell: Emit,
        counted: Callable[[], Counted],
        answer: Callable[[Question], Awaitable[Answer]],
    ) -> None:
        self._answer = answer
        self._answering: set[asyncio.Task[None]] = set()
        self._socket = listening
        self._settings = settings
        self._tell = tell
        self._counted = counted
        self._faults = Faults(tell)

    @property
    def base(self) -> str:
        """What links to the pages begin with: by the first name of this host, over TLS, or as it is where
        that name is this machine's own for itself; empty without a name.
        """
        if not self._settings.names:
            return ""
        name = self._settings.names[0]
        return f"http://{name}:{self._socket.getsockname()[1]}" if _is_here(name) else f"https://{name}"

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
        stdin, hearing = process.stdin, asyncio.ensure_future(self._hear(process.stdout, process.stdin))
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

    async def _hear(self, stdout: asyncio.StreamReader | None, stdin: asyncio.StreamWriter | None) -> None:
        """Tells on what it says, that it listens and its faults; answers what it asks."""
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
            elif line.startswith(ASK) and stdin is not None:
                self._take(line, stdin)

    def _take(self, line: bytes, stdin: asyncio.StreamWriter) -> None:
        """Has a question answered in its turn; one beyond WAITING_MAX is refused at once."""
        try:
            question = Question.of(line)
        except (ValueError, LookupError, TypeError):
            return
        if len(self._answering) >= WAITING_MAX:
            stdin.write(Answer(question.number, None, BUSY).line())
            return
        task = asyncio.ensure_future(self._give(question, stdin))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _give(self, question: Question, stdin: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(question)
        except Exception as error:  # no question ends the service
            self._faults.tell(error)
            answer = Answer(question.number, None, BUSY, "failed")
        if not stdin.is_closing():
            stdin.write(answer.line())


def _is_here(name: str) -> bool:
    """Whether a name leads to this machine wherever it is used: nothing leaves it, so there is no TLS."""
    try:
        return ipaddress.IPv4Address(name).is_loopback
    except ValueError:
        return name == "localhost"


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
