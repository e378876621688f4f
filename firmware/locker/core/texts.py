"""The numbers of what the screen says.

The words are in the catalogues of locker/texts, a line each in the order of the numbers.

A text has at most 4 rows of 20 characters, `|` between them; no blame, the next step always stated. No code
and no name is ever shown. `@` becomes the help number; where none was provisioned its row is left out. The
fourth row of the welcome is what the catalogue's own language is called: a board shows what the next one is.
"""

from locker.compat import const

WELCOME = const(0)
ENTRY = const(1)
UNKNOWN = const(2)
LENGTH = const(3)
ALL_DIGITS = const(4)
USED = const(5)
SIZES = const(6)
LARGER = const(7)
NO_SIZE = const(8)
FULL = const(9)
PUT = const(10)
PUSH = const(11)
CLOSE = const(12)
NO_PARCEL = const(13)
CHANGE = const(14)
STUCK = const(15)
DEPOSITED = const(16)
RECEIPT = const(17)
TAKE = const(18)
COLLECTED = const(19)
STILL_INSIDE = const(20)
JAMMED = const(21)
BELL = const(22)
OFFLINE = const(23)
WAIT = const(24)
CONFIRM = const(25)
SERVICE = const(26)
TESTED = const(27)
NOT_TESTED = const(28)
ANSWERED = const(29)
HELP = const(30)
HELP_NUMBER = const(31)
RESUMED = const(32)
OLD_TICKET = const(33)
KEYS_LEFT_OUT = const(34)
CODE_SPENT = const(35)
NO_PARCEL_AGAIN = const(36)
