"""A yes or no from a wire that chatters: believed once it has read the same at every poll for long enough."""


class Debounced:
    """`state` is the believed reading; the subclasses give it its name."""

    def __init__(self, read, level: int, debounce_ms: int = 30) -> None:
        """`read()` gives what is compared with `level`; the first reading is believed at once, since nothing older is known."""
        self._read = read
        self._level = level
        self._wait_ms = debounce_ms
        self._since = None  # when the reading began to differ from `state`
        self.state = self._sense()

    def _sense(self) -> bool:
        return self._read() == self._level

    def poll(self, now_ms: int) -> bool:
        """True when the believed reading has just changed. Allocates nothing."""
        if self._sense() == self.state:
            self._since = None
        elif self._since is None:
            self._since = now_ms
        elif now_ms - self._since >= self._wait_ms:
            self._since = None
            self.state = not self.state
            return True
        return False
