"""What the core wants done, in this order.

Imperative. A Record is durable before the effect behind it starts.

The cabinet has folded each Record into its State when it emits it; the shell only stores it, and sets
`State.number` to the newest event number when it has written something of its own. Folding a stored Record
again is harmless. Each Unlock is answered by exactly one UnlockEnded, however late. Effects are named tuples:
compare them together with their type, for `Unlock(1) == Beep(1)`.
"""

from locker.compat import TYPE_CHECKING, NamedTuple, const

Record = NamedTuple("Record", (("kind", int), ("door", int), ("a", int), ("b", int)))  # see contract.records
# The ticket is used up, durable at once; the serial as in records.
Spend = NamedTuple("Spend", (("serial", int),))
# The bitmap of spent tickets of that generation is erased, which held those of another.
Clear = NamedTuple("Clear", (("generation", int),))
Unlock = NamedTuple("Unlock", (("door", int),))
# A number of core.texts and what fills it.
Show = NamedTuple("Show", (("text", int), ("arguments", "tuple[int | str, ...]")))
Beep = NamedTuple("Beep", (("sound", int),))
Light = NamedTuple("Light", (("on", bool),))
WakeAt = NamedTuple("WakeAt", (("ms", "int | None"),))  # replaces an earlier one; None cancels it
Send = NamedTuple("Send", (("urgent", bool),))  # tell the host now; urgent goes ahead of any backlog
# Tell the host what it has to give back; 0: that door is not opened.
Challenge = NamedTuple("Challenge", (("door", int), ("number", int)))

KEY = const(1)
GOOD = const(2)
BAD = const(3)
ATTENTION = const(4)
ALARM = const(5)

if TYPE_CHECKING:
    Effect = Record | Spend | Clear | Unlock | Show | Beep | Light | WakeAt | Send | Challenge
