"""The lamp of the cabinet."""


class Lamp:
    """A light behind a pin: 1 is on. Dark from the start."""

    def __init__(self, pin) -> None:
        self._pin = pin
        pin(0)

    def on(self, lit: bool) -> None:
        """Switches the lamp; doing it twice does no harm."""
        self._pin(1 if lit else 0)
