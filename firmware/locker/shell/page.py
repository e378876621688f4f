"""What the screen shows, in the language of whoever stands there, and that it keeps showing it."""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import texts
from locker.shell.catalogue import rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.core.effects import Show
    from locker.drivers.screen import Screen
    from locker.hal.seam import Hal

_NEXT_LANGUAGE = const(65)  # the key A
_CHOICE_ROW = const(3)  # of the welcome
_NEXT_ROW = const(
    4
)  # the fifth, never displayed: the next language, which host_tools/bundle/texts.py wrote there
_REST = (texts.WELCOME, texts.OFFLINE)  # what may be shown for long while nobody is there
_VISIT_MS = const(20000)  # without a key, back at the welcome: whoever chose the language has gone
_REPAINT_MS = const(60000)
_AGAIN_MS = const(500)  # from one try at a screen that does not answer to the next
_BLANK_MAX = const(4)  # such tries, from which on it is told


class Page:
    """`screen` is the driver or None, `network` the object of network.json;
    `fail(part)` is told of a screen that does not answer.
    """

    def __init__(
        self, hal: "Hal", screen: "Screen | None", network: "dict[str, Any]", fail: "Callable[[int], None]"
    ) -> None:
        self._hal = hal
        self._screen = screen
        self._fail = fail
        self._own_language = self._language = network.get("language", "en")
        self._help_number = network.get("help", "")
        self._has_choice = chr(_NEXT_LANGUAGE) in hal.board.keypad.keys
        self._shown: "Show" = None  # pyright: ignore[reportAttributeAccessIssue] - until the first one
        self._painted_ms = self._paint_ms = 0
        self._blank = 0  # tries in a row at a screen that does not answer

    def show(self, effect: "Show") -> None:
        """Shows a text in the visitor's language;
        the welcome offers the next one where there is a key for it.
        """
        if not self._shown or effect.text != self._shown.text:
            self.repaint(self._hal.now_ms())
        self._shown = effect
        if self._screen:
            lines = rows(self._hal, self._language, effect.text, effect.arguments, self._help_number)
            if effect.text == texts.WELCOME and not self._has_choice:
                lines = lines[:_CHOICE_ROW]
            self._screen.show(lines)

    def press(self, key: int) -> None:
        """One key, the letter A, leads to the next language."""
        if key == _NEXT_LANGUAGE:
            found = rows(self._hal, self._language, texts.WELCOME, (), "")[_NEXT_ROW:]
            self._speak(found[0] if found else "en")  # a damaged catalogue keeps nobody from another

    def _speak(self, language: str) -> None:
        """Says the same in another language, and goes on in it."""
        self._language = language
        self.show(self._shown)

    def repaint(self, now_ms: int) -> None:
        """Sets the screen up again, for a spark may have garbled it:
        after a pulse, with a new text, each minute while nobody types.
        """
        self._painted_ms = now_ms
        if self._screen:
            self._screen.restart()

    def step(self, now_ms: int, key_ms: int, quiet: bool) -> None:
        """Sends the next line.

        `key_ms`: when a key was pressed last; `quiet`: nobody types, and no lock is at work.
        """
        if (
            self._language != self._own_language
            and self._shown.text in _REST
            and now_ms - key_ms >= _VISIT_MS
        ):
            self._speak(self._own_language)
        if quiet and now_ms - self._painted_ms >= _REPAINT_MS:
            self.repaint(now_ms)
        if self._screen and now_ms >= self._paint_ms:
            try:
                self._screen.step()
                self._blank = 0
            except Exception:  # a screen that does not answer costs its picture and nothing else
                self._paint_ms = now_ms + _AGAIN_MS
                self._blank += 1
                if self._blank >= _BLANK_MAX:
                    self._fail(records.SCREEN)
