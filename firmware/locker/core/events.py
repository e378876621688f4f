"""What has happened at the cabinet, as the core hears of it. Past tense; compared whole."""

from collections import namedtuple

KeyPressed = namedtuple("KeyPressed", ("key",))  # "0"-"9", "*", "#", "A"-"D"
ContactOpened = namedtuple("ContactOpened", ("door",))
ContactClosed = namedtuple("ContactClosed", ("door",))
Occupied = namedtuple("Occupied", ("door",))
Cleared = namedtuple("Cleared", ("door",))
PulseEnded = namedtuple("PulseEnded", ("door",))  # the coil is off again
Woke = namedtuple("Woke", ())  # the time of the last WakeAt has come
BellPressed = namedtuple("BellPressed", ())
HostAcknowledged = namedtuple("HostAcknowledged", ("number",))  # everything up to this event number is in its database
