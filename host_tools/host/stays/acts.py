"""What people do about stays: they pause a site's clocks, extend a stay, note that a fee was paid,
set a policy.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import audit, sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.ledger.places import Place, cabinet_at
from host_tools.host.stays import policy as policies
from host_tools.host.stays.clock import stay_of
from host_tools.host.stays.policy import Policy
from host_tools.host.stays.standing import STAYS, Standing, standing_of, standings
from host_tools.host.stays.sweep import EXTENDED, admit, write
from host_tools.host.stays.watch import heard_now

REASON_MAX = 200
REFERENCE_MAX = 64

_pause, _stay, _parcel, _cabinet = tables.site_pause, tables.stay, tables.parcel, tables.cabinet


class Extended(NamedTuple):
    """A stay that was extended. `free_until_ms` (ms since 1970) None: its clock stands still."""

    left: int  # how often it may be extended again
    free_until_ms: int | None


def site_at(connection: Connection, name: str) -> int:
    """The ledger's number of a site; raises UserError when there is none of that name."""
    found = connection.scalar(select(tables.site.c.id).where(tables.site.c.name == normal(name)))
    if found is None:
        raise UserError("There is no site of that name: `ansim cabinet list` shows the sites.", 2)
    return found


def pause(ledger: Ledger, site: str, reason: str, *, at_ms: int | None = None, dry_run: bool = False) -> int:
    """Has all clocks of a site stand still from now on (`at_ms`, since 1970); how many parcels wait there.

    Raises UserError: no such site, no reason, or it is paused already.
    """
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= REASON_MAX:
        raise UserError(f"Say why with --reason, in {REASON_MAX} characters at most.", 2)
    at_ms = now_ms() if at_ms is None else at_ms
    with ledger.writing() as connection:
        place = site_at(connection, site)
        if paused := _open_pause(connection, place):
            raise UserError(f"{site} is paused already: {paused.reason}. `ansim stay resume` ends it.")
        if not dry_run:
            connection.execute(insert(_pause).values(site=place, reason=reason, since_ms=at_ms))
            audit.note(connection, ledger, "stay pause", site=normal(site))
        return _look_soon(connection, place, at_ms, dry_run=dry_run)


def resume(ledger: Ledger, site: str, *, at_ms: int | None = None, dry_run: bool = False) -> int:
    """Lets the clocks of a site run again; how many parcels wait there.

    Raises UserError: no such site, or it is not paused.
    """
    at_ms = now_ms() if at_ms is None else at_ms
    with ledger.writing() as connection:
        place = site_at(connection, site)
        paused = _open_pause(connection, place)
        if paused is None:
            raise UserError(f"{site} is not paused: its clocks run.")
        if not dry_run:
            until_ms = max(at_ms, paused.since_ms)
            connection.execute(update(_pause).where(_pause.c.id == paused.id).values(until_ms=until_ms))
            audit.note(connection, ledger, "stay resume", site=normal(site))
        return _look_soon(connection, place, at_ms, dry_run=dry_run)


def _open_pause(connection: Connection, site: int) -> Row | None:
    return connection.execute(
        select(_pause).where(_pause.c.site == site, _pause.c.until_ms.is_(None))
    ).first()


def _look_soon(connection: Connection, site: int, at_ms: int, *, dry_run: bool) -> int:
    """Has the next sweep look at the parcels that wait at a site; how many the one who acts sees."""
    here = select(_parcel.c.id).join(_cabinet).where(_cabinet.c.site == site, _parcel.c.state == "waiting")
    if not dry_run:
        connection.execute(update(_stay).where(_stay.c.parcel.in_(here)).values(due_ms=at_ms))
    return len(connection.execute(here.where(sight.sees_resident(connection, _parcel.c.resident))).all())


def extend(ledger: Ledger, place: Place, *, at_ms: int | None = None, dry_run: bool = False) -> Extended:
    """Extends the stay of the parcel that waits there, as its policy allows; its resident is told.

    `at_ms` is now, since 1970. Raises UserError: no parcel waits there, or it cannot be extended again.
    """
    at_ms = now_ms() if at_ms is None else at_ms
    with ledger.writing() as connection:
        found = at(connection, place, at_ms)
        left = found.policy.extensions - found.facts.extensions - 1
        if left < 0:
            raise UserError(
                f"The stay behind door {place.door:02d} was extended {found.facts.extensions} times, "
                "as often as its policy allows.",
                page="extended",
            )
        stay = _extended(found, at_ms)
        if not dry_run:
            count = found.facts.extensions + 1
            admit(connection, at_ms, found.row.id)
            values = {"extensions": count, "stage": min(found.row.stage or 0, 1), "due_ms": at_ms}
            connection.execute(update(_stay).where(_stay.c.parcel == found.row.id).values(**values))
            if found.row.resident is not None:
                write(connection, found.row, EXTENDED, f"{count}", at_ms, at_ms)
        about = {**place.named(), "resident": found.row.resident}
        audit.note(connection, ledger, "stay extend", **about, dry_run=dry_run)
    return Extended(left, stay)


