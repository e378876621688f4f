"""Hands from outside: a socket beside the port on which a person or a script acts on the simulated cabinet.

One JSON object a line each way. `{"act": "put", "arguments": [7]}` is answered when it is done in the
cabinet's own time: `{"done": time in ms}`, or `{"error": sentence}`. `{"act": "state"}` is answered with the
state of the world, `{"act": "follow"}` with one state now and one after each change, until the asker leaves.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.simulator.virtual_board.finger import Finger
from host_tools.simulator.world import World

_LINE_BYTES_MAX = 4096
_QUEUE_BYTES_MAX = 1 << 20
_FRAME_US = 50_000  # followers see the world at most 20 times a second

#: What hands can do, and the kinds of its arguments.
ACTS: dict[str, tuple[type, ...]] = {
    "keys": (str,),
    "press": (str, int),
    "put": (int,),
    "take": (int,),
    "open": (int,),
    "push": (int,),
    "close": (int,),
    "force": (int,),
    "block": (int,),
    "unblock": (int,),
    "bell": (),
    "tamper": (bool,),
    "dark": (bool,),
    "power": (str,),
    "supply": (int,),
    "fault": (str,),
    "clear": (str,),
}


def socket_path(port: Path) -> Path:
    """The control socket beside a port."""
    return port.with_name(port.name + ".hands")


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for a socket's path that is short enough (108 bytes, unix(7)) however deep its folder."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class ControlSocket:
    """Listens for hands.

    `register(file, action)` and `unregister(file)` of the owner's loop tell it when to look.
    """

    def __init__(
        self,
        port: Path,
        world: World,
        register: Callable[[Any, Callable[[], object]], None],
        unregister: Callable[[Any], None],
    ) -> None:
        self._path = socket_path(port)
        self._world = world
        self._register = register
        self._unregister = unregister
        self._finger = Finger(world)
        self._visitors: set[_Visitor] = set()
        self._followers: list[_Visitor] = []
        self._frame_due = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._path.unlink(missing_ok=True)  # the port's lock is ours: whoever left it is gone
        try:
            with _short(self._path) as name:
                self._listener.bind(name)
            self._path.chmod(0o600)
            self._listener.listen()
        except OSError as error:
            self._listener.close()
            raise UserError(f"Cannot make the control socket {self._path}: {error.strerror}.") from error
        register(self._listener, self._accept)
        world.trace.listeners.append(lambda _entry: self._changed())

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        visitor = _Visitor(connection)
        self._visitors.add(visitor)
        self._register(connection, lambda: self._hear(visitor))

    def _hear(self, visitor: "_Visitor") -> None:
        lines = visitor.lines()
        if lines is None:
            self._part(visitor)
            return
        for line in lines:
            self._answer(visitor, line)

    def _part(self, visitor: "_Visitor") -> None:
        if visitor in self._visitors:
            self._visitors.discard(visitor)
            self._followers = [other for other in self._followers if other is not visitor]
            self._unregister(visitor.connection)
            visitor.connection.close()

    def _answer(self, visitor: "_Visitor", line: bytes) -> None:
        try:
            asked = json.loads(line)
            act, arguments = asked["act"], asked.get("arguments", [])
        except (ValueError, TypeError, KeyError, AttributeError):
            visitor.say({"error": "that is no act: send a JSON object with act and arguments"})
            return
        if act == "state":
            visitor.say(self._world.state())
        elif act == "follow":
            self._followers.append(visitor)
            visitor.say(self._world.state())
        else:
            self._act(visitor, act, arguments)

    def _act(self, visitor: "_Visitor", act: str, arguments: list[Any]) -> None:
        kinds = ACTS.get(act)
        if kinds is None or [type(argument) for argument in arguments] != list(kinds):
            visitor.say(
                {
                    "error": f"{act!r} is nothing that hands do"
                    if kinds is None
                    else f"{act} takes {len(kinds)} other arguments"
                }
            )
            return
        try:
            if act == "keys":
                self._finger.type(arguments[0], lambda: self._done(visitor))
                return
            done_us = getattr(self._world.hands, act)(*arguments)
        except ValueError as error:
            visitor.say({"error": str(error)})
            return
        # The act is done when the world has lived through its last instant.
        self._world.clock.at(done_us, lambda: self._done(visitor))

    def _done(self, visitor: "_Visitor") -> None:
        visitor.say({"done": self._world.clock.now_ms()})

    def _changed(self) -> None:
        if self._followers and not self._frame_due:
            self._frame_due = True
            clock = self._world.clock
            clock.at(clock.now_us() + _FRAME_US, self._draw)

    def _draw(self) -> None:
        self._frame_due = False
        state = self._world.state()
        for follower in list(self._followers):
            if not follower.say(state):
                self._part(follower)

    def close(self) -> None:
        for visitor in list(self._visitors):
            self._part(visitor)
        self._unregister(self._listener)
        self._listener.close()
        self._path.unlink(missing_ok=True)


class _Visitor:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._heard = b""
        self._unsent = b""

    def lines(self) -> list[bytes] | None:
        """The whole lines that have arrived; None when the other side has left or does not speak in lines."""
        try:
            data = self.connection.recv(_LINE_BYTES_MAX)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data or len(self._heard) > _LINE_BYTES_MAX:
            return None
        *lines, self._heard = (self._heard + data).split(b"\n")
        return lines

    def say(self, answer: dict[str, Any]) -> bool:
        """False when the other side has left or does not keep up."""
        self._unsent += json.dumps(answer).encode() + b"\n"
        try:
            sent = self.connection.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            return False
        self._unsent = self._unsent[sent:]
        return len(self._unsent) < _QUEUE_BYTES_MAX


class HandsClient:
    """The other end: acts on the cabinet of the virtual board at a port. A UserError when none runs there."""

    def __init__(self, port: Path) -> None:
        path = socket_path(port)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _short(path) as name:
                self._socket.connect(name)
        except OSError as error:
            self._socket.close()
            raise UserError(
                f"No virtual board runs at {port}: start one with ansim virtual --port {port}."
            ) from error
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "HandsClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, act: str, *arguments: object) -> dict[str, Any]:
        """One act; its answer when it is done. Raises UserError for what cannot be done."""
        self._socket.sendall(json.dumps({"act": act, "arguments": arguments}).encode() + b"\n")
        return self._next()

    def follow(self) -> Iterator[dict[str, Any]]:
        """The state of the world now and after each change."""
        yield self.ask("follow")
        while True:
            yield self._next()

    def _next(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except ConnectionError:
            line = b""
        if not line:
            raise UserError("The virtual board has ended.")
        answer = json.loads(line)
        if "error" in answer:
            raise UserError(answer["error"][0].upper() + answer["error"][1:] + ".")
        return answer
