"""The help button of the cabinet."""

from locker.drivers.debounce import Debounced


class Bell(Debounced):
    """A button that pulls its pin low while it is pressed.

    A button already held when the board starts counts as a new press: a call for help may not be lost in a power cut.
    """

    def __init__(self, pin, debounce_ms: int = 50) -> None:
        Debounced.__init__(self, pin, 0, debounce_ms)
        self.state = False

    def poll(self, now_ms: int) -> bool:
        """True once for every new press; the release is silent."""
        return Debounced.poll(self, now_ms) and self.state