def _extended(found: Standing, at_ms: int) -> int | None:
    facts = found.facts._replace(extensions=found.facts.extensions + 1)
    return stay_of(facts, found.policy, at_ms).free_until_ms


def pay(
    ledger: Ledger, place: Place, reference: str, *, at_ms: int | None = None, dry_run: bool = False
) -> Standing:
    """Notes that the late fee of the newest parcel behind that door was paid, as far as it has come.

    Raises UserError: no parcel, nothing to pay, or it was paid.
    """
    reference = " ".join(reference.split())
    if not 0 < len(reference) <= REFERENCE_MAX:
        raise UserError(f"A reference has 1 to {REFERENCE_MAX} characters: that of the receipt.", 2)
    at_ms = now_ms() if at_ms is None else at_ms
    with ledger.writing() as connection:
        found = at(connection, place, at_ms, waiting=False)
        if found.row.paid is not None and found.row.paid >= found.stay.fee:
            raise UserError(f"That fee was paid already, with reference {found.row.paid_reference}.")
        if not found.stay.fee:
            raise UserError(f"There is nothing to pay for the parcel behind door {place.door:02d}.")
        if not dry_run:
            admit(connection, at_ms, found.row.id)
            values = {"paid": found.stay.fee, "paid_reference": reference, "paid_ms": at_ms}
            connection.execute(update(_stay).where(_stay.c.parcel == found.row.id).values(**values))
        about = {**place.named(), "resident": found.row.resident}
        audit.note(connection, ledger, "stay paid", **about, dry_run=dry_run)
    return found


def at(connection: Connection, place: Place, at_ms: int, *, waiting: bool = True) -> Standing:
    """The stay of the parcel that waits there, or of the newest one, at `at_ms` since 1970.

    Raises UserError when there is none.
    """
    cabinet = cabinet_at(connection, place)
    its = (_parcel.c.cabinet == cabinet.id) & (_parcel.c.door == place.door)
    its &= sight.sees_resident(connection, _parcel.c.resident)
    if waiting:
        its &= _parcel.c.state == "waiting"
    row = connection.execute(select(_parcel.c.id).where(its).order_by(_parcel.c.id.desc()).limit(1)).first()
    found = None if row is None else standing_of(connection, row.id, at_ms)
    if found is None:
        what = "No parcel waits" if waiting else "There was no parcel"
        raise UserError(
            f"{what} behind door {place.door:02d} of cabinet {place.cabinet} at {place.site}: "
            "`ansim parcel list`.",
            page="no_parcel",
        )
    return found


def listing(ledger: Ledger, site: str | None = None, *, overdue: bool = False) -> list[Standing]:
    """The stays of all parcels that wait, the one that is free for the shortest time first."""
    with ledger.reading() as connection:
        at_ms = now_ms()
        seen = (
            sight.sees_resident(connection, _parcel.c.resident),
            sight.sees_site(connection, _cabinet.c.site),
        )
        its = STAYS.where(_parcel.c.state == "waiting", *seen)
        if site is not None:
            its = its.where(_cabinet.c.site == site_at(connection, site))
        watch = heard_now(connection, at_ms)
        found = standings(connection, connection.execute(its).all(), watch)
    if overdue:
        found = [one for one in found if _is_overdue(one, watch.at_ms)]
    return sorted(found, key=lambda one: (one.stay.free_until_ms or 1 << 62, one.row.id))


def _is_overdue(one: Standing, at_ms: int) -> bool:
    return one.stay.free_until_ms is not None and one.stay.free_until_ms <= at_ms


def policy_of(ledger: Ledger, site: str | None) -> Policy:
    """The policy of deposits at a site from now on; of sites without their own, if none is named."""
    with ledger.reading() as connection:
        return _policy(connection, site)


def _policy(connection: Connection, site: str | None) -> Policy:
    place = 0 if site is None else site_at(connection, site)
    return policies.versions(connection, place)[-1][1]


def set_policy(
    ledger: Ledger, site: str | None, changes: Mapping[str, int | str], *, dry_run: bool = False
) -> Policy:
    """Changes fields of the policy of deposits at a site (None: of sites without their own) from now on.

    Parcels that wait keep theirs. Raises UserError when it contradicts itself.
    """
    with ledger.writing() as connection:
        changed = policies.checked(_policy(connection, site)._replace(**changes))
        if dry_run:
            return changed
        place = None if site is None else site_at(connection, site)
        audit.note(connection, ledger, "stay policy set", site=normal(site or ""))
        return policies.put(connection, place, changed, now_ms())
