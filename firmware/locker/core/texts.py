"""What the screen says: at most 4 lines of 20 characters, no blame, the next step always stated. No code and no name is ever shown."""

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

# One string, a line each in the order of the numbers: as many strings would take three times the room.
_ENGLISH = (
    "Welcome. Type ticket|or door and code,|then press #.\n"
    "%s|# done      * clear\n"
    "Number not known.|Please check it and|type it again.\n"
    "Ticket: 9 digits.|Door + code: 10.|Please type again.\n"
    "Please type door,|code and the|4 extra digits.\n"
    "This ticket is used.|Please take the next|ticket.\n"
    "Size of the parcel?|1 S    2 M    3 L|* cancel\n"
    "No %s door is free.|# take size %s|* other size\n"
    "No %s door is free.|1 S    2 M    3 L|* cancel\n"
    "No free door now.|Please try the next|cabinet.\n"
    "Door %02d opens. Put|the parcel in, close|the door.|* other size, cancel\n"
    "Please push door %02d.\n"
    "Please close door|%02d.\n"
    "No parcel seen in|door %02d.|# open again|* cancel\n"
    "Please close door %02d|empty, then choose|another size.|* leave\n"
    "Door %02d is stuck.|Another one:|1 S    2 M    3 L|* cancel\n"
    "Parcel is in door %02d|Thank you!\n"
    "No link. Please note|%02d %04d %s|Ticket %s|Cabinet %d\n"
    "Door %02d opens. Take|your parcel, close|the door.\n"
    "Door %02d is closed.|Thank you, goodbye.\n"
    "Still in door %02d.|Your code works:|type it again.\n"
    "Door %02d is stuck.|Your code stays good|Please call the help|number shown here.\n"
    "Bell rung. No answer|yet. In danger call|112 / 119.\n"
    "No connection.|Call 112/119.\n"
)


def lines(text: int, arguments: tuple) -> tuple:
    """The lines of a text, up to 4 of up to 20 characters, with its arguments filled in."""
    begin = 0
    for _ in range(text):
        begin = _ENGLISH.index("\n", begin) + 1
    return tuple((_ENGLISH[begin : _ENGLISH.index("\n", begin)] % arguments).split("|"))
