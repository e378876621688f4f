"""What has happened at the cabinet, as the core hears of it. Past tense; compared whole."""

from locker.compat import TYPE_CHECKING, NamedTuple

KeyPressed = NamedTuple("KeyPressed", (("key", str),))  # "0"-"9", "*", "#", "A"-"D"
ContactOpened = NamedTuple("ContactOpened", (("door", int),))
ContactClosed = NamedTuple("ContactClosed", (("door", int),))
Occupied = NamedTuple("Occupied", (("door", int),))
Cleared = NamedTuple("Cleared", (("door", int),))
UnlockEnded = NamedTuple("UnlockEnded", (("door", int),))  # its lock is at rest again, or was given up
Woke = NamedTuple("Woke", ())  # the time of the last WakeAt has come
BellPressed = NamedTuple("BellPressed", ())
# Everything up to this event number is in its database.
HostAcknowledged = NamedTuple("HostAcknowledged", (("number", int),))
Tampered = NamedTuple("Tampered", ())  # the tamper input says that somebody is at the cabinet's inside
# Those that type nothing: stuck, or not to be told from a stuck one; "" for none.
KeysLeftOut = NamedTuple("KeysLeftOut", (("keys", str),))
# Its sensors can be read at last, or again after they could not for a while.
Seen = NamedTuple("Seen", (("door", int), ("closed", bool), ("occupied", bool)))
SensorFailed = NamedTuple("SensorFailed", (("door", int),))  # nobody can tell whether something is inside
# Its unlocking was refused; UnlockEnded follows.
SupplyLow = NamedTuple("SupplyLow", (("door", int), ("mv", int)))
# See contract.commands.
Commanded = NamedTuple(
    "Commanded", (("number", int), ("kind", int), ("door", int), ("counter", int), ("a", int))
)
# The host wants to open the door of that parcel.
OpenRequested = NamedTuple("OpenRequested", (("door", int), ("counter", int)))
# Its answer to a Challenge.
OpenConfirmed = NamedTuple("OpenConfirmed", (("challenge", int), ("digits", int)))

if TYPE_CHECKING:
    Event = (
        KeyPressed
        | ContactOpened
        | ContactClosed
        | Occupied
        | Cleared
        | UnlockEnded
        | Woke
        | BellPressed
        | HostAcknowledged
        | Tampered
        | KeysLeftOut
        | Seen
        | SensorFailed
        | SupplyLow
        | Commanded
        | OpenRequested
        | OpenConfirmed
    )
