"""The contact of a door, of either polarity: is the door closed?"""

from locker.drivers.debounce import Debounced


class Contact(Debounced):
    """A switch that a closed door holds at `closed_level` (0 or 1).

    Make it when its pin can be read: for a pin of an expander that is after the expander's `start()`.
    """

    def __init__(self, pin, closed_level: int, debounce_ms: int = 30) -> None:
        Debounced.__init__(self, pin, closed_level, debounce_ms)

    @property
    def closed(self) -> bool:
        """The debounced state; `poll(now_ms)` says when it has changed."""
        return self.state
