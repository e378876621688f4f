"""The plan of who is on call, as people write it."""

import re
from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.care import duty, paging
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.names import normal

RANK_MAX = 9
TAKEN_OVER_MAX_MS = 14 * 86_400_000
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")

_duty, _account, _stand_in = tables.duty.c, tables.account.c, tables.stand_in.c


def account_of(connection: Connection, name: str) -> Row:
    """The account of that name that works here. Raises UserError when there is none."""
    wanted = select(tables.account).where(_account.name == normal(name), _account.ended_ms.is_(None))
    wanted = wanted.where(sight.sees_account(connection, _account.id))
    row = connection.execute(wanted).first()
    if row is None:
        raise UserError("There is no account of that name: `ansim account list` shows them.", 2)
    return row


def site_of(connection: Connection, name: str | None) -> int | None:
    """The ledger's number of a site; None for all sites. Raises UserError when there is none of that name."""
    if name is None:
        return None
    found = connection.scalar(select(tables.site.c.id).where(tables.site.c.name == normal(name)))
    if found is None:
        raise UserError("There is no site of that name: `ansim cabinet list` shows them.", 2)
    return found


def minute_of(text: str) -> int:
    """`08:30` as a minute of the day, `24:00` as the last. Raises UserError for another text."""
    found = _CLOCK.fullmatch(text)
    minute = int(found[1]) * 60 + int(found[2]) if found else duty.DAY_MINUTES + 1
    if minute > duty.DAY_MINUTES:
        raise UserError("A time of the day is from 00:00 to 24:00, such as 08:30.", 2)
    return minute


