"""What a site allows a parcel: a version each, of which none is ever changed.

A parcel keeps the version that was in force at its deposit. Where only an interval is known of that, it is
the one of those in force meanwhile that lets it wait longest.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam, insert, or_, select

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.stays.clock import Span

_HOURS_MAX = 24 * 365
_EXTENSIONS_MAX = 20
_FEE_MAX = 10**12  # minor units


class Policy(NamedTuple):
    """What a site allows. Hours count while the clock of the stay runs.

    `fee` is for each day that has begun behind the free time, in minor units of the currency (won have
    none: 500 is 500 won); `fee_max` is the most that a parcel can cost.
    """

    id: int | None = None  # None: the one that every ansim begins with
    free_h: int = 48
    reminder_h: int = 24  # behind the deposit
    last_reminder_h: int = 4  # before the end of the free time
    recall_h: int = 72  # behind the deposit; extensions come on top
    fee: int = 0
    fee_max: int = 0
    currency: str = "KRW"
    extensions: int = 2  # how often she may extend
    extension_h: int = 24


#: The policy of a site that has set none. It never changes: parcels keep it.
DEFAULT = Policy()

_policies = tables.stay_policy
_VERSIONS = (
    select(_policies)
    .where(or_(_policies.c.site == bindparam("of"), _policies.c.site.is_(None)))
    .order_by(_policies.c.since_ms, _policies.c.id)
)
_BY_ID = select(_policies).where(_policies.c.id.in_(bindparam("ids", expanding=True)))


def checked(policy: Policy) -> Policy:
    """The same policy; raises UserError when it contradicts itself."""
    hours = (policy.free_h, policy.reminder_h, policy.recall_h)
    if not all(1 <= one <= _HOURS_MAX for one in hours):
        raise UserError(f"Hours are from 1 to {_HOURS_MAX}: free time, reminder and recall.", 2)
    if not 0 <= policy.last_reminder_h < policy.free_h:
        raise UserError("The last reminder comes before the end: fewer hours than the free time, or 0.", 2)
    if policy.recall_h <= policy.free_h:
        raise UserError("A parcel is recalled behind its free time: give --recall more hours than --free.", 2)
    if not (0 <= policy.extensions <= _EXTENSIONS_MAX and 1 <= policy.extension_h <= _HOURS_MAX):
        raise UserError(
            f"Extensions are from 0 to {_EXTENSIONS_MAX}, of 1 hour to {_HOURS_MAX} hours each.", 2
        )
    if not 0 <= policy.fee <= policy.fee_max <= _FEE_MAX:
        raise UserError(
            "A late fee has a cap that is no less: give --fee-max, both in the currency's minor units.", 2
        )
    code = policy.currency
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise UserError("A currency is its three capital letters, such as KRW.", 2)
    return policy


def put(connection: Connection, site: int | None, policy: Policy, at_ms: int) -> Policy:
    """Makes a policy the one of deposits at that site (None: of all sites without their own) from `at_ms` on.

    Parcels that wait keep theirs. Returns it with its number; raises UserError when it contradicts itself.
    """
    values = checked(policy)._asdict() | {"site": site, "since_ms": at_ms}
    del values["id"]
    made = connection.execute(insert(tables.stay_policy).values(**values).returning(tables.stay_policy.c.id))
    return policy._replace(id=made.scalar_one())


def versions(connection: Connection, site: int) -> list[tuple[int, Policy]]:
    """The policies that were ever in force at a site, the oldest first, each with its first moment in ms."""
    rows = connection.execute(_VERSIONS, {"of": site}).all()
    found: list[tuple[int, Policy]] = [(-(1 << 62), DEFAULT)]
    has_own = False
    for row in rows:
        has_own |= row.site is not None
        if row.site is not None or not has_own:
            found.append((row.since_ms, _policy(row)))
    return found


def _policy(row: Row) -> Policy:
    return Policy(*(row._mapping[name] for name in Policy._fields))


def by_id(connection: Connection, ids: Sequence[int]) -> dict[int | None, Policy]:
    """The policies with these numbers, and the one without."""
    rows = connection.execute(_BY_ID, {"ids": list(ids)}) if ids else ()
    return {None: DEFAULT} | {row.id: _policy(row) for row in rows}


def of_deposit(known: Sequence[tuple[int, Policy]], deposited: Span) -> Policy:
    """The policy of a parcel that was deposited between these times; `known` as `versions` has them."""
    begun = [one for one in known if one[0] <= deposited.latest_ms]
    before = [place for place, one in enumerate(begun) if one[0] <= deposited.earliest_ms]
    possible = [policy for _, policy in begun[before[-1] if before else 0 :]]
    return max(possible, key=lambda one: (one.free_h, one.recall_h, -one.fee, -one.fee_max, one.extensions))
