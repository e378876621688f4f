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
Tampered = namedtuple("Tampered", ())  # the tamper input says that somebody is at the cabinet's inside
KeysLeftOut = namedtuple("KeysLeftOut", ("keys",))  # those that type nothing: stuck, or not to be told from a stuck one; "" for none
Seen = namedtuple("Seen", ("door", "closed", "occupied"))  # its sensors can be read at last, or again after they could not for a while
SensorFailed = namedtuple("SensorFailed", ("door",))  # nobody can tell whether something is inside
SupplyLow = namedtuple("SupplyLow", ("door", "mv"))  # its pulse was refused; PulseEnded follows
Commanded = namedtuple("Commanded", ("number", "kind", "door", "counter", "a"))  # see core.commands
OpeningAsked = namedtuple("OpeningAsked", ("door", "counter"))  # the host wants to open the door of that parcel
OpeningGiven = namedtuple("OpeningGiven", ("challenge", "digits"))  # its answer to a Challenge