def clock(minute: int) -> str:
    """The minute of a day as `08:30`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def days_of(text: str) -> int:
    """`mon-fri`, `sat,sun` or `all` as the bits of duty.days. Raises UserError for another text."""
    days = 0
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        if part.strip() == "all":
            return duty.EVERY_DAY
        if first not in _DAYS or (last or first) not in _DAYS:
            raise UserError("Days are mon, tue, wed, thu, fri, sat, sun: `mon-fri`, `sat,sun` or `all`.", 2)
        at, end = _DAYS.index(first), _DAYS.index(last or first)
        for step in range((end - at) % 7 + 1):
            days |= 1 << (at + step) % 7
    return days


def day_words(days: int) -> str:
    """The bits of duty.days as people write them."""
    return (
        "all" if days == duty.EVERY_DAY else ",".join(day for at, day in enumerate(_DAYS) if days >> at & 1)
    )


def add(
    connection: Connection,
    name: str,
    site: str | None,
    rank: int,
    days: int,
    from_minute: int,
    until_minute: int,
    from_date: date | None = None,
    until_date: date | None = None,
) -> int:
    """Puts an account on call for these hours of each week; the number of this entry.

    Raises UserError for an account without a contact, hours that end when they begin,
    dates that end before they begin, or unknown names.
    """
    account = account_of(connection, name)
    if not account.contact:
        raise UserError("This account has no contact to be paged at: `ansim account set` enters one.")
    if from_date and until_date and until_date < from_date:
        raise UserError("The last day is before the first: give them the other way round.", 2)
    if until_minute in (from_minute, from_minute % duty.DAY_MINUTES):
        raise UserError("These hours end when they begin: a whole day is 00:00 to 24:00.", 2)
    row = {
        "site": site_of(connection, site),
        "account": account.id,
        "rank": rank,
        "days": days,
        "from_minute": from_minute % duty.DAY_MINUTES,
        "until_minute": until_minute,
        "from_date": from_date and from_date.isoformat(),
        "until_date": until_date and until_date.isoformat(),
    }
    return connection.execute(insert(tables.duty).values(**row).returning(_duty.id)).scalar_one()


def remove(connection: Connection, entry: int) -> Row:
    """Takes an entry out of the plan; what it was. Raises UserError when there is none of that number."""
    sites = actor_of(connection).sites
    found = [row for row in listing(connection) if row.id == entry and (not sites or row.site in sites)]
    if not found:
        raise UserError(f"There is no entry {entry}: `ansim oncall list` shows them.", 2)
    connection.execute(delete(tables.duty).where(_duty.id == entry))
    return found[0]


def listing(connection: Connection) -> Sequence[Row]:
    """The entries of the plan with `name` of their account and `site_name` (None: all sites)."""
    joined = tables.duty.join(tables.account, _duty.account == _account.id).outerjoin(
        tables.site, _duty.site == tables.site.c.id
    )
    wanted = select(tables.duty, _account.name, tables.site.c.name.label("site_name")).select_from(joined)
    seen = or_(_duty.site.is_(None), sight.sees_site(connection, _duty.site))
    wanted = wanted.where(_account.ended_ms.is_(None), seen, sight.sees_account(connection, _account.id))
    return connection.execute(wanted.order_by(tables.site.c.name, _duty.rank, _duty.id)).all()


def take_over(connection: Connection, account: int, site: str | None, until_ms: int, at_ms: int) -> None:
    """An account is the first to be told from now until then (ms since 1970, at most 14 days).

    Raises UserError for a time that is past or too far, for an account without a contact, or an unknown site.
    """
    if not at_ms < until_ms <= at_ms + TAKEN_OVER_MAX_MS:
        raise UserError("Somebody takes over for at most 14 days from now: say until when within them.", 2)
    contact = connection.scalar(select(_account.contact).where(_account.id == account))
    if not contact:
        raise UserError("This account has no contact to be paged at: `ansim account set` enters one.")
    place = site_of(connection, site)
    # Whoever takes over again says anew until when.
    same = (_stand_in.account == account) & (_stand_in.until_ms > at_ms)
    same &= _stand_in.site.is_(None) if place is None else _stand_in.site == place
    connection.execute(delete(tables.stand_in).where(same, _stand_in.from_ms >= at_ms))
    connection.execute(update(tables.stand_in).where(same).values(until_ms=at_ms))
    row = {"site": place, "account": account, "from_ms": at_ms, "until_ms": until_ms}
    connection.execute(insert(tables.stand_in).values(**row))


def until(connection: Connection, text: str, site: str | None, at_ms: int) -> int:
    """`18:00`, the next such time in the zone of a site, or `2026-12-24 18:00`, in ms since 1970.

    Raises UserError for another text.
    """
    zone = zone_of(connection, site)
    now = datetime.fromtimestamp(at_ms / 1000, zone)
    day, _, time = text.strip().rpartition(" ")
    minute = minute_of(time)
    try:
        begins = date.fromisoformat(day) if day else now.date()
    except ValueError as error:
        raise UserError("Say until when as 18:00 or `2026-12-24 18:00`.", 2) from error
    found = duty.instant(begins, minute, zone)
    return found if day or found > at_ms else duty.instant(begins, minute + duty.DAY_MINUTES, zone)


def zone_of(connection: Connection, site: str | None) -> tzinfo:
    """The time zone of a site, or of the host for all sites. Raises UserError for an unknown site."""
    place = site_of(connection, site)
    name = connection.scalar(select(tables.site.c.zone).where(tables.site.c.id == place)) if place else ""
    return duty.zone_of(name or "")


def set_test_time(connection: Connection, account: int, minute: int) -> None:
    """An account wishes its daily test page at that minute of the day."""
    connection.execute(delete(tables.proof_time).where(tables.proof_time.c.account == account))
    connection.execute(insert(tables.proof_time).values(account=account, minute=minute % duty.DAY_MINUTES))


def names_on_call(connection: Connection, site: str | None, at_ms: int) -> list[str]:
    """Who is on call at that time (ms since 1970), the first to be told first."""
    accounts = paging.on_call(connection, site_of(connection, site), at_ms)
    rows = connection.execute(select(_account.id, _account.name).where(_account.id.in_(accounts)))
    names = {row.id: row.name for row in rows}
    return [names[account] for account in accounts]
