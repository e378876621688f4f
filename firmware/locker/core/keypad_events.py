"""Every event of the keypad's table in core.keypad:
what is pressed, what happens to the visit, and that time is up.

They are 16 apart, so that MODE | EVENT is one number.
"""

from locker.compat import const

DIGIT = const(0x00)
HASH = const(0x10)
STAR = const(0x20)
TIMEOUT = const(0x30)
GOOD_TICKET = const(0x40)
FOUND = const(0x50)  # a door for the parcel
LARGER = const(0x60)  # only a larger door than asked for
STUCK = const(0x70)
SHUT_EMPTY = const(0x80)
DONE = const(0x90)  # nothing more to ask the courier
CONFIRM = const(0xA0)
TYPED = const(0xB0)  # somebody's number has begun
SLOW = const(0xC0)
