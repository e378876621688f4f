"""machine.RTC."""

import _chip
from micropython import const

_RTC_GET = const(20)
_RTC_SET = const(21)
_RTC_MEMORY = const(27)


class RTC:
    """The calendar clock; it outlives every reset, but not a power cut."""

    def __init__(self, id=0):
        pass

    def datetime(self, fields=None):
        import time

        if fields is None:
            us = int.from_bytes(_chip.ask(bytes((_RTC_GET,)), bytearray(9))[1:], "little")
            year, month, day, hour, minute, second, weekday = time.gmtime(us // 1000000)[:7]
            return (year, month, day, weekday, hour, minute, second, us % 1000000)
        year, month, day, _, hour, minute, second, us = fields
        us += 1000000 * time.mktime((year, month, day, hour, minute, second, 0, 0))
        _chip.send(bytes((_RTC_SET,)) + us.to_bytes(8, "little"))

    init = datetime

    def memory(self, data=None):
        """Up to 2048 bytes that outlive resets and deep sleep."""
        if data is None:
            answer = _chip.ask(bytes((_RTC_MEMORY,)), bytearray(2051))
            return bytes(answer[3 : 3 + (answer[1] | answer[2] << 8)])
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _chip.send(bytes((_RTC_MEMORY, 1)) + data)
