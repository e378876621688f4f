"""The statements by which deliveries move, built once, so that a round costs next to nothing.

Those of queues are by whether these are to staff; the channel is the parameter `queue`.
"""

from sqlalchemy import bindparam, exists, func, or_, select, update

from host_tools.host.ledger import tables
from host_tools.host.notify.deliveries import (
    FAILED,
    FREE,
    GIVEN_UP,
    IS_DUE,
    KEY,
    LEASED,
    LETTERS,
    PORTION,
    QUEUED,
    RESTS,
    UNPASSED,
    in_queue,
    is_now,
    unrouted,
)
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER
from host_tools.host.people.notices import TO_ALL

ANOTHER = "another contact has it"

_delivery, _outbox = tables.delivery.c, tables.outbox.c
_THE_LETTER = _outbox.sequence == bindparam("of")
_BOTH = (False, True)
# Each contact is to have these, whoever has them already.
_TO_ALL = exists().where(
    _outbox.sequence == _delivery.letter, or_(*(_outbox.kind == kind for kind in TO_ALL))
)

UNROUTED = {
    staff: LETTERS.where(unrouted(staff=staff))
    .order_by(_outbox.sequence)
    .limit(5 * PORTION if staff else PORTION)
    for staff in _BOTH
}
ROUTED = update(tables.outbox).where(_THE_LETTER).values(routed=True)
GIVE_UP = update(tables.outbox).where(_THE_LETTER).values(given_up_ms=bindparam("ms"))
DROP = GIVE_UP.where(_outbox.sent_ms.is_(None))
ARRIVED = update(tables.outbox).where(_THE_LETTER).values(delivered_ms=bindparam("ms"))
SENT = (
    update(tables.outbox)
    .where(_THE_LETTER)
    .values(
        sent_ms=func.coalesce(_outbox.sent_ms, bindparam("ms")),
        attempts=_outbox.attempts + 1,
        given_up_ms=None,
    )
)
OTHERS = (
    update(tables.delivery)
    .where(_delivery.letter == bindparam("of"), _delivery.state == QUEUED, ~_TO_ALL)
    .values(state=GIVEN_UP, ended_ms=bindparam("ms"), reason=ANOTHER)
)
LEASE = (
    update(tables.delivery)
    .where(KEY)
    .values(state=LEASED, lease=bindparam("by"), lease_until_ms=bindparam("until"))
)
EXPIRE = (
    update(tables.delivery).where(is_now(LEASED), _delivery.lease_until_ms <= bindparam("now")).values(**FREE)
)
SLOW = (
    select(tables.delivery)
    .where(UNPASSED, (_delivery.since_ms <= bindparam("next")) | is_now(FAILED))
    .limit(PORTION)
)
OLD = (
    select(tables.delivery).where(is_now(QUEUED), _delivery.since_ms <= bindparam("patience")).limit(PORTION)
)
HAD = select(_delivery.letter).where(
    _delivery.letter.in_(bindparam("letters", expanding=True)),
    _delivery.whole,
    _delivery.state.in_((HANDED_OVER, DELIVERED)),
    ~_TO_ALL,
)
LAST_TURNS = {
    staff: select(_delivery.flow, func.max(_delivery.turn))
    .where(in_queue(to_staff=staff), IS_DUE, _delivery.flow.in_(bindparam("flows", expanding=True)))
    .group_by(_delivery.flow)
    for staff in _BOTH
}
FIRST_TURN = {
    staff: select(func.min(_delivery.turn)).where(in_queue(to_staff=staff), IS_DUE) for staff in _BOTH
}
RESTING = {
    staff: select(_delivery.letter, _delivery.rank)
    .where(in_queue(to_staff=staff), RESTS, _delivery.next_ms <= bindparam("now"))
    .order_by(_delivery.next_ms)
    .limit(PORTION)
    for staff in _BOTH
}
DUE = {
    staff: select(tables.delivery)
    .where(in_queue(to_staff=staff), IS_DUE)
    .order_by(_delivery.turn, _delivery.letter)
    .limit(bindparam("most"))
    for staff in _BOTH
}
