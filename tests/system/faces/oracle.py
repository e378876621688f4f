"""What pages have shown, held against what was: every text of every page, from when on it stood there until
when, and the simulator's own account of its doors, things and screen.

A page may say a thing only when it has happened, and no oftener than it has; what it says of a door that is
live may be old by LAG_MS. A page that says itself that it knows nothing (the host is gone) is believed.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from playwright.sync_api import Page

from host_tools.host.web.look.words import languages

LAG_MS = 5_000  # of what is live, on a machine with other work
SLACK_MS = 300  # between the clocks of a browser and of this process's looks at the cabinet

_LISTENS = """(() => {
  let last = "";
  const tell = () => {
    if (!document.body) return;
    const doors = [...document.querySelectorAll("[data-cabinet] .doors [data-door]")].map((one) => [
      +one.closest("[data-cabinet]").dataset.cabinet, +one.dataset.door, one.dataset.word]);
    const seen = { path: location.pathname, text: document.body.innerText, doors,
      gone: document.body.classList.contains("is-gone") };
    const said = JSON.stringify(seen);
    if (said === last) return;
    last = said;
    window.shows({ ...seen, ms: Date.now() }).catch(() => {});
  };
  new MutationObserver(tell).observe(document, { subtree: true, childList: true, attributes: true,
    characterData: true });
})();"""


class Shown(NamedTuple):
    """What a page showed, from `ms` on."""

    page: int
    ms: int
    path: str
    text: str
    doors: Sequence[tuple[int, int, str]]  # cabinet, door, word
    gone: bool = False


class Seen(NamedTuple):
    """What was to be seen at a cabinet, from `ms` on: `state` as the simulator tells it."""

    ms: int
    state: Mapping[str, Any]


class Oracle:
    """Collects what pages show; `seen` is of the real cabinet, which is number 1."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self._pages = 0

    def listens(self, page: Page) -> None:
        """To all that a page shows from its next one on."""
        self._pages += 1
        number = self._pages

        def shows(_source: Any, told: Mapping[str, Any]) -> None:
            doors = [(cabinet, door, word) for cabinet, door, word in told["doors"]]
            self.shown.append(Shown(number, told["ms"], told["path"], told["text"], doors, told["gone"]))

        page.expose_binding("shows", shows)
        page.add_init_script(_LISTENS)
        page.on("close", lambda _page: self._ends(number))

    def reads(self, page: Page) -> str:
        """The text of a page that runs no script."""
        self._pages += 1
        text = page.locator("body").inner_text()
        self.shown.append(Shown(self._pages, now_ms(), page.url, text, ()))
        self._ends(self._pages)
        return text

    def _ends(self, page: int) -> None:
        self.shown.append(Shown(page, now_ms(), "", "", ()))

    def spans(self) -> Iterator[tuple[Shown, int]]:
        """Each, and until when it stood there."""
        until: dict[int, int] = {}
        for one in reversed(self.shown):
            yield one, until.get(one.page, now_ms())
            until[one.page] = one.ms

    def lies(self, seen: Sequence[Seen]) -> list[str]:
        """What of all that was not so."""
        truth, found = Truth(seen), []
        for one, until_ms in self.spans():
            if not one.gone:
                found += [f"{one.path}: {lie}" for lie in _of_text(one, truth)]
                found += [f"{one.path}: {lie}" for lie in _of_doors(one, until_ms, truth)]
        return found


def now_ms() -> int:
    """As browsers tell it."""
    return time.time_ns() // 1_000_000


class Truth:
    """What happened at the cabinet."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        self.seen = seen

    def _doors(self, one: Seen) -> dict[int, Mapping[str, Any]]:
        return {door["number"]: door for door in one.state["doors"]}

    def times(self, what: Callable[[Mapping[str, Any]], bool], door: int, by_ms: int) -> int:
        """How often something began to be so of a door (0: of any), by then."""
        count = 0
        was: dict[int, bool] = {}
        for one in self.seen:
            if one.ms > by_ms + SLACK_MS:
                break
            for number, state in self._doors(one).items():
                count += what(state) and not was.get(number, False) and door in (0, number)
                was[number] = what(state)
        return count

    def lasted(
        self, what: Callable[[Mapping[str, Any]], bool], door: int, since_ms: int, until_ms: int
    ) -> int:
        """The longest that something was so of a door without a pause within that time, in ms."""
        longest, began = 0, None
        for one, after in zip(self.seen, [*self.seen[1:], None], strict=True):
            ends = min(until_ms, after.ms if after else until_ms)
            if ends <= since_ms:
                continue
            state = self._doors(one).get(door)
            if state is None or not what(state):
                began = None
                continue
            began = max(since_ms, one.ms) if began is None else began
            longest = max(longest, ends - began)
        return longest

    def was_on_screen(self, words: str, by_ms: int) -> bool:
        """Whether the cabinet's screen had shown these words by then."""
        screens = (" ".join(one.state["screen"] or []) for one in self.seen if one.ms <= by_ms + SLACK_MS)
        return any(words in " ".join(screen.split()) for screen in screens)


def is_open(door: Mapping[str, Any]) -> bool:
    return door["position"] != "shut"


def is_blocked(door: Mapping[str, Any]) -> bool:
    return bool(door["blocked"])


def is_full(door: Mapping[str, Any]) -> bool:
    return bool(door["parcel"])


def is_left_full(door: Mapping[str, Any]) -> bool:
    """A parcel lies behind its shut door."""
    return is_full(door) and not is_open(door)


def was_emptied(door: Mapping[str, Any]) -> bool:
    return not is_full(door)


#: By the keys of what pages say: what must have happened at the cabinet, as often as it is said.
_HAPPENED: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    ("story.door_opened", is_open),
    ("story.deposited", is_full),
    ("story.collected", was_emptied),
    ("story.door_jammed", is_blocked),
    ("resident.state.waiting", is_full),
    ("resident.state.collected", was_emptied),
    ("resident.story.opened", is_open),
    ("resident.story.opened_at_last", is_open),
    ("resident.story.stuck", is_blocked),
    ("resident.story.mended", is_open),
    ("resident.story.deposited", is_full),
)
_AT_FIRST = {was_emptied: 1}  # of each door it was so when the day began


def _of_text(one: Shown, truth: Truth) -> Iterator[str]:
    for words in languages().values():
        for key, what in _HAPPENED:
            said = sum(line.strip() == words(key) for line in one.text.splitlines())
            if said:
                doors = len(truth.seen[0].state["doors"]) if truth.seen else 0
                happened = truth.times(what, 0, one.ms) - doors * _AT_FIRST.get(what, 0)
                if said > happened:
                    yield f"{words(key)!r} {said} times, and it had happened {happened} times"
        if words("console.screen.shown") in one.text and not truth.was_on_screen("call was seen", one.ms):
            yield "the screen has answered, and it had not"


def _of_doors(one: Shown, until_ms: int, truth: Truth) -> Iterator[str]:
    its = [(door, word) for cabinet, door, word in one.doors if cabinet == 1]
    for door, word in its:
        wrong = {"free": is_left_full, "parcel": was_emptied, "out": is_open}.get(word)
        if word == "open" and not truth.times(is_open, door, one.ms):
            yield f"door {door} open before it moved"
        if word == "stuck" and not truth.times(is_blocked, door, one.ms):
            yield f"door {door} stuck, and nothing held it"
        if wrong is not None and (ms := truth.lasted(wrong, door, one.ms, until_ms)) > LAG_MS:
            yield f"door {door} {word!r} for {ms} ms, and it was not"
