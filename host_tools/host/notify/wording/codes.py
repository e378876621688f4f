"""The only place where the host makes a pickup code, for a message or for her who asks her page for it."""

from typing import NamedTuple

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Identity
from host_tools.host.notify.wording.times import Phrase
from locker.contract.codes import pickup_code, staff_code
from locker.contract.keys import epoch_keys
from locker.contract.tickets import keyed, tail

STAFF_CODES = {"recall code": b"recall", "service code": b"service", "new service code": b"service"}
WITH_CODE = frozenset(("deposited", "used label", "label cleared", "new code", "odd new code"))


class Matter(NamedTuple):
    """What a message is about; `for_resident` tells hers from the staff's."""

    kind: str
    for_resident: bool
    epoch: int
    door: int
    counter: int
    retry: int
    moment: Moment
    serial: int = 0  # and generation: of the parcel's ticket
    generation: int = 0


class Code(NamedTuple):
    """The digits of a pickup code, as they are read and typed."""

    first: str  # behind the door's number
    second: str
    extra: str  # for when the screen asks for them


def spoken_code(matter: Matter, identity: Identity, phrase: Phrase) -> str:
    """`door 07 · 7391 0462 · extra 5518`, in the language of the phrase."""
    parts = code_parts(matter, identity)._asdict()
    return phrase("code", door=f"{matter.door:02d}", **parts)


def code_parts(matter: Matter, identity: Identity) -> Code:
    """The code of a parcel."""
    rule = identity.rules[matter.epoch]
    where = (identity.cabinet.board_id, matter.epoch, matter.door, matter.counter, matter.retry)
    digits = pickup_code(
        _code_key(matter, identity), *where, tail_of(identity, matter.generation, matter.serial, rule), rule
    )
    return Code(digits[:4], digits[4:8], digits[8:])


def tail_of(identity: Identity, generation: int, serial: int, rule: int) -> int:
    """The safe tail that comes with a ticket of the site, by the rule of the parcel's epoch;
    codes.NO_TAIL and above for none.
    """
    key, its_rule = keyed(identity.ticket_secret, generation, identity.is_old)
    return tail(key, identity.site_id, serial, min(rule, its_rule))


def spoken_staff_code(matter: Matter, identity: Identity) -> str:
    """`1234 5678 9012`: the code of staff for that arming (the matter's retry)."""
    where = (identity.cabinet.board_id, matter.epoch, matter.door, matter.counter, matter.retry)
    digits = staff_code(_code_key(matter, identity), STAFF_CODES[matter.kind], *where)
    return f"{digits[:4]} {digits[4:8]} {digits[8:]}"


def _code_key(matter: Matter, identity: Identity) -> bytes:
    nonces = (identity.nonce_host, identity.nonce_board)
    nonce = identity.nonces.get(matter.epoch, 0)
    return epoch_keys(identity.master_secret, *nonces, identity.cabinet.board_id, matter.epoch, nonce)[0]
