"""The contact of a door, of either polarity: is the door closed?"""

from locker.drivers.debounce import Debounced


class Contact(Debounced):
    """`Contact(pin, closed_level, debounce_ms=30)`: a switch that a closed door holds at `closed_level` (0 or 1).

    Make it when its pin can be read: for a pin of an expander that is after the expander's `start()`.
    """

    @property
    def closed(self) -> bool:
        """The debounced state; `poll(now_ms)` says when it has changed."""
        return self.state
