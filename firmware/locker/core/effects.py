"""What the core wants done, in this order. Imperative. A Record is durable before the effect behind it starts.

The cabinet has folded each Record into its State when it emits it; the shell only stores it, and sets `State.number` to the newest event
number when it has written something of its own. Folding a stored Record again is harmless. Each Pulse is answered by
exactly one PulseEnded, however late. Effects are named tuples: compare them together with their type, for `Pulse(1) == Beep(1)`.
"""

from collections import namedtuple

from locker.compat import const

Record = namedtuple("Record", ("kind", "door", "a", "b"))  # see core.records
Spend = namedtuple("Spend", ("serial",))  # the ticket is used up, durable at once; the serial as in records
Clear = namedtuple("Clear", ("generation",))  # the bitmap of spent tickets of that generation is erased, which held those of another
Pulse = namedtuple("Pulse", ("door",))
Show = namedtuple("Show", ("text", "arguments"))  # a number of core.texts and what fills it
Beep = namedtuple("Beep", ("sound",))
Light = namedtuple("Light", ("on",))
WakeAt = namedtuple("WakeAt", ("ms",))  # replaces an earlier one; None cancels it
Send = namedtuple("Send", ("urgent",))  # tell the host now; urgent goes ahead of any backlog
Challenge = namedtuple("Challenge", ("door", "number"))  # tell the host what it has to give back; 0: that door is not opened

KEY = const(1)
GOOD = const(2)
BAD = const(3)
ATTENTION = const(4)
ALARM = const(5)
