"""Parts of the console that change while they are looked at: drawn once for all who see the same.

A drawn part is of a set of rights and a language. It holds nothing of a session but two things, filled in for
each: the token of its forms, which FORM stands for, and whether what somebody has taken is one's own.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from host_tools.host.ledger.ledger import Ledger
from host_tools.host.web.look.views import Reader

#: Stands for the token of a session in what is drawn. Nobody's word can hold it: it is drawn by lot.
FORM = f"form-{secrets.token_hex(16)}"


class Piece(NamedTuple):
    """A piece of a part. `mine` is the same for its `holder`, who has taken what it shows."""

    text: str
    holder: str = ""
    mine: str = ""


class Drawn:
    """A part as it is shown. `calls` names what makes a sound, anew when it happens again; `silent` the
    silent alarms in it, of which it is noted who was shown them.
    """

    def __init__(
        self, name: str, pieces: Sequence[Piece], calls: Sequence[str] = (), silent: Sequence[Any] = ()
    ) -> None:
        self.name, self._pieces, self._calls, self.silent = name, pieces, tuple(calls), tuple(silent)
        self._holders = frozenset(piece.holder for piece in pieces if piece.holder)
        self._frames: dict[str, str] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Drawn) and self._said == other._said

    __hash__ = None  # type: ignore[assignment]

    @property
    def _said(self) -> tuple[Any, ...]:
        return self.name, self._pieces, self._calls

    def html(self, me: str, form: str) -> Markup:
        """For whoever is called `me`, with the token of that session's forms."""
        return Markup(self._text(me).replace(FORM, form))

    def frame(self, me: str, form: str) -> bytes:
        """The same as an event of a stream (WHATWG HTML, 9.2)."""
        who = me if me in self._holders else ""
        if who not in self._frames:
            said = {"part": self.name.partition(":")[0], "html": self._text(me), "calls": self._calls}
            self._frames[who] = f"event: part\ndata: {json.dumps(said, ensure_ascii=False)}\n\n"
        return self._frames[who].replace(FORM, form).encode()

    def _text(self, me: str) -> str:
        return "".join(
            piece.mine if piece.holder and piece.holder == me else piece.text for piece in self._pieces
        )


class Part(NamedTuple):
    """A part by its name; what stands behind a colon says of what it is. `look` finds its facts, for whoever
    acts on the ledger, at a time (ms since 1970); equal facts are drawn alike. It is looked at when something
    has changed, and each `every_s` at least.
    """

    name: str
    look: Callable[[Ledger, int], Any]
    draw: Callable[[Any, Reader, frozenset[str]], Drawn]  # facts, reader, roles
    every_s: float = 2.0
