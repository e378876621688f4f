"""machine.ADC."""

import _chip
from machine import pin_number
from micropython import const

_ADC = const(7)


class ADC:
    """An analogue input."""

    ATTN_0DB = const(0)
    ATTN_2_5DB = const(1)
    ATTN_6DB = const(2)
    ATTN_11DB = const(3)
    WIDTH_12BIT = const(12)

    def __init__(self, pin, *, atten=0):
        self._pin = pin_number(pin)
        self.atten(atten)

    init = atten = lambda self, atten=0: None

    def width(self, bits):
        pass

    def read_uv(self):
        answer = _chip.ask(bytes((_ADC, self._pin)), bytearray(4))
        return 1000 * (answer[1] | answer[2] << 8 | answer[3] << 16)

    def read_u16(self):
        return min(65535, self.read_uv() * 65535 // 3300000)

    def read(self):
        return self.read_u16() >> 4
