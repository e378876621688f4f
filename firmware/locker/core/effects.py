"""What the core wants done, in this order. Imperative; compared whole. A Record is durable before the effect behind it starts."""

from collections import namedtuple

from locker.compat import const

Record = namedtuple("Record", ("kind", "door", "a", "b"))  # see core.records
Spend = namedtuple("Spend", ("serial",))  # the ticket is used up, durable at once
Pulse = namedtuple("Pulse", ("door",))
Show = namedtuple("Show", ("text", "arguments"))  # a number of core.texts and what fills it
Beep = namedtuple("Beep", ("sound",))
Light = namedtuple("Light", ("on",))
WakeAt = namedtuple("WakeAt", ("ms",))  # replaces an earlier one; None cancels it
Send = namedtuple("Send", ("urgent",))  # tell the host now; urgent goes ahead of any backlog

KEY = const(1)
GOOD = const(2)
BAD = const(3)
ATTENTION = const(4)
ALARM = const(5)
