"""What residents and staff are told, in words. The only place where the host writes a pickup code, and only into a message."""

from typing import NamedTuple

from host_tools.host.ledger import Identity
from locker.core.codes import pickup_code, staff_code
from locker.wire.keys import epoch_keys


class Message(NamedTuple):
    """Something to be handed over. A repeat after a crash carries the same id and the same text. Secret: it may hold a code."""

    id: str
    to: str  # a resident's name, or "staff"
    contact: str
    kind: str
    text: str


class Matter(NamedTuple):
    """What a message is about; `for_resident` tells hers from the staff's."""

    kind: str
    for_resident: bool
    epoch: int
    door: int
    counter: int
    retry: int


_RESIDENT = {
    "deposited": "A parcel waits for you at {place}: {code}. Type the door and the 8 digits, then #.",
    "new code": "Your parcel at {place} has a new code: {code}. The one before no longer works.",
    "opened": "Door {door} at {place} was opened with your code.",
    "opened by staff": "Staff opened door {door} at {place}, with your parcel behind it.",
    "forced": "Door {door} at {place}, with your parcel behind it, was opened without a code. Staff have been told.",
    "withdrawn": "The courier took your parcel back from door {door} at {place}: its code no longer works.",
}
_STAFF = {
    "bell": "The help button was pressed at {place}.",
    "forced": "Door {door} at {place} was opened without a cause.",
    "jammed": "Door {door} at {place} does not open.",
    "left open": "Door {door} at {place} was left open.",
    "lamp": "The lamp at {place} has failed.",
    "sensor": "A sensor of door {door} at {place} has failed.",
    "expander": "A part of {place} does not answer: some doors are out of service.",
    "supply": "The supply at {place} is too weak for its locks.",
    "coil": "A lock coil at {place} is on and cannot be switched off: cut its power now. No door opens there until it is mended.",
    "tamper": "Somebody is at the inside of {place}.",
    "journal": "The journal of {place} is old or damaged. It takes no parcels until it has a new epoch or is provisioned anew.",
    "recall code": "To take the parcel out of door {door} at {place}: {code}, once. Type the door and all 12 digits, then #.",
    "parcel": "Door {door} at {place} gave up a parcel that this host does not know: look whether something is inside.",
    "duress": "Silent alarm: door {door} at {place} was opened under duress.",
    "ticket": "Door {door} at {place} took a parcel on a ticket that is unknown, revoked or used before.",
}


def words(matter: Matter, identity: Identity) -> str:
    """The text about a matter at the cabinet with that identity."""
    cabinet = identity.cabinet
    place = f"{cabinet.site}, cabinet {cabinet.number}"
    if not matter.for_resident:
        code = spoken_recall(matter, identity) if matter.kind == "recall code" else ""
        return _STAFF[matter.kind].format(place=place, door=f"{matter.door:02d}", code=code)
    code = spoken_code(matter, identity) if matter.kind in ("deposited", "new code") else ""
    return _RESIDENT[matter.kind].format(place=place, door=f"{matter.door:02d}", code=code)


def spoken_code(matter: Matter, identity: Identity) -> str:
    """`door 07 · 7391 0462 · extra 5518`."""
    digits = pickup_code(_code_key(matter, identity), identity.cabinet.board_id, matter.epoch, matter.door, matter.counter, matter.retry)
    return f"door {matter.door:02d} · {digits[:4]} {digits[4:8]} · extra {digits[8:]}"


def spoken_recall(matter: Matter, identity: Identity) -> str:
    """`1234 5678 9012`: the code of staff for that arming (the matter's retry)."""
    where = (identity.cabinet.board_id, matter.epoch, matter.door, matter.counter, matter.retry)
    digits = staff_code(_code_key(matter, identity), b"recall", *where)
    return f"{digits[:4]} {digits[4:8]} {digits[8:]}"


def _code_key(matter: Matter, identity: Identity) -> bytes:
    nonces = (identity.nonce_host, identity.nonce_board)
    nonce = identity.nonces.get(matter.epoch, 0)
    return epoch_keys(identity.master_secret, *nonces, identity.cabinet.board_id, matter.epoch, nonce)[0]
