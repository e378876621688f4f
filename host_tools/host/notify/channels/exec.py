"""The channel that is a program: it gets each letter as JSON on its standard input, and no shell is between.

exit 0      it has taken the letter; the first line of its output, if any, is its own id of it
exit 75     it could not for now (EX_TEMPFAIL of sysexits.h)
any other   it never will
"""

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from host_tools.errors import UserError
from host_tools.host.notify.notifier import HANDED_OVER, LATER, REFUSED, Channel, Message, Receipt, Setup

if TYPE_CHECKING:
    from pydantic import BaseModel

_TEMPORARY = 75
_REFERENCE_MAX = 128


class ExecChannel(Channel):
    """Starts a program for each letter."""

    by_option: ClassVar[bool] = False

    def __init__(self, settings: dict[str, Any]) -> None:
        """`settings` is what its table in channels.toml says."""
        self._command: list[str] = settings["command"]
        self.parallel = settings["parallel"]
        self._limit_s: float = settings["timeout_s"]
        self.timeout_s = self._limit_s + 5

    @classmethod
    def of(cls, setup: Setup) -> "ExecChannel":
        """From its table in channels.toml."""
        return cls(dict(setup.settings))

    @classmethod
    def model(cls) -> "type[BaseModel]":
        """Its table in channels.toml."""
        from host_tools.host.notify.channels.tables import Exec

        return Exec

    async def probe(self) -> str:
        """Looks at the program, and does not start it. Raises UserError."""
        program = self._command[0]
        if not os.path.isfile(program):
            raise UserError("the program is not there: mend `command` in channels.toml, or install it.")
        if not os.access(program, os.X_OK):
            raise UserError(f"the program may not be started by this user: `chmod +x {program}`.")
        return "the program is there and may be started"

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """One program after the other. Raises OSError when it cannot be started."""
        return {message.id: await self._run(message) for message in messages}

    async def _run(self, message: Message) -> Receipt:
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
        )
        try:
            async with asyncio.timeout(self._limit_s):
                said = await self._tell(process, message)
            async with asyncio.timeout(self._limit_s):
                code = await process.wait()
        except TimeoutError:
            return Receipt(LATER, reason=f"the program was killed after {self._limit_s:.0f} s")
        finally:
            # Also what it may have left behind.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if code == 0:
            return Receipt(HANDED_OVER, reference=said)
        if code == _TEMPORARY or code < 0:
            return Receipt(LATER, reason=f"the program ended with {code}")
        return Receipt(REFUSED, reason=f"the program ended with {code}")

    async def _tell(self, process: asyncio.subprocess.Process, message: Message) -> str:
        """Tells it the letter; the first line of what it says, the rest is let go."""
        if process.stdin is None or process.stdout is None:
            return ""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read
            process.stdin.write(json.dumps(message._asdict(), ensure_ascii=False).encode() + b"\n")
            await process.stdin.drain()
        process.stdin.close()
        said = b""
        while some := await process.stdout.read(4096):
            said = (said + some)[:4096]
        first = said.decode(errors="replace").partition("\n")[0].strip()
        return first[:_REFERENCE_MAX] if first.isprintable() else ""

    async def close(self) -> None:
        """Holds nothing."""
