"""CircuitPython's pins of an untouched keypad."""


class Direction:
    INPUT = 0
    OUTPUT = 1


class Pull:
    UP = 0


class DigitalInOut:
    direction = 0
    pull = 0

    @property
    def value(self):
        return True

    @value.setter
    def value(self, level):
        pass
