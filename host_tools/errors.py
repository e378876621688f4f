"""What a person can do something about: one sentence, and how the command ends."""

import errno
import re
from collections.abc import Sequence

#: What the operating system says when a disk has no room for more.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CODES = {1: "failed", 2: "usage", 130: "interrupted"}
_OPENING_QUOTE = re.compile(r"(?:^|\s)'")
_CLOSING_QUOTE = re.compile(r"'(?=[\s:;,.)]|$)")


class UserError(Exception):
    """One clear sentence: what is wrong and what to do. Never holds a secret, a code or personal data.

    `exit_code` is 1 (it failed), 2 (it was asked for in a way that cannot work) or 130 (Ctrl-C left something
    that must be said). Under --json programs read the same as `code` (one of docs/json.md), `message` and
    `hint`. The hint is what comes behind the first colon; where that is something else it is given (`hint`,
    the end of the sentence or ""). `problems` are several things that are wrong, a sentence each. `page` is
    the key by which pages say the same in their languages (`refusals` in host/web/look/languages).
    """

    def __init__(
        self,
        sentence: str,
        exit_code: int = 1,
        *,
        code: str = "",
        hint: str | None = None,
        problems: Sequence[str] = (),
        page: str = "",
    ) -> None:
        super().__init__("\n".join((sentence, *problems)))
        self.lines = (sentence, *problems)  # as people read it
        self.problems = tuple(problems)
        self.exit_code = exit_code
        self.code = code or _CODES[exit_code]
        self.page = page or self.code
        self.message, self.hint = (
            _parts(sentence) if hint is None else (sentence.removesuffix(hint).rstrip(": "), hint)
        )

    def as_json(self) -> dict[str, object]:
        """What programs read under the key `error`."""
        told: dict[str, object] = {"code": self.code, "message": self.message, "hint": self.hint}
        return told | {"problems": list(self.problems)} if self.problems else told


def refused(sentence: str, page: str) -> UserError:
    """What was asked for in a way that cannot work, with the key of the words that pages have for it."""
    return UserError(sentence, 2, page=page)


def _parts(sentence: str) -> tuple[str, str]:
    """A sentence before and behind the first colon that is not in brackets,
    quotes or back-ticks and is followed by a small letter.
    """
    at = sentence.find(": ")
    while at > 0:
        message, hint = sentence[:at], sentence[at + 2 :]
        is_whole = message.count("(") == message.count(")") and message.count("`") % 2 == 0
        is_said = len(_OPENING_QUOTE.findall(message)) == len(_CLOSING_QUOTE.findall(message))
        if is_whole and is_said and (hint[:1].islower() or hint[:1] in ("`", "$")):
            return message, hint
        at = sentence.find(": ", at + 1)
    return sentence, ""
