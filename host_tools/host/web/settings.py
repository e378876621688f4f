"""What the web process is told when it begins, and what the server tells it as it goes on."""

import json
from typing import Any, NamedTuple, Self

#: Its lines on stdout: it listens, or something went wrong in it; questions.py has one more.
READY = b"ready"
FAULT = b"fault "
#: What a line of the server's begins with that says what it counts.
COUNTED = b"counted "


class Settings(NamedTuple):
    """Handed over as the first line on stdin. `names` are those by which browsers may call this host."""

    data: str  # the data folder
    descriptor: int  # of the listening socket, inherited
    server: str  # the id under which the server says in the ledger that it runs
    names: tuple[str, ...] = ()
    is_plain: bool = False  # browsers come without TLS also from elsewhere

    def line(self) -> bytes:
        """As it travels."""
        return json.dumps(self._asdict()).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        """What a line says. Raises ValueError for one that says nothing."""
        said: dict[str, Any] = json.loads(line)
        return cls(
            said["data"], said["descriptor"], said["server"], tuple(said["names"]), bool(said["is_plain"])
        )


class Counted(NamedTuple):
    """What the server counts in its memory since it began."""

    commits: int = 0  # transactions that took what boards have told
    strangers: dict[str, int] = {}
    handed_over: int = 0  # messages that channels have taken

    def line(self) -> bytes:
        """As it travels, a line each time."""
        return COUNTED + json.dumps(self._asdict()).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        """What a line says. Raises ValueError for one that says nothing."""
        said: dict[str, Any] = json.loads(line.removeprefix(COUNTED))
        strangers = {str(kind): int(n) for kind, n in said["strangers"].items()}
        return cls(int(said["commits"]), strangers, int(said["handed_over"]))
