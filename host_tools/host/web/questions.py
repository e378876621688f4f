"""What the web process asks of the server: the few things that take the host key, a line each way.

The server decides alone (host/answers.py): it believes nothing of the web process but what a token, a code or
a second factor proves.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from host_tools.errors import UserError

ASK = b"ask "  # begins a line of the web process
ANSWER = b"answer "  # and one of the server
WAITING_MAX = 64  # questions that wait for their answers, at both ends; more are refused at once
ANSWER_S = 5.0
BUSY = "This host is busy: try again in a moment."


class Question(NamedTuple):
    """One of them: `what` names a function of the server's, `given` is what it is handed."""

    number: int
    what: str
    given: dict[str, Any]

    def line(self) -> bytes:
        """As it travels."""
        return ASK + json.dumps(self._asdict()).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        """What a line says. Raises ValueError, LookupError or TypeError for one that says nothing."""
        said = json.loads(line.removeprefix(ASK))
        return cls(int(said["number"]), str(said["what"]), dict(said["given"]))


class Answer(NamedTuple):
    """What came of it: facts, or why not in one sentence for a person, with the code of that error."""

    number: int
    found: dict[str, Any] | None
    refused: str = ""
    code: str = ""

    def line(self) -> bytes:
        """As it travels."""
        return ANSWER + json.dumps(self._asdict()).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        """What a line says. Raises ValueError, LookupError or TypeError for one that says nothing."""
        said = json.loads(line.removeprefix(ANSWER))
        return cls(int(said["number"]), said["found"], str(said["refused"]), str(said["code"]))


class Questions:
    """The web process's end. `say` writes a line to the server; `hear` takes its lines, from any thread."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        self._say = say
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def ask(self, what: str, **given: Any) -> Mapping[str, Any]:
        """The facts that the server has found. Raises UserError with its sentence, also where it is busy."""
        if len(self._waiting) >= WAITING_MAX:
            raise UserError(BUSY)
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        self._waiting[number] = loop.create_future()
        try:
            self._say(Question(number, what, given).line())
            async with asyncio.timeout(ANSWER_S):
                answer = await self._waiting[number]
        except TimeoutError as error:
            raise UserError(BUSY) from error
        finally:
            del self._waiting[number]
        if answer.found is None:
            raise UserError(answer.refused, code=answer.code)
        return answer.found

    def hear(self, line: bytes) -> None:
        """Takes a line of the server's that begins with ANSWER; one that is late or no answer is nothing."""
        try:
            answer = Answer.of(line)
        except (ValueError, LookupError, TypeError):
            return
        waiting = self._waiting.get(answer.number)
        if waiting is not None:
            waiting.get_loop().call_soon_threadsafe(_settle, waiting, answer)


def _settle(waiting: asyncio.Future[Answer], answer: Answer) -> None:
    if not waiting.done():
        waiting.set_result(answer)
